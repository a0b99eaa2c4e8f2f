//! The library through its C ABI beside raw AWS-LC with the same random source: what walk, keyring,
//! guard and framing cost.
//!
//! `cargo bench --bench core`: both sides alternate in one run; medians of nanoseconds for a
//! payload.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, missing_docs)]

use std::hint::black_box;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use tdc::ffi;

const DOCUMENT: &[u8] = b"version: 1\nkeys: { primary: k, ring: { k: { insecure_inline: \
    dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }\ncodecs: [encrypt]\n";
const HEAD: &[u8] = b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain";
const ROUNDS: usize = 41;

fn main() {
    let mut handle = null_mut();
    // SAFETY: valid bytes and out slots, as `tdc.h` asks.
    let status = unsafe {
        let document = (DOCUMENT.as_ptr(), DOCUMENT.len());
        ffi::tdc_data_converter_parse(
            document.0,
            document.1,
            null_mut(),
            0,
            null_mut(),
            0,
            &raw mut handle,
            null_mut(),
        )
    };
    assert_eq!(status, 0);
    let raw = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, b"test-key-test-key-test-key-test!").unwrap());

    println!("{:>9} {:>8} {:>12} {:>12} {:>6}", "bytes", "op", "tdc ns", "raw ns", "ratio");
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

        let mut sealed = vec![0; len + 512];
        let mut opened = vec![0; len + 512];
        let mut outer =
            ffi::tdc_payload { len: 0, data_offset: 0, data_len: 0, owned: ffi::tdc_buffer::default() };
        let mut encode = |outer: &mut ffi::tdc_payload| {
            // SAFETY: a valid handle, valid bytes, a buffer of its own and a valid out slot.
            let status = unsafe {
                ffi::tdc_codec_encode_payload(
                    handle,
                    null_mut(),
                    null_mut(),
                    0,
                    head.as_ptr(),
                    head.len(),
                    data.as_ptr(),
                    data.len(),
                    sealed.as_mut_ptr(),
                    sealed.len(),
                    outer,
                    null_mut(),
                )
            };
            assert_eq!(status, 0);
        };
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
        report(size, "encode", || encode(&mut outer), &mut seal);

        let (split, end) = (outer.data_offset, outer.data_offset + outer.data_len);
        let mut inner =
            ffi::tdc_payload { len: 0, data_offset: 0, data_len: 0, owned: ffi::tdc_buffer::default() };
        let decode = || {
            // SAFETY: as above.
            let status = unsafe {
                ffi::tdc_codec_decode_payload(
                    handle,
                    null_mut(),
                    null_mut(),
                    0,
                    sealed.as_ptr(),
                    split,
                    sealed[split..].as_ptr(),
                    end - split,
                    opened.as_mut_ptr(),
                    opened.len(),
                    &raw mut inner,
                    null_mut(),
                )
            };
            assert_eq!(status, 0);
        };
        let mut raw_opened = vec![0; len];
        let open = || {
            let nonce = Nonce::try_assume_unique_for_key(&raw_sealed[..12]).unwrap();
            let (body, tag) = raw_sealed[12..].split_at(len);
            raw.open_separate_gather(nonce, Aad::empty(), body, tag, black_box(&mut raw_opened)).unwrap();
        };
        report(size, "decode", decode, open);
    }
    // SAFETY: the handle is ours and not used again.
    unsafe { ffi::tdc_data_converter_free(handle) };
}

/// Alternates the two sides and prints their medians.
fn report(size: usize, operation: &str, mut ours: impl FnMut(), mut raw: impl FnMut()) {
    let repeats = repeats(&mut raw);
    let (mut our_times, mut raw_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(time(repeats, &mut ours));
        raw_times.push(time(repeats, &mut raw));
    }
    let (ours, raw) = (median(our_times), median(raw_times));
    println!("{size:>9} {operation:>8} {ours:>12.0} {raw:>12.0} {:>6.2}", raw / ours);
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
