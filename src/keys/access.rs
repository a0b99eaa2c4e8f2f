//! Which keys a namespace may use.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{Kek, Key, Keyring};

/// Which keys of the ring a namespace may use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(super) primary: Option<Primary>,
    /// `None`: every key of the ring.
    allowed: Option<HashSet<Arc<str>>>,
    /// The access of each namespace that has its own key; this one is for all others.
    by_namespace: HashMap<Box<str>, Self>,
}

#[derive(Clone, Debug)]
pub(super) struct Primary {
    pub(super) id: Arc<str>,
    /// The key itself if it is in the ring, so that most calls need no lookup.
    pub(super) key: Option<Arc<Key>>,
    /// The KEK, if it is one.
    pub(super) kek: Option<Arc<Kek>>,
    /// The template of the id, if each namespace has its own key and this one has none.
    pub(super) template: Option<Arc<str>>,
}

impl Access {
    pub(crate) fn new(keyring: &Keyring, primary: Option<&str>, allowed: Option<HashSet<Arc<str>>>) -> Self {
        let primary = primary.map(|id| Primary {
            id: Arc::from(id),
            key: keyring.ring.get(id).cloned(),
            kek: keyring.kek_named(id).cloned(),
            template: None,
        });
        Self { primary, allowed, by_namespace: HashMap::new() }
    }

    /// An access in which each namespace encrypts with its own key: `template` gives its name.
    pub(crate) fn by_namespace(self, template: &str, by_namespace: HashMap<Box<str>, Self>) -> Self {
        let (id, template) = (Arc::from(template), Some(Arc::from(template)));
        Self { primary: Some(Primary { id, key: None, kek: None, template }), by_namespace, ..self }
    }

    /// The access of a namespace.
    #[inline]
    pub(crate) fn of(&self, namespace: &str) -> &Self {
        if self.by_namespace.is_empty() { self } else { self.by_namespace.get(namespace).unwrap_or(self) }
    }

    pub(crate) fn has_primary(&self) -> bool {
        self.primary.is_some()
    }

    pub(crate) fn primary_id(&self) -> Option<&Arc<str>> {
        self.primary.as_ref().map(|primary| &primary.id)
    }

    /// The KEK that wraps the data keys that encrypt, if there is one.
    pub(super) fn wraps_with(&self) -> Option<&Arc<Kek>> {
        self.primary.as_ref()?.kek.as_ref()
    }

    /// Whether it may use a key of `keyring` that `before` may not.
    pub(crate) fn opens_more_than(&self, before: &Self, keyring: &Keyring) -> bool {
        if self.template() != before.template() {
            return true;
        }
        let more = match (&self.allowed, &before.allowed) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(now), Some(before)) => now.iter().any(|id| !before.contains(id) && keyring.contains(id)),
        };
        more || self.by_namespace.iter().any(|(namespace, access)| {
            before.by_namespace.get(namespace).is_some_and(|before| access.opens_more_than(before, keyring))
        })
    }

    fn template(&self) -> Option<&str> {
        self.primary.as_ref()?.template.as_deref()
    }

    /// The key of each namespace that has one, if each encrypts with its own.
    pub(crate) fn tenants(&self) -> Option<BTreeMap<Box<str>, Arc<str>>> {
        self.template()?;
        let keys = self
            .by_namespace
            .iter()
            .filter_map(|(namespace, access)| Some((namespace.clone(), Arc::clone(access.primary_id()?))));
        Some(keys.collect())
    }

    /// The ids of the usable keys, sorted: those in the ring, and named ones that the host must
    /// have.
    pub(crate) fn ids(&self, keyring: &Keyring) -> Vec<Arc<str>> {
        let mut ids: Vec<Arc<str>> = match &self.allowed {
            Some(allowed) => {
                let own = self.by_namespace.values().filter_map(Self::primary_id);
                allowed.iter().chain(own).cloned().collect()
            }
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

    pub(crate) fn allows(&self, id: &str) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(id))
    }
}
