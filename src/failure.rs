//! The failure converter: message and stack trace of a `temporal.api.failure.v1.Failure` as encoded
//! attributes, in the form that every SDK reads.
//!
//! The attributes are a `json/plain` payload of `{"message":…,"stack_trace":…}`, which goes through
//! the codecs; the failure itself gets a placeholder. The visitor in [`message`](crate::message)
//! does this to every failure that it finds.

use tdc_formats::json::{Fault, MAX_DEPTH, Reader, write_text};
use tdc_formats::wire::push_bytes;

use crate::error::{Code, Error};
use crate::payload::{Slices, View, malformed};

/// The placeholder message of a failure whose own was moved into its encoded attributes: every SDK
/// writes this text.
pub(crate) const PLACEHOLDER: &str = "Encoded failure";

/// The contents of encoded attributes. A missing text stays as it is in the failure.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) message: Option<String>,
    pub(crate) stack_trace: Option<String>,
}

impl Attributes {
    /// The payload of a failure's texts, before the codecs. Go, Python and TypeScript write the
    /// same bytes for ASCII (Go except for `<`, `>` and `&`); other characters stay UTF-8.
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

    /// Reads a payload that the codecs have decoded.
    pub(crate) fn from_payload(payload: &[u8]) -> Result<Self, Error> {
        let view = View::parse(Slices::one(payload)).map_err(malformed)?;
        if view.encoding != Some(b"json/plain") {
            return Err(unreadable("their encoding is not json/plain"));
        }
        // JavaScript leaves half a surrogate pair if it truncates a message inside an emoji. As in
        // Go, that costs one character and not the message.
        let text = String::from_utf8_lossy(view.data);
        // The cause could quote the text, so only its position is reported.
        Self::read(&text).map_err(|fault| {
            unreadable(&format!(
                "expected a JSON object with the strings message and stack_trace (byte {})",
                fault.at()
            ))
        })
    }

    /// Reads an object. If a member occurs twice, the last one counts, as in the SDKs' readers.
    fn read(json: &str) -> Result<Self, Fault> {
        let mut attributes = Self::default();
        let mut reader = Reader::new(json);
        let mut object = reader.object()?;
        while let Some(name) = reader.member(&mut object)? {
            match &*name.lossy() {
                "message" => attributes.message = Some(reader.string()?.lossy().into_owned()),
                // Java's SDK writes `stackTrace` when it uses Gson.
                "stack_trace" | "stackTrace" => {
                    attributes.stack_trace = Some(reader.string()?.lossy().into_owned());
                }
                _ => reader.skip(MAX_DEPTH)?,
            }
        }
        reader.end()?;
        Ok(attributes)
    }
}

fn push_json(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Error> {
    let text = core::str::from_utf8(text)
        .map_err(|_| Error::new(Code::Protobuf, "the failure's message or stack trace is not UTF-8"))?;
    write_text(text, out);
    Ok(())
}

#[cold]
fn unreadable(why: &str) -> Error {
    Error::new(Code::Failure, format!("the encoded attributes of a failure are malformed: {why}"))
}
