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

mod json;
mod parse;
mod print;

use std::collections::BTreeMap;

use prost::Message;
use prost::bytes::Bytes;

use crate::error::{Code, Error};

pub use parse::{parse, parse_at_most, parse_list, parse_payload, parse_single};
pub use print::print;

/// A list of payloads, each of them as the bytes that it came as.
#[derive(Clone, PartialEq, Message)]
struct Payloads {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    payloads: Vec<Bytes>,
}

/// Finds the payloads in a serialised `Payloads`.
///
/// # Errors
/// [`Code::Protobuf`].
pub fn find(bytes: Vec<u8>) -> Result<Vec<Bytes>, Error> {
    Payloads::decode(Bytes::from(bytes))
        .map(|found| found.payloads)
        .map_err(|cause| Error::new(Code::Protobuf, cause.to_string()))
}

/// How many payloads a serialised `Payloads` of [`parse`] has.
#[must_use]
pub fn count(payloads: &[u8]) -> usize {
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
