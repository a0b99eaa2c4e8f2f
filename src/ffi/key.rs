//! Keys from the host, for configurations that say `host: true`.

use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{borrow_bytes, borrow_handle, guard};
use super::status::tdc_status;
use crate::error::Code;

/// Hands in a key that a call asked for (`TDC_KEY_NEEDED`): its id, and its 32 bytes. Then the call is
/// made again.
///
/// # Safety
/// `self` and bytes are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_key_provide(
    self_: *const tdc_data_converter,
    id: *const u8,
    id_len: usize,
    key: *const u8,
    key_len: usize,
    error: *mut *mut tdc_error,
) -> tdc_status {
    // SAFETY: as the caller vouches.
    unsafe {
        guard(error, || {
            let handle = borrow_handle(self_)?;
            let (id, key) = (borrow_bytes(id, id_len, "id")?, borrow_bytes(key, key_len, "key")?);
            handle.0.provide_key(id, key).map(|()| Code::Ok)
        })
    }
}

/// Says that the host has no key of this id. It is believed for 30 seconds: payloads of that key are
/// `TDC_ERR_KEY_UNKNOWN` meanwhile.
///
/// # Safety
/// `self` and bytes are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_key_reject(
    self_: *const tdc_data_converter,
    id: *const u8,
    id_len: usize,
    error: *mut *mut tdc_error,
) -> tdc_status {
    // SAFETY: as the caller vouches.
    unsafe {
        guard(error, || {
            let handle = borrow_handle(self_)?;
            handle.0.reject_key(borrow_bytes(id, id_len, "id")?).map(|()| Code::Ok)
        })
    }
}
