//! The answers that hosts handed in, until the call that asked for them takes them.
//!
//! They belong to a handle and not to a call, because the ABI has no object for a call that is made again.
//! An answer serves one payload of one call: whoever takes it has it alone, so two payloads of the same
//! contents never share what a server encrypted for one of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::request::Key;
use crate::lock::Lock;

/// How long an answer waits. A call that is given up leaves its answers behind: whoever comes after that time,
/// for whatever payload, erases them. Each round of a call that goes on gives them the whole time again.
const LASTS: Duration = Duration::from_secs(60);

/// A serialised payload as the server gave it. It may be plaintext, and is erased on drop.
pub(crate) type Answer = Arc<Zeroizing<Vec<u8>>>;

pub(crate) struct Answers(Lock<Waiting>);

impl Default for Answers {
    fn default() -> Self {
        // What the server encrypted for a payload of the parent is not for one of a child.
        Self(Lock::new(Waiting::default(), |_| Waiting::default()))
    }
}

#[derive(Default)]
struct Waiting {
    answers: HashMap<Key, Vec<Entry>>,
    bytes: usize,
    /// No answer is past its time before this.
    first: Option<Instant>,
}

struct Entry {
    answer: Answer,
    until: Instant,
}

/// What an answer counts as: its bytes, and what is around them.
fn cost(answer: &Answer) -> usize {
    answer.len() + 128
}

impl Answers {
    /// Adds answers; the oldest make room where all would have more than `max_bytes`.
    pub(crate) fn put(
        &self,
        answers: impl IntoIterator<Item = (Key, Answer)>,
        max_bytes: usize,
        now: Instant,
    ) {
        self.at(now, |waiting| {
            waiting.add(answers, now + LASTS);
            waiting.make_room(max_bytes);
        });
    }

    /// Takes one answer.
    pub(crate) fn take(&self, key: &Key, now: Instant) -> Option<Answer> {
        self.at(now, |waiting| waiting.take(key))
    }

    /// Erases what is past its time, which every other call does as well.
    pub(crate) fn expire(&self, now: Instant) {
        self.at(now, |_| ());
    }

    /// Erases all of them.
    pub(crate) fn clear(&self) {
        self.0.write(|waiting| *waiting = Waiting::default());
    }

    /// Works on the answers that are not past their time.
    fn at<R>(&self, now: Instant, work: impl FnOnce(&mut Waiting) -> R) -> R {
        self.0.write(|waiting| {
            if waiting.first.is_some_and(|first| first <= now) {
                waiting.retain(|entry| entry.until > now);
                waiting.first = waiting.answers.values().flatten().map(|entry| entry.until).min();
            }
            work(waiting)
        })
    }
}

impl Waiting {
    fn add(&mut self, answers: impl IntoIterator<Item = (Key, Answer)>, until: Instant) {
        for (key, answer) in answers {
            self.bytes += cost(&answer);
            self.answers.entry(key).or_default().push(Entry { answer, until });
            self.first = Some(self.first.map_or(until, |first| first.min(until)));
        }
    }

    fn make_room(&mut self, max_bytes: usize) {
        let Some(mut surplus) = self.bytes.checked_sub(max_bytes).filter(|surplus| *surplus > 0) else {
            return;
        };
        let mut ages: Vec<(Instant, usize)> =
            self.answers.values().flatten().map(|entry| (entry.until, cost(&entry.answer))).collect();
        ages.sort_unstable();
        let last = ages.iter().find(|(_, cost)| {
            let enough = surplus <= *cost;
            surplus = surplus.saturating_sub(*cost);
            enough
        });
        if let Some((last, _)) = last {
            self.retain(|entry| entry.until > *last);
        }
    }

    fn take(&mut self, key: &Key) -> Option<Answer> {
        let entries = self.answers.get_mut(key)?;
        let entry = entries.pop();
        if entries.is_empty() {
            self.answers.remove(key);
        }
        let entry = entry?;
        self.bytes -= cost(&entry.answer);
        Some(entry.answer)
    }

    fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        let bytes = &mut self.bytes;
        self.answers.retain(|_, entries| {
            entries.retain(|entry| {
                let kept = keep(entry);
                if !kept {
                    *bytes -= cost(&entry.answer);
                }
                kept
            });
            !entries.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Pieces;

    fn key(name: &str) -> Key {
        Key::new(name, "", Pieces::whole(b""))
    }

    fn answer(len: usize) -> Answer {
        Arc::new(Zeroizing::new(vec![7; len]))
    }

    fn bytes(answers: &Answers) -> usize {
        answers.0.read(|waiting| waiting.bytes)
    }

    #[test]
    fn an_answer_is_taken_once() {
        let (answers, now) = (Answers::default(), Instant::now());
        answers.put([(key("a"), answer(1)), (key("a"), answer(2))], 1 << 20, now);
        assert_eq!(answers.take(&key("b"), now), None);
        let mut lens = [answers.take(&key("a"), now), answers.take(&key("a"), now)].map(|a| a.unwrap().len());
        lens.sort_unstable();
        assert_eq!((lens, answers.take(&key("a"), now)), ([1, 2], None));
        assert_eq!(bytes(&answers), 0);
    }

    #[test]
    fn what_nobody_takes_goes_with_whoever_comes_next() {
        let second = Duration::from_secs(1);
        let touches: [fn(&Answers, Instant); 3] = [
            |answers, now| assert_eq!(answers.take(&key("another"), now), None),
            |answers, now| answers.put([], 1 << 20, now),
            Answers::expire,
        ];
        for touch in touches {
            let (answers, now) = (Answers::default(), Instant::now());
            answers.put([(key("a"), answer(1)), (key("b"), answer(1))], 1 << 20, now);
            answers.put([(key("a"), answer(1)), (key("c"), answer(1))], 1 << 20, now + second);
            let left = || answers.0.read(|waiting| (waiting.answers.len(), waiting.bytes));
            touch(&answers, now + LASTS - second);
            assert_eq!(left(), (3, 4 * cost(&answer(1))));
            touch(&answers, now + LASTS);
            assert_eq!(left(), (2, 2 * cost(&answer(1))));
            touch(&answers, now + LASTS + second);
            assert_eq!(left(), (0, 0));
            assert_eq!(answers.0.read(|waiting| waiting.first), None);
        }
    }

    #[test]
    fn an_answer_past_its_time_is_none() {
        let (answers, now) = (Answers::default(), Instant::now());
        answers.put([(key("a"), answer(1))], 1 << 20, now);
        assert_eq!(answers.take(&key("a"), now + LASTS), None);
    }

    #[test]
    fn a_cleared_store_holds_nothing() {
        let (answers, now) = (Answers::default(), Instant::now());
        answers.put([(key("a"), answer(1))], 1 << 20, now);
        answers.clear();
        assert_eq!(answers.take(&key("a"), now), None);
        assert_eq!(bytes(&answers), 0);
    }

    #[test]
    fn the_oldest_make_room() {
        let (answers, now) = (Answers::default(), Instant::now());
        let second = Duration::from_secs(1);
        for (index, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
            answers.put([(key(name), answer(872))], 3000, now + second * u32::try_from(index).unwrap());
        }
        assert!(bytes(&answers) <= 3000);
        assert_eq!(answers.take(&key("a"), now), None);
        assert!(answers.take(&key("d"), now).is_some());
        answers.put([(key("e"), answer(5000))], 3000, now + second * 9);
        assert_eq!(bytes(&answers), 0, "one that is too large is not kept either");
    }
}
