//! Threads that do the same work together.

use std::thread::Builder;

/// Runs `work` in as many threads as can be had, up to `count`: this one, and new ones.
pub(super) fn together(count: usize, work: impl Fn() + Sync) {
    together_in(&|| Builder::new().name("tdc-bulk".to_owned()), count, &work);
}

fn together_in(builder: &dyn Fn() -> Builder, count: usize, work: &(impl Fn() + Sync)) {
    std::thread::scope(|scope| {
        for _ in 1..count {
            // Where the system has no more threads, those that are there do all of it.
            if builder().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Barrier, Mutex};

    use super::*;

    #[test]
    fn each_job_is_a_thread() {
        let (barrier, seen) = (Barrier::new(3), Mutex::new(HashSet::new()));
        together(3, || {
            barrier.wait();
            seen.lock().unwrap().insert(std::thread::current().id());
        });
        assert_eq!(seen.into_inner().unwrap().len(), 3);
    }

    #[test]
    fn the_work_is_done_where_no_thread_can_start() {
        let seen = Mutex::new(Vec::new());
        // No address space has room for such a stack.
        let builder = || Builder::new().stack_size(1 << 50);
        together_in(&builder, 3, &|| seen.lock().unwrap().push(std::thread::current().id()));
        assert_eq!(seen.into_inner().unwrap(), [std::thread::current().id()]);
    }
}
