//! JNI functions over libtdc's C ABI: the native methods of `io.tdc.JniCalls`, one for each C function.
//!
//! Nothing is decided here. Java's arrays become pointers and lengths, and statuses and out slots go back as they are.
//! The caller, `io.tdc.JniApi`, has checked that offsets and lengths lie inside their arrays, and `io.tdc.Handle` keeps
//! handles alive during a call.
//!
//! # Safety
//! All functions here are called by the JVM with a valid environment and valid references (see `arrays`), and by
//! `io.tdc` with addresses that libtdc gave it and that have not been freed. Panics do not cross: `guard` catches them.

#![allow(clippy::missing_safety_doc, reason = "one contract for all of them, above")]

mod arrays;
mod library;

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use jni_sys::{JNIEnv, jboolean, jbyteArray, jclass, jint, jlong, jlongArray, jobject, jstring};
use zeroize::Zeroize;

use crate::arrays::{Held, copy_in, copy_out, get_longs, set_longs};
use crate::library::{Answer, Buffer, Library, Results};

/// `TDC_ERR_PANIC`: what a call answers that could not be made at all.
const PANIC: jint = 901;

/// Where the library's own buffer stands in a `result` array.
const OWNED: i32 = 3;

/// Where the error or the new handle stands in a `result` array.
const POINTER: i32 = 6;

/// Runs `body` with libtdc's functions, and keeps panics on this side.
fn guard<T>(otherwise: T, body: impl FnOnce(&'static Library) -> T) -> T {
    match catch_unwind(AssertUnwindSafe(|| library::get().map(body))) {
        Ok(Some(value)) => value,
        Ok(None) | Err(_) => otherwise,
    }
}

/// An optional slice as `tdc.h` takes it.
fn slice(bytes: Option<&Vec<u8>>) -> (*const u8, usize) {
    bytes.map_or((ptr::null(), 0), |b| (b.as_ptr(), b.len()))
}

/// Java keeps addresses and sizes as `long`: the same bits.
#[expect(clippy::cast_possible_wrap, clippy::as_conversions, reason = "the same bits in Java's only 64-bit type")]
const fn long(value: usize) -> jlong {
    value as jlong
}

/// The way back from `long`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::as_conversions, reason = "as `long`")]
const fn size(value: jlong) -> usize {
    value as usize
}

/// A length or offset that Java has checked.
fn length(value: jint) -> usize {
    usize::try_from(value).unwrap_or(0)
}

/// Statuses are below 1000.
fn status(value: u32) -> jint {
    jint::try_from(value).unwrap_or(PANIC)
}

/// `static native String bind(byte[] libtdc)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_bind(env: *mut JNIEnv, _: jclass, libtdc: jbyteArray) -> jstring {
    let bound = catch_unwind(|| {
        // SAFETY: the JVM gives a valid environment and array.
        library::bind(unsafe { copy_in(env, libtdc) }.unwrap_or_default())
    });
    let mut problem = match bound {
        Ok(Ok(())) => return ptr::null_mut(),
        Ok(Err(problem)) => problem,
        Err(_) => "a fault in libtdc_jni".to_owned(),
    };
    // Java's modified UTF-8 differs from UTF-8 only outside the basic plane and at zero.
    problem.retain(|c| c != '\0' && u32::from(c) < 0x1_0000);
    problem.push('\0');
    // SAFETY: the environment is valid and the text ends with zero.
    unsafe { ((**env).v1_1.NewStringUTF)(env, problem.as_ptr().cast()) }
}

/// `static native int abiVersion()`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_abiVersion(_: *mut JNIEnv, _: jclass) -> jint {
    // SAFETY: no arguments.
    guard(0, |tdc| jint::try_from(unsafe { (tdc.abi_version)() }).unwrap_or(0))
}

