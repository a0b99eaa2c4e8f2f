//! The wire walk against prost: both must take the same bytes, and read the same out of them.
//!
//! Where prost is stricter or laxer than the official parsers, tdc goes with these; [`EXCUSES`]
//! names the differences.

#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a fuzz target says what it expects by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use prost::Message;
use tdc::{Code, DataConverter, Outcome};

/// `temporal.api.common.v1.Payload`.
#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(btree_map = "string, bytes", tag = "1")]
    metadata: BTreeMap<String, Vec<u8>>,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    external_payloads: Vec<ExternalPayloadDetails>,
}

/// `temporal.api.common.v1.Payload.ExternalPayloadDetails`.
#[derive(Clone, PartialEq, Message)]
struct ExternalPayloadDetails {
    #[prost(int64, tag = "1")]
    size_bytes: i64,
}

/// `temporal.api.common.v1.Payloads`.
#[derive(Clone, PartialEq, Message)]
struct Payloads {
    #[prost(message, repeated, tag = "1")]
    payloads: Vec<Payload>,
}

/// What only one side refuses, as that side words it.
const EXCUSES: [&str; 3] = [
    // prost: a known field of another wire type. The official parsers take it for an unknown field.
    "invalid wire type",
    // prost counts messages as well as groups.
    "recursion limit reached",
    // tdc: a tag of more than five bytes, as the official parsers.
    "a field number is out of range",
];

static PLAIN: LazyLock<DataConverter> = LazyLock::new(|| open("version: 1"));
static ENCRYPTING: LazyLock<DataConverter> = LazyLock::new(|| {
    let converter = open("{version: 1, keys: {primary: k, host: true}, codecs: [encrypt]}");
    converter.provide_key(b"k", &[7; 32]).unwrap();
    converter
});

fuzz_target!(|bytes: &[u8]| {
    one_payload(bytes);
    many_payloads(bytes);
});

fn open(document: &str) -> DataConverter {
    DataConverter::parse(document, Path::new(""), "").unwrap()
}

/// Both verdicts, if both are good; a difference between them must have an excuse.
fn agreed<T, U>(ours: Result<T, tdc::Error>, theirs: Result<U, prost::DecodeError>) -> Option<(T, U)> {
    let refusal = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => return Some((ours, theirs)),
        (Err(_), Err(_)) => return None,
        (Ok(_), Err(theirs)) => theirs.to_string(),
        (Err(ours), Ok(_)) => ours.to_string(),
    };
    assert!(EXCUSES.iter().any(|excuse| refusal.contains(excuse)), "only one side refuses: {refusal}");
    None
}

fn one_payload(bytes: &[u8]) {
    let Some((ours, theirs)) = agreed(tdc::inspect(bytes), Payload::decode(bytes)) else { return };
    assert_eq!((ours.payload_len, ours.data_len), (bytes.len(), theirs.data.len()));
    if let Some(encoding) = &ours.encoding {
        assert_eq!(Some(encoding.as_bytes()), theirs.metadata.get("encoding").map(Vec::as_slice));
    }
    if ours.codec.is_none() {
        round_trip(bytes, &theirs);
    }
}

/// Nothing of a payload is lost on its way, and its data is where the library says, in one slice
/// and in two.
fn round_trip(bytes: &[u8], payload: &Payload) {
    let mut opened = vec![0; bytes.len()];
    let location = {
        let Some(sealed) = encode(bytes, &[], payload) else { return };
        match ENCRYPTING.decode_payload(&[], &sealed, &[], &mut opened) {
            Ok(Outcome::Written { len, data }) if len == bytes.len() => data,
            other => panic!("expected {} bytes, found {other:?}", bytes.len()),
        }
    };
    assert_eq!(opened, bytes);
    assert_eq!(&opened[location.offset..location.offset + location.len], payload.data);
    if location.len > 0 && location.offset + location.len == bytes.len() {
        let (head, tail) = bytes.split_at(location.offset);
        let sealed = encode(head, tail, payload).expect("one slice was encoded");
        let answer = ENCRYPTING.decode_payload(&[], &sealed, &[], &mut opened).unwrap();
        assert!(matches!(answer, Outcome::Written { data, .. } if data == location));
        assert_eq!(opened, bytes);
    }
}

/// `None` where encode refuses bytes that have no field of a payload: decode would take what they
/// encode to for the work of another codec.
fn encode(head: &[u8], tail: &[u8], payload: &Payload) -> Option<Vec<u8>> {
    let mut sealed = vec![0; ENCRYPTING.encode_bound(head.len() + tail.len())];
    match ENCRYPTING.encode_payload(&[], head, tail, &mut sealed) {
        Ok(Outcome::Written { len, .. }) => sealed.truncate(len),
        // The bound counts a few external payloads, whose sizes are repeated outside.
        Ok(Outcome::Owned { bytes, .. }) if payload.external_payloads.len() > 2 => sealed = bytes,
        Err(error) if error.code() == Code::Value && *payload == Payload::default() => return None,
        other => panic!("expected an encrypted payload, found {other:?}"),
    }
    Some(sealed)
}

fn many_payloads(bytes: &[u8]) {
    if let Some((ours, theirs)) = agreed(PLAIN.encode(&[], bytes), Payloads::decode(bytes)) {
        assert_eq!(Payloads::decode(&*ours).as_ref(), Ok(&theirs));
    }
}
