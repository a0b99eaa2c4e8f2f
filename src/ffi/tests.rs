//! The C ABI as C uses it, with raw pointers: made to run under Miri (`scripts/test-deep`), which
//! sees what a test that passes does not: a slice made of NULL, a byte read past its end, memory
//! freed by another layout than it was made with. So no test here calls C (zstd, the default
//! cipher). `tests/c` goes through every combination of arguments natively.

use core::ptr::{null, null_mut};

use super::*;
use crate::error::{Code, Error};
use crate::ffi::guard::{borrow_bytes, borrow_text, guard, guard_value};
use crate::ffi::message::message_flags;

const OK: tdc_status = Code::Ok as tdc_status;
const NULL: tdc_status = Code::Null as tdc_status;

/// `metadata {"encoding": "json/plain"}`, then tag and length of `data`.
const HEAD: &[u8] = b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain\x12\x02";
const DATA: &[u8] = b"{}";

const REQUESTS: tdc_status = Code::Requests as tdc_status;

fn untried() -> tdc_call {
    tdc_call { payloads: 0, input_bytes: 0, decoded_bytes: 0, pending: 0, memory: null_mut() }
}

/// An `Answers` with a key for the request `id`.
fn key_answer(id: u8) -> Vec<u8> {
    [&[0x0a, 36, 0x08, id, 0x12, 32][..], &[7; 32]].concat()
}

/// What a call asks for.
fn requests(call: *mut tdc_call) -> Vec<u8> {
    let (mut bytes, mut len) = (null(), 0);
    // SAFETY: the call and the slots are valid, and so is what was written to them.
    unsafe {
        tdc_call_requests(call, &raw mut bytes, &raw mut len);
        core::slice::from_raw_parts(bytes, len).to_vec()
    }
}

/// A handle, freed on drop.
struct Handle(*mut tdc_data_converter);

impl Handle {
    fn parse(document: &str) -> Self {
        let (mut handle, mut error) = (null_mut(), null_mut());
        // SAFETY: the text is valid bytes, `handle` and `error` are valid out slots.
        let status = unsafe {
            tdc_data_converter_parse(
                document.as_ptr(),
                document.len(),
                null(),
                0,
                null(),
                0,
                &raw mut handle,
                &raw mut error,
            )
        };
        assert_eq!(status, OK);
        Self(handle)
    }

    /// One that encrypts with a key of the host.
    fn encrypting() -> Self {
        let handle = Self::parse("{version: 1, keys: {primary: k, host: true}, codecs: [encrypt]}");
        let mut call = untried();
        assert_eq!(handle.encode_in(&raw mut call, &mut [0; 300]), REQUESTS);
        assert_eq!(handle.answer(&raw mut call, &key_answer(1)), OK);
        // SAFETY: the call is valid.
        unsafe { tdc_call_end(&raw mut call) };
        handle
    }

    /// Encodes `HEAD` ‖ `DATA` as a part of `call`.
    fn encode_in(&self, call: *mut tdc_call, out: &mut [u8]) -> tdc_status {
        let mut written = untouched();
        // SAFETY: handle, call, bytes, buffer and slot are valid.
        unsafe {
            tdc_codec_encode_payload(
                self.0,
                call,
                null(),
                0,
                HEAD.as_ptr(),
                HEAD.len(),
                DATA.as_ptr(),
                DATA.len(),
                out.as_mut_ptr(),
                out.len(),
                &raw mut written,
                null_mut(),
            )
        }
    }

    fn answer(&self, call: *mut tdc_call, answers: &[u8]) -> tdc_status {
        // SAFETY: handle, call and bytes are valid.
        unsafe { tdc_call_answer(self.0, call, answers.as_ptr(), answers.len(), null_mut()) }
    }

