//! Bytes that the library owns.

use super::guard::guard_value;

/// Bytes that the library gave out. Read `len` bytes at `data`; free them by `tdc_buffer_free`.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub struct tdc_buffer {
    /// The first byte; NULL when there is nothing to free.
    pub data: *mut u8,
    /// How many bytes may be read.
    pub len: usize,
    /// The library's own; leave it alone.
    pub capacity: usize,
}

impl Default for tdc_buffer {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl tdc_buffer {
    pub(super) const EMPTY: Self = Self { data: core::ptr::null_mut(), len: 0, capacity: 0 };

    pub(super) fn from_vec(bytes: Vec<u8>) -> Self {
        if bytes.capacity() == 0 {
            return Self::EMPTY;
        }
        let mut bytes = core::mem::ManuallyDrop::new(bytes);
        Self { data: bytes.as_mut_ptr(), len: bytes.len(), capacity: bytes.capacity() }
    }
}

/// Frees the bytes and zeroes the struct, so that a second call does nothing. NULL does nothing.
///
/// # Safety
/// `buffer` is NULL, or points to a struct that the library filled, a zeroed one, or one freed
/// before; nobody else uses it during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_buffer_free(buffer: *mut tdc_buffer) {
    guard_value((), || {
        // SAFETY: NULL or a struct of the caller's, as he vouches.
        let Some(buffer) = (unsafe { buffer.as_mut() }) else { return };
        let freed = core::mem::replace(buffer, tdc_buffer::EMPTY);
        if !freed.data.is_null() {
            // SAFETY: a struct with data is one that `from_vec` made and nobody freed: freeing
            // leaves NULL behind.
            drop(unsafe { Vec::from_raw_parts(freed.data, freed.len, freed.capacity) });
        }
    });
}
