//! Exported histories: detects the form.
//!
//! | form | where it comes from |
//! |---|---|
//! | JSON `{"events":[…]}` | `temporal workflow show --output json`, the Web UI's download |
//! | JSON `[…]` of events | earlier Web UIs |
//! | JSON `{"items":[…]}`, binary | `temporal.api.export.v1.WorkflowExecutions` |
//! | JSON `{"history":…}` | one item of these |
//! | binary | `temporal.api.history.v1.History` |
//!
//! JSON is edited as text, so everything else is kept: old enum names, fields newer than this
//! library, whitespace. A byte order mark is removed: no replayer reads one.

use tdc_formats::wire::{Cursor, Value};

use crate::error::{Code, Error};
use crate::message::first_member;

const EVENT: &str = "temporal.api.history.v1.HistoryEvent";
const HISTORY: &str = "temporal.api.history.v1.History";
const EXPORT: &str = "temporal.api.export.v1.WorkflowExecutions";
const EXPORT_ITEM: &str = "temporal.api.export.v1.WorkflowExecution";

/// The form of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Binary(&'static str),
    Json(&'static str),
    JsonList(&'static str),
}

/// Whether messages of this type are histories: those that exist, not a worker's new values.
pub(crate) fn is_history(name: &str) -> bool {
    matches!(name, EVENT | HISTORY | EXPORT | EXPORT_ITEM)
}

pub(crate) fn form(history: &[u8]) -> Result<Form, Error> {
    if !is_json_history(history) {
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

/// Whether a history looks like JSON; its first 64 bytes are enough. A binary history begins with a
/// tag that is a line feed in text, soon followed by control characters.
#[must_use]
pub fn is_json_history(history: &[u8]) -> bool {
    const LOOKED_AT: usize = 64;
    let control = |byte: &u8| byte.is_ascii_control() && !b"\t\n\r".contains(byte);
    matches!(history.trim_ascii_start().first(), Some(b'{' | b'['))
        && !history.iter().take(LOOKED_AT).any(control)
}

/// The full name of the message type of a binary history; `None` if it is JSON, or not a history.
#[must_use]
pub fn binary_history_type(history: &[u8]) -> Option<&'static str> {
    if is_json_history(history) { None } else { binary_form(history) }
}

/// Both forms have messages in field 1: an event begins with its id, an item contains a history.
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
        "this is not a history: expected the output of temporal workflow show --output json, a download of the Web UI ({\"events\":[…]}), \
         or temporal.api.export.v1.WorkflowExecutions as JSON or binary",
    )
}

#[cfg(test)]
mod tests;
