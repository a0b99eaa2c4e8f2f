//! Errors: what a failed call says beside its status.

use super::guard::guard_value;
use super::status::tdc_status;
use crate::error::{Code, Error};

/// An error: code, message, payload index and size needed. It belongs to the caller, who frees it
/// by `tdc_error_free`.
#[allow(non_camel_case_types)]
pub struct tdc_error(Error);

impl tdc_error {
    pub(super) fn into_raw(error: Error) -> *mut Self {
        Box::into_raw(Box::new(Self(error)))
    }

    /// Reads from an error; `fallback` for NULL.
    ///
    /// # Safety
    /// `error` is NULL or valid.
    pub(super) unsafe fn read<T>(error: *const Self, fallback: T, read: impl FnOnce(&Error) -> T) -> T {
        // SAFETY: NULL or valid, as the caller vouches.
        match unsafe { error.as_ref() } {
            Some(error) => guard_value(fallback, || read(&error.0)),
            None => fallback,
        }
    }
}

/// The status that the failed call returned; `TDC_ERR_NULL` for NULL.
///
/// # Safety
/// `self` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_code(self_: *const tdc_error) -> tdc_status {
    // SAFETY: as the caller vouches.
    unsafe { tdc_error::read(self_, Code::Null as tdc_status, |error| error.code() as tdc_status) }
}

/// The sentence, as UTF-8 without a terminator. It lives as long as the error. Never plaintext,
/// never key bytes.
///
/// # Safety
/// `self` is NULL or valid; `out` and `out_len` are valid out slots, or NULL: then nothing is
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_message(
    self_: *const tdc_error,
    out: *mut *const u8,
    out_len: *mut usize,
) {
    // SAFETY: as the caller vouches; the text lives in the error's box, which does not move.
    let (pointer, len) = unsafe {
        tdc_error::read(self_, (c"".as_ptr().cast(), 0), |error| {
            (error.message().as_ptr(), error.message().len())
        })
    };
    if !out.is_null() && !out_len.is_null() {
        // SAFETY: valid out slots, as the caller vouches.
        unsafe {
            out.write(pointer);
            out_len.write(len);
        }
    }
}

/// The index, from 0, of the payload that the error is about; -1 when it is not about one payload.
///
/// # Safety
/// `self` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_payload_index(self_: *const tdc_error) -> i64 {
    // SAFETY: as the caller vouches.
    unsafe {
        tdc_error::read(self_, -1, |error| {
            error.payload_index().and_then(|index| i64::try_from(index).ok()).unwrap_or(-1)
        })
    }
}

/// With `TDC_ERR_BUFFER_TOO_SMALL`: the capacity that would do. Otherwise 0.
///
/// # Safety
/// `self` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_size_needed(self_: *const tdc_error) -> usize {
    // SAFETY: as the caller vouches.
    unsafe { tdc_error::read(self_, 0, Error::size_needed) }
}

/// Frees an error. NULL does nothing.
///
/// # Safety
/// `self` is NULL or valid, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_free(self_: *mut tdc_error) {
    if !self_.is_null() {
        // SAFETY: an error comes from `into_raw`, and the caller gives it back once.
        guard_value((), || drop(unsafe { Box::from_raw(self_) }));
    }
}
