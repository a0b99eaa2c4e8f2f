//! One key, and the ids that keys may have.

use std::fmt;

use sha2::{Digest, Sha256};
use tdc_formats::wire;

use super::cipher::{Aead, Cipher};

/// The longest key id.
const MAX_KEY_ID_LEN: usize = 128;

/// The metadata of a payload encrypted with a key, as it stands on the wire in front of `data`.
pub(crate) const ENCRYPTED: &[u8] = b"binary/encrypted";

/// One key, ready for use. The raw bytes are not kept.
pub(crate) struct Key {
    pub(crate) cipher: Cipher,
    /// The two metadata entries that name the codec and this key.
    pub(crate) metadata: Vec<u8>,
    /// SHA-256 of the key, to know the Java sample's key ids, which are the key itself.
    pub(super) fingerprint: Fingerprint,
}

/// SHA-256 of a key.
pub(crate) type Fingerprint = [u8; 32];

impl Key {
    pub(crate) fn new(id: &str, key: &[u8; 32]) -> Self {
        let mut metadata = Vec::new();
        for (name, value) in [("encoding", ENCRYPTED), ("encryption-key-id", id.as_bytes())] {
            let mut entry = Vec::new();
            wire::push_bytes(&mut entry, 1, name.as_bytes());
            wire::push_bytes(&mut entry, 2, value);
            wire::push_bytes(&mut metadata, 1, &entry);
        }
        Self { cipher: Cipher::new(key), metadata, fingerprint: Sha256::digest(key).into() }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// `id` as text if it is a key id: `[A-Za-z0-9._:/-]{1,128}`.
pub(crate) fn key_id(id: &[u8]) -> Option<&str> {
    let fits = (1..=MAX_KEY_ID_LEN).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._:/-".contains(byte));
    if fits { core::str::from_utf8(id).ok() } else { None }
}
