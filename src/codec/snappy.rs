//! `binary/snappy`: Snappy's block format around the whole payload, as samples-go/snappycompress writes
//! it.

use std::cell::RefCell;

use super::compress::{Compression, malformed, too_large};
use crate::error::Error;
use crate::scratch;

pub(crate) struct Snappy {
    pub(crate) min_size: usize,
}

/// No element of the format makes more of its bytes: a copy of three bytes stands for at most 64.
const MAX_RATIO: usize = 32;

thread_local! {
    static ENCODER: RefCell<snap::raw::Encoder> = RefCell::new(snap::raw::Encoder::new());
}

impl Compression for Snappy {
    const METADATA: &'static [u8] = b"\x0a\x19\x0a\x08encoding\x12\x0dbinary/snappy";

    fn min_size(&self) -> usize {
        self.min_size
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
