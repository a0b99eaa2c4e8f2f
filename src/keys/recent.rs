//! The unwrapped data keys that a KEK's payloads used last, found without a lock.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

use super::Key;
use crate::sys::CoarseInstant;

/// A shared value that is borrowed for a call, which costs less than to count its users.
pub(super) type Held<T> = Guard<Option<Arc<T>>>;

/// An unwrapped data key.
pub(crate) struct Opened {
    pub(super) key: Arc<Key>,
    pub(super) until: CoarseInstant,
}

/// Workers read what other workers wrote, and each process has a data key of its own, so the keys
/// of several are in use at a time. Those that share a slot replace one another.
const SLOTS: usize = 32;

/// See the module.
#[derive(Default)]
pub(super) struct Recent {
    /// Most payloads are recognised by the metadata of this one.
    last: ArcSwapOption<Opened>,
    by_text: [ArcSwapOption<Opened>; SLOTS],
}

impl Recent {
    /// The key that was put in last, or that was found after that one's time was over.
    pub(super) fn last(&self) -> Held<Opened> {
        self.last.load()
    }

    /// The key whose wrapped form is `text`, if it may still be used.
    pub(super) fn find(&self, text: &[u8], now: &dyn Fn() -> CoarseInstant) -> Option<Arc<Key>> {
        let opened = self.by_text.get(slot(text))?.load();
        let opened = opened.as_ref().filter(|opened| opened.key.wrapped() == text)?;
        let now = now();
        if opened.until <= now {
            return None;
        }
        // One that is used takes the place of one whose time is over.
        if self.last.load().as_ref().is_none_or(|last| last.until <= now) {
            self.last.store(Some(Arc::clone(opened)));
        }
        Some(Arc::clone(&opened.key))
    }

    pub(super) fn put(&self, opened: &Arc<Opened>) {
        if let Some(slot) = self.by_text.get(slot(opened.key.wrapped())) {
            slot.store(Some(Arc::clone(opened)));
        }
        self.last.store(Some(Arc::clone(opened)));
    }
}

/// A wrapped key ends with its authentication tag, so real keys spread evenly. Keys that were made
/// to collide share a slot, and are then found in the cache.
fn slot(text: &[u8]) -> usize {
    let end = text.iter().rev().take(8);
    end.fold(0, |mixed: usize, byte| mixed.wrapping_mul(31).wrapping_add(usize::from(*byte))) % SLOTS
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn opened(text: &str, until: CoarseInstant) -> Arc<Opened> {
        Arc::new(Opened { key: Arc::new(Key::data_key("kek", text.as_bytes(), &[7; 32])), until })
    }

    #[test]
    fn keys_that_alternate_are_all_found() {
        let (recent, now) = (Recent::default(), CoarseInstant::now());
        let (one, two) = (opened("b25l", now + Duration::from_secs(1)), opened("dHdv", now));
        recent.put(&one);
        recent.put(&two);
        assert!(Arc::ptr_eq(recent.last().as_ref().unwrap(), &two));
        assert!(recent.find(b"b25l", &|| now).is_some_and(|key| Arc::ptr_eq(&key, &one.key)));
        assert!(Arc::ptr_eq(recent.last().as_ref().unwrap(), &one), "the other one's time is over");
        assert!(recent.find(b"dHdv", &|| now).is_none(), "its time is over");
        assert!(recent.find(b"b25l", &|| now + Duration::from_secs(1)).is_none());
        assert!(recent.find(b"other", &|| now).is_none() && recent.find(b"", &|| now).is_none());
    }

    #[test]
    fn another_key_of_the_same_slot_is_not_mistaken_for_it() {
        let (recent, now) = (Recent::default(), CoarseInstant::now());
        let until = now + Duration::from_secs(1);
        for number in 0..4 * SLOTS {
            recent.put(&opened(&format!("{number:08}"), until));
        }
        let found = (0..4 * SLOTS).filter(|number| {
            let text = format!("{number:08}");
            let key = recent.find(text.as_bytes(), &|| now);
            key.is_some_and(|key| key.wrapped() == text.as_bytes())
        });
        let found = found.count();
        assert!((1..=SLOTS).contains(&found), "{found}");
    }
}
