//! The failure converter: message and stack trace of a `temporal.api.failure.v1.Failure` as encoded
//! attributes, in the form that every SDK reads.
//!
//! The attributes are a `json/plain` payload of `{"message":…,"stack_trace":…}`, which goes through the
//! codecs; in the failure stands a placeholder. The walk of [`message`](crate::message) does this to every
//! failure that it meets.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::error::{Code, Error};
use crate::mended::read_mended;
use crate::payload::{Pieces, View, malformed};
use crate::wire::push_bytes;

/// The message of a failure whose own went into its encoded attributes: every SDK writes this one.
pub(crate) const PLACEHOLDER: &str = "Encoded failure";

/// What stands in encoded attributes. A text that is missing stays as it is in the failure.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) message: Option<String>,
    pub(crate) stack_trace: Option<String>,
}

/// An object only. Of members that are there twice the last counts, as for the SDKs' readers.
impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Attributes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Attributes, A::Error> {
                let mut attributes = Attributes::default();
                while let Some(name) = members.next_key::<String>()? {
                    match &*name {
                        "message" => attributes.message = Some(members.next_value()?),
                        // Java's SDK writes `stackTrace` when its JSON is made by Gson.
                        "stack_trace" | "stackTrace" => attributes.stack_trace = Some(members.next_value()?),
                        _ => drop(members.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(attributes)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl Attributes {
    /// The payload of a failure's texts, before the codecs. Go, Python and TypeScript make the same bytes
    /// of ASCII (Go but for `<`, `>` and `&`); what is not ASCII stays UTF-8.
    pub(crate) fn to_payload(message: &[u8], stack_trace: &[u8]) -> Result<Vec<u8>, Error> {
        let mut json = b"{\"message\":".to_vec();
        push_json(&mut json, message)?;
        json.extend_from_slice(b",\"stack_trace\":");
        push_json(&mut json, stack_trace)?;
        json.push(b'}');
        let mut payload = b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain".to_vec();
        push_bytes(&mut payload, 2, &json);
        Ok(payload)
    }

    /// Reads a payload that the codecs have opened.
    pub(crate) fn from_payload(payload: &[u8]) -> Result<Self, Error> {
        let view = View::parse(Pieces::whole(payload)).map_err(malformed)?;
        if view.encoding != Some(b"json/plain") {
            return Err(unreadable("their encoding is not json/plain"));
        }
        // JavaScript leaves half a surrogate pair where it cuts a message inside an emoji. As in Go, that costs one
        // character and not the message.
        let text = String::from_utf8_lossy(view.data);
        // The cause could quote what stands in the text, so only its place is said.
        read_mended(&text, |text| serde_json::from_str(text)).map_err(|cause| {
            unreadable(&format!(
                "expected a JSON object with the strings message and stack_trace (column {})",
                cause.column()
            ))
        })
    }
}

fn push_json(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Error> {
    let text = core::str::from_utf8(text)
        .map_err(|_| Error::new(Code::Protobuf, "the failure's message or stack trace is not UTF-8"))?;
    serde_json::to_writer(out, text).map_err(|cause| Error::new(Code::Panic, cause.to_string()))
}

#[cold]
fn unreadable(why: &str) -> Error {
    Error::new(Code::Failure, format!("the encoded attributes of a failure are malformed: {why}"))
}
