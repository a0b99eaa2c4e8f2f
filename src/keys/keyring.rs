//! Key id → key. The *primary* key encrypts, every key of the ring that a namespace may use decrypts.
//!
//! A key comes from the config's ring or from the host, never from a payload's metadata. What the host
//! handed in, and which ids it does not know, is remembered behind a lock; the ring itself never changes
//! (a reload makes a new one).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::access::Primary;
use super::{Access, Fingerprint, Key, key_id};
use crate::error::{Code, Error};
use crate::lock::Lock;

/// How long "the host does not know this key" is believed.
const REJECTION_LASTS: Duration = Duration::from_secs(30);

/// Keys and rejections that a host may have handed in; beyond it the oldest kind of knowledge is
/// dropped.
const MAX_HOST_ENTRIES: usize = 4096;

/// A key for the length of a call.
pub(crate) enum Found<'a> {
    Ring(&'a Key),
    Host(Arc<Key>),
}

impl core::ops::Deref for Found<'_> {
    type Target = Key;

    fn deref(&self) -> &Key {
        match self {
            Self::Ring(key) => key,
            Self::Host(key) => key,
        }
    }
}

/// What the host has said about a key.
#[derive(Clone, Debug)]
enum HostAnswer {
    Key(Arc<Key>),
    Rejected(Instant),
}

/// The keys behind a handle.
#[derive(Debug, Default)]
pub(crate) struct Keyring {
    pub(super) ring: HashMap<Arc<str>, Arc<Key>>,
    /// `None` unless the config says `host: true`.
    host: Option<Lock<HashMap<Arc<str>, HostAnswer>>>,
}

/// Why there is no key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The host may know it.
    AskHost(String),
    /// Nobody here knows it. What to say of the id: itself, or its length.
    Unknown(String),
}

impl Keyring {
    pub(crate) fn new(ring: HashMap<Arc<str>, Arc<Key>>, host: bool) -> Self {
        Self { ring, host: host.then(Lock::default) }
    }

    pub(crate) fn has_host(&self) -> bool {
        self.host.is_some()
    }

    /// Whether there can be any key.
    pub(crate) fn has_keys(&self) -> bool {
        self.has_host() || !self.ring.is_empty()
    }

