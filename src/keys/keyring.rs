//! Looks keys up by id. The *primary* key encrypts, every key of the ring that a namespace may use
//! decrypts.
//!
//! A key comes from the config's ring or from the host, never from a payload's metadata. Keys from
//! the host, and ids that it does not know, are cached behind a lock; the ring itself is immutable
//! (a reload creates a new one). A key of a key service (KEK) wraps data keys, and the cache of
//! those survives a reload.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::access::Primary;
use super::data_keys::{CacheOptions, DataKeys, Known};
use super::kek::{Keeper, LocalKek};
use super::service::{Failure, Fault, Purpose, Unwrap, Wrap};
use super::session::{CallKeys, MAX_WRAPPED, NoDataKey, Renewal, Session};
use super::{Access, Fingerprint, Kek, Key, LONGEST_METADATA, is_key_itself, key_id};
use crate::error::{Code, Error, text};
use crate::lock::Lock;
use crate::sys::CoarseInstant;

/// How long "the host does not know this key" is cached.
const REJECTION_LASTS: Duration = Duration::from_secs(30);

/// The longest wrapped data key.
const MAX_WRAPPED_BYTES: usize = MAX_WRAPPED / 4 * 3;

/// Most keys and rejections kept from a host; beyond it the oldest kind of entry is dropped.
const MAX_HOST_ENTRIES: usize = 4096;

/// A key, borrowed for a call.
pub(crate) enum Found<'a> {
    Borrowed(&'a Key),
    /// A key of the host, or a data key of another process.
    Shared(Arc<Key>),
}

impl core::ops::Deref for Found<'_> {
    type Target = Key;

    fn deref(&self) -> &Key {
        match self {
            Self::Borrowed(key) => key,
            Self::Shared(key) => key,
        }
    }
}

/// The host's answer about a key.
#[derive(Clone, Debug)]
enum HostAnswer {
    Key(Arc<Key>),
    Rejected(CoarseInstant),
}

/// The keys behind a handle.
#[derive(Default)]
pub(crate) struct Keyring {
    pub(super) ring: HashMap<Arc<str>, Arc<Key>>,
    /// `None` unless the config says `host: true`.
    host: Option<Lock<HashMap<Arc<str>, HostAnswer>>>,
    /// The KEKs, by their ids in payloads.
    keks: HashMap<Arc<str>, Arc<Kek>>,
    /// The KEKs, by their names in the ring.
    kek_names: HashMap<Arc<str>, Arc<Kek>>,
    data_keys: Arc<DataKeys>,
    cache: CacheOptions,
    /// The most bytes that the metadata of a key has, but for those that a key service wraps.
    longest_metadata: usize,
    has_key_services: bool,
}

/// Why there is no key.
#[derive(Debug)]
pub(crate) enum Missing {
    /// There is no data key (yet).
    DataKey(NoDataKey),
    /// The host may know it.
    AskHost(String),
    /// The key is unknown. Contains the text for the id: the id itself, or its length.
    Unknown(String),
    /// The namespace's payloads are not envelopes.
    NotAKek,
    /// The KEK of this name belongs to another namespace.
    NotAllowed(Arc<str>),
}

impl Keyring {
    pub(crate) fn new(ring: HashMap<Arc<str>, Arc<Key>>, host: bool) -> Self {
        let of_host = if host { LONGEST_METADATA } else { 0 };
        let of_ring = ring.values().map(|key| key.longest_metadata());
        let longest_metadata = of_ring.fold(of_host, usize::max);
        Self { ring, host: host.then(Lock::default), longest_metadata, ..Self::default() }
    }

