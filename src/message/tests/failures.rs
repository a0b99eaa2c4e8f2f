//! Failures: message and stack trace, and every payload of a chain of causes.

use super::*;

const NAME: &str = "failure.v1.Failure";

fn hiding() -> DataConverter {
    converter("codecs: [encrypt], failures: {encode_common_attributes: true}")
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A failure with a value in every position, and the cause `cause`.
fn failure(info: (&str, Value), cause: Option<DynamicMessage>) -> DynamicMessage {
    let mut fields = vec![
        ("message", text("the secret message")),
        ("source", text("GoSDK")),
        ("stack_trace", text("at the secret line\n")),
        info,
    ];
    if let Some(cause) = cause {
        fields.push(("cause", Value::Message(cause)));
    }
    message(NAME, &fields)
}

fn chain() -> DynamicMessage {
    let infos = [
        ("application_failure_info", "ApplicationFailureInfo", "details"),
        ("canceled_failure_info", "CanceledFailureInfo", "details"),
        ("timeout_failure_info", "TimeoutFailureInfo", "last_heartbeat_details"),
        ("reset_workflow_failure_info", "ResetWorkflowFailureInfo", "last_heartbeat_details"),
    ];
    let mut cause = None;
    for (field, info, details) in infos {
        let info = nested(&format!("failure.v1.{info}"), &[(details, payloads())]);
        cause = Some(failure((field, info), cause));
    }
    cause.unwrap()
}

#[test]
fn golden_failure_of_the_python_sdk() {
    let plain = hex(
        "0a016d2a430a015410011a3c0a1b0a160a08656e636f64696e67120a6a736f6e2f706c61696e1201310a1d0a160a08656e636f64696e67120a6a736f6e2f706c61696e1203226122",
    );
    let golden = hex(
        "0a0f456e636f646564206661696c7572652a430a015410011a3c0a1b0a160a08656e636f64696e67120a6a736f6e2f706c61696e1201310a1d0a160a08656e636f64696e67120a6a736f6e2f706c61696e1203226122a2013a0a160a08656e636f64696e67120a6a736f6e2f706c61696e12207b226d657373616765223a226d222c22737461636b5f7472616365223a22227d",
    );
    let converter = converter("failures: {encode_common_attributes: true}");
    assert_eq!(converter.encode_failure(&[], &plain).unwrap(), golden);
    assert_eq!(converter.decode_failure(&[], &golden).unwrap(), plain);
    assert_eq!(encrypting().decode_failure(&[], &golden).unwrap(), plain);
}

#[test]
fn everything_of_a_chain_is_hidden_and_comes_back_byte_for_byte() {
    let plain = chain().encode_to_vec();
    let encoded = encode(&hiding(), NAME, &plain);
    assert!(!contains(&encoded, b"secret"));
    assert_eq!(encoded.windows(15).filter(|window| window == b"Encoded failure").count(), 4);
    assert_eq!(decode(&hiding(), NAME, &encoded).unwrap(), plain);
    // Decode does not need the option.
    assert_eq!(decode(&encrypting(), NAME, &encoded).unwrap(), plain);
    // Without it, only payloads are hidden.
    let payloads_only = encode(&encrypting(), NAME, &plain);
    assert!(contains(&payloads_only, b"the secret message") && !contains(&payloads_only, b"\"secret\""));
    assert_eq!(decode(&hiding(), NAME, &payloads_only).unwrap(), plain);
}

#[test]
fn unknown_fields_of_a_failure_stay_behind_the_known_ones() {
    let mut plain = chain().encode_to_vec();
    plain.extend_from_slice(b"\xfa\x01\x07unknown");
    let encoded = encode(&hiding(), NAME, &plain);
    assert_eq!(decode(&hiding(), NAME, &encoded).unwrap(), plain);
}

#[test]
fn texts_survive_json() {
    for text in ["", "<&>\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}", "é\u{2028}😀"] {
        let failure = message(NAME, &[("message", super::text(text)), ("stack_trace", super::text(text))]);
        let encoded = encode(&hiding(), NAME, &failure.encode_to_vec());
        assert_eq!(decode(&hiding(), NAME, &encoded).unwrap(), failure.encode_to_vec());
    }
    let error = hiding().encode_failure(&[], b"\x0a\x01\xff").unwrap_err();
    assert_eq!(error.code(), Code::Protobuf);
}

#[test]
fn text_that_was_hidden_already_is_encrypted_and_not_hidden_twice() {
    let json = converter("failures: {encode_common_attributes: true}");
    let by_python = encode(&json, NAME, &chain().encode_to_vec());
    let encoded = encode(&hiding(), NAME, &by_python);
    assert!(!contains(&encoded, b"secret"));
    assert_eq!(decode(&hiding(), NAME, &encoded).unwrap(), chain().encode_to_vec());
}

#[test]
fn text_that_is_in_the_open_is_hidden_whatever_the_attributes_say() {
    let mut forwarded = message(NAME, &[("message", text("the secret message"))]);
    forwarded.set_field_by_name("encoded_attributes", payload());
    let encoded = encode(&hiding(), NAME, &forwarded.encode_to_vec());
    assert!(!contains(&encoded, b"secret"));
    forwarded.clear_field_by_name("encoded_attributes");
    assert_eq!(decode(&hiding(), NAME, &encoded).unwrap(), forwarded.encode_to_vec());
}

/// An encoded failure with attributes of this encoding and data.
fn with_attributes(encoding: &str, data: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut entry = Vec::new();
    push_bytes(&mut entry, 1, b"encoding");
    push_bytes(&mut entry, 2, encoding.as_bytes());
    push_bytes(&mut payload, 1, &entry);
    push_bytes(&mut payload, 2, data);
    let mut failure = b"\x0a\x0fEncoded failure".to_vec();
    failure.extend_from_slice(b"\xa2\x01");
    failure.push(u8::try_from(payload.len()).unwrap());
    failure.extend_from_slice(&payload);
    failure
}

#[test]
fn forms_of_other_sdks_are_read() {
    for (json, expected) in [
        (r#"{"message":"m","stack_trace":"s"}"#, &b"\x0a\x01m\x1a\x01s"[..]),
        (r#" {"stack_trace" : "s", "other": [1, {}], "message":"m"} "#, b"\x0a\x01m\x1a\x01s"),
        // Java's SDK with Gson, and TypeScript's without a stack trace.
        (r#"{"message":"m","stackTrace":"s"}"#, b"\x0a\x01m\x1a\x01s"),
        (r#"{"message":"m"}"#, b"\x0a\x01m"),
        (r#"{}"#, b"\x0a\x0fEncoded failure"),
        (r#"{"message":"<\u00e9\ud83d\ude00"}"#, "\x0a\x07<é😀".as_bytes()),
    ] {
        let failure = with_attributes("json/plain", json.as_bytes());
        assert_eq!(decode(&hiding(), NAME, &failure).unwrap(), expected, "{json}");
    }
}

#[test]
fn what_cannot_be_read_is_kept_or_an_error() {
    let strict = converter("codecs: [encrypt], failures: {malformed: error}");
    let mut tampered = encode(&hiding(), NAME, b"\x0a\x01m");
    *tampered.last_mut().unwrap() ^= 1;
    let cases: &[(&str, Vec<u8>, Code)] = &[
        ("tampered", tampered, Code::Authentication),
        ("encrypted without key id", with_attributes("binary/encrypted", b"x"), Code::Ciphertext),
        ("compressed, and cut short", with_attributes("binary/zlib", b"\x78\x9c"), Code::Compressed),
        ("another codec's", with_attributes("binary/zlib", b"x"), Code::Failure),
        ("not JSON", with_attributes("json/plain", b"{"), Code::Failure),
        ("empty", with_attributes("json/plain", b""), Code::Failure),
        ("no object", with_attributes("json/plain", b"[]"), Code::Failure),
        ("null", with_attributes("json/plain", b"{\"message\":null}"), Code::Failure),
        ("number", with_attributes("json/plain", b"{\"stack_trace\":1}"), Code::Failure),
        ("unknown encoding", with_attributes("acme/secret", b"{}"), Code::Failure),
    ];
    for (name, failure, code) in cases {
        assert_eq!(decode(&hiding(), NAME, failure).unwrap(), *failure, "{name}");
        let error = decode(&strict, NAME, failure).unwrap_err();
        assert_eq!(error.code(), *code, "{name}: {error}");
        assert!(error.message().starts_with("encoded_attributes: "), "{name}: {error}");
    }
}

#[test]
fn missing_key_is_an_error_and_never_kept() {
    let other = "{version: 1, codecs: [encrypt], keys: {primary: other, ring: {other: {insecure_inline: MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI=}}}}";
    let other = DataConverter::parse(other, Path::new(""), "").unwrap();
    let encoded = encode(&hiding(), NAME, b"\x0a\x01m");
    assert_eq!(decode(&other, NAME, &encoded).unwrap_err().code(), Code::KeyUnknown);
}

#[test]
fn kept_attributes_do_not_keep_the_causes_from_being_read() {
    let mut failure = with_attributes("json/plain", b"{");
    let cause = encode(&hiding(), NAME, b"\x0a\x01m");
    let mut field = Vec::new();
    push_bytes(&mut field, 4, &cause);
    failure.splice(17..17, field);
    let decoded = decode(&hiding(), NAME, &failure).unwrap();
    let mut expected = with_attributes("json/plain", b"{");
    expected.splice(17..17, *b"\x22\x03\x0a\x01m");
    assert_eq!(decoded, expected);
}
