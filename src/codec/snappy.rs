//! `binary/snappy`: Snappy's block format around the whole payload, as samples-go/snappycompress writes
//! it.

use super::compress::{Compression, malformed, too_large};
use crate::error::Error;

pub(crate) struct Snappy {
    pub(crate) min_size: usize,
}

/// No element of the format makes more of its bytes: a copy of three bytes stands for at most 64.
const MAX_RATIO: usize = 32;

impl Compression for Snappy {
    const METADATA: &'static [u8] = b"\x0a\x19\x0a\x08encoding\x12\x0dbinary/snappy";

    fn min_size(&self) -> usize {
        self.min_size
    }

    fn compress(&self, bytes: &[u8], out: &mut [u8]) -> Option<usize> {
        // The encoder insists on room for the worst case, which `out` has not.
        let compressed = snap::raw::Encoder::new().compress_vec(bytes).ok()?;
        out.get_mut(..compressed.len())?.copy_from_slice(&compressed);
        Some(compressed.len())
    }
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
