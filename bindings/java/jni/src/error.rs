//! `tdc_error`: what a call that failed says.

use std::ptr;

use jni_sys::{JNIEnv, jbyteArray, jclass, jlong};

use crate::arrays::copy_out;
use crate::{guard, long, size};

/// `static native byte[] errorMessage(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorMessage(
    env: *mut JNIEnv,
    _: jclass,
    error: jlong,
) -> jbyteArray {
    guard(ptr::null_mut(), |tdc| {
        let (mut start, mut len) = (ptr::null(), 0);
        // SAFETY: the error is live, and its text lives as long.
        unsafe {
            (tdc.error_message)(size(error), &raw mut start, &raw mut len);
            copy_out(env, start, len)
        }
    })
}

/// `static native long errorPayloadIndex(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorPayloadIndex(_: *mut JNIEnv, _: jclass, error: jlong) -> jlong {
    // SAFETY: the error is live.
    guard(-1, |tdc| unsafe { (tdc.error_payload_index)(size(error)) })
}

/// `static native long errorSizeNeeded(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorSizeNeeded(_: *mut JNIEnv, _: jclass, error: jlong) -> jlong {
    // SAFETY: the error is live.
    guard(0, |tdc| long(unsafe { (tdc.error_size_needed)(size(error)) }))
}

/// `static native long errorKeyCount(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorKeyCount(_: *mut JNIEnv, _: jclass, error: jlong) -> jlong {
    // SAFETY: the error is live.
    guard(0, |tdc| long(unsafe { (tdc.error_key_count)(size(error)) }))
}

/// `static native byte[] errorKeyId(long error, long index)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorKeyId(
    env: *mut JNIEnv,
    _: jclass,
    error: jlong,
    index: jlong,
) -> jbyteArray {
    guard(ptr::null_mut(), |tdc| {
        let (mut start, mut len) = (ptr::null(), 0);
        // SAFETY: the error is live, and its ids live as long; the slots are written only for an index that exists.
        unsafe {
            (tdc.error_key_id)(size(error), size(index), &raw mut start, &raw mut len);
            copy_out(env, start, len)
        }
    })
}

/// `static native byte[] errorTypeName(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorTypeName(
    env: *mut JNIEnv,
    _: jclass,
    error: jlong,
) -> jbyteArray {
    guard(ptr::null_mut(), |tdc| {
        let (mut start, mut len) = (ptr::null(), 0);
        // SAFETY: the error is live, and its name lives as long.
        unsafe {
            (tdc.error_type_name)(size(error), &raw mut start, &raw mut len);
            copy_out(env, start, len)
        }
    })
}

/// `static native void errorFree(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorFree(_: *mut JNIEnv, _: jclass, error: jlong) {
    // SAFETY: Java frees an error once; null is allowed.
    guard((), |tdc| unsafe { (tdc.error_free)(size(error)) });
}
