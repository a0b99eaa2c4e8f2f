//! Fields split into several parts, and oneofs with more than one member.

use super::*;

fn push(bytes: &mut Vec<u8>, number: u8, contents: &[u8]) {
    push_bytes(bytes, number, contents);
}

/// The message that the official rules produce from the bytes.
fn parsed(name: &str, bytes: &[u8]) -> DynamicMessage {
    DynamicMessage::decode(descriptor(name), bytes).unwrap()
}

/// Encode and decode do not change what a parser sees, and no plaintext is left.
fn survives(name: &str, bytes: &[u8]) {
    let converter = encrypting();
    let encoded = encode(&converter, name, bytes);
    assert!(!contains(&encoded, b"secret"), "{encoded:02x?}");
    let decoded = decode(&converter, name, &encoded).unwrap();
    assert_eq!(parsed(name, &decoded), parsed(name, bytes));
}

#[test]
fn a_singular_payload_that_is_split_is_one_payload() {
    let whole = payload().as_message().unwrap().encode_to_vec();
    let (metadata, data) = whole.split_at(24);
    let mut user_metadata = Vec::new();
    for occurrence in [metadata, data, b"", data] {
        push(&mut user_metadata, 1, occurrence);
        push(&mut user_metadata, 15, b"unknown");
    }
    survives("sdk.v1.UserMetadata", &user_metadata);
}

#[test]
fn a_split_payload_may_be_in_a_split_message() {
    let whole = payload().as_message().unwrap().encode_to_vec();
    let (metadata, data) = whole.split_at(24);
    let mut event = b"\x08\x07".to_vec();
    for occurrence in [metadata, data] {
        let mut user_metadata = Vec::new();
        push(&mut user_metadata, 1, occurrence);
        // user_metadata = 301
        event.extend_from_slice(b"\xea\x12");
        event.push(u8::try_from(user_metadata.len()).unwrap());
        event.extend_from_slice(&user_metadata);
        event.extend_from_slice(b"\x08\x08");
    }
    survives("history.v1.HistoryEvent", &event);
}

#[test]
fn a_value_of_a_map_entry_that_is_split_is_one_value() {
    let whole = payload().as_message().unwrap().encode_to_vec();
    let (metadata, data) = whole.split_at(24);
    let mut entry = Vec::new();
    push(&mut entry, 1, b"key");
    push(&mut entry, 2, data);
    push(&mut entry, 2, metadata);
    let mut memo = Vec::new();
    push(&mut memo, 1, &entry);
    survives("common.v1.Memo", &memo);
}

#[test]
fn dead_member_of_a_oneof_leaves_no_plaintext() {
    let result = |number: u8| {
        let mut attributes = Vec::new();
        push(&mut attributes, number, &payloads().as_message().unwrap().encode_to_vec());
        attributes
    };
    let mut event = Vec::new();
    // workflow_execution_completed 7, workflow_task_completed 12 (without payloads), and the first
    // again.
    push(&mut event, 7, &result(1));
    push(&mut event, 12, b"\x08\x01");
    push(&mut event, 7, &[result(1), b"\x10\x05".to_vec()].concat());
    push(&mut event, 7, &result(1));
    survives("history.v1.HistoryEvent", &event);
    // Known numbers with another wire type are unknown fields: they replace nothing.
    let odd = [event, b"\x60\x01".to_vec()].concat();
    let encoded = encode(&encrypting(), "history.v1.HistoryEvent", &odd);
    assert!(encoded.starts_with(b"\x3a") && encoded.ends_with(b"\x60\x01"));
}

#[test]
fn an_any_that_is_split_is_the_last_type_and_the_last_value() {
    let request = message(
        "update.v1.Request",
        &[("input", nested("update.v1.Input", &[("name", text("n")), ("args", payloads())]))],
    );
    let mut any = Vec::new();
    push(&mut any, 2, b"secret, and dead");
    push(&mut any, 1, b"acme.Order");
    push(&mut any, 2, &request.encode_to_vec());
    push(&mut any, 1, b"x/temporal.api.update.v1.Request");
    let mut message = Vec::new();
    push(&mut message, 5, &any);
    survives("protocol.v1.Message", &message);
}

#[test]
fn parts_are_counted() {
    let mut bytes = Vec::new();
    for _ in 0..6 {
        push(&mut bytes, 1, b"");
    }
    let converter = converter("codecs: [encrypt], limits: {max_payloads: 5}");
    let name = "temporal.api.sdk.v1.UserMetadata";
    let error = converter.encode_message(&[], name, MessageFlags::default(), &bytes).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
}

#[test]
fn a_failure_that_is_split_is_one_failure() {
    let hiding = converter("codecs: [encrypt], failures: {encode_common_attributes: true}");
    let mut failure = Vec::new();
    push(&mut failure, 1, b"dead secret");
    push(&mut failure, 1, b"a secret");
    let mut cause = Vec::new();
    push(&mut cause, 1, b"a secret");
    push(&mut failure, 4, &cause);
    push(&mut failure, 4, b"\x1a\x05trace");
    let encoded = encode(&hiding, "failure.v1.Failure", &failure);
    assert!(!contains(&encoded, b"secret"));
    let decoded = decode(&hiding, "failure.v1.Failure", &encoded).unwrap();
    assert_eq!(parsed("failure.v1.Failure", &decoded), parsed("failure.v1.Failure", &failure));
}
