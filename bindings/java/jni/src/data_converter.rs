//! `tdc_data_converter`: opening a configuration, reloading and freeing it.

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong, jlongArray};

use crate::arrays::{copy_in, set_longs};
use crate::{PANIC, POINTER, guard, long, size, slice, status};

/// `static native int open(byte[] path, byte[] namespace, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_open(
    env: *mut JNIEnv,
    _: jclass,
    path: jbyteArray,
    namespace: jbyteArray,
    result: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        // SAFETY: the JVM gives a valid environment and valid arrays, or null.
        let (path, namespace) = unsafe { (copy_in(env, path), copy_in(env, namespace)) };
        let ((path, path_len), (name, name_len)) = (slice(path.as_ref()), slice(namespace.as_ref()));
        opened(env, result, |handle, error| {
            // SAFETY: the slices live until the end of this function, the slots until the end of `opened`.
            unsafe { (tdc.data_converter_open)(path, path_len, name, name_len, handle, error) }
        })
    })
}

/// `static native int parse(byte[] document, byte[] baseDir, byte[] namespace, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_parse(
    env: *mut JNIEnv,
    _: jclass,
    document: jbyteArray,
    base_dir: jbyteArray,
    namespace: jbyteArray,
    result: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        // SAFETY: the JVM gives a valid environment and valid arrays, or null.
        let (document, base_dir, namespace) =
            unsafe { (copy_in(env, document), copy_in(env, base_dir), copy_in(env, namespace)) };
        let (doc, doc_len) = slice(document.as_ref());
        let (dir, dir_len) = slice(base_dir.as_ref());
        let (name, name_len) = slice(namespace.as_ref());
        opened(env, result, |handle, error| {
            // SAFETY: the slices live until the end of this function, the slots until the end of `opened`.
            unsafe { (tdc.data_converter_parse)(doc, doc_len, dir, dir_len, name, name_len, handle, error) }
        })
    })
}

/// Makes a call that gives a handle or an error, and puts what it gave where Java reads it.
pub(crate) fn opened(env: *mut JNIEnv, result: jlongArray, call: impl FnOnce(*mut usize, *mut usize) -> u32) -> jint {
    let (mut handle, mut error) = (0, 0);
    let answer = call(&raw mut handle, &raw mut error);
    let pointer = if answer == 0 { handle } else { error };
    // SAFETY: the JVM gives a valid environment and array.
    unsafe { set_longs(env, result, POINTER, &[long(pointer)]) };
    status(answer)
}

/// Makes a call that gives nothing or an error.
pub(crate) fn attempted(env: *mut JNIEnv, result: jlongArray, call: impl FnOnce(*mut usize) -> u32) -> jint {
    opened(env, result, |_, error| call(error))
}

/// `static native int reload(long self, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_reload(
    env: *mut JNIEnv,
    _: jclass,
    this: jlong,
    result: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        // SAFETY: Java keeps the handle alive during the call.
        attempted(env, result, |error| unsafe { (tdc.data_converter_reload)(size(this), error) })
    })
}

/// `static native int flags(long self)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_flags(_: *mut JNIEnv, _: jclass, this: jlong) -> jint {
    // SAFETY: Java keeps the handle alive during the call.
    guard(0, |tdc| unsafe { (tdc.data_converter_flags)(size(this)) }.cast_signed())
}

/// `static native void free(long self)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_free(_: *mut JNIEnv, _: jclass, this: jlong) {
    // SAFETY: Java frees a handle once, when no call is in flight.
    guard((), |tdc| unsafe { (tdc.data_converter_free)(size(this)) });
}
