//! The codec on many payloads: one serialised `Payloads` in, one out.

use super::buffer::tdc_buffer;
use super::call::{tdc_call, with_call};
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{OutSlot, borrow_bytes, borrow_handle, guard};
use super::status::tdc_status;
use crate::call::Scope;
use crate::data_converter::DataConverter;
use crate::error::{Code, Error};

/// The arguments of functions that take one serialised message and give one back.
pub(super) struct Arguments {
    pub(super) handle: *const tdc_data_converter,
    pub(super) call: *mut tdc_call,
    pub(super) context: (*const u8, usize),
    pub(super) input: (*const u8, usize),
    /// What the input is called in errors.
    pub(super) input_name: &'static str,
    pub(super) out: *mut tdc_buffer,
}

impl Arguments {
    /// # Safety
    /// Handle, call, bytes and out slots are valid; the call and `error` may be NULL.
    pub(super) unsafe fn run(
        self,
        error: *mut *mut tdc_error,
        work: impl FnOnce(&DataConverter, Scope<'_>, &[u8]) -> Result<Vec<u8>, Error>,
    ) -> tdc_status {
        // SAFETY: as the caller vouches.
        unsafe {
            guard(error, || {
                let handle = borrow_handle(self.handle)?;
                let out = OutSlot::new(self.out, "out")?;
                let context = borrow_bytes(self.context.0, self.context.1, "context")?;
                let input = borrow_bytes(self.input.0, self.input.1, self.input_name)?;
                let answer = with_call(self.call, |call| work(&handle.0, Scope { context, call }, input))?;
                out.write(tdc_buffer::from_vec(answer));
                Ok(Code::Ok)
            })
        }
    }
}

/// Encodes a serialised `Payloads`: the same count in the same order comes out. `*out` is written
/// on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_codec_encode(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    context: *const u8,
    context_len: usize,
    payloads: *const u8,
    payloads_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let arguments = Arguments {
        handle: self_,
        call,
        context: (context, context_len),
        input: (payloads, payloads_len),
        input_name: "payloads",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { arguments.run(error, |converter, scope, payloads| converter.encode(scope, payloads)) }
}

/// Decodes a serialised `Payloads`: the same count in the same order comes out. What no codec of
/// the library made is left alone. `*out` is written on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_codec_decode(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    context: *const u8,
    context_len: usize,
    payloads: *const u8,
    payloads_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let arguments = Arguments {
        handle: self_,
        call,
        context: (context, context_len),
        input: (payloads, payloads_len),
        input_name: "payloads",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { arguments.run(error, |converter, scope, payloads| converter.decode(scope, payloads)) }
}