    /// The same keyring with KEKs, each with its possible ids in payloads.
    pub(crate) fn with_keks(self, keks: Vec<(Arc<Kek>, Vec<String>)>, cache: CacheOptions) -> Self {
        let mut by_id = HashMap::new();
        let mut by_name = HashMap::new();
        let (mut longest_metadata, mut has_key_services) = (self.longest_metadata, false);
        for (kek, also) in keks {
            match kek.keeper {
                Keeper::Service(_) => has_key_services = true,
                Keeper::Local(_) => {
                    let len = Key::metadata_of_data_key(&kek.id, LocalKek::wrapped_len());
                    longest_metadata = longest_metadata.max(len);
                }
            }
            by_name.insert(Arc::clone(&kek.name), Arc::clone(&kek));
            for id in also {
                by_id.insert(Arc::from(id), Arc::clone(&kek));
            }
            by_id.insert(Arc::clone(&kek.id), kek);
        }
        Self { keks: by_id, kek_names: by_name, cache, longest_metadata, has_key_services, ..self }
    }

    /// Takes over the data keys of the previous keyring.
    pub(crate) fn adopt(&mut self, before: &Self) {
        self.data_keys = Arc::clone(&before.data_keys);
    }

    /// The KEK of this name in the ring.
    pub(crate) fn kek_named(&self, name: &str) -> Option<&Arc<Kek>> {
        self.kek_names.get(name)
    }

    /// The same, for payloads of which most name the KEK that wraps for `access`.
    #[inline]
    pub(crate) fn kek_for<'a>(&'a self, access: &'a Access, id: &[u8]) -> Option<&'a Arc<Kek>> {
        access.wraps_with().filter(|kek| kek.id.as_bytes() == id).or_else(|| self.kek_of(id))
    }

    /// The KEK with this id in payloads, whoever may use it.
    pub(crate) fn kek_of(&self, id: &[u8]) -> Option<&Arc<Kek>> {
        self.keks.get(core::str::from_utf8(id).ok()?)
    }

    /// Whether there is a KEK.
    pub(crate) fn has_keks(&self) -> bool {
        !self.keks.is_empty()
    }

    /// Whether the host may be asked to have data keys wrapped and unwrapped.
    pub(crate) fn has_key_services(&self) -> bool {
        self.has_key_services
    }

    /// The KEKs.
    pub(crate) fn keks(&self) -> impl Iterator<Item = &Arc<Kek>> {
        self.kek_names.values()
    }

    /// The most bytes that the metadata of a key has.
    pub(crate) fn longest_metadata(&self) -> usize {
        /// What the keys of services have room for: another service, or another call at the same
        /// time, may wrap a longer one than those before.
        const GUESS: usize = 600;
        if !self.has_key_services {
            return self.longest_metadata;
        }
        self.longest_metadata.max(GUESS).max(self.data_keys.longest_metadata())
    }

    pub(crate) fn has_host(&self) -> bool {
        self.host.is_some()
    }

    /// Whether there can be any key.
    pub(crate) fn has_keys(&self) -> bool {
        self.has_host() || !self.ring.is_empty() || self.has_keks()
    }

