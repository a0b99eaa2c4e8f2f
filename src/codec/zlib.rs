//! `binary/zlib`: RFC 1950 around the whole payload, as Go's `NewZlibCodec` and Java's
//! `ZlibPayloadCodec` write and read it.
//!
//! Hostile data is inflated into memory that grows with what really comes out, up to the call's
//! limit.

use std::cell::RefCell;
use std::path::Path;

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};
use serde::Deserialize;

use super::compress::{Compression, check_level, malformed, too_large};
use super::draft::Draft;
use super::layer::{Layer, Open};
use super::list::{AddToChain, Codec, Stage};
use crate::config::document::{ByteSize, Problem};
use crate::error::{Code, Error};

const NAME: &str = "zlib";

pub(super) const CODEC: Codec = Codec {
    name: NAME,
    about: "RFC 1950, as Go's and Java's zlib codecs.",
    stage: Stage::Compress,
    layers: &[&LAYER],
};

static LAYER: Layer = Layer {
    encoding: "binary/zlib",
    codec: NAME,
    code: Code::Compressed,
    misfit: |view| (!begins(view.data)).then_some("its data does not begin with a zlib header"),
    open: Open::Decompress(decode),
};

/// Options of `zlib`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ZlibOptions"))]
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

thread_local! {
    static INFLATE: RefCell<Decompress> = RefCell::new(Decompress::new(true));
    /// A compressor is some 200 KiB that are worth keeping; the level is the one that it was made
    /// for.
    static DEFLATE: RefCell<Option<(u32, Compress)>> = const { RefCell::new(None) };
}

impl Compression for Options {
    const LAYER: &'static Layer = &LAYER;
    const METADATA: &'static [u8] = b"\x0a\x17\x0a\x08encoding\x12\x0bbinary/zlib";

    fn min_size(&self) -> usize {
        self.min_size.0
    }

    fn compress(&self, bytes: &[u8], out: &mut [u8]) -> Option<usize> {
        DEFLATE.with_borrow_mut(|slot| {
            let deflate = match slot {
                Some((level, deflate)) if *level == self.level => {
                    deflate.reset();
                    deflate
                }
                _ => {
                    &mut slot
                        .insert((self.level, Compress::new(flate2::Compression::new(self.level), true)))
                        .1
                }
            };
            match deflate.compress(bytes, out, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => usize::try_from(deflate.total_out()).ok(),
                _ => None,
            }
        })
    }
}

/// Whether `data` begins with a header of RFC 1950: the method is deflate, the window has at most
/// 32 KiB, and the check bits fit. (A preset dictionary is a zlib header, and refused later.)
pub(super) fn begins(data: &[u8]) -> bool {
    let [method, flags, ..] = data else { return false };
    method & 0x0f == 8 && method >> 4 <= 7 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0
}

/// Decompresses one stream that takes up all of `data`, to at most `limit` bytes.
pub(super) fn decode(data: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    INFLATE.with_borrow_mut(|inflate| {
        inflate.reset(true);
        out.clear();
        out.reserve_exact(data.len().saturating_mul(4).clamp(256, 1 << 20).min(limit.saturating_add(1)));
        loop {
            let read = usize::try_from(inflate.total_in()).unwrap_or(usize::MAX);
            let rest = data.get(read..).unwrap_or_default();
            let status = inflate
                .decompress_vec(rest, out, FlushDecompress::Finish)
                .map_err(|_| malformed("zlib", "it does not inflate"))?;
            if out.len() > limit {
                return Err(too_large());
            }
            match status {
                Status::StreamEnd if inflate.total_in() == data.len() as u64 => return Ok(()),
                Status::StreamEnd => return Err(malformed("zlib", "bytes follow its end")),
                // There was room, so it stopped for want of input.
                _ if out.len() < out.capacity() => return Err(malformed("zlib", "it ends too early")),
                _ => out.reserve_exact(out.len().min(limit.saturating_add(1) - out.len()).max(1)),
            }
        }
    })
}
