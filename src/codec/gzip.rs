//! `binary/gzip`: RFC 1952 around the whole payload, as the Python samples write it; several members in
//! a row are one stream.

use std::io::{Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::compress::{Compression, malformed, too_large};
use super::layer::Layer;
use crate::error::Error;

pub(crate) struct Gzip {
    pub(crate) level: u32,
    pub(crate) min_size: usize,
}

impl Compression for Gzip {
    const LAYER: Layer = Layer::Gzip;
    const METADATA: &'static [u8] = b"\x0a\x17\x0a\x08encoding\x12\x0bbinary/gzip";

    fn min_size(&self) -> usize {
        self.min_size
    }

    fn compress(&self, bytes: &[u8], out: &mut [u8]) -> Option<usize> {
        let room = out.len();
        let mut encoder = GzEncoder::new(out, flate2::Compression::new(self.level));
        encoder.write_all(bytes).ok()?;
        let left = encoder.finish().ok()?.len();
        Some(room - left)
    }
}

/// Whether `data` begins with a header of RFC 1952, and the method is deflate.
pub(super) fn begins(data: &[u8]) -> bool {
    data.starts_with(b"\x1f\x8b\x08")
}

/// Decompresses all members of `data`, to at most `limit` bytes.
pub(super) fn decode(data: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    out.clear();
    let allowed = limit.saturating_add(1) as u64;
    MultiGzDecoder::new(data)
        .take(allowed)
        .read_to_end(out)
        .map_err(|_| malformed("gzip", "it does not inflate"))?;
    if out.len() > limit { Err(too_large()) } else { Ok(()) }
}
