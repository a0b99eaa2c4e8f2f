//! Histories in every form.

use std::path::Path;

use tdc_formats::wire::push_bytes;

use super::*;
use crate::call::{Call, Request};
use crate::data_converter::DataConverter;
use crate::message::{MessageFlags, Task};

fn converter(rest: &str) -> DataConverter {
    let keys =
        "keys: {primary: k, ring: {k: {insecure_inline: MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=}}}";
    DataConverter::parse(&format!("{{version: 1, {keys}, {rest}}}"), Path::new(""), "").unwrap()
}

fn encrypting() -> DataConverter {
    converter("codecs: [encrypt], failures: {encode_common_attributes: true}")
}

/// The payload `"secret"`, as JSON.
const PAYLOAD: &str = r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"InNlY3JldCI="}"#;

/// A failure as JSON whose message does not contain `"secret"` in base64.
const FAILURE: &str = r#"{"message":"a secret","stackTrace":"at <secret>\n","source":"GoSDK","cause":{"message":"an inner secret","applicationFailureInfo":{"type":"T"}}}"#;

/// Encodes one payload as JSON.
fn encoded_payload() -> String {
    let name = "temporal.api.common.v1.Payload";
    let encoded =
        encrypting().message_json((&[]).into(), name, false, PAYLOAD.as_bytes(), Task::Encode, None).unwrap();
    String::from_utf8(encoded).unwrap()
}

fn encoded_failure() -> String {
    String::from_utf8(encrypting().encode_failure_json(&[], FAILURE.as_bytes()).unwrap()).unwrap()
}

/// Two events, written in unusual but valid ways.
fn events(payload: &str, failure: &str) -> String {
    format!(
        r#"[ {{"eventId": "1", "eventType":"WorkflowExecutionStarted", "newer": [1.50, {{"x": null}}],
      "workflowExecutionStartedEventAttributes": {{ "input" : {{"payloads": [{payload} , {payload}]}},
         "memo": {{"fields": {{"a\"b": {payload}}}}}, "header": {{"fields": {{"h": {payload}}}}},
         "searchAttributes": {{"indexedFields": {{"s": {PAYLOAD}}}}},
         "continued_failure": {failure}, "attempt": 1 }}}},
    {{"eventType": 999, "userMetadata": {{"summary": {payload}, "details": null}}}} ]"#
    )
}

fn decode(history: &str) -> String {
    String::from_utf8(encrypting().decode_history(&[], history.as_bytes()).unwrap()).unwrap()
}

#[test]
fn encode_is_the_inverse_of_decode() {
    let plain = events(PAYLOAD, FAILURE);
    let encoded = encrypting().encode_history(&[], plain.as_bytes()).unwrap();
    let text = core::str::from_utf8(&encoded).unwrap();
    // The SDKs leave search attributes and headers readable.
    assert_eq!(text.matches("InNlY3JldCI=").count(), 2, "{text}");
    assert!(!text.contains("a secret") && !text.contains("an inner secret"), "{text}");
    assert_eq!(decode(text), plain);
}

#[test]
fn encode_refuses_what_is_not_a_history() {
    let error = encrypting().encode_history(&[], b"{\"orders\":[]}").unwrap_err();
    assert_eq!(error.code(), Code::Type);
}

