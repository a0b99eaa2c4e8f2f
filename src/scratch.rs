//! Memory that a thread keeps between calls, for data that is needed only during a call: the layer
//! between two codecs, or a decompressed payload before it is copied to the result.

use std::cell::RefCell;

/// Larger buffers are freed, so that one large payload does not occupy memory forever. The same
/// applies to the contexts that codecs keep.
pub(crate) const MAX_KEPT: usize = 1 << 20;

/// A call needs three at once: a layer's input, its output, and the compressor's workspace.
const KEPT: usize = 3;

thread_local! {
    static IDLE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A vector with arbitrary length and contents.
pub(crate) fn take() -> Vec<u8> {
    IDLE.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Keeps a vector for the next [`take`].
pub(crate) fn give(bytes: Vec<u8>) {
    if bytes.capacity() <= MAX_KEPT {
        IDLE.with_borrow_mut(|idle| {
            if idle.len() < KEPT {
                idle.push(bytes);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_taken_again_unless_it_is_large() {
        give(Vec::with_capacity(100));
        assert!(take().capacity() >= 100);
        give(Vec::with_capacity(MAX_KEPT + 1));
        assert_eq!(take().capacity(), 0);
    }

    #[test]
    fn no_more_than_a_call_needs_is_kept() {
        for _ in 0..KEPT + 1 {
            give(Vec::with_capacity(10));
        }
        let taken = (0..KEPT + 1).filter(|_| take().capacity() > 0).count();
        assert_eq!(taken, KEPT);
    }
}
