//! What a call knows about data keys. It keeps the keys that were unwrapped for it, so that a list
//! with more data keys than the cache can hold still completes.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use tdc_formats::base64;

use super::data_keys::{CacheOptions, DataKeys, Known, Live, Permission, Sealing};
use super::kek::{DataKey, Keeper};
use super::recent::{Held, Opened};
use super::rewrap::Rewrap;
use super::service::{Failure, Fault, Purpose, Unwrap, Wrap};
use super::{Kek, Key};
use crate::error::Error;
use crate::sys::CoarseInstant;

/// The longest wrapped data key, in base64.
pub(super) const MAX_WRAPPED: usize = 8192;

/// The state that one try of a call passes to the next: answers of key services. Nearly every call
/// has none and pays only for a pointer.
#[derive(Default)]
pub(crate) struct CallKeys(Option<Box<KeyAnswers>>);

/// Answers of key services, by KEK and wrapped text.
#[derive(Default)]
pub(super) struct KeyAnswers {
    pub(super) unwrapped: HashMap<Box<[u8]>, DataKey>,
    pub(super) failed: HashMap<Box<[u8]>, Failure>,
    pub(super) wrap_failed: Option<Failure>,
    /// Other wrapped forms of data keys, as payloads have them.
    pub(super) rewrapped: HashMap<Box<[u8]>, Arc<[u8]>>,
}

impl CallKeys {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn answers(&self) -> Option<&KeyAnswers> {
        self.0.as_deref()
    }

    pub(super) fn answers_mut(&mut self) -> &mut KeyAnswers {
        self.0.get_or_insert_default()
    }

    /// A key service did not wrap the call's data key.
    pub(super) fn wrap_failed(&self) -> Option<&Failure> {
        self.answers()?.wrap_failed.as_ref()
    }
}

/// The identifier of a wrapped key within a call, and the key.
type NamedKey = (Box<[u8]>, Arc<Key>);

/// A data key that should be renewed while it is in use.
pub(crate) struct Renewal {
    pub(super) kek: Arc<Kek>,
    pub(super) permission: Arc<Permission>,
}

/// What a try of a call knows about data keys.
pub(crate) struct Session<'a> {
    namespace: &'a str,
    pub(super) keys: RefCell<CallKeys>,
    /// The key that the try encrypts with.
    sealing: OnceCell<Held<Sealing>>,
    /// The key that most payloads open with, of the KEK that the try encrypts with.
    opened: OnceCell<Held<Opened>>,
    /// The KEK whose data key should be renewed.
    renew: RefCell<Option<Renewal>>,
    /// The last key that was created from the answers that the call keeps.
    recent: RefCell<Option<NamedKey>>,
    /// Whether the configuration should be reloaded for a KEK that it does not name.
    may_search: &'a dyn Fn() -> bool,
    /// Whether the call can add a request that it does not wait for.
    can_ask: bool,
}

