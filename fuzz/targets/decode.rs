//! Decode on arbitrary bytes: it answers or refuses, never panics, and never gives back more than
//! the limit. The Rust API and the C ABI agree.
//!
//! The first byte says how the others come in: as a whole `Payloads`, or as the `data` of a payload
//! of one of the encodings, which is then perhaps encrypted, so that the fuzzer gets through
//! authentication.

#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a fuzz target says what it expects by panicking"
)]

use core::ptr::null;
use std::path::Path;
use std::sync::LazyLock;

use aes_gcm::aead::{AeadInOut, KeyInit};
use libfuzzer_sys::fuzz_target;
use tdc::ffi::{
    tdc_buffer, tdc_buffer_free, tdc_codec_decode_payload, tdc_data_converter, tdc_data_converter_parse,
    tdc_payload,
};
use tdc::{Code, DataConverter};

const DOCUMENT: &str = "{version: 1, codecs: [encrypt], limits: {max_decoded_bytes: 1 MiB}, \
    keys: {primary: k, ring: {k: {insecure_inline: MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=}}}}";
const LIMIT: usize = 1 << 20;

const ENCODINGS: [&str; 7] = [
    "binary/encrypted",
    "binary/zlib",
    "binary/zstd",
    "binary/snappy",
    "binary/gzip",
    "json/plain",
    "binary/msgpack",
];

static CONVERTER: LazyLock<DataConverter> =
    LazyLock::new(|| DataConverter::parse(DOCUMENT, Path::new(""), "").unwrap());

/// The key of [`DOCUMENT`].
static CIPHER: LazyLock<aes_gcm::Aes256Gcm> = LazyLock::new(|| aes_gcm::Aes256Gcm::new(&[b'1'; 32].into()));

/// The same configuration behind the C ABI.
struct Handle(*mut tdc_data_converter);

// SAFETY: the header promises that any thread may use a handle.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

static HANDLE: LazyLock<Handle> = LazyLock::new(|| {
    let mut handle = core::ptr::null_mut();
    // SAFETY: the document is valid bytes, the slot is valid.
    let status = unsafe {
        tdc_data_converter_parse(
            DOCUMENT.as_ptr(),
            DOCUMENT.len(),
            null(),
            0,
            null(),
            0,
            &raw mut handle,
            core::ptr::null_mut(),
        )
    };
    assert_eq!(status, 0);
    Handle(handle)
});

fuzz_target!(|input: &[u8]| {
    let Some((&how, bytes)) = input.split_first() else { return };
    match ENCODINGS.get(usize::from(how & 0x7f)) {
        Some(encoding) => {
            let mut payload = payload(encoding, bytes);
            if how & 0x80 != 0 {
                payload = encrypted(&payload);
            }
            let many = many(&framed(&payload));
            assert_eq!(many.err(), one(&payload), "one payload and many are answered differently");
        }
        None => drop(many(bytes)),
    }
});

fn push_field(out: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    out.push(tag);
    let mut len = contents.len();
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend_from_slice(contents);
}

fn payload(encoding: &str, data: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (key, value) in [("encoding", encoding), ("encryption-key-id", "k")] {
        let mut entry = Vec::new();
        push_field(&mut entry, 0x0a, key.as_bytes());
        push_field(&mut entry, 0x12, value.as_bytes());
        push_field(&mut payload, 0x0a, &entry);
    }
    push_field(&mut payload, 0x12, data);
    payload
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut payloads = Vec::new();
    push_field(&mut payloads, 0x0a, payload);
    payloads
}

/// Sealed by the cipher itself, since encode refuses a payload whose bytes are not what its
/// encoding says.
fn encrypted(payload: &[u8]) -> Vec<u8> {
    let nonce = [0; 12];
    let mut data = payload.to_vec();
    let tag = CIPHER.encrypt_inout_detached(&nonce.into(), &[], data.as_mut_slice().into()).unwrap();
    self::payload(ENCODINGS[0], &[&nonce[..], &data, &tag].concat())
}

/// Through the Rust API. What was decoded is decoded: a second time nothing happens.
fn many(payloads: &[u8]) -> Result<(), Code> {
    let decoded = CONVERTER.decode(&[], payloads).map_err(|error| {
        assert!(!error.message().is_empty() && error.message().len() < 1000, "{error}");
        error.code()
    })?;
    // A payload that is left alone counts nothing, and its frame may grow by nothing.
    assert!(
        decoded.len() <= payloads.len() + LIMIT + LIMIT / 8,
        "{} bytes of {}",
        decoded.len(),
        payloads.len()
    );
    assert_eq!(CONVERTER.decode(&[], &decoded).unwrap(), decoded);
    Ok(())
}

/// Through the C ABI, into a buffer of exactly the bound; gives back the code of an error.
fn one(payload: &[u8]) -> Option<Code> {
    let mut out = vec![0; payload.len()];
    let empty = tdc_buffer { data: core::ptr::null_mut(), len: 0, capacity: 0 };
    let mut written = tdc_payload { len: 0, data_offset: 0, data_len: 0, owned: empty };
    // SAFETY: handle, bytes, buffer and slot are valid; `owned` is what the library filled, or
    // zeroes.
    let status = unsafe {
        let status = tdc_codec_decode_payload(
            HANDLE.0,
            core::ptr::null_mut(),
            null(),
            0,
            payload.as_ptr(),
            payload.len(),
            null(),
            0,
            out.as_mut_ptr(),
            out.len(),
            &raw mut written,
            core::ptr::null_mut(),
        );
        tdc_buffer_free(&raw mut written.owned);
        status
    };
    assert!(written.data_offset + written.data_len <= written.len);
    let code = Code::from_number(status).unwrap();
    assert_ne!(code, Code::Panic);
    (!matches!(code, Code::Ok | Code::Unchanged)).then_some(code)
}
