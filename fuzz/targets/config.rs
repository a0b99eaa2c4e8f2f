//! The configuration on arbitrary text: it opens or is refused with a sentence, and what opens
//! keeps its promises.

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

use libfuzzer_sys::fuzz_target;
use tdc::{Code, DataConverter};

/// `metadata {"encoding": "json/plain"}`, `data` "{}", as the one payload of a `Payloads`.
const PAYLOADS: &[u8] = b"\x0a\x1c\x0a\x16\x0a\x08encoding\x12\x0ajson/plain\x12\x02{}";

fuzz_target!(|text: &str| {
    match DataConverter::parse(text, Path::new("no/such/folder"), "orders") {
        Ok(converter) => round_trip(&converter),
        Err(error) => {
            assert!(matches!(error.code(), Code::Config | Code::KeyFile), "{error}");
            assert!(!error.message().is_empty());
            assert!(error.message().len() <= 2000, "a message of {} bytes", error.message().len());
        }
    }
});

/// Refusals at this point are about limits, keys of the host and namespaces; nothing else is left
/// to be wrong.
fn round_trip(converter: &DataConverter) {
    let expected = [Code::Limit, Code::KeyUnknown, Code::Namespace];
    match converter.encode(&[], PAYLOADS) {
        Ok(encoded) => match converter.decode(&[], &encoded) {
            Ok(decoded) => assert_eq!(decoded, PAYLOADS),
            Err(error) => assert!(expected.contains(&error.code()), "{error}"),
        },
        Err(error) => assert!(expected.contains(&error.code()), "{error}"),
    }
}
