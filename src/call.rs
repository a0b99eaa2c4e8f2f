//! One call of a host, which may have to be repeated: how much of the limits it has used, what the
//! library asks of the host, and what the host has answered so far.
//!
//! ```text
//! call ──> done
//!   └────> Code::Requests ──> `Call::requests` ──> the host answers all of them, together
//!   ^                                                          │
//!   └────────────── call again <── `DataConverter::answer` <───┘
//! ```
//! A call always ends: it never repeats a request that was answered, or that the host left
//! unanswered. Instead it fails with the error that led to the request.

mod answers;
mod message;
mod request;
mod scope;

pub(crate) use answers::ForHandle;
pub use request::{Answer, Request};
pub use scope::Scope;

use std::collections::{HashSet, VecDeque};

use zeroize::Zeroizing;

use crate::codec::remote::Answers;
use crate::error::{Code, Error};
use crate::keys::CallKeys;
use crate::limits::{MAX_IN_ROUND, Usage};
use crate::storage::{CallObjects, References};

/// A call, from the first try to its end. An SDK hands its codec a list of payloads; a binding that
/// splits one list over several calls passes the same `Call` to each, so that the limits apply to
/// the whole list. Start with the default: it allocates nothing before the first request.
#[derive(Debug, Default)]
pub struct Call {
    usage: Usage,
    state: Option<Box<State>>,
}

/// What a call remembers between two tries.
#[derive(Default)]
pub(crate) struct State {
    last_id: u64,
    pending: Vec<Pending>,
    /// More requests of a try, which are sent after these.
    queued: VecDeque<Request>,
    /// Whether any request was answered since they were sent.
    progressed: bool,
    /// The pending requests as a message, once the host has asked for it.
    message: Option<Zeroizing<Vec<u8>>>,
    answered: HashSet<Answered>,
    /// What codec servers answered.
    remote: Answers,
    /// What key services answered.
    keys: CallKeys,
    /// The stored objects that the host fetched.
    objects: CallObjects,
    /// Until the call ends, for each function that takes it.
    references: References,
}

/// A request that waits for an answer.
struct Pending {
    id: u64,
    request: Request,
    /// The call does not need the answer: it has ended, or continues without it.
    is_left: bool,
}

/// The requests that were answered. A key is requested again after a reload, which drops the host's
/// keys.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Answered {
    Key { id: String, generation: u64 },
    Descriptor(String),
    Reload,
}

impl Call {
    /// A call that continues where another left off: it has already used this much of the limits.
    #[must_use]
    pub fn with_usage(usage: Usage) -> Self {
        Self { usage, state: None }
    }

    /// The same call, which does this with references to stored objects when it decodes.
    #[must_use]
    pub fn with_references(mut self, references: References) -> Self {
        if references != self.references() {
            self.state.get_or_insert_default().references = references;
        }
        self
    }

    /// What the call does with references to stored objects.
    #[must_use]
    pub fn references(&self) -> References {
        self.state.as_ref().map_or(References::Keep, |state| state.references)
    }

    /// What the calls so far used of the limits. Only a call that succeeds adds to it.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The serialization context of the next try, together with this call.
    pub fn at<'a>(&'a mut self, context: &'a [u8]) -> Scope<'a> {
        Scope { context, call: Some(self) }
    }

    /// The requests of the last try, each with the id that its answer must name.
    pub fn requests(&self) -> impl ExactSizeIterator<Item = (u64, &Request)> {
        let pending = self.state.as_ref().map_or(&[][..], |state| &state.pending);
        pending.iter().map(|pending| (pending.id, &pending.request))
    }

    /// The same as a serialised `tdc.host.v1.Requests`. It contains payloads and perhaps
    /// credentials, and is erased when the call continues.
    pub fn requests_message(&mut self) -> &[u8] {
        match &mut self.state {
            None => &[],
            Some(state) => {
                let pending = &state.pending;
                state.message.get_or_insert_with(|| Zeroizing::new(message::requests(pending)))
            }
        }
    }

    pub(crate) fn from_parts(usage: Usage, state: Option<Box<State>>) -> Self {
        Self { usage, state }
    }

