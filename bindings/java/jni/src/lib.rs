//! The native library in the Java jar, for both ways in which Java calls it.
//!
//! It exports the functions of `tdc.h` as libtdc does, for the foreign function and memory API
//! (Java 22 and above), and once more as the native methods of `io.tdc.Native`, for JNI (Java 11 to
//! 21). Both take the same arguments: pointers are addresses in a `long`. Arrays are never held:
//! `io.tdc.Scratch` copies them, because the garbage collector of those versions of Java cannot run
//! while native code has an array.
//!
//! Two more functions serve both ways: they load `libtdc_keys` and pass a call's requests to it.
//!
//! # Safety
//! The JVM calls the functions here with the arguments that `io.tdc` gave it, and `io.tdc.Boundary`
//! makes sure that they are what `tdc.h` asks for. Panics do not cross: the functions of `tdc::ffi`
//! catch them, and nothing here panics.

#[rustfmt::skip]
mod functions;
mod keys;
mod memory;

use std::ptr;

/// The JVM's environment of the calling thread.
type Env = *mut jni_sys::JNIEnv;

/// The class whose native method was called.
type Class = jni_sys::jclass;

/// An address from Java.
fn at<T>(address: i64) -> *const T {
    ptr::with_exposed_provenance(size(address))
}

/// An address from Java, to write to.
fn at_mut<T>(address: i64) -> *mut T {
    ptr::with_exposed_provenance_mut(size(address))
}

/// An address in Java's form.
fn address<T>(pointer: *const T) -> i64 {
    long(pointer.expose_provenance())
}

/// Java keeps sizes as `long`: the same bits.
fn long(value: usize) -> i64 {
    (value as u64).cast_signed()
}

/// The way back from `long`.
#[expect(clippy::cast_possible_truncation, reason = "Java got it from a usize")]
fn size(value: i64) -> usize {
    value.cast_unsigned() as usize
}

/// A status or a flag as Java keeps it.
fn int(value: u32) -> i32 {
    value.cast_signed()
}

/// The way back from `int`.
fn uint(value: i32) -> u32 {
    value.cast_unsigned()
}
