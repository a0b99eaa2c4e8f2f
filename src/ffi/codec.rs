//! The codec on many payloads: one serialised `Payloads` in, one out.

use super::buffer::tdc_buffer;
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{OutSlot, borrow_bytes, borrow_handle, guard};
use super::status::tdc_status;
use crate::data_converter::DataConverter;
use crate::error::{Code, Error};

/// The arguments of both directions.
struct Call {
    handle: *const tdc_data_converter,
    context: (*const u8, usize),
    payloads: (*const u8, usize),
    out: *mut tdc_buffer,
}

impl Call {
    /// # Safety
    /// Handle, bytes and out slots are valid; `error` may be NULL.
    unsafe fn run(
        self,
        error: *mut *mut tdc_error,
        work: impl FnOnce(&DataConverter, &[u8], &[u8]) -> Result<Vec<u8>, Error>,
    ) -> tdc_status {
        // SAFETY: as the caller vouches.
        unsafe {
            guard(error, || {
                let handle = borrow_handle(self.handle)?;
                let out = OutSlot::new(self.out, "out")?;
                let context = borrow_bytes(self.context.0, self.context.1, "context")?;
                let payloads = borrow_bytes(self.payloads.0, self.payloads.1, "payloads")?;
                out.write(tdc_buffer::from_vec(work(&handle.0, context, payloads)?));
                Ok(Code::Ok)
            })
        }
    }
}

/// Encodes a serialised `Payloads`: the same count in the same order comes out. `*out` is written on
/// `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, bytes and out slots are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_codec_encode(
    self_: *const tdc_data_converter,
    context: *const u8,
    context_len: usize,
    payloads: *const u8,
    payloads_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let call =
        Call { handle: self_, context: (context, context_len), payloads: (payloads, payloads_len), out };
    // SAFETY: as the caller vouches.
    unsafe { call.run(error, DataConverter::encode) }
}

/// Decodes a serialised `Payloads`: the same count in the same order comes out. What no codec of the
/// library made is left alone. `*out` is written on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, bytes and out slots are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_codec_decode(
    self_: *const tdc_data_converter,
    context: *const u8,
    context_len: usize,
    payloads: *const u8,
    payloads_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let call =
        Call { handle: self_, context: (context, context_len), payloads: (payloads, payloads_len), out };
    // SAFETY: as the caller vouches.
    unsafe { call.run(error, DataConverter::decode) }
}