/// `static native byte[] version()`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_version(env: *mut JNIEnv, _: jclass) -> jbyteArray {
    guard(ptr::null_mut(), |tdc| {
        // SAFETY: tdc_version gives a constant text that ends with zero.
        let version = unsafe { CStr::from_ptr((tdc.version)()) }.to_bytes();
        // SAFETY: the environment is valid, the bytes are a slice.
        unsafe { copy_out(env, version.as_ptr(), version.len()) }
    })
}

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
fn opened(env: *mut JNIEnv, result: jlongArray, call: impl FnOnce(*mut usize, *mut usize) -> u32) -> jint {
    let (mut handle, mut error) = (0, 0);
    let answer = call(&raw mut handle, &raw mut error);
    let pointer = if answer == 0 { handle } else { error };
    // SAFETY: the JVM gives a valid environment and array.
    unsafe { set_longs(env, result, POINTER, &[long(pointer)]) };
    status(answer)
}

/// Makes a call that gives nothing or an error.
fn attempted(env: *mut JNIEnv, result: jlongArray, call: impl FnOnce(*mut usize) -> u32) -> jint {
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

/// `static native long bound(boolean encode, long self, long payloadLength)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_bound(
    _: *mut JNIEnv,
    _: jclass,
    encode: jboolean,
    this: jlong,
    payload_length: jlong,
) -> jlong {
    guard(0, |tdc| {
        let bound = if encode { tdc.codec_encode_bound } else { tdc.codec_decode_bound };
        // SAFETY: Java keeps the handle alive during the call.
        long(unsafe { bound(size(this), size(payload_length)) })
    })
}

/// `static native int payload(boolean encode, long self, byte[] context, int contextLength, byte[] head, int headLength,
/// byte[] data, int dataOffset, int dataLength, byte[] out, int outLength, long[] result, long[] usage)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_payload(
    env: *mut JNIEnv,
    _: jclass,
    encode: jboolean,
    this: jlong,
    context: jbyteArray,
    context_length: jint,
    head: jbyteArray,
    head_length: jint,
    data: jbyteArray,
    data_offset: jint,
    data_length: jint,
    out: jbyteArray,
    out_length: jint,
    result: jlongArray,
    usage: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        let call = if encode { tdc.codec_encode_payload } else { tdc.codec_decode_payload };
        let (mut answer, mut error) = (Answer::default(), 0);
        // SAFETY: the JVM gives a valid environment, and a valid array or null.
        let mut used = unsafe { get_longs::<3>(env, usage) }.map(|words| words.map(size));
        let code = {
            // SAFETY: the JVM gives a valid environment and valid arrays, and libtdc does not call the JVM.
            let (context, head, data, out) = unsafe {
                (
                    Held::read(env, context, context_length),
                    Held::read(env, head, head_length),
                    Held::read(env, data, data_length),
                    Held::write(env, out, out_length),
                )
            };
            // SAFETY: Java keeps the handle alive and has checked the lengths; the arrays are held until the end of
            // this block, and `out` is a fresh array that overlaps no other.
            unsafe {
                call(
                    size(this),
                    context.at(0),
                    length(context_length),
                    used.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
                    head.at(0),
                    length(head_length),
                    data.at(length(data_offset)),
                    length(data_length),
                    out.at(0),
                    length(out_length),
                    &raw mut answer,
                    &raw mut error,
                )
            }
        };
        let values = [
            long(answer.len),
            long(answer.data_offset),
            long(answer.data_len),
            long(answer.owned.data),
            long(answer.owned.len),
            long(answer.owned.capacity),
            long(error),
        ];
        // SAFETY: the JVM gives a valid environment and valid arrays; there is a `used` only where there is a `usage`.
        unsafe {
            set_longs(env, result, 0, &values);
            if let Some(used) = used {
                set_longs(env, usage, 0, &used.map(long));
            }
        }
        status(code)
    })
}

/// `static native long address(ByteBuffer direct)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_address(env: *mut JNIEnv, _: jclass, direct: jobject) -> jlong {
    // SAFETY: the JVM gives a valid environment, and Java a direct buffer.
    long(unsafe { ((**env).v1_4.GetDirectBufferAddress)(env, direct) }.expose_provenance())
}

