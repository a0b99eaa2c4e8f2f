//! AES-256-GCM behind one small trait, with two backends that produce the same bytes.
//!
//! `aws_lc` (the feature `aws-lc`, default) is hand-tuned; `rust_crypto` (the feature `portable`)
//! is pure Rust. If both are built, `aws_lc` is used. Key setup costs as much as sealing 64 bytes,
//! so a cipher is created once and kept with its key. The nonce is 12 bytes, the tag 16. The SDKs'
//! samples have no associated data.

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(test)]
mod nist;
#[cfg(all(feature = "portable", any(test, not(feature = "aws-lc"))))]
mod rust_crypto;

use crate::payload::Slices;

/// Bytes of a nonce.
pub(crate) const NONCE_LEN: usize = 12;
/// Length of an authentication tag, in bytes.
pub(crate) const TAG_LEN: usize = 16;

#[cfg(feature = "aws-lc")]
pub(crate) type Cipher = aws_lc::Aes256Gcm;
#[cfg(all(feature = "portable", not(feature = "aws-lc")))]
pub(crate) type Cipher = rust_crypto::Aes256Gcm;

#[cfg(not(any(feature = "aws-lc", feature = "portable")))]
compile_error!("one of the features `aws-lc` (default) and `portable` is needed");

/// The name of the backend in use.
pub const BACKEND: &str = if cfg!(feature = "aws-lc") { "aws-lc-rs" } else { "aes-gcm" };

/// An AEAD with its key. Implementations erase the key on drop.
pub(crate) trait Aead: Sized + Send + Sync {
    fn new(key: &[u8; 32]) -> Self;

    /// Encrypts the two slices of `plaintext` as one message, and authenticates `associated` data
    /// with it; `out` is exactly as long as both slices and the tag.
    fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        associated: &[u8],
        plaintext: Slices<'_>,
        out: &mut [u8],
    ) -> Result<(), Failed>;

    /// Decrypts; `sealed` is ciphertext and tag, `out` is exactly as long as the ciphertext. On
    /// failure `out` contains zeroes.
    fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        associated: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<(), Failed>;
}

/// The message does not authenticate (on open), or is too long for the cipher.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed;

#[cfg(test)]
mod tests {
    use super::*;

    /// The golden vector of the Go, Python and TypeScript samples.
    pub(super) fn opens_the_golden_vector<A: Aead>() {
        let cipher = A::new(b"test-key-test-key-test-key-test!");
        let nonce = *b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b";
        let plaintext = b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain\x12\x09\"Testing\"";
        let sealed = b"\xf9\x2b\x89\xda\x27\x68\x61\xd2\x65\x73\x95\xa2\xa3\xf7\xf7\xd1\xe8\xa4\x56\x22\x93\x85\x92\xd0\x67\xed\xa3\
            \x34\x72\xfe\x50\x84\x61\xf8\x37\xb4\x42\xa7\x29\xec\x7e\x65\xad\x1d\x70\x66\x10\xb5\x4b\xe7\xa6";
        for split in [0, 1, 16, 26, plaintext.len()] {
            let (head, tail) = plaintext.split_at(split);
            let mut out = [0; 51];
            cipher.seal(nonce, &[], Slices { head, tail }, &mut out).unwrap();
            assert_eq!(&out, sealed, "split at {split}");
        }
        let mut out = [0; 35];
        cipher.open(nonce, &[], sealed, &mut out).unwrap();
        assert_eq!(&out, plaintext);

        let mut changed = *sealed;
        changed[50] ^= 1;
        assert_eq!(cipher.open(nonce, &[], &changed, &mut out), Err(Failed));
        assert_eq!(out, [0; 35], "nothing of a message that does not authenticate is given out");
    }

    #[test]
    #[cfg(feature = "aws-lc")]
    fn aws_lc_opens_the_golden_vector() {
        opens_the_golden_vector::<aws_lc::Aes256Gcm>();
    }

    #[test]
    #[cfg(feature = "portable")]
    fn rust_crypto_opens_the_golden_vector() {
        opens_the_golden_vector::<rust_crypto::Aes256Gcm>();
    }

    #[test]
    #[cfg(all(feature = "aws-lc", feature = "portable"))]
    fn both_backends_make_the_same_bytes_at_every_length() {
        let key = *b"0123456789abcdefghijklmnopqrstuv";
        let (one, other) = (aws_lc::Aes256Gcm::new(&key), rust_crypto::Aes256Gcm::new(&key));
        let plaintext: Vec<u8> = (0..5000_u32).map(|n| (n * 7 + n / 256).to_le_bytes()[0]).collect();
        for len in (0..300).chain([1023, 1024, 1025, 4095, 4096, 5000]) {
            let mut nonce = [0; NONCE_LEN];
            crate::sys::random(&mut nonce).unwrap();
            let (head, tail) = plaintext[..len].split_at(len / 3);
            let mut outs = [vec![0; len + TAG_LEN], vec![0; len + TAG_LEN]];
            one.seal(nonce, &[], Slices { head, tail }, &mut outs[0]).unwrap();
            other.seal(nonce, &[], Slices { head, tail }, &mut outs[1]).unwrap();
            assert_eq!(outs[0], outs[1], "{len} bytes");
            let mut opened = vec![0; len];
            other.open(nonce, &[], &outs[0], &mut opened).unwrap();
            assert_eq!(opened, &plaintext[..len]);
            one.open(nonce, &[], &outs[1], &mut opened).unwrap();
            assert_eq!(opened, &plaintext[..len]);
        }
    }
}
