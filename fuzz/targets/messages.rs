//! Whole messages, failures and histories of arbitrary bytes: they are answered or refused, and
//! what was encoded decodes.
//!
//! The first byte chooses what the others are.

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
use tdc::{Code, DataConverter, MessageFlags};

const DOCUMENT: &str = "{version: 1, codecs: [encrypt], failures: {encode_common_attributes: true, malformed: error}, \
    limits: {max_decoded_bytes: 1 MiB}, \
    keys: {primary: k, ring: {k: {insecure_inline: MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=}}}}";

static CONVERTER: LazyLock<DataConverter> =
    LazyLock::new(|| DataConverter::parse(DOCUMENT, Path::new(""), "").unwrap());

const TYPES: [&str; 6] = [
    "temporal.api.failure.v1.Failure",
    "temporal.api.history.v1.History",
    "temporal.api.common.v1.Payloads",
    "temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedRequest",
    "temporal.api.schedule.v1.Schedule",
    "google.protobuf.Any",
];

fuzz_target!(|input: &[u8]| {
    let Some((&how, bytes)) = input.split_first() else { return };
    let headers = how & 0x80 != 0;
    match TYPES.get(usize::from(how & 0x07)) {
        Some(name) => {
            let mut flags = MessageFlags::default();
            flags.headers = headers;
            if let Some(encoded) = allowed(CONVERTER.encode_message(&[], name, flags, bytes)) {
                drop(allowed(CONVERTER.decode_message(&[], name, flags, &encoded)));
            }
            drop(allowed(CONVERTER.decode_message(&[], name, flags, bytes)));
        }
        None if headers => drop(allowed(CONVERTER.decode_failure_json(&[], bytes))),
        None => drop(allowed(CONVERTER.decode_history(&[], bytes))),
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
