//! New wraps of data keys, and a look at the payloads of anything.

use std::cell::RefCell;

use super::DataConverter;
use super::codec::each_payload;
use super::failures::FAILURE;
use crate::call::Scope;
use crate::codec::encrypt;
use crate::error::Error;
use crate::framing::Framed;
use crate::message::Task;
use crate::outcome::Outcome;
use crate::payload::Payloads;

impl DataConverter {
    /// Has the data key of every envelope in a serialised `Payloads` wrapped by the key that
    /// encrypts now, without decrypting a payload. What is no envelope of a key that the
    /// configuration names stays as it is.
    ///
    /// # Errors
    /// What key services say, and [`Code::Config`](crate::Code::Config) where the key that encrypts
    /// is not one that wraps data keys.
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
                    Ok(made.map_or(Outcome::Unchanged, Outcome::whole))
                },
            )
        })
    }

    /// [`DataConverter::rewrap`] of every payload and failure of a history, in the form that it
    /// came in. `say` is told now and then how many payloads were met.
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

    /// [`DataConverter::rewrap`] of a failure as proto3 JSON.
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

    /// Shows every payload of a history to `visit`, serialised and as it is, encoded attributes of
    /// failures too.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`], but for what the codecs say.
    pub fn visit_history(&self, history: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let visit = RefCell::new(visit);
        let visit = |payload: &[u8]| (visit.borrow_mut())(payload);
        self.history((&[]).into(), history, Task::Visit(&visit), None).map(drop)
    }

    /// The same of a failure as proto3 JSON.
    ///
    /// # Errors
    /// As [`DataConverter::decode_failure_json`], but for what the codecs say.
    pub fn visit_failure_json(&self, failure: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let visit = RefCell::new(visit);
        let visit = |payload: &[u8]| (visit.borrow_mut())(payload);
        self.message_json((&[]).into(), FAILURE, false, failure, Task::Visit(&visit), None).map(drop)
    }
}