    /// The names of the ring.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.ring.keys().chain(self.kek_names.keys())
    }

    /// The fingerprint of a key of the ring.
    pub(crate) fn fingerprint(&self, id: &str) -> Option<Fingerprint> {
        self.ring
            .get(id)
            .map(|key| key.fingerprint)
            .or_else(|| self.kek_named(id).map(|kek| kek.fingerprint()))
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.ring.contains_key(id) || self.kek_names.contains_key(id)
    }

    /// The key that encrypts.
    pub(crate) fn primary<'a>(
        &'a self,
        access: &'a Access,
        session: &'a Session<'_>,
        now: &dyn Fn() -> CoarseInstant,
    ) -> Result<Found<'a>, Missing> {
        match &access.primary {
            Some(Primary { key: Some(key), .. }) => Ok(Found::Borrowed(key)),
            Some(Primary { kek: Some(kek), .. }) => session
                .sealing(kek, &self.data_keys, self.cache, now)
                .map(|sealing| Found::Borrowed(&sealing.key))
                .map_err(Missing::DataKey),
            Some(Primary { template: Some(template), .. }) => {
                Err(Missing::Unknown(text::quoted(&template.replace("{namespace}", session.namespace()))))
            }
            Some(Primary { id, .. }) => self.find(access, id.as_bytes(), now),
            None => Err(Missing::Unknown("that encrypts".to_owned())),
        }
    }

    /// The key that this process last used to encrypt, or to decrypt payloads that were encrypted
    /// the same way, and what follows its metadata in `head`; `None` if `head` begins with anything
    /// else.
    #[inline]
    pub(crate) fn recent<'a, 'h>(
        access: &'a Access,
        session: &'a Session<'_>,
        head: &'h [u8],
        now: &dyn Fn() -> CoarseInstant,
    ) -> Option<(&'a Key, &'h [u8])> {
        match access.primary.as_ref()? {
            Primary { key: Some(key), .. } => Some((key, key.skip_metadata(head)?)),
            Primary { kek: Some(kek), .. } => {
                let opened = session.last_opened(kek)?;
                let rest = opened.key.skip_metadata(head)?;
                // The clock costs more than to compare, so it comes last.
                (opened.until > now()).then_some((&*opened.key, rest))
            }
            Primary { .. } => None,
        }
    }

    /// The key with this id, which came from a payload's metadata.
    pub(crate) fn find<'a>(
        &'a self,
        access: &'a Access,
        id: &[u8],
        now: &dyn Fn() -> CoarseInstant,
    ) -> Result<Found<'a>, Missing> {
        if let Some(Primary { id: primary, key: Some(key), .. }) = &access.primary
            && primary.as_bytes() == id
        {
            return Ok(Found::Borrowed(key));
        }
        let Some(id) = key_id(id) else {
            return Err(Missing::Unknown(format!("of {} bytes that is not a key id", id.len())));
        };
        if is_key_itself(id.as_bytes()) && !self.ring.contains_key(id) {
            return Err(Missing::Unknown(format!("whose id is the key itself ({} bytes)", id.len())));
        }
        if access.allows(id) {
            if let Some(key) = self.ring.get(id) {
                return Ok(Found::Borrowed(key));
            }
            if let Some(host) = &self.host {
                let answer = host.read(|answers| answers.get(id).cloned());
                match answer {
                    Some(HostAnswer::Key(key)) => return Ok(Found::Shared(key)),
                    Some(HostAnswer::Rejected(until)) if until > now() => {}
                    _ => return Err(Missing::AskHost(id.to_owned())),
                }
            }
        }
        Err(Missing::Unknown(format!("\"{id}\"")))
    }

    /// The key for the Java sample's form, where the id is the key itself: a key of the ring with
    /// that id or with exactly these bytes. A payload that brings a foreign key is not decrypted,
    /// and the id is never shown or requested from the host.
    pub(crate) fn find_by_own_bytes(&self, access: &Access, id: &[u8]) -> Result<Found<'_>, Missing> {
        let fingerprint: [u8; 32] = Sha256::digest(id).into();
        let usable = |(name, _): &(&Arc<str>, &Arc<Key>)| access.allows(name);
        let by_id = core::str::from_utf8(id).ok().and_then(|id| self.ring.get_key_value(id)).filter(usable);
        by_id
            .or_else(|| self.ring.iter().filter(usable).find(|(_, key)| key.fingerprint == fingerprint))
            .map(|(_, key)| Found::Borrowed(key))
            .ok_or_else(|| {
                Missing::Unknown(format!(
                    "of the Java sample's form, whose id is the key itself ({} bytes),",
                    id.len()
                ))
            })
    }

    /// The data key of an envelope that names `kek` as its KEK.
    pub(crate) fn open_envelope(
        &self,
        kek: &Arc<Kek>,
        text: &[u8],
        session: &Session<'_>,
        now: &dyn Fn() -> CoarseInstant,
    ) -> Result<Arc<Key>, Missing> {
        session.open(kek, text, &self.data_keys, self.cache, now).map_err(Missing::DataKey)
    }

    /// The request to unwrap the key that an error named.
    pub(crate) fn unwrap(&self, kek: &str, text: &[u8]) -> Option<Unwrap> {
        Unwrap::new(self.kek_named(kek)?, text).ok()
    }

    /// The request for a new data key of `namespace`.
    pub(crate) fn wrap(&self, kek: &str, namespace: &str) -> Result<Wrap, Error> {
        let kek = self.kek_named(kek).ok_or_else(|| Error::wrap_needed(&kek.into()))?;
        let namespace = Arc::from(namespace);
        let data_key = self.data_keys.candidate(kek, &namespace)?;
        Ok(Wrap::new(kek, namespace, data_key))
    }

    /// The request for the successor of a data key that is still in use.
    pub(crate) fn renew(&self, renewal: Renewal, namespace: &str) -> Result<Wrap, Error> {
        let Renewal { kek, permission } = renewal;
        Ok(Wrap { permission: Some(permission), ..self.wrap(&kek.name, namespace)? })
    }

    /// Takes a wrapped data key.
    pub(crate) fn wrapped(&self, wrap: &Wrap, wrapped: &[u8], keys: &mut CallKeys, now: CoarseInstant) {
        if !(1..=MAX_WRAPPED_BYTES).contains(&wrapped.len()) {
            let reason = format!("the wrapped key has {} bytes", wrapped.len());
            return self.did_not_wrap(wrap, Fault::Unavailable, &reason, keys, now);
        }
        match &wrap.purpose {
            // A reload may have recreated the KEK: the table that both share counts.
            Purpose::Seal { namespace } => {
                self.data_keys.install(&wrap.kek, namespace, &wrap.data_key, wrapped, self.cache, now);
            }
            Purpose::Rewrap { of } => keys.rewrapped(of, wrapped),
        }
    }

    /// Records that a service did not wrap a data key.
    pub(crate) fn did_not_wrap(
        &self,
        wrap: &Wrap,
        fault: Fault,
        reason: &str,
        keys: &mut CallKeys,
        now: CoarseInstant,
    ) {
        let failure = Failure::of_wrap(&wrap.kek, fault, reason);
        if let Purpose::Seal { namespace } = &wrap.purpose {
            self.data_keys.fail(&wrap.kek, namespace, failure.clone(), now);
        }
        keys.did_not_wrap(failure);
    }

    /// Takes an unwrapped data key.
    pub(crate) fn unwrapped(
        &self,
        unwrap: &Unwrap,
        data_key: &[u8],
        keys: &mut CallKeys,
        now: CoarseInstant,
    ) {
        let Ok(data_key) = <&[u8; 32]>::try_from(data_key) else {
            let reason = format!("the data key has {} bytes, expected 32", data_key.len());
            return self.did_not_unwrap(unwrap, Fault::Invalid, &reason, keys, now);
        };
        let key = Arc::new(Key::data_key(&unwrap.kek.id, &unwrap.text, data_key));
        self.data_keys.remember_key(&unwrap.kek, key, now + self.cache.lifetime, self.cache);
        keys.opened(unwrap, (*data_key).into());
    }

    /// Records that a service did not unwrap a data key.
    pub(crate) fn did_not_unwrap(
        &self,
        unwrap: &Unwrap,
        fault: Fault,
        reason: &str,
        keys: &mut CallKeys,
        now: CoarseInstant,
    ) {
        let failure = Failure::of_unwrap(&unwrap.kek, fault, reason);
        let until = now + failure.lasts;
        self.data_keys.remember(&unwrap.kek, &unwrap.text, Known::Failed(failure.clone()), until, self.cache);
        keys.did_not_unwrap(unwrap, failure);
    }

    /// Takes a key that was requested from the host.
    pub(crate) fn provide(&self, id: &[u8], key: &[u8]) -> Result<(), Error> {
        let id = handed_in(id)?;
        let key: &[u8; 32] = key.try_into().map_err(|_| {
            Error::new(Code::KeyInvalid, format!("the key \"{id}\" has {} bytes, expected 32", key.len()))
        })?;
        self.remember(id, HostAnswer::Key(Arc::new(Key::new(id, key))))
    }

    /// Records that the host has no key with this id; this is cached for half a minute.
    pub(crate) fn reject(&self, id: &[u8], now: CoarseInstant) -> Result<(), Error> {
        self.remember(handed_in(id)?, HostAnswer::Rejected(now + REJECTION_LASTS))
    }

    fn remember(&self, id: &str, answer: HostAnswer) -> Result<(), Error> {
        let Some(host) = &self.host else {
            return Err(Error::new(
                Code::KeyInvalid,
                "this configuration does not accept keys from the host: set keys.host to true",
            ));
        };
        host.write(|answers| {
            if answers.len() >= MAX_HOST_ENTRIES {
                answers.retain(|_, answer| matches!(answer, HostAnswer::Key(_)));
                if answers.len() >= MAX_HOST_ENTRIES {
                    answers.clear();
                }
            }
            answers.insert(Arc::from(id), answer);
        });
        Ok(())
    }
}

