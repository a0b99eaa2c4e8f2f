//! Locks and lazily created values, for processes that fork.
//!
//! A child of `fork()` has one thread. A lock that another thread of its parent held at that moment
//! stays locked in the child forever, and the protected data may be half written. So a child never
//! waits for a lock of its parent: at first use, each [`Lock`] is replaced with a new one in the
//! child.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, TryLockError};

use arc_swap::{ArcSwap, Guard};
use once_cell::race::OnceBox;

use crate::error::Error;
use crate::sys;

/// A value behind a lock that is usable in every child of a fork.
pub(crate) struct Lock<T> {
    here: ArcSwap<Here<T>>,
    /// What a child starts with if no thread was writing.
    inherit: fn(&T) -> T,
}

/// The lock of one process.
struct Here<T> {
    forks: u32,
    value: RwLock<T>,
}

impl<T: Default> Lock<T> {
    /// A lock around `value`. A child starts with the result of `inherit`, or with the default if
    /// another thread was writing at the time of the fork.
    pub(crate) fn new(value: T, inherit: fn(&T) -> T) -> Self {
        sys::watch_forks();
        Self { here: ArcSwap::new(Here::new(value)), inherit }
    }

    /// Reads the value. Other threads may read it at the same time.
    #[inline]
    pub(crate) fn read<R>(&self, work: impl FnOnce(&T) -> R) -> R {
        work(&self.here().value.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the value, alone.
    #[inline]
    pub(crate) fn write<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.here().value.write().unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    fn here(&self) -> Guard<Arc<Here<T>>> {
        let here = self.here.load();
        if here.forks == sys::forks() { here } else { self.replace(&here) }
    }

    /// Replaces the parent's lock with one of this process.
    #[cold]
    fn replace(&self, parents: &Arc<Here<T>>) -> Guard<Arc<Here<T>>> {
        let value = match parents.value.try_read() {
            Ok(value) => (self.inherit)(&value),
            Err(TryLockError::Poisoned(value)) => (self.inherit)(&value.into_inner()),
            // A thread that does not exist in this process was writing, or waiting to.
            Err(TryLockError::WouldBlock) => T::default(),
        };
        let before = self.here.compare_and_swap(parents, Here::new(value));
        if Arc::ptr_eq(&before, parents) {
            parents.abandon();
        }
        self.here.load()
    }
}

impl<T: Default + Clone> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default(), T::clone)
    }
}

impl<T> Here<T> {
    fn new(value: T) -> Arc<Self> {
        Arc::new(Self { forks: sys::forks(), value: RwLock::new(value) })
    }

    /// Leaks it: data that may be half written cannot be dropped.
    fn abandon(self: &Arc<Self>) {
        core::mem::forget(Arc::clone(self));
    }
}

impl<T> Drop for Lock<T> {
    fn drop(&mut self) {
        let here = self.here.load();
        if here.forks != sys::forks() {
            here.abandon();
        }
    }
}

impl<T> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lock")
    }
}

/// A value that is created at first use by one thread while the others wait. A child forked in the
/// meantime creates its own.
pub(crate) struct Once<T> {
    value: OnceBox<T>,
    making: OnceBox<Lock<()>>,
}

impl<T> Once<T> {
    pub(crate) const fn new() -> Self {
        Self { value: OnceBox::new(), making: OnceBox::new() }
    }

    /// The value. If `make` fails, the next call tries again.
    pub(crate) fn get_or_try_init(&self, make: impl FnOnce() -> Result<T, Error>) -> Result<&T, Error> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let making = self.making.get_or_init(|| Box::new(Lock::default()));
        making.write(|()| self.value.get_or_try_init(|| make().map(Box::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As if the process had been forked.
    fn stale<T: Default>(lock: &Lock<T>, value: T) {
        let mut parents = Here::new(value);
        Arc::get_mut(&mut parents).unwrap().forks = u32::MAX;
        lock.here.store(parents);
    }

    #[test]
    fn a_child_begins_with_what_it_inherits() {
        let lock: Lock<Vec<u8>> = Lock::default();
        lock.write(|value| value.push(1));
        assert_eq!(lock.read(Vec::clone), [1]);
        stale(&lock, vec![2]);
        assert_eq!(lock.read(Vec::clone), [2]);
        lock.write(|value| value.push(3));
        assert_eq!(lock.read(Vec::clone), [2, 3]);
        let forgetful: Lock<Vec<u8>> = Lock::new(Vec::new(), |_| Vec::new());
        stale(&forgetful, vec![2]);
        assert_eq!(forgetful.read(Vec::len), 0);
    }

    #[test]
    fn what_a_vanished_thread_was_writing_is_neither_waited_for_nor_read_nor_dropped() {
        #[derive(Default)]
        struct HalfWritten(bool);
        impl Drop for HalfWritten {
            fn drop(&mut self) {
                assert!(!self.0, "dropped");
            }
        }
        let lock: Lock<HalfWritten> = Lock::new(HalfWritten::default(), |_| unreachable!("read"));
        stale(&lock, HalfWritten(true));
        let here = lock.here.load_full();
        core::mem::forget(here.value.write());
        lock.write(|value| assert!(!value.0));
        drop(lock);
        drop(here);

        let unused: Lock<HalfWritten> = Lock::new(HalfWritten::default(), |_| unreachable!("read"));
        stale(&unused, HalfWritten(true));
        drop(unused);
    }

    #[test]
    fn a_value_is_made_once_and_a_failure_is_none() {
        let once = Once::new();
        let failure = || Err(Error::new(crate::Code::Panic, "not yet"));
        assert!(once.get_or_try_init(failure).is_err());
        assert_eq!(once.get_or_try_init(|| Ok(1)).unwrap(), &1);
        assert_eq!(once.get_or_try_init(|| Ok(2)).unwrap(), &1);
    }
}
