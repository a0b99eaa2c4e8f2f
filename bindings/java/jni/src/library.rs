//! libtdc, opened where Java has put it, and its functions.
//!
//! This crate is not linked with libtdc: a `DT_NEEDED` entry would be looked for by name on the system's path, and could
//! find another libtdc than the one in the jar.

use std::ffi::{OsString, c_char};
use std::path::PathBuf;
use std::sync::OnceLock;

/// `tdc_payload`: where a call put its answer.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) len: usize,
    pub(crate) data_offset: usize,
    pub(crate) data_len: usize,
    pub(crate) owned: Buffer,
}

/// `tdc_buffer`: bytes that the library owns; the address is kept as a number, as Java keeps it.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Buffer {
    pub(crate) data: usize,
    pub(crate) len: usize,
    pub(crate) capacity: usize,
}

/// A `result` array of Java's, in the same order.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) answer: Answer,
    pub(crate) error: usize,
}

/// `tdc_usage`, as its three words.
pub(crate) type Usage = [usize; 3];

/// `tdc_codec_encode` and `tdc_codec_decode`. Handles and errors are addresses.
pub(crate) type PayloadsFn =
    unsafe extern "C" fn(usize, *const u8, usize, *mut Usage, *const u8, usize, *mut Buffer, *mut usize) -> u32;

/// The converters' functions, `tdc_failure_…` and `tdc_history_decode`. Handles and errors are addresses.
pub(crate) type SerialisedFn =
    unsafe extern "C" fn(usize, *const u8, usize, *const u8, usize, *mut Buffer, *mut usize) -> u32;

/// `tdc_message_encode` and `tdc_message_decode`. Handles and errors are addresses.
pub(crate) type MessageFn = unsafe extern "C" fn(
    usize,
    *const u8,
    usize,
    *const u8,
    usize,
    u32,
    *const u8,
    usize,
    *mut Buffer,
    *mut usize,
) -> u32;

/// `tdc_codec_encode_payload` and `tdc_codec_decode_payload`. Handles and errors are addresses.
pub(crate) type PayloadFn = unsafe extern "C" fn(
    usize,
    *const u8,
    usize,
    *mut Usage,
    *const u8,
    usize,
    *const u8,
    usize,
    *mut u8,
    usize,
    *mut Answer,
    *mut usize,
) -> u32;

/// Declares the table and how it is filled: one line for each function, spelled as in `tdc.h` without the prefix.
macro_rules! functions {
    ($($name:ident: $signature:ty,)*) => {
        /// The functions of libtdc.
        pub(crate) struct Library { $(pub(crate) $name: $signature,)* }

        impl Library {
            fn look_up(from: &libloading::Library) -> Result<Self, libloading::Error> {
                Ok(Self {
                    // SAFETY: the signature is the one that tdc.h declares for this name.
                    $($name: *unsafe { from.get::<$signature>(concat!("tdc_", stringify!($name)))? },)*
                })
            }
        }
    };
}

functions! {
    abi_version: unsafe extern "C" fn() -> u32,
    version: unsafe extern "C" fn() -> *const c_char,
    status_is_transient: unsafe extern "C" fn(u32) -> u8,
    buffer_free: unsafe extern "C" fn(*mut Buffer),
    error_message: unsafe extern "C" fn(usize, *mut *const u8, *mut usize),
    error_payload_index: unsafe extern "C" fn(usize) -> i64,
    error_size_needed: unsafe extern "C" fn(usize) -> usize,
    error_key_count: unsafe extern "C" fn(usize) -> usize,
    error_key_id: unsafe extern "C" fn(usize, usize, *mut *const u8, *mut usize) -> u32,
    error_type_name: unsafe extern "C" fn(usize, *mut *const u8, *mut usize),
    error_request_url: unsafe extern "C" fn(usize, *mut *const u8, *mut usize),
    error_request_body: unsafe extern "C" fn(usize, *mut *const u8, *mut usize),
    error_request_header_count: unsafe extern "C" fn(usize) -> usize,
    error_request_header: unsafe extern "C" fn(
        usize, usize, *mut *const u8, *mut usize, *mut *const u8, *mut usize,
    ) -> u32,
    error_request_timeout_ms: unsafe extern "C" fn(usize) -> u32,
    error_request_max_response: unsafe extern "C" fn(usize) -> usize,
    error_free: unsafe extern "C" fn(usize),
    data_converter_open: unsafe extern "C" fn(*const u8, usize, *const u8, usize, *mut usize, *mut usize) -> u32,
    data_converter_parse: unsafe extern "C" fn(
        *const u8, usize, *const u8, usize, *const u8, usize, *mut usize, *mut usize,
    ) -> u32,
    data_converter_reload: unsafe extern "C" fn(usize, *mut usize) -> u32,
    data_converter_flags: unsafe extern "C" fn(usize) -> u32,
    data_converter_free: unsafe extern "C" fn(usize),
    key_provide: unsafe extern "C" fn(usize, *const u8, usize, *const u8, usize, *mut usize) -> u32,
    key_reject: unsafe extern "C" fn(usize, *const u8, usize, *mut usize) -> u32,
    descriptor_provide: unsafe extern "C" fn(usize, *const u8, usize, *mut usize) -> u32,
    remote_provide: unsafe extern "C" fn(usize, usize, u32, *const u8, usize, *mut usize) -> u32,
    codec_encode_bound: unsafe extern "C" fn(usize, usize) -> usize,
    codec_decode_bound: unsafe extern "C" fn(usize, usize) -> usize,
    codec_encode: PayloadsFn,
    codec_decode: PayloadsFn,
    codec_encode_payload: PayloadFn,
    codec_decode_payload: PayloadFn,
    converter_to_payload: SerialisedFn,
    converter_from_payload: SerialisedFn,
    failure_encode: SerialisedFn,
    failure_decode: SerialisedFn,
    message_encode: MessageFn,
    message_decode: MessageFn,
    history_decode: SerialisedFn,
}

static LIBRARY: OnceLock<Library> = OnceLock::new();

/// Opens libtdc, for the rest of the process.
pub(crate) fn bind(path: Vec<u8>) -> Result<(), String> {
    let path = PathBuf::from(OsString::from(
        String::from_utf8(path).map_err(|_| "the path of libtdc is not UTF-8".to_owned())?,
    ));
    // SAFETY: loading runs the initialisers of a library that its user named or that came in the same jar.
    let opened = unsafe { libloading::Library::new(&path) }.map_err(|e| e.to_string())?;
    let table = Library::look_up(&opened).map_err(|e| format!("{} is not this libtdc: {e}", path.display()))?;
    // The function pointers must stay good, so it is never closed.
    std::mem::forget(opened);
    // A second class loader binds the same table again.
    let _ = LIBRARY.set(table);
    Ok(())
}

/// The functions. Java calls `bind` before anything else; if it did not, there is nothing to call.
pub(crate) fn get() -> Option<&'static Library> {
    LIBRARY.get()
}
