//! A payload as proto3 JSON, to its protobuf and back.

use std::collections::BTreeMap;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use serde::Deserialize;

use crate::error::{Code, Error};
use crate::payload::malformed;
use crate::wire::{Cursor, Malformed, Value, push_bytes};

/// As the official parsers read it: 64 bits as number or text, either alphabet, with padding or without.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PayloadJson {
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    data: Option<String>,
    #[serde(default, alias = "external_payloads", rename = "externalPayloads")]
    external_payloads: Option<Vec<External>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct External {
    #[serde(default, alias = "size_bytes", rename = "sizeBytes")]
    size_bytes: Option<Number>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl PayloadJson {
    /// The payload, metadata in the order of the keys.
    pub(super) fn to_wire(&self) -> Result<Vec<u8>, Error> {
        let mut wire = Vec::new();
        for (key, value) in self.metadata.iter().flatten() {
            let mut entry = Vec::new();
            push_bytes(&mut entry, 1, key.as_bytes());
            push_bytes(&mut entry, 2, &base64(value)?);
            push_bytes(&mut wire, 1, &entry);
        }
        if let Some(data) = self.data.as_deref().filter(|data| !data.is_empty()) {
            push_bytes(&mut wire, 2, &base64(data)?);
        }
        for external in self.external_payloads.iter().flatten() {
            let size = match &external.size_bytes {
                None => 0,
                Some(Number::Number(size)) => *size,
                Some(Number::Text(text)) => text.parse().map_err(|_| json("sizeBytes is no number"))?,
            };
            let mut details = Vec::new();
            if size > 0 {
                details.push(0x08);
                push_varint(&mut details, size);
            }
            push_bytes(&mut wire, 3, &details);
        }
        Ok(wire)
    }
}

fn base64(text: &str) -> Result<Vec<u8>, Error> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const USUAL: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
    const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
    USUAL.decode(text).or_else(|_| URL.decode(text)).map_err(|_| json("expected base64 text"))
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while let (low, true) = ((value & 0x7f) as u8, value >= 0x80) {
        out.push(low | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Appends a payload as JSON in one line. Fields that `Payload` does not have yet have no place in it.
pub(super) fn print(payload: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let parts = Parts::parse(payload).map_err(malformed)?;
    out.extend_from_slice(b"{\"metadata\":{");
    for (index, (key, value)) in parts.metadata.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        print_text(core::str::from_utf8(key).unwrap_or_default(), out)?;
        out.push(b':');
        print_base64(value, out);
    }
    out.push(b'}');
    if let Some(data) = parts.data {
        out.extend_from_slice(b",\"data\":");
        print_base64(data, out);
    }
    if !parts.external.is_empty() {
        let sizes: Vec<String> =
            parts.external.iter().map(|size| format!("{{\"sizeBytes\":\"{size}\"}}")).collect();
        out.extend_from_slice(b",\"externalPayloads\":[");
        out.extend_from_slice(sizes.join(",").as_bytes());
        out.push(b']');
    }
    out.push(b'}');
    Ok(())
}

/// Appends a text between quotes.
pub(super) fn print_text(text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    serde_json::to_writer(out, text).map_err(|cause| Error::new(Code::Panic, cause.to_string()))
}

fn print_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    let len = base64::encoded_len(bytes.len(), true).unwrap_or_default();
    out.resize(start + len, 0);
    // The room is exactly what base64 asks for.
    let room = out.get_mut(start..).unwrap_or_default();
    let _ = general_purpose::STANDARD.encode_slice(bytes, room);
    out.push(b'"');
}

/// The fields of a payload.
#[derive(Default)]
struct Parts<'a> {
    metadata: BTreeMap<&'a [u8], &'a [u8]>,
    data: Option<&'a [u8]>,
    external: Vec<u64>,
}

impl<'a> Parts<'a> {
    fn parse(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = Self::default();
        let mut cursor = Cursor::new(payload);
        while let Some(field) = cursor.field()? {
            match (field.number, field.value) {
                (1, Value::Bytes(entry)) => {
                    let (mut key, mut value) = (&b""[..], &b""[..]);
                    let mut cursor = Cursor::new(entry);
                    while let Some(field) = cursor.field()? {
                        match (field.number, field.value) {
                            (1, Value::Bytes(bytes)) => key = bytes,
                            (2, Value::Bytes(bytes)) => value = bytes,
                            _ => {}
                        }
                    }
                    core::str::from_utf8(key).map_err(|_| Malformed::Utf8)?;
                    parts.metadata.insert(key, value);
                }
                (2, Value::Bytes(data)) => parts.data = Some(data),
                (3, Value::Bytes(details)) => {
                    let mut size = 0;
                    let mut cursor = Cursor::new(details);
                    while let Some(field) = cursor.field()? {
                        if let (1, Value::Varint(value)) = (field.number, field.value) {
                            size = value;
                        }
                    }
                    parts.external.push(size);
                }
                _ => {}
            }
        }
        Ok(parts)
    }
}

#[cold]
fn json(why: &str) -> Error {
    Error::new(Code::Json, format!("the payload is not what was expected: {why}"))
}
