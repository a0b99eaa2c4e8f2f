//! A borrowed view of a `temporal.api.common.v1.Payload`, and an iterator over `Payloads`.
//!
//! ```text
//! Payloads  1 payloads (repeated Payload)
//! Payload   1 metadata (map<string, bytes>: entries of 1 key, 2 value)   2 data   3 external_payloads
//! ```
//! Source: `temporal/api/common/v1/message.proto`. Nothing is re-serialised: fields that the codecs
//! do not know keep their bytes, unknown fields and `external_payloads` included. Protobuf's rules
//! for what a producer may write apply: the last of a repeated singular field wins, the last entry
//! of a map key wins, a missing key or value is empty, a known number with another wire type is an
//! unknown field.

mod external;
pub mod json;
mod parts;

pub(crate) use external::external_sizes;
pub(crate) use parts::{Parts, Rewritten};

use std::borrow::Cow;

use tdc_formats::wire::{Cursor, Field, Malformed, Value};

use crate::error::{Code, Error};
use crate::limits::Limits;

/// A serialised payload in two slices; `tail` is empty, or exactly the contents of the field whose
/// tag and length end `head`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slices<'a> {
    pub(crate) head: &'a [u8],
    pub(crate) tail: &'a [u8],
}

impl<'a> Slices<'a> {
    pub(crate) fn one(bytes: &'a [u8]) -> Self {
        Self { head: bytes, tail: &[] }
    }

    pub(crate) fn len(&self) -> usize {
        self.head.len().saturating_add(self.tail.len())
    }

    /// Both slices as one, without a copy if there is only one.
    pub(crate) fn joined(self) -> Cow<'a, [u8]> {
        if self.tail.is_empty() { Cow::Borrowed(self.head) } else { Cow::Owned(self.to_vec()) }
    }

    /// Both slices in one.
    pub(crate) fn to_vec(self) -> Vec<u8> {
        [self.head, self.tail].concat()
    }

    /// Copies both slices to the start of `out`, which is long enough.
    #[cfg(all(feature = "portable", any(test, not(feature = "aws-lc"))))]
    pub(crate) fn copy_to(&self, out: &mut [u8]) {
        if let Some((head, rest)) = out.split_at_mut_checked(self.head.len()) {
            head.copy_from_slice(self.head);
            if let Some(tail) = rest.get_mut(..self.tail.len()) {
                tail.copy_from_slice(self.tail);
            }
        }
    }
}

/// The parts of a payload that the codecs need.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct View<'a> {
    /// `metadata["encoding"]`.
    pub(crate) encoding: Option<&'a [u8]>,
    /// `metadata["encryption-key-id"]`.
    pub(crate) key_id: Option<&'a [u8]>,
    /// `metadata["encryption-cipher"]`, which only the Java sample writes.
    pub(crate) cipher: Option<&'a [u8]>,
    /// `metadata["encryption-dek"]`: the wrapped data key of an envelope.
    pub(crate) data_key: Option<&'a [u8]>,
    /// `metadata["encryption-context"]`: the context that a payload is bound to.
    pub(crate) bound_to: Option<&'a [u8]>,
    /// The contents of the last `data` field.
    pub(crate) data: &'a [u8],
    /// Where `data` begins, counted over both slices; the length of the payload if there is no such
    /// field.
    pub(crate) data_offset: usize,
    /// Whether one of the fields is metadata, `data` or `external_payloads`. Other bytes can be
    /// well-formed protobuf too, such as `123456789`.
    pub(crate) is_payload: bool,
    /// Whether there are `external_payloads`.
    pub(crate) has_external: bool,
}

/// The position of the contents of the last `data` field in a serialised payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The first byte, counted from the start of the payload; the payload's length if it has no
    /// such field.
    pub offset: usize,
    /// How many bytes.
    pub len: usize,
}

impl<'a> View<'a> {
    pub(crate) fn location(&self) -> Location {
        Location { offset: self.data_offset, len: self.data.len() }
    }

