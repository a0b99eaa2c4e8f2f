//! What a call allocates: the answer, and nothing for each payload beside it; a decompression bomb
//! costs no more than the limit allows.
//!
//! (gzip, which is there for what others wrote, allocates its state for each payload.)
//!
//! One test, because the counter counts for the whole process. What the C libraries allocate
//! (zstd's contexts, kept for each thread) it does not see.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

use std::path::Path;

use tdc::{Code, DataConverter, Outcome};
use tdc_formats::wire::push_bytes;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const CHAINS: [&str; 6] =
    ["encrypt", "zlib", "zstd", "snappy, encrypt", "zlib, encrypt", "zstd: { level: 3 }, encrypt"];

#[test]
fn calls_allocate_the_answer_alone() {
    let _profiler = dhat::Profiler::builder().testing().build();
    for codecs in CHAINS {
        one_payload(codecs);
        many_payloads(codecs);
    }
    for codec in ["zlib", "zstd", "snappy", "gzip"] {
        bomb(codec);
    }
}

fn one_payload(codecs: &str) {
    let converter = converter(codecs, 64 << 20);
    let payload = payload(4000);
    let mut encoded = vec![0; converter.encode_bound(payload.len())];
    let mut opened = vec![0; payload.len()];
    let mut length = 0;
    let mut round_trip = |opened: &mut [u8]| {
        let (len, encoding) = blocks(|| match converter.encode_payload(&[], &payload, &[], &mut encoded) {
            Ok(Outcome::Written { len, .. }) => len,
            other => panic!("{codecs}: {other:?}"),
        });
        length = len;
        let (_, decoding) = blocks(|| {
            let answer = converter.decode_payload(&[], &encoded[..length], &[], opened);
            assert!(matches!(answer, Ok(Outcome::Written { .. })), "{codecs}: {answer:?}");
        });
        (encoding, decoding)
    };
    round_trip(&mut opened);
    let (encoding, decoding) = round_trip(&mut opened);
    assert_eq!(encoding, 0, "{codecs}: into a caller's buffer nothing is allocated");
    // Decompression allocates its output, because its length is not known beforehand; the number of
    // allocations grows at most logarithmically.
    let allowed = if codecs == "encrypt" { 0 } else { 8 };
    assert!(decoding <= allowed, "{codecs}: decoding allocated {decoding} times");
}

fn many_payloads(codecs: &str) {
    let converter = converter(codecs, 64 << 20);
    let list = |count| framed(&vec![payload(2000); count]);
    let (few, many) = (list(10), list(1000));
    let encoded = (converter.encode(&[], &few).unwrap(), converter.encode(&[], &many).unwrap());
    for _ in 0..2 {
        converter.decode(&[], &encoded.0).unwrap();
    }
    let (_, few_encoded) = blocks(|| converter.encode(&[], &few).unwrap());
    let (_, many_encoded) = blocks(|| converter.encode(&[], &many).unwrap());
    let (_, few_decoded) = blocks(|| converter.decode(&[], &encoded.0).unwrap());
    let (_, many_decoded) = blocks(|| converter.decode(&[], &encoded.1).unwrap());
    // A list of a hundred times as many payloads doubles its vectors some seven times more often.
    assert!(many_encoded <= few_encoded + 20, "{codecs}: {few_encoded} and {many_encoded} allocations");
    assert!(many_decoded <= few_decoded + 20, "{codecs}: {few_decoded} and {many_decoded} allocations");
}

fn bomb(codec: &str) {
    const LIMIT: usize = 1 << 20;
    let bomb = converter(codec, 64 << 20).encode(&[], &framed(&[payload(40 << 20)])).unwrap();
    let converter = converter(codec, LIMIT);
    let before = dhat::HeapStats::get();
    let error = converter.decode(&[], &bomb).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
    let after = dhat::HeapStats::get();
    let spent = after.total_bytes - before.total_bytes;
    let allowed = (4 * LIMIT + 2 * bomb.len()) as u64;
    assert!(spent <= allowed, "{codec}: a bomb of {} bytes cost {spent}", bomb.len());
}

/// How many allocations `work` makes.
fn blocks<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = dhat::HeapStats::get().total_blocks;
    let answer = work();
    (answer, dhat::HeapStats::get().total_blocks - before)
}

fn converter(codecs: &str, max_decoded_bytes: usize) -> DataConverter {
    let document = format!(
        "version: 1\nkeys: {{ primary: k, ring: {{ k: {{ insecure_inline: \
         dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }} }} }}\ncodecs: [{}]\n\
         limits: {{ max_decoded_bytes: {max_decoded_bytes} }}\n",
        codecs
            .split(", ")
            .map(|codec| if codec.contains(':') { format!("{{ {codec} }}") } else { codec.to_owned() })
            .collect::<Vec<_>>()
            .join(", ")
    );
    DataConverter::parse(&document, Path::new(""), "").unwrap()
}

/// A payload whose `data` compresses well.
fn payload(size: usize) -> Vec<u8> {
    let mut bytes = b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain".to_vec();
    push_bytes(&mut bytes, 2, &b"the quick brown fox ".repeat(size.div_ceil(20)));
    bytes
}

fn framed(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for payload in payloads {
        push_bytes(&mut bytes, 1, payload);
    }
    bytes
}
