//! The data keys of a process: those that encrypt, one for each namespace and KEK, and those that
//! were unwrapped.
//!
//! ```text
//! encrypt ──> live key of (namespace, KEK) ──> too old, or used for too many payloads: `wrap` a new one
//! decrypt ──> call's keys ──> cache, keyed by (KEK, wrapped text) ──> `unwrap`
//! ```
//! Both tables survive a reload. A forked child creates its own keys, but may use the unwrapped
//! ones.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tdc_formats::base64;

use super::kek::{DataKey, MAX_MESSAGES};
use super::recent::{Held, Opened};
use super::{Failure, Kek, Key};
use crate::error::Error;
use crate::lock::Lock;
use crate::sys::{self, CoarseInstant};

/// Most data keys that encrypt at the same time.
const MAX_LIVE: usize = 1000;

/// How long to wait for a requested renewal.
const RENEWAL_LASTS: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Fresh,
    Aging,
    Over,
}

/// A data key that encrypts.
pub(crate) struct Sealing {
    namespace: Arc<str>,
    pub(super) key: Arc<Key>,
    born: CoarseInstant,
    /// The clock does not tell keys of one moment apart.
    number: u64,
    used: AtomicU64,
    forks: u32,
}

impl Sealing {
    /// Counts a payload; `false` if the key may not encrypt any more.
    pub(super) fn count(&self) -> bool {
        self.used.fetch_add(1, Ordering::Relaxed) < MAX_MESSAGES
    }

    /// Whether a call may start with it, and whether its successor should be created.
    #[inline]
    fn state(&self, kek: &Kek, namespace: &str, now: CoarseInstant) -> State {
        let (lifetime, messages) = (kek.options.lifetime, kek.options.messages);
        let (age, used) = (now.saturating_duration_since(self.born), self.used.load(Ordering::Relaxed));
        if self.forks != sys::forks() || !self.is_for(namespace) || age >= lifetime || used >= messages {
            State::Over
        } else if age.saturating_add(kek.options.renew_before) >= lifetime || used >= messages - messages / 8
        {
            State::Aging
        } else {
            State::Fresh
        }
    }

    /// An empty text may be anywhere, and glibc takes 40 ns on some CPUs to compare nothing there.
    fn is_for(&self, namespace: &str) -> bool {
        if namespace.is_empty() { self.namespace.is_empty() } else { *self.namespace == *namespace }
    }
}

/// How many unwrapped keys are kept, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheOptions {
    pub(crate) entries: usize,
    pub(crate) lifetime: Duration,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self { entries: 1000, lifetime: Duration::from_secs(300) }
    }
}

/// See the module.
pub(crate) struct DataKeys {
    slots: Lock<HashMap<Owner, Slot>>,
    cache: Lock<Cache>,
    /// The longest metadata of a key that a service wrapped: the amount by which a payload grows.
    longest_metadata: AtomicUsize,
    /// Keys made so far.
    made: AtomicU64,
}

/// The owner of a key: a KEK's identity, and a namespace.
type Owner = ([u8; 16], Arc<str>);

/// Permission to have the next data key wrapped. If it is dropped without an answer, the next call
/// gets it.
pub(super) struct Permission;

#[derive(Default)]
struct Slot {
    live: Option<Arc<Sealing>>,
    /// Created but not wrapped yet: all calls that need a key have this same one wrapped.
    candidate: Option<Arc<DataKey>>,
    /// When the next one was requested while the old one is in use, and which call holds the
    /// permission.
    renewing: Option<(CoarseInstant, Weak<Permission>)>,
    failed: Option<(Failure, CoarseInstant)>,
}

impl Slot {
    /// Whether its renewal was requested, or failed, a short time ago.
    fn waits(&self, now: CoarseInstant) -> bool {
        let is_asked = |(begun, permission): &(CoarseInstant, Weak<Permission>)| {
            permission.strong_count() > 0 && now.saturating_duration_since(*begun) < RENEWAL_LASTS
        };
        self.renewing.as_ref().is_some_and(is_asked)
            || self.failed.as_ref().is_some_and(|(_, until)| *until > now)
    }
}

/// The state of the key that encrypts.
pub(super) enum Live {
    Key(Held<Sealing>),
    /// A key that is used while its successor is created.
    Aging(Held<Sealing>),
    Failed(Failure),
    Nothing,
}

/// What is known about a wrapped key.
#[derive(Clone)]
pub(super) enum Known {
    Key(Arc<Opened>),
    Failed(Failure),
}

