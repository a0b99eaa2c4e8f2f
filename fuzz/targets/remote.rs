//! What a codec server answers, in arbitrary bytes: it is an answer or it is refused, it costs a
//! small factor of its length, and a call has all of its payloads or none.
//!
//! The first byte chooses the call and the status, the others are the body.

#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a fuzz target says what it expects by panicking"
)]

use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tdc::{Answer, Call, Code, DataConverter, Error, HttpRequest, Request, payload};

const CHAINS: [&str; 2] = ["", "zlib, encrypt, "];

const STATUSES: [u32; 8] = [0, 204, 302, 400, 401, 413, 422, 503];

/// The most that judging may allocate: for each byte of the body, and for any body.
const FACTOR: usize = 32;
const CONSTANT: usize = 64 << 10;

#[global_allocator]
static ALLOCATOR: Counting = Counting { live: AtomicUsize::new(0), peak: AtomicUsize::new(0) };

static CONVERTERS: LazyLock<[DataConverter; 2]> = LazyLock::new(|| CHAINS.map(open));

fuzz_target!(|input: &[u8]| {
    let Some((&how, body)) = input.split_first() else { return };
    let encodes = how & 0x01 != 0;
    let is_alone = how & 0x02 == 0;
    let count = 1 + usize::from(how >> 2 & 0x03);
    let status = if how & 0x80 == 0 { 200 } else { STATUSES[usize::from(how >> 4 & 0x07)] };
    let converter = &CONVERTERS[usize::from(!is_alone)];

    let payloads: Vec<u8> = (0..count).flat_map(|index| [0x0a, 0x03, 0x12, 0x01, index as u8]).collect();
    let make = |call: &mut Call| {
        let scope = call.at(&[]);
        if encodes { converter.encode(scope, &payloads) } else { converter.decode(scope, &payloads) }
    };
    let mut call = Call::default();
    let asked = make(&mut call).expect_err("an answer that nobody gave");
    let (id, request) = request_for_all(&call, &asked, count);

    let answers = [(id, Answer::Http { status, body })];
    let (judged, allocated) = ALLOCATOR.peak_of(|| converter.answer(&mut call, &answers));
    assert!(allocated <= FACTOR * body.len() + CONSTANT, "{allocated} bytes for a body of {}", body.len());
    if let Err(refused) = judged {
        let allowed: &[Code] = match status {
            200 => &[Code::Remote, Code::Limit],
            400 | 413 | 422 => &[Code::RemoteRefused],
            _ => &[Code::Remote],
        };
        assert!(allowed.contains(&refused.code()), "{:?} for status {status}", refused.code());
        assert!(refused.payload_index().is_none_or(|index| index < count));
        let message = refused.message();
        assert!(
            !message.is_empty() && message.len() < 1000 && !message.contains(char::is_control),
            "{message}"
        );
        let again = make(&mut call).expect_err("a partial answer");
        request_for_all(&call, &again, count);
        return;
    }
    assert!(status == 200 && body.len() <= request.max_response_bytes());
    // The other reader takes no byte order mark and no half of a surrogate pair.
    assert!(count_of(body).is_none_or(|found| found == count), "an answer has as many payloads as were sent");
    match make(&mut call) {
        Ok(made) => {
            assert_eq!(payload::count(&made), count);
            if encodes {
                assert_eq!(made, payload::json::parse(body).unwrap(), "what the server made is the answer");
            }
        }
        Err(error) => {
            assert!(!encodes, "the server's answer ends encode");
            assert_ne!(error.code(), Code::Requests, "everything is answered");
            assert!(error.payload_index().is_none_or(|index| index < count));
        }
    }
});

fn open(chain: &str) -> DataConverter {
    let document = format!(
        "{{version: 1, codecs: [{chain}remote: {{url: \"http://localhost:1\"}}], limits: {{max_decoded_bytes: 64 KiB}}, \
         keys: {{primary: k, ring: {{k: {{insecure_inline: MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=}}}}}}}}"
    );
    DataConverter::parse(&document, Path::new(""), "").unwrap()
}

/// The request that a call asks for, which has all of its payloads.
fn request_for_all(call: &Call, asked: &Error, count: usize) -> (u64, HttpRequest) {
    assert_eq!(asked.code(), Code::Requests);
    let Some((id, Request::Http(request))) = call.requests().next() else { panic!("what is asked for") };
    assert_eq!(count_of(request.body()), Some(count), "every payload is asked for");
    (id, request.clone())
}

/// How many payloads JSON has, by another reader.
fn count_of(body: &[u8]) -> Option<usize> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(body.get("payloads")?.as_array()?.len())
}

/// The system's allocator, which knows how much there was at once.
struct Counting {
    live: AtomicUsize,
    peak: AtomicUsize,
}

impl Counting {
    /// What `work` had allocated at most, besides what was there before.
    fn peak_of<T>(&self, work: impl FnOnce() -> T) -> (T, usize) {
        let before = self.live.load(Ordering::Relaxed);
        self.peak.store(before, Ordering::Relaxed);
        let done = work();
        (done, self.peak.load(Ordering::Relaxed) - before)
    }
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = self.live.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        self.peak.fetch_max(live, Ordering::Relaxed);
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.live.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(pointer, layout) }
    }
}