/// Why there is no data key.
#[derive(Debug)]
pub(crate) enum NoDataKey {
    /// One must be wrapped first.
    Wrap(Arc<Kek>),
    /// This one must be unwrapped first.
    Unwrap(Unwrap),
    /// This one must be wrapped by another KEK first.
    Rewrap(Rewrap),
    Failed(Failure),
    Error(Error),
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        namespace: &'a str,
        keys: CallKeys,
        may_search: &'a dyn Fn() -> bool,
        can_ask: bool,
    ) -> Self {
        Self {
            namespace,
            keys: RefCell::new(keys),
            sealing: OnceCell::new(),
            opened: OnceCell::new(),
            renew: RefCell::new(None),
            recent: RefCell::new(None),
            may_search,
            can_ask,
        }
    }

    pub(crate) fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// Ends a try that did not succeed. Returns the state for the next one.
    pub(crate) fn into_keys(self) -> CallKeys {
        self.keys.into_inner()
    }

    /// The data key that should be renewed, once.
    pub(crate) fn take_renewal(&self) -> Option<Renewal> {
        self.renew.take()
    }

    /// Whether a key service has answered this call.
    pub(crate) fn has_answers(&self) -> bool {
        self.answer_count() > 0
    }

    /// How many data keys this call has an answer for, of the kind that it has more of: a rewrap
    /// with keys of the configuration unwraps nothing, and another one unwraps what it then wraps.
    pub(crate) fn answer_count(&self) -> usize {
        self.keys.borrow().answers().map_or(0, |answers| {
            (answers.unwrapped.len() + answers.failed.len()).max(answers.rewrapped.len())
        })
    }

    /// Whether the call should request a reload before it leaves a foreign envelope as it is.
    pub(crate) fn should_search(&self) -> bool {
        (self.may_search)()
    }

    /// The data key that encrypts this try's next payload.
    pub(super) fn sealing(
        &self,
        kek: &Arc<Kek>,
        data_keys: &DataKeys,
        cache: CacheOptions,
        now: &dyn Fn() -> CoarseInstant,
    ) -> Result<&Sealing, NoDataKey> {
        let sealing = match self.sealing.get() {
            Some(sealing) => sealing,
            None => {
                let sealing = self.begin_sealing(kek, data_keys, cache, now())?;
                self.sealing.get_or_init(|| sealing)
            }
        };
        let sealing = sealing.as_deref().filter(|sealing| sealing.count());
        sealing.ok_or_else(|| NoDataKey::Wrap(Arc::clone(kek)))
    }

    fn begin_sealing(
        &self,
        kek: &Arc<Kek>,
        data_keys: &DataKeys,
        cache: CacheOptions,
        now: CoarseInstant,
    ) -> Result<Held<Sealing>, NoDataKey> {
        let live = data_keys.live(kek, self.namespace, now);
        match (live, &kek.keeper) {
            (Live::Key(sealing), _) => Ok(sealing),
            (Live::Aging(sealing), Keeper::Service(_)) => {
                let namespace = Arc::from(self.namespace);
                if self.can_ask
                    && let Some(permission) = data_keys.begin_renewal(kek, &namespace, now)
                {
                    *self.renew.borrow_mut() = Some(Renewal { kek: Arc::clone(kek), permission });
                }
                Ok(sealing)
            }
            (Live::Aging(_) | Live::Failed(_) | Live::Nothing, Keeper::Local(local)) => {
                let namespace = Arc::from(self.namespace);
                let data_key = data_keys.candidate(kek, &namespace).map_err(NoDataKey::Error)?;
                let wrapped = local.wrap(&data_key).map_err(NoDataKey::Error)?;
                let sealing = data_keys.install(kek, &namespace, &data_key, &wrapped, cache, now);
                Ok(Held::from_inner(Some(sealing)))
            }
            (Live::Failed(failure), Keeper::Service(_)) => Err(NoDataKey::Failed(failure)),
            (Live::Nothing, Keeper::Service(_)) => Err(match self.keys.borrow().wrap_failed() {
                Some(failure) => NoDataKey::Failed(failure.clone()),
                None => NoDataKey::Wrap(Arc::clone(kek)),
            }),
        }
    }

    /// The key that most payloads open with, of the KEK that the try encrypts with.
    #[inline]
    pub(super) fn last_opened(&self, kek: &Kek) -> Option<&Opened> {
        self.opened.get_or_init(|| kek.recent.last()).as_deref()
    }

    /// The data key for the wrapped `text` of a payload.
    pub(super) fn open(
        &self,
        kek: &Arc<Kek>,
        text: &[u8],
        data_keys: &DataKeys,
        cache: CacheOptions,
        now: &dyn Fn() -> CoarseInstant,
    ) -> Result<Arc<Key>, NoDataKey> {
        if let Some(key) = kek.recent.find(text, now) {
            return Ok(key);
        }
        match data_keys.known(kek, text, now()) {
            Some(Known::Key(opened)) => return Ok(Arc::clone(&opened.key)),
            Some(Known::Failed(failure)) => return Err(NoDataKey::Failed(failure)),
            None => {}
        }
        let name = kek.table_key(text);
        if let Some((recent, key)) = &*self.recent.borrow()
            && *recent == name
        {
            return Ok(Arc::clone(key));
        }
        if let Some(answers) = self.keys.borrow().answers() {
            if let Some(data_key) = answers.unwrapped.get(&name) {
                let key = Arc::new(Key::data_key(&kek.id, text, data_key));
                *self.recent.borrow_mut() = Some((name, Arc::clone(&key)));
                return Ok(key);
            }
            if let Some(failure) = answers.failed.get(&name) {
                return Err(NoDataKey::Failed(failure.clone()));
            }
        }
        let unwrap = Unwrap::new(kek, text)?;
        let Keeper::Local(local) = &kek.keeper else { return Err(NoDataKey::Unwrap(unwrap)) };
        let now = now();
        let Some(data_key) = local.unwrap(&unwrap.wrapped) else {
            let failure = Failure::of_unwrap(kek, Fault::Invalid, "it does not authenticate");
            let until = now + failure.lasts;
            data_keys.remember(kek, text, Known::Failed(failure.clone()), until, cache);
            return Err(NoDataKey::Failed(failure));
        };
        let (key, until) = (Arc::new(Key::data_key(&kek.id, text, &data_key)), now + cache.lifetime);
        data_keys.remember_key(kek, Arc::clone(&key), until, cache);
        Ok(key)
    }
}

