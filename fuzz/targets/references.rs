//! References to stored objects, from arbitrary bytes: one is followed only into a store, a bucket
//! and a folder of keys that the configuration allows, and what comes back is a payload or an
//! error.
//!
//! The first byte chooses the form of the reference and the answer, the others are its data.

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
use tdc::{Answer, Call, Code, DataConverter, ObjectFault, References, Request};
use tdc_formats::wire::push_bytes;

const CONTEXT: &[u8] = b"\x12\x03a:b";
const CURRENT: &[&[u8]] =
    &[b"encoding", b"json/protobuf", b"messageType", b"temporal.api.sdk.v1.ExternalStorageReference"];
const LEGACY: &[&[u8]] = &[b"encoding", b"json/external-storage-reference"];

static CONVERTER: LazyLock<DataConverter> = LazyLock::new(|| {
    let document = "{version: 1, limits: {max_decoded_bytes: 64 KiB}, storage: {objects_of: [c], stores: {
        s: {s3: {region: r}, buckets: [bucket]}, g: {gcs: {}, buckets: [bucket]}, d: {directory: x}}}}";
    DataConverter::parse(document, Path::new(""), "").unwrap()
});

fuzz_target!(|input: &[u8]| {
    let Some((&how, data)) = input.split_first() else { return };
    let reference = payload(if how & 1 == 0 { CURRENT } else { LEGACY }, data);
    let list = field(1, &reference);

    // Without leave to follow it, a reference is a payload like any other.
    let mut call = Call::default();
    assert_eq!(CONVERTER.decode(call.at(CONTEXT), &list).unwrap(), list);
    // In today's form it says the same, and is that form.
    let mut update = Call::default().with_references(References::Update);
    if let Ok(updated) = CONVERTER.decode(update.at(CONTEXT), &list) {
        let mut again = Call::default().with_references(References::Update);
        assert_eq!(CONVERTER.decode(again.at(CONTEXT), &updated).unwrap(), updated);
        assert_eq!(asked(&updated), asked(&list), "both forms ask for the same");
    }

    let mut call = Call::default().with_references(References::Fetch(1));
    let error = CONVERTER.decode(call.at(CONTEXT), &list).expect_err("the object is missing");
    assert!(matches!(error.code(), Code::Requests | Code::Reference), "{error}");
    let message = error.message();
    assert!(!message.is_empty() && message.len() < 1000 && !message.contains(char::is_control), "{message}");
    if error.code() != Code::Requests {
        assert_eq!(call.requests().len(), 0);
        return;
    }
    let Some((id, Request::Object(object))) = call.requests().next() else { panic!("what is asked for") };
    let store = object.store().name.as_str();
    assert!(matches!((store, object.bucket()), ("s" | "g", Some("bucket")) | ("d", None)));
    let key = object.key();
    let allowed = ["v0/ns/a:b/", "v0/ns/a%3Ab/", "v0/ns/c/"];
    assert!(allowed.iter().any(|folder| key.starts_with(folder)), "{key:?}");
    assert!(key.split(['/', '\\']).all(|segment| !matches!(segment, "" | "." | "..")), "{key:?}");
    assert!(!key.contains(char::is_control));

    let answer = match how >> 1 & 3 {
        0 => Answer::Object(data),
        1 => Answer::Unknown,
        2 => Answer::NoObject { fault: ObjectFault::Missing, reason: "a\nb" },
        _ => Answer::NoObject { fault: ObjectFault::Unavailable, reason: "a\nb" },
    };
    CONVERTER.answer(&mut call, &[(id, answer)]).unwrap();
    // No input is its own hash.
    let error = CONVERTER.decode(call.at(CONTEXT), &list).expect_err("another object");
    assert!(matches!(error.code(), Code::Reference | Code::Storage), "{error}");
    assert_eq!(error.payload_index(), Some(0));
});

/// The key that a list asks for.
fn asked(list: &[u8]) -> Option<String> {
    let mut call = Call::default().with_references(References::Fetch(1));
    let _ = CONVERTER.decode(call.at(CONTEXT), list);
    match call.requests().next()? {
        (_, Request::Object(object)) => Some(object.key().to_owned()),
        _ => None,
    }
}

fn payload(metadata: &[&[u8]], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for pair in metadata.chunks(2) {
        out.extend(field(1, &[field(1, pair[0]), field(2, pair[1])].concat()));
    }
    out.extend(field(2, data));
    out
}

fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, number, contents);
    out
}
