//! The whole unsafe vocabulary of the C ABI: [`guard`], [`borrow_bytes`], [`borrow_mut`] and
//! [`OutSlot`].

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::tdc_error;
use super::status::tdc_status;
use crate::error::{Code, Error, Kind, text};

/// Runs the body of an extern function: no panic crosses, and a failure goes into `error`, if the
/// caller wants it.
///
/// # Safety
/// `error` is NULL or a valid out slot.
pub(super) unsafe fn guard(
    error: *mut *mut tdc_error,
    body: impl FnOnce() -> Result<Code, Error>,
) -> tdc_status {
    // A handle is never left half changed: what changes behind one is swapped whole. So it stays
    // usable after a panic.
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
    match result {
        Ok(code) => code as tdc_status,
        Err(cause) => {
            let code = cause.code();
            if code.kind() != Kind::Outcome && !error.is_null() {
                // SAFETY: the caller vouches for the slot.
                unsafe { error.write(tdc_error::into_raw(cause)) };
            }
            code as tdc_status
        }
    }
}

/// Runs a body that cannot fail; a panic is answered with `fallback`.
pub(super) fn guard_value<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

#[cold]
fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    Error::new(Code::Panic, format!("the library panicked, please report it: {}", text::words(text)))
}

/// Bytes of the caller, for the length of the call.
///
/// # Safety
/// `pointer` and `len` are valid bytes, for as long as `'a`.
pub(super) unsafe fn borrow_bytes<'a>(pointer: *const u8, len: usize, name: &str) -> Result<&'a [u8], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    check(pointer.is_null(), len, name)?;
    // SAFETY: not NULL, not longer than the address space; the caller vouches for the rest.
    Ok(unsafe { core::slice::from_raw_parts(pointer, len) })
}

/// A buffer of the caller, for the length of the call.
///
/// # Safety
/// `pointer` is NULL with `len` 0, or writable for `len` bytes that nobody else touches for as long
/// as `'a`.
pub(super) unsafe fn borrow_mut<'a>(pointer: *mut u8, len: usize, name: &str) -> Result<&'a mut [u8], Error> {
    if len == 0 {
        return Ok(&mut []);
    }
    check(pointer.is_null(), len, name)?;
    // SAFETY: as in `borrow_bytes`.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer, len) })
}

/// Text of the caller.
///
/// # Safety
/// As [`borrow_bytes`].
pub(super) unsafe fn borrow_text<'a>(pointer: *const u8, len: usize, name: &str) -> Result<&'a str, Error> {
    // SAFETY: as the caller vouches.
    let bytes = unsafe { borrow_bytes(pointer, len, name) }?;
    core::str::from_utf8(bytes).map_err(|_| Error::new(Code::Argument, format!("{name} is not UTF-8")))
}

fn check(is_null: bool, len: usize, name: &str) -> Result<(), Error> {
    if is_null {
        return Err(null(name));
    }
    if isize::try_from(len).is_err() {
        return Err(Error::new(Code::Argument, format!("{name}_len is past the address space")));
    }
    Ok(())
}

/// A handle of the caller.
///
/// # Safety
/// `handle` is NULL or valid, for as long as `'a`.
pub(super) unsafe fn borrow_handle<'a, T>(handle: *const T) -> Result<&'a T, Error> {
    // SAFETY: NULL or valid, as the caller vouches.
    unsafe { handle.as_ref() }.ok_or_else(|| null("self"))
}

/// An out slot, checked before any work and written only after success.
pub(super) struct OutSlot<T>(*mut T);

impl<T> OutSlot<T> {
    /// # Safety
    /// `slot` is NULL or a valid out slot until it is written.
    pub(super) unsafe fn new(slot: *mut T, name: &str) -> Result<Self, Error> {
        if slot.is_null() { Err(null(name)) } else { Ok(Self(slot)) }
    }

    pub(super) fn write(self, value: T) {
        // SAFETY: not NULL, and valid as `new`'s caller vouched; what was there is plain data
        // that needs no drop.
        unsafe { self.0.write(value) };
    }
}

#[cold]
fn null(name: &str) -> Error {
    Error::new(Code::Null, format!("{name} is NULL"))
}
