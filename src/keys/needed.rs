//! The keys that a try of a call finds missing, which are requested together.

use std::collections::HashSet;

use super::Session;
use crate::error::{Error, Needed};
use crate::limits::MAX_NEEDED;

/// See the module. Each key is in it once, in the order of the payloads.
pub(crate) struct NeededKeys {
    keys: Vec<Needed>,
    known: HashSet<Needed>,
    most: usize,
}

impl NeededKeys {
    /// A try collects as many keys as the call already has, if these are more than [`MAX_NEEDED`]:
    /// so the tries for a list grow with the logarithm of its keys, and memory with what is kept.
    pub(crate) fn new(session: &Session<'_>) -> Self {
        Self { keys: Vec::new(), known: HashSet::new(), most: MAX_NEEDED.max(session.answered()) }
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
