//! Tells payloads in messages from the plain values that replace them in output for people: the Web
//! UI's *Human Readable* download of a history, and the short form of the `temporal` command.
//!
//! | in place of `{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"Nw=="}` | written by |
//! |---|---|
//! | `{"metadata":{"encoding":"json/plain"},"data":7}` | the Web UI, `ui:src/lib/utilities/decode-payload.ts` |
//! | `7` | earlier Web UIs; the `temporal` command, which has an array of such for `Payloads` |
//!
//! No replayer reads either form, and neither contains what the codecs would need to encode it
//! again.

use super::cursor::Cursor;
use crate::error::{Code, Error};
use crate::payload::json::parse_payload;

/// Reads a payload from its JSON text into protobuf.
pub(super) fn read_payload(text: &str) -> Result<Vec<u8>, Error> {
    parse_payload(text).map_err(|error| if is_readable(text) { readable() } else { error })
}

/// The error for a value where a payload is expected.
#[cold]
pub(super) fn readable() -> Error {
    Error::new(
        Code::Json,
        "expected a payload, found a value in its place, as in the Web UI's Human Readable download and the short form of the \
         temporal command, which no replayer reads: download the history as Encoded in the Web UI, or use \
         temporal workflow show --output json",
    )
}

/// Whether a text that is not a payload is a plain value in place of one.
fn is_readable(text: &str) -> bool {
    let mut cursor = Cursor::new(text, 0);
    if !cursor.take(b'{') {
        return true;
    }
    let mut is_payload = false;
    while let Some(member) = cursor.member() {
        let value = cursor.skip();
        match member.name {
            "metadata" if has_plain_encoding(value) => return true,
            "data" if !value.starts_with('"') && value != "null" => return true,
            "metadata" | "data" | "externalPayloads" | "external_payloads" => is_payload = true,
            _ => {}
        }
    }
    !is_payload
}

/// Whether the metadata are those of a payload, but not in base64.
fn has_plain_encoding(metadata: &str) -> bool {
    let mut cursor = Cursor::new(metadata, 0);
    if !cursor.take(b'{') {
        return false;
    }
    while let Some(member) = cursor.member() {
        let value = cursor.skip();
        if member.name == "encoding" && ["\"json/", "\"binary/"].iter().any(|plain| value.starts_with(plain))
        {
            return true;
        }
    }
    false
}
