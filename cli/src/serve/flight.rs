//! Work that many requests may need at once and that no request owns. A request asks for it and
//! waits; a task of the server does it once for all waiting requests. A client that disconnects
//! cancels only its own wait.
//!
//! ```text
//! request ──ask──┐                          ┌──> request: look again
//! request ──ask──┼──wanted──> task ──run────┼──> request: look again
//! request ──ask──┘            (one)         └──> (disconnected)
//! ```

use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

/// One kind of work.
#[derive(Debug)]
pub(super) struct Flight {
    /// Minimum time between two starts, however often the work is asked for.
    between: Duration,
    wanted: Notify,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    is_running: bool,
    begun: Option<Instant>,
    ended: u64,
}

impl Progress {
    fn may_begin(&self, between: Duration) -> bool {
        self.begun.is_none_or(|begun| begun.elapsed() >= between)
    }
}

impl Flight {
    pub(super) fn new(between: Duration) -> Self {
        Self { between, wanted: Notify::new(), progress: watch::Sender::default() }
    }

    /// Asks for the work and waits until it has been done; work that is already running counts.
    /// Returns `false` at once if the last run is too recent.
    pub(super) async fn ask(&self) -> bool {
        let mut progress = self.progress.subscribe();
        let ended = {
            let now = progress.borrow_and_update();
            if !now.is_running {
                if !now.may_begin(self.between) {
                    return false;
                }
                self.wanted.notify_one();
            }
            now.ended
        };
        progress.wait_for(|now| now.ended != ended).await.is_ok()
    }

    /// For the task: completes when the work is asked for and may start.
    pub(super) async fn wanted(&self) {
        loop {
            self.wanted.notified().await;
            // A request may have asked just before the work was done for another reason.
            if self.progress.borrow().may_begin(self.between) {
                return;
            }
        }
    }

    /// For the task: does the work, and wakes the requests that wait for it.
    pub(super) async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.progress.send_modify(|progress| {
            progress.is_running = true;
            progress.begun = Some(Instant::now());
        });
        let done = work.await;
        self.progress.send_modify(|progress| {
            progress.is_running = false;
            progress.ended += 1;
        });
        done
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A task that does the work as often as it is asked to, each time after `go` lets it.
    fn fly(flight: &Arc<Flight>, go: &Arc<Notify>) -> Arc<AtomicUsize> {
        let done = Arc::<AtomicUsize>::default();
        let (flight, go, count) = (Arc::clone(flight), Arc::clone(go), Arc::clone(&done));
        tokio::spawn(async move {
            loop {
                flight.wanted().await;
                flight.run(go.notified()).await;
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        done
    }

    #[tokio::test]
    async fn those_who_ask_meanwhile_share_one_run_and_those_who_leave_do_not_end_it() {
        let (flight, go) = (Arc::new(Flight::new(Duration::from_hours(1))), Arc::new(Notify::new()));
        let done = fly(&flight, &go);
        let leaves = tokio::spawn({
            let flight = Arc::clone(&flight);
            async move { flight.ask().await }
        });
        while !flight.progress.borrow().is_running {
            tokio::task::yield_now().await;
        }
        leaves.abort();
        assert!(leaves.await.unwrap_err().is_cancelled());
        let (one, two, ()) = tokio::join!(flight.ask(), flight.ask(), async { go.notify_one() });
        assert!(one && two);
        assert!(!flight.ask().await, "the last time is too recent");
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn work_may_be_asked_for_again_after_its_time() {
        let (flight, go) = (Arc::new(Flight::new(Duration::ZERO)), Arc::new(Notify::new()));
        let done = fly(&flight, &go);
        for count in 1..4 {
            go.notify_one();
            assert!(flight.ask().await);
            while done.load(Ordering::SeqCst) < count {
                tokio::task::yield_now().await;
            }
        }
    }
}
