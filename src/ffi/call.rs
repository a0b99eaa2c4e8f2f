//! A call that may have to be made again: what it used of the limits, what it asks of the host, and
//! what the host answered.

use core::ffi::c_void;

use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{borrow_bytes, borrow_handle, guard, guard_value};
use super::status::tdc_status;
use crate::call::{Call, State};
use crate::error::{Code, Error};
use crate::limits::Usage;
use crate::storage::References;

/// A call that may have to be made again. Zero-initialise it before the first try, pass it to every
/// try, and end it with `tdc_call_end`. An SDK hands its codec a list of payloads: to make several
/// calls for one list, pass the same `tdc_call` to each, and the limits hold for the list.
///
/// Only one function may use it at a time, on any thread. Memory is allocated at the first request.
/// Leave its fields alone.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub struct tdc_call {
    /// Payloads that were passed in. A try that gives `TDC_OK` or `TDC_UNCHANGED` adds to it and to
    /// the next two.
    pub payloads: usize,
    /// Their bytes, as in a `Payloads` message.
    pub input_bytes: usize,
    /// Bytes that their layers decoded to.
    pub decoded_bytes: usize,
    /// Requests that wait for an answer. After `TDC_OK` and `TDC_UNCHANGED` these ask for the next
    /// data key of a key service, while the call has used the one before: they may be answered
    /// off the call's path, by `tdc_call_answer` before `tdc_call_end`, or not at all.
    pub pending: usize,
    /// Requests and answers; NULL before the first request.
    pub memory: *mut c_void,
}

/// Runs `work` with the caller's call, and writes back what it came to.
///
/// # Safety
/// `call` is NULL, or a valid call that nobody else uses meanwhile.
pub(super) unsafe fn with_call<T>(call: *mut tdc_call, work: impl FnOnce(Option<&mut Call>) -> T) -> T {
    if call.is_null() {
        return work(None);
    }
    // SAFETY: not NULL, and readable as the caller vouches.
    let before = unsafe { call.read() };
    let memory = before.memory.cast::<State>();
    let state = if memory.is_null() {
        None
    } else {
        // A panic drops the memory, so the caller's struct must have let go of it.
        // SAFETY: writable, as the caller vouches.
        unsafe { (*call).memory = core::ptr::null_mut() };
        // SAFETY: `memory` comes from `into_raw` below, and the struct owned it until the line
        // before.
        Some(unsafe { Box::from_raw(memory) })
    };
    let usage = Usage {
        payloads: before.payloads,
        input_bytes: before.input_bytes,
        decoded_bytes: before.decoded_bytes,
    };
    let mut owned = Call::from_parts(usage, state);
    let result = work(Some(&mut owned));
    let (usage, state) = owned.into_parts();
    let after = tdc_call {
        payloads: usage.payloads,
        input_bytes: usage.input_bytes,
        decoded_bytes: usage.decoded_bytes,
        pending: state.as_ref().map_or(0, |state| state.pending()),
        memory: state.map_or(core::ptr::null_mut(), |state| Box::into_raw(state).cast()),
    };
    // SAFETY: writable, as the caller vouches; what is overwritten owns nothing.
    unsafe { call.write(after) };
    result
}

/// Has the functions that take `call` follow references to stored objects when they decode, until
/// the call ends: the payloads in the objects take the places of the references. Say so before the
/// first try; NULL does nothing.
///
/// The objects are asked for (`TDC_REQUESTS`). Only what the configuration's `storage` allows is
/// followed, and what an object holds is never followed again. Otherwise references stay as they
/// are, like every payload that no codec made.
///
/// # Safety
/// `call` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_call_follow(call: *mut tdc_call) {
    let follow =
        |call: &mut Call| *call = core::mem::take(call).with_references(References::Fetch(usize::MAX));
    // SAFETY: as the caller vouches.
    guard_value((), || unsafe { with_call(call, |call| call.map(follow)) }.unwrap_or_default());
}

/// After `TDC_REQUESTS`: what the call asks of the host, a serialised `tdc.host.v1.Requests`
/// (`proto/tdc/host.proto`). It holds payloads and can hold credentials: not for logs. It belongs
/// to the call and is valid until the next function that takes it. Empty when nothing is asked.
///
/// # Safety
/// `call` is NULL or valid; `out` and `out_len` are valid out slots, or NULL: then nothing is
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_call_requests(call: *mut tdc_call, out: *mut *const u8, out_len: *mut usize) {
    guard_value((), || {
        // The message is behind the box that `memory` points to, which does not move.
        // SAFETY: as the caller vouches.
        let (pointer, len) = unsafe {
            with_call(call, |call| {
                let message = call.map(Call::requests_message).unwrap_or_default();
                (if message.is_empty() { c"".as_ptr().cast() } else { message.as_ptr() }, message.len())
            })
        };
        if !out.is_null() && !out_len.is_null() {
            // SAFETY: valid out slots, as the caller vouches.
            unsafe {
                out.write(pointer);
                out_len.write(len);
            }
        }
    });
}

/// Takes what the host answers to the requests of the last try: a serialised `tdc.host.v1.Answers`.
/// On `TDC_OK` make the call again; what was left out is asked again.
///
/// `TDC_ERR_PROTOBUF` and `TDC_ERR_ARGUMENT` say that these are no answers to these requests, and
/// that nothing was taken. Any other status is the error that the call ends with: a key or
/// descriptor is malformed, or a request to a codec server failed.
///
/// Keys and descriptors stay with `self` and serve later calls; what a codec server answered serves
/// this call alone.
///
/// # Safety
/// `self`, `call` and bytes are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_call_answer(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    answers: *const u8,
    answers_len: usize,
    error: *mut *mut tdc_error,
) -> tdc_status {
    // SAFETY: as the caller vouches.
    unsafe {
        guard(error, || {
            let handle = borrow_handle(self_)?;
            let answers = borrow_bytes(answers, answers_len, "answers")?;
            with_call(call, |call| {
                let call = call.ok_or_else(|| Error::new(Code::Null, "call is NULL"))?;
                handle.0.answer_message(call, answers).map(|()| Code::Ok)
            })
        })
    }
}

/// Ends a call: frees its memory, erases what it holds and zeroes the struct, so that a second call
/// does nothing. Always allowed; NULL does nothing.
///
/// # Safety
/// `call` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_call_end(call: *mut tdc_call) {
    // SAFETY: as the caller vouches.
    guard_value((), || unsafe { with_call(call, |call| drop(call.map(core::mem::take))) });
}
