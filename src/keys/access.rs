//! Which keys a namespace may use.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Key, Keyring};

/// Which keys of the ring a namespace may use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(super) primary: Option<Primary>,
    /// `None`: every key of the ring.
    allowed: Option<HashSet<Arc<str>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Primary {
    pub(super) id: Arc<str>,
    /// The key itself where the ring has it, so that most calls look nothing up.
    pub(super) key: Option<Arc<Key>>,
}

impl Access {
    pub(crate) fn new(keyring: &Keyring, primary: Option<&str>, allowed: Option<HashSet<Arc<str>>>) -> Self {
        let primary = primary.map(|id| Primary { id: Arc::from(id), key: keyring.ring.get(id).cloned() });
        Self { primary, allowed }
    }

    pub(crate) fn has_primary(&self) -> bool {
        self.primary.is_some()
    }

    pub(crate) fn primary_id(&self) -> Option<&Arc<str>> {
        self.primary.as_ref().map(|primary| &primary.id)
    }

    /// The key that encrypts, where the ring has it.
    pub(crate) fn primary_of_ring(&self) -> Option<&Key> {
        self.primary.as_ref()?.key.as_deref()
    }

    /// Whether it may use a key of `keyring` that `before` may not.
    pub(crate) fn opens_more_than(&self, before: &Self, keyring: &Keyring) -> bool {
        match (&self.allowed, &before.allowed) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(now), Some(before)) => now.iter().any(|id| !before.contains(id) && keyring.contains(id)),
        }
    }

    /// The ids of the keys that may be used, sorted: those of the ring, and those that are named and that the host must have.
    pub(crate) fn ids(&self, keyring: &Keyring) -> Vec<Arc<str>> {
        let mut ids: Vec<Arc<str>> = match &self.allowed {
            Some(allowed) => allowed.iter().cloned().collect(),
            None => keyring.ids().chain(self.primary_id()).cloned().collect(),
        };
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Whether only some of the keys may be used.
    pub(crate) fn is_limited(&self) -> bool {
        self.allowed.is_some()
    }

    pub(super) fn allows(&self, id: &str) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(id))
    }
}
