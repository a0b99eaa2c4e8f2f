//! The C surface: `include/tdc_keys.h`.
//!
//! # What *valid* means here
//! 1. bytes, a pointer and a length: `NULL, 0`, or readable for that many bytes, and not written by
//!    anybody during the call;
//! 2. an out slot: writable, aligned, and not touched by anybody else during the call;
//! 3. a handle: made by this library, and not freed before the call returns.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zeroize::Zeroize;

use crate::key_services::{KeyServices, Options};

/// The version of this header. It grows with every change that is not an addition.
pub const TDC_KEYS_ABI_VERSION: u32 = 1;

/// The call succeeded. The numbers are those of tdc.h.
pub const TDC_KEYS_OK: u32 = 0;
/// The requests are not a serialised tdc.host.v1.Requests.
pub const TDC_KEYS_ERR_PROTOBUF: u32 = 101;
/// An argument is NULL that may not be.
pub const TDC_KEYS_ERR_NULL: u32 = 401;
/// A bug in the library; the handle stays usable.
pub const TDC_KEYS_ERR_PANIC: u32 = 901;

/// The clients of the key services. Any number of threads may use one at once.
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub struct tdc_keys(KeyServices);

/// The `TDC_KEYS_ABI_VERSION` of the library that is loaded. A program refuses one that is not its
/// header's.
#[unsafe(no_mangle)]
pub extern "C" fn tdc_keys_abi_version() -> u32 {
    TDC_KEYS_ABI_VERSION
}

/// Makes a handle. It reads the environment once, and opens nothing yet. Free it by
/// `tdc_keys_free`.
///
/// A child of `fork` may go on with its parent's handle: it makes connections and tokens of its
/// own.
///
/// # Safety
/// `out` is NULL or a valid out slot.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_keys_open(out: *mut *mut tdc_keys) -> u32 {
    guard(|| {
        if out.is_null() {
            return TDC_KEYS_ERR_NULL;
        }
        let keys = Box::new(tdc_keys(KeyServices::new(Options::default())));
        // SAFETY: not NULL, and valid as the caller vouches.
        unsafe { out.write(Box::into_raw(keys)) };
        TDC_KEYS_OK
    })
}

/// Answers all `wrap` and `unwrap` requests of a serialised tdc.host.v1.Requests (what
/// `tdc_call_requests` gives), and writes a serialised tdc.host.v1.Answers, which goes as it is to
/// `tdc_call_answer`. Other requests are left out: the host answers them itself. A failure of a
/// service is an answer, not a status.
///
/// Blocks this thread until all are answered, for each at most twice its timeout. At most 16 are
/// asked at the same time.
///
/// The bytes in `*out` hold data keys. They belong to the library: free them by
/// `tdc_keys_answers_free`, and make no copy of them.
///
/// # Safety
/// `keys` is NULL or a valid handle, `requests` and `requests_len` are valid bytes, `out` and
/// `out_len` are NULL or valid out slots.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_keys_answer(
    keys: *const tdc_keys,
    requests: *const u8,
    requests_len: usize,
    out: *mut *mut u8,
    out_len: *mut usize,
) -> u32 {
    guard(|| {
        let is_bytes = requests_len == 0 || (!requests.is_null() && isize::try_from(requests_len).is_ok());
        // SAFETY: NULL or a valid handle, as the caller vouches.
        let Some(keys) =
            (unsafe { keys.as_ref() }).filter(|_| is_bytes && !out.is_null() && !out_len.is_null())
        else {
            return TDC_KEYS_ERR_NULL;
        };
        let requests = match requests_len {
            0 => &[],
            // SAFETY: not NULL and not longer than the address space; valid as the caller vouches.
            len => unsafe { core::slice::from_raw_parts(requests, len) },
        };
        let Ok(answers) = keys.0.answer(requests) else { return TDC_KEYS_ERR_PROTOBUF };
        let answers: Box<[u8]> = answers.as_slice().into();
        // SAFETY: not NULL, and valid as the caller vouches.
        unsafe {
            out_len.write(answers.len());
            out.write(Box::into_raw(answers).cast());
        }
        TDC_KEYS_OK
    })
}

/// Erases answers and frees them. NULL does nothing.
///
/// # Safety
/// `answers` is NULL, or what `tdc_keys_answer` gave together with `answers_len`, and was not freed
/// before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_keys_answers_free(answers: *mut u8, answers_len: usize) {
    guard(|| {
        if !answers.is_null() {
            let bytes = core::ptr::slice_from_raw_parts_mut(answers, answers_len);
            // SAFETY: pointer and length are those of a box of `tdc_keys_answer`, which nobody else
            // uses.
            unsafe { Box::from_raw(bytes) }.zeroize();
        }
        TDC_KEYS_OK
    });
}

/// Frees a handle. NULL does nothing.
///
/// # Safety
/// `keys` is NULL or a valid handle that no call uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_keys_free(keys: *mut tdc_keys) {
    guard(|| {
        if !keys.is_null() {
            // SAFETY: a handle is a box of `tdc_keys_open`.
            drop(unsafe { Box::from_raw(keys) });
        }
        TDC_KEYS_OK
    });
}

/// No panic crosses.
fn guard(body: impl FnOnce() -> u32) -> u32 {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(TDC_KEYS_ERR_PANIC)
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use super::*;

    #[test]
    fn null_is_refused_and_freed_without_effect() {
        // SAFETY: NULL where it is allowed, and valid slots of this function otherwise.
        unsafe {
            assert_eq!(tdc_keys_open(null_mut()), TDC_KEYS_ERR_NULL);
            let (mut keys, mut out, mut len) = (null_mut(), null_mut(), 0);
            assert_eq!(tdc_keys_answer(keys, null_mut(), 0, &mut out, &mut len), TDC_KEYS_ERR_NULL);
            assert_eq!(tdc_keys_open(&mut keys), TDC_KEYS_OK);
            assert_eq!(tdc_keys_answer(keys, null_mut(), 1, &mut out, &mut len), TDC_KEYS_ERR_NULL);
            assert_eq!(tdc_keys_answer(keys, null_mut(), 0, null_mut(), &mut len), TDC_KEYS_ERR_NULL);
            assert_eq!(tdc_keys_answer(keys, b"\xff".as_ptr(), 1, &mut out, &mut len), TDC_KEYS_ERR_PROTOBUF);
            assert!(out.is_null());
            assert_eq!(tdc_keys_answer(keys, null_mut(), 0, &mut out, &mut len), TDC_KEYS_OK);
            assert_eq!(len, 0);
            tdc_keys_answers_free(out, len);
            tdc_keys_answers_free(null_mut(), 0);
            tdc_keys_free(keys);
            tdc_keys_free(null_mut());
        }
    }
}
