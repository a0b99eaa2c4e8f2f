//! The run that a history is of, from its first event. A run that was reset has the id of the run
//! that it began as.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use tdc_formats::wire::{Cursor, Value};

/// Longest id. Temporal's are UUIDs.
const MAX_LEN: usize = 64;

/// Reads it from a document with one history. `None` if the history does not say it, or what it
/// says could not be part of a file's name.
pub(super) fn of(document: &[u8]) -> Option<String> {
    let id = match tdc::binary_history_type(document) {
        Some(name) => {
            let history =
                if name.ends_with(".WorkflowExecutions") { first(first(document)?)? } else { document };
            of_event(first(history)?)?
        }
        None => of_json(document)?,
    };
    let fits =
        id.len() <= MAX_LEN && !id.is_empty() && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    fits.then_some(id)
}

/// The first field of a message, if its number is 1: an item, a history, an event.
fn first(message: &[u8]) -> Option<&[u8]> {
    match Cursor::new(message).field().ok()?? {
        field if field.number != 1 => None,
        field => bytes(field.value),
    }
}

fn bytes(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn of_event(event: &[u8]) -> Option<String> {
    const WORKFLOW_EXECUTION_STARTED_EVENT_ATTRIBUTES: u32 = 6;
    const ORIGINAL_EXECUTION_RUN_ID: u32 = 14;
    const FIRST_EXECUTION_RUN_ID: u32 = 16;
    let attributes = field(event, WORKFLOW_EXECUTION_STARTED_EVENT_ATTRIBUTES)?;
    let id =
        field(attributes, ORIGINAL_EXECUTION_RUN_ID).or_else(|| field(attributes, FIRST_EXECUTION_RUN_ID));
    core::str::from_utf8(id?).ok().map(str::to_owned)
}

/// The last field of this number.
fn field(message: &[u8], number: u32) -> Option<&[u8]> {
    let (mut cursor, mut found) = (Cursor::new(message), None);
    while let Some(field) = cursor.field().ok()? {
        if field.number == number {
            found = bytes(field.value);
        }
    }
    found
}

#[derive(Default, Deserialize)]
struct Event {
    #[serde(
        alias = "workflow_execution_started_event_attributes",
        rename = "workflowExecutionStartedEventAttributes"
    )]
    started: Option<Started>,
}

#[derive(Deserialize)]
struct Started {
    #[serde(alias = "original_execution_run_id", rename = "originalExecutionRunId")]
    original: Option<String>,
    #[serde(alias = "first_execution_run_id", rename = "firstExecutionRunId")]
    first: Option<String>,
}

fn of_json(document: &[u8]) -> Option<String> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_slice(document);
    // It stops with an error after the first event, so that a long history is not read twice.
    let _ = reader.deserialize_any(Outermost { found: &mut found });
    let started = found?.started?;
    started.original.filter(|id| !id.is_empty()).or(started.first)
}

/// A list of events, or an object that leads to one.
struct Outermost<'f> {
    found: &'f mut Option<Event>,
}

impl<'de> Visitor<'de> for Outermost<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a history")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        *self.found = list.next_element()?;
        Err(serde::de::Error::custom("the first event is enough"))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if matches!(&*name, "events" | "history") {
                return map.next_value_seed(self);
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Outermost<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_from_every_form() {
        let attributes = b"\x72\x03a-1\x82\x01\x03b-2";
        let event = [&b"\x08\x01\x32"[..], &[u8::try_from(attributes.len()).unwrap()], attributes].concat();
        let within = |inner: &[u8]| [&b"\x0a"[..], &[u8::try_from(inner.len()).unwrap()], inner].concat();
        let history = within(&event);
        assert_eq!(of(&history).as_deref(), Some("a-1"));
        assert_eq!(of(&within(&within(&history))).as_deref(), Some("a-1"));
        let event = r#"{"eventId":"1","workflowExecutionStartedEventAttributes":{"originalExecutionRunId":"a-1","firstExecutionRunId":"b-2"}}"#;
        for (before, after) in
            [("[", ",{}]"), ("{\"events\":[", "]}"), ("{\"n\":1,\"history\":{\"events\":[", "]}}")]
        {
            assert_eq!(of(format!("{before}{event}{after}").as_bytes()).as_deref(), Some("a-1"));
        }
    }

    #[test]
    fn what_is_no_id_is_not_taken() {
        for id in ["", "../x", "a/b", "a b", &"a".repeat(65)] {
            let text = format!(
                r#"[{{"workflow_execution_started_event_attributes":{{"first_execution_run_id":"{id}"}}}}]"#
            );
            assert_eq!(of(text.as_bytes()), None, "{id}");
        }
        for other in [&b""[..], b"[]", b"{}", b"x", b"\x0a\x02\x08\x01", b"\x0a\x02\x0a\x00"] {
            assert_eq!(of(other), None);
        }
    }
}
