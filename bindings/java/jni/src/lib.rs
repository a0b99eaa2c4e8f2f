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
mod bind;
mod buffer;
mod codec;
mod data_converter;
mod error;
mod library;
mod message;
mod provide;
mod remote;
mod scratch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use jni_sys::{jint, jlong};

use crate::library::Library;

/// `TDC_ERR_PANIC`: what a call answers that could not be made at all.
const PANIC: jint = 901;

/// `TDC_ERR_LIMIT`: what a call answers for which there is no memory.
const TOO_LARGE: u32 = 106;

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
