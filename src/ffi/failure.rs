//! The failure converter's half of failures: one serialised `Failure` in, one out.

use super::buffer::tdc_buffer;
use super::call::tdc_call;
use super::codec::Arguments;
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::status::tdc_status;

/// Encodes a serialised `temporal.api.failure.v1.Failure`: its payloads and those of its causes go
/// through the codecs, and where the configuration says `encode_common_attributes`, message and
/// stack trace of each move into its encoded attributes. `*out` is written on `TDC_OK`, and freed
/// by `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_failure_encode(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    context: *const u8,
    context_len: usize,
    failure: *const u8,
    failure_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let arguments = Arguments {
        handle: self_,
        call,
        context: (context, context_len),
        input: (failure, failure_len),
        input_name: "failure",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { arguments.run(error, |converter, scope, input| converter.encode_failure(scope, input)) }
}

/// Decodes a serialised failure: message and stack trace come back, and the encoded attributes are
/// cleared, whatever the configuration says of encoding. Attributes that cannot be read stay, or
/// with `malformed: error` the call fails. `*out` is written on `TDC_OK`, and freed by
/// `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_failure_decode(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    context: *const u8,
    context_len: usize,
    failure: *const u8,
    failure_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let arguments = Arguments {
        handle: self_,
        call,
        context: (context, context_len),
        input: (failure, failure_len),
        input_name: "failure",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { arguments.run(error, |converter, scope, input| converter.decode_failure(scope, input)) }
}
