//! `binary/encrypted`: AES-256-GCM over the whole payload, byte for byte the format of the Go, Python
//! and TypeScript samples.
//!
//! ```text
//! metadata  encoding = binary/encrypted     encryption-key-id = <id>
//! data      nonce (12 bytes, random) ‖ ciphertext ‖ tag (16 bytes)        no associated data
//! ```
//! The Java sample writes a third entry, `encryption-cipher = AES/GCM/NoPadding`, and its id *is* the
//! key. Such a payload is opened with a key of the ring only: one that brings its own key proves
//! nothing.
//!
//! Random nonces bound what one key may encrypt: 2^32 messages (NIST SP 800-38D, 8.3).

use std::path::Path;

use serde::Deserialize;
use tdc_formats::wire::{self, Cursor, Field, Value};

use super::draft::Draft;
use super::layer::{Layer, Open};
use super::list::{AddToChain, Codec, Stage};
use super::{Encoder, Environment, Written};
use crate::config::document::Problem;
use crate::error::{Code, Error};
use crate::keys::cipher::{Aead, NONCE_LEN, TAG_LEN};
use crate::keys::{ENCRYPTED, Found, Key, Missing};
use crate::payload::{Pieces, View};
use crate::sys;

/// The one value that the Java sample writes.
const JAVA_CIPHER: &[u8] = b"AES/GCM/NoPadding";

/// Bytes that encryption adds to `data`.
pub(crate) const SEAL_LEN: usize = NONCE_LEN + TAG_LEN;

/// The most bytes that encryption adds to a payload: nonce and tag, and in front of them the metadata
/// with an id of 128 bytes, and tag and length of `data`.
pub(crate) const MAX_OVERHEAD: usize = SEAL_LEN + 228;

const NAME: &str = "encrypt";

pub(super) const CODEC: Codec =
    Codec { name: NAME, about: "AES-256-GCM.", stage: Stage::Encrypt, layer: Some(&LAYER) };

pub(super) static LAYER: Layer =
    Layer { encoding: "binary/encrypted", codec: NAME, code: Code::Ciphertext, misfit, open: Open::Decrypt };

/// Options of `encrypt`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "EncryptOptions"))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    /// The cipher; there is one.
    cipher: CipherName,
    /// Whether decode refuses a payload that was not encrypted.
    required: bool,
}

/// A cipher.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum CipherName {
    /// AES-256-GCM.
    #[default]
    #[serde(rename = "aes-256-gcm")]
    Aes256Gcm,
}

impl AddToChain for Options {
    fn add(&self, chain: &mut Draft, _: &Path) -> Result<(), Problem> {
        let CipherName::Aes256Gcm = self.cipher;
        chain.require_encrypted(self.required);
        chain.push(Encrypt);
        Ok(())
    }
}

struct Encrypt;

impl Encoder for Encrypt {
    fn layer(&self) -> Option<&'static Layer> {
        Some(&LAYER)
    }

    fn overhead(&self) -> usize {
        MAX_OVERHEAD
    }

    fn encode(
        &self,
        payload: Pieces<'_>,
        outside: &[u8],
        environment: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Option<Written>, Error> {
        let key = environment.keyring.primary(environment.access, environment.now).map_err(missing)?;
        let sealed_len = payload.len() + SEAL_LEN;
        let capacity = out.len();
        let mut head_len = key.metadata.len();
        let room = || Error::buffer_too_small(payload.len() + MAX_OVERHEAD + outside.len(), capacity);
        out.get_mut(..head_len).ok_or_else(room)?.copy_from_slice(&key.metadata);
        out.get_mut(head_len..head_len + outside.len()).ok_or_else(room)?.copy_from_slice(outside);
        head_len += outside.len();
        *out.get_mut(head_len).ok_or_else(room)? = 0x12;
        head_len += 1;
        head_len +=
            wire::put_varint(out.get_mut(head_len..).unwrap_or_default(), sealed_len).ok_or_else(room)?;

        let sealed = out.get_mut(head_len..head_len + sealed_len).ok_or_else(room)?;
        let (nonce_out, sealed) = sealed.split_at_mut(NONCE_LEN);
        let mut nonce = [0; NONCE_LEN];
        sys::random(&mut nonce)?;
        nonce_out.copy_from_slice(&nonce);
        key.cipher.seal(nonce, payload, sealed).map_err(|_| {
            Error::new(
                Code::Limit,
                format!("a payload of {} bytes is too long for AES-256-GCM", payload.len()),
            )
        })?;
        Ok(Some(Written { len: head_len + sealed_len, data_offset: head_len }))
    }
}