    /// Walks a payload.
    #[inline]
    pub(crate) fn parse(payload: Slices<'a>) -> Result<Self, Malformed> {
        let mut view = Self { data_offset: payload.len(), ..Self::default() };
        let mut cursor = Cursor::with_tail(payload.head, payload.tail);
        while let Some(field) = cursor.field()? {
            match (field.number, field.value) {
                (1, Value::Bytes(entry)) => {
                    view.is_payload = true;
                    view.entry(entry)?;
                }
                (2, Value::Bytes(data)) => {
                    view.is_payload = true;
                    view.data = data;
                    // The tail was taken if and only if the head ended before it.
                    let end = payload.head.len() - cursor.remaining();
                    let from_tail = !data.is_empty() && core::ptr::eq(data, payload.tail);
                    view.data_offset = if from_tail { end } else { end - data.len() };
                }
                (3, Value::Bytes(details)) => {
                    view.is_payload = true;
                    view.has_external = true;
                    Cursor::new(details).check()?;
                }
                _ => {}
            }
        }
        Ok(view)
    }

    #[inline]
    fn entry(&mut self, entry: &'a [u8]) -> Result<(), Malformed> {
        // Nearly every entry: a key, then a value, each with a length of one byte.
        if let [0x0a, key_len @ 0..=0x7f, rest @ ..] = entry
            && let Some((key, [0x12, value_len @ 0..=0x7f, value @ ..])) =
                rest.split_at_checked(usize::from(*key_len))
            && value.len() == usize::from(*value_len)
        {
            self.keep(Known::of(key)?, value);
            return Ok(());
        }
        let (mut key, mut value) = (None, &b""[..]);
        let mut cursor = Cursor::new(entry);
        while let Some(field) = cursor.field()? {
            match (field.number, field.value) {
                (1, Value::Bytes(bytes)) => key = Known::of(bytes)?,
                (2, Value::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
        self.keep(key, value);
        Ok(())
    }

    #[inline]
    fn keep(&mut self, key: Option<Known>, value: &'a [u8]) {
        match key {
            Some(Known::Encoding) => self.encoding = Some(value),
            Some(Known::KeyId) => self.key_id = Some(value),
            Some(Known::Cipher) => self.cipher = Some(value),
            Some(Known::DataKey) => self.data_key = Some(value),
            Some(Known::BoundTo) => self.bound_to = Some(value),
            None => {}
        }
    }
}

/// The metadata keys that codecs know.
#[derive(Clone, Copy)]
enum Known {
    Encoding,
    KeyId,
    Cipher,
    DataKey,
    BoundTo,
}

impl Known {
    fn of(key: &[u8]) -> Result<Option<Self>, Malformed> {
        match key {
            b"encoding" => Ok(Some(Self::Encoding)),
            b"encryption-key-id" => Ok(Some(Self::KeyId)),
            b"encryption-cipher" => Ok(Some(Self::Cipher)),
            b"encryption-dek" => Ok(Some(Self::DataKey)),
            b"encryption-context" => Ok(Some(Self::BoundTo)),
            _ => core::str::from_utf8(key).map(|_| None).map_err(|_| Malformed::Utf8),
        }
    }
}

/// Finds the payloads in a serialised `Payloads`.
///
/// # Errors
/// [`Code::Protobuf`].
pub fn find(list: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let limits = Limits { max_payloads: usize::MAX, ..Limits::default() };
    Payloads::parse(list, &limits, 0).map(|found| found.payloads)
}

/// How many payloads a well-formed serialised `Payloads` has.
#[must_use]
pub fn count(list: &[u8]) -> usize {
    let mut cursor = Cursor::new(list);
    let is_payload = |field: &Field<'_>| matches!((field.number, field.value), (1, Value::Bytes(_)));
    core::iter::from_fn(|| cursor.field().ok().flatten()).filter(is_payload).count()
}

/// The payloads of a serialised `Payloads`, and its other fields.
#[derive(Debug)]
pub(crate) struct Payloads<'a> {
    pub(crate) payloads: Vec<&'a [u8]>,
    /// Fields of other numbers, in their order, tags included: they are kept after the payloads.
    pub(crate) unknown: Vec<&'a [u8]>,
}

impl<'a> Payloads<'a> {
    /// Reads the framing, not the payloads themselves. `used` payloads came before these.
    pub(crate) fn parse(bytes: &'a [u8], limits: &Limits, used: usize) -> Result<Self, Error> {
        let allowed = limits.max_payloads.saturating_sub(used);
        let mut payloads = Vec::new();
        let mut unknown = Vec::new();
        let mut cursor = Cursor::new(bytes);
        let mut start = 0;
        while let Some(field) = cursor.field().map_err(|cause| {
            Error::new(Code::Protobuf, format!("the Payloads message is malformed: {cause}"))
        })? {
            let end = bytes.len() - cursor.remaining();
            match (field.number, field.value) {
                (1, Value::Bytes(payload)) => payloads.push(payload),
                _ => unknown.push(bytes.get(start..end).unwrap_or_default()),
            }
            if payloads.len() > allowed || unknown.len() > allowed {
                return Err(too_many(limits.max_payloads));
            }
            start = end;
        }
        Ok(Self { payloads, unknown })
    }
}

/// The error for more payloads than one call may have.
#[cold]
pub(crate) fn too_many(max_payloads: usize) -> Error {
    Error::new(
        Code::Limit,
        format!("more than {max_payloads} payloads in one call: split it, or raise limits.max_payloads"),
    )
}

/// The error for a payload that is not a protobuf message.
#[cold]
pub(crate) fn malformed(cause: Malformed) -> Error {
    let cause = match cause {
        Malformed::Utf8 => "a metadata key is not UTF-8".to_owned(),
        cause => cause.to_string(),
    };
    Error::new(Code::Protobuf, format!("the payload is malformed: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(bytes: &[u8]) -> View<'_> {
        View::parse(Slices::one(bytes)).unwrap()
    }

    #[test]
    fn metadata_and_data_are_found_in_any_order() {
        let payload = view(b"\x12\x02hi\x0a\x0d\x0a\x08encoding\x12\x01a");
        assert_eq!((payload.encoding, payload.data, payload.data_offset), (Some(&b"a"[..]), &b"hi"[..], 2));
    }

    #[test]
    fn the_last_wins() {
        let payload =
            view(b"\x0a\x0d\x0a\x08encoding\x12\x01a\x12\x01x\x0a\x0d\x0a\x08encoding\x12\x01b\x12\x01y");
        assert_eq!((payload.encoding, payload.data), (Some(&b"b"[..]), &b"y"[..]));
        let value_twice = view(b"\x0a\x10\x0a\x08encoding\x12\x01a\x12\x01b");
        assert_eq!(value_twice.encoding, Some(&b"b"[..]));
    }

    #[test]
    fn missing_value_is_empty_and_other_wire_types_are_unknown_fields() {
        assert_eq!(view(b"\x0a\x0a\x0a\x08encoding").encoding, Some(&b""[..]));
        let payload = view(b"\x08\x01\x10\x01");
        assert_eq!((payload.encoding, payload.data, payload.data_offset), (None, &b""[..], 4));
    }

    #[test]
    fn only_fields_of_a_payload_make_one() {
        for bytes in [&b"\x0a\x00"[..], b"\x12\x00", b"\x1a\x00", b"\x20\x01\x12\x00"] {
            assert!(view(bytes).is_payload, "{bytes:?}");
        }
        for bytes in [&b""[..], b"123456789", b"\x22\x00", b"\x08\x01\x10\x01\x18\x01"] {
            assert!(!view(bytes).is_payload, "{bytes:?}");
        }
    }

    #[test]
    fn data_may_come_as_a_second_slice() {
        let payload =
            View::parse(Slices { head: b"\x0a\x0d\x0a\x08encoding\x12\x01a\x12\x02", tail: b"hi" }).unwrap();
        assert_eq!((payload.data, payload.data_offset), (&b"hi"[..], 17));
    }

    #[test]
    fn key_that_is_not_utf8_and_broken_details_are_malformed() {
        let parse = |bytes| View::parse(Slices::one(bytes)).unwrap_err();
        assert_eq!(parse(b"\x0a\x03\x0a\x01\xff"), Malformed::Utf8);
        assert_eq!(parse(b"\x1a\x01\x08"), Malformed::Truncated);
    }

    #[test]
    fn unknown_fields_of_payloads_are_kept() {
        let parsed = Payloads::parse(b"\x12\x01u\x0a\x01p\x18\x05\x0a\x00", &Limits::default(), 0).unwrap();
        assert_eq!(parsed.payloads, [&b"p"[..], b""]);
        assert_eq!(parsed.unknown, [&b"\x12\x01u"[..], b"\x18\x05"]);
    }
}
