//! Turns on a core. A thread that always finds another request never sleeps, and the kernel then
//! lets whoever shares its core wait for a whole tick (4 ms at 250 Hz). With the client on the same
//! machine, as a sidecar's is, that is the slowest answer of a hundred.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a thread goes on before it lets others run.
const TURN: Duration = Duration::from_millis(1);

thread_local! {
    /// The first request since this thread slept or let others run.
    static SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// This thread has slept.
pub(super) fn begin() {
    SINCE.set(None);
}

/// This thread is about to work on a request. When its turn is over, whoever waits for the core
/// runs first.
pub(super) fn take() {
    match SINCE.get() {
        None => SINCE.set(Some(Instant::now())),
        Some(since) if since.elapsed() > TURN => {
            std::thread::yield_now();
            begin();
        }
        Some(_) => {}
    }
}
