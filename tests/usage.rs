//! The used part of the limits comes from the caller, who may claim any number: nothing wraps
//! around, no limit is exceeded, and no call returns less than it was given.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by panicking")]

use std::path::Path;

use tdc::{Call, Code, DataConverter, Error, Usage};

const PAYLOADS: &[u8] = b"\x0a\x03\x12\x011";
const PAYLOAD: &[u8] = b"\x12\x011";

type Make = fn(&DataConverter, &mut Call, &Sealed) -> Result<(), Error>;

/// A payload that was encrypted, alone and in a list.
struct Sealed {
    list: Vec<u8>,
    one: Vec<u8>,
}

const ENCODES: [Make; 2] = [
    |converter, call, _| converter.encode(call.at(b""), PAYLOADS).map(drop),
    |converter, call, _| converter.encode_payload(call.at(b""), PAYLOAD, b"", &mut [0; 500]).map(drop),
];

const DECODES: [Make; 2] = [
    |converter, call, sealed| converter.decode(call.at(b""), &sealed.list).map(drop),
    |converter, call, sealed| {
        converter.decode_payload(call.at(b""), &sealed.one, b"", &mut [0; 500]).map(drop)
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
        for make in ENCODES.iter().chain(&DECODES) {
            for before in [payloads, input_bytes] {
                let mut call = Call::with_usage(before);
                let error = make(&converter, &mut call, &sealed).unwrap_err();
                assert_eq!((error.code(), call.usage()), (Code::Limit, before));
            }
        }
        for make in DECODES {
            let mut call = Call::with_usage(decoded_bytes);
            let error = make(&converter, &mut call, &sealed).unwrap_err();
            assert_eq!((error.code(), call.usage()), (Code::Limit, decoded_bytes));
        }
        // Encode decodes nothing, and takes nothing back of what was decoded.
        for make in ENCODES {
            let mut call = Call::with_usage(decoded_bytes);
            make(&converter, &mut call, &sealed).unwrap();
            assert_eq!((call.usage().payloads, call.usage().decoded_bytes), (1, claimed));
        }
        let mut call = Call::with_usage(payloads);
        converter.encode(call.at(b""), b"").unwrap();
        assert_eq!(call.usage(), payloads);
    }
}

#[test]
fn calls_add_up() {
    let (converter, sealed) = converter();
    let mut call = Call::default();
    for make in ENCODES.iter().chain(&DECODES) {
        let before = call.usage();
        make(&converter, &mut call, &sealed).unwrap();
        assert_eq!(call.usage().payloads, before.payloads + 1);
        assert!(call.usage().input_bytes > before.input_bytes);
    }
    assert_eq!(call.usage().decoded_bytes, 2 * PAYLOAD.len());
}
