//! Listings of buckets, from arbitrary bytes: S3's XML and Google's JSON are a page or nothing, and
//! a page is no longer than the text of it, whatever the text declares.
//!
//! The first byte chooses the store, the others are its answer.

#![no_main]
#![cfg(not(test))] // the modules of another crate have their tests there
#![allow(
    dead_code,
    clippy::panic,
    unused_imports,
    unreachable_pub,
    reason = "a fuzz target says what it expects by panicking, and has the modules of another crate"
)]

use libfuzzer_sys::fuzz_target;

// The readers are private, and their crate has TLS and clients, which take long to build with a
// sanitizer. This is what they use of it.
#[path = "../../keys-client/src/buckets/listed.rs"]
mod buckets;
#[path = "../../keys-client/src/failure.rs"]
mod failure;
#[path = "../../keys-client/src/services/gcp/storage/listing.rs"]
mod gcs;
#[path = "../../keys-client/src/services/aws/s3/listing.rs"]
mod s3;
#[path = "../../keys-client/src/time.rs"]
mod time;
#[path = "../../keys-client/src/uri.rs"]
mod uri;

mod json {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
        STANDARD.decode(text).ok()
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&how, body)) = input.split_first() else { return };
    let page = if how & 1 == 0 { s3::read(body) } else { gcs::read(body) };
    let Some(page) = page else { return };
    let held: usize = page
        .objects
        .iter()
        .map(|object| match &object.version {
            buckets::ObjectVersion::ETag(tag) => object.key.len() + tag.len(),
            buckets::ObjectVersion::Generation(_) => object.key.len(),
        })
        .sum();
    let next = page.next.as_deref().unwrap_or("-");
    assert!(held + page.objects.len() + next.len() <= body.len() + 1, "{held} of {}", body.len());
    assert!(!next.is_empty(), "more, and no way to it");
});
