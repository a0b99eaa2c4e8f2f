//! A payload split into its fields, to be rewritten with another encoding and other data.

use std::borrow::Cow;

use tdc_formats::wire::{Cursor, Field, Malformed, Value, push_bytes, push_head};

use super::external::size_bytes;
use super::{View, malformed};
use crate::error::Error;
use crate::payload::Slices;
use crate::scratch;

/// The fields of a payload. Equal payloads are always rewritten in the same form: metadata sorted
/// by key, `data` unless it is empty, then the other fields as they came.
pub(crate) struct Parts<'a> {
    /// Sorted by key; no key occurs twice.
    metadata: Vec<(&'a [u8], &'a [u8])>,
    data: &'a [u8],
    /// All other fields, in their order, tags included.
    others: Vec<&'a [u8]>,
}

/// A rewritten payload, in several slices: its data need not be copied again to become part of a
/// message.
pub(crate) struct Rewritten<'a> {
    head: Vec<u8>,
    data: Cow<'a, [u8]>,
    others: Vec<&'a [u8]>,
}

impl Rewritten<'_> {
    /// The length of the payload, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.slices().map(<[u8]>::len).sum()
    }

    /// Keeps the memory of the data for the next call, if it is owned.
    pub(crate) fn recycle(self) {
        if let Cow::Owned(data) = self.data {
            scratch::give(data);
        }
    }

    /// The slices of the payload, in order.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &[u8]> {
        [&*self.head, &*self.data].into_iter().chain(self.others.iter().copied())
    }
}

const ENCODING: &[u8] = b"encoding";
const MESSAGE_TYPE: &[u8] = b"messageType";

impl<'a> Parts<'a> {
    /// Splits a serialised payload into its fields.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Self, Error> {
        // The checks of its form are in one place.
        let view = View::parse(Slices::one(payload)).map_err(malformed)?;
        Self::fields(payload, view.data).map_err(malformed)
    }

    fn fields(payload: &'a [u8], data: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = Self { metadata: Vec::new(), data, others: Vec::new() };
        let mut cursor = Cursor::new(payload);
        let mut start = 0;
        while let Some(field) = cursor.field()? {
            let end = payload.len() - cursor.remaining();
            match (field.number, field.value) {
                (1, Value::Bytes(bytes)) => parts.metadata.push(entry(bytes)?),
                (2, Value::Bytes(_)) => {}
                _ => parts.others.push(payload.get(start..end).unwrap_or_default()),
            }
            start = end;
        }
        // The last entry of a key counts: the sort keeps their order.
        parts.metadata.reverse();
        parts.metadata.sort_by_key(|(key, _)| *key);
        parts.metadata.dedup_by_key(|(key, _)| *key);
        Ok(parts)
    }

    fn get(&self, key: &[u8]) -> Option<&'a [u8]> {
        let at = self.metadata.binary_search_by_key(&key, |(key, _)| key).ok()?;
        self.metadata.get(at).map(|(_, value)| *value)
    }

    /// The metadata sorted by key; keys are UTF-8.
    pub(crate) fn entries(&self) -> &[(&'a [u8], &'a [u8])] {
        &self.metadata
    }

    /// The sizes in `external_payloads`.
    pub(crate) fn external_sizes(&self) -> impl Iterator<Item = Result<u64, Malformed>> {
        self.others.iter().filter_map(|field| match Cursor::new(field).field() {
            Ok(Some(Field { number: 3, value: Value::Bytes(details) })) => Some(size_bytes(details)),
            _ => None,
        })
    }

    /// `metadata["encoding"]`.
    pub(crate) fn encoding(&self) -> Option<&'a [u8]> {
        self.get(ENCODING)
    }

    /// `metadata["messageType"]`.
    pub(crate) fn message_type(&self) -> Option<&'a [u8]> {
        self.get(MESSAGE_TYPE)
    }

    /// The contents of `data`.
    pub(crate) fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The payload with another `encoding` and other `data`; it has an encoding.
    pub(crate) fn rewrite(self, encoding: &[u8], data: Cow<'a, [u8]>) -> Rewritten<'a> {
        let mut head = self.metadata(encoding);
        if !data.is_empty() {
            push_head(&mut head, 2, data.len());
        }
        Rewritten { head, data, others: self.others }
    }

    /// Everything before the contents of `data` when that is the last field, as codecs write it:
    /// the other fields, and its tag and length.
    pub(crate) fn head_of_last(&self, encoding: &[u8], data_len: usize) -> Vec<u8> {
        let mut head = self.metadata(encoding);
        self.others.iter().for_each(|field| head.extend_from_slice(field));
        push_head(&mut head, 2, data_len);
        head
    }

    fn metadata(&self, encoding: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        let mut buffer = Vec::new();
        for (key, value) in &self.metadata {
            buffer.clear();
            push_bytes(&mut buffer, 1, key);
            push_bytes(&mut buffer, 2, if *key == ENCODING { encoding } else { value });
            push_bytes(&mut out, 1, &buffer);
        }
        out
    }
}

fn entry(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let (mut key, mut value) = (&b""[..], &b""[..]);
    let mut cursor = Cursor::new(bytes);
    while let Some(field) = cursor.field()? {
        match (field.number, field.value) {
            (1, Value::Bytes(bytes)) => key = bytes,
            (2, Value::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_all_that_say_the_same() {
        let untidy =
            b"\x12\x01x\x1a\x02\x08\x05\x0a\x06\x0a\x01b\x12\x01\x02\x0a\x0d\x0a\x08encoding\x12\x01e\
            \x0a\x06\x0a\x01b\x12\x01\x03\x28\x07\x12\x02hi\x0a\x05\x12\x00\x0a\x01a";
        let parts = Parts::parse(untidy).unwrap();
        assert_eq!(
            (parts.encoding(), parts.message_type(), parts.data()),
            (Some(&b"e"[..]), None, &b"hi"[..])
        );
        let write = |data: &'static [u8]| {
            let made = Parts::parse(untidy).unwrap().rewrite(b"f", data.into());
            let bytes = made.slices().collect::<Vec<_>>().concat();
            assert_eq!(made.len(), bytes.len());
            bytes
        };
        assert_eq!(
            write(b"data"),
            b"\x0a\x05\x0a\x01a\x12\x00\x0a\x06\x0a\x01b\x12\x01\x03\x0a\x0d\x0a\x08encoding\x12\x01f\x12\x04data\
              \x1a\x02\x08\x05\x28\x07"
        );
        assert!(!write(b"").windows(2).any(|tag| tag == b"\x12\x04"));
    }

    #[test]
    fn what_is_malformed_is_refused_as_the_view_refuses_it() {
        for payload in [&b"\x0a\x03\x0a\x01\xff"[..], b"\x1a\x01\x08", b"\x12\x05a"] {
            assert_eq!(Parts::parse(payload).err().unwrap().code(), crate::Code::Protobuf);
        }
    }
}
