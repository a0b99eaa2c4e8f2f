//! The keys that a try of a call finds missing, which are requested together.

use std::collections::HashSet;

use crate::error::{Error, Needed};
use crate::limits::MAX_NEEDED;

/// See the module. Each key is in it once, in the order of the payloads.
pub(crate) struct NeededKeys {
    keys: Vec<Needed>,
    known: HashSet<Needed>,
    most: usize,
}

impl NeededKeys {
    /// A try collects as many keys as the call already has (`answered`), if these are more than
    /// [`MAX_NEEDED`]: so the tries for a list grow with the logarithm of its keys.
    pub(crate) fn new(answered: usize) -> Self {
        Self { keys: Vec::new(), known: HashSet::new(), most: MAX_NEEDED.max(answered) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.keys.len() >= self.most
    }

    /// Adds a key, unless it is there or there is no room.
    pub(crate) fn add(&mut self, key: Needed) {
        if !self.is_full() && self.known.insert(key.clone()) {
            self.keys.push(key);
        }
    }

    /// # Errors
    /// The request for all of them, if there are any.
    pub(crate) fn request(self) -> Result<(), Error> {
        if self.keys.is_empty() { Ok(()) } else { Err(Error::keys_needed(self.keys)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_collects_each_key_once_and_as_many_as_the_call_has() {
        for (answered, missing, expected) in [(0, 9, 9), (0, 5000, 1024), (4096, 9000, 4096)] {
            let mut needed = NeededKeys::new(answered);
            for id in (0..missing).flat_map(|id| [id, id]) {
                needed.add(Needed::Key(id.to_string()));
            }
            let request = needed.request().unwrap_err();
            assert_eq!(request.needed_keys().len(), expected, "{answered} answered, {missing} missing");
        }
        assert!(NeededKeys::new(0).request().is_ok());
    }
}
