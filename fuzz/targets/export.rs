//! Exports as JSON, read one history after the other, from arbitrary bytes: what is read is the
//! document, however it arrives; a fault has a place; and no part is longer than allowed.
//!
//! The first byte chooses the limit, the others are the document.

#![no_main]
#![cfg(not(test))] // the modules of another crate have their tests there
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a fuzz target says what it expects by panicking, and has the modules of another crate"
)]

use std::io::BufReader;

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use tdc::Code;

// The reader is private to the command line, which is no library.
#[rustfmt::skip] // it is formatted there
#[path = "../../cli/src/bulk/json_export.rs"]
mod json_export;
#[path = "../../cli/src/bulk/json_values.rs"]
mod json_values;

use json_export::{JsonExport, Part, Stop};

fuzz_target!(|input: &[u8]| {
    let Some((&how, document)) = input.split_first() else { return };
    let max = 16 + 16 * usize::from(how);
    let whole = parts(document, document.len().max(1), max);
    for capacity in [1, 7] {
        assert_eq!(parts(document, capacity, max), whole, "with a buffer of {capacity} bytes");
    }
});

/// The parts of a document and what ends them, read with a buffer of this capacity.
fn parts(document: &[u8], capacity: usize, max: usize) -> Vec<String> {
    let input = BufReader::with_capacity(capacity, document);
    let mut export = JsonExport::new(input, document.len() as u64, max);
    let (mut found, mut read, mut part) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let next = export.next(&mut part);
        assert!(part.len() <= max && part.capacity() <= 2 * max.max(8), "{} of {max}", part.capacity());
        match next {
            Ok(Some(kind)) => {
                if matches!(kind, Part::Item(_)) {
                    serde_json::from_slice::<IgnoredAny>(&part).expect("an item is JSON");
                }
                found.push(format!("{kind:?} {:?}", part.escape_ascii().to_string()));
                read.extend_from_slice(&part);
                assert!(read.len() <= document.len() && found.len() <= 2 * document.len() + 2);
            }
            Ok(None) => {
                assert_eq!(read, document);
                serde_json::from_slice::<IgnoredAny>(document).expect("an export is JSON");
                assert_eq!(export.into_inner().buffer(), b"");
                return found;
            }
            Err(Stop::NotAnExport) => {
                found.push("another document".to_owned());
                return found;
            }
            Err(Stop::Failed(error, item)) => {
                assert!(matches!(error.code(), Code::Json | Code::Limit), "{error}");
                let message = error.message();
                assert!(message.len() < 1000 && !message.contains(char::is_control), "{message}");
                found.push(format!("{item:?} {message} {}", export.newer()));
                return found;
            }
        }
    }
}
