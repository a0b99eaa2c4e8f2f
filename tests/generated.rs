//! Everything that is generated from one table or from the source is checked in, and compared here.
//!
//! `UPDATE=1 cargo test --test generated` (or `make generated`) writes the files instead.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

#[path = "generated/abi.rs"]
mod abi;
#[path = "generated/bindings.rs"]
mod bindings;
#[path = "generated/errors.rs"]
mod errors;
#[path = "generated/header.rs"]
mod header;
#[path = "generated/java.rs"]
mod java;
#[path = "generated/python.rs"]
mod python;

use std::path::Path;

/// Compares a checked-in file with what it should be, or writes it when `UPDATE` is set.
fn check(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, expected).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is not what its source says: run `make generated` and look at the difference"
    );
}
