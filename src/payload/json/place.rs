//! Positions in the JSON of payloads, as errors name them.

use std::borrow::Cow;

/// Where a value is, inside its payload.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Body,
    Payloads,
    Payload,
    Metadata,
    /// The value of this metadata key.
    MetadataValue(&'a str),
    Data,
    External,
    SizeBytes,
}

impl Place<'_> {
    pub(super) fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Body => "the body",
            Self::Payloads => "payloads",
            Self::Payload => "the payload",
            Self::Metadata => "metadata",
            Self::MetadataValue(key) => return Cow::Owned(format!("metadata[{}]", quoted(key))),
            Self::Data => "data",
            Self::External => "externalPayloads",
            Self::SizeBytes => "externalPayloads.sizeBytes",
        })
    }

    pub(super) fn expects(self) -> &'static str {
        match self {
            Self::Body => "an object {\"payloads\":[…]}",
            Self::Payloads => "a list of payloads",
            Self::Payload => "an object with metadata and data",
            Self::Metadata => "an object of base64 texts",
            Self::MetadataValue(_) | Self::Data => "base64 text",
            Self::External => "a list of objects with sizeBytes",
            Self::SizeBytes => "an integer of 64 bits",
        }
    }
}

/// A name from the input as an error may show it: the name itself if it is short and plain,
/// otherwise its length.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/: $@".contains(c);
    if name.len() <= 64 && name.chars().all(plain) {
        format!("\"{name}\"")
    } else {
        format!("(a name of {} bytes)", name.len())
    }
}
