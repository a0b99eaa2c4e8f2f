//! `binary/zstd`: one Zstandard frame (RFC 8878) around the whole payload. Contexts are kept for each
//! thread.
//!
//! A frame that names its content size is decompressed in one go into exactly that; any other is

use std::cell::RefCell;

use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

use super::compress::{Compression, malformed, too_large};
use crate::error::Error;

pub(crate) struct Zstd {
    pub(crate) level: i32,
    pub(crate) min_size: usize,
}

/// What a frame begins with. (A skippable frame has another number, and nothing in it.)
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The largest window that a frame may ask for, 2^27 bytes: what the official tools accept. The memory
/// is reserved, but only what is decoded gets touched, and that is limited.
const MAX_WINDOW_LOG: u32 = 27;

thread_local! {
    static COMPRESS: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
    static DECOMPRESS: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

impl Compression for Zstd {
    const METADATA: &'static [u8] = b"\x0a\x17\x0a\x08encoding\x12\x0bbinary/zstd";

    fn min_size(&self) -> usize {
        self.min_size
    }

    fn compress(&self, bytes: &[u8], out: &mut [u8]) -> Option<usize> {
        COMPRESS.with_borrow_mut(|slot| {
            if slot.is_none() {
                *slot = CCtx::try_create();
            }
            let context = slot.as_mut()?;
            context.reset(ResetDirective::SessionAndParameters).ok()?;
            context.set_parameter(CParameter::CompressionLevel(self.level)).ok()?;
            context.compress2(out, bytes).ok()
        })
    }
}

/// Decompresses one frame that takes up all of `data`, to at most `limit` bytes.
pub(super) fn decode(data: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    if !data.starts_with(&MAGIC) {
        return Err(malformed("zstd", "it does not begin with a frame"));
    }
    let frame = zstd_safe::find_frame_compressed_size(data)
        .map_err(|_| malformed("zstd", "it is no complete frame"))?;
    if frame != data.len() {
        return Err(malformed("zstd", "bytes follow its frame"));
    }
    let size = zstd_safe::get_frame_content_size(data)
        .map_err(|_| malformed("zstd", "its header cannot be read"))?;
    DECOMPRESS.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = DCtx::try_create();
        }
        let context = slot.as_mut().ok_or_else(|| malformed("zstd", "there is no memory for its decoder"))?;
        let reset = context
            .reset(ResetDirective::SessionOnly)
            .and_then(|_| context.set_parameter(DParameter::WindowLogMax(MAX_WINDOW_LOG)));
        reset.map_err(|_| malformed("zstd", "its decoder cannot be reset"))?;
        out.clear();
        match size {
            Some(size) => whole(context, data, size, limit, out),
            None => stream(context, data, limit, out),
        }
    })
}

fn whole(
    context: &mut DCtx<'_>,
    data: &[u8],
    size: u64,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let size = usize::try_from(size).ok().filter(|size| *size <= limit).ok_or_else(too_large)?;
    out.reserve_exact(size);
    let written = context.decompress(out, data).map_err(|_| malformed("zstd", "it does not decompress"))?;
    if written == size { Ok(()) } else { Err(malformed("zstd", "its length is not what its header says")) }
}

fn stream(context: &mut DCtx<'_>, data: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut input = InBuffer::around(data);
    loop {
        if out.len() == out.capacity() {
            out.reserve(out.len().clamp(4096, 1 << 20));
        }
        let filled = out.len();
        let mut output = OutBuffer::around_pos(out, filled);
        let hint = context
            .decompress_stream(&mut output, &mut input)
            .map_err(|_| malformed("zstd", "it does not decompress"))?;
        if out.len() > limit {
            return Err(too_large());
        }
        if hint == 0 {
            return Ok(());
        }
        if out.len() == filled && input.pos() == data.len() && out.len() < out.capacity() {
            return Err(malformed("zstd", "it ends too early"));
        }
    }
}
