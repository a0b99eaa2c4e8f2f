//! Bodies as the library reads and prints them, and payloads that the commands make themselves.

use std::collections::BTreeMap;

use prost::Message;

pub(crate) use tdc::payloads_json::{count, find, parse, parse_at_most, print};

/// A list of payloads.
#[derive(Clone, PartialEq, Message)]
struct Payloads {
    #[prost(message, repeated, tag = "1")]
    payloads: Vec<Payload>,
}

/// A payload. The map is sorted, so that it always makes the same bytes.
#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(btree_map = "string, bytes", tag = "1")]
    metadata: BTreeMap<String, Vec<u8>>,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
}

/// A list of one payload whose metadata says that `data` is encrypted with the key `id`.
pub(crate) fn encrypted_under(id: &str, data: &[u8]) -> Vec<u8> {
    list_of_one(&[("encoding", "binary/encrypted"), ("encryption-key-id", id)], data.to_vec())
}

/// A list of one payload: a JSON text of `len` bytes.
pub(crate) fn json_text(len: usize) -> Vec<u8> {
    let mut data = vec![b'a'; len];
    for quote in [0, len.saturating_sub(1)] {
        if let Some(byte) = data.get_mut(quote) {
            *byte = b'"';
        }
    }
    list_of_one(&[("encoding", "json/plain")], data)
}

fn list_of_one(metadata: &[(&str, &str)], data: Vec<u8>) -> Vec<u8> {
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()));
    let payload = Payload { metadata: metadata.collect(), data };
    Payloads { payloads: vec![payload] }.encode_to_vec()
}
