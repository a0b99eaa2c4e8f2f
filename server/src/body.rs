//! The JSON body of a codec server ⇄ a serialised `temporal.api.common.v1.Payloads`.
//!
//! ```text
//! {"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci","externalPayloads":[{"sizeBytes":"1"}]}]}
//! ```
//! The form is protobuf's JSON mapping. Reading is as lenient as protobuf's own readers are, because the clients differ: the
//! `temporal` command writes `external_payloads` and numbers, the Web UI `externalPayloads` and text. Printing is what all of them read;
//! `metadata` and `data` are always there, because the Web UI hides a list in which a payload lacks one of them.
//!
//! JSON has no place for fields that `Payload` does not have yet: where a decoded payload holds one, it is left out, as protobuf's own JSON does.

mod base64;
mod json;
mod parse;
mod print;

use std::collections::BTreeMap;

use prost::Message;
use prost::bytes::Bytes;
use tdc::{Code, Error};

pub(crate) use parse::parse;
pub(crate) use print::print;

/// A list of payloads, each of them as the bytes that it came as.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Payloads {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(crate) payloads: Vec<Bytes>,
}

impl Payloads {
    /// Finds the payloads in a serialised `Payloads`.
    pub(crate) fn find(bytes: Vec<u8>) -> Result<Vec<Bytes>, Error> {
        Self::decode(Bytes::from(bytes))
            .map(|found| found.payloads)
            .map_err(|cause| Error::new(Code::Protobuf, cause.to_string()))
    }
}

/// How many payloads a serialised `Payloads` of [`parse`] has.
pub(crate) fn count(payloads: &[u8]) -> usize {
    let mut rest = payloads;
    let mut count = 0;
    while let Ok((1, prost::encoding::WireType::LengthDelimited)) = prost::encoding::decode_key(&mut rest) {
        let len = prost::encoding::decode_varint(&mut rest).ok().and_then(|len| usize::try_from(len).ok());
        let Some(behind) = len.and_then(|len| rest.get(len..)) else { break };
        rest = behind;
        count += 1;
    }
    count
}

/// A payload. The map is sorted, so that the same body makes the same bytes.
#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(btree_map = "string, bytes", tag = "1")]
    metadata: BTreeMap<String, Vec<u8>>,
    #[prost(bytes = "bytes", tag = "2")]
    data: Bytes,
    #[prost(message, repeated, tag = "3")]
    external_payloads: Vec<ExternalPayloadDetails>,
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
    let payload = Payload { metadata: metadata.collect(), data: data.into(), external_payloads: Vec::new() };
    Payloads { payloads: vec![payload.encode_to_vec().into()] }.encode_to_vec()
}

/// How large a payload is that is stored elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct ExternalPayloadDetails {
    #[prost(int64, tag = "1")]
    size_bytes: i64,
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