#[derive(Default)]
struct Cache {
    entries: HashMap<Box<[u8]>, Entry>,
    clock: AtomicU64,
}

struct Entry {
    known: Known,
    until: CoarseInstant,
    last_used: AtomicU64,
}

impl Default for DataKeys {
    fn default() -> Self {
        Self {
            slots: Lock::new(HashMap::new(), |_| HashMap::new()),
            cache: Lock::new(Cache::default(), |_| Cache::default()),
            longest_metadata: AtomicUsize::new(0),
            made: AtomicU64::new(0),
        }
    }
}

impl DataKeys {
    pub(crate) fn longest_metadata(&self) -> usize {
        self.longest_metadata.load(Ordering::Relaxed)
    }

    /// The key that encrypts for `namespace`.
    pub(super) fn live(&self, kek: &Kek, namespace: &str, now: CoarseInstant) -> Live {
        let last = kek.sealing.load();
        if last.as_ref().is_some_and(|last| last.state(kek, namespace, now) == State::Fresh) {
            return Live::Key(last);
        }
        let owner = (kek.identity, Arc::from(namespace));
        self.slots.read(|slots| {
            let Some(slot) = slots.get(&owner) else { return Live::Nothing };
            let live = slot.live.as_ref().map(|sealing| (sealing, sealing.state(kek, namespace, now)));
            match (live, &slot.failed) {
                (Some((sealing, state @ (State::Fresh | State::Aging))), _) => {
                    kek.sealing.store(Some(Arc::clone(sealing)));
                    let held = Held::from_inner(Some(Arc::clone(sealing)));
                    if state == State::Aging { Live::Aging(held) } else { Live::Key(held) }
                }
                (_, Some((failure, until))) if *until > now => Live::Failed(failure.clone()),
                _ => Live::Nothing,
            }
        })
    }

    /// The new key to be wrapped for `namespace`: the same one for all calls that ask before the
    /// answer arrives.
    pub(super) fn candidate(&self, kek: &Kek, namespace: &Arc<str>) -> Result<Arc<DataKey>, Error> {
        let mut fresh = DataKey::default();
        sys::random(&mut fresh[..])?;
        let owner = (kek.identity, Arc::clone(namespace));
        Ok(self.slots.write(|slots| {
            make_room(slots, &owner);
            let slot = slots.entry(owner).or_default();
            Arc::clone(slot.candidate.get_or_insert_with(|| Arc::new(fresh)))
        }))
    }

    /// Permission to have the next key wrapped, unless another call holds it.
    pub(super) fn begin_renewal(
        &self,
        kek: &Kek,
        namespace: &Arc<str>,
        now: CoarseInstant,
    ) -> Option<Arc<Permission>> {
        let owner = (kek.identity, Arc::clone(namespace));
        let is_due = |slot: Option<&Slot>| slot.is_some_and(|slot| !slot.waits(now));
        if !self.slots.read(|slots| is_due(slots.get(&owner))) {
            return None;
        }
        self.slots.write(|slots| {
            let slot = slots.get_mut(&owner).filter(|slot| !slot.waits(now))?;
            let permission = Arc::new(Permission);
            slot.renewing = Some((now, Arc::downgrade(&permission)));
            Some(permission)
        })
    }

    /// Takes a wrapped key. If two answers arrive for one key, the first counts. Returns the key
    /// that now encrypts, since other namespaces may evict it before the caller looks it up.
    pub(super) fn install(
        &self,
        kek: &Kek,
        namespace: &Arc<str>,
        data_key: &Arc<DataKey>,
        wrapped: &[u8],
        cache: CacheOptions,
        now: CoarseInstant,
    ) -> Arc<Sealing> {
        let text = base64::encode(wrapped);
        let key = Arc::new(Key::data_key(&kek.id, text.as_bytes(), data_key));
        if kek.service().is_some() {
            self.longest_metadata.fetch_max(key.longest_metadata(), Ordering::Relaxed);
        }
        let sealing = Arc::new(Sealing {
            namespace: Arc::clone(namespace),
            key: Arc::clone(&key),
            born: now,
            number: self.made.fetch_add(1, Ordering::Relaxed),
            used: AtomicU64::new(0),
            forks: sys::forks(),
        });
        let owner = (kek.identity, Arc::clone(namespace));
        let earlier = self.slots.write(|slots| {
            make_room(slots, &owner);
            let slot = slots.entry(owner).or_default();
            let is_candidate =
                slot.candidate.as_ref().is_some_and(|candidate| Arc::ptr_eq(candidate, data_key));
            let earlier = slot.live.clone().filter(|_| !is_candidate);
            if earlier.is_none() {
                *slot = Slot { live: Some(Arc::clone(&sealing)), ..Slot::default() };
            }
            earlier
        });
        if let Some(earlier) = earlier {
            return earlier;
        }
        kek.sealing.store(Some(Arc::clone(&sealing)));
        self.remember_key(kek, key, now + cache.lifetime, cache);
        sealing
    }

