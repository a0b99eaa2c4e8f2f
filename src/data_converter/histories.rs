//! Exported histories through the codecs, every payload and failure in them.

use tdc_formats::json::without_mark;

use super::DataConverter;
use crate::call::Scope;
use crate::error::Error;
use crate::history::{self, Form};
use crate::message::{MessageFlags, Progress, Task};

impl DataConverter {
    /// Decodes every payload and failure of an exported history, and gives it back in the form that
    /// it came in: what `temporal workflow show --output json` and the Web UI's download give,
    /// or `temporal.api.export.v1.WorkflowExecutions`, JSON or binary.
    ///
    /// # Errors
    /// [`Code::Type`](crate::Code::Type) where it is no history, [`Code::Json`](crate::Code::Json),
    /// and what the codecs say, with the path of the field.
    pub fn decode_history<'a>(&self, scope: impl Into<Scope<'a>>, history: &[u8]) -> Result<Vec<u8>, Error> {
        self.decode_history_and_say(scope.into(), history, &|_| {})
    }

    /// The same, and `say` is told now and then how many payloads were met.
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
    /// [`DataConverter::decode_history`]. One that is encoded already is encoded a second time.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`].
    pub fn encode_history<'a>(&self, scope: impl Into<Scope<'a>>, history: &[u8]) -> Result<Vec<u8>, Error> {
        self.encode_history_and_say(scope.into(), history, &|_| {})
    }

    /// The same, and `say` is told now and then how many payloads were met.
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
