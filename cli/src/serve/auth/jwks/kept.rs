//! What is known about an issuer's keys, and since when. The time is an argument, so that tests
//! need not wait.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::Algorithm;

use super::set::{Key, Set, Unusable};

/// Minimum time between two fetches triggered by tokens.
pub(super) const BETWEEN_FETCHES: Duration = Duration::from_secs(5);
/// After this long the keys are fetched again, so that a withdrawn key is dropped.
const FRESH_FOR: Duration = Duration::from_mins(5);
/// After this long without an answer from the provider, no key is trusted any more.
const USABLE_FOR: Duration = Duration::from_hours(1);
/// A failed fetch is retried after this long, while the keys are still usable.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// Why there is no key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The issuer has no such key.
    Unknown,
    /// The issuer has the key, but it cannot verify anything.
    Unusable,
    /// The issuer cannot be reached.
    Away,
}

/// The keys, and when they were fetched.
#[derive(Debug, Default)]
pub(super) struct Kept {
    set: Set,
    fetched: Option<Instant>,
    tried: Option<Instant>,
    /// They come from a file, so their age does not matter.
    for_good: bool,
}

impl Kept {
    pub(super) fn for_good(set: Set) -> Self {
        Self { set, for_good: true, ..Self::default() }
    }

    /// The keys that cannot verify anything.
    pub(super) fn unusable(&self) -> &[Unusable] {
        &self.set.unusable
    }

    /// The key that a token's header asks for.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm, now: Instant) -> Result<Key, Missing> {
        if !self.is_usable(now) {
            return Err(Missing::Away);
        }
        let mut fitting = self.set.keys.iter().filter(|key| key.fits(algorithm));
        let found = match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            // A token that names no key is verified with the only key that fits.
            None => fitting.next().filter(|_| fitting.next().is_none()),
        };
        let is_unusable = |id| self.set.unusable.iter().any(|key| key.id.as_deref() == Some(id));
        match found {
            Some(key) => Ok(key.clone()),
            None if id.is_some_and(is_unusable) => Err(Missing::Unusable),
            None => Err(Missing::Unknown),
        }
    }

    pub(super) fn is_usable(&self, now: Instant) -> bool {
        self.for_good || is_within(self.fetched, USABLE_FOR, now)
    }

    /// How long to wait until the next fetch, if no token asks for one.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        let Some(tried) = self.tried else { return Duration::ZERO };
        let pause = match self.fetched {
            Some(fetched) if fetched >= tried => FRESH_FOR,
            _ if self.is_usable(now) => TRY_AGAIN,
            _ => BETWEEN_FETCHES,
        };
        pause.saturating_sub(now.saturating_duration_since(tried))
    }

    /// A fetch begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.tried = Some(now);
    }

    /// A fetch has succeeded.
    pub(super) fn replace(&mut self, set: Set, now: Instant) {
        self.set = set;
        self.fetched = Some(now);
    }
}

/// Reads or changes the keys.
pub(super) fn with<T>(kept: &Mutex<Kept>, work: impl FnOnce(&mut Kept) -> T) -> T {
    work(&mut kept.lock().unwrap_or_else(PoisonError::into_inner))
}

fn is_within(since: Option<Instant>, span: Duration, now: Instant) -> bool {
    since.is_some_and(|then| now.saturating_duration_since(then) < span)
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::set;
    use super::*;

    fn fetched(entries: &[&str], now: Instant) -> Kept {
        let mut kept = Kept::default();
        kept.begin(now);
        kept.replace(set(entries), now);
        kept
    }

    #[test]
    fn a_key_is_for_its_algorithm_only() {
        let now = Instant::now();
        let kept = fetched(&[r#""kid":"a","alg":"RS256""#, r#""kid":"b""#], now);
        let found = |id, algorithm| kept.find(id, algorithm, now).is_ok();
        assert!(found(Some("a"), Algorithm::RS256) && !found(Some("a"), Algorithm::PS256));
        assert!(found(Some("b"), Algorithm::PS256) && !found(Some("b"), Algorithm::ES256));
        assert!(!found(Some("a"), Algorithm::HS256));
        assert!(found(None, Algorithm::PS256), "one fits");
        assert!(!found(None, Algorithm::RS256), "two fit");
    }

    #[test]
    fn keys_are_used_for_an_hour_without_an_answer_and_then_not_at_all() {
        let now = Instant::now();
        let kept = fetched(&[r#""kid":"a""#], now);
        let find = |id, after| kept.find(Some(id), Algorithm::RS256, now + after).map(|_| ());
        let shortly_before = USABLE_FOR.saturating_sub(Duration::from_secs(1));
        assert_eq!(find("a", shortly_before), Ok(()));
        assert_eq!(find("b", shortly_before), Err(Missing::Unknown));
        assert_eq!(find("a", USABLE_FOR), Err(Missing::Away));
        assert_eq!(Kept::default().find(Some("a"), Algorithm::RS256, now).map(|_| ()), Err(Missing::Away));
        let file = Kept::for_good(set(&[r#""kid":"a""#]));
        assert!(file.find(Some("a"), Algorithm::RS256, now + USABLE_FOR).is_ok());
    }

    #[test]
    fn they_are_fetched_on_a_schedule_whatever_tokens_ask_for() {
        let now = Instant::now();
        assert_eq!(Kept::default().pause(now), Duration::ZERO, "at once");
        let mut kept = fetched(&[], now);
        assert_eq!(kept.pause(now), FRESH_FOR);
        assert_eq!(kept.pause(now + FRESH_FOR + TRY_AGAIN), Duration::ZERO);
        // A failure, followed by any number of others.
        for after in [FRESH_FOR, FRESH_FOR + TRY_AGAIN] {
            kept.begin(now + after);
            assert_eq!(kept.pause(now + after), TRY_AGAIN);
        }
        kept.begin(now + USABLE_FOR);
        assert_eq!(kept.pause(now + USABLE_FOR), BETWEEN_FETCHES);
        kept.replace(set(&[]), now + USABLE_FOR);
        assert_eq!(kept.pause(now + USABLE_FOR), FRESH_FOR);
    }
}
