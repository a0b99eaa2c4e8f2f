//! The protobuf of a payload whose JSON was read. Its `data` is decoded straight into its place.

use tdc_formats::base64;
use tdc_formats::json::Text;
use tdc_formats::wire::{push_head, push_varint, varint_len};

use super::members::not_base64;
use super::{Entry, Parsed, Parser};
use crate::payload::json::place::Place;

impl Parser<'_> {
    /// Appends the payload that was read.
    pub(super) fn write(&mut self, in_list: bool) -> Parsed<()> {
        // The last entry of a key counts: the sort keeps their order.
        if !self.metadata.is_sorted_by(|one, other| one.key < other.key) {
            self.metadata.reverse();
            self.metadata.sort_by(|one, other| one.key.cmp(&other.key));
            self.metadata.dedup_by(|one, other| one.key == other.key);
        }
        let start = self.out.len();
        let text = self.data.map(Text::lossy).unwrap_or_default();
        let likely_len = base64::decoded_len(text.as_bytes());
        self.write_head(likely_len, in_list);
        let data = self.out.len();
        if !base64::decode(text.as_bytes(), &mut self.out) {
            return match self.data {
                Some(text) => Err(not_base64(text, Place::Data)),
                None => Ok(()),
            };
        }
        if self.out.len() - data != likely_len {
            // There was whitespace in it.
            let decoded = self.out.split_off(data);
            self.out.truncate(start);
            self.write_head(decoded.len(), in_list);
            self.out.extend_from_slice(&decoded);
        }
        for size in &self.sizes {
            let size = size.cast_unsigned();
            push_head(&mut self.out, 3, size_len(size));
            if size != 0 {
                self.out.push(0x08);
                push_varint(&mut self.out, size);
            }
        }
        Ok(())
    }

    /// Appends what comes before the contents of `data`, which have `data_len` bytes.
    fn write_head(&mut self, data_len: usize, in_list: bool) {
        let entry_len = |entry: &Entry<'_>| field_len(entry.key.len()) + field_len(entry.end - entry.start);
        if in_list {
            let metadata: usize = self.metadata.iter().map(|entry| message_len(entry_len(entry))).sum();
            let sizes: usize =
                self.sizes.iter().map(|size| message_len(size_len(size.cast_unsigned()))).sum();
            push_head(&mut self.out, 1, metadata + field_len(data_len) + sizes);
        }
        for entry in &self.metadata {
            push_head(&mut self.out, 1, entry_len(entry));
            push_field(&mut self.out, 1, entry.key.as_bytes());
            push_field(&mut self.out, 2, self.values.get(entry.start..entry.end).unwrap_or_default());
        }
        if data_len > 0 {
            push_head(&mut self.out, 2, data_len);
        }
    }
}

/// Size of an `ExternalPayloadDetails`, in bytes.
fn size_len(size: u64) -> usize {
    match size {
        0 => 0,
        size => 1 + (u64::BITS - size.leading_zeros()).div_ceil(7) as usize,
    }
}

/// Size of a length-delimited field that is written even if it is empty.
fn message_len(len: usize) -> usize {
    1 + varint_len(len) + len
}

/// Size of a length-delimited field that is left out if it is empty.
fn field_len(len: usize) -> usize {
    if len == 0 { 0 } else { message_len(len) }
}

fn push_field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    if !bytes.is_empty() {
        push_head(out, number, bytes.len());
        out.extend_from_slice(bytes);
    }
}