/// `static native int smallPayload(boolean encode, long self, long address, int contextLength, int inLength,
/// int outLength)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_smallPayload(
    _: *mut JNIEnv,
    _: jclass,
    encode: jboolean,
    this: jlong,
    address: jlong,
    context_length: jint,
    in_length: jint,
    out_length: jint,
) -> jint {
    guard(PANIC, |tdc| {
        let call = if encode { tdc.codec_encode_payload } else { tdc.codec_decode_payload };
        let results = ptr::with_exposed_provenance_mut::<Results>(size(address));
        let context = results.wrapping_add(1).cast::<u8>();
        let payload = context.wrapping_add(length(context_length));
        let out = payload.wrapping_add(length(in_length));
        let mut slots = Results::default();
        // SAFETY: Java keeps the handle alive, and has laid out its memory so: results, context, payload, room for the
        // answer, one behind the other. No other thread knows this memory.
        unsafe {
            let code = call(
                size(this),
                context,
                length(context_length),
                ptr::null_mut(),
                payload,
                length(in_length),
                ptr::null(),
                0,
                out,
                length(out_length),
                &raw mut slots.answer,
                &raw mut slots.error,
            );
            results.write_unaligned(slots);
            status(code)
        }
    })
}

/// `static native int payloads(boolean encode, long self, byte[] context, int contextLength, byte[] payloads, int
/// payloadsLength, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_payloads(
    env: *mut JNIEnv,
    _: jclass,
    encode: jboolean,
    this: jlong,
    context: jbyteArray,
    context_length: jint,
    payloads: jbyteArray,
    payloads_length: jint,
    result: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        let call = if encode { tdc.codec_encode } else { tdc.codec_decode };
        let (mut owned, mut error) = (Buffer::default(), 0);
        let code = {
            // SAFETY: the JVM gives a valid environment and valid arrays, and libtdc does not call the JVM.
            let (context, payloads) =
                unsafe { (Held::read(env, context, context_length), Held::read(env, payloads, payloads_length)) };
            // SAFETY: Java keeps the handle alive and has checked the lengths; the arrays are held until the end of
            // this block.
            unsafe {
                call(
                    size(this),
                    context.at(0),
                    length(context_length),
                    ptr::null_mut(),
                    payloads.at(0),
                    length(payloads_length),
                    &raw mut owned,
                    &raw mut error,
                )
            }
        };
        let values = [long(owned.data), long(owned.len), long(owned.capacity), long(error)];
        // SAFETY: the JVM gives a valid environment and array.
        unsafe { set_longs(env, result, OWNED, &values) };
        status(code)
    })
}

/// `static native int values(boolean back, long self, byte[] context, int contextLength, byte[] message, int
/// messageLength, long[] result)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_values(
    env: *mut JNIEnv,
    _: jclass,
    back: jboolean,
    this: jlong,
    context: jbyteArray,
    context_length: jint,
    message: jbyteArray,
    message_length: jint,
    result: jlongArray,
) -> jint {
    guard(PANIC, |tdc| {
        let call = if back { tdc.converter_from_payload } else { tdc.converter_to_payload };
        let (mut owned, mut error) = (Buffer::default(), 0);
        let code = {
            // SAFETY: the JVM gives a valid environment and valid arrays, and libtdc does not call the JVM.
            let (context, message) =
                unsafe { (Held::read(env, context, context_length), Held::read(env, message, message_length)) };
            // SAFETY: Java keeps the handle alive, and the lengths are those of its arrays; they are held until the
            // end of this block.
            unsafe {
                call(
                    size(this),
                    context.at(0),
                    length(context_length),
                    message.at(0),
                    length(message_length),
                    &raw mut owned,
                    &raw mut error,
                )
            }
        };
        let values = [long(owned.data), long(owned.len), long(owned.capacity), long(error)];
        // SAFETY: the JVM gives a valid environment and array.
        unsafe { set_longs(env, result, OWNED, &values) };
        status(code)
    })
}

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

/// `static native boolean isTransient(int status)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_isTransient(_: *mut JNIEnv, _: jclass, code: jint) -> jboolean {
    // SAFETY: any number may be asked about.
    guard(false, |tdc| unsafe { (tdc.status_is_transient)(code.cast_unsigned()) } != 0)
}

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

/// `static native void errorFree(long error)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_errorFree(_: *mut JNIEnv, _: jclass, error: jlong) {
    // SAFETY: Java frees an error once; null is allowed.
    guard((), |tdc| unsafe { (tdc.error_free)(size(error)) });
}
