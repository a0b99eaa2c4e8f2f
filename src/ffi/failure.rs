//! The failure converter's half of failures: one serialised `Failure` in, one out.

use super::buffer::tdc_buffer;
use super::codec::Call;
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::status::tdc_status;
use crate::data_converter::DataConverter;

/// Encodes a serialised `temporal.api.failure.v1.Failure`: its payloads and those of its causes go through
/// the codecs, and where the configuration says `encode_common_attributes`, message and stack trace of
/// each move into its encoded attributes. `*out` is written on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, bytes and out slots are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_failure_encode(
    self_: *const tdc_data_converter,
    context: *const u8,
    context_len: usize,
    failure: *const u8,
    failure_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let call = Call {
        handle: self_,
        context: (context, context_len),
        input: (failure, failure_len),
        input_name: "failure",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { call.run(error, DataConverter::encode_failure) }
}

/// Decodes a serialised failure: message and stack trace come back, and the encoded attributes are
/// cleared, whatever the configuration says of encoding. Attributes that cannot be read stay, or with
/// `malformed: error` the call fails. `*out` is written on `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, bytes and out slots are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_failure_decode(
    self_: *const tdc_data_converter,
    context: *const u8,
    context_len: usize,
    failure: *const u8,
    failure_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let call = Call {
        handle: self_,
        context: (context, context_len),
        input: (failure, failure_len),
        input_name: "failure",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { call.run(error, DataConverter::decode_failure) }
}
