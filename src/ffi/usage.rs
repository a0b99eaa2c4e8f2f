//! What calls that belong together have used of the limits.

use super::guard::OutSlot;
use crate::error::Error;
use crate::limits::Usage;

/// What the calls on one list have used of the limits. An SDK hands its codec a list of payloads, and the
/// limits hold for the list: who makes several calls for one begins with zeroes, gives the same `tdc_usage`
/// to each, and reads nothing in it. A call that gives `TDC_OK` or `TDC_UNCHANGED` adds to it, any other
/// leaves it alone. `NULL` says that the call is the whole list.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug)]
pub struct tdc_usage {
    /// Payloads handed in.
    pub payloads: usize,
    /// Bytes handed in, as they stand in a `Payloads` message.
    pub input_bytes: usize,
    /// Bytes that their layers decoded to.
    pub decoded_bytes: usize,
}

/// Runs `work` with what stands in `usage`, and writes back what it came to.
///
/// # Safety
/// `usage` is NULL, or readable, writable and aligned, and nobody else touches it during the call.
pub(super) unsafe fn counted<T>(
    usage: *mut tdc_usage,
    work: impl FnOnce(&mut Usage) -> Result<T, Error>,
) -> Result<T, Error> {
    if usage.is_null() {
        return work(&mut Usage::default());
    }
    // SAFETY: not NULL, and readable as the caller vouches.
    let before = unsafe { usage.read() };
    let mut counted = Usage {
        payloads: before.payloads,
        input_bytes: before.input_bytes,
        decoded_bytes: before.decoded_bytes,
    };
    let answer = work(&mut counted)?;
    // SAFETY: a valid out slot, as the caller vouches.
    unsafe { OutSlot::new(usage, "usage") }?.write(tdc_usage {
        payloads: counted.payloads,
        input_bytes: counted.input_bytes,
        decoded_bytes: counted.decoded_bytes,
    });
    Ok(answer)
}
