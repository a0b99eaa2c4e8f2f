//! `encrypt`: AES-256-GCM over the whole payload, byte for byte the format of the Go, Python and
//! TypeScript samples, of Temporal Proxy for keys of a key service, and a form of our own for bound
//! payloads.
//!
//! ```text
//! key of the ring     encoding = binary/encrypted       encryption-key-id = <id>
//! envelope            encoding = binary/encrypted       encryption-dek = <base64>   encryption-key-id = <URI>
//! bound               encoding = binary/tdc-encrypted   encryption-context = <where it belongs>   …
//! data                nonce (12 bytes, random) ‖ ciphertext ‖ tag (16 bytes)
//! associated data     none; of a bound payload a prefix and its encryption-context
//! ```
//! The Java sample writes another entry, `encryption-cipher = AES/GCM/NoPadding`, and its id *is*
//! the key. Such a payload is opened with a key of the ring only: one that brings its own key
//! proves nothing.
//!
//! Random nonces bound what one key may encrypt: 2^32 messages (NIST SP 800-38D, 8.3).

pub(crate) mod binding;
mod open;
mod rewrap;

pub(crate) use open::{KeyOrigin, find_key, key_to_ask_for, open, opened_len, recognise, recorded};
pub(crate) use rewrap::{is_envelope, rewrap, rewrap_to_ask_for};

use std::path::Path;

use serde::Deserialize;
use tdc_formats::wire;

use super::draft::Draft;
use super::layer::{Layer, Open};
use super::list::{AddToChain, Codec, Stage};
use super::{Encoder, Environment, Written};
use crate::config::document::Problem;
use crate::error::{Code, Error};
use crate::keys::cipher::{Aead, NONCE_LEN, TAG_LEN};
use crate::keys::{Missing, NoDataKey};
use crate::payload::{Slices, View};
use crate::sys;
use binding::{Binding, Fields};

/// The one value that the Java sample writes.
const JAVA_CIPHER: &[u8] = b"AES/GCM/NoPadding";

/// Bytes that encryption adds to `data`.
pub(crate) const SEAL_LEN: usize = NONCE_LEN + TAG_LEN;

/// Tag and length of `data`.
const DATA_HEAD: usize = 11;

/// The most bytes that encryption adds to a payload with a key of so much metadata, without a
/// binding.
pub(super) const fn overhead(metadata: usize) -> usize {
    SEAL_LEN + DATA_HEAD + metadata
}

const NAME: &str = "encrypt";

pub(super) const CODEC: Codec =
    Codec { name: NAME, about: "AES-256-GCM.", stage: Stage::Encrypt, layers: &[&LAYER, &BOUND_LAYER] };

pub(super) static LAYER: Layer =
    Layer { encoding: "binary/encrypted", codec: NAME, code: Code::Ciphertext, misfit, open: Open::Decrypt };

/// Of payloads that are bound to where they belong.
pub(super) static BOUND_LAYER: Layer = Layer {
    encoding: "binary/tdc-encrypted",
    codec: NAME,
    code: Code::Ciphertext,
    misfit: misfit_of_bound,
    open: Open::Decrypt,
};

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
    /// Binds payloads to where they belong. Only tdc reads such payloads.
    bind: Option<Binding>,
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
        let fields = self.bind.as_ref().map(Binding::fields).transpose()?;
        if let (Some(bind), Some(fields)) = (&self.bind, fields) {
            chain.bind(fields, bind.required);
        }
        chain.push(Encrypt { fields });
        Ok(())
    }
}

struct Encrypt {
    /// What payloads are bound to.
    fields: Option<Fields>,
}

impl Encoder for Encrypt {
    fn layer(&self) -> Option<&'static Layer> {
        Some(&LAYER)
    }

    fn overhead(&self, environment: &Environment<'_>) -> usize {
        environment.overhead
    }

    fn encode(
        &self,
        payload: Slices<'_>,
        outside: &[u8],
        environment: &Environment<'_>,
        out: &mut [u8],
    ) -> Result<Option<Written>, Error> {
        let key = environment
            .keyring
            .primary(environment.access, environment.session, environment.now)
            .map_err(missing)?;
        let bound = match self.fields {
            // Nexus hands payloads from one namespace to another.
            Some(fields) if !environment.context.is_nexus => Some(binding::Bound::new(fields, environment)?),
            _ => None,
        };
        let (first, metadata, associated) = match &bound {
            None => (&[][..], key.metadata.as_slice(), &[][..]),
            Some(bound) => (bound.entries(), key.entries(), bound.associated()),
        };
        let sealed_len = payload.len() + SEAL_LEN;
        let capacity = out.len();
        let needed = first.len() + metadata.len() + outside.len() + DATA_HEAD + sealed_len;
        let room = || Error::buffer_too_small(needed, capacity);
        let mut head_len = 0;
        for part in [first, metadata, outside, &[0x12]] {
            out.get_mut(head_len..head_len + part.len()).ok_or_else(room)?.copy_from_slice(part);
            head_len += part.len();
        }
        head_len +=
            wire::put_varint(out.get_mut(head_len..).unwrap_or_default(), sealed_len).ok_or_else(room)?;

        let sealed = out.get_mut(head_len..head_len + sealed_len).ok_or_else(room)?;
        let (nonce_out, sealed) = sealed.split_at_mut(NONCE_LEN);
        let mut nonce = [0; NONCE_LEN];
        sys::random(&mut nonce)?;
        nonce_out.copy_from_slice(&nonce);
        key.cipher.seal(nonce, associated, payload, sealed).map_err(|_| {
            Error::new(
                Code::Limit,
                format!("a payload of {} bytes is too long for AES-256-GCM", payload.len()),
            )
        })?;
        Ok(Some(Written { len: head_len + sealed_len, data_offset: head_len }))
    }
}

/// Why a payload under this encoding cannot be one of ours, as far as it shows without a key.
fn misfit(view: &View<'_>) -> Option<&'static str> {
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

fn misfit_of_bound(view: &View<'_>) -> Option<&'static str> {
    if view.bound_to.is_none_or(<[u8]>::is_empty) {
        Some("it has no encryption-context")
    } else if view.cipher.is_some() {
        Some("it has an encryption-cipher")
    } else {
        misfit(view)
    }
}

#[cold]
fn missing(missing: Missing) -> Error {
    match missing {
        Missing::AskHost(id) => Error::keys_needed(vec![crate::error::Needed::Key(id)]),
        Missing::DataKey(NoDataKey::Wrap(kek)) => Error::wrap_needed(&kek.name),
        Missing::DataKey(NoDataKey::Unwrap(unwrap)) => Error::keys_needed(vec![unwrap.needed()]),
        Missing::DataKey(NoDataKey::Rewrap(rewrap)) => Error::keys_needed(vec![rewrap.needed()]),
        Missing::DataKey(NoDataKey::Failed(failure)) => failure.into_error(),
        Missing::DataKey(NoDataKey::Error(error)) => error,
        Missing::Unknown(id) => Error::new(
            Code::KeyUnknown,
            format!(
                "the key {id} is not in the keyring: add it to keys.ring (add a new key everywhere before any program encrypts with it)"
            ),
        ),
        Missing::NotAKek => Error::new(
            Code::Config,
            "the key that encrypts in this namespace wraps no data keys: name a key of a key service in keys.primary, or encode the payloads again",
        ),
        Missing::NotAllowed(name) => Error::new(
            Code::KeyUnknown,
            format!(
                "the key \"{name}\" may not be used in this namespace: the payload belongs to another one, or the key is missing in its entry of namespaces"
            ),
        ),
    }
}