    /// Records that a service did not wrap a key.
    pub(super) fn fail(&self, kek: &Kek, namespace: &Arc<str>, failure: Failure, now: CoarseInstant) {
        let until = now + failure.lasts;
        let owner = (kek.identity, Arc::clone(namespace));
        self.slots.write(|slots| {
            make_room(slots, &owner);
            let slot = slots.entry(owner).or_default();
            (slot.renewing, slot.failed) = (None, Some((failure, until)));
        });
    }

    /// What is known about a wrapped key.
    pub(super) fn known(&self, kek: &Kek, text: &[u8], now: CoarseInstant) -> Option<Known> {
        let name = kek.table_key(text);
        let known = self.cache.read(|cache| {
            let entry = cache.entries.get(&name).filter(|entry| entry.until > now)?;
            entry.last_used.store(cache.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
            Some(entry.known.clone())
        })?;
        if let Known::Key(opened) = &known {
            kek.recent.put(opened);
        }
        Some(known)
    }

    /// Stores an unwrapped key.
    pub(super) fn remember_key(&self, kek: &Kek, key: Arc<Key>, until: CoarseInstant, options: CacheOptions) {
        let opened = Arc::new(Opened { key, until });
        self.remember(kek, opened.key.wrapped(), Known::Key(Arc::clone(&opened)), until, options);
    }

    /// Stores what is known about a wrapped key, and evicts the least recently used entry.
    pub(super) fn remember(
        &self,
        kek: &Kek,
        text: &[u8],
        known: Known,
        until: CoarseInstant,
        options: CacheOptions,
    ) {
        let name = kek.table_key(text);
        self.cache.write(|cache| {
            let last_used = cache.clock.fetch_add(1, Ordering::Relaxed);
            if cache.entries.len() >= options.entries && !cache.entries.contains_key(&name) {
                let oldest =
                    cache.entries.iter().min_by_key(|(_, entry)| entry.last_used.load(Ordering::Relaxed));
                if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                    cache.entries.remove(&oldest);
                }
            }
            cache.entries.insert(name, Entry { known, until, last_used: AtomicU64::new(last_used) });
        });
    }
}

/// Evicts the oldest key if there is no room for another owner.
fn make_room(slots: &mut HashMap<Owner, Slot>, owner: &Owner) {
    if slots.len() < MAX_LIVE || slots.contains_key(owner) {
        return;
    }
    let number = |slot: &Slot| slot.live.as_ref().map(|sealing| sealing.number);
    let oldest = slots.iter().min_by_key(|(_, slot)| number(slot)).map(|(owner, _)| owner.clone());
    if let Some(oldest) = oldest {
        slots.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{DataKeyOptions, Keeper, LocalKek};

    fn local() -> Kek {
        Kek::new("local", "local", Keeper::Local(LocalKek::new(&[1; 32])), DataKeyOptions::default())
    }

    #[test]
    fn a_call_keeps_the_key_that_it_made_when_other_namespaces_evict_it() {
        let (keys, kek, begun) = (DataKeys::default(), local(), CoarseInstant::now());
        let install = |namespace: &str, now| {
            let namespace = Arc::from(namespace);
            let data_key = keys.candidate(&kek, &namespace).unwrap();
            keys.install(&kek, &namespace, &data_key, &[7], CacheOptions::default(), now)
        };
        let first = install("first", begun);
        let later = begun + Duration::from_secs(1);
        (0..MAX_LIVE).for_each(|number| drop(install(&number.to_string(), later)));
        assert!(matches!(keys.live(&kek, "first", later), Live::Nothing));
        assert!(first.state(&kek, "first", later) == State::Fresh);
    }

    #[test]
    fn the_first_of_two_answers_counts() {
        let (keys, kek, now) = (DataKeys::default(), local(), CoarseInstant::now());
        let namespace = Arc::from("orders");
        let install =
            |data_key| keys.install(&kek, &namespace, &data_key, &[7], CacheOptions::default(), now);
        let first = install(keys.candidate(&kek, &namespace).unwrap());
        assert!(Arc::ptr_eq(&first, &install(Arc::new(DataKey::default()))));
    }
}
