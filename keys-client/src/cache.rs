//! A cache of tokens and credentials that expire. One thread at a time fetches each; the others
//! wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// How long a failed login is cached, so that the threads that waited for it do not all retry it.
const FAILURE_LIFETIME: Duration = Duration::from_secs(1);
/// Most identities in the cache. A configuration names only a few.
const MAX_SLOTS: usize = 256;
/// The lifetime of a value that names none.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(300);

/// The fetched values, by identity.
pub(crate) struct Cache<T> {
    slots: Mutex<HashMap<String, Slot<T>>>,
}

type Slot<T> = Arc<Mutex<Option<Held<T>>>>;

struct Held<T> {
    value: Result<Arc<T>, Failure>,
    renew_at: Instant,
}

/// A fetched value and its lifetime.
pub(crate) struct Fresh<T> {
    pub(crate) value: T,
    pub(crate) lifetime: Option<Duration>,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<T> Cache<T> {
    /// The cached value, or the result of `fetch`. `fetch` gets the previous value, which it may
    /// renew. After two thirds of its lifetime a value is fetched again.
    pub(crate) fn get(
        &self,
        identity: &str,
        fetch: impl FnOnce(Option<&T>) -> Result<Fresh<T>, Failure>,
    ) -> Result<Arc<T>, Failure> {
        let slot = self.slot(identity);
        let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.as_ref().filter(|held| Instant::now() < held.renew_at) {
            return held.value.clone();
        }
        let before = held.as_ref().and_then(|held| held.value.as_ref().ok());
        let fetched = fetch(before.map(Arc::as_ref));
        let (value, lifetime) = match fetched {
            Ok(fresh) => (Ok(Arc::new(fresh.value)), two_thirds(fresh.lifetime.unwrap_or(DEFAULT_LIFETIME))),
            Err(failure) => (Err(failure), FAILURE_LIFETIME),
        };
        let now = Instant::now();
        // A clock that cannot represent the time would keep the value forever.
        let renew_at = now.checked_add(lifetime).unwrap_or(now);
        *held = Some(Held { value: value.clone(), renew_at });
        value
    }

    /// Drops a value that the service rejected, unless it has been replaced meanwhile.
    pub(crate) fn forget(&self, identity: &str, refused: &Arc<T>) {
        let slot = self.slot(identity);
        let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if held
            .as_ref()
            .is_some_and(|held| held.value.as_ref().is_ok_and(|value| Arc::ptr_eq(value, refused)))
        {
            *held = None;
        }
    }

    fn slot(&self, identity: &str) -> Slot<T> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(identity) {
            return Arc::clone(slot);
        }
        if slots.len() >= MAX_SLOTS {
            slots.clear();
        }
        Arc::clone(slots.entry(identity.to_owned()).or_default())
    }
}

/// A service may name any number of seconds.
fn two_thirds(lifetime: Duration) -> Duration {
    lifetime.saturating_mul(2) / 3
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;
    use crate::time::until;

    fn fresh(value: u32, seconds: u64) -> Result<Fresh<u32>, Failure> {
        Ok(Fresh { value, lifetime: Some(Duration::from_secs(seconds)) })
    }

    #[test]
    fn a_value_is_fetched_once_and_again_when_it_was_refused() {
        let cache = Cache::default();
        let first = cache.get("a", |before| fresh(u32::from(before.is_some()), 60)).unwrap();
        assert_eq!(*cache.get("a", |_| fresh(7, 60)).unwrap(), 0);
        assert_eq!(*cache.get("b", |_| fresh(8, 60)).unwrap(), 8);
        cache.forget("a", &first);
        assert_eq!(*cache.get("a", |_| fresh(9, 0)).unwrap(), 9);
        assert_eq!(*cache.get("a", |before| fresh(before.copied().unwrap() + 1, 60)).unwrap(), 10);
        cache.forget("a", &first);
        assert_eq!(*cache.get("a", |_| fresh(11, 60)).unwrap(), 10);
    }

    #[test]
    fn a_lifetime_of_any_length_does_no_harm() {
        let cache = Cache::default();
        assert_eq!(*cache.get("a", |_| fresh(1, u64::MAX)).unwrap(), 1);
        assert!(*cache.get("a", |_| fresh(2, 60)).unwrap() <= 2);
    }

    /// The clock on the wall is read once, when credentials come that say when they end. If it is
    /// wrong then, they are fetched more often, or until the service refuses them.
    #[test]
    fn a_clock_that_jumps_costs_a_fetch_and_no_call() {
        let end = "2026-03-01T12:30:00Z";
        let fetched = |value, now: SystemTime| Ok(Fresh { value, lifetime: until(end, now) });
        let right = UNIX_EPOCH + Duration::from_secs(1_772_366_400);
        let years = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        for (now, is_kept) in [(right, true), (right - years, true), (right + years, false)] {
            let cache = Cache::default();
            let first = cache.get("a", |_| fetched(1, now)).unwrap();
            assert_eq!(*cache.get("a", |_| fetched(2, now)).unwrap(), if is_kept { 1 } else { 2 });
            cache.forget("a", &first);
            assert_eq!(*cache.get("a", |_| fetched(2, now)).unwrap(), 2);
        }
    }

    #[test]
    fn a_failure_is_cached_for_a_moment() {
        let cache = Cache::<u32>::default();
        assert!(cache.get("a", |_| Err(Failure::refused("no"))).is_err());
        assert_eq!(cache.get("a", |_| fresh(1, 60)).unwrap_err().reason(), "no");
    }
}
