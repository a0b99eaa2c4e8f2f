//! The codec on many payloads: one serialised `Payloads` in, one out.

use super::buffer::tdc_buffer;
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{OutSlot, borrow_bytes, borrow_handle, guard};
use super::status::tdc_status;
use super::usage::{counted, tdc_usage};
use crate::data_converter::DataConverter;
use crate::error::{Code, Error};

/// The arguments of calls that take one serialised message and give one back.
pub(super) struct Call {
    pub(super) handle: *const tdc_data_converter,
    pub(super) context: (*const u8, usize),
    pub(super) input: (*const u8, usize),
    /// What the input is called in errors.
    pub(super) input_name: &'static str,
    pub(super) out: *mut tdc_buffer,
}

impl Call {
    /// # Safety
    /// Handle, bytes and out slots are valid; `error` may be NULL.
    pub(super) unsafe fn run(
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
                let input = borrow_bytes(self.input.0, self.input.1, self.input_name)?;
                out.write(tdc_buffer::from_vec(work(&handle.0, context, input)?));
                Ok(Code::Ok)
            })
        }
    }
}

/// Encodes a serialised `Payloads`: the same count in the same order comes out. `*out` is written on
/// `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, bytes and out slots are valid; `usage` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_codec_encode(
    self_: *const tdc_data_converter,
    context: *const u8,
    context_len: usize,
    usage: *mut tdc_usage,
    payloads: *const u8,
    payloads_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let call = Call {
        handle: self_,
        context: (context, context_len),
        input: (payloads, payloads_len),
        input_name: "payloads",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe {
        call.run(error, |converter, context, payloads| {
            counted(usage, |usage| converter.encode_part(context, usage, payloads))
        })
    }
}

/// Decodes a serialised `Payloads`: the same count in the same order comes out. What no codec of the
/// library made is left alone. `*out` is written on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, bytes and out slots are valid; `usage` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_codec_decode(
    self_: *const tdc_data_converter,
    context: *const u8,
    context_len: usize,
    usage: *mut tdc_usage,
    payloads: *const u8,
    payloads_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let call = Call {
        handle: self_,
        context: (context, context_len),
        input: (payloads, payloads_len),
        input_name: "payloads",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe {
        call.run(error, |converter, context, payloads| {
            counted(usage, |usage| converter.decode_part(context, usage, payloads))
        })
    }
}
