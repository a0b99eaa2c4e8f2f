//! The common part of the compression codecs: a payload is left as it is if it is small or does not
//! shrink.

use core::fmt;
use core::ops::RangeInclusive;

use super::layer::Layer;
use super::list::Codec;
use super::{Encoder, Environment, Written};
use crate::config::document::Problem;
use crate::error::{Code, Error};
use crate::payload::Slices;
use tdc_formats::wire;

use crate::scratch;

/// A compression format.
pub(crate) trait Compression: Send + Sync {
    /// What it makes.
    const LAYER: &'static Layer;

    /// The payload's metadata: the single entry `encoding`, in wire form.
    const METADATA: &'static [u8];

    /// Payloads shorter than this are left as they are.
    fn min_size(&self) -> usize;

    /// Compresses to the start of `out`. Returns the length, or `None` if it does not fit or fails:
    /// then the payload is left as it is.
    fn compress(&self, bytes: &[u8], out: &mut [u8]) -> Option<usize>;
}

impl<C: Compression> Encoder for C {
    fn layer(&self) -> Option<&'static Layer> {
        Some(C::LAYER)
    }

    fn overhead(&self, _: &Environment<'_>) -> usize {
        0
    }

    fn encode(
        &self,
        payload: Slices<'_>,
        outside: &[u8],
        _: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Option<Written>, Error> {
        if payload.len() < self.min_size() {
            return Ok(None);
        }
        if payload.tail.is_empty() {
            return Ok(encode_whole(self, payload.head, outside, out));
        }
        // The libraries take one slice, and a copy is cheap compared to compression.
        let mut joined = scratch::take();
        joined.clear();
        joined.extend_from_slice(payload.head);
        joined.extend_from_slice(payload.tail);
        let written = encode_whole(self, &joined, outside, out);
        scratch::give(joined);
        Ok(written)
    }
}

fn encode_whole<C: Compression>(
    codec: &C,
    payload: &[u8],
    outside: &[u8],
    out: &mut [u8],
) -> Option<Written> {
    // The whole encoded payload must be smaller than the original, so no more room is needed.
    let out = out.get_mut(..payload.len().checked_sub(1)?)?;
    let (metadata, rest) = out.split_at_mut_checked(C::METADATA.len())?;
    metadata.copy_from_slice(C::METADATA);
    let (fields, rest) = rest.split_at_mut_checked(outside.len())?;
    fields.copy_from_slice(outside);
    // Leave room for the longest possible length prefix, compress after it, then close the gap.
    let reserved = 1 + wire::varint_len(payload.len());
    let len = codec.compress(payload, rest.get_mut(reserved..)?)?;
    *rest.first_mut()? = 0x12;
    let used = 1 + wire::put_varint(rest.get_mut(1..)?, len)?;
    if used < reserved {
        rest.copy_within(reserved..reserved + len, used);
    }
    let data_offset = C::METADATA.len() + outside.len() + used;
    Some(Written { len: data_offset + len, data_offset })
}

/// Checks the option `level` of a codec.
pub(super) fn check_level<T: PartialOrd + fmt::Display>(
    codec: &Codec,
    level: &T,
    range: &RangeInclusive<T>,
) -> Result<(), Problem> {
    if range.contains(level) {
        return Ok(());
    }
    let message = format!("found {level}, expected {} to {}", range.start(), range.end());
    Err(Problem::new(message).inside("level").inside(codec.name))
}

/// The error for compressed data that is malformed.
#[cold]
pub(super) fn malformed(format: &str, why: &str) -> Error {
    Error::new(Code::Compressed, format!("the {format} data is malformed: {why}"))
}

/// The error for data that decodes to more than is allowed.
#[cold]
pub(crate) fn too_large() -> Error {
    Error::new(
        Code::Limit,
        "the payloads decode to more than limits.max_decoded_bytes allows: raise the limit if they are meant to be this large",
    )
}
