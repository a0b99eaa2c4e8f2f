//! Exported histories: one in, the same form of it out.

use super::buffer::tdc_buffer;
use super::call::tdc_call;
use super::codec::Arguments;
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::status::tdc_status;

/// Decodes every payload and failure of an exported history: JSON as `temporal workflow show
/// --output json` and the Web UI's download give it, or
/// `temporal.api.export.v1.WorkflowExecutions`, JSON or binary. The result has the same form; in
/// JSON, only what was decoded changes. Anything else is `TDC_ERR_TYPE`. `*out` is written on
/// `TDC_OK`, and freed by `tdc_buffer_free`.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_history_decode(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    context: *const u8,
    context_len: usize,
    history: *const u8,
    history_len: usize,
    out: *mut tdc_buffer,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let arguments = Arguments {
        handle: self_,
        call,
        context: (context, context_len),
        input: (history, history_len),
        input_name: "history",
        out,
    };
    // SAFETY: as the caller vouches.
    unsafe { arguments.run(error, |converter, scope, input| converter.decode_history(scope, input)) }
}
