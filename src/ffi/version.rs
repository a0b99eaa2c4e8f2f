//! Versions.

use core::ffi::c_char;

use super::guard::guard_value;

/// The version of this header. It grows with every change that is not an addition.
pub const TDC_ABI_VERSION: u32 = 3;

/// The `TDC_ABI_VERSION` of the library that is loaded. A program refuses one that is not its
/// header's.
#[unsafe(no_mangle)]
pub extern "C" fn tdc_abi_version() -> u32 {
    guard_value(0, || TDC_ABI_VERSION)
}

/// The version of the library, such as `"0.1.0"`. Static memory.
#[unsafe(no_mangle)]
pub extern "C" fn tdc_version() -> *const c_char {
    guard_value(core::ptr::null(), || {
        const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
        VERSION.as_ptr().cast()
    })
}
