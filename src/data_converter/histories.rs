//! Exported histories: every payload and failure in them goes through the codecs.

use tdc_formats::json::without_mark;

use super::DataConverter;
use crate::call::Scope;
use crate::error::Error;
use crate::history::{self, Form};
use crate::message::{MessageFlags, Progress, Task};

impl DataConverter {
    /// Decodes every payload and failure of an exported history, and returns it in the form that it
    /// came in: the output of `temporal workflow show --output json` or the Web UI's download, or
    /// `temporal.api.export.v1.WorkflowExecutions`, JSON or binary.
    ///
    /// # Errors
    /// [`Code::Type`](crate::Code::Type) if it is not a history, [`Code::Json`](crate::Code::Json),
    /// and the errors of the codecs, with the path of the field.
    pub fn decode_history<'a>(&self, scope: impl Into<Scope<'a>>, history: &[u8]) -> Result<Vec<u8>, Error> {
        self.decode_history_and_say(scope.into(), history, &|_| {})
    }

    /// The same; `say` is called now and then with the number of payloads so far.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`].
    pub fn decode_history_and_say<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        history: &[u8],
        say: &dyn Fn(usize),
    ) -> Result<Vec<u8>, Error> {
        self.history(scope.into(), history, Task::Decode, Some(say))
    }

    /// Encodes every payload and failure of a history, in the form that it came in: the inverse of
    /// [`DataConverter::decode_history`]. A payload that is already encoded is encoded a second
    /// time. References to stored objects stay as they are, unless the configuration says
    /// `sealed_after_storing`: the SDKs store after the codecs.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`].
    pub fn encode_history<'a>(&self, scope: impl Into<Scope<'a>>, history: &[u8]) -> Result<Vec<u8>, Error> {
        self.encode_history_and_say(scope.into(), history, &|_| {})
    }

    /// The same; `say` is called now and then with the number of payloads so far.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`].
    pub fn encode_history_and_say<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        history: &[u8],
        say: &dyn Fn(usize),
    ) -> Result<Vec<u8>, Error> {
        self.history(scope.into(), history, Task::Encode, Some(say))
    }

    pub(super) fn history(
        &self,
        scope: Scope<'_>,
        history: &[u8],
        task: Task<'_>,
        say: Progress<'_>,
    ) -> Result<Vec<u8>, Error> {
        let history = without_mark(history)?;
        match history::form(history)? {
            Form::Binary(name) => self.message(scope, name, MessageFlags::default(), history, task, say),
            Form::Json(name) => self.message_json(scope, name, false, history, task, say),
            Form::JsonList(name) => self.message_json(scope, name, true, history, task, say),
        }
    }
}
