//! Protobuf → body: compact, names in camelCase, standard base64 with padding, a newline at the end. By hand, because base64 needs no escaping
//! and the payloads need no structs.

use prost::DecodeError;
use prost::Message;
use prost::bytes::Bytes;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use tdc_formats::base64;

use crate::error::{Code, Error};

use super::{ExternalPayloadDetails, find};

/// Prints a serialised `Payloads`.
///
/// # Errors
/// [`Code::Protobuf`], with the payload that is malformed.
pub fn print(payloads: Vec<u8>) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(payloads.len() / 3 * 4 + 128);
    out.extend_from_slice(b"{\"payloads\":[");
    for (index, bytes) in find(payloads)?.into_iter().enumerate() {
        let payload = View::parse(&bytes)
            .map_err(|cause| Error::new(Code::Protobuf, cause.to_string()).at_payload(index))?;
        separate(&mut out, index);
        payload.print(&mut out);
    }
    out.extend_from_slice(b"]}\n");
    Ok(out)
}

/// A payload, where it stands.
#[derive(Default)]
struct View<'a> {
    /// In the order of the keys.
    metadata: Vec<(&'a str, &'a [u8])>,
    data: &'a [u8],
    external_payloads: Vec<ExternalPayloadDetails>,
}

impl<'a> View<'a> {
    /// Fields that repeat are joined as protobuf joins them, unknown ones are left out.
    fn parse(bytes: &'a Bytes) -> Result<Self, DecodeError> {
        let mut payload = Self::default();
        let mut rest: &[u8] = bytes;
        while !rest.is_empty() {
            match decode_key(&mut rest)? {
                (1, WireType::LengthDelimited) => payload.metadata.push(entry(delimited(&mut rest)?)?),
                (2, WireType::LengthDelimited) => payload.data = delimited(&mut rest)?,
                (3, WireType::LengthDelimited) => {
                    payload.external_payloads.push(ExternalPayloadDetails::decode(delimited(&mut rest)?)?);
                }
                (1..=3, _) => return Err(malformed("a field has an unexpected wire type")),
                (tag, wire_type) => skip_field(wire_type, tag, &mut rest, DecodeContext::default())?,
            }
        }
        // Of keys that stand there twice the last one counts. Mostly they are in order already.
        payload.metadata.sort_by_key(|(key, _)| *key);
        payload.metadata.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                *earlier = *later;
            }
            same
        });
        Ok(payload)
    }

    fn print(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"metadata\":{");
        for (index, (key, value)) in self.metadata.iter().enumerate() {
            separate(out, index);
            name(out, key);
            out.push(b':');
            base64::write(value, out);
        }
        out.extend_from_slice(b"},\"data\":");
        base64::write(self.data, out);
        if !self.external_payloads.is_empty() {
            out.extend_from_slice(b",\"externalPayloads\":[");
            for (index, details) in self.external_payloads.iter().enumerate() {
                separate(out, index);
                // Protobuf's JSON writes 64 bits as text, because a double cannot hold them.
                out.extend_from_slice(format!("{{\"sizeBytes\":\"{}\"}}", details.size_bytes).as_bytes());
            }
            out.push(b']');
        }
        out.push(b'}');
    }
}

/// An entry of the map: key and value, either of which may be absent, which is empty.
fn entry(mut rest: &[u8]) -> Result<(&str, &[u8]), DecodeError> {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    while !rest.is_empty() {
        match decode_key(&mut rest)? {
            (1, WireType::LengthDelimited) => key = delimited(&mut rest)?,
            (2, WireType::LengthDelimited) => value = delimited(&mut rest)?,
            (1 | 2, _) => return Err(malformed("a field of metadata has an unexpected wire type")),
            (tag, wire_type) => skip_field(wire_type, tag, &mut rest, DecodeContext::default())?,
        }
    }
    Ok((std::str::from_utf8(key).map_err(|_| malformed("a key of metadata is not UTF-8"))?, value))
}

fn delimited<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let len = usize::try_from(decode_varint(rest)?).ok();
    let (field, behind) =
        len.and_then(|len| rest.split_at_checked(len)).ok_or_else(|| malformed("a field ends early"))?;
    *rest = behind;
    Ok(field)
}

fn malformed(why: &'static str) -> DecodeError {
    #[allow(deprecated, reason = "prost has no other way to make one, and no other type says it")]
    DecodeError::new(why)
}

fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

/// A key, which is any text and may need escaping.
fn name(out: &mut Vec<u8>, key: &str) {
    if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte)) {
        out.push(b'"');
        out.extend_from_slice(key.as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(serde_json::Value::from(key).to_string().as_bytes());
    }
}
