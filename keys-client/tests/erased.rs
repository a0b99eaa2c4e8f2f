//! A body that grows while it is read leaves no copy behind. A program of its own, because it looks
//! at all memory that is given back.

#![allow(clippy::unwrap_used, unsafe_code, reason = "tests say what they expect by panicking")]

mod fake;

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fake::{Fake, keys};
use tdc_keys::{ObjectStore, StoredObject};

/// How the body begins.
const MARK: &[u8; 16] = b"plaintext-of-me!";
/// The HTTP client's own buffers are smaller.
const LARGE: usize = 200 << 10;

static LEFT: AtomicUsize = AtomicUsize::new(0);

struct Watching;

/// Counts a block that is given back and still begins as the body does.
///
/// # Safety
/// `block` has this layout, and was initialised when it was allocated.
unsafe fn watch(block: *mut u8, layout: Layout) {
    if layout.size() >= LARGE {
        // SAFETY: the caller's promise; it is larger than the mark.
        let start = unsafe { core::slice::from_raw_parts(block, MARK.len()) };
        if start == MARK {
            LEFT.fetch_add(1, Ordering::SeqCst);
        }
    }
}

// SAFETY: all memory is the system's, of the same layout.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout. It is initialised, so that `watch` may read it.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is one of `alloc`, and is not used any more.
        unsafe {
            watch(block, layout);
            System.dealloc(block, layout);
        }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

#[test]
fn a_body_of_unknown_length_leaves_no_copies() {
    const ZEROS: &[u8] = &[0; 1 << 20];
    let fake = Fake::new(|_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        for part in [&head[..], MARK, ZEROS] {
            let _ = stream.write_all(part);
        }
        let _ = stream.shutdown(std::net::Shutdown::Write);
    });
    let object =
        StoredObject { bucket: "orders", key: "a", max_bytes: 4 << 20, timeout: Duration::from_secs(10) };
    let body = keys(&[]).fetch(ObjectStore::Gcs { endpoint: Some(&fake.address) }, &object).unwrap();
    assert_eq!(body.get(..MARK.len()), Some(&MARK[..]));
    assert_eq!(body.len(), MARK.len() + ZEROS.len());
    drop(body);
    assert_eq!(LEFT.load(Ordering::SeqCst), 0);
}