    pub(crate) fn into_parts(self) -> (Usage, Option<Box<State>>) {
        (self.usage, self.state)
    }

    /// The answers of codec servers, lent to one try.
    pub(crate) fn take_remote(&mut self) -> Answers {
        self.state.as_mut().map(|state| core::mem::take(&mut state.remote)).unwrap_or_default()
    }

    /// The answers of key services, lent to one try.
    pub(crate) fn take_keys(&mut self) -> CallKeys {
        self.state.as_mut().map(|state| core::mem::take(&mut state.keys)).unwrap_or_default()
    }

    /// The stored objects, lent to one try.
    pub(crate) fn take_objects(&mut self) -> CallObjects {
        self.state.as_mut().map(|state| core::mem::take(&mut state.objects)).unwrap_or_default()
    }

    /// The answers again, for the next try.
    pub(crate) fn keep(&mut self, remote: Answers, keys: CallKeys, objects: CallObjects) {
        if !remote.is_empty() || !keys.is_empty() || !objects.is_empty() {
            let state = self.state.get_or_insert_default();
            (state.remote, state.keys, state.objects) = (remote, keys, objects);
        }
    }

    /// Whether the host was asked to reload the files, and did.
    pub(crate) fn has_reloaded(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.answered.contains(&Answered::Reload))
    }

    /// Adds a request whose answer this call does not need: it may be answered after the call has
    /// ended.
    pub(crate) fn leave(&mut self, request: Option<Request>) {
        if let Some(request) = request {
            let state = self.state.get_or_insert_default();
            state.add(request, true);
        }
    }

    /// A try succeeded.
    #[inline]
    pub(crate) fn succeed(&mut self, usage: Usage) {
        self.usage = usage;
        self.end_try();
    }

    /// Ends a try: its data is erased.
    #[inline]
    pub(crate) fn end_try(&mut self) {
        if let Some(state) = &mut self.state {
            let mut pending = core::mem::take(&mut state.pending);
            pending.retain(|pending| pending.is_left);
            let (last_id, references) = (state.last_id, state.references);
            **state = State { last_id, references, pending, ..State::default() };
        }
    }

    /// Asks the host, unless it was asked before: then the call ends with `instead`. `generation`
    /// is the number of the configuration that the try used.
    pub(crate) fn ask(&mut self, requests: Vec<Request>, generation: u64, instead: Error) -> Error {
        let state = self.state.get_or_insert_default();
        let is_answered = |request: &Request| {
            request.answered(generation).is_some_and(|answered| state.answered.contains(&answered))
        };
        let was_asked = |request: &Request| state.pending.iter().any(|pending| pending.request == *request);
        let open: Vec<Request> = requests.into_iter().filter(|request| !is_answered(request)).collect();
        if !open.iter().any(|request| state.progressed || !was_asked(request)) {
            self.end_try();
            return instead;
        }
        state.queued = open.into();
        state.next_round()
    }

    /// Sends more of the requests of the last try, unless the previous ones brought nothing: then
    /// the next try reports what is missing.
    pub(crate) fn ask_on(&mut self) -> Option<Error> {
        let state = self.state.as_mut().filter(|state| !state.queued.is_empty())?;
        if state.progressed {
            return Some(state.next_round());
        }
        state.queued.clear();
        None
    }
}

impl State {
    /// How many requests wait for an answer.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    #[cold]
    fn next_round(&mut self) -> Error {
        self.message = None;
        self.progressed = false;
        self.pending.retain(|pending| pending.is_left);
        for request in self.queued.drain(..MAX_IN_ROUND.min(self.queued.len())).collect::<Vec<_>>() {
            self.add(request, false);
        }
        let count = self.pending.len();
        Error::new(Code::Requests, format!("{count} request(s) to the host: answer them, then call again"))
    }

    fn add(&mut self, request: Request, is_left: bool) {
        self.message = None;
        self.last_id += 1;
        self.pending.push(Pending { id: self.last_id, request, is_left });
    }
}

impl core::fmt::Debug for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "State({} requests)", self.pending.len())
    }
}
