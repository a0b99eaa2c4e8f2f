//! The run that a history is of, from its first event. A run that was reset has the id of the run
//! that it began as.

use serde::Deserialize;
use tdc_formats::json::{MAX_DEPTH, Reader};

use super::fields::{inner, last};

/// Longest id. Temporal's are UUIDs.
const MAX_LEN: usize = 64;

/// Reads it from a document with one history. `None` if the history does not say it, or what it
/// says could not be part of a file's name.
pub(super) fn of(document: &[u8]) -> Option<String> {
    let id = match tdc::binary_history_type(document) {
        Some(name) => {
            let is_export = name.ends_with(".WorkflowExecutions");
            let history = if is_export { inner(document).flat_map(inner).next()? } else { document };
            of_event(inner(history).next()?)?
        }
        None => of_json(document)?,
    };
    let fits =
        id.len() <= MAX_LEN && !id.is_empty() && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    fits.then_some(id)
}

fn of_event(event: &[u8]) -> Option<String> {
    const WORKFLOW_EXECUTION_STARTED_EVENT_ATTRIBUTES: u32 = 6;
    const ORIGINAL_EXECUTION_RUN_ID: u32 = 14;
    const FIRST_EXECUTION_RUN_ID: u32 = 16;
    let attributes = last(event, WORKFLOW_EXECUTION_STARTED_EVENT_ATTRIBUTES)?;
    let id = last(attributes, ORIGINAL_EXECUTION_RUN_ID).or_else(|| last(attributes, FIRST_EXECUTION_RUN_ID));
    core::str::from_utf8(id?).ok().map(str::to_owned)
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
    let mut reader = Reader::of_bytes(document).ok()?;
    while reader.peek() == b'{' {
        enter(&mut reader)?;
    }
    let mut events = reader.array().ok()?;
    if !reader.element(&mut events).ok()? {
        return None;
    }
    let start = reader.position();
    // It stops after the first event, so that a long history is not read twice.
    reader.skip(MAX_DEPTH).ok()?;
    let started = serde_json::from_str::<Event>(reader.since(start)).ok()?.started?;
    started.original.filter(|id| !id.is_empty()).or(started.first)
}

/// Goes to the value of the member that leads to the events.
fn enter(reader: &mut Reader<'_>) -> Option<()> {
    let mut members = reader.object().ok()?;
    while let Some(name) = reader.member(&mut members).ok()? {
        if matches!(&*name.lossy(), "events" | "history") {
            return Some(());
        }
        reader.skip(MAX_DEPTH).ok()?;
    }
    None
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
