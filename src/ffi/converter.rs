//! The converters: a serialised `Payloads` of values in, one of payloads out, and back.

use super::buffer::tdc_buffer;
use super::call::tdc_call;
use super::codec::Arguments;
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::status::tdc_status;

/// Makes payloads of values, by the config's converters; no codec is applied.
///
/// A value comes in one of four raw forms, each a `Payload` of a serialised `Payloads`:
/// `binary/null`; `binary/plain`, bytes; `json/plain`, JSON text; `binary/protobuf` with
/// `messageType`, a serialised message. The same count in the same order comes out, and other
/// metadata is kept. `*out` is written on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_converter_to_payload(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    context: *const u8,
    context_len: usize,
    values: *const u8,
    values_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let arguments = Arguments {
        handle: self_,
        call,
        context: (context, context_len),
        input: (values, values_len),
        input_name: "values",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { arguments.run(error, |converter, scope, input| converter.to_payload(scope, input)) }
}

/// Gives values back, each in its raw form, as `tdc_converter_to_payload` takes them; no codec is
/// applied. Every encoding that a converter of the library knows is read, whatever the config says.
/// `*out` is written on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_converter_from_payload(
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
    unsafe { arguments.run(error, |converter, scope, input| converter.from_payload(scope, input)) }
}
