//! How long a thread works before it yields its core. A thread that always finds another request
//! never sleeps, and the kernel then makes other threads on the same core wait for a whole tick
//! (4 ms at 250 Hz). If the client runs on the same machine, as with a sidecar, that delays the
//! slowest response in a hundred.

use std::cell::Cell;
use std::time::{Duration, Instant};

const TIME_SLICE: Duration = Duration::from_millis(1);

thread_local! {
    /// The first request since this thread slept or yielded.
    static SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Called when this thread has slept: its next time slice is a full one.
pub(super) fn begin() {
    SINCE.set(None);
}

/// Called when this thread is about to work on a request. If its time slice is over, it yields to
/// the threads that wait for the core.
pub(super) fn yield_if_over() {
    match SINCE.get() {
        None => SINCE.set(Some(Instant::now())),
        Some(since) if since.elapsed() > TIME_SLICE => {
            std::thread::yield_now();
            begin();
        }
        Some(_) => {}
    }
}
