//! `binary/zstd`: one Zstandard frame (RFC 8878) around the whole payload.
//!
//! A frame is decompressed in one go into one piece of memory. So its window costs nothing,
//! whatever it asks for; a frame that names no content size gets what its blocks can come to at
//! most, within the limit, and pages that are not written are never taken. Contexts are kept for
//! each thread while they are small.

use std::cell::RefCell;
use std::path::Path;

use serde::Deserialize;
use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, ErrorCode, ResetDirective};

use super::compress::{Compression, check_level, malformed, too_large};
use super::draft::Draft;
use super::layer::{Layer, Open};
use super::list::{AddToChain, Codec, Stage};
use crate::config::document::{ByteSize, Problem};
use crate::error::{Code, Error};
use crate::scratch;

const NAME: &str = "zstd";

pub(super) const CODEC: Codec =
    Codec { name: NAME, about: "Zstandard.", stage: Stage::Compress, layers: &[&LAYER] };

static LAYER: Layer = Layer {
    encoding: "binary/zstd",
    codec: NAME,
    code: Code::Compressed,
    misfit: |view| (!begins(view.data)).then_some("its data does not begin with a zstd frame"),
    open: Open::Decompress(decode),
};

/// Options of `zstd`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ZstdOptions"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    /// 1 (fast) to 19 (small).
    #[cfg_attr(test, schemars(range(min = 1, max = 19)))]
    level: i32,
    /// Smaller payloads are left as they are.
    min_size: ByteSize,
}

impl Default for Options {
    fn default() -> Self {
        Self { level: 1, min_size: ByteSize(0) }
    }
}

impl AddToChain for Options {
    fn add(&self, chain: &mut Draft, _: &Path) -> Result<(), Problem> {
        check_level(&CODEC, &self.level, &(1..=19))?;
        chain.push(*self);
        Ok(())
    }
}

/// What a frame begins with. (A skippable frame has another number, and nothing in it.)
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The most bytes that a block may hold.
const MAX_BLOCK: usize = 128 << 10;

thread_local! {
    static COMPRESS: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
    static DECOMPRESS: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

impl Compression for Options {
    const LAYER: &'static Layer = &LAYER;
    const METADATA: &'static [u8] = b"\x0a\x17\x0a\x08encoding\x12\x0bbinary/zstd";

    fn min_size(&self) -> usize {
        self.min_size.0
    }

    fn compress(&self, bytes: &[u8], out: &mut [u8]) -> Option<usize> {
        COMPRESS.with_borrow_mut(|slot| {
            let mut context = slot.take().or_else(CCtx::try_create)?;
            context.reset(ResetDirective::SessionAndParameters).ok()?;
            context.set_parameter(CParameter::CompressionLevel(self.level)).ok()?;
            let len = context.compress2(out, bytes).ok();
            // A high level takes a hundred times as much for a large payload as for a small one.
            *slot = Some(context).filter(|context| context.sizeof() <= scratch::MAX_KEPT);
            len
        })
    }
}

/// Whether `data` can be a frame.
pub(super) fn begins(data: &[u8]) -> bool {
    data.starts_with(&MAGIC)
}

/// Decompresses one frame that takes up all of `data`, to at most `limit` bytes.
pub(super) fn decode(data: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let frame = zstd_safe::find_frame_compressed_size(data)
        .map_err(|_| malformed("zstd", "it is not a complete frame"))?;
    if frame != data.len() {
        return Err(malformed("zstd", "bytes follow its frame"));
    }
    let size = zstd_safe::get_frame_content_size(data)
        .map_err(|_| malformed("zstd", "its header cannot be read"))?;
    let room = match size {
        Some(size) => usize::try_from(size).ok().filter(|size| *size <= limit).ok_or_else(too_large)?,
        None => most(data).ok_or_else(|| malformed("zstd", "its blocks cannot be read"))?.min(limit),
    };
    DECOMPRESS.with_borrow_mut(|slot| {
        let mut context = slot
            .take()
            .or_else(DCtx::try_create)
            .ok_or_else(|| malformed("zstd", "there is no memory for its decoder"))?;
        context
            .reset(ResetDirective::SessionOnly)
            .map_err(|_| malformed("zstd", "its decoder cannot be reset"))?;
        out.clear();
        out.reserve_exact(room);
        let written = context.decompress(out, data);
        *slot = Some(context);
        match (written, size) {
            (Ok(written), Some(size)) if written as u64 != size => {
                Err(malformed("zstd", "its length is not what its header says"))
            }
            (Ok(_), _) => Ok(()),
            (Err(code), None) if room == limit && is_too_small(code) => Err(too_large()),
            (Err(_), _) => Err(malformed("zstd", "it does not decompress")),
        }
    })
}

fn is_too_small(code: ErrorCode) -> bool {
    code.wrapping_neg() == ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall as usize
}

/// The most bytes that the blocks of a complete frame without a content size can come to, by their
/// headers.
fn most(frame: &[u8]) -> Option<usize> {
    let (descriptor, rest) = frame.strip_prefix(&MAGIC)?.split_first()?;
    // Without a content size there is a window: of 2^10 bytes or more, in eighths.
    let (window, rest) = rest.split_first()?;
    let base = 1_usize.checked_shl(10 + u32::from(window >> 3))?;
    let block = (base + base / 8 * usize::from(window & 7)).min(MAX_BLOCK);
    let dictionary_id = [0, 1, 2, 4].get(usize::from(descriptor & 3))?;
    let mut rest = rest.get(*dictionary_id..)?;
    let mut sum: usize = 0;
    loop {
        let (header, after) = rest.split_first_chunk::<3>()?;
        let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
        let (is_last, kind, size) = (header & 1 == 1, header >> 1 & 3, usize::try_from(header >> 3).ok()?);
        let (content, stored) = match kind {
            0 => (size, size),
            // One byte, again and again.
            1 => (size, 1),
            _ => (block, size),
        };
        sum = sum.saturating_add(content);
        if is_last {
            return Some(sum);
        }
        rest = after.get(stored..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_counted_by_their_headers() {
        let header =
            |last: u32, kind: u32, size: u32| (last | kind << 1 | size << 3).to_le_bytes()[..3].to_vec();
        let frame =
            |descriptor: &[u8], blocks: &[Vec<u8>]| [&MAGIC[..], descriptor, &blocks.concat()].concat();
        let raw = [header(0, 0, 2), b"hi".to_vec()].concat();
        let rle = [header(0, 1, 9000), b"a".to_vec()].concat();
        let compressed = [header(1, 2, 3), b"abc".to_vec()].concat();
        // A window of 1 KiB, of 1 KiB and three eighths, of 128 MiB; a dictionary's id of four
        // bytes.
        for (descriptor, block) in
            [(&b"\x00\x00"[..], 1024), (b"\x00\x03", 1408), (b"\x00\x88", MAX_BLOCK), (b"\x03\x00ABCD", 1024)]
        {
            let frame = frame(descriptor, &[raw.clone(), rle.clone(), compressed.clone()]);
            assert_eq!(most(&frame), Some(2 + 9000 + block), "{descriptor:?}");
        }
        assert_eq!(most(&frame(b"\x00\x00", &[raw])), None, "there is no last block");
    }
}
