//! `tdc_codec_…` on one payload.

use std::ptr;

use jni_sys::{JNIEnv, jboolean, jbyteArray, jclass, jint, jlong, jlongArray, jobject};

use crate::arrays::{get_longs, read, set_longs, write};
use crate::library::{Answer, Results};
use crate::{PANIC, TOO_LARGE, guard, length, long, scratch, size, status};

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
        let [context_size, head_size, data_size, out_size] =
            [context_length, head_length, data_length, out_length].map(length);
        let total = [head_size, data_size, out_size].iter().fold(context_size, |sum, len| sum.saturating_add(*len));
        let code = scratch::with(total, |memory| {
            let Some(place) = memory else { return TOO_LARGE };
            let head_at = place.wrapping_add(context_size);
            let data_at = head_at.wrapping_add(head_size);
            let out_at = data_at.wrapping_add(data_size);
            // SAFETY: the JVM gives a valid environment and valid arrays; each copy has its own part of the memory.
            unsafe {
                read(env, context, 0, context_length, place);
                read(env, head, 0, head_length, head_at);
                read(env, data, data_offset, data_length, data_at);
            }
            // SAFETY: Java keeps the handle alive; the parts of the memory lie one after another, and no other thread
            // knows them.
            let code = unsafe {
                call(
                    size(this),
                    place,
                    context_size,
                    used.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
                    head_at,
                    head_size,
                    data_at,
                    data_size,
                    out_at,
                    out_size,
                    &raw mut answer,
                    &raw mut error,
                )
            };
            if code == 0 && answer.owned.data == 0 {
                // SAFETY: the JVM gives a valid environment and array; libtdc has written so many bytes.
                unsafe { write(env, out, out_at, jint::try_from(answer.len).unwrap_or(0)) };
            }
            code
        });
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
