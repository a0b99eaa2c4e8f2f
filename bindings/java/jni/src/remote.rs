//! Requests to a codec server: what Java is asked to send, and what came of it.

use std::ptr;

use jni_sys::{JNIEnv, jboolean, jbyteArray, jclass, jint, jlong, jlongArray};

use crate::arrays::{copy_in, copy_out};
use crate::data_converter::attempted;
use crate::{PANIC, guard, long, size, slice};

/// `static native int remoteProvide(long self, long request, int httpStatus, byte[] body, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_remoteProvide(
    env: *mut JNIEnv,
    _: jclass,
    this: jlong,
    request: jlong,
    http_status: jint,
    body: jbyteArray,
    result: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        // SAFETY: the JVM gives a valid environment and array.
        let body = unsafe { copy_in(env, body) };
        let (body, body_len) = slice(body.as_ref());
        let http_status = u32::try_from(http_status).unwrap_or(0);
        attempted(env, result, |error| {
            // SAFETY: the slice lives until the end of this function; Java keeps the handle and the request's error
            // alive.
            unsafe { (tdc.remote_provide)(size(this), size(request), http_status, body, body_len, error) }
        })
    })
}

/// `static native byte[] errorRequestUrl(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorRequestUrl(
    env: *mut JNIEnv,
    _: jclass,
    error: jlong,
) -> jbyteArray {
    guard(ptr::null_mut(), |tdc| {
        let (mut start, mut len) = (ptr::null(), 0);
        // SAFETY: the error is live, and its request lives as long.
        unsafe {
            (tdc.error_request_url)(size(error), &raw mut start, &raw mut len);
            copy_out(env, start, len)
        }
    })
}

/// `static native byte[] errorRequestBody(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorRequestBody(
    env: *mut JNIEnv,
    _: jclass,
    error: jlong,
) -> jbyteArray {
    guard(ptr::null_mut(), |tdc| {
        let (mut start, mut len) = (ptr::null(), 0);
        // SAFETY: the error is live, and its request lives as long.
        unsafe {
            (tdc.error_request_body)(size(error), &raw mut start, &raw mut len);
            copy_out(env, start, len)
        }
    })
}

/// `static native long errorRequestHeaderCount(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorRequestHeaderCount(
    _: *mut JNIEnv,
    _: jclass,
    error: jlong,
) -> jlong {
    // SAFETY: the error is live.
    guard(0, |tdc| long(unsafe { (tdc.error_request_header_count)(size(error)) }))
}

/// `static native byte[] errorRequestHeader(long error, long index, boolean value)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorRequestHeader(
    env: *mut JNIEnv,
    _: jclass,
    error: jlong,
    index: jlong,
    value: jboolean,
) -> jbyteArray {
    guard(ptr::null_mut(), |tdc| {
        let (mut name, mut name_len) = (ptr::null(), 0);
        let (mut text, mut text_len) = (ptr::null(), 0);
        // SAFETY: the error is live, and its request lives as long; the slots are written only for an index that
        // exists.
        unsafe {
            (tdc.error_request_header)(
                size(error),
                size(index),
                &raw mut name,
                &raw mut name_len,
                &raw mut text,
                &raw mut text_len,
            );
            if value { copy_out(env, text, text_len) } else { copy_out(env, name, name_len) }
        }
    })
}

/// `static native int errorRequestTimeoutMs(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorRequestTimeoutMs(
    _: *mut JNIEnv,
    _: jclass,
    error: jlong,
) -> jint {
    // SAFETY: the error is live.
    guard(0, |tdc| jint::try_from(unsafe { (tdc.error_request_timeout_ms)(size(error)) }).unwrap_or(jint::MAX))
}

/// `static native long errorRequestMaxResponse(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorRequestMaxResponse(
    _: *mut JNIEnv,
    _: jclass,
    error: jlong,
) -> jlong {
    // SAFETY: the error is live.
    guard(0, |tdc| long(unsafe { (tdc.error_request_max_response)(size(error)) }))
}
