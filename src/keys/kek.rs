//! A key-encryption key (KEK): it wraps data keys and never leaves its key service.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::cipher::{Aead, Cipher, NONCE_LEN, TAG_LEN};
use super::data_keys::Sealing;
use super::recent::Recent;
use crate::error::Error;
use crate::payload::Slices;
use crate::sys;

/// 32 bytes, erased on drop.
pub(crate) type DataKey = Zeroizing<[u8; 32]>;

/// An entry of the ring that wraps data keys.
pub(crate) struct Kek {
    /// Its name in the ring.
    pub(crate) name: Arc<str>,
    /// Its id in payloads: the URI of the service's key, or the name of a local one.
    pub(crate) id: Arc<str>,
    pub(crate) keeper: Keeper,
    pub(crate) options: DataKeyOptions,
    /// Identifies the key: stays the same across a reload that does not change it.
    pub(super) identity: [u8; 16],
    /// The last data keys used to encrypt and to decrypt: most calls need no other.
    pub(super) sealing: ArcSwapOption<Sealing>,
    pub(super) recent: Recent,
}

/// Who has the key.
pub(crate) enum Keeper {
    /// A key service, which the host asks.
    Service(KeyService),
    /// The configuration.
    Local(LocalKek),
}

/// A key of a key service, as the configuration names it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyService {
    /// The key's URI, such as `awskms://alias/orders?region=eu-central-1`.
    pub uri: Arc<str>,
    /// Keys that an AWS alias pointed to earlier; unwrap tries them too.
    pub earlier: Arc<[String]>,
    /// How long one attempt may take.
    pub timeout: Duration,
}

impl KeyService {
    /// The key of this URI.
    #[must_use]
    pub fn new(uri: &str, earlier: &[String], timeout: Duration) -> Self {
        Self { uri: uri.into(), earlier: earlier.into(), timeout }
    }
}

/// Without the URIs, which can be credentials.
impl fmt::Debug for KeyService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyService").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// How long a data key encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataKeyOptions {
    pub(crate) lifetime: Duration,
    /// In payloads. A call finishes with the key that it started with.
    pub(crate) messages: u64,
    /// How long before the end of its lifetime the next one is requested.
    pub(crate) renew_before: Duration,
}

/// The most payloads that one data key may encrypt (NIST SP 800-38D, 8.3).
pub(crate) const MAX_MESSAGES: u64 = 1 << 32;

impl Default for DataKeyOptions {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(3600),
            messages: 1 << 20,
            renew_before: Duration::from_secs(300),
        }
    }
}

impl Kek {
    pub(crate) fn new(name: &str, id: &str, keeper: Keeper, options: DataKeyOptions) -> Self {
        let mut identity = Sha256::new();
        identity.update(id.as_bytes());
        if let Keeper::Local(local) = &keeper {
            identity.update([0]);
            identity.update(local.fingerprint);
        }
        let digest: [u8; 32] = identity.finalize().into();
        let identity = core::array::from_fn(|at| digest.get(at).copied().unwrap_or_default());
        let (sealing, recent) = (ArcSwapOption::empty(), Recent::default());
        Self { name: name.into(), id: id.into(), keeper, options, identity, sealing, recent }
    }

    /// The table key for `wrapped`, whichever KEK wrapped it.
    pub(super) fn table_key(&self, wrapped: &[u8]) -> Box<[u8]> {
        [&self.identity[..], wrapped].concat().into()
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kek").field(&self.name).finish()
    }
}

/// A key of the configuration that wraps data keys: for development and tests.
///
/// ```text
/// nonce (12 bytes, random) ‖ AES-256-GCM of the data key (32) ‖ tag (16)     associated data: DOMAIN
/// ```
pub(crate) struct LocalKek {
    cipher: Cipher,
    pub(crate) fingerprint: [u8; 32],
}

/// Keeps a wrapped data key from being mistaken for an encrypted payload.
const DOMAIN: &[u8] = b"tdc wrapped data key v1\0";

const WRAPPED_LEN: usize = NONCE_LEN + 32 + TAG_LEN;

impl LocalKek {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { cipher: Cipher::new(key), fingerprint: Sha256::digest(key).into() }
    }

    pub(crate) fn wrap(&self, data_key: &[u8; 32]) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE_LEN];
        sys::random(&mut nonce)?;
        let mut wrapped = vec![0; WRAPPED_LEN];
        let (nonce_out, sealed) = wrapped.split_at_mut(NONCE_LEN);
        nonce_out.copy_from_slice(&nonce);
        // The cipher accepts 32 bytes.
        let _ = self.cipher.seal(nonce, DOMAIN, Slices::one(data_key), sealed);
        Ok(wrapped)
    }

    /// The characters that a wrapped data key has in a payload.
    pub(super) const fn wrapped_len() -> usize {
        WRAPPED_LEN.div_ceil(3) * 4
    }

    /// The data key; `None` if this key did not wrap it.
    pub(crate) fn unwrap(&self, wrapped: &[u8]) -> Option<DataKey> {
        let (nonce, sealed) = wrapped.split_first_chunk()?;
        if wrapped.len() != WRAPPED_LEN {
            return None;
        }
        let mut data_key = DataKey::default();
        self.cipher.open(*nonce, DOMAIN, sealed, &mut *data_key).ok()?;
        Some(data_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_key_unwraps_what_it_wrapped_and_nothing_else() {
        let (one, other) = (LocalKek::new(&[1; 32]), LocalKek::new(&[2; 32]));
        let wrapped = one.wrap(&[7; 32]).unwrap();
        assert_eq!(*one.unwrap(&wrapped).unwrap(), [7; 32]);
        assert!(other.unwrap(&wrapped).is_none());
        for end in [0, 11, 59] {
            assert!(one.unwrap(&wrapped[..end]).is_none());
        }
        let mut changed = wrapped.clone();
        changed[20] ^= 1;
        assert!(one.unwrap(&changed).is_none());
        assert!(one.unwrap(&[&wrapped[..], b"x"].concat()).is_none());
    }

    #[test]
    fn the_same_id_with_other_bytes_is_another_key() {
        let kek = |key| {
            let keeper = Keeper::Local(LocalKek::new(&[key; 32]));
            Kek::new("local", "local", keeper, DataKeyOptions::default())
        };
        assert_eq!(kek(1).identity, kek(1).identity);
        assert_ne!(kek(1).identity, kek(2).identity);
    }
}
