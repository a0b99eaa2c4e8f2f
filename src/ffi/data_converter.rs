//! The data converter: an open configuration.

use std::path::Path;
use std::sync::Arc;

use super::error::tdc_error;
use super::guard::{OutSlot, borrow_handle, borrow_text, guard, guard_value};
use super::status::tdc_status;
use crate::data_converter::DataConverter;
use crate::error::{Code, Error};

/// An open configuration. Any thread may use it at once. It belongs to the caller, who frees it by
/// `tdc_data_converter_free` when no call is in flight.
#[allow(non_camel_case_types)]
pub struct tdc_data_converter(pub(super) Arc<DataConverter>);

/// A flag of `tdc_data_converter_flags`: the failure converter moves message and stack trace into
/// the encoded attributes.
pub const TDC_FLAG_ENCODE_COMMON_ATTRIBUTES: u32 = 1;
/// A flag of `tdc_data_converter_flags`: the host may be asked for keys.
pub const TDC_FLAG_HOST_KEYS: u32 = 2;
/// A flag of `tdc_data_converter_flags`: `converters` is another list than the default one, so that
/// an SDK's own payload converter does not do what the configuration says.
pub const TDC_FLAG_CONVERTERS: u32 = 4;

/// A flag of `tdc_data_converter_flags`: payloads of some namespace go to a codec server, so calls
/// may ask the host for requests (`TDC_REQUESTS`). Pass a list in one call, and expect calls to
/// take long.
pub const TDC_FLAG_REMOTE: u32 = 8;

/// A flag of `tdc_data_converter_flags`: `keys.ring` has keys of key services, so calls may ask the
/// host to have data keys wrapped and unwrapped (`TDC_REQUESTS`).
pub const TDC_FLAG_KEY_SERVICES: u32 = 16;

fn open(out: OutSlot<*mut tdc_data_converter>, opened: Result<DataConverter, Error>) -> Result<Code, Error> {
    out.write(Box::into_raw(Box::new(tdc_data_converter(Arc::new(opened?)))));
    Ok(Code::Ok)
}

/// Opens the configuration file at `path` (UTF-8). `namespace_` is for calls whose context names
/// no namespace; `NULL, 0` if there is none. `*out` is written on `TDC_OK`.
///
/// # Safety
/// Bytes and out slots are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_data_converter_open(
    path: *const u8,
    path_len: usize,
    namespace_: *const u8,
    namespace_len: usize,
    out: *mut *mut tdc_data_converter,
    error: *mut *mut tdc_error,
) -> tdc_status {
    // SAFETY: as the caller vouches.
    unsafe {
        guard(error, || {
            let out = OutSlot::new(out, "out")?;
            let path = borrow_text(path, path_len, "path")?;
            let namespace = borrow_text(namespace_, namespace_len, "namespace_")?;
            open(out, DataConverter::open(Path::new(path), namespace))
        })
    }
}

/// Takes a configuration as text (UTF-8, YAML or JSON); its relative paths are relative to
/// `base_dir`, or to the working directory where that is `NULL, 0`. Everything else is as in
/// `tdc_data_converter_open`.
///
/// # Safety
/// Bytes and out slots are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_data_converter_parse(
    document: *const u8,
    document_len: usize,
    base_dir: *const u8,
    base_dir_len: usize,
    namespace_: *const u8,
    namespace_len: usize,
    out: *mut *mut tdc_data_converter,
    error: *mut *mut tdc_error,
) -> tdc_status {
    // SAFETY: as the caller vouches.
    unsafe {
        guard(error, || {
            let out = OutSlot::new(out, "out")?;
            let document = borrow_text(document, document_len, "document")?;
            let base_dir = borrow_text(base_dir, base_dir_len, "base_dir")?;
            let namespace = borrow_text(namespace_, namespace_len, "namespace_")?;
            open(out, DataConverter::parse(document, Path::new(base_dir), namespace))
        })
    }
}

/// Reads the configuration and every key that it names again, and swaps them whole: a call in
/// flight keeps what it began with. On failure everything stays as it was. Keys that the host
/// provided are forgotten.
///
/// # Safety
/// `self` is valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_data_converter_reload(
    self_: *const tdc_data_converter,
    error: *mut *mut tdc_error,
) -> tdc_status {
    // SAFETY: as the caller vouches.
    unsafe { guard(error, || borrow_handle(self_)?.0.reload().map(|()| Code::Ok)) }
}

/// What the configuration says to the host: a sum of `TDC_FLAG_…`; 0 for NULL.
///
/// # Safety
/// `self` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_data_converter_flags(self_: *const tdc_data_converter) -> u32 {
    // SAFETY: as the caller vouches.
    let Ok(handle) = (unsafe { borrow_handle(self_) }) else { return 0 };
    guard_value(0, || {
        let attributes =
            if handle.0.encodes_common_attributes() { TDC_FLAG_ENCODE_COMMON_ATTRIBUTES } else { 0 };
        let keys = if handle.0.has_host_keys() { TDC_FLAG_HOST_KEYS } else { 0 };
        let converters = if handle.0.has_own_converters() { TDC_FLAG_CONVERTERS } else { 0 };
        let remote = if handle.0.has_remote() { TDC_FLAG_REMOTE } else { 0 };
        let services = if handle.0.has_key_services() { TDC_FLAG_KEY_SERVICES } else { 0 };
        attributes | keys | converters | remote | services
    })
}

/// Frees a data converter. NULL does nothing.
///
/// # Safety
/// `self` is NULL, or valid with no call in flight, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_data_converter_free(self_: *mut tdc_data_converter) {
    if !self_.is_null() {
        // SAFETY: a handle comes from `open`, and the caller gives it back once.
        guard_value((), || drop(unsafe { Box::from_raw(self_) }));
    }
}
