//! Counts how often this process was forked, so that a child can be told from its parent.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

static FORKS: AtomicU32 = AtomicU32::new(0);
static WATCHED: AtomicBool = AtomicBool::new(false);

/// A number that is greater in a child than in its parent. It counts from [`watch_forks`] on.
#[inline]
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Registers the handler that counts forks.
pub(crate) fn watch_forks() {
    if WATCHED.load(Ordering::Acquire) {
        return;
    }
    // Several threads that arrive first may all register it: a fork then counts more than once,
    // which does no harm.
    WATCHED.store(super::system::on_fork(count), Ordering::Release);
}

extern "C" fn count() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}
