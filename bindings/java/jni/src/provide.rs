//! What the host hands in when it is asked: keys and message types.

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong, jlongArray};
use zeroize::Zeroize;

use crate::arrays::copy_in;
use crate::data_converter::attempted;
use crate::{PANIC, guard, size, slice};

/// `static native int keyProvide(long self, byte[] id, byte[] key, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_keyProvide(
    env: *mut JNIEnv,
    _: jclass,
    this: jlong,
    id: jbyteArray,
    key: jbyteArray,
    result: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        // SAFETY: the JVM gives a valid environment and valid arrays.
        let (id, mut key) = unsafe { (copy_in(env, id), copy_in(env, key)) };
        let ((id, id_len), (bytes, bytes_len)) = (slice(id.as_ref()), slice(key.as_ref()));
        let answer = attempted(env, result, |error| {
            // SAFETY: the slices live until the end of this function; Java keeps the handle alive.
            unsafe { (tdc.key_provide)(size(this), id, id_len, bytes, bytes_len, error) }
        });
        key.zeroize();
        answer
    })
}

/// `static native int keyReject(long self, byte[] id, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_keyReject(
    env: *mut JNIEnv,
    _: jclass,
    this: jlong,
    id: jbyteArray,
    result: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        // SAFETY: the JVM gives a valid environment and array.
        let id = unsafe { copy_in(env, id) };
        let (id, id_len) = slice(id.as_ref());
        // SAFETY: the slice lives until the end of this function; Java keeps the handle alive.
        attempted(env, result, |error| unsafe { (tdc.key_reject)(size(this), id, id_len, error) })
    })
}

/// `static native int descriptorProvide(long self, byte[] files, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_descriptorProvide(
    env: *mut JNIEnv,
    _: jclass,
    this: jlong,
    files: jbyteArray,
    result: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        // SAFETY: the JVM gives a valid environment and array.
        let files = unsafe { copy_in(env, files) };
        let (files, files_len) = slice(files.as_ref());
        // SAFETY: the slice lives until the end of this function; Java keeps the handle alive.
        attempted(env, result, |error| unsafe { (tdc.descriptor_provide)(size(this), files, files_len, error) })
    })
}
