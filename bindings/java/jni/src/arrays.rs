//! Java's arrays, seen from Rust.
//!
//! What *valid* means here: `env` is the environment of the calling thread for the length of the call, and arrays are
//! live local references of the type that the Java signature names. The JVM guarantees both to a native method.

use jni_sys::{JNIEnv, jbyte, jbyteArray, jlong, jlongArray, jsize};

/// Copies `len` bytes of a Java array, from `from` on, to `to`.
///
/// # Safety
/// `env` and `array` are valid, and `to` has room for `len` bytes.
pub(crate) unsafe fn read(env: *mut JNIEnv, array: jbyteArray, from: jsize, len: jsize, to: *mut u8) {
    // SAFETY: as this function's own contract; the JVM checks the array's bounds itself.
    unsafe { ((**env).v1_1.GetByteArrayRegion)(env, array, from, len, to.cast::<jbyte>()) };
}

/// Copies `len` bytes at `from` to the start of a Java array.
///
/// # Safety
/// `env` and `array` are valid, and `from` has `len` bytes.
pub(crate) unsafe fn write(env: *mut JNIEnv, array: jbyteArray, from: *const u8, len: jsize) {
    // SAFETY: as this function's own contract; the JVM checks the array's bounds itself.
    unsafe { ((**env).v1_1.SetByteArrayRegion)(env, array, 0, len, from.cast::<jbyte>()) };
}

/// A copy of a Java array; null is none.
///
/// # Safety
/// `env` is valid, and `array` is valid or null.
pub(crate) unsafe fn copy_in(env: *mut JNIEnv, array: jbyteArray) -> Option<Vec<u8>> {
    // SAFETY: as this function's own contract.
    unsafe { copy_of(env, array, usize::MAX) }
}

/// A copy of at most the first `most` bytes of a Java array; null is none.
///
/// # Safety
/// As for `copy_in`.
pub(crate) unsafe fn copy_of(env: *mut JNIEnv, array: jbyteArray, most: usize) -> Option<Vec<u8>> {
    if array.is_null() {
        return None;
    }
    // SAFETY: both are valid.
    let all = unsafe { ((**env).v1_1.GetArrayLength)(env, array) };
    let len = all.min(jsize::try_from(most).unwrap_or(jsize::MAX));
    let count = usize::try_from(len).unwrap_or(0);
    let mut bytes = Vec::with_capacity(count);
    // SAFETY: the region is in the array, and `bytes` has room for it, which is then filled.
    unsafe {
        read(env, array, 0, len, bytes.as_mut_ptr());
        bytes.set_len(count);
    }
    Some(bytes)
}

/// A new Java array with these bytes, or null with an `OutOfMemoryError` pending.
///
/// # Safety
/// `env` is valid; `start` and `len` are readable bytes, or `len` is zero.
pub(crate) unsafe fn copy_out(env: *mut JNIEnv, start: *const u8, len: usize) -> jbyteArray {
    let Ok(size) = jsize::try_from(len) else {
        // SAFETY: `env` is valid. A negative size makes the JVM throw: Java has no array that long.
        return unsafe { ((**env).v1_1.NewByteArray)(env, -1) };
    };
    // SAFETY: `env` is valid.
    let array = unsafe { ((**env).v1_1.NewByteArray)(env, size) };
    if !array.is_null() && size != 0 {
        // SAFETY: the region is the whole new array, and `start` has as many bytes.
        unsafe { ((**env).v1_1.SetByteArrayRegion)(env, array, 0, size, start.cast::<jbyte>()) };
    }
    array
}

/// Writes entries of a `long[]` from `first` on.
///
/// # Safety
/// `env` and `array` are valid.
pub(crate) unsafe fn set_longs(env: *mut JNIEnv, array: jlongArray, first: jsize, values: &[jlong]) {
    let count = jsize::try_from(values.len()).unwrap_or(0);
    // SAFETY: both are valid and `values` has `count` entries; the JVM checks the array's bounds itself.
    unsafe { ((**env).v1_1.SetLongArrayRegion)(env, array, first, count, values.as_ptr()) };
}

/// Reads the first entries of a long array; null gives none.
///
/// # Safety
/// `env` and `array` are valid, or `array` is null.
pub(crate) unsafe fn get_longs<const N: usize>(env: *mut JNIEnv, array: jlongArray) -> Option<[jlong; N]> {
    if array.is_null() {
        return None;
    }
    let mut values = [0; N];
    // SAFETY: both are valid and `values` has `N` entries; the JVM checks the array's bounds itself.
    unsafe { ((**env).v1_1.GetLongArrayRegion)(env, array, 0, jsize::try_from(N).unwrap_or(0), values.as_mut_ptr()) };
    Some(values)
}
