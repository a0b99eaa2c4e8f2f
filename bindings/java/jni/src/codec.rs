//! `tdc_codec_…`: payloads through the codecs. Java's arrays are held in place, so that nothing is copied.

use std::ptr;

use jni_sys::{JNIEnv, jboolean, jbyteArray, jclass, jint, jlong, jlongArray, jobject};

use crate::arrays::{Held, get_longs, set_longs};
use crate::library::{Answer, Buffer, Results};
use crate::{OWNED, PANIC, guard, length, long, size, status};

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
