//! What a codec server answers, in arbitrary bytes, through the C ABI as a host hands it in: it is an answer or it is refused, it costs a
//! small factor of its length, and a call has all of its payloads or none.
//!
//! The first byte chooses the call and the status, the others are the body.

#![no_main]

use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tdc::ffi::{
    tdc_buffer, tdc_buffer_free, tdc_codec_decode, tdc_codec_encode, tdc_data_converter,
    tdc_data_converter_parse, tdc_error, tdc_error_code, tdc_error_free, tdc_error_message,
    tdc_error_payload_index, tdc_error_request_body, tdc_error_request_max_response, tdc_remote_provide,
};
use tdc::{Code, payloads_json};

const CHAINS: [&str; 2] = ["", "zlib, encrypt, "];

const STATUSES: [u32; 8] = [0, 204, 302, 400, 401, 413, 422, 503];

/// The most that judging may allocate: for each byte of the body, and for any body.
const FACTOR: usize = 32;
const CONSTANT: usize = 64 << 10;

#[global_allocator]
static ALLOCATOR: Counting = Counting { live: AtomicUsize::new(0), peak: AtomicUsize::new(0) };

static HANDLES: LazyLock<[Handle; 2]> = LazyLock::new(|| CHAINS.map(Handle::open));

fuzz_target!(|input: &[u8]| {
    let Some((&how, body)) = input.split_first() else { return };
    let encodes = how & 0x01 != 0;
    let is_alone = how & 0x02 == 0;
    let count = 1 + usize::from(how >> 2 & 0x03);
    let status = if how & 0x80 == 0 { 200 } else { STATUSES[usize::from(how >> 4 & 0x07)] };
    let handle = &HANDLES[usize::from(!is_alone)];

    let payloads: Vec<u8> = (0..count).flat_map(|index| [0x0a, 0x03, 0x12, 0x01, index as u8]).collect();
    // Nothing is left of the inputs before: what an answer is for, it is for once.
    let asked = handle.call(encodes, &payloads).expect_err("an answer that nobody gave");
    assert_eq!(asked.code(), Code::RemoteNeeded);
    assert_eq!(count_of(asked.body()), Some(count), "every payload is asked for");

    let (refused, allocated) = ALLOCATOR.peak_of(|| handle.provide(&asked, status, body));
    assert!(allocated <= FACTOR * body.len() + CONSTANT, "{allocated} bytes for a body of {}", body.len());
    if let Some(refused) = refused {
        let allowed: &[Code] = match status {
            200 => &[Code::Remote, Code::Limit],
            400 | 413 | 422 => &[Code::RemoteRefused],
            _ => &[Code::Remote],
        };
        assert!(allowed.contains(&refused.code()), "{:?} for status {status}", refused.code());
        assert!(refused.payload_index() < count as i64);
        let message = refused.message();
        assert!(
            !message.is_empty() && message.len() < 1000 && !message.contains(char::is_control),
            "{message}"
        );
        let again = handle.call(encodes, &payloads).expect_err("a partial answer");
        assert_eq!(again.code(), Code::RemoteNeeded);
        assert_eq!(count_of(again.body()), Some(count), "everything is asked for again");
        return;
    }
    assert!(status == 200 && body.len() <= asked.max_response());
    assert_eq!(count_of(body), Some(count), "an answer has as many payloads as were sent");
    match handle.call(encodes, &payloads) {
        Ok(made) => {
            assert_eq!(payloads_json::count(&made), count);
            if encodes {
                assert_eq!(made, payloads_json::parse(body).unwrap(), "what the server made is the answer");
            }
        }
        Err(error) => {
            assert!(!encodes, "the server's answer ends encode");
            let code = error.code();
            assert!(!matches!(code, Code::Panic | Code::RemoteNeeded), "{code:?}");
            assert!(error.payload_index() < count as i64);
        }
    }
});

/// How many payloads JSON has, by another reader.
fn count_of(body: &[u8]) -> Option<usize> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(body.get("payloads")?.as_array()?.len())
}

/// A configuration behind the C ABI.
struct Handle(*mut tdc_data_converter);

// SAFETY: the header promises that any thread may use a handle.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    fn open(chain: &str) -> Self {
        let document = format!(
            "{{version: 1, codecs: [{chain}remote: {{url: \"http://localhost:1\"}}], limits: {{max_decoded_bytes: 64 KiB}}, \
             keys: {{primary: k, ring: {{k: {{insecure_inline: MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=}}}}}}}}"
        );
        let mut handle = null_mut();
        // SAFETY: the document is valid bytes, the slot is valid.
        let status = unsafe {
            tdc_data_converter_parse(
                document.as_ptr(),
                document.len(),
                null(),
                0,
                null(),
                0,
                &raw mut handle,
                null_mut(),
            )
        };
        assert_eq!(status, 0);
        Self(handle)
    }

    fn call(&self, encodes: bool, payloads: &[u8]) -> Result<Vec<u8>, Failure> {
        let call = if encodes { tdc_codec_encode } else { tdc_codec_decode };
        let mut out = tdc_buffer { data: null_mut(), len: 0, capacity: 0 };
        let mut error = null_mut();
        // SAFETY: handle, bytes and slots are valid; the buffer is what the library filled, and freed once.
        unsafe {
            let status = call(
                self.0,
                null(),
                0,
                null_mut(),
                payloads.as_ptr(),
                payloads.len(),
                &raw mut out,
                &raw mut error,
            );
            if status != Code::Ok as u32 {
                assert!(out.data.is_null(), "an error leaves nothing");
                return Err(Failure(error));
            }
            let made = if out.len == 0 {
                Vec::new()
            } else {
                core::slice::from_raw_parts(out.data, out.len).to_vec()
            };
            tdc_buffer_free(&raw mut out);
            Ok(made)
        }
    }

    fn provide(&self, asked: &Failure, status: u32, body: &[u8]) -> Option<Failure> {
        let mut error = null_mut();
        // SAFETY: handle, error, bytes and slot are valid.
        let code =
            unsafe { tdc_remote_provide(self.0, asked.0, status, body.as_ptr(), body.len(), &raw mut error) };
        assert_eq!(code == Code::Ok as u32, error.is_null());
        (!error.is_null()).then_some(Failure(error))
    }
}

/// An error that the library handed out.
struct Failure(*mut tdc_error);

impl Failure {
    fn code(&self) -> Code {
        // SAFETY: the error is valid.
        Code::from_number(unsafe { tdc_error_code(self.0) }).unwrap()
    }

    fn payload_index(&self) -> i64 {
        // SAFETY: the error is valid.
        unsafe { tdc_error_payload_index(self.0) }
    }

    fn max_response(&self) -> usize {
        // SAFETY: the error is valid.
        unsafe { tdc_error_request_max_response(self.0) }
    }

    fn message(&self) -> &str {
        core::str::from_utf8(self.text(tdc_error_message)).expect("a message is text")
    }

    fn body(&self) -> &[u8] {
        self.text(tdc_error_request_body)
    }

    fn text(&self, read: unsafe extern "C" fn(*const tdc_error, *mut *const u8, *mut usize)) -> &[u8] {
        let (mut text, mut len) = (null(), 0);
        // SAFETY: error and slots are valid; the text lives as long as the error.
        unsafe {
            read(self.0, &raw mut text, &raw mut len);
            if len == 0 { &[] } else { core::slice::from_raw_parts(text, len) }
        }
    }
}

impl Drop for Failure {
    fn drop(&mut self) {
        // SAFETY: the library's own error, once.
        unsafe { tdc_error_free(self.0) }
    }
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
