//! Values and payloads of arbitrary bytes: the converters answer or refuse, and what they made they
//! read back.
//!
//! The first byte chooses the form of the value, or the encoding of the payload, that the others
//! are.

#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a fuzz target says what it expects by panicking"
)]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tdc::{Code, DataConverter};

const LIMITS: &str = "limits: {max_decoded_bytes: 1 MiB}";

/// MessagePack, canonical JSON, and the default list.
static CONVERTERS: LazyLock<[DataConverter; 3]> = LazyLock::new(|| {
    [
        "[\"null\", bytes, json-protobuf, msgpack]",
        "[\"null\", bytes, {json: {canonical: true}}]",
        "[\"null\", bytes, json-protobuf, json]",
    ]
    .map(|list| {
        let document = format!("{{version: 1, converters: {list}, {LIMITS}}}");
        DataConverter::parse(&document, Path::new(""), "").unwrap()
    })
});

const ENCODINGS: [&str; 6] =
    ["json/plain", "binary/msgpack", "json/protobuf", "binary/protobuf", "binary/plain", "binary/null"];

const TYPES: [&str; 4] = [
    "temporal.api.failure.v1.Failure",
    "google.protobuf.Struct",
    "google.protobuf.Any",
    "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest",
];

fuzz_target!(|input: &[u8]| {
    let Some((&how, bytes)) = input.split_first() else { return };
    let encoding = ENCODINGS[usize::from(how & 0x07) % ENCODINGS.len()];
    let name = TYPES[usize::from(how >> 3 & 0x03)];
    let payloads = framed(&payload(encoding, name, bytes));
    for converter in CONVERTERS.iter() {
        if let Some(made) = allowed(converter.to_payload(&[], &payloads)) {
            let value = converter.from_payload(&[], &made).expect("what was made is read");
            let again = converter.to_payload(&[], &value).expect("what was read is made again");
            // A host that has MessagePack already passes it in whatever form it is.
            if encoding != "binary/msgpack" {
                assert_eq!(again, made, "the same value gives the same bytes");
            }
        }
        drop(allowed(converter.from_payload(&[], &payloads)));
    }
});

/// The answer; an error has a sentence of bounded length, and is no fault of the library.
fn allowed(answer: Result<Vec<u8>, tdc::Error>) -> Option<Vec<u8>> {
    answer
        .map_err(|error| {
            assert_ne!(error.code(), Code::Panic, "{error}");
            assert!(!error.message().is_empty() && error.message().len() < 1000, "{error}");
        })
        .ok()
}

fn payload(encoding: &str, name: &str, data: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (key, value) in [("encoding", encoding), ("messageType", name)] {
        let mut entry = Vec::new();
        push_field(&mut entry, 0x0a, key.as_bytes());
        push_field(&mut entry, 0x12, value.as_bytes());
        push_field(&mut payload, 0x0a, &entry);
    }
    push_field(&mut payload, 0x12, data);
    payload
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut payloads = Vec::new();
    push_field(&mut payloads, 0x0a, payload);
    payloads
}

fn push_field(out: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    out.push(tag);
    let mut len = contents.len();
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend_from_slice(contents);
}
