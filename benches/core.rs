//! The library through its C ABI beside raw AWS-LC with the same random source: what walk, keyring,
//! guard and framing cost. Then the same with a data key, beside the library without one.
//!
//! `cargo bench --bench core`: all sides alternate in one run; medians of nanoseconds for a
//! payload.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, missing_docs)]

use std::hint::black_box;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use tdc::ffi;

const ENCRYPT: &[u8] = b"version: 1\nkeys: { primary: k, ring: { k: { insecure_inline: \
    dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }\ncodecs: [encrypt]\n";
const ENVELOPE: &[u8] = b"version: 1\nkeys: { primary: k, ring: { k: { insecure_inline: \
    dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=, envelope: true } } }\ncodecs: [encrypt]\n";
const HEAD: &[u8] = b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain";
const ROUNDS: usize = 41;

fn main() {
    let raw = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, b"test-key-test-key-test-key-test!").unwrap());
    println!(
        "{:>9} {:>8} {:>12} {:>12} {:>6} {:>12} {:>9}",
        "bytes", "op", "tdc ns", "raw ns", "ratio", "envelope ns", "encrypt/"
    );
    for size in [64, 1 << 10, 8 << 10, 16 << 10, 64 << 10, 1 << 20] {
        let data: Vec<u8> = (0..size).map(|index| (index * 31 % 251) as u8).collect();
        let mut head = HEAD.to_vec();
        head.push(0x12);
        let mut rest = size;
        while rest >= 0x80 {
            head.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        head.push(rest as u8);
        let len = head.len() + size;

        let mut plain = Side::new(ENCRYPT, &head, &data);
        let mut envelope = Side::new(ENVELOPE, &head, &data);
        let mut raw_sealed = vec![0; len + 28];
        let mut seal = || {
            let (nonce_out, rest) = raw_sealed.split_at_mut(12);
            let mut nonce = [0; 12];
            tdc::random(&mut nonce).unwrap();
            nonce_out.copy_from_slice(&nonce);
            let (first, second) = rest.split_at_mut(head.len());
            let nonce = Nonce::assume_unique_for_key(nonce);
            raw.seal_out_of_place_scatter(nonce, Aad::empty(), &head, first, &data, second).unwrap();
        };
        report(size, "encode", || plain.encode(), &mut seal, || envelope.encode());

        let mut raw_opened = vec![0; len];
        let open = || {
            let nonce = Nonce::try_assume_unique_for_key(&raw_sealed[..12]).unwrap();
            let (body, tag) = raw_sealed[12..].split_at(len);
            raw.open_separate_gather(nonce, Aad::empty(), body, tag, black_box(&mut raw_opened)).unwrap();
        };
        report(size, "decode", || plain.decode(), open, || envelope.decode());
    }
}

/// A configuration that encodes one payload, and decodes it again.
struct Side<'a> {
    handle: *mut ffi::tdc_data_converter,
    head: &'a [u8],
    data: &'a [u8],
    sealed: Vec<u8>,
    opened: Vec<u8>,
    outer: ffi::tdc_payload,
}

impl<'a> Side<'a> {
    fn new(document: &[u8], head: &'a [u8], data: &'a [u8]) -> Self {
        let mut handle = null_mut();
        // SAFETY: valid bytes and out slots, as `tdc.h` asks.
        let status = unsafe {
            ffi::tdc_data_converter_parse(
                document.as_ptr(),
                document.len(),
                null_mut(),
                0,
                null_mut(),
                0,
                &raw mut handle,
                null_mut(),
            )
        };
        assert_eq!(status, 0);
        let room = vec![0; head.len() + data.len() + 512];
        Self { handle, head, data, sealed: room.clone(), opened: room, outer: nothing() }
    }

    fn encode(&mut self) {
        // SAFETY: a valid handle, valid bytes, a buffer of its own and a valid out slot.
        let status = unsafe {
            ffi::tdc_codec_encode_payload(
                self.handle,
                null_mut(),
                null_mut(),
                0,
                self.head.as_ptr(),
                self.head.len(),
                self.data.as_ptr(),
                self.data.len(),
                self.sealed.as_mut_ptr(),
                self.sealed.len(),
                &raw mut self.outer,
                null_mut(),
            )
        };
        assert_eq!(status, 0);
    }

    fn decode(&mut self) {
        let (split, len) = (self.outer.data_offset, self.outer.data_len);
        let mut inner = nothing();
        // SAFETY: as above.
        let status = unsafe {
            ffi::tdc_codec_decode_payload(
                self.handle,
                null_mut(),
                null_mut(),
                0,
                self.sealed.as_ptr(),
                split,
                self.sealed[split..].as_ptr(),
                len,
                self.opened.as_mut_ptr(),
                self.opened.len(),
                &raw mut inner,
                null_mut(),
            )
        };
        assert_eq!(status, 0);
    }
}

impl Drop for Side<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and not used again.
        unsafe { ffi::tdc_data_converter_free(self.handle) };
    }
}

fn nothing() -> ffi::tdc_payload {
    ffi::tdc_payload { len: 0, data_offset: 0, data_len: 0, owned: ffi::tdc_buffer::default() }
}

/// Alternates the sides and prints their medians: `raw` beside ours, and ours beside the same with
/// a data key.
fn report(
    size: usize,
    operation: &str,
    mut ours: impl FnMut(),
    mut raw: impl FnMut(),
    mut envelope: impl FnMut(),
) {
    let repeats = repeats(&mut raw);
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        times[0].push(time(repeats, &mut ours));
        times[1].push(time(repeats, &mut raw));
        times[2].push(time(repeats, &mut envelope));
    }
    let [ours, raw, envelope] = times.map(median);
    println!(
        "{size:>9} {operation:>8} {ours:>12.0} {raw:>12.0} {:>6.2} {envelope:>12.0} {:>9.2}",
        raw / ours,
        ours / envelope
    );
}

/// How many calls take some milliseconds.
fn repeats(call: &mut impl FnMut()) -> u32 {
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < Duration::from_millis(5) {
        call();
        count += 1;
    }
    count
}

fn time(repeats: u32, call: &mut impl FnMut()) -> f64 {
    let started = Instant::now();
    for _ in 0..repeats {
        call();
    }
    started.elapsed().as_nanos() as f64 / f64::from(repeats)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
