//! What a try of a call finds missing, to be requested together.

use std::collections::HashSet;
use std::hash::Hash;

use crate::limits::MAX_NEEDED;

/// Each of them is in it once, in the order in which they were found.
pub(crate) struct Collected<T> {
    found: Vec<T>,
    known: HashSet<T>,
    most: usize,
}

impl<T: Clone + Eq + Hash> Collected<T> {
    /// A try collects as many as the call already has (`answered`), if these are more than
    /// [`MAX_NEEDED`]: so the tries for a list grow with the logarithm of its length.
    pub(crate) fn new(answered: usize) -> Self {
        Self { found: Vec::new(), known: HashSet::new(), most: MAX_NEEDED.max(answered) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= self.most
    }

    /// Whether [`Self::add`] would change anything.
    pub(crate) fn takes(&self, one: &T) -> bool {
        !self.is_full() && !self.known.contains(one)
    }

    /// Adds one, unless it is there or there is no room.
    pub(crate) fn add(&mut self, one: &T) {
        if self.takes(one) {
            self.known.insert(one.clone());
            self.found.push(one.clone());
        }
    }

    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.known.clear();
    }

    pub(crate) fn into_vec(self) -> Vec<T> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_collects_each_once_and_as_many_as_the_call_has() {
        for (answered, missing, expected) in [(0, 9, 9), (0, 5000, 1024), (4096, 9000, 4096)] {
            let mut collected = Collected::new(answered);
            for one in (0..missing).flat_map(|one| [one, one]) {
                collected.add(&one);
            }
            assert_eq!(collected.is_full(), missing >= 5000);
            let found = collected.into_vec();
            assert_eq!(found, (0..expected).collect::<Vec<_>>(), "{answered} answered, {missing} missing");
        }
    }
}
