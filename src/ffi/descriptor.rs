//! Descriptors of message types from the host, whose protobuf runtime has them.

use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{borrow_bytes, borrow_handle, guard};
use super::status::tdc_status;
use crate::error::Code;

/// Hands in the type that a call asked for (`TDC_TYPE_NEEDED`): a serialised
/// `google.protobuf.FileDescriptorSet` with its file and the files which that imports. Then the call is made
/// again. Files that are known already change nothing; another file of a name that was handed in before is
/// `TDC_ERR_DESCRIPTOR`. What was handed in stays over a reload.
///
/// # Safety
/// `self` and bytes are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_descriptor_provide(
    self_: *const tdc_data_converter,
    file_descriptor_set: *const u8,
    file_descriptor_set_len: usize,
    error: *mut *mut tdc_error,
) -> tdc_status {
    // SAFETY: as the caller vouches.
    unsafe {
        guard(error, || {
            let handle = borrow_handle(self_)?;
            let set = borrow_bytes(file_descriptor_set, file_descriptor_set_len, "file_descriptor_set")?;
            handle.0.provide_descriptor(set).map(|()| Code::Ok)
        })
    }
}
