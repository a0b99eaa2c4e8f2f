//! Decryption: finds the key, and opens the payload.

use std::sync::Arc;

use tdc_formats::wire::{Cursor, Field, Value};

use super::binding::Recorded;
use super::{BOUND_LAYER, NONCE_LEN, SEAL_LEN, missing};
use crate::codec::Environment;
use crate::codec::layer::{Layer, Open};
use crate::error::{Code, Error, Needed};
use crate::keys::cipher::Aead;
use crate::keys::{Found, Kek, Key, Keyring, Missing, NoDataKey};
use crate::payload::{Slices, View};

/// The wrapped data key of an envelope, which has all three entries.
pub(super) fn envelope<'a>(view: &View<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let (id, text) = (view.key_id?, view.data_key?);
    (!id.is_empty() && !text.is_empty()).then_some((id, text))
}

/// Where the key of an encrypted payload is.
#[derive(Clone, Copy)]
pub(crate) enum KeyOrigin<'a> {
    /// In the ring, or the host has it.
    Ring,
    /// In the payload: this KEK has wrapped it.
    Wrapped(&'a Arc<Kek>, &'a [u8]),
    /// The payload is an envelope whose KEK the configuration does not name.
    Foreign,
}

impl<'a> KeyOrigin<'a> {
    #[inline]
    pub(crate) fn of(view: &View<'a>, environment: &Environment<'a>) -> Self {
        let Some((id, text)) = envelope(view) else { return Self::Ring };
        match environment.keyring.kek_for(environment.access, id) {
            Some(kek) => Self::Wrapped(kek, text),
            None => Self::Foreign,
        }
    }
}

/// The key of an encrypted payload that is neither foreign nor another codec's.
pub(crate) fn find_key<'a>(
    view: &View<'_>,
    source: KeyOrigin<'_>,
    environment: &Environment<'a>,
) -> Result<Found<'a>, Error> {
    find(view, source, environment).map_err(missing)
}

fn find<'a>(
    view: &View<'_>,
    source: KeyOrigin<'_>,
    environment: &Environment<'a>,
) -> Result<Found<'a>, Missing> {
    let Environment { keyring, access, session, now, .. } = *environment;
    match source {
        KeyOrigin::Ring => {}
        KeyOrigin::Wrapped(kek, _) if !access.allows(&kek.name) => {
            return Err(Missing::NotAllowed(kek.name.clone()));
        }
        KeyOrigin::Wrapped(kek, text) => {
            return keyring.open_envelope(kek, text, session, now).map(Found::Shared);
        }
        KeyOrigin::Foreign => return Err(Missing::Unknown("of an envelope".to_owned())),
    }
    let id = view.key_id.unwrap_or_default();
    match view.cipher {
        None => keyring.find(access, id, now),
        Some(_) => keyring.find_by_own_bytes(access, id),
    }
}

/// The key that the host should be asked for before `view` can be opened.
pub(crate) fn key_to_ask_for(view: &View<'_>, environment: &Environment<'_>) -> Option<Needed> {
    let layer = Layer::of(view.encoding?).filter(|layer| matches!(layer.open, Open::Decrypt))?;
    let source = KeyOrigin::of(view, environment);
    if matches!(source, KeyOrigin::Foreign) || view.cipher.is_some() || (layer.misfit)(view).is_some() {
        return None;
    }
    match find(view, source, environment) {
        Err(Missing::AskHost(id)) => Some(Needed::Key(id)),
        Err(Missing::DataKey(NoDataKey::Unwrap(unwrap))) => Some(unwrap.needed()),
        _ => None,
    }
}

/// Key and data of a payload with the very entries that we would write with the primary key: nearly
/// all have them, and comparing costs less than a walk.
#[inline]
pub(crate) fn recognise<'a>(
    payload: Slices<'a>,
    environment: &Environment<'a>,
) -> Option<(&'a Key, &'a [u8])> {
    let Environment { access, session, now, .. } = *environment;
    let (key, rest) = Keyring::recent(access, session, payload.head, now)?;
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

/// The decrypted size of an encrypted payload's data, in bytes.
pub(crate) fn opened_len(sealed: &[u8]) -> Result<usize, Error> {
    sealed.len().checked_sub(SEAL_LEN).ok_or_else(|| malformed("data is shorter than nonce and tag"))
}

/// What an encrypted payload is bound to, checked against the context in which it was read.
///
/// # Errors
/// [`Code::Context`] if it is bound to another context, [`Code::Ciphertext`] if it is not a record
/// of ours.
pub(crate) fn recorded<'a>(
    layer: &Layer,
    view: &View<'a>,
    environment: &Environment<'_>,
) -> Result<Option<Recorded<'a>>, Error> {
    if *layer != BOUND_LAYER {
        return Ok(None);
    }
    let recorded = Recorded::read(view.bound_to.unwrap_or_default())
        .ok_or_else(|| malformed("its encryption-context is not in the one form that it may have"))?;
    recorded.check(environment.context)?;
    Ok(Some(recorded))
}

/// Opens into `out`, which is exactly [`opened_len`] long.
pub(crate) fn open(key: &Key, associated: &[u8], sealed: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let (nonce, sealed) =
        sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(|| malformed("data has no nonce"))?;
    key.cipher.open(*nonce, associated, sealed, out).map_err(|_| {
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
