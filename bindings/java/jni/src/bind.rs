//! Finding libtdc, and what it says of itself.

use std::ffi::CStr;
use std::panic::catch_unwind;
use std::ptr;

use jni_sys::{JNIEnv, jboolean, jbyteArray, jclass, jint, jstring};

use crate::arrays::{copy_in, copy_out};
use crate::{guard, library};

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

/// `static native boolean isTransient(int status)`
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_tdc_JniCalls_isTransient(_: *mut JNIEnv, _: jclass, code: jint) -> jboolean {
    // SAFETY: any number may be asked about.
    guard(false, |tdc| unsafe { (tdc.status_is_transient)(code.cast_unsigned()) } != 0)
}