impl CallKeys {
    /// Takes a data key that was unwrapped.
    pub(super) fn opened(&mut self, unwrap: &Unwrap, data_key: DataKey) {
        self.answers_mut().unwrapped.insert(unwrap.name(), data_key);
    }

    /// A key service did not unwrap a data key.
    pub(super) fn did_not_unwrap(&mut self, unwrap: &Unwrap, failure: Failure) {
        self.answers_mut().failed.insert(unwrap.name(), failure);
    }

    /// A key service did not wrap the data key.
    pub(super) fn did_not_wrap(&mut self, failure: Failure) {
        self.answers_mut().wrap_failed = Some(failure);
    }
}

impl Unwrap {
    /// # Errors
    /// If the text is not a wrapped key.
    pub(super) fn new(kek: &Arc<Kek>, text: &[u8]) -> Result<Self, NoDataKey> {
        let mut wrapped = vec![0; text.len()];
        let len = (text.len() <= MAX_WRAPPED).then(|| base64::decode_strict(text, &mut wrapped)).flatten();
        let Some(len) = len.filter(|len| *len > 0) else {
            let reason = format!("expected base64 of at most {MAX_WRAPPED} characters, found {}", text.len());
            return Err(NoDataKey::Failed(Failure::of_unwrap(kek, Fault::Invalid, &reason)));
        };
        wrapped.truncate(len);
        Ok(Self { kek: Arc::clone(kek), text: text.into(), wrapped })
    }
}

impl Wrap {
    pub(super) fn new(kek: &Arc<Kek>, namespace: Arc<str>, data_key: Arc<DataKey>) -> Self {
        Self { kek: Arc::clone(kek), data_key, purpose: Purpose::Seal { namespace }, permission: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{DataKeyOptions, LocalKek};

    #[test]
    fn answers_count_by_the_kind_that_there_are_more_of() {
        let keeper = Keeper::Local(LocalKek::new(&[1; 32]));
        let kek = Kek::new("local", "local", keeper, DataKeyOptions::default());
        let count = |unwrapped, failed, rewrapped| {
            let mut keys = CallKeys::default();
            let named = |number: u8| Box::from([number]);
            let answers = keys.answers_mut();
            answers.unwrapped.extend((0..unwrapped).map(|number| (named(number), DataKey::default())));
            let failure = Failure::of_unwrap(&kek, Fault::Invalid, "no");
            answers.failed.extend((0..failed).map(|number| (named(number), failure.clone())));
            (0..rewrapped).for_each(|number| keys.rewrapped(&[number], b"wrapped"));
            Session::new("ns", keys, &|| false, false).answer_count()
        };
        assert_eq!(Session::new("ns", CallKeys::default(), &|| false, false).answer_count(), 0);
        for (unwrapped, failed, rewrapped, expected) in
            [(0, 0, 0, 0), (3, 0, 0, 3), (3, 2, 0, 5), (0, 0, 5, 5), (5, 0, 3, 5), (3, 1, 5, 5)]
        {
            assert_eq!(count(unwrapped, failed, rewrapped), expected);
        }
    }
}
