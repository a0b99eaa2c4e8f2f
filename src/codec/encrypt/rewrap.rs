//! Rewraps an envelope's data key: replaces the key id and the wrapped key, and decrypts nothing.
//!
//! The ciphertext authenticates neither of them; for a bound payload it authenticates only the
//! binding.

use std::sync::Arc;

use tdc_formats::wire::{Cursor, Value};

use super::missing;
use super::open::envelope;
use crate::codec::Environment;
use crate::codec::layer::{Layer, Open};
use crate::error::{Error, Needed};
use crate::keys::{Missing, NoDataKey, push_entry};
use crate::payload::{Slices, View, malformed};

/// Fields of `Payload`, and of an entry of its metadata.
const METADATA: u32 = 1;
const NAME: u32 = 1;

/// An envelope of a KEK that the configuration names: its id and its wrapped data key.
fn own_envelope<'a>(view: &View<'a>, environment: &Environment<'_>) -> Option<(&'a [u8], &'a [u8])> {
    let layer = Layer::of(view.encoding?).filter(|layer| matches!(layer.open, Open::Decrypt))?;
    let found = envelope(view).filter(|(id, _)| environment.keyring.kek_of(id).is_some())?;
    (layer.misfit)(view).is_none().then_some(found)
}

/// Whether the payload's outermost layer is an envelope of a KEK that the configuration names.
pub(crate) fn is_envelope(view: &View<'_>, environment: &Environment<'_>) -> bool {
    own_envelope(view, environment).is_some()
}

/// The payload with its data key wrapped by the KEK that encrypts now; `None` if it is not an
/// envelope of a KEK that the configuration names.
pub(crate) fn rewrap(payload: &[u8], environment: &Environment<'_>) -> Result<Option<Vec<u8>>, Error> {
    let view = View::parse(Slices::one(payload)).map_err(malformed)?;
    let Some((id, text)) = own_envelope(&view, environment) else { return Ok(None) };
    let (id, wrapped) = find(id, text, environment).map_err(missing)?;
    let mut out = Vec::with_capacity(payload.len() + id.len() + wrapped.len());
    let mut cursor = Cursor::new(payload);
    let mut start = 0;
    while let Some(field) = cursor.field().map_err(malformed)? {
        let end = payload.len() - cursor.remaining();
        let entry = match field.value {
            Value::Bytes(entry) if field.number == METADATA => name(entry)?,
            _ => &[],
        };
        match entry {
            b"encryption-key-id" => push_entry(&mut out, "encryption-key-id", id.as_bytes()),
            b"encryption-dek" => push_entry(&mut out, "encryption-dek", &wrapped),
            _ => out.extend_from_slice(payload.get(start..end).unwrap_or_default()),
        }
        start = end;
    }
    Ok(Some(out))
}

/// The key that the host should be asked for before `view` can be rewrapped.
pub(crate) fn rewrap_to_ask_for(view: &View<'_>, environment: &Environment<'_>) -> Option<Needed> {
    let (id, text) = own_envelope(view, environment)?;
    match find(id, text, environment) {
        Err(Missing::DataKey(NoDataKey::Unwrap(unwrap))) => Some(unwrap.needed()),
        Err(Missing::DataKey(NoDataKey::Rewrap(rewrap))) => Some(rewrap.needed()),
        _ => None,
    }
}

type Wrapped<'a> = (&'a str, Arc<[u8]>);

fn find<'a>(id: &[u8], text: &[u8], environment: &Environment<'a>) -> Result<Wrapped<'a>, Missing> {
    let Environment { keyring, access, session, .. } = *environment;
    let kek = keyring.kek_of(id).ok_or_else(|| Missing::Unknown("of an envelope".to_owned()))?;
    if !access.allows(&kek.name) {
        return Err(Missing::NotAllowed(kek.name.clone()));
    }
    keyring.wrap_again(access, kek, text, session).map(|(by, wrapped)| (&*by.id, wrapped))
}

/// The name of an entry of the metadata. The last one counts, as for every field.
fn name(entry: &[u8]) -> Result<&[u8], Error> {
    let mut cursor = Cursor::new(entry);
    let mut name = &[][..];
    while let Some(field) = cursor.field().map_err(malformed)? {
        if let (NAME, Value::Bytes(bytes)) = (field.number, field.value) {
            name = bytes;
        }
    }
    Ok(name)
}
