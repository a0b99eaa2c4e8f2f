//! The answers of codec servers for the payloads of one call, across its tries.
//!
//! Each answer is used for one payload of one call: payloads with the same contents never share a
//! ciphertext.

use std::collections::HashMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::request::Key;
use crate::error::{Code, Error};
use crate::limits::Limits;

/// A serialised payload as the server returned it. It may be plaintext, and is erased on drop.
pub(crate) type Returned = Arc<Zeroizing<Vec<u8>>>;

#[derive(Default)]
pub(crate) struct Answers {
    by_payload: HashMap<Key, Shared>,
    bytes: usize,
}

/// The answers for payloads with the same contents.
#[derive(Default)]
struct Shared {
    answers: Vec<Returned>,
    /// How many of them the current try has used.
    used: usize,
}

impl Answers {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_payload.is_empty()
    }

    /// Adds an answer.
    ///
    /// # Errors
    /// [`Code::Limit`] if their total exceeds what a call may decode to and encode together.
    pub(crate) fn add(&mut self, key: Key, answer: Returned, limits: &Limits) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(answer.len());
        if self.bytes > limits.max_input_bytes.saturating_add(limits.max_decoded_bytes) {
            return Err(Error::new(
                Code::Limit,
                "the codec server's answers are more than a call can hold: split the input, or raise limits.max_input_bytes",
            ));
        }
        self.by_payload.entry(key).or_default().answers.push(answer);
        Ok(())
    }

    /// The next answer for a payload, in this try.
    pub(super) fn next(&mut self, key: &Key) -> Option<Returned> {
        let shared = self.by_payload.get_mut(key)?;
        let answer = shared.answers.get(shared.used).cloned()?;
        shared.used += 1;
        Some(answer)
    }

    /// An answer for a payload, if there is one, without using it up.
    pub(super) fn first(&self, key: &Key) -> Option<Returned> {
        self.by_payload.get(key)?.answers.first().cloned()
    }

    /// Begins another try.
    pub(super) fn rewind(&mut self) {
        self.by_payload.values_mut().for_each(|shared| shared.used = 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Slices;

    fn key(name: &str) -> Key {
        Key::new(name, "", Slices::one(b""))
    }

    fn answer(len: usize) -> Returned {
        Arc::new(Zeroizing::new(vec![7; len]))
    }

    #[test]
    fn a_try_uses_an_answer_once_and_the_next_try_again() {
        let (mut answers, limits) = (Answers::default(), Limits::default());
        for (name, len) in [("a", 1), ("a", 2), ("b", 3)] {
            answers.add(key(name), answer(len), &limits).unwrap();
        }
        for _ in 0..2 {
            let lens: Vec<usize> =
                core::iter::from_fn(|| answers.next(&key("a"))).map(|answer| answer.len()).collect();
            assert_eq!(lens, [1, 2]);
            assert_eq!(answers.first(&key("a")).unwrap().len(), 1);
            assert!(answers.next(&key("c")).is_none() && answers.next(&key("b")).is_some());
            answers.rewind();
        }
    }

    #[test]
    fn all_of_them_are_bounded() {
        let mut answers = Answers::default();
        let limits = Limits { max_input_bytes: 10, max_decoded_bytes: 5, ..Limits::default() };
        answers.add(key("a"), answer(15), &limits).unwrap();
        assert_eq!(answers.add(key("a"), answer(1), &limits).unwrap_err().code(), Code::Limit);
    }
}
