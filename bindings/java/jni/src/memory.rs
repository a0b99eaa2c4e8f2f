//! Memory outside Java's heap, for Java's direct buffers.

use std::alloc::{Layout, alloc, dealloc};

use crate::{Class, Env, address, at, at_mut, size};

/// `static native long address(ByteBuffer direct)`
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_io_tdc_Backend_address(env: Env, _: Class, direct: jni_sys::jobject) -> i64 {
    // SAFETY: the JVM gives a valid environment, and Java a direct buffer.
    address(unsafe { ((**env).v1_4.GetDirectBufferAddress)(env, direct) })
}

/// `static native ByteBuffer view(long address, long size)`
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_io_tdc_Backend_view(
    env: Env,
    _: Class,
    start: i64,
    len: i64,
) -> jni_sys::jobject {
    // SAFETY: the JVM gives a valid environment. Java uses the buffer only while there is this
    // memory.
    unsafe { ((**env).v1_4.NewDirectByteBuffer)(env, at_mut(start), len) }
}

/// `static native void copy(long address, byte[] to)`
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_io_tdc_Backend_copy(env: Env, _: Class, start: i64, to: jni_sys::jbyteArray) {
    // SAFETY: the JVM gives a valid environment and array. Java knows that there are so many bytes.
    unsafe {
        let len = ((**env).v1_1.GetArrayLength)(env, to);
        ((**env).v1_1.SetByteArrayRegion)(env, to, 0, len, at(start));
    }
}

/// `static native long allocate(long size)`: 0 if there is not so much memory.
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_io_tdc_Backend_allocate(_: Env, _: Class, len: i64) -> i64 {
    match layout(len) {
        // SAFETY: the size is not zero.
        Some(layout) => address(unsafe { alloc(layout) }),
        None => 0,
    }
}

/// `static native void free(long address, long size)`
#[unsafe(no_mangle)]
unsafe extern "system" fn Java_io_tdc_Backend_free(_: Env, _: Class, start: i64, len: i64) {
    if let Some(layout) = layout(len) {
        // SAFETY: Java gives back once what `allocate` gave, with the same size.
        unsafe { dealloc(at_mut(start), layout) };
    }
}

fn layout(len: i64) -> Option<Layout> {
    Layout::from_size_align(size(len), 16).ok().filter(|layout| layout.size() != 0)
}