/// Why a payload under this encoding cannot be one of ours, as far as it shows without a key.
pub(super) fn misfit(view: &View<'_>) -> Option<&'static str> {
    if view.key_id.is_none_or(<[u8]>::is_empty) {
        Some("it has no encryption-key-id")
    } else if view.cipher.is_some_and(|cipher| cipher != JAVA_CIPHER) {
        Some("its encryption-cipher is not AES/GCM/NoPadding")
    } else if view.data.len() < SEAL_LEN {
        Some("its data is shorter than a nonce and a tag, 28 bytes")
    } else {
        None
    }
}

/// The key of an encrypted payload that is not a [`misfit`].
pub(crate) fn find_key<'a>(view: &View<'_>, environment: &Environment<'a>) -> Result<Found<'a>, Error> {
    let id = view.key_id.unwrap_or_default();
    match view.cipher {
        None => environment.keyring.find(environment.access, id, environment.now),
        Some(_) => environment.keyring.find_by_own_bytes(environment.access, id),
    }
    .map_err(missing)
}

/// The id of the key that the host should be asked for before `view` can be opened.
pub(crate) fn key_to_ask_for(view: &View<'_>, environment: &Environment<'_>) -> Option<String> {
    if view.encoding != Some(ENCRYPTED) || view.cipher.is_some() || misfit(view).is_some() {
        return None;
    }
    match environment.keyring.find(environment.access, view.key_id?, environment.now) {
        Err(Missing::AskHost(id)) => Some(id),
        _ => None,
    }
}

/// Key and data of a payload in the very bytes that we would write with the primary key: nearly all are, and comparing
/// costs less than a walk.
pub(crate) fn recognise<'a>(
    payload: Pieces<'a>,
    environment: &Environment<'a>,
) -> Option<(&'a Key, &'a [u8])> {
    let key = environment.access.primary_of_ring()?;
    let rest = payload.head.strip_prefix(key.metadata.as_slice())?;
    let mut cursor = Cursor::with_tail(rest, payload.tail);
    match cursor.field() {
        Ok(Some(Field { number: 2, value: Value::Bytes(sealed) }))
            if cursor.is_at_end() && sealed.len() >= SEAL_LEN =>
        {
            Some((key, sealed))
        }
        _ => None,
    }
}

/// How many bytes the data of an encrypted payload opens to.
pub(crate) fn opened_len(sealed: &[u8]) -> Result<usize, Error> {
    sealed.len().checked_sub(SEAL_LEN).ok_or_else(|| malformed("data is shorter than nonce and tag"))
}

/// Opens into `out`, which is exactly [`opened_len`] long.
pub(crate) fn open(key: &Key, sealed: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let (nonce, sealed) = sealed.split_first_chunk().ok_or_else(|| malformed("data has no nonce"))?;
    key.cipher.open(*nonce, sealed, out).map_err(|_| {
        Error::new(
            Code::Authentication,
            "the payload does not authenticate: it was changed, or made with another key of the same id",
        )
    })
}

#[cold]
fn malformed(why: &str) -> Error {
    Error::new(Code::Ciphertext, format!("the encrypted payload is malformed: {why}"))
}

#[cold]
fn missing(missing: Missing) -> Error {
    match missing {
        Missing::AskHost(id) => Error::key_needed(vec![id]),
        Missing::Unknown(id) => Error::new(
            Code::KeyUnknown,
            format!(
                "the key {id} is not in the keyring: add it to keys.ring (add a new key everywhere before any program encrypts with it)"
            ),
        ),
    }
}
