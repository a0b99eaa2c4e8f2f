//! A list in which every payload has a data key of its own: what somebody can send who may signal a
//! workflow. It comes to its end, 16 requests a try, in time that grows with the list and in
//! memory of a few hundred bytes for each key.
//!
//! One test, because the counter counts for the whole process.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

use std::path::Path;

use aes_gcm::aead::{AeadInOut, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tdc::{Answer, Call, Code, DataConverter, Request};
use tdc_formats::wire::push_bytes;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Enough to see what grows with the square.
const MANY: usize = 5_000;

const KEY: [u8; 32] = [7; 32];

#[test]
fn a_list_with_a_data_key_for_each_payload_comes_to_its_end() {
    let (few, many) = (list(1000), list(MANY));
    let _profiler = dhat::Profiler::builder().testing().build();
    let (tries, few_bytes) = tries_of(&few, 1000);
    assert_eq!(tries, 1000_usize.div_ceil(16));
    let (tries, many_bytes) = tries_of(&many, MANY);
    assert_eq!(tries, MANY.div_ceil(16));
    // Input and answer beside what is kept for each key.
    let allowed = few_bytes + 2 * many.len() + 600 * MANY;
    assert!(many_bytes < allowed, "{many_bytes} bytes, expected less than {allowed}");
}

fn converter(limits: &str) -> DataConverter {
    let document = format!(
        "version: 1\nkeys: {{ primary: k, ring: {{ k: {{ service: \"x://k\" }} }} }}\ncodecs: [encrypt]\n{limits}"
    );
    DataConverter::parse(&document, Path::new(""), "").unwrap()
}

/// Decodes a list for which a fake host unwraps whatever it is asked, and gives the tries that it
/// took and the most bytes that were allocated at one time.
fn tries_of(list: &[u8], count: usize) -> (usize, usize) {
    let converter = converter("");
    let before = dhat::HeapStats::get().curr_bytes;
    let (mut call, mut tries, mut most) = (Call::default(), 0, before);
    loop {
        match converter.decode(call.at(b""), list) {
            Ok(decoded) => {
                most = most.max(dhat::HeapStats::get().curr_bytes);
                assert_eq!(decoded.len(), count * framed(&plain()).len());
                return (tries, most - before);
            }
            Err(error) => assert_eq!(error.code(), Code::Requests, "{error}"),
        }
        let asked: Vec<u64> = call
            .requests()
            .map(|(id, request)| {
                assert!(matches!(request, Request::Unwrap(_)), "{request:?}");
                id
            })
            .collect();
        assert!(asked.len() <= 16, "{} requests in one try", asked.len());
        for id in asked {
            converter.answer(&mut call, &[(id, Answer::DataKey(&KEY))]).unwrap();
        }
        tries += 1;
        most = most.max(dhat::HeapStats::get().curr_bytes);
    }
}

fn plain() -> Vec<u8> {
    [field(1, &[field(1, b"encoding"), field(2, b"json/plain")].concat()), field(2, b"1")].concat()
}

/// So many payloads, each with a wrapped key of its own; the data key is the same, which nobody
/// sees.
fn list(count: usize) -> Vec<u8> {
    let mut sealed = plain();
    let nonce = [1; 12];
    let tag = aes_gcm::Aes256Gcm::new(&KEY.into())
        .encrypt_inout_detached(&nonce.into(), &[], sealed.as_mut_slice().into())
        .unwrap();
    let data = [&nonce[..], &sealed, &tag].concat();
    let entry = |name: &str, value: &[u8]| field(1, &[field(1, name.as_bytes()), field(2, value)].concat());
    let same = [entry("encoding", b"binary/encrypted"), entry("encryption-key-id", b"x://k")].concat();
    let mut list = Vec::new();
    for number in 0..u32::try_from(count).unwrap() {
        let wrapped = STANDARD.encode([&[0; 28][..], &number.to_le_bytes()].concat());
        let payload = [&same[..], &entry("encryption-dek", wrapped.as_bytes()), &field(2, &data)].concat();
        list.extend(framed(&payload));
    }
    list
}

fn framed(payload: &[u8]) -> Vec<u8> {
    field(1, payload)
}

/// A length-delimited field.
fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, number, contents);
    out
}
