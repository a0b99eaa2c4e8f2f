//! One try's view of a codec server: the answers that the call has, and the payloads that still
//! need one.

use std::cell::{Cell, RefCell};

use zeroize::Zeroizing;

use super::answers::{Answers, Returned};
use super::request::{Entry, Key};
use super::{Direction, HttpRequest, Remote};
use crate::error::{Code, Error};
use crate::limits::{Limits, MAX_REMOTE_PAYLOADS};
use crate::payload::Slices;

/// What a try shares with its codecs while it works.
pub(crate) struct Exchange<'a> {
    remote: &'a Remote,
    namespace: &'a str,
    limits: &'a Limits,
    /// The index of the current payload in the call.
    index: Cell<usize>,
    state: RefCell<State>,
}

struct State {
    /// The operation and its address, from the first payload on.
    operation: Option<(Direction, String)>,
    answers: Answers,
    wanted: Vec<(Entry, Zeroizing<Vec<u8>>)>,
    /// Their size as JSON.
    wanted_bytes: usize,
    is_full: bool,
}

/// The state of a payload.
pub(crate) enum Found {
    Answer(Returned),
    /// No answer: pass the bytes to send to [`Exchange::ask`].
    Nothing(Key),
    /// No answer, and the request is full: the payload goes into a later one.
    Later,
}

/// Approximate size of a payload of `len` bytes as JSON.
fn json_len(len: usize) -> usize {
    const NAMES: usize = 64;
    (len / 3).saturating_add(1).saturating_mul(4).saturating_add(NAMES)
}

impl<'a> Exchange<'a> {
    /// `answers` are those of the tries before.
    pub(crate) fn new(
        remote: &'a Remote,
        mut answers: Answers,
        namespace: &'a str,
        limits: &'a Limits,
    ) -> Self {
        answers.rewind();
        let state = State { operation: None, answers, wanted: Vec::new(), wanted_bytes: 0, is_full: false };
        Self { remote, namespace, limits, index: Cell::new(0), state: RefCell::new(state) }
    }

    /// Begins the try once more, as if it had done nothing.
    pub(crate) fn rewind(&self) {
        let state = &mut *self.state.borrow_mut();
        state.answers.rewind();
        state.wanted.clear();
        (state.wanted_bytes, state.is_full) = (0, false);
    }

    /// Sets the payload of the call that is processed next.
    pub(crate) fn at(&self, index: usize) {
        self.index.set(index);
    }

    /// The answer for the payload; payloads with the same contents get theirs in order.
    pub(crate) fn find(&self, direction: Direction, payload: Slices<'_>) -> Result<Found, Error> {
        let state = &mut *self.state.borrow_mut();
        let key = self.key(state, direction, payload)?;
        Ok(match state.answers.next(&key) {
            Some(answer) => Found::Answer(answer),
            None if state.is_full => Found::Later,
            None => Found::Nothing(key),
        })
    }

    /// An answer for the payload, if there is one, without using it up.
    pub(crate) fn peek(&self, direction: Direction, payload: Slices<'_>) -> Option<Returned> {
        let state = &mut *self.state.borrow_mut();
        let key = self.key(state, direction, payload).ok()?;
        state.answers.first(&key)
    }

    /// Adds a payload to the request, unless that is full: then it goes into a later one. `key` is
    /// the one that [`Exchange::find`] returned.
    pub(crate) fn ask(&self, key: Key, payload: Zeroizing<Vec<u8>>) {
        let state = &mut *self.state.borrow_mut();
        let bytes = state.wanted_bytes.saturating_add(json_len(payload.len()));
        // A payload larger than the limit of a request is sent alone.
        if !state.wanted.is_empty() && bytes > self.remote.max_request_bytes {
            state.is_full = true;
            return;
        }
        state.wanted_bytes = bytes;
        state.wanted.push((Entry { key, index: self.index.get() }, payload));
        state.is_full = state.wanted.len() >= MAX_REMOTE_PAYLOADS;
    }

    /// Ends the try. Returns its answers, for the next try, and if it `asks`, the request for the
    /// payloads that need the server. Building the request fails if JSON cannot express a payload.
    pub(crate) fn end(self, asks: bool) -> (Answers, Result<Option<HttpRequest>, Error>) {
        let State { operation, answers, wanted, .. } = self.state.into_inner();
        let request = match operation {
            Some((direction, url)) if asks && !wanted.is_empty() => {
                HttpRequest::new(self.remote, direction, url, self.namespace, &wanted, self.limits).map(Some)
            }
            _ => Ok(None),
        };
        (answers, request)
    }

    /// Whether payloads need the server.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.state.borrow().wanted.is_empty()
    }

    /// # Errors
    /// [`Code::Namespace`] for a namespace that the address needs, or that no header can carry.
    fn key(&self, state: &mut State, direction: Direction, payload: Slices<'_>) -> Result<Key, Error> {
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
