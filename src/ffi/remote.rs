//! Requests to a codec server: what the host is asked to send, and what came of it.

use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{borrow_bytes, borrow_handle, guard};
use super::status::tdc_status;
use crate::codec::remote::Request;
use crate::error::{Code, Error};

/// Bytes of the request that an error carries.
///
/// # Safety
/// `error` is NULL or valid; `out` and `out_len` are valid out slots, or NULL: then nothing is written.
unsafe fn part_of_request(
    error: *const tdc_error,
    out: *mut *const u8,
    out_len: *mut usize,
    part: impl FnOnce(&Request) -> &[u8],
) {
    // SAFETY: as the caller vouches; the bytes live in the error's box, which does not move.
    let (pointer, len) = unsafe {
        tdc_error::read(error, (c"".as_ptr().cast(), 0), |error| {
            let part = error.request().map(part).unwrap_or_default();
            (part.as_ptr(), part.len())
        })
    };
    if !out.is_null() && !out_len.is_null() {
        // SAFETY: valid out slots, as the caller vouches.
        unsafe {
            out.write(pointer);
            out_len.write(len);
        }
    }
}

/// With `TDC_REMOTE_NEEDED`: the URL that the host is asked to `POST` to, as text without a terminator that
/// lives as long as the error. Otherwise empty.
///
/// # Safety
/// `self` is NULL or valid; `out` and `out_len` are valid out slots, or NULL: then nothing is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_request_url(
    self_: *const tdc_error,
    out: *mut *const u8,
    out_len: *mut usize,
) {
    // SAFETY: as the caller vouches.
    unsafe { part_of_request(self_, out, out_len, |request| request.url().as_bytes()) }
}

/// With `TDC_REMOTE_NEEDED`: the body of the request, which lives as long as the error. Otherwise empty. It holds
/// payloads: not for logs.
///
/// # Safety
/// `self` is NULL or valid; `out` and `out_len` are valid out slots, or NULL: then nothing is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_request_body(
    self_: *const tdc_error,
    out: *mut *const u8,
    out_len: *mut usize,
) {
    // SAFETY: as the caller vouches.
    unsafe { part_of_request(self_, out, out_len, Request::body) }
}

/// With `TDC_REMOTE_NEEDED`: how many headers the request has. Otherwise 0.
///
/// # Safety
/// `self` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_request_header_count(self_: *const tdc_error) -> usize {
    // SAFETY: as the caller vouches.
    unsafe { tdc_error::read(self_, 0, |error| error.request().map_or(0, |request| request.headers().len())) }
}

/// Name and value of the header `index`, ASCII without terminators, which live as long as the error. A value can
/// be a credential: not for logs. `TDC_ERR_ARGUMENT` when there is no such header.
///
/// # Safety
/// `self` is NULL or valid; the others are valid out slots or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_request_header(
    self_: *const tdc_error,
    index: usize,
    name: *mut *const u8,
    name_len: *mut usize,
    value: *mut *const u8,
    value_len: *mut usize,
) -> tdc_status {
    if self_.is_null() || name.is_null() || name_len.is_null() || value.is_null() || value_len.is_null() {
        return Code::Null as tdc_status;
    }
    // SAFETY: as the caller vouches; the texts live in the error's box, which does not move.
    let header = unsafe {
        tdc_error::read(self_, None, |error| {
            let header = error.request().and_then(|request| request.headers().nth(index));
            header.map(|(name, value)| [name, value].map(|text| (text.as_ptr(), text.len())))
        })
    };
    let Some([(name_at, name_bytes), (value_at, value_bytes)]) = header else {
        return Code::Argument as tdc_status;
    };
    // SAFETY: valid out slots, as the caller vouches.
    unsafe {
        name.write(name_at);
        name_len.write(name_bytes);
        value.write(value_at);
        value_len.write(value_bytes);
    }
    Code::Ok as tdc_status
}

/// With `TDC_REMOTE_NEEDED`: how many milliseconds the server has, from the first try to connect to the end of
/// its answer. Otherwise 0.
///
/// # Safety
/// `self` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_request_timeout_ms(self_: *const tdc_error) -> u32 {
    // SAFETY: as the caller vouches.
    unsafe {
        tdc_error::read(self_, 0, |error| {
            let timeout = error.request().map_or(0, |request| request.timeout().as_millis());
            u32::try_from(timeout).unwrap_or(u32::MAX)
        })
    }
}

/// With `TDC_REMOTE_NEEDED`: the longest body that is an answer. Who has read one byte more stops there and hands
/// in what he has. Otherwise 0.
///
/// # Safety
/// `self` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_error_request_max_response(self_: *const tdc_error) -> usize {
    // SAFETY: as the caller vouches.
    unsafe { tdc_error::read(self_, 0, |error| error.request().map_or(0, Request::max_response_bytes)) }
}

/// Hands in what came of the request that a call asked for (`TDC_REMOTE_NEEDED`); `request` is the error of that
/// call. `http_status` and `body` are the server's answer, whatever it is; 0 says that there was none (no
/// connection, no TLS, no answer in time), and `body` is then the reason in words, UTF-8, for the error.
///
/// On `TDC_OK` the call is made again, within a minute. Any other status is what the call has come to: it is
/// transient unless the server does not take these payloads (`TDC_ERR_REMOTE_REFUSED`) or answered too much
/// (`TDC_ERR_LIMIT`).
///
/// # Safety
/// `self`, `request` and bytes are valid; `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_remote_provide(
    self_: *const tdc_data_converter,
    request: *const tdc_error,
    http_status: u32,
    body: *const u8,
    body_len: usize,
    error: *mut *mut tdc_error,
) -> tdc_status {
    // SAFETY: as the caller vouches.
    unsafe {
        guard(error, || {
            let handle = borrow_handle(self_)?;
            let Some(asked) = request.as_ref() else {
                return Err(Error::new(Code::Null, "request is NULL"));
            };
            let asked = asked
                .request()
                .ok_or_else(|| Error::new(Code::Argument, "request is no error of TDC_REMOTE_NEEDED"))?;
            let body = borrow_bytes(body, body_len, "body")?;
            handle.0.provide_remote(asked, http_status, body).map(|()| Code::Ok)
        })
    }
}
