//! Protobuf → body: compact, names in camelCase, standard base64 with padding, a newline at the end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use tdc::{Code, Error};

use super::{Payload, Payloads};

/// Prints a serialised `Payloads`.
pub(crate) fn print(payloads: Vec<u8>) -> Result<String, Error> {
    let mut out = String::with_capacity(payloads.len() / 3 * 4 + 64);
    out.push_str("{\"payloads\":[");
    for (index, bytes) in Payloads::find(payloads)?.into_iter().enumerate() {
        let payload = Payload::decode(bytes)
            .map_err(|cause| Error::new(Code::Protobuf, cause.to_string()).at_payload(index))?;
        separate(&mut out, index);
        one(&mut out, &payload);
    }
    out.push_str("]}\n");
    Ok(out)
}

fn one(out: &mut String, payload: &Payload) {
    out.push_str("{\"metadata\":{");
    for (index, (key, value)) in payload.metadata.iter().enumerate() {
        separate(out, index);
        // Keys are any text and need escaping; base64 never does.
        out.push_str(&serde_json::Value::from(key.as_str()).to_string());
        out.push(':');
        base64(out, value);
    }
    out.push_str("},\"data\":");
    base64(out, &payload.data);
    if !payload.external_payloads.is_empty() {
        out.push_str(",\"externalPayloads\":[");
        for (index, details) in payload.external_payloads.iter().enumerate() {
            separate(out, index);
            // Protobuf's JSON writes 64 bits as text, because a double cannot hold them.
            out.push_str("{\"sizeBytes\":\"");
            out.push_str(&details.size_bytes.to_string());
            out.push_str("\"}");
        }
        out.push(']');
    }
    out.push('}');
}

fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push(',');
    }
}

fn base64(out: &mut String, bytes: &[u8]) {
    out.push('"');
    STANDARD.encode_string(bytes, out);
    out.push('"');
}
