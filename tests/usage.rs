//! What calls on one list have used of the limits comes from the caller, who may claim any number: nothing wraps,
//! no limit is passed, and no call gives back less than it was given.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by panicking")]

use std::path::Path;

use tdc::{Code, DataConverter, Error, Usage};

const PAYLOADS: &[u8] = b"\x0a\x03\x12\x011";
const PAYLOAD: &[u8] = b"\x12\x011";

type Call = fn(&DataConverter, &mut Usage, &Sealed) -> Result<(), Error>;

/// A payload that was encrypted, alone and in a list.
struct Sealed {
    list: Vec<u8>,
    one: Vec<u8>,
}

const ENCODES: [Call; 2] = [
    |converter, usage, _| converter.encode_part(b"", usage, PAYLOADS).map(drop),
    |converter, usage, _| converter.encode_payload(b"", usage, PAYLOAD, b"", &mut [0; 500]).map(drop),
];

const DECODES: [Call; 2] = [
    |converter, usage, sealed| converter.decode_part(b"", usage, &sealed.list).map(drop),
    |converter, usage, sealed| {
        converter.decode_payload(b"", usage, &sealed.one, b"", &mut [0; 500]).map(drop)
    },
];

fn converter() -> (DataConverter, Sealed) {
    let key = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";
    let document = format!(
        "version: 1\nkeys: {{ primary: one, ring: {{ one: {{ insecure_inline: {key} }} }} }}\ncodecs: [encrypt]\n"
    );
    let converter = DataConverter::parse(&document, Path::new(""), "").unwrap();
    let list = converter.encode(b"", PAYLOADS).unwrap();
    let one = list.get(2..).unwrap().to_vec();
    (converter, Sealed { list, one })
}

#[test]
fn a_claim_of_any_size_passes_no_limit() {
    let (converter, sealed) = converter();
    for claimed in [usize::MAX, usize::MAX - 1, usize::MAX / 2 + 1] {
        let payloads = Usage { payloads: claimed, ..Usage::default() };
        let input_bytes = Usage { input_bytes: claimed, ..Usage::default() };
        let decoded_bytes = Usage { decoded_bytes: claimed, ..Usage::default() };
        for call in ENCODES.iter().chain(&DECODES) {
            for before in [payloads, input_bytes] {
                let mut usage = before;
                let error = call(&converter, &mut usage, &sealed).unwrap_err();
                assert_eq!((error.code(), usage), (Code::Limit, before));
            }
        }
        for call in DECODES {
            let mut usage = decoded_bytes;
            let error = call(&converter, &mut usage, &sealed).unwrap_err();
            assert_eq!((error.code(), usage), (Code::Limit, decoded_bytes));
        }
        // Encode decodes nothing, and takes nothing back of what was decoded.
        for call in ENCODES {
            let mut usage = decoded_bytes;
            call(&converter, &mut usage, &sealed).unwrap();
            assert_eq!((usage.payloads, usage.decoded_bytes), (1, claimed));
        }
        let mut usage = payloads;
        converter.encode_part(b"", &mut usage, b"").unwrap();
        assert_eq!(usage, payloads);
    }
}

#[test]
fn calls_add_up() {
    let (converter, sealed) = converter();
    let mut usage = Usage::default();
    for call in ENCODES.iter().chain(&DECODES) {
        let before = usage;
        call(&converter, &mut usage, &sealed).unwrap();
        assert_eq!(usage.payloads, before.payloads + 1);
        assert!(usage.input_bytes > before.input_bytes);
    }
    assert_eq!(usage.decoded_bytes, 2 * PAYLOAD.len());
}
