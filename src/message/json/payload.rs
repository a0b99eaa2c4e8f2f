//! A payload to proto3 JSON.

use std::collections::BTreeMap;

use tdc_formats::base64;

use crate::error::{Code, Error};
use crate::payload::malformed;
use crate::wire::{Cursor, Malformed, Value};

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
        base64::write(value, out);
    }
    out.push(b'}');
    if let Some(data) = parts.data {
        out.extend_from_slice(b",\"data\":");
        base64::write(data, out);
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
