//! Whole messages: every payload and failure in them, by one call.

use super::buffer::tdc_buffer;
use super::call::tdc_call;
use super::codec::Arguments;
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{borrow_bytes, borrow_text};
use super::status::tdc_status;
use crate::error::{Code, Error};
use crate::message::MessageFlags;

/// A flag of `tdc_message_encode` and `tdc_message_decode`: headers go through the codecs as well.
/// Decode opens encoded headers in any case; with this flag it also refuses plain ones where the
/// configuration says `required`.
pub const TDC_MESSAGE_HEADERS: u32 = 1;

pub(super) fn message_flags(flags: u32) -> Result<MessageFlags, Error> {
    if flags & !TDC_MESSAGE_HEADERS != 0 {
        return Err(Error::new(Code::Argument, format!("flags {flags}: expected a sum of TDC_MESSAGE_…")));
    }
    Ok(MessageFlags { headers: flags & TDC_MESSAGE_HEADERS != 0 })
}

/// Encodes every payload and failure of a serialised message of Temporal's API, whose full name is
/// `name` (`temporal.api.history.v1.History`). Search attributes are never touched, headers only
/// with `TDC_MESSAGE_HEADERS`; failures hide their text as the configuration says. What holds no
/// payload, and unknown fields, stay as they are. `*out` is written on `TDC_OK`, and freed by
/// `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_message_encode(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
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
    let arguments = Arguments {
        handle: self_,
        call,
        context: (context, context_len),
        input: (message, message_len),
        input_name: "message",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe {
        arguments.run(error, |converter, scope, message| {
            let name = borrow_text(name, name_len, "name")?;
            converter.encode_message(scope, name, message_flags(flags)?, message)
        })
    }
}

/// Encodes a message that `tdc_message_decode` has decoded, under another configuration or other
/// keys; `before` is the message as it was then. It is `tdc_message_encode` without flags, but in
/// headers, and in other places where the SDKs write payloads plain, it encodes what was not plain
/// before. `*out` is written on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_message_encode_again(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    context: *const u8,
    context_len: usize,
    name: *const u8,
    name_len: usize,
    before: *const u8,
    before_len: usize,
    message: *const u8,
    message_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let arguments = Arguments {
        handle: self_,
        call,
        context: (context, context_len),
        input: (message, message_len),
        input_name: "message",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe {
        arguments.run(error, |converter, scope, message| {
            let name = borrow_text(name, name_len, "name")?;
            let before = borrow_bytes(before, before_len, "before")?;
            converter.encode_message_again(scope, name, before, message)
        })
    }
}

/// Decodes every payload and failure of a serialised message of Temporal's API, whose full name is
/// `name`. What no codec of the library made is left alone. `*out` is written on `TDC_OK`, and
/// freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_message_decode(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
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
    let arguments = Arguments {
        handle: self_,
        call,
        context: (context, context_len),
        input: (message, message_len),
        input_name: "message",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe {
        arguments.run(error, |converter, scope, message| {
            let name = borrow_text(name, name_len, "name")?;
            converter.decode_message(scope, name, message_flags(flags)?, message)
        })
    }
}
