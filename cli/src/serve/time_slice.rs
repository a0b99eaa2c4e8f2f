//! Turns on a core. A thread that always finds another request never sleeps, and the kernel then
//! makes other threads on the same core wait for a whole tick (4 ms at 250 Hz). If the client runs
//! on the same machine, as with a sidecar, that delays the slowest response in a hundred.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a thread runs before it lets others run.
const TURN: Duration = Duration::from_millis(1);

thread_local! {
    /// The first request since this thread slept or let others run.
    static SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// This thread has slept.
pub(super) fn begin() {
    SINCE.set(None);
}

/// Called when this thread is about to work on a request. If its turn is over, other threads that
/// wait for the core run first.
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
