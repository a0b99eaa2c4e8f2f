//! Serialised payloads, written by hand.

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
    let mut bytes = Vec::new();
    varint(&mut bytes, usize::from(number) << 3 | 2);
    varint(&mut bytes, contents.len());
    bytes.extend_from_slice(contents);
    bytes
}

pub(crate) fn varint(bytes: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
}
