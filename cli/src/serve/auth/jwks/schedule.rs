//! When keys are fetched: on a schedule that nothing else can delay, and when a token names an
//! unknown key. Fetches triggered by tokens are rate-limited; those of the schedule are not.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::kept::{Kept, with};
use crate::serve::flight::Flight;

/// A clock: the machine's, or that of a test, which does not wait.
pub(super) trait Clock: Send + 'static {
    fn now(&self) -> Instant;

    fn sleep(&self, span: Duration) -> impl Future<Output = ()> + Send;
}

/// The clock of this machine.
pub(super) struct Machine;

impl Clock for Machine {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, span: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(span)
    }
}

/// Fetches when it is time, and when a token names an unknown key. `fetch` stores the result in
/// `kept`.
pub(super) async fn keep_fetching<F>(
    clock: impl Clock,
    flight: Arc<Flight>,
    issuer: Arc<str>,
    kept: Arc<Mutex<Kept>>,
    fetch: impl Fn() -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let pause = with(&kept, |kept| kept.pause(clock.now()));
        tokio::select! {
            () = flight.wanted() => {}
            () = clock.sleep(pause) => {}
        }
        with(&kept, |kept| kept.begin(clock.now()));
        // In a task of its own, so that this one survives a panic while a response is read.
        let fetch = tokio::spawn(fetch());
        if flight.run(fetch).await.is_err() {
            tracing::error!(issuer = &*issuer, "reading the keys of the issuer panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::sync::mpsc;

    use super::super::set::tests::set;
    use super::*;

    /// A clock that does not wait: a sleep returns at once and advances the time.
    #[derive(Clone)]
    struct Hurried {
        start: Instant,
        seconds: Arc<AtomicU64>,
    }

    impl Hurried {
        fn seconds(&self) -> u64 {
            self.seconds.load(Ordering::SeqCst)
        }
    }

    impl Clock for Hurried {
        fn now(&self) -> Instant {
            self.start + Duration::from_secs(self.seconds())
        }

        async fn sleep(&self, span: Duration) {
            self.seconds.fetch_add(span.as_secs(), Ordering::SeqCst);
        }
    }

    /// The seconds at which the first `count` fetches begin. Those that `answers` selects bring
    /// keys, the others fail. Tokens may trigger a fetch only once an hour.
    async fn fetches(count: usize, answers: fn(u64) -> bool) -> Vec<u64> {
        let clock = Hurried { start: Instant::now(), seconds: Arc::default() };
        let kept = Arc::<Mutex<Kept>>::default();
        let (tell, mut begun) = mpsc::channel(1);
        let fetch = {
            let (clock, kept) = (clock.clone(), Arc::clone(&kept));
            move || {
                let (clock, kept, tell) = (clock.clone(), Arc::clone(&kept), tell.clone());
                async move {
                    if answers(clock.seconds()) {
                        with(&kept, |kept| kept.replace(set(&[]), clock.now()));
                    }
                    // It continues when the test has seen it.
                    let _ = tell.send(clock.seconds()).await;
                }
            }
        };
        let flight = Arc::new(Flight::new(Duration::from_hours(1)));
        let task = tokio::spawn(keep_fetching(clock, flight, "i".into(), kept, fetch));
        let mut found = Vec::new();
        while found.len() < count {
            let next = tokio::time::timeout(Duration::from_secs(30), begun.recv()).await;
            found.extend(next.expect("no fetch"));
        }
        task.abort();
        found
    }

    #[tokio::test]
    async fn keys_are_fetched_every_five_minutes_whatever_tokens_may_ask() {
        assert_eq!(fetches(5, |_| true).await, [0, 300, 600, 900, 1200]);
    }

    #[tokio::test]
    async fn a_provider_that_is_away_is_asked_more_often_and_then_as_before() {
        let found = fetches(9, |second| !(300..390).contains(&second)).await;
        assert_eq!(found, [0, 300, 330, 360, 390, 690, 990, 1290, 1590]);
    }

    #[tokio::test]
    async fn without_usable_keys_it_is_asked_every_few_seconds() {
        assert_eq!(fetches(4, |_| false).await, [0, 5, 10, 15]);
        // The keys of the first answer are used for an hour.
        let found = fetches(114, |second| second == 0).await;
        assert_eq!(found[..3], [0, 300, 330]);
        assert_eq!(found[109..], [3540, 3570, 3600, 3605, 3610]);
    }
}
