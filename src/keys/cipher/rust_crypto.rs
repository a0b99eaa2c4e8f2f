//! AES-256-GCM by RustCrypto's `aes-gcm`: no C compiler, any target. Its types erase themselves on
//! drop.

use aes_gcm::aead::{AeadInOut, KeyInit};

use super::{Aead, Failed, NONCE_LEN, TAG_LEN};
use crate::payload::Slices;

pub(crate) struct Aes256Gcm(Box<aes_gcm::Aes256Gcm>);

impl Aead for Aes256Gcm {
    fn new(key: &[u8; 32]) -> Self {
        Self(Box::new(aes_gcm::Aes256Gcm::new(key.into())))
    }

    fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        associated: &[u8],
        plaintext: Slices<'_>,
        out: &mut [u8],
    ) -> Result<(), Failed> {
        let (body, tag_out) = out.split_at_mut_checked(plaintext.len()).ok_or(Failed)?;
        plaintext.copy_to(body);
        let tag =
            self.0.encrypt_inout_detached(&nonce.into(), associated, body.into()).map_err(|_| Failed)?;
        if tag_out.len() != TAG_LEN {
            return Err(Failed);
        }
        tag_out.copy_from_slice(&tag);
        Ok(())
    }

    fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        associated: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<(), Failed> {
        let split = sealed.len().checked_sub(TAG_LEN).ok_or(Failed)?;
        let (ciphertext, tag) = sealed.split_at_checked(split).ok_or(Failed)?;
        let tag: [u8; TAG_LEN] = tag.try_into().map_err(|_| Failed)?;
        if out.len() != ciphertext.len() {
            return Err(Failed);
        }
        out.copy_from_slice(ciphertext);
        self.0.decrypt_inout_detached(&nonce.into(), associated, out.into(), &tag.into()).map_err(|_| {
            out.fill(0);
            Failed
        })
    }
}
