//! Status codes.

use core::ffi::c_char;

use super::guard::guard_value;
use crate::error::Code;

/// What a call answers: `TDC_OK`, an outcome that says what to do next, or an error.
/// `docs/ERRORS.md` lists all.
#[allow(non_camel_case_types)]
pub type tdc_status = u32;

/// The name of a status, such as `"TDC_ERR_NULL"`; `"TDC_UNKNOWN_STATUS"` for a number that is
/// none. Static memory, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn tdc_status_name(status: tdc_status) -> *const c_char {
    guard_value(c"TDC_UNKNOWN_STATUS".as_ptr(), || {
        Code::from_number(status).map_or(c"TDC_UNKNOWN_STATUS", Code::c_name).as_ptr()
    })
}

/// 1 when the same call can succeed later without a change to its input, because time or an
/// operator cures the cause: a wrong or missing key, a file, the configuration, an unreachable
/// codec server. Otherwise 0.
///
/// Inside a workflow such a failure should fail the workflow *task*, which is tried again, and
/// never the workflow.
#[unsafe(no_mangle)]
pub extern "C" fn tdc_status_is_transient(status: tdc_status) -> u8 {
    guard_value(0, || u8::from(Code::from_number(status).is_some_and(Code::is_transient)))
}
