//! One call's view of a codec server: the answers that it has, and the payloads that it must ask for.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Instant;

use zeroize::Zeroizing;

use super::answers::{Answer, Answers};
use super::request::{Entry, Key};
use super::{Direction, Remote, Request};
use crate::error::{Code, Error, Kind};
use crate::limits::{Limits, MAX_REMOTE_PAYLOADS};
use crate::payload::Pieces;

/// What a call shares with its codecs while it works.
pub(crate) struct Exchange<'a> {
    remote: &'a Remote,
    answers: &'a Answers,
    namespace: &'a str,
    limits: &'a Limits,
    /// Where the payload that is worked on stands among those of the call.
    index: Cell<usize>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// The operation and its address, from the first payload on.
    operation: Option<(Direction, String)>,
    taken: HashMap<Key, Taken>,
    taken_bytes: usize,
    wanted: Vec<(Entry, Zeroizing<Vec<u8>>)>,
    /// What they will have as JSON.
    wanted_bytes: usize,
    is_full: bool,
}

/// The answers to payloads of the same contents.
#[derive(Default)]
struct Taken {
    answers: Vec<Answer>,
    /// How many of them the call has used so far.
    used: usize,
}

/// What there is for a payload.
pub(crate) enum Found {
    Answer(Answer),
    /// No answer: what is to be sent for it goes to [`Exchange::ask`].
    Nothing(Key),
    /// No answer, and the request is full: it comes in a later round.
    Later,
}

/// What the answers of a handle may have together: what one call may decode to, and what it may encode.
pub(crate) fn max_waiting_bytes(limits: &Limits) -> usize {
    limits.max_input_bytes.saturating_add(limits.max_decoded_bytes)
}

/// About what a payload of `len` bytes has as JSON.
fn json_len(len: usize) -> usize {
    const NAMES: usize = 64;
    (len / 3).saturating_add(1).saturating_mul(4).saturating_add(NAMES)
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(
        remote: &'a Remote,
        answers: &'a Answers,
        namespace: &'a str,
        limits: &'a Limits,
    ) -> Self {
        Self { remote, answers, namespace, limits, index: Cell::new(0), state: RefCell::default() }
    }

    /// Says which payload of the call is worked on next.
    pub(crate) fn at(&self, index: usize) {
        self.index.set(index);
    }

    /// The answer for the payload, the next one where payloads have the same contents.
    pub(crate) fn find(&self, direction: Direction, payload: Pieces<'_>) -> Result<Found, Error> {
        let state = &mut *self.state.borrow_mut();
        let key = self.key(state, direction, payload)?;
        let taken = state.taken.entry(key).or_default();
        if taken.used == taken.answers.len() {
            let Some(answer) = self.answers.take(&key, Instant::now()) else {
                return Ok(if state.is_full { Found::Later } else { Found::Nothing(key) });
            };
            state.taken_bytes += answer.len();
            taken.answers.push(answer);
        }
        taken.used += 1;
        let answer = taken.answers.get(taken.used - 1).cloned();
        if state.taken_bytes > max_waiting_bytes(self.limits) {
            return Err(Error::new(
                Code::Limit,
                "the codec server's answers are more than a call can hold: split the input, or raise limits.max_input_bytes",
            ));
        }
        Ok(answer.map_or(Found::Later, Found::Answer))
    }

    /// An answer for the payload, where there is one: what a survey looks at.
    pub(crate) fn peek(&self, direction: Direction, payload: Pieces<'_>) -> Option<Answer> {
        let state = &mut *self.state.borrow_mut();
        let key = self.key(state, direction, payload).ok()?;
        let taken = state.taken.entry(key).or_default();
        if taken.answers.is_empty() {
            let answer = self.answers.take(&key, Instant::now())?;
            state.taken_bytes += answer.len();
            taken.answers.push(answer);
        }
        taken.answers.first().cloned()
    }

    /// Puts a payload into the request, unless it is full: then it comes in a later one. `key` is the one that
    /// [`Exchange::find`] gave.
    pub(crate) fn ask(&self, key: Key, payload: Zeroizing<Vec<u8>>) {
        let state = &mut *self.state.borrow_mut();
        let bytes = state.wanted_bytes.saturating_add(json_len(payload.len()));
        // One that is larger than a request may be goes alone.
        if !state.wanted.is_empty() && bytes > self.remote.max_request_bytes {
            state.is_full = true;
            return;
        }
        state.wanted_bytes = bytes;
        state.wanted.push((Entry { key, index: self.index.get() }, payload));
        state.is_full = state.wanted.len() >= MAX_REMOTE_PAYLOADS;
    }

    /// Ends the call: where payloads wait for the server it is to be asked, unless the call fails anyway. A call that
    /// will be made again gets its answers again.
    pub(crate) fn end<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        let state = self.state.into_inner();
        // Attributes of a failure that are not decoded yet cannot be read, which means nothing.
        let fails_anyway = result.as_ref().is_err_and(|error| error.code() != Code::Failure);
        let result = match state.operation {
            Some((direction, url)) if !state.wanted.is_empty() && !fails_anyway => {
                let request =
                    Request::new(self.remote, direction, url, self.namespace, &state.wanted, self.limits);
                Err(request.map_or_else(core::convert::identity, Error::remote_needed))
            }
            _ => result,
        };
        let is_made_again = |code: Code| code.kind() == Kind::Outcome || code == Code::BufferTooSmall;
        if result.as_ref().is_err_and(|error| is_made_again(error.code())) {
            let answers = state
                .taken
                .into_iter()
                .flat_map(|(key, taken)| taken.answers.into_iter().map(move |answer| (key, answer)));
            self.answers.put(answers, max_waiting_bytes(self.limits), Instant::now());
        }
        result
    }

    /// # Errors
    /// [`Code::Namespace`] for a namespace that the address needs, or that no header can carry.
    fn key(&self, state: &mut State, direction: Direction, payload: Pieces<'_>) -> Result<Key, Error> {
        let url = match &state.operation {
            Some((_, url)) => url,
            None => {
                if !self.namespace.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(Error::new(
                        Code::Namespace,
                        format!(
                            "a namespace of {} bytes cannot be named to a codec server: it is not plain ASCII",
                            self.namespace.len()
                        ),
                    ));
                }
                let url = self.remote.url.of(direction.name(), self.namespace)?;
                &state.operation.insert((direction, url)).1
            }
        };
        Ok(Key::new(url, self.namespace, payload))
    }
}
