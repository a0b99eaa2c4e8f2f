//! Memory for the copies of Java's arrays.
//!
//! Arrays are copied, never held in place (`GetPrimitiveArrayCritical`): before Java 22 most collectors cannot run while
//! one is held, and when many threads hold arrays one after another the JVM gives up with an `OutOfMemoryError` ("Retried
//! waiting for GCLocker too often"), however much memory is free.

use std::cell::Cell;

/// What a thread keeps for its next call. Larger memory costs a small part of the work on what is in it.
const KEPT: usize = 256 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Runs `body` with memory of at least `size` bytes, or with `None` if there is not so much. What it holds is undefined.
pub(crate) fn with<T>(size: usize, body: impl FnOnce(Option<*mut u8>) -> T) -> T {
    let mut memory = SCRATCH.take();
    // Its length is zero always, so nothing is copied when it grows.
    let start = if memory.try_reserve(size).is_ok() { Some(memory.as_mut_ptr()) } else { None };
    let result = body(start);
    if memory.capacity() <= KEPT {
        SCRATCH.set(memory);
    }
    result
}
