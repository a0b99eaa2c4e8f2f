//! Whole messages: every payload and failure in them, by one call.

use super::buffer::tdc_buffer;
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{OutSlot, borrow_bytes, borrow_handle, borrow_text, guard};
use super::status::tdc_status;
use crate::data_converter::DataConverter;
use crate::error::{Code, Error};
use crate::message::MessageFlags;

/// A flag of `tdc_message_encode` and `tdc_message_decode`: headers go through the codecs as well. Decode
/// opens encoded headers in any case; with this flag it also refuses plain ones where the configuration
/// says `required`.
pub const TDC_MESSAGE_HEADERS: u32 = 1;

/// The arguments of both directions.
struct Call {
    handle: *const tdc_data_converter,
    context: (*const u8, usize),
    name: (*const u8, usize),
    flags: u32,
    message: (*const u8, usize),
    out: *mut tdc_buffer,
}

impl Call {
    /// # Safety
    /// Handle, bytes and out slots are valid; `error` may be NULL.
    unsafe fn run(
        self,
        error: *mut *mut tdc_error,
        work: impl FnOnce(&DataConverter, &[u8], &str, MessageFlags, &[u8]) -> Result<Vec<u8>, Error>,
    ) -> tdc_status {
        // SAFETY: as the caller vouches.
        unsafe {
            guard(error, || {
                let handle = borrow_handle(self.handle)?;
                let out = OutSlot::new(self.out, "out")?;
                let context = borrow_bytes(self.context.0, self.context.1, "context")?;
                let name = borrow_text(self.name.0, self.name.1, "name")?;
                let message = borrow_bytes(self.message.0, self.message.1, "message")?;
                let flags = message_flags(self.flags)?;
                out.write(tdc_buffer::from_vec(work(&handle.0, context, name, flags, message)?));
                Ok(Code::Ok)
            })
        }
    }
}

pub(super) fn message_flags(flags: u32) -> Result<MessageFlags, Error> {
    if flags & !TDC_MESSAGE_HEADERS != 0 {
        return Err(Error::new(Code::Argument, format!("flags {flags}: expected a sum of TDC_MESSAGE_…")));
    }
    Ok(MessageFlags { headers: flags & TDC_MESSAGE_HEADERS != 0 })
}

/// Encodes every payload and failure of a serialised message of Temporal's API, whose full name is `name`
/// (`temporal.api.history.v1.History`). Search attributes are never touched, headers only with
/// `TDC_MESSAGE_HEADERS`; failures hide their text as the configuration says. What holds no payload, and
/// unknown fields, stay as they are. `*out` is written on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, bytes and out slots are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_message_encode(
    self_: *const tdc_data_converter,
    context: *const u8,
    context_len: usize,
    name: *const u8,
    name_len: usize,
    flags: u32,
    message: *const u8,
    message_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let call = Call {
        handle: self_,
        context: (context, context_len),
        name: (name, name_len),
        flags,
        message: (message, message_len),
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { call.run(error, DataConverter::encode_message) }
}

/// Decodes every payload and failure of a serialised message of Temporal's API, whose full name is `name`.
/// What no codec of the library made is left alone. `*out` is written on `TDC_OK`, and freed by
/// `tdc_buffer_free`.
///
/// # Safety
/// `self`, bytes and out slots are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_message_decode(
    self_: *const tdc_data_converter,
    context: *const u8,
    context_len: usize,
    name: *const u8,
    name_len: usize,
    flags: u32,
    message: *const u8,
    message_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let call = Call {
        handle: self_,
        context: (context, context_len),
        name: (name, name_len),
        flags,
        message: (message, message_len),
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { call.run(error, DataConverter::decode_message) }
}