    /// Encodes `HEAD` ‖ `DATA` into `out`.
    fn encode(&self, out: &mut [u8], written: *mut tdc_payload, error: *mut *mut tdc_error) -> tdc_status {
        let (len, out) = (out.len(), out.as_mut_ptr());
        // SAFETY: handle, bytes and buffer are valid; `written` and `error` are the test's own
        // slots, or NULL.
        unsafe {
            tdc_codec_encode_payload(
                self.0,
                null_mut(),
                null(),
                0,
                HEAD.as_ptr(),
                HEAD.len(),
                DATA.as_ptr(),
                DATA.len(),
                out,
                len,
                written,
                error,
            )
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is valid, and not used again.
        unsafe { tdc_data_converter_free(self.0) };
    }
}

/// What a caller may read of an error: code, sentence, payload index, size needed.
fn read_and_free(error: *mut tdc_error) -> (tdc_status, String, i64, usize) {
    let (mut text, mut len) = (null(), 0);
    // SAFETY: the error is valid and freed once, after its text was copied; the slots are valid.
    unsafe {
        tdc_error_message(error, &raw mut text, &raw mut len);
        let message = String::from_utf8(core::slice::from_raw_parts(text, len).to_vec()).unwrap();
        let all =
            (tdc_error_code(error), message, tdc_error_payload_index(error), tdc_error_size_needed(error));
        tdc_error_free(error);
        all
    }
}

fn untouched() -> tdc_payload {
    tdc_payload {
        len: 11,
        data_offset: 22,
        data_len: 33,
        owned: tdc_buffer { data: null_mut(), len: 44, capacity: 55 },
    }
}

fn is_untouched(payload: &tdc_payload) -> bool {
    let owned = &payload.owned;
    (payload.len, payload.data_offset, payload.data_len, owned.len, owned.capacity) == (11, 22, 33, 44, 55)
}

#[test]
fn payload_makes_the_round_trip_through_the_callers_buffers() {
    let handle = Handle::encrypting();
    // SAFETY: NULL is allowed here.
    let bound = unsafe { tdc_codec_encode_bound(null(), HEAD.len() + DATA.len()) };
    let mut sealed = vec![0; bound];
    let mut written = untouched();
    assert_eq!(handle.encode(&mut sealed, &raw mut written, null_mut()), OK);
    assert_eq!(written.data_offset + written.data_len, written.len);
    // Exactly as long as they must be, so that Miri sees a step too far.
    let (head, data) =
        (sealed[..written.data_offset].to_vec(), sealed[written.data_offset..written.len].to_vec());
    let mut opened = vec![0; HEAD.len() + DATA.len()];
    // SAFETY: handle, bytes, buffer and slot are valid.
    let status = unsafe {
        tdc_codec_decode_payload(
            handle.0,
            null_mut(),
            null(),
            0,
            head.as_ptr(),
            head.len(),
            data.as_ptr(),
            data.len(),
            opened.as_mut_ptr(),
            opened.len(),
            &raw mut written,
            null_mut(),
        )
    };
    assert_eq!((status, opened), (OK, [HEAD, DATA].concat()));
    assert_eq!((written.data_offset, written.data_len), (HEAD.len(), DATA.len()));
}

#[test]
fn a_call_is_added_to_by_success_alone_and_bounds_the_whole_list() {
    let handle = Handle::parse("{version: 1, codecs: [], limits: {max_payloads: 2}}");
    let one = [0x0a, 0];
    let mut call = untried();
    let encode = |call: *mut tdc_call| {
        let mut out = tdc_buffer::EMPTY;
        // SAFETY: handle, bytes and slots are valid; the buffer is one that the library filled, or
        // zeroes.
        unsafe {
            let status = tdc_codec_encode(
                handle.0,
                call,
                null(),
                0,
                one.as_ptr(),
                one.len(),
                &raw mut out,
                null_mut(),
            );
            tdc_buffer_free(&raw mut out);
            status
        }
    };
    for payloads in 1..=2 {
        assert_eq!(encode(&raw mut call), OK);
        assert_eq!((call.payloads, call.input_bytes), (payloads, 2 * payloads));
    }
    assert_eq!(encode(&raw mut call), Code::Limit as tdc_status);
    assert_eq!((call.payloads, call.input_bytes), (2, 4));
    assert!(call.memory.is_null(), "nothing was asked");
    assert_eq!(encode(null_mut()), OK);
}

#[test]
fn payloads_make_the_round_trip_through_the_librarys_buffers() {
    let handle = Handle::encrypting();
    let payload = [HEAD, DATA].concat();
    let payloads = [&[0x0a, 28], &payload[..], &[0x0a, 0]].concat();
    let mut sealed = tdc_buffer::EMPTY;
    let mut opened = tdc_buffer::EMPTY;
    // SAFETY: handle, bytes and slots are valid; each buffer is freed while it is one that the
    // library filled, or a zeroed one.
    unsafe {
        assert_eq!(
            tdc_codec_encode(
                handle.0,
                null_mut(),
                null(),
                0,
                payloads.as_ptr(),
                payloads.len(),
                &raw mut sealed,
                null_mut()
            ),
            OK
        );
        assert_eq!(
            tdc_codec_decode(
                handle.0,
                null_mut(),
                null(),
                0,
                sealed.data,
                sealed.len,
                &raw mut opened,
                null_mut()
            ),
            OK
        );
        assert_eq!(core::slice::from_raw_parts(opened.data, opened.len), payloads);
        for buffer in [&raw mut sealed, &raw mut opened] {
            tdc_buffer_free(buffer);
            assert!((*buffer).data.is_null() && (*buffer).len == 0 && (*buffer).capacity == 0);
            tdc_buffer_free(buffer);
        }
    }
}

#[test]
fn null_is_refused_and_every_free_takes_it() {
    let handle = Handle::encrypting();
    let mut buffer = tdc_buffer { data: null_mut(), len: 44, capacity: 55 };
    let (mut text, mut len, mut call) = (null(), 7, untried());
    // SAFETY: what is not NULL is valid; NULL is what is tested.
    unsafe {
        assert_eq!(
            tdc_codec_encode(null(), null_mut(), null(), 0, null(), 0, &raw mut buffer, null_mut()),
            NULL
        );
        assert_eq!(
            tdc_codec_encode(handle.0, null_mut(), null(), 1, null(), 0, &raw mut buffer, null_mut()),
            NULL
        );
        assert_eq!(
            tdc_codec_decode(handle.0, null_mut(), null(), 0, null(), 1, &raw mut buffer, null_mut()),
            NULL
        );
        assert_eq!(
            tdc_codec_decode(handle.0, null_mut(), null(), 0, null(), 0, null_mut(), null_mut()),
            NULL
        );
        assert_eq!(tdc_data_converter_reload(null(), null_mut()), NULL);
        assert_eq!(tdc_data_converter_open(null(), 1, null(), 0, null_mut(), null_mut()), NULL);
        assert_eq!(tdc_call_answer(null(), &raw mut call, null(), 0, null_mut()), NULL);
        assert_eq!(tdc_call_answer(handle.0, null_mut(), null(), 0, null_mut()), NULL);
        assert_eq!(tdc_call_answer(handle.0, &raw mut call, null(), 1, null_mut()), NULL);
        assert_eq!(tdc_error_code(null()), NULL);
        assert_eq!(tdc_data_converter_flags(null()), 0);
        tdc_error_message(null(), &raw mut text, &raw mut len);
        tdc_error_message(null(), null_mut(), null_mut());
        tdc_call_requests(null_mut(), null_mut(), null_mut());
        tdc_call_follow(null_mut());
        tdc_call_end(null_mut());
        tdc_data_converter_free(null_mut());
        tdc_error_free(null_mut());
        tdc_buffer_free(null_mut());
    }
    assert_eq!((buffer.len, buffer.capacity, text.is_null(), len), (44, 55, false, 0));
}

#[test]
fn null_with_no_length_is_an_empty_slice() {
    let handle = Handle::encrypting();
    let mut buffer = tdc_buffer { data: null_mut(), len: 44, capacity: 55 };
    // SAFETY: the handle and the slot are valid.
    unsafe {
        assert_eq!(
            tdc_codec_encode(handle.0, null_mut(), null(), 0, null(), 0, &raw mut buffer, null_mut()),
            OK
        );
        assert_eq!(buffer.len, 0);
        tdc_buffer_free(&raw mut buffer);
    }
}

#[test]
fn length_past_the_address_space_is_refused_before_it_is_believed() {
    let mut error = null_mut();
    // SAFETY: the length is a lie, which is what is tested: nothing may be read.
    let status = unsafe {
        let mut call = untried();
        tdc_call_answer(Handle::encrypting().0, &raw mut call, b"k".as_ptr(), usize::MAX, &raw mut error)
    };
    assert_eq!(status, Code::Argument as tdc_status);
    assert_eq!(read_and_free(error).0, status);
}

/// All other texts are pinned in `tests/error_texts`.
#[test]
fn what_a_caller_gets_wrong_is_said_in_these_words() {
    let mut panicked = null_mut();
    // SAFETY: NULL, and bytes that are valid but for a length that is refused unread; the slot is
    // valid.
    let errors = unsafe {
        guard(&raw mut panicked, || panic!("a text"));
        [
            borrow_bytes(null(), 1, "body").map(drop),
            borrow_bytes(b"1".as_ptr(), usize::MAX, "body").map(drop),
            borrow_text(b"\xff".as_ptr(), 1, "name").map(drop),
            message_flags(6).map(drop),
        ]
    };
    let texts = errors.map(|result| result.unwrap_err().to_string());
    assert_eq!(
        texts,
        [
            "TDC_ERR_NULL: body is NULL",
            "TDC_ERR_ARGUMENT: body_len is past the address space",
            "TDC_ERR_ARGUMENT: name is not UTF-8",
            "TDC_ERR_ARGUMENT: flags 6: expected a sum of TDC_MESSAGE_…",
        ]
    );
    let text = read_and_free(panicked).1;
    assert_eq!(text, "the library panicked, please report it: a text");
}

#[test]
fn slots_are_written_by_success_only() {
    let handle = Handle::encrypting();
    let (mut written, mut error) = (untouched(), null_mut());
    let mut small = [0; 10];
    let status = handle.encode(&mut small, &raw mut written, &raw mut error);
    assert!(is_untouched(&written));
    let (code, _, index, needed) = read_and_free(error);
    assert_eq!((status, code, index), (Code::BufferTooSmall as tdc_status, status, 0));
    let mut out = vec![0; needed];
    let mut error = core::ptr::dangling_mut();
    assert_eq!(handle.encode(&mut out, &raw mut written, &raw mut error), OK);
    assert!(!is_untouched(&written) && error == core::ptr::dangling_mut());

    let (mut written, mut error) = (untouched(), core::ptr::dangling_mut());
    let plain = Handle::parse("version: 1");
    let status = plain.encode(&mut out, &raw mut written, &raw mut error);
    assert_eq!(status, Code::Unchanged as tdc_status);
    assert!(is_untouched(&written) && error == core::ptr::dangling_mut());
}

#[test]
fn a_call_that_follows_references_does_so_until_it_ends() {
    let handle = Handle::encrypting();
    let mut call = untried();
    // SAFETY: the call is valid, whatever was done to it before.
    unsafe {
        tdc_call_follow(&raw mut call);
        tdc_call_follow(&raw mut call);
    }
    assert!(requests(&raw mut call).is_empty() && call.pending == 0);
    for _ in 0..2 {
        assert_eq!(handle.encode_in(&raw mut call, &mut [0; 300]), OK);
        assert!(!call.memory.is_null(), "what follows, follows on");
    }
    // SAFETY: the call is valid.
    unsafe { tdc_call_end(&raw mut call) };
    assert!(call.memory.is_null());
}

#[test]
fn a_call_asks_for_the_key_and_goes_on_when_it_is_there() {
    let handle = Handle::parse("{version: 1, keys: {primary: k, host: true}, codecs: [encrypt]}");
    let (mut call, mut error, mut written) = (untried(), null_mut(), untouched());
    assert_eq!(
        handle.encode(&mut [0; 300], &raw mut written, &raw mut error),
        Code::KeyUnknown as tdc_status,
        "without a call the host is not asked"
    );
    read_and_free(error);
    assert_eq!(handle.encode_in(&raw mut call, &mut [0; 300]), REQUESTS);
    for _ in 0..2 {
        assert_eq!(requests(&raw mut call), b"\x0a\x07\x08\x01\x12\x03\x0a\x01k");
    }
    assert_eq!(handle.answer(&raw mut call, &key_answer(1)), OK);
    assert_eq!(requests(&raw mut call), b"");
    assert_eq!(handle.encode_in(&raw mut call, &mut [0; 300]), OK);
    assert!(!call.memory.is_null());
    for _ in 0..2 {
        // SAFETY: the call is valid, at first as the library left it, and then a zeroed one.
        unsafe { tdc_call_end(&raw mut call) };
        assert_eq!((call.payloads, call.memory.is_null()), (0, true));
    }
}

#[test]
fn a_panic_leaves_a_call_that_owns_nothing() {
    let handle = Handle::parse("{version: 1, keys: {primary: k, host: true}, codecs: [encrypt]}");
    let mut call = untried();
    assert_eq!(handle.encode_in(&raw mut call, &mut [0; 300]), REQUESTS);
    // SAFETY: the call is valid and this thread's own.
    let status = unsafe { guard(null_mut(), || call::with_call(&raw mut call, |_| panic!("now"))) };
    assert_eq!((status, call.memory.is_null()), (Code::Panic as tdc_status, true));
}

#[test]
fn panic_becomes_an_error_with_its_text_and_the_handle_stays_usable() {
    let handle = Handle::encrypting();
    type Body<'a> = &'a dyn Fn() -> Result<Code, Error>;
    let number = 7;
    let bodies: [(Body<'_>, &str); 3] = [
        (&|| panic!("a fixed text"), "a fixed text"),
        (&|| panic!("a text with {number}"), "a text with 7"),
        (&|| std::panic::panic_any(number), "no text"),
    ];
    for (body, text) in bodies {
        let mut error = null_mut();
        // SAFETY: `error` is a valid slot, then NULL.
        let statuses = unsafe { [guard(&raw mut error, body), guard(null_mut(), body)] };
        assert_eq!(statuses, [Code::Panic as tdc_status; 2]);
        let (code, message, index, ..) = read_and_free(error);
        assert_eq!((code, index), (Code::Panic as tdc_status, -1));
        assert!(message.contains(text), "{message}");
    }
    assert_eq!(guard_value(5, || panic!("a fixed text")), 5);
    assert_eq!(handle.encode(&mut [0; 300], core::ptr::from_mut(&mut untouched()), null_mut()), OK);
}

#[test]
fn handle_serves_threads_at_once() {
    struct Shared(Handle);
    // SAFETY: that any thread may use a handle is what the header promises, and what this test has
    // Miri check.
    unsafe impl Sync for Shared {}
    let shared = Shared(Handle::encrypting());
    let shared = &shared;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(move || {
                // A reload forgets the host's key.
                let mut call = untried();
                let mut status = REQUESTS;
                while status == REQUESTS {
                    status = shared.0.encode_in(&raw mut call, &mut [0; 300]);
                    if status == REQUESTS {
                        let id = requests(&raw mut call)[3];
                        assert_eq!(shared.0.answer(&raw mut call, &key_answer(id)), OK);
                    }
                }
                assert_eq!(status, OK);
                // SAFETY: the call is valid.
                unsafe { tdc_call_end(&raw mut call) };
            });
        }
        // SAFETY: the handle is valid.
        assert_eq!(unsafe { tdc_data_converter_reload(shared.0.0, null_mut()) }, OK);
    });
}