#[test]
fn payload_and_failure_are_hidden() {
    assert!(!encoded_payload().contains("InNlY3JldCI="));
    assert!(encoded_payload().contains(r#""encryption-key-id":"aw==""#));
    let failure = encoded_failure();
    assert!(!failure.contains("secret") && failure.contains(r#""source":"GoSDK""#), "{failure}");
    assert_eq!(failure.matches("Encoded failure").count(), 2);
    let decoded = encrypting().decode_failure_json(&[], failure.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(decoded).unwrap(), FAILURE);
}

#[test]
fn every_json_form_is_decoded_and_the_rest_of_the_text_stays() {
    let (encoded, plain) = (events(&encoded_payload(), &encoded_failure()), events(PAYLOAD, FAILURE));
    for (before, after) in [
        ("", ""),
        ("\n{\"events\": ", "}\n"),
        ("{\"other\":{\"events\":1},\"events\": ", ",\"nextPageToken\":\"\"}"),
        ("{\"history\":{\"events\":", "}}"),
        ("{\"items\":[{\"history\":{\"events\":[]}},{\"history\":{\"events\":", "}}]}"),
    ] {
        let decoded = decode(&format!("{before}{encoded}{after}"));
        assert_eq!(decoded, format!("{before}{plain}{after}"));
        assert_eq!(decode(&decoded), decoded, "nothing is left to decode");
    }
}

#[test]
fn binary_forms_are_decoded() {
    let converter = encrypting();
    let mut event = b"\x08\x01\x18\x01".to_vec();
    let mut attributes = Vec::new();
    let mut payloads = Vec::new();
    push_bytes(&mut payloads, 1, b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain\x12\x08\"secret\"");
    push_bytes(&mut attributes, 1, &payloads);
    push_bytes(&mut event, 7, &attributes);
    let mut history = Vec::new();
    push_bytes(&mut history, 1, &event);
    let mut item = Vec::new();
    push_bytes(&mut item, 1, &history);
    let mut export = Vec::new();
    push_bytes(&mut export, 1, &item);
    for (name, plain) in [(HISTORY, history), (EXPORT, export)] {
        let encoded = converter.encode_message(&[], name, MessageFlags::default(), &plain).unwrap();
        assert_ne!(encoded, plain);
        assert_eq!(converter.decode_history(&[], &encoded).unwrap(), plain, "{name}");
    }
}

#[test]
fn what_is_no_history_is_a_stable_code() {
    let cases: &[(&[u8], Code)] = &[
        (b"", Code::Type),
        (b"hello", Code::Type),
        (b"{\"payloads\":[]}", Code::Type),
        (b"{}", Code::Type),
        (b"\x12\x03abc", Code::Type),
        (b"\x0a\x03abc", Code::Type),
        (b"\x1f\x8b\x08\x00", Code::Type),
        (b"{\"events\":[}", Code::Json),
        (b"{\"events\":[]} x", Code::Json),
        (b"[{\"a\":\"\xff\"}]", Code::Json),
        (b"[NaN]", Code::Json),
        (b"\x0a\x04\x08\x01\x3a\x7f", Code::Protobuf),
    ];
    for (history, code) in cases {
        let error = encrypting().decode_history(&[], history).unwrap_err();
        assert_eq!(error.code(), *code, "{:?}: {error}", history.escape_ascii().to_string());
    }
}

#[test]
fn errors_say_where_and_quote_nothing() {
    let fails = |events: &str| encrypting().decode_history(&[], events.as_bytes()).unwrap_err();
    let tampered = encoded_payload().replace("\"data\":\"", "\"data\":\"AAAA");
    let error = fails(&events(&tampered, FAILURE));
    assert_eq!(error.code(), Code::Authentication);
    let path = "[0].workflow_execution_started_event_attributes.input.payloads[0]: ";
    assert!(error.message().starts_with(path), "{error}");
    for broken in [
        r#"{"metadata":{"encoding":"secret!"}}"#,
        r#"{"data":7}"#,
        r#"{"externalPayloads":[{"sizeBytes":"secret"}]}"#,
    ] {
        let error = fails(&events(broken, FAILURE));
        assert!(error.code() == Code::Json && !error.to_string().contains("secret"), "{error}");
    }
    let error = fails(r#"[{},{"workflowExecutionFailedEventAttributes":{"failure":{"message":7}}}]"#);
    assert_eq!(error.code(), Code::Json);
    assert!(error.message().contains("workflow_execution_failed_event_attributes.failure"), "{error}");
}

#[test]
fn numbers_and_base64_are_read_as_every_producer_writes_them() {
    let name = "temporal.api.common.v1.Payload";
    let forms = [
        r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"+/8=","externalPayloads":[{"sizeBytes":"300000"},{}]}"#,
        r#"{"external_payloads":[{"size_bytes":300000},{"sizeBytes":null}],"data":"-_8","metadata":{"encoding":"anNvbi9wbGFpbg"}}"#,
    ];
    for form in forms {
        let encoded = encrypting()
            .message_json((&[]).into(), name, false, form.as_bytes(), Task::Encode, None)
            .unwrap();
        let decoded =
            encrypting().message_json((&[]).into(), name, false, &encoded, Task::Decode, None).unwrap();
        let expected = r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"+/8=","externalPayloads":[{"sizeBytes":"300000"},{"sizeBytes":"0"}]}"#;
        assert_eq!(String::from_utf8(decoded).unwrap(), expected);
    }
}

/// The Web UI's Human Readable download, and the short form of the command line.
#[test]
fn values_in_the_place_of_payloads_are_named_as_what_they_are() {
    for value in [
        r#""secret""#,
        "4711",
        "false",
        "null",
        r#"["secret"]"#,
        r#"{"order":"secret"}"#,
        r#"{"metadata":{"encoding":"json/plain"},"data":"secret"}"#,
        r#"{"metadata":{"encoding":"json/plain"},"data":4711}"#,
        r#"{"data":{"order":"secret"}}"#,
        r#"{"metadata":{"encoding":"binary/null"},"data":null}"#,
    ] {
        let history = format!(
            r#"[{{"workflowExecutionSignaledEventAttributes":{{"input":{{"payloads":[{value}]}}}}}}]"#
        );
        let error = encrypting().decode_history(&[], history.as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::Json, "{value}");
        let path = "[0].workflow_execution_signaled_event_attributes.input.payloads[0]: expected a payload, ";
        assert!(error.message().starts_with(path), "{error}");
        assert!(
            error.message().contains("as Encoded in the Web UI") && !error.message().contains("secret"),
            "{error}"
        );
        // The same for encode: it must not stay in the clear.
        let failure = format!(r#"{{"applicationFailureInfo":{{"details":{{"payloads":[{value}]}}}}}}"#);
        let error = encrypting().encode_failure_json(&[], failure.as_bytes()).unwrap_err();
        assert!(error.message().contains("as Encoded in the Web UI"), "{error}");
    }
    // A merely broken document is not mistaken for it.
    for broken in [r#"{"data":"secret!"}"#, r#"{"metadata":5}"#, r#"{"externalPayloads":[5]}"#] {
        let history = format!(r#"[{{"userMetadata":{{"summary":{broken}}}}}]"#);
        let error = encrypting().decode_history(&[], history.as_bytes()).unwrap_err();
        assert!(!error.message().contains("Web UI") && error.code() == Code::Json, "{error}");
    }
}

#[test]
fn attributes_that_cannot_be_read_stay_or_are_an_error() {
    let broken = r#"{"message":"Encoded failure","encodedAttributes":{"data":"e30="},"cause":null}"#;
    let keeping = encrypting().decode_failure_json(&[], broken.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(keeping).unwrap(), broken);
    let strict = converter("codecs: [encrypt], failures: {malformed: error}");
    let error = strict.decode_failure_json(&[], broken.as_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::Failure);
    assert!(error.message().starts_with("encoded_attributes: "), "{error}");
}

#[test]
fn chains_of_causes_nest_to_the_limit() {
    let chain = |causes: usize| format!("{}{}", "{\"cause\":".repeat(causes), "{}") + &"}".repeat(causes);
    assert!(encrypting().decode_failure_json(&[], chain(99).as_bytes()).is_ok());
    let error = encrypting().decode_failure_json(&[], chain(100).as_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
    assert!(encrypting().decode_failure_json(&[], chain(10_000).as_bytes()).is_err());
}

#[test]
fn what_is_not_read_nests_to_the_limit_of_all_json() {
    let newer = |levels: usize| format!("{{\"newer\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let decode = |levels| encrypting().decode_failure_json(&[], newer(levels).as_bytes());
    assert_eq!(decode(999).unwrap(), newer(999).into_bytes());
    assert_eq!(decode(1000).unwrap_err().code(), Code::Limit);
}

#[test]
fn a_byte_order_mark_goes_and_utf_16_is_named() {
    let plain = events(PAYLOAD, FAILURE);
    let marked = |text: &str| [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for text in [&plain, &events(&encoded_payload(), &encoded_failure())] {
        let decoded = encrypting().decode_history(&[], &marked(text)).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), plain);
    }
    let decoded = encrypting().decode_failure_json(&[], &marked(&encoded_failure())).unwrap();
    assert_eq!(String::from_utf8(decoded).unwrap(), FAILURE);
    let utf16: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for text in [utf16.clone(), [b"\xff\xfe".to_vec(), utf16].concat()] {
        for error in [
            encrypting().decode_history(&[], &text).unwrap_err(),
            encrypting().decode_failure_json(&[], &text).unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::Json);
            assert!(error.message().contains("UTF-16"), "{error}");
        }
    }
}

#[test]
fn half_a_surrogate_pair_costs_one_character() {
    let halved = r#"{"message":"a\ud800b","stackTrace":"\udc00","x":"\ud800"}"#;
    let encoded = encrypting().encode_failure_json(&[], halved.as_bytes()).unwrap();
    let decoded = encrypting().decode_failure_json(&[], &encoded).unwrap();
    let expected = "{\"message\":\"a\u{fffd}b\",\"stackTrace\":\"\u{fffd}\",\"x\":\"\\ud800\"}";
    assert_eq!(String::from_utf8(decoded).unwrap(), expected);
}

#[test]
fn keys_are_asked_for_at_once() {
    let hosted = "{version: 1, codecs: [encrypt], keys: {primary: k, host: true}}";
    let hosted = DataConverter::parse(hosted, Path::new(""), "").unwrap();
    let (events, mut call) = (events(&encoded_payload(), &encoded_failure()), Call::default());
    let error = hosted.decode_history(call.at(&[]), events.as_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::Requests);
    let asked: Vec<_> = call.requests().map(|(_, request)| request.clone()).collect();
    assert_eq!(asked, [Request::Key("k".into())]);
}

#[test]
fn what_is_no_failure_is_not_given_back_as_if_it_were_encoded() {
    for text in [
        r#"[{"message":"secret"}]"#,
        r#""secret""#,
        "null",
        r#"{"mess\u0061ge":"secret"}"#,
        r#"{"cause":{"c\u0061use":{"message":"secret"}}}"#,
    ] {
        let error = encrypting().encode_failure_json(&[], text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::Json, "{text}");
        assert!(!error.message().contains("secret"), "{error}");
    }
}
