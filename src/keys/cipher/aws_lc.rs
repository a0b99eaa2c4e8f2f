//! AES-256-GCM by AWS-LC. AWS-LC erases the key schedule when the context is freed.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{Aead, Failed, NONCE_LEN, TAG_LEN};
use crate::payload::Slices;

pub(crate) struct Aes256Gcm(Option<LessSafeKey>);

impl Aead for Aes256Gcm {
    fn new(key: &[u8; 32]) -> Self {
        // The algorithm accepts every key of 32 bytes, so there is always a key; without one every
        // call would fail.
        Self(UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new))
    }

    fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        associated: &[u8],
        plaintext: Slices<'_>,
        out: &mut [u8],
    ) -> Result<(), Failed> {
        let key = self.0.as_ref().ok_or(Failed)?;
        let (head, tail_and_tag) = out.split_at_mut_checked(plaintext.head.len()).ok_or(Failed)?;
        key.seal_out_of_place_scatter(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated),
            plaintext.head,
            head,
            plaintext.tail,
            tail_and_tag,
        )
        .map_err(|_| Failed)
    }

    fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        associated: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        let key = self.0.as_ref().ok_or(Failed)?;
        let split = sealed.len().checked_sub(TAG_LEN).ok_or(Failed)?;
        let (ciphertext, tag) = sealed.split_at_checked(split).ok_or(Failed)?;
        key.open_separate_gather(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated),
            ciphertext,
            tag,
            out,
        )
        .map_err(|_| {
            out.fill(0);
            Failed
        })
    }
}
