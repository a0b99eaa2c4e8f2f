//! Rewraps a data key: payloads that it encrypted stay as they are.

use std::sync::Arc;

use tdc_formats::base64;

use super::kek::{DataKey, Keeper};
use super::service::{Failure, Fault, Purpose, Unwrap, Wrap};
use super::session::{CallKeys, NoDataKey, Session};
use super::{Access, Kek, Keyring, Missing};
use crate::error::Needed;

/// A data key that another KEK must wrap first.
#[derive(Debug)]
pub(crate) struct Rewrap {
    from: Arc<str>,
    text: Box<[u8]>,
    by: Arc<str>,
}

impl Rewrap {
    /// Its form in an error, from which the call builds the request.
    pub(crate) fn needed(self) -> Needed {
        Needed::Rewrapped { kek: self.from, wrapped: self.text, by: self.by }
    }
}

impl Keyring {
    /// The KEK that wraps for a namespace, and its wrapped form of the data key in `text`, which
    /// names `kek` as its current KEK.
    ///
    /// # Errors
    /// [`Missing::NotAKek`] if the namespace's payloads are not envelopes.
    pub(crate) fn wrap_again<'a>(
        &self,
        access: &'a Access,
        kek: &Arc<Kek>,
        text: &[u8],
        session: &Session<'_>,
    ) -> Result<(&'a Arc<Kek>, Arc<[u8]>), Missing> {
        let by = access.wraps_with().ok_or(Missing::NotAKek)?;
        session.rewrap(kek, text, by).map(|wrapped| (by, wrapped)).map_err(Missing::DataKey)
    }

    /// The request to wrap the key that an error named.
    pub(crate) fn rewrap(&self, from: &str, text: &[u8], by: &str, keys: &CallKeys) -> Option<Wrap> {
        let from = self.kek_named(from)?;
        let data_key = keys.data_key(from, text).ok()?;
        let purpose = Purpose::Rewrap { of: from.table_key(text) };
        Some(Wrap {
            kek: Arc::clone(self.kek_named(by)?),
            data_key: Arc::new(data_key),
            purpose,
            permission: None,
        })
    }
}

impl Session<'_> {
    fn rewrap(&self, from: &Arc<Kek>, text: &[u8], by: &Arc<Kek>) -> Result<Arc<[u8]>, NoDataKey> {
        let name = from.table_key(text);
        let mut keys = self.keys.borrow_mut();
        if let Some(wrapped) = keys.answers().and_then(|answers| answers.rewrapped.get(&name)) {
            return Ok(Arc::clone(wrapped));
        }
        let data_key = keys.data_key(from, text)?;
        let Keeper::Local(local) = &by.keeper else {
            return Err(match keys.wrap_failed() {
                Some(failure) => NoDataKey::Failed(failure.clone()),
                None => NoDataKey::Rewrap(Rewrap {
                    from: Arc::clone(&from.name),
                    text: text.into(),
                    by: Arc::clone(&by.name),
                }),
            });
        };
        let wrapped = local.wrap(&data_key).map_err(NoDataKey::Error)?;
        let wrapped: Arc<[u8]> = base64::encode(&wrapped).into_bytes().into();
        keys.answers_mut().rewrapped.insert(name, Arc::clone(&wrapped));
        Ok(wrapped)
    }
}

impl CallKeys {
    /// The bytes of a data key that was unwrapped for the call, or that a local KEK unwraps.
    fn data_key(&self, kek: &Arc<Kek>, text: &[u8]) -> Result<DataKey, NoDataKey> {
        let unwrap = Unwrap::new(kek, text)?;
        if let Keeper::Local(local) = &kek.keeper {
            let invalid = || Failure::of_unwrap(kek, Fault::Invalid, "it does not authenticate");
            return local.unwrap(&unwrap.wrapped).ok_or_else(|| NoDataKey::Failed(invalid()));
        }
        let name = unwrap.name();
        let Some(answers) = self.answers() else { return Err(NoDataKey::Unwrap(unwrap)) };
        match (answers.unwrapped.get(&name), answers.failed.get(&name)) {
            (Some(data_key), _) => Ok(data_key.clone()),
            (None, Some(failure)) => Err(NoDataKey::Failed(failure.clone())),
            (None, None) => Err(NoDataKey::Unwrap(unwrap)),
        }
    }

    /// Takes another wrapped form of a data key.
    pub(super) fn rewrapped(&mut self, of: &[u8], wrapped: &[u8]) {
        self.answers_mut().rewrapped.insert(of.into(), base64::encode(wrapped).into_bytes().into());
    }
}