    /// The ids of the ring.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.ring.keys()
    }

    /// The fingerprint of a key of the ring.
    pub(crate) fn fingerprint(&self, id: &str) -> Option<Fingerprint> {
        self.ring.get(id).map(|key| key.fingerprint)
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.ring.contains_key(id)
    }

    /// The key that encrypts.
    pub(crate) fn primary<'a>(
        &'a self,
        access: &'a Access,
        now: &dyn Fn() -> Instant,
    ) -> Result<Found<'a>, Missing> {
        match &access.primary {
            Some(Primary { key: Some(key), .. }) => Ok(Found::Ring(key)),
            Some(Primary { id, .. }) => self.find(access, id.as_bytes(), now),
            None => Err(Missing::Unknown("that encrypts".to_owned())),
        }
    }

    /// The key of this id, which came in a payload's metadata.
    pub(crate) fn find<'a>(
        &'a self,
        access: &'a Access,
        id: &[u8],
        now: &dyn Fn() -> Instant,
    ) -> Result<Found<'a>, Missing> {
        if let Some(Primary { id: primary, key: Some(key) }) = &access.primary
            && primary.as_bytes() == id
        {
            return Ok(Found::Ring(key));
        }
        let Some(id) = key_id(id) else {
            return Err(Missing::Unknown(format!("of {} bytes that is not a key id", id.len())));
        };
        if access.allows(id) {
            if let Some(key) = self.ring.get(id) {
                return Ok(Found::Ring(key));
            }
            if let Some(host) = &self.host {
                let answer = host.read(|answers| answers.get(id).cloned());
                match answer {
                    Some(HostAnswer::Key(key)) => return Ok(Found::Host(key)),
                    Some(HostAnswer::Rejected(until)) if until > now() => {}
                    _ => return Err(Missing::AskHost(id.to_owned())),
                }
            }
        }
        Err(Missing::Unknown(format!("\"{id}\"")))
    }

    /// The key for the Java sample's form, where the id is the key itself: a key of the ring with that
    /// id or with these very bytes. Who brings a key of his own gets nothing, and the id is never named,
    /// nor asked of the host.
    pub(crate) fn find_by_own_bytes(&self, access: &Access, id: &[u8]) -> Result<Found<'_>, Missing> {
        let fingerprint: [u8; 32] = Sha256::digest(id).into();
        let usable = |(name, _): &(&Arc<str>, &Arc<Key>)| access.allows(name);
        let by_id = core::str::from_utf8(id).ok().and_then(|id| self.ring.get_key_value(id)).filter(usable);
        by_id
            .or_else(|| self.ring.iter().filter(usable).find(|(_, key)| key.fingerprint == fingerprint))
            .map(|(_, key)| Found::Ring(key))
            .ok_or_else(|| {
                Missing::Unknown(format!(
                    "of the Java sample's form, whose id is the key itself ({} bytes),",
                    id.len()
                ))
            })
    }

    /// Takes a key that the host was asked for.
    pub(crate) fn provide(&self, id: &[u8], key: &[u8]) -> Result<(), Error> {
        let id = handed_in(id)?;
        let key: &[u8; 32] = key.try_into().map_err(|_| {
            Error::new(Code::KeyInvalid, format!("the key \"{id}\" has {} bytes, expected 32", key.len()))
        })?;
        self.remember(id, HostAnswer::Key(Arc::new(Key::new(id, key))))
    }

    /// Takes the host's word that it has no key of this id; it is believed for half a minute.
    pub(crate) fn reject(&self, id: &[u8], now: Instant) -> Result<(), Error> {
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

    #[test]
    fn only_allowed_keys_open() {
        let access = Access::new(&ring(true), None, Some(HashSet::from([Arc::from("new")])));
        assert!(ring(false).find(&access, b"new", &Instant::now).is_ok());
        assert_eq!(
            ring(true).find(&access, b"old", &Instant::now).err().unwrap(),
            Missing::Unknown("\"old\"".into())
        );
        assert!(ring(false).find_by_own_bytes(&access, &[b'n'; 32]).is_ok());
        assert!(ring(false).find_by_own_bytes(&access, &[b'o'; 32]).is_err());
    }

    #[test]
    fn host_is_asked_once_and_its_no_is_believed_for_a_while() {
        let (keys, access, now) = (ring(true), Access::default(), Instant::now());
        assert_eq!(keys.find(&access, b"other", &|| now).err().unwrap(), Missing::AskHost("other".into()));
        keys.reject(b"other", now).unwrap();
        assert_eq!(
            keys.find(&access, b"other", &|| now).err().unwrap(),
            Missing::Unknown("\"other\"".into())
        );
        let later = now + REJECTION_LASTS;
        assert_eq!(keys.find(&access, b"other", &|| later).err().unwrap(), Missing::AskHost("other".into()));
        keys.provide(b"other", &[7; 32]).unwrap();
        assert!(keys.find(&access, b"other", &|| later).is_ok());
    }

    #[test]
    fn what_is_handed_in_is_checked() {
        let code = |result: Result<(), Error>| result.unwrap_err().code();
        assert_eq!(code(ring(true).provide(b"x", &[0; 31])), Code::KeyInvalid);
        assert_eq!(code(ring(true).provide(b"x y", &[0; 32])), Code::KeyInvalid);
        assert_eq!(code(ring(false).provide(b"x", &[0; 32])), Code::KeyInvalid);
        assert_eq!(code(ring(true).reject(&[b'x'; 129], Instant::now())), Code::KeyInvalid);
    }

    #[test]
    fn an_id_is_named_only_if_it_is_one() {
        let access = Access::default();
        let secret = b"test-key-test-key-test-key-test!";
        for missing in [
            ring(true).find(&access, secret, &Instant::now).err().unwrap(),
            ring(true).find_by_own_bytes(&access, secret).err().unwrap(),
        ] {
            assert!(!format!("{missing:?}").contains("test-key"), "{missing:?}");
        }
    }

    #[test]
    fn what_a_host_hands_in_is_bounded() {
        let keys = ring(true);
        for index in 0..MAX_HOST_ENTRIES + 10 {
            keys.reject(format!("id-{index}").as_bytes(), Instant::now()).unwrap();
        }
        assert!(keys.host.unwrap().read(HashMap::len) <= MAX_HOST_ENTRIES);
    }
}
