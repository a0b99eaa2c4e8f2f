//! `binary/snappy`: Snappy's block format around the whole payload, as samples-go/snappycompress
//! writes it.

use std::cell::RefCell;
use std::path::Path;

use serde::Deserialize;

use tdc_formats::wire::Cursor;

use super::compress::{Compression, malformed, too_large};
use super::draft::Draft;
use super::layer::{Layer, Open};
use super::list::{AddToChain, Codec, Stage};
use crate::config::document::{ByteSize, Problem};
use crate::error::{Code, Error};
use crate::scratch;

const NAME: &str = "snappy";

pub(super) const CODEC: Codec =
    Codec { name: NAME, about: "Snappy's block format.", stage: Stage::Compress, layers: &[&LAYER] };

static LAYER: Layer = Layer {
    encoding: "binary/snappy",
    codec: NAME,
    code: Code::Compressed,
    misfit: |view| (!begins(view.data)).then_some("its data does not begin with a snappy block"),
    open: Open::Decompress(decode),
};

/// Options of `snappy`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "SnappyOptions"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    /// Smaller payloads are left as they are.
    min_size: ByteSize,
}

impl AddToChain for Options {
    fn add(&self, chain: &mut Draft, _: &Path) -> Result<(), Problem> {
        chain.push(*self);
        Ok(())
    }
}

/// No element of the format makes more of its bytes: a copy of three bytes stands for at most 64.
const MAX_RATIO: usize = 32;

thread_local! {
    static ENCODER: RefCell<snap::raw::Encoder> = RefCell::new(snap::raw::Encoder::new());
}

impl Compression for Options {
    const LAYER: &'static Layer = &LAYER;
    const METADATA: &'static [u8] = b"\x0a\x19\x0a\x08encoding\x12\x0dbinary/snappy";

    fn min_size(&self) -> usize {
        self.min_size.0
    }

    fn compress(&self, bytes: &[u8], out: &mut [u8]) -> Option<usize> {
        // The encoder insists on room for the worst case, which `out` has not.
        let mut room = scratch::take();
        room.resize(snap::raw::max_compress_len(bytes.len()), 0);
        let len = ENCODER.with_borrow_mut(|encoder| encoder.compress(bytes, &mut room)).ok();
        let fits = len.and_then(|len| {
            out.get_mut(..len)?.copy_from_slice(room.get(..len)?);
            Some(len)
        });
        scratch::give(room);
        fits
    }
}

/// Whether `data` can be a block. It has no header and no checksum, but it begins with its length,
/// in 32 bits, and a literal: there is nothing yet that could be copied.
pub(super) fn begins(data: &[u8]) -> bool {
    let mut cursor = Cursor::new(data);
    let Some(len) = cursor.varint().ok().and_then(|len| u32::try_from(len).ok()) else { return false };
    let rest = data.get(data.len() - cursor.remaining()..).unwrap_or_default();
    let Some((tag, rest)) = rest.split_first() else { return len == 0 };
    // Up to 60 the tag says the literal's length, less one; beyond that, in how many bytes it
    // follows.
    let (literal, extra) = match tag >> 2 {
        short @ 0..60 => (u32::from(short), 0),
        long => {
            let extra = usize::from(long - 59);
            let Some(bytes) = rest.get(..extra) else { return false };
            (bytes.iter().rev().fold(0, |len, byte| len << 8 | u32::from(*byte)), extra)
        }
    };
    let fits = |room: usize| usize::try_from(literal).is_ok_and(|literal| literal < room);
    tag & 3 == 0 && literal < len && fits(rest.len().saturating_sub(extra))
}

/// Decompresses one block that takes up all of `data`, to at most `limit` bytes.
pub(super) fn decode(data: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let len =
        snap::raw::decompress_len(data).map_err(|_| malformed("snappy", "its length cannot be read"))?;
    if len > limit {
        return Err(too_large());
    }
    if len / MAX_RATIO > data.len() {
        return Err(malformed("snappy", "it claims to hold more than the format can express"));
    }
    out.clear();
    out.resize(len, 0);
    let written = snap::raw::Decoder::new()
        .decompress(data, out)
        .map_err(|_| malformed("snappy", "it does not decompress"))?;
    if written == len { Ok(()) } else { Err(malformed("snappy", "it ends too early")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_encoder_writes_begins_as_a_block_and_text_does_not() {
        for len in [0, 1, 59, 60, 61, 255, 256, 257, 65_535, 65_536, 65_537, 70_000] {
            // Nothing repeats, so it is one literal for every 64 KiB.
            let bytes: Vec<u8> =
                (0..len).map(|at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0]).collect();
            let block = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
            assert!(begins(&block), "{len}");
            assert!(
                begins(&snap::raw::Encoder::new().compress_vec(&vec![b'a'; bytes.len()]).unwrap()),
                "{len}"
            );
        }
        for text in [
            &b""[..],
            b"123456789",
            b"hello",
            b"{\"a\":1}",
            b"\xff\xff\xff\xff\x7f\x00a",
            b"\x80",
            b"\x01",
            b"\x00a",
        ] {
            assert!(!begins(text), "{text:?}");
        }
    }
}
