//! A clock that every call can read: the exact one costs a tenth of encrypting a small payload, and
//! data keys, rejected ids and reloads are a matter of seconds.

use core::ops::Add;
use core::time::Duration;

/// A point in time, exact to some milliseconds. Like `std::time::Instant` it never runs backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CoarseInstant(system::Reading);

impl CoarseInstant {
    pub(crate) fn now() -> Self {
        Self(system::now())
    }

    /// The time since `earlier`; zero if that is later.
    pub(crate) fn saturating_duration_since(self, earlier: Self) -> Duration {
        system::since(self.0, earlier.0)
    }
}

impl Add<Duration> for CoarseInstant {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0 + later)
    }
}

/// The last tick, which the kernel keeps in memory (`clock_gettime(2)`).
#[cfg(target_os = "linux")]
mod system {
    use core::time::Duration;

    pub(super) type Reading = Duration;

    pub(super) fn now() -> Reading {
        let mut tick = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `tick` is valid for a write. The clock has existed since Linux 2.6.32, so the
        // call cannot fail.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut tick) };
        let seconds = u64::try_from(tick.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(tick.tv_nsec).unwrap_or_default())
    }

    pub(super) fn since(now: Reading, earlier: Reading) -> Duration {
        now.saturating_sub(earlier)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::{Duration, Instant};

    pub(super) type Reading = Instant;

    pub(super) fn now() -> Reading {
        Instant::now()
    }

    pub(super) fn since(now: Reading, earlier: Reading) -> Duration {
        now.saturating_duration_since(earlier)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn it_runs_as_fast_as_the_exact_clock() {
        let (coarse, exact) = (CoarseInstant::now(), Instant::now());
        std::thread::sleep(Duration::from_millis(60));
        let passed = CoarseInstant::now().saturating_duration_since(coarse);
        let tick = Duration::from_millis(20);
        assert!(passed + tick >= Duration::from_millis(60), "{passed:?}");
        assert!(passed <= exact.elapsed() + tick, "{passed:?}");
        assert_eq!(coarse.saturating_duration_since(coarse + tick), Duration::ZERO);
        assert!(coarse < coarse + tick);
    }
}
