//! The messages are built with `prost-reflect`, which shares no code with the visitor.

use std::path::Path;

use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value};
use tdc_formats::wire::push_bytes;

use super::*;
use crate::call::{Answer, Call, Request};
use crate::data_converter::DataConverter;
use crate::error::Code;

mod all_types;
mod failures;
mod scaling;
mod split_fields;

const KEYS: &str =
    "keys: {primary: k, ring: {k: {insecure_inline: MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=}}}";

fn converter(rest: &str) -> DataConverter {
    DataConverter::parse(&format!("{{version: 1, {KEYS}, {rest}}}"), Path::new(""), "").unwrap()
}

fn encrypting() -> DataConverter {
    converter("codecs: [encrypt]")
}

fn descriptor(name: &str) -> MessageDescriptor {
    temporal_pool().unwrap().get_message_by_name(&format!("temporal.api.{name}")).unwrap()
}

/// A message with these fields, by name.
fn message(name: &str, fields: &[(&str, Value)]) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor(name));
    for (field, value) in fields {
        message.set_field_by_name(field, value.clone());
    }
    message
}

fn nested(name: &str, fields: &[(&str, Value)]) -> Value {
    Value::Message(message(name, fields))
}

fn map(key: &str, value: Value) -> Value {
    Value::Map([(MapKey::String(key.into()), value)].into())
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

/// A `json/plain` payload of `"secret"`.
fn payload() -> Value {
    let encoding = Value::Bytes(b"json/plain".as_slice().into());
    let data = Value::Bytes(b"\"secret\"".as_slice().into());
    nested("common.v1.Payload", &[("metadata", map("encoding", encoding)), ("data", data)])
}

fn payloads() -> Value {
    nested("common.v1.Payloads", &[("payloads", Value::List(vec![payload(), payload()]))])
}

fn encode(converter: &DataConverter, name: &str, bytes: &[u8]) -> Vec<u8> {
    converter.encode_message(&[], &format!("temporal.api.{name}"), MessageFlags::default(), bytes).unwrap()
}

fn decode(converter: &DataConverter, name: &str, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    converter.decode_message(&[], &format!("temporal.api.{name}"), MessageFlags::default(), bytes)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// An event whose result and user metadata are payloads.
fn event() -> DynamicMessage {
    let attributes = nested(
        "history.v1.ActivityTaskCompletedEventAttributes",
        &[("result", payloads()), ("identity", text("me"))],
    );
    message(
        "history.v1.HistoryEvent",
        &[
            ("event_id", Value::I64(7)),
            ("activity_task_completed_event_attributes", attributes),
            ("user_metadata", nested("sdk.v1.UserMetadata", &[("summary", payload())])),
        ],
    )
}

#[test]
fn history_is_hidden_and_comes_back_byte_for_byte() {
    let events = Value::List(vec![Value::Message(event()), Value::Message(event())]);
    let history = message("history.v1.History", &[("events", events)]).encode_to_vec();
    let converter = encrypting();
    let encoded = encode(&converter, "history.v1.History", &history);
    assert!(!contains(&encoded, b"secret"));
    assert!(contains(&encoded, b"me"));
    DynamicMessage::decode(descriptor("history.v1.History"), encoded.as_slice()).unwrap();
    assert_eq!(decode(&converter, "history.v1.History", &encoded).unwrap(), history);
}

#[test]
fn what_holds_no_payload_is_given_back_as_it_is() {
    let converter = encrypting();
    let odd = b"\x0a\x81\x00x\x98\x06\x01";
    assert_eq!(encode(&converter, "common.v1.WorkflowExecution", odd), odd);
    assert_eq!(encode(&converter, "history.v1.History", b""), b"");
    // A length in a longer form than needed is kept if nothing below it changes.
    let event = b"\x0a\x84\x00\x08\x81\x80\x00";
    assert_eq!(encode(&converter, "history.v1.History", event), event);
}

#[test]
fn one_payload_and_a_list_of_them_are_messages_too() {
    let converter = encrypting();
    for (name, value) in [("common.v1.Payload", payload()), ("common.v1.Payloads", payloads())] {
        let bytes = value.as_message().unwrap().encode_to_vec();
        let encoded = encode(&converter, name, &bytes);
        assert!(!contains(&encoded, b"secret"), "{name}");
        assert_eq!(decode(&converter, name, &encoded).unwrap(), bytes, "{name}");
    }
}

#[test]
fn unknown_fields_survive_at_every_level() {
    let converter = encrypting();
    let mut result = payloads().as_message().unwrap().encode_to_vec();
    push_bytes(&mut result, 15, b"unknown one");
    let mut attributes = Vec::new();
    push_bytes(&mut attributes, 1, &result);
    push_bytes(&mut attributes, 14, b"unknown two");
    let mut event = b"\x08\x07".to_vec();
    // activity_task_completed_event_attributes = 17
    event.extend_from_slice(b"\x8a\x01");
    event.push(u8::try_from(attributes.len()).unwrap());
    event.extend_from_slice(&attributes);
    event.extend_from_slice(b"\xa8\x46\x05");
    let encoded = encode(&converter, "history.v1.HistoryEvent", &event);
    assert!(!contains(&encoded, b"secret"));
    assert!(contains(&encoded, b"unknown one") && contains(&encoded, b"unknown two"));
    assert_eq!(decode(&converter, "history.v1.HistoryEvent", &encoded).unwrap(), event);
}

#[test]
fn search_attributes_are_never_touched() {
    let converter = converter("codecs: [{encrypt: {required: true}}]");
    let attributes = nested("common.v1.SearchAttributes", &[("indexed_fields", map("k", payload()))]);
    let request = message(
        "workflowservice.v1.StartWorkflowExecutionRequest",
        &[("search_attributes", attributes), ("input", payloads())],
    );
    let mut without_input = request.clone();
    without_input.clear_field_by_name("input");
    let name = "workflowservice.v1.StartWorkflowExecutionRequest";
    let plain = without_input.encode_to_vec();
    assert_eq!(encode(&converter, name, &plain), plain);
    assert_eq!(decode(&converter, name, &plain).unwrap(), plain);
    let encoded = encode(&converter, name, &request.encode_to_vec());
    assert_eq!(encoded.windows(6).filter(|window| window == b"secret").count(), 1);
    assert_eq!(decode(&converter, name, &encoded).unwrap(), request.encode_to_vec());
}

#[test]
fn headers_are_encoded_when_asked_and_opened_always() {
    let converter = converter("codecs: [{encrypt: {required: true}}]");
    let name = "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest";
    let header = nested("common.v1.Header", &[("fields", map("k", payload()))]);
    let plain =
        message("workflowservice.v1.StartWorkflowExecutionRequest", &[("header", header)]).encode_to_vec();
    let (no, yes) = (MessageFlags::default(), MessageFlags { headers: true });
    assert_eq!(converter.encode_message(&[], name, no, &plain).unwrap(), plain);
    assert_eq!(converter.decode_message(&[], name, no, &plain).unwrap(), plain);
    let refused = converter.decode_message(&[], name, yes, &plain).unwrap_err();
    assert_eq!(refused.code(), Code::NotEncrypted);
    let encoded = converter.encode_message(&[], name, yes, &plain).unwrap();
    assert!(!contains(&encoded, b"secret"));
    assert_eq!(converter.decode_message(&[], name, no, &encoded).unwrap(), plain);
}

/// Headers, which interceptors encode.
#[test]
fn what_was_encoded_where_the_sdks_write_plain_is_encoded_again() {
    let (old, new) = (encrypting(), converter("codecs: [zlib, encrypt]"));
    let name = "temporal.api.workflowservice.v1.SignalWithStartWorkflowExecutionRequest";
    let header = |name: &str| nested("common.v1.Header", &[("fields", map(name, payload()))]);
    let request = message(
        "workflowservice.v1.SignalWithStartWorkflowExecutionRequest",
        &[("header", header("a")), ("input", payloads()), ("signal_input", payloads())],
    );
    let plain = request.encode_to_vec();
    let secrets = |bytes: &[u8]| bytes.windows(6).filter(|window| window == b"secret").count();
    let decode = |bytes: &[u8]| old.decode_message(&[], name, MessageFlags::default(), bytes).unwrap();
    for (headers, left) in [(false, 1), (true, 0)] {
        let encoded = old.encode_message(&[], name, MessageFlags { headers }, &plain).unwrap();
        assert_eq!((secrets(&encoded), decode(&encoded) == plain), (left, true));
        let again = new.encode_message_again(&[], name, &encoded, &plain).unwrap();
        assert_eq!((secrets(&again), decode(&again) == plain), (left, true));
    }
    // What was not there before, and what is left of a message that is cut off, is not plain.
    assert_eq!(secrets(&new.encode_message_again(&[], name, b"", &plain).unwrap()), 0);
    let cut = &plain[..plain.len() - 1];
    assert_eq!(new.encode_message_again(&[], name, cut, &plain).unwrap_err().code(), Code::Protobuf);
}

#[test]
fn what_is_wrapped_in_any_is_walked() {
    let converter = encrypting();
    let request = message(
        "update.v1.Request",
        &[("input", nested("update.v1.Input", &[("name", text("n")), ("args", payloads())]))],
    );
    let any = |type_url: &str| {
        let mut any = Vec::new();
        push_bytes(&mut any, 1, type_url.as_bytes());
        push_bytes(&mut any, 2, &request.encode_to_vec());
        any.extend_from_slice(b"\x98\x06\x01");
        let mut bytes = Vec::new();
        push_bytes(&mut bytes, 1, b"id");
        push_bytes(&mut bytes, 5, &any);
        bytes
    };
    let known = any("type.googleapis.com/temporal.api.update.v1.Request");
    let encoded = encode(&converter, "protocol.v1.Message", &known);
    assert!(!contains(&encoded, b"secret"));
    assert_eq!(decode(&converter, "protocol.v1.Message", &encoded).unwrap(), known);
    for unknown in ["type.googleapis.com/acme.Order", "", "/"] {
        assert_eq!(encode(&converter, "protocol.v1.Message", &any(unknown)), any(unknown));
    }
}

#[test]
fn envelope_of_a_system_operation_stays_plain_and_its_payloads_do_not() {
    let converter = converter("codecs: [{encrypt: {required: true}}]");
    let request =
        message("workflowservice.v1.SignalWithStartWorkflowExecutionRequest", &[("input", payloads())]);
    let operation = |endpoint: &str, message_type: &str, encoding: &str| {
        let metadata = [("encoding", encoding), ("messageType", message_type)];
        let metadata = metadata
            .map(|(key, value)| (MapKey::String(key.into()), Value::Bytes(value.as_bytes().to_vec().into())));
        let data = Value::Bytes(request.encode_to_vec().into());
        let input = nested("common.v1.Payload", &[("metadata", Value::Map(metadata.into())), ("data", data)]);
        let fields = [("endpoint", text(endpoint)), ("service", text("s")), ("input", input)];
        message("command.v1.ScheduleNexusOperationCommandAttributes", &fields).encode_to_vec()
    };
    let name = "command.v1.ScheduleNexusOperationCommandAttributes";
    let known = request.descriptor().full_name().to_owned();
    let system = operation("__temporal_system", &known, "binary/protobuf");
    let encoded = encode(&converter, name, &system);
    assert!(contains(&encoded, known.as_bytes()) && !contains(&encoded, b"secret"));
    assert_eq!(decode(&converter, name, &encoded).unwrap(), system);

    let ordinary = operation("orders", &known, "binary/protobuf");
    let encoded = encode(&converter, name, &ordinary);
    assert!(!contains(&encoded, known.as_bytes()));
    assert_eq!(decode(&converter, name, &encoded).unwrap(), ordinary);

    let full = format!("temporal.api.{name}");
    let fails = |bytes: &[u8]| {
        converter.encode_message(&[], &full, MessageFlags::default(), bytes).unwrap_err().code()
    };
    assert_eq!(fails(&operation("__temporal_system", "acme.Order", "binary/protobuf")), Code::Type);
    assert_eq!(fails(&operation("__temporal_system", &known, "json/plain")), Code::Protobuf);
}

#[test]
fn markers_may_be_plain_whatever_the_config_requires() {
    let converter = converter("codecs: [{encrypt: {required: true}}]");
    let marker = message("history.v1.MarkerRecordedEventAttributes", &[("details", map("k", payloads()))]);
    let plain = marker.encode_to_vec();
    assert_eq!(decode(&converter, "history.v1.MarkerRecordedEventAttributes", &plain).unwrap(), plain);
    let encoded = encode(&converter, "history.v1.MarkerRecordedEventAttributes", &plain);
    assert!(!contains(&encoded, b"secret"));
    assert_eq!(decode(&converter, "history.v1.MarkerRecordedEventAttributes", &encoded).unwrap(), plain);
    let strict = decode(&converter, "history.v1.HistoryEvent", &event().encode_to_vec()).unwrap_err();
    assert_eq!(strict.code(), Code::NotEncrypted);
}

#[test]
fn keys_of_all_payloads_are_asked_for_at_once() {
    let keys = |id: &str| format!("{{version: 1, codecs: [encrypt], keys: {{primary: {id}, host: true}}}}");
    let mut event_bytes = Vec::new();
    for id in ["one", "two"] {
        let converter = DataConverter::parse(&keys(id), Path::new(""), "").unwrap();
        converter.provide_key(id.as_bytes(), &[7; 32]).unwrap();
        let encoded = encode(&converter, "history.v1.HistoryEvent", &event().encode_to_vec());
        push_bytes(&mut event_bytes, 1, &encoded);
    }
    let converter = DataConverter::parse(&keys("three"), Path::new(""), "").unwrap();
    let mut call = Call::default();
    let (name, flags) = ("temporal.api.history.v1.History", MessageFlags::default());
    let error = converter.decode_message(call.at(&[]), name, flags, &event_bytes).unwrap_err();
    assert_eq!(error.code(), Code::Requests);
    let (ids, asked): (Vec<u64>, Vec<Request>) =
        call.requests().map(|(id, request)| (id, request.clone())).unzip();
    assert_eq!(asked, [Request::Key("one".into()), Request::Key("two".into())]);
    let keys: Vec<_> = ids.into_iter().map(|id| (id, Answer::Key(&[7; 32]))).collect();
    converter.answer(&mut call, &keys).unwrap();
    decode(&converter, "history.v1.History", &event_bytes).unwrap();
}

#[test]
fn payloads_of_a_message_share_the_limits() {
    let bytes = event().encode_to_vec();
    let encoded = encode(&encrypting(), "history.v1.HistoryEvent", &bytes);
    for (limits, fits) in [
        ("max_payloads: 3", true),
        ("max_payloads: 2", false),
        ("max_decoded_bytes: 102", true),
        ("max_decoded_bytes: 101", false),
    ] {
        let converter = converter(&format!("codecs: [encrypt], limits: {{{limits}}}"));
        let result = decode(&converter, "history.v1.HistoryEvent", &encoded);
        match result {
            Ok(decoded) => assert!(fits && decoded == bytes, "{limits}"),
            Err(error) => assert!(!fits && error.code() == Code::Limit, "{limits}: {error}"),
        }
    }
}

#[test]
fn errors_say_where() {
    let converter = encrypting();
    let mut encoded = encode(&converter, "history.v1.HistoryEvent", &event().encode_to_vec());
    let mut history = Vec::new();
    push_bytes(&mut history, 1, &encoded);
    // The last byte of the message is in the tag of the summary's ciphertext.
    *encoded.last_mut().unwrap() ^= 1;
    push_bytes(&mut history, 1, &encoded);
    let error = decode(&converter, "history.v1.History", &history).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::Authentication, Some(5)));
    assert!(error.message().starts_with("events[1].user_metadata.summary: "), "{error}");

    let error = decode(&converter, "history.v1.Histories", &history).unwrap_err();
    assert_eq!(error.code(), Code::Type);
    let cut = &history[..history.len() - 1];
    assert_eq!(decode(&converter, "history.v1.History", cut).unwrap_err().code(), Code::Protobuf);
}

#[test]
fn messages_nest_to_the_limit_and_no_deeper() {
    let converter = encrypting();
    let chain = |causes: usize| {
        let mut failure = b"\x0a\x01m".to_vec();
        for _ in 0..causes {
            let mut outer = Vec::new();
            push_bytes(&mut outer, 4, &failure);
            failure = outer;
        }
        failure
    };
    assert_eq!(encode(&converter, "failure.v1.Failure", &chain(99)), chain(99));
    let name = "temporal.api.failure.v1.Failure";
    let error = converter.encode_message(&[], name, MessageFlags::default(), &chain(100)).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
    assert!(error.message().starts_with("….cause"), "{error}");
    let hiding = tests::converter("failures: {encode_common_attributes: true}");
    let encoded = encode(&hiding, "failure.v1.Failure", &chain(99));
    assert_eq!(decode(&hiding, "failure.v1.Failure", &encoded).unwrap(), chain(99));
}
