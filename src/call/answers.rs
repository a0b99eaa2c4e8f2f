//! Answers of a host, checked against the pending requests.

use std::sync::Arc;

use super::{Answer, Answered, Call, Pending, Request};
use crate::codec::remote::judge;
use crate::error::{Code, Error};
use crate::keys::{CallKeys, Fault, Unwrap, Wrap};
use crate::limits::Limits;
use crate::storage::ObjectFault;

/// Why there is no data key if the host answers that it knows none.
const NO_KEY_SERVICE: &str = "the host program has no client of a key service";

/// The reason if the host answers `unknown` to a request for an object.
const NO_STORE: &str = "the host program has no client of this store";

/// An answer that belongs to the handle, and its request.
pub(crate) enum ForHandle<'r, 'a> {
    Key(&'r str, &'a [u8]),
    NoKey(&'r str),
    Descriptor(&'a [u8]),
    Wrapped(&'r Wrap, &'a [u8], &'r mut CallKeys),
    NotWrapped(&'r Wrap, Fault, &'a str, &'r mut CallKeys),
    DataKey(&'r Unwrap, &'a [u8], &'r mut CallKeys),
    NoDataKey(&'r Unwrap, Fault, &'a str, &'r mut CallKeys),
}

impl Call {
    /// Takes answers to the pending requests. Answers that belong to the handle go to `provide`,
    /// which returns the number of the configuration that received them; answers of codec servers
    /// stay here.
    ///
    /// # Errors
    /// [`Code::Argument`] for an answer that matches no pending request, or is of another kind:
    /// then no answer was taken. With any other error the call has failed.
    pub(crate) fn take(
        &mut self,
        answers: &[(u64, Answer<'_>)],
        limits: &Limits,
        mut provide: impl FnMut(ForHandle<'_, '_>) -> Result<u64, Error>,
    ) -> Result<(), Error> {
        self.check(answers)?;
        let result = answers.iter().try_for_each(|(id, answer)| {
            let Some(state) = &mut self.state else { return Ok(()) };
            let Some(at) = state.pending.iter().position(|pending| pending.id == *id) else {
                return Ok(());
            };
            (state.message, state.progressed) = (None, true);
            let Pending { request, .. } = state.pending.remove(at);
            let is_missing = matches!(answer, Answer::NoObject { fault: ObjectFault::Missing, .. });
            let failed =
                matches!(answer, Answer::KeyServiceFailed { .. } | Answer::NoObject { .. } | Answer::Unknown);
            // A call may go on without an object that is not in its store.
            if failed && !is_missing {
                // The call will fail, so the queued requests are not sent any more.
                state.queued.clear();
            }
            match (request, *answer) {
                (Request::Key(id), Answer::Key(key)) => {
                    let generation = provide(ForHandle::Key(&id, key))?;
                    state.answered.insert(Answered::Key { id, generation });
                }
                (Request::Key(id), Answer::Unknown) => {
                    let generation = provide(ForHandle::NoKey(&id))?;
                    state.answered.insert(Answered::Key { id, generation });
                }
                (Request::Descriptor(name), Answer::Descriptor(set)) => {
                    provide(ForHandle::Descriptor(set))?;
                    state.answered.insert(Answered::Descriptor(name));
                }
                (Request::Descriptor(name), _) => {
                    state.answered.insert(Answered::Descriptor(name));
                }
                (Request::Wrap(wrap), answer) => {
                    let keys = &mut state.keys;
                    provide(match answer {
                        Answer::Wrapped(wrapped) => ForHandle::Wrapped(&wrap, wrapped, keys),
                        Answer::KeyServiceFailed { fault, reason } => {
                            ForHandle::NotWrapped(&wrap, fault, reason, keys)
                        }
                        _ => ForHandle::NotWrapped(&wrap, Fault::Unavailable, NO_KEY_SERVICE, keys),
                    })?;
                }
                (Request::Unwrap(unwrap), answer) => {
                    let keys = &mut state.keys;
                    provide(match answer {
                        Answer::DataKey(data_key) => ForHandle::DataKey(&unwrap, data_key, keys),
                        Answer::KeyServiceFailed { fault, reason } => {
                            ForHandle::NoDataKey(&unwrap, fault, reason, keys)
                        }
                        _ => ForHandle::NoDataKey(&unwrap, Fault::Unavailable, NO_KEY_SERVICE, keys),
                    })?;
                }
                (Request::Http(request), Answer::Http { status, body }) => {
                    let payloads = judge(&request, status, body)?;
                    for (entry, payload) in request.entries().iter().zip(payloads) {
                        state.remote.add(entry.key, Arc::new(payload), limits)?;
                    }
                }
                (Request::Object(object), answer @ (Answer::Object(bytes) | Answer::Retrieved(bytes))) => {
                    match answer {
                        Answer::Object(_) => state.objects.add(object, bytes, limits),
                        _ => state.objects.add_retrieved(object, bytes, limits),
                    }
                    if state.objects.is_full() {
                        state.queued.clear();
                    }
                }
                (Request::Object(object), Answer::NoObject { fault, reason }) => {
                    state.objects.fail(object, fault, reason);
                }
                (Request::Object(object), _) => {
                    state.objects.fail(object, ObjectFault::Unavailable, NO_STORE);
                }
                // `check` lets no others through.
                (Request::Reload | Request::Key(_) | Request::Http(_), _) => {
                    state.answered.insert(Answered::Reload);
                }
            }
            Ok(())
        });
        if result.is_err() {
            self.end_try();
        }
        result
    }

    /// Checks that every answer matches a request that waits for it.
    fn check(&self, answers: &[(u64, Answer<'_>)]) -> Result<(), Error> {
        for (at, (id, answer)) in answers.iter().enumerate() {
            let mut requests = self.requests();
            let Some((_, request)) = requests.find(|(pending, _)| pending == id) else {
                return Err(misfit(*id, "no request of this id is pending"));
            };
            let earlier = answers.get(..at).unwrap_or_default();
            if earlier.iter().any(|(earlier, _)| earlier == id) {
                return Err(misfit(*id, "it is answered twice"));
            }
            let fits = matches!(
                (request, answer),
                (Request::Key(_), Answer::Key(_) | Answer::Unknown)
                    | (Request::Reload, Answer::Done)
                    | (Request::Descriptor(_), Answer::Descriptor(_) | Answer::Unknown)
                    | (Request::Http(_), Answer::Http { .. })
                    | (
                        Request::Object(_),
                        Answer::Object(_) | Answer::Retrieved(_) | Answer::NoObject { .. } | Answer::Unknown
                    )
                    | (
                        Request::Wrap(_),
                        Answer::Wrapped(_) | Answer::KeyServiceFailed { .. } | Answer::Unknown
                    )
                    | (
                        Request::Unwrap(_),
                        Answer::DataKey(_) | Answer::KeyServiceFailed { .. } | Answer::Unknown
                    )
            );
            if !fits {
                return Err(misfit(*id, "the answer is of another kind than the request"));
            }
        }
        Ok(())
    }

    /// Reads answers from a serialised `tdc.host.v1.Answers`.
    ///
    /// # Errors
    /// [`Code::Protobuf`], [`Code::Argument`].
    pub(crate) fn read_answers(message: &[u8]) -> Result<Vec<(u64, Answer<'_>)>, Error> {
        super::message::answers(message)
    }
}

#[cold]
fn misfit(id: u64, why: &str) -> Error {
    Error::new(Code::Argument, format!("the answer to request {id} was not taken: {why}"))
}
