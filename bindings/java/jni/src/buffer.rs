//! `tdc_buffer`: answers in the library's own memory.

use std::ptr;

use jni_sys::{JNIEnv, jbyteArray, jclass, jlong};

use crate::arrays::copy_out;
use crate::library::Buffer;
use crate::{guard, size};

/// `static native byte[] takeOwned(long data, long length, long capacity)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_takeOwned(
    env: *mut JNIEnv,
    _: jclass,
    data: jlong,
    len: jlong,
    capacity: jlong,
) -> jbyteArray {
    guard(ptr::null_mut(), |tdc| {
        let mut buffer = Buffer { data: size(data), len: size(len), capacity: size(capacity) };
        // SAFETY: Java passes on the buffer that libtdc gave it, which is readable until it is freed below.
        let array = unsafe { copy_out(env, ptr::with_exposed_provenance(buffer.data), buffer.len) };
        // SAFETY: Java takes a buffer once.
        unsafe { (tdc.buffer_free)(&raw mut buffer) };
        array
    })
}
