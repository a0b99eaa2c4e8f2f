//! `binary/gzip`: RFC 1952 around the whole payload, as the Python samples write it; several
//! members in a row are one stream.

use std::io::{Read, Write};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;

use super::compress::{Compression, check_level, malformed, too_large};
use super::draft::Draft;
use super::layer::{Layer, Open};
use super::list::{AddToChain, Codec, Stage};
use crate::config::document::{ByteSize, Problem};
use crate::error::{Code, Error};

const NAME: &str = "gzip";

pub(super) const CODEC: Codec =
    Codec { name: NAME, about: "RFC 1952.", stage: Stage::Compress, layers: &[&LAYER] };

static LAYER: Layer = Layer {
    encoding: "binary/gzip",
    codec: NAME,
    code: Code::Compressed,
    misfit: |view| (!begins(view.data)).then_some("its data does not begin with a gzip header"),
    open: Open::Decompress(decode),
};

/// Options of `gzip`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "GzipOptions"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    /// 1 (fast) to 9 (small).
    #[cfg_attr(test, schemars(range(min = 1, max = 9)))]
    level: u32,
    /// Smaller payloads are left as they are.
    min_size: ByteSize,
}

impl Default for Options {
    fn default() -> Self {
        Self { level: 6, min_size: ByteSize(0) }
    }
}

impl AddToChain for Options {
    fn add(&self, chain: &mut Draft, _: &Path) -> Result<(), Problem> {
        check_level(&CODEC, &self.level, &(1..=9))?;
        chain.push(*self);
        Ok(())
    }
}

impl Compression for Options {
    const LAYER: &'static Layer = &LAYER;
    const METADATA: &'static [u8] = b"\x0a\x17\x0a\x08encoding\x12\x0bbinary/gzip";

    fn min_size(&self) -> usize {
        self.min_size.0
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
