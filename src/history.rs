//! Exported histories: found out what form they have, and decoded into the same form.
//!
//! | form | where it comes from |
//! |---|---|
//! | JSON `{"events":[…]}` | `temporal workflow show --output json`, the Web UI's download |
//! | JSON `[…]` of events | earlier Web UIs |
//! | JSON `{"items":[…]}`, binary | `temporal.api.export.v1.WorkflowExecutions` |
//! | JSON `{"history":…}` | one item of these |
//! | binary | `temporal.api.history.v1.History` |
//!
//! JSON is edited as text, so whatever else stands in it stays: enums by their old names, fields that are
//! newer than this library, whitespace. A byte order mark does not: no replayer reads one.

use crate::data_converter::DataConverter;
use crate::error::{Code, Error};
use crate::json::without_mark;
use crate::message::{MessageFlags, Task, first_member};
use crate::wire::{Cursor, Value};

const EVENT: &str = "temporal.api.history.v1.HistoryEvent";
const HISTORY: &str = "temporal.api.history.v1.History";
const EXPORT: &str = "temporal.api.export.v1.WorkflowExecutions";
const EXPORT_ITEM: &str = "temporal.api.export.v1.WorkflowExecution";

/// The form of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Binary(&'static str),
    Json(&'static str),
    JsonList(&'static str),
}

impl DataConverter {
    /// Decodes every payload and failure of an exported history, and gives it back in the form that it
    /// came in: what `temporal workflow show --output json` and the Web UI's download give, or
    /// `temporal.api.export.v1.WorkflowExecutions`, JSON or binary.
    ///
    /// # Errors
    /// [`Code::Type`] where it is no history, [`Code::Json`], and what the codecs say, with the path of the
    /// field.
    pub fn decode_history(&self, context: &[u8], history: &[u8]) -> Result<Vec<u8>, Error> {
        self.decode_history_and_say(context, history, &|_| {})
    }

    /// The same, and `say` is told now and then how many payloads were met.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`].
    pub fn decode_history_and_say(
        &self,
        context: &[u8],
        history: &[u8],
        say: &dyn Fn(usize),
    ) -> Result<Vec<u8>, Error> {
        self.history(context, history, Task::Decode, say)
    }

    /// Encodes every payload and failure of a history, in the form that it came in: the inverse of
    /// [`DataConverter::decode_history`]. One that is encoded already is encoded a second time.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`].
    pub fn encode_history(&self, context: &[u8], history: &[u8]) -> Result<Vec<u8>, Error> {
        self.encode_history_and_say(context, history, &|_| {})
    }

    /// The same, and `say` is told now and then how many payloads were met.
    ///
    /// # Errors
    /// As [`DataConverter::decode_history`].
    pub fn encode_history_and_say(
        &self,
        context: &[u8],
        history: &[u8],
        say: &dyn Fn(usize),
    ) -> Result<Vec<u8>, Error> {
        self.history(context, history, Task::Encode, say)
    }

    fn history(
        &self,
        context: &[u8],
        history: &[u8],
        task: Task,
        say: &dyn Fn(usize),
    ) -> Result<Vec<u8>, Error> {
        let say = Some(say);
        let history = without_mark(history)?;
        match form(history)? {
            Form::Binary(name) => self.message(context, name, MessageFlags::default(), history, task, say),
            Form::Json(name) => self.message_json(context, name, false, history, task, say),
            Form::JsonList(name) => self.message_json(context, name, true, history, task, say),
        }
    }
}

fn form(history: &[u8]) -> Result<Form, Error> {
    if !is_text(history) {
        return binary_form(history).map(Form::Binary).ok_or_else(foreign);
    }
    if history.trim_ascii_start().first() == Some(&b'[') {
        return Ok(Form::JsonList(EVENT));
    }
    match first_member(history, &["events", "items", "history"])? {
        Some("events") => Ok(Form::Json(HISTORY)),
        Some("items") => Ok(Form::Json(EXPORT)),
        Some(_) => Ok(Form::Json(EXPORT_ITEM)),
        None => Err(foreign()),
    }
}

/// Whether the bytes are meant as JSON. A binary history begins with a tag that is a line feed in text, and
/// has control characters soon after it.
fn is_text(history: &[u8]) -> bool {
    const LOOKED_AT: usize = 64;
    let control = |byte: &u8| byte.is_ascii_control() && !b"\t\n\r".contains(byte);
    matches!(history.trim_ascii_start().first(), Some(b'{' | b'['))
        && !history.iter().take(LOOKED_AT).any(control)
}

/// The full name of the message that a binary history is; `None` where it is JSON, or not a history.
#[must_use]
pub fn binary_history_type(history: &[u8]) -> Option<&'static str> {
    if is_text(history) { None } else { binary_form(history) }
}

/// Both forms hold messages in their field 1: an event begins with its number, an item holds a history.
fn binary_form(history: &[u8]) -> Option<&'static str> {
    let Value::Bytes(inner) = first(history)? else { return None };
    match first(inner)? {
        Value::Varint(_) => Some(HISTORY),
        Value::Bytes(_) => Some(EXPORT),
        _ => None,
    }
}

/// The first field of a message, if its number is 1.
fn first(message: &[u8]) -> Option<Value<'_>> {
    let field = Cursor::new(message).field().ok()??;
    (field.number == 1).then_some(field.value)
}

#[cold]
fn foreign() -> Error {
    Error::new(
        Code::Type,
        "this is no history: expected what temporal workflow show --output json or the Web UI gives ({\"events\":[…]}), \
         or temporal.api.export.v1.WorkflowExecutions as JSON or binary",
    )
}

#[cfg(test)]
mod tests;
