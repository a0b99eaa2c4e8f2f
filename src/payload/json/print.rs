//! Protobuf → JSON: compact, names in camelCase, standard base64 with padding.

use tdc_formats::base64;
use tdc_formats::json::write_text;

use crate::error::Error;
use crate::payload::{Parts, find, malformed};

/// Prints a serialised `Payloads` as a body, with a newline at the end.
///
/// # Errors
/// [`Code::Protobuf`](crate::Code::Protobuf), with the payload that is malformed.
pub fn print(payloads: &[u8]) -> Result<Vec<u8>, Error> {
    print_all(&find(payloads)?, payloads.len())
}

/// Prints payloads of `len` bytes together as a body.
pub(crate) fn print_all(payloads: &[&[u8]], len: usize) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(len / 3 * 4 + 48 * payloads.len() + 64);
    out.extend_from_slice(b"{\"payloads\":[");
    for (index, payload) in payloads.iter().enumerate() {
        separate(&mut out, index);
        print_payload(payload, &mut out).map_err(|error| error.at_payload(index))?;
    }
    out.extend_from_slice(b"]}\n");
    Ok(out)
}

/// Appends a payload in one line.
///
/// # Errors
/// [`Code::Protobuf`](crate::Code::Protobuf).
pub fn print_payload(payload: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let parts = Parts::parse(payload)?;
    out.extend_from_slice(b"{\"metadata\":{");
    for (index, (key, value)) in parts.entries().iter().enumerate() {
        separate(out, index);
        // The parts are well formed: it is UTF-8.
        write_text(core::str::from_utf8(key).unwrap_or_default(), out);
        out.push(b':');
        base64::write(value, out);
    }
    out.extend_from_slice(b"},\"data\":");
    base64::write(parts.data(), out);
    let mut has_external = false;
    for size in parts.external_sizes() {
        let size = size.map_err(malformed)?.cast_signed();
        out.extend_from_slice(if has_external { b"," } else { b",\"externalPayloads\":[" });
        // Protobuf's JSON writes 64 bits as text, because a double cannot hold them.
        out.extend_from_slice(format!("{{\"sizeBytes\":\"{size}\"}}").as_bytes());
        has_external = true;
    }
    out.extend_from_slice(if has_external { b"]}" } else { b"}" });
    Ok(())
}

fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}
