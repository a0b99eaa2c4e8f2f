//! Moving documents to other keys: rewrapping of data keys, encoding again what was decoded, and a
//! visitor for the payloads of a document.

use std::cell::RefCell;

use super::DataConverter;
use super::codec::each_payload;
use super::failures::FAILURE;
use crate::call::Scope;
use crate::codec::encrypt;
use crate::error::Error;
use crate::framing::Framed;
use crate::message::{PlainPlaces, Task};
use crate::outcome::Outcome;
use crate::payload::Payloads;

impl DataConverter {
    /// Rewraps the data key of every envelope in a serialised `Payloads` with the key that encrypts
    /// now, without decrypting a payload. A payload that is not an envelope of a key in the
    /// configuration stays as it is.
    ///
    /// # Errors
    /// The errors of key services, and [`Code::Config`](crate::Code::Config) if the key that
    /// encrypts is not a KEK.
    pub fn rewrap<'a>(&self, scope: impl Into<Scope<'a>>, payloads: &[u8]) -> Result<Vec<u8>, Error> {
        self.call(scope.into(), payloads.len(), |spent, _, environment, config| {
            let parsed = Payloads::parse(payloads, &config.limits, spent.payloads)?;
            spent.add(parsed.payloads.len());
            each_payload(
                &parsed,
                environment,
                Framed::with_room(payloads.len()),
                |len| len,
                |payload, _| {
                    let made = encrypt::rewrap(payload.head, environment)?;
                    Ok(made.map_or(Outcome::Unchanged, Outcome::owned))
                },
            )
        })
    }

    /// [`DataConverter::rewrap`] for every payload and failure of a history, in the form that it
    /// came in. `say` is called now and then with the number of payloads so far.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`] and [`DataConverter::rewrap`].
    pub fn rewrap_history_and_say<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        history: &[u8],
        say: &dyn Fn(usize),
    ) -> Result<Vec<u8>, Error> {
        self.history(scope.into(), history, Task::Rewrap, Some(say))
    }

    /// [`DataConverter::rewrap`] for a failure as proto3 JSON.
    ///
    /// # Errors
    /// As [`DataConverter::decode_failure_json`] and [`DataConverter::rewrap`].
    pub fn rewrap_failure_json<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        failure: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.message_json(scope.into(), FAILURE, false, failure, Task::Rewrap, None)
    }

    /// What a history has where the SDKs write payloads plain, for
    /// [`DataConverter::encode_history_again`].
    ///
    /// # Errors
    /// As [`DataConverter::visit_history`].
    pub fn plain_places(&self, history: &[u8]) -> Result<PlainPlaces, Error> {
        PlainPlaces::seen_by(|visit| self.history((&[]).into(), history, Task::Visit(visit), None))
    }

    /// [`DataConverter::encode_history_and_say`] for a history that was decoded: in headers, and in
    /// other places where the SDKs write payloads plain, it encodes what was not plain `before`.
    ///
    /// # Errors
    /// As [`DataConverter::encode_history`].
    pub fn encode_history_again<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        history: &[u8],
        before: &PlainPlaces,
        say: &dyn Fn(usize),
    ) -> Result<Vec<u8>, Error> {
        self.history(scope.into(), history, Task::EncodeAgain(before), Some(say))
    }

    /// Calls `visit` with every serialised payload of a history, unchanged, including encoded
    /// attributes of failures.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`], without the errors of the codecs.
    pub fn visit_history(&self, history: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let visit = RefCell::new(visit);
        let visit = |payload: &[u8], _| (visit.borrow_mut())(payload);
        self.history((&[]).into(), history, Task::Visit(&visit), None).map(drop)
    }

    /// The same for a failure as proto3 JSON.
    ///
    /// # Errors
    /// As [`DataConverter::decode_failure_json`], without the errors of the codecs.
    pub fn visit_failure_json(&self, failure: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let visit = RefCell::new(visit);
        let visit = |payload: &[u8], _| (visit.borrow_mut())(payload);
        self.message_json((&[]).into(), FAILURE, false, failure, Task::Visit(&visit), None).map(drop)
    }
}
