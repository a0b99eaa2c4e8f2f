//! The calls on one serialised message: lists of payloads, values, failures, whole messages, histories.

use std::ptr;

use jni_sys::{JNIEnv, jboolean, jbyteArray, jclass, jint, jlong, jlongArray};

use crate::arrays::{copy_in, copy_of, set_longs};
use crate::library::{Buffer, Library};
use crate::{OWNED, PANIC, guard, length, long, size, slice, status};

/// A slice as `tdc.h` takes it.
type Slice = (*const u8, usize);

/// `static native int payloads(boolean encode, long self, byte[] context, byte[] payloads, int payloadsLength, long[]
/// result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_payloads(
    env: *mut JNIEnv,
    _: jclass,
    encode: jboolean,
    this: jlong,
    context: jbyteArray,
    payloads: jbyteArray,
    payloads_length: jint,
    result: jlongArray,
) -> jint {
    answered(env, context, payloads, length(payloads_length), result, |tdc, context, payloads, owned, error| {
        let call = if encode { tdc.codec_encode } else { tdc.codec_decode };
        let whole = ptr::null_mut();
        // SAFETY: Java keeps the handle alive; slices and slots outlive this call.
        unsafe { call(size(this), context.0, context.1, whole, payloads.0, payloads.1, owned, error) }
    })
}

/// `static native int values(boolean back, long self, byte[] context, byte[] payloads, int payloadsLength, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_values(
    env: *mut JNIEnv,
    _: jclass,
    back: jboolean,
    this: jlong,
    context: jbyteArray,
    payloads: jbyteArray,
    payloads_length: jint,
    result: jlongArray,
) -> jint {
    answered(env, context, payloads, length(payloads_length), result, |tdc, context, payloads, owned, error| {
        let call = if back { tdc.converter_from_payload } else { tdc.converter_to_payload };
        // SAFETY: Java keeps the handle alive; slices and slots outlive this call.
        unsafe { call(size(this), context.0, context.1, payloads.0, payloads.1, owned, error) }
    })
}

/// `static native int failure(boolean encode, long self, byte[] context, byte[] failure, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_failure(
    env: *mut JNIEnv,
    _: jclass,
    encode: jboolean,
    this: jlong,
    context: jbyteArray,
    failure: jbyteArray,
    result: jlongArray,
) -> jint {
    answered(env, context, failure, usize::MAX, result, |tdc, context, failure, owned, error| {
        let call = if encode { tdc.failure_encode } else { tdc.failure_decode };
        // SAFETY: Java keeps the handle alive; slices and slots outlive this call.
        unsafe { call(size(this), context.0, context.1, failure.0, failure.1, owned, error) }
    })
}

/// `static native int message(boolean encode, long self, byte[] context, byte[] name, int flags, byte[] message, long[]
/// result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_message(
    env: *mut JNIEnv,
    _: jclass,
    encode: jboolean,
    this: jlong,
    context: jbyteArray,
    name: jbyteArray,
    flags: jint,
    message: jbyteArray,
    result: jlongArray,
) -> jint {
    answered(env, context, message, usize::MAX, result, |tdc, context, message, owned, error| {
        let call = if encode { tdc.message_encode } else { tdc.message_decode };
        // SAFETY: the JVM gives a valid environment and array.
        let name = unsafe { copy_in(env, name) };
        let (name, name_len) = slice(name.as_ref());
        let flags = flags.cast_unsigned();
        // SAFETY: Java keeps the handle alive; slices and slots outlive this call.
        unsafe { call(size(this), context.0, context.1, name, name_len, flags, message.0, message.1, owned, error) }
    })
}

/// `static native int history(long self, byte[] context, byte[] history, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_history(
    env: *mut JNIEnv,
    _: jclass,
    this: jlong,
    context: jbyteArray,
    history: jbyteArray,
    result: jlongArray,
) -> jint {
    answered(env, context, history, usize::MAX, result, |tdc, context, history, owned, error| {
        // SAFETY: Java keeps the handle alive; slices and slots outlive this call.
        unsafe { (tdc.history_decode)(size(this), context.0, context.1, history.0, history.1, owned, error) }
    })
}

/// Makes a call on a context and (at most the first `most` bytes of) a message that gives a buffer or an error, and puts
/// what it gave where Java reads it.
fn answered(
    env: *mut JNIEnv,
    context: jbyteArray,
    message: jbyteArray,
    most: usize,
    result: jlongArray,
    call: impl FnOnce(&Library, Slice, Slice, *mut Buffer, *mut usize) -> u32,
) -> jint {
    guard(PANIC, |tdc| {
        // SAFETY: the JVM gives a valid environment and valid arrays.
        let (context, message) = unsafe { (copy_in(env, context), copy_of(env, message, most)) };
        let (mut owned, mut error) = (Buffer::default(), 0);
        let code = call(tdc, slice(context.as_ref()), slice(message.as_ref()), &raw mut owned, &raw mut error);
        let values = [long(owned.data), long(owned.len), long(owned.capacity), long(error)];
        // SAFETY: the JVM gives a valid environment and array.
        unsafe { set_longs(env, result, OWNED, &values) };
        status(code)
    })
}
