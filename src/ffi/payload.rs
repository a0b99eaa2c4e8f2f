//! The codec on one payload, in two slices, into the caller's buffer.

use super::buffer::tdc_buffer;
use super::call::{tdc_call, with_call};
use super::data_converter::tdc_data_converter;
use super::error::tdc_error;
use super::guard::{OutSlot, borrow_bytes, borrow_handle, borrow_mut, guard, guard_value};
use super::status::tdc_status;
use crate::call::Scope;
use crate::codec::ANY_OVERHEAD;
use crate::data_converter::DataConverter;
use crate::error::{Code, Error};
use crate::outcome::Outcome;

/// Where a call on one payload put its answer: in the caller's buffer, or in `owned` where
/// `owned.data` is not NULL.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub struct tdc_payload {
    /// Bytes of the payload.
    pub len: usize,
    /// The first byte of the contents of its last `data` field; `len` when it has none.
    pub data_offset: usize,
    /// How many bytes these contents have. Other fields can follow them.
    pub data_len: usize,
    /// The payload itself when it did not fit the caller's buffer, for a reason that could not be
    /// known before (decompression, many external payloads, a codec server's answer); freed by
    /// `tdc_buffer_free`. Otherwise zeroes.
    pub owned: tdc_buffer,
}

/// The arguments of both directions.
struct PayloadArguments {
    handle: *const tdc_data_converter,
    call: *mut tdc_call,
    context: (*const u8, usize),
    head: (*const u8, usize),
    data: (*const u8, usize),
    out: (*mut u8, usize),
    written: *mut tdc_payload,
}

impl PayloadArguments {
    /// # Safety
    /// Handle, bytes, buffer and out slots are valid; the buffer overlaps nothing else; `error` may
    /// be NULL.
    unsafe fn run(
        self,
        error: *mut *mut tdc_error,
        work: impl FnOnce(&DataConverter, Scope<'_>, &[u8], &[u8], &mut [u8]) -> Result<Outcome, Error>,
    ) -> tdc_status {
        // SAFETY: as the caller vouches.
        unsafe {
            guard(error, || {
                let handle = borrow_handle(self.handle)?;
                let written = OutSlot::new(self.written, "written")?;
                let context = borrow_bytes(self.context.0, self.context.1, "context")?;
                let head = borrow_bytes(self.head.0, self.head.1, "head")?;
                let data = borrow_bytes(self.data.0, self.data.1, "data")?;
                let out = borrow_mut(self.out.0, self.out.1, "out")?;
                let outcome =
                    with_call(self.call, |call| work(&handle.0, Scope { context, call }, head, data, out))?;
                let (len, data, owned) = match outcome {
                    Outcome::Unchanged => return Ok(Code::Unchanged),
                    Outcome::Written { len, data } => (len, data, tdc_buffer::EMPTY),
                    Outcome::Owned { bytes, data } => (bytes.len(), data, tdc_buffer::from_vec(bytes)),
                };
                written.write(tdc_payload { len, data_offset: data.offset, data_len: data.len, owned });
                Ok(Code::Ok)
            })
        }
    }
}

/// The most bytes that a payload of `payload_len` bytes encodes to: `payload_len` and a number that
/// holds for the configuration and the data keys of this moment. `TDC_ERR_BUFFER_TOO_SMALL` stays
/// possible after a reload, and where `keys.ring` has a key of a key service: try again with the
/// size that the error gives. NULL stands for any configuration without such keys and without
/// `bind`.
///
/// # Safety
/// `self` is valid or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_codec_encode_bound(
    self_: *const tdc_data_converter,
    payload_len: usize,
) -> usize {
    // SAFETY: as the caller vouches.
    guard_value(usize::MAX, || unsafe {
        borrow_handle(self_).map_or_else(
            |_| payload_len.saturating_add(ANY_OVERHEAD),
            |handle| handle.0.encode_bound(payload_len),
        )
    })
}

/// Encodes one payload, which comes in two slices, so that a large one need not be serialised
/// first: `head` is every other field in any order, then the tag (0x12) and the length of `data`;
/// `data` is its contents. With `data` as `NULL, 0`, `head` is the whole serialised payload.
///
/// The encoded payload is written to the start of `out`, which overlaps neither slice;
/// `tdc_codec_encode_bound(self, head_len + data_len)` is enough, but for a payload with many
/// external payloads and for what a codec server answers (`TDC_FLAG_REMOTE`): what does not fit
/// comes in `written->owned`. `*written` is written on `TDC_OK`.
/// `TDC_UNCHANGED`: the payload is to stay as it is.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `out` is writable for `out_capacity` bytes;
/// `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_codec_encode_payload(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    context: *const u8,
    context_len: usize,
    head: *const u8,
    head_len: usize,
    data: *const u8,
    data_len: usize,
    out: *mut u8,
    out_capacity: usize,
    written: *mut tdc_payload,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let arguments = PayloadArguments {
        handle: self_,
        call,
        context: (context, context_len),
        head: (head, head_len),
        data: (data, data_len),
        out: (out, out_capacity),
        written,
    };
    // SAFETY: as the caller vouches.
    unsafe {
        arguments
            .run(error, |converter, scope, head, data, out| converter.encode_payload(scope, head, data, out))
    }
}

/// Decodes one payload in two slices, as `tdc_codec_encode_payload` takes it.
///
/// A capacity of `head_len + data_len` is enough unless a layer was
/// compressed: then an answer that does not fit comes in `written->owned`. `TDC_UNCHANGED`: no
/// codec of the library made this payload. After an error `out` holds nothing of the payload.
///
/// # Safety
/// `self`, `call`, bytes and out slots are valid; `out` is writable for `out_capacity` bytes;
/// `call` and `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tdc_codec_decode_payload(
    self_: *const tdc_data_converter,
    call: *mut tdc_call,
    context: *const u8,
    context_len: usize,
    head: *const u8,
    head_len: usize,
    data: *const u8,
    data_len: usize,
    out: *mut u8,
    out_capacity: usize,
    written: *mut tdc_payload,
    error: *mut *mut tdc_error,
) -> tdc_status {
    let arguments = PayloadArguments {
        handle: self_,
        call,
        context: (context, context_len),
        head: (head, head_len),
        data: (data, data_len),
        out: (out, out_capacity),
        written,
    };
    // SAFETY: as the caller vouches.
    unsafe {
        arguments
            .run(error, |converter, scope, head, data, out| converter.decode_payload(scope, head, data, out))
    }
}
