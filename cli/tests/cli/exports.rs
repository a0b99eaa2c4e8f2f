//! Histories and exports as Temporal Cloud writes them, made by hand.

use tdc_formats::wire::{push_bytes, push_varint};

/// The payload `"Testing"`.
const PAYLOAD: &[u8] = b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain\x12\x09\"Testing\"";

/// A `History` of two events: one that starts the run `run-N`, and a signal.
pub(crate) fn history(run: usize) -> Vec<u8> {
    let mut payloads = Vec::new();
    push_bytes(&mut payloads, 1, PAYLOAD);
    let mut attributes = Vec::new();
    push_bytes(&mut attributes, 6, &payloads);
    push_bytes(&mut attributes, 14, format!("run-{run}").as_bytes());
    let mut history = Vec::new();
    push_bytes(&mut history, 1, &event(1, 1, 6, &attributes));
    let mut attributes = Vec::new();
    push_bytes(&mut attributes, 1, b"signal");
    push_bytes(&mut attributes, 2, &payloads);
    push_bytes(&mut history, 1, &event(2, 26, 26, &attributes));
    history
}

/// A `HistoryEvent` whose attributes are in the field `number`.
pub(crate) fn event(id: u64, kind: u64, number: u64, attributes: &[u8]) -> Vec<u8> {
    let mut event = Vec::new();
    for (field, value) in [(1, id), (3, kind)] {
        push_varint(&mut event, field << 3);
        push_varint(&mut event, value);
    }
    push_varint(&mut event, number << 3 | 2);
    push_varint(&mut event, attributes.len() as u64);
    event.extend_from_slice(attributes);
    event
}

/// An export's item, `WorkflowExecution`.
pub(crate) fn item(history: &[u8]) -> Vec<u8> {
    let mut item = Vec::new();
    push_bytes(&mut item, 1, history);
    item
}

/// `WorkflowExecutions`
pub(crate) fn export(items: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut export = Vec::new();
    for item in items {
        push_bytes(&mut export, 1, &item);
    }
    export
}

/// A history as `temporal workflow show --output json` writes it.
pub(crate) fn json_history(run: &str) -> String {
    format!(
        r#"{{"events":[{{"eventId":"1","eventType":"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED","workflowExecutionStartedEventAttributes":{{"input":{{"payloads":[{{"metadata":{{"encoding":"anNvbi9wbGFpbg=="}},"data":"IlRlc3Rpbmci"}}]}},"originalExecutionRunId":"{run}"}}}}]}}"#
    )
}