fn handed_in(id: &[u8]) -> Result<&str, Error> {
    key_id(id).ok_or_else(|| {
        Error::new(
            Code::KeyInvalid,
            format!(
                "this is not a key id ({} bytes): expected 1 to 128 characters of A-Z a-z 0-9 . _ : / -",
                id.len()
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn ring(host: bool) -> Keyring {
        let keys = [("old", b'o'), ("new", b'n')]
            .map(|(id, byte)| (Arc::from(id), Arc::new(Key::new(id, &[byte; 32]))));
        Keyring::new(HashMap::from(keys), host)
    }

    fn unknown(found: Result<Found<'_>, Missing>, expected: &str) -> bool {
        matches!(found, Err(Missing::Unknown(id)) if id == expected)
    }

    fn asks(found: Result<Found<'_>, Missing>, expected: &str) -> bool {
        matches!(found, Err(Missing::AskHost(id)) if id == expected)
    }

    #[test]
    fn only_allowed_keys_open() {
        let access = Access::new(&ring(true), None, Some(HashSet::from([Arc::from("new")])));
        assert!(ring(false).find(&access, b"new", &CoarseInstant::now).is_ok());
        assert!(unknown(ring(true).find(&access, b"old", &CoarseInstant::now), "\"old\""));
        assert!(ring(false).find_by_own_bytes(&access, &[b'n'; 32]).is_ok());
        assert!(ring(false).find_by_own_bytes(&access, &[b'o'; 32]).is_err());
    }

    #[test]
    fn host_is_asked_once_and_its_no_is_believed_for_a_while() {
        let (keys, access, now) = (ring(true), Access::default(), CoarseInstant::now());
        assert!(asks(keys.find(&access, b"other", &|| now), "other"));
        keys.reject(b"other", now).unwrap();
        assert!(unknown(keys.find(&access, b"other", &|| now), "\"other\""));
        let later = now + REJECTION_LASTS;
        assert!(asks(keys.find(&access, b"other", &|| later), "other"));
        keys.provide(b"other", &[7; 32]).unwrap();
        assert!(keys.find(&access, b"other", &|| later).is_ok());
    }

    #[test]
    fn what_is_handed_in_is_checked() {
        let code = |result: Result<(), Error>| result.unwrap_err().code();
        assert_eq!(code(ring(true).provide(b"x", &[0; 31])), Code::KeyInvalid);
        assert_eq!(code(ring(true).provide(b"x y", &[0; 32])), Code::KeyInvalid);
        assert_eq!(code(ring(false).provide(b"x", &[0; 32])), Code::KeyInvalid);
        assert_eq!(code(ring(true).reject(&[b'x'; 129], CoarseInstant::now())), Code::KeyInvalid);
    }

    #[test]
    fn an_id_is_named_only_if_it_is_one() {
        let access = Access::default();
        let secret = b"test-key-test-key-test-key-test!";
        for missing in [
            ring(true).find(&access, b"base64key:test-key", &CoarseInstant::now).err().unwrap(),
            ring(true).find(&access, secret, &CoarseInstant::now).err().unwrap(),
            ring(true).find_by_own_bytes(&access, secret).err().unwrap(),
        ] {
            assert!(!format!("{missing:?}").contains("test-key"), "{missing:?}");
        }
    }

    #[test]
    fn what_a_host_hands_in_is_bounded() {
        let keys = ring(true);
        for index in 0..MAX_HOST_ENTRIES + 10 {
            keys.reject(format!("id-{index}").as_bytes(), CoarseInstant::now()).unwrap();
        }
        assert!(keys.host.unwrap().read(HashMap::len) <= MAX_HOST_ENTRIES);
    }
}
