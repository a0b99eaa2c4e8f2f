//! Failures, messages and histories whose payloads a codec server makes.

use serde_json::{Value, json};
use tdc::MessageFlags;

use crate::server::{REMOTE, Server, base64, complete, contains, field, list, open, plain};

#[test]
fn failures_go_through_the_server() {
    let (converter, server) = (open(REMOTE), Server::default());
    let failure = br#"{"message":"secret","stackTrace":"at x","cause":{"message":"deeper","applicationFailureInfo":{"details":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}]}}}}"#;
    let encoded =
        complete(&converter, &server, |converter, scope| converter.encode_failure_json(scope, failure))
            .unwrap();
    assert!(!contains(&encoded, "secret") && !contains(&encoded, "deeper"));
    assert_eq!((server.requests.get(), server.payloads.get()), (1, 3));
    let decoded =
        complete(&converter, &server, |converter, scope| converter.decode_failure_json(scope, &encoded))
            .unwrap();
    assert_eq!(server.requests.get(), 2);
    let (decoded, failure): (Value, Value) =
        (serde_json::from_slice(&decoded).unwrap(), serde_json::from_slice(failure).unwrap());
    assert_eq!(decoded, failure);

    let binary = [&field(1, b"secret")[..], &field(4, &field(1, b"deeper"))].concat();
    let encoded =
        complete(&converter, &server, |converter, scope| converter.encode_failure(scope, &binary)).unwrap();
    let decoded =
        complete(&converter, &server, |converter, scope| converter.decode_failure(scope, &encoded)).unwrap();
    assert_eq!(decoded, binary);
}

/// `StartWorkflowExecutionRequest`: 5 input, 16 header, 15 search_attributes.
#[test]
fn messages_leave_search_attributes_alone() {
    let (converter, server) = (open(REMOTE), Server::default());
    let entry = |value: &[u8]| field(1, &[&field(1, b"key")[..], &field(2, value)].concat());
    let attributes = [&[0x7a][..], &field(0, &entry(&plain("\"indexed\"")))[1..]].concat();
    let header = [&[0x82, 0x01][..], &field(0, &entry(&plain("\"header\"")))[1..]].concat();
    let message = [&field(5, &list(&["\"secret\""]))[..], &attributes, &header].concat();
    let name = "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest";
    let flags = MessageFlags::default();
    let encoded = complete(&converter, &server, |converter, scope| {
        converter.encode_message(scope, name, flags, &message)
    })
    .unwrap();
    assert_eq!(server.payloads.get(), 1, "{}", server.last.borrow());
    assert!(
        contains(&encoded, "indexed") && contains(&encoded, "header") && !contains(&encoded, "\"secret\"")
    );
    let decoded = complete(&converter, &server, |converter, scope| {
        converter.decode_message(scope, name, flags, &encoded)
    })
    .unwrap();
    assert_eq!(decoded, message);
    assert_eq!(
        server.last.borrow()["payloads"].as_array().unwrap().len(),
        1,
        "what the SDKs write plain is not asked for"
    );
}

#[test]
fn histories_come_with_as_few_requests_as_they_can() {
    let (converter, server) = (open(REMOTE), Server::default());
    let payload = json!({ "metadata": { "encoding": base64("json/plain") }, "data": base64("\"secret\"") });
    let events = |payload: &dyn Fn() -> Value| {
        let event = |index: usize| {
            json!({ "eventId": index.to_string(), "eventType": "EVENT_TYPE_ACTIVITY_TASK_COMPLETED",
                "activityTaskCompletedEventAttributes": { "result": { "payloads": [payload()] } } })
        };
        json!({ "events": (1..=50).map(event).collect::<Vec<_>>() }).to_string().into_bytes()
    };
    let encoded = events(&|| server.encode(&payload));
    let decoded =
        complete(&converter, &server, |converter, scope| converter.decode_history(scope, &encoded)).unwrap();
    let (decoded, expected): (Value, Value) = (
        serde_json::from_slice(&decoded).unwrap(),
        serde_json::from_slice(&events(&|| payload.clone())).unwrap(),
    );
    assert_eq!(decoded, expected);
    assert_eq!(server.requests.get(), 1);
}
