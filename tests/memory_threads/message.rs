//! Serialised payloads.

use tdc_formats::wire::push_bytes;

pub(crate) fn payload(encoding: &str, data: &[u8]) -> Vec<u8> {
    let entry = [&field(1, b"encoding")[..], &field(2, encoding.as_bytes())].concat();
    [field(1, &entry), field(2, data)].concat()
}

pub(crate) fn list(payloads: &[Vec<u8>]) -> Vec<u8> {
    payloads.iter().flat_map(|payload| field(1, payload)).collect()
}

/// Bytes before the first payload of a `Payloads` message.
pub(crate) fn head_len(payloads: &[u8]) -> usize {
    1 + payloads[1..].iter().take_while(|byte| **byte >= 0x80).count() + 1
}

pub(crate) fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, number, contents);
    out
}
