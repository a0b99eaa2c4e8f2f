//! The chain: which converter accepts which value, what comes back, and what is refused.

use std::path::Path;

use crate::{Answer, Call, Code, DataConverter, Error, Request, Scope};

/// What the last try asks of the host.
fn asked(call: &Call) -> Vec<Request> {
    call.requests().map(|(_, request)| request.clone()).collect()
}

fn open(converters: &str) -> DataConverter {
    DataConverter::parse(&format!("{{version: 1, converters: {converters}}}"), Path::new(""), "").unwrap()
}

fn default() -> DataConverter {
    DataConverter::parse("version: 1", Path::new(""), "").unwrap()
}

/// A `Payloads` of one payload.
fn value(metadata: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        assert!(bytes.len() < 128);
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    };
    let mut payload = Vec::new();
    for (key, value) in metadata {
        let entry = [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
        payload.extend(field(1, &entry));
    }
    if !data.is_empty() {
        payload.extend(field(2, data));
    }
    field(1, &payload)
}

fn plain(encoding: &str, data: &[u8]) -> Vec<u8> {
    value(&[("encoding", encoding)], data)
}

fn refusal(result: Result<Vec<u8>, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn raw_forms_go_there_and_back() {
    let cases = [
        ("null", plain("binary/null", b""), plain("binary/null", b"")),
        ("bytes", plain("binary/plain", b"\xde\xad"), plain("binary/plain", b"\xde\xad")),
        ("json", plain("json/plain", b"{ \"b\": 1 }"), plain("json/plain", b"{ \"b\": 1 }")),
        ("msgpack", plain("json/plain", b"{\"b\":1}"), plain("binary/msgpack", b"\x81\xa1b\x01")),
        ("msgpack", plain("binary/msgpack", b"\xc0"), plain("binary/msgpack", b"\xc0")),
        ("{json: {canonical: true}}", plain("json/plain", b" 1.0 "), plain("json/plain", b"1")),
        (
            "binary-protobuf",
            value(&[("encoding", "binary/protobuf"), ("messageType", "a.B")], b"\x08\x01"),
            value(&[("encoding", "binary/protobuf"), ("messageType", "a.B")], b"\x08\x01"),
        ),
    ];
    for (converter, input, expected) in cases {
        let converters = open(&format!("[{converter}]"));
        let made = converters.to_payload(&[], &input).unwrap();
        assert_eq!(made, expected, "{converter}");
        // The reverse direction ignores the list.
        let back = default().from_payload(&[], &made).unwrap();
        assert_eq!(converters.to_payload(&[], &back).unwrap(), made, "{converter}");
    }
    assert_eq!(
        default().from_payload(&[], &plain("binary/msgpack", b"\x81\xa1b\x01")).unwrap(),
        plain("json/plain", b"{\"b\":1}")
    );
}

#[test]
fn messages_of_a_known_type_are_proto3_json() {
    let metadata =
        |encoding| [("encoding", encoding), ("messageType", "temporal.api.common.v1.WorkflowExecution")];
    let message = value(&metadata("binary/protobuf"), b"\x12\x01r\x0a\x01w");
    let text = value(&metadata("json/protobuf"), br#"{"workflowId":"w","runId":"r"}"#);
    assert_eq!(default().to_payload(&[], &message).unwrap(), text);
    // As Python and Java write it.
    for other in
        [&br#"{"runId":"r","workflowId":"w"}"#[..], b"{\n  \"workflowId\": \"w\",\n  \"runId\": \"r\"\n}"]
    {
        let back = default().from_payload(&[], &value(&metadata("json/protobuf"), other)).unwrap();
        assert_eq!(default().to_payload(&[], &back).unwrap(), text);
    }
    let unknown = value(&metadata("json/protobuf"), br#"{"workflowId":"w","new":1}"#);
    assert_eq!(default().from_payload(&[], &unknown).unwrap_err().code(), Code::Json);
    let lenient = open("[{json-protobuf: {ignore_unknown_fields: true}}]");
    assert_eq!(
        lenient.from_payload(&[], &unknown).unwrap(),
        value(&metadata("binary/protobuf"), b"\x0a\x01w")
    );
}

#[test]
fn type_that_nobody_described_is_asked_of_the_host() {
    for (encoding, data) in [("binary/protobuf", &b""[..]), ("json/protobuf", b"{}")] {
        let payload = value(&[("encoding", encoding), ("messageType", "app.v1.Order")], data);
        let (converter, mut call) = (default(), Call::default());
        let list = [plain("binary/null", b""), payload].concat();
        let make = |scope: Scope<'_>| {
            if data.is_empty() {
                converter.to_payload(scope, &list)
            } else {
                converter.from_payload(scope, &list)
            }
        };
        assert_eq!(make(call.at(&[])).unwrap_err().code(), Code::Requests);
        assert_eq!(asked(&call), [Request::Descriptor("app.v1.Order".into())]);
        let error = make(Scope::from(&[])).unwrap_err();
        assert_eq!((error.code(), error.payload_index()), (Code::Type, Some(1)));
    }
    let without = plain("json/protobuf", b"{}");
    assert_eq!(default().from_payload(&[], &without).unwrap_err().code(), Code::Value);
}

#[test]
fn first_that_accepts_the_value_takes_it() {
    let json = plain("json/plain", b"12345678901234567890123");
    assert_eq!(open("[json, msgpack]").to_payload(&[], &json).unwrap(), json);
    // A value that does not fit MessagePack goes to the next converter.
    assert_eq!(open("[msgpack, json]").to_payload(&[], &json).unwrap(), json);
    // A host's own MessagePack stays as it is.
    let host = plain("binary/msgpack", b"\xd0\x01");
    assert_eq!(open("[msgpack]").to_payload(&[], &host).unwrap(), host);
}

#[test]
fn metadata_is_kept_in_the_order_of_its_keys() {
    let input = value(&[("z", "1"), ("encoding", "json/plain"), ("a", "2")], b"1");
    let expected = value(&[("a", "2"), ("encoding", "json/plain"), ("z", "1")], b"1");
    assert_eq!(open("[json]").to_payload(&[], &input).unwrap(), expected);
}

#[test]
fn refusals_name_index_form_and_what_was_tried() {
    let converters = open("[null, bytes, msgpack]");
    let good = plain("binary/null", b"");
    let second = |bad: Vec<u8>| refusal(converters.to_payload(&[], &[good.clone(), bad].concat()));
    assert_eq!(
        second(plain("json/protobuf", b"{}")),
        "TDC_ERR_VALUE at payloads[1]: no converter accepts this value with the encoding \"json/protobuf\" \
         (tried null, bytes, msgpack)"
    );
    assert_eq!(
        second(plain("json/plain", b"[18446744073709551617]")),
        "TDC_ERR_VALUE at payloads[1]: no converter accepts this value with the encoding \"json/plain\" \
         (tried null, bytes, msgpack): msgpack: an integer needs more than 64 bits (byte 1 of the JSON)"
    );
    assert_eq!(
        second(plain("json/plain", b"NaN")),
        "TDC_ERR_JSON at payloads[1]: the JSON is malformed at byte 0: expected a value (NaN and Infinity are not JSON)"
    );
    assert_eq!(
        second(plain("secret\u{7}", b"")),
        "TDC_ERR_VALUE at payloads[1]: no converter accepts this value with the encoding \"secret\\u{7}\" \
         (tried null, bytes, msgpack)"
    );
    assert_eq!(
        second(b"\x0a\x00".to_vec()),
        "TDC_ERR_VALUE at payloads[1]: the value has no encoding, which says its raw form"
    );
    assert_eq!(
        refusal(open("[binary-protobuf]").to_payload(&[], &plain("binary/protobuf", b""))),
        "TDC_ERR_VALUE at payloads[0]: no converter accepts this value with the encoding \"binary/protobuf\" (tried \
         binary-protobuf): binary-protobuf: the message has no messageType"
    );
    let back = |payload: &[u8]| refusal(converters.from_payload(&[], payload));
    assert_eq!(
        back(&plain("binary/encrypted", b"x")),
        "TDC_ERR_ENCODING at payloads[0]: no converter knows the encoding \"binary/encrypted\""
    );
    assert_eq!(back(b"\x0a\x00"), "TDC_ERR_ENCODING at payloads[0]: the payload has no encoding");
    assert_eq!(
        back(&plain("binary/msgpack", b"\xc1")),
        "TDC_ERR_MESSAGE_PACK at payloads[0]: the MessagePack is malformed at byte 0: the byte c1 is not used by the format"
    );
}

/// `app.Order` with the field `id`, a string.
fn order_descriptors() -> Vec<u8> {
    use prost_reflect::prost::Message;
    use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
    use prost_reflect::prost_types::{
        DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    };
    let field = FieldDescriptorProto {
        name: Some("id".into()),
        number: Some(1),
        label: Some(Label::Optional.into()),
        r#type: Some(Type::String.into()),
        ..FieldDescriptorProto::default()
    };
    let message =
        DescriptorProto { name: Some("Order".into()), field: vec![field], ..DescriptorProto::default() };
    let file = FileDescriptorProto {
        name: Some("app.proto".into()),
        package: Some("app".into()),
        syntax: Some("proto3".into()),
        message_type: vec![message],
        ..FileDescriptorProto::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
}

#[test]
fn messages_become_json_and_come_back() {
    let execution = "temporal.api.common.v1.WorkflowExecution";
    let raw = value(&[("encoding", "binary/protobuf"), ("messageType", execution)], b"\x0a\x01w");
    let made = value(&[("encoding", "json/protobuf"), ("messageType", execution)], b"{\"workflowId\":\"w\"}");
    assert_eq!(default().to_payload(&[], &raw).unwrap(), made);
    assert_eq!(default().from_payload(&[], &made).unwrap(), raw);
    let unknown = value(&[("encoding", "json/protobuf"), ("messageType", execution)], b"{\"a\":1}");
    assert_eq!(
        refusal(default().from_payload(&[], &unknown)),
        "TDC_ERR_JSON at payloads[0]: temporal.api.common.v1.WorkflowExecution: the type has no field a"
    );
    let lenient = open("[{json-protobuf: {ignore_unknown_fields: true}}]");
    let empty = value(&[("encoding", "binary/protobuf"), ("messageType", execution)], b"");
    assert_eq!(lenient.from_payload(&[], &unknown).unwrap(), empty);
    assert_eq!(
        refusal(default().from_payload(&[], &plain("json/protobuf", b"{}"))),
        "TDC_ERR_VALUE at payloads[0]: the message has no messageType"
    );
}

#[test]
fn host_is_asked_for_a_type_and_has_to_say_it_once() {
    let converter = default();
    let raw = value(&[("encoding", "binary/protobuf"), ("messageType", "app.Order")], b"\x0a\x01o");
    let made = value(&[("encoding", "json/protobuf"), ("messageType", "app.Order")], b"{\"id\":\"o\"}");
    let mut call = Call::default();
    assert_eq!(converter.to_payload(call.at(&[]), &raw).unwrap_err().code(), Code::Requests);
    let [(id, Request::Descriptor(_))] = call.requests().collect::<Vec<_>>()[..] else { panic!("{call:?}") };
    converter.answer(&mut call, &[(id, Answer::Descriptor(&order_descriptors()))]).unwrap();
    assert_eq!(converter.to_payload(call.at(&[]), &raw).unwrap(), made);
    converter.reload().unwrap();
    assert_eq!(converter.from_payload(&[], &made).unwrap(), raw);
}

#[test]
fn what_an_sdk_wrote_comes_back_as_it_is() {
    // Python's NaN, TypeScript's function, an explicitly empty `data`, the Rust SDK's message
    // without a type.
    for payload in [
        plain("json/plain", b"NaN"),
        plain("json/plain", b""),
        b"\x0a\x1c\x0a\x18\x0a\x08encoding\x12\x0cbinary/plain\x12\x00".to_vec(),
        plain("binary/protobuf", b"\x08\x01"),
    ] {
        assert_eq!(default().from_payload(&[], &payload).unwrap(), payload);
    }
    // A null has no data, even if the producer wrote some.
    let null = default().from_payload(&[], &plain("binary/null", b"x")).unwrap();
    assert_eq!(null, plain("binary/null", b""));
}

#[test]
fn what_values_come_to_is_limited() {
    let small = "{version: 1, limits: {max_decoded_bytes: 100}}";
    let converter = DataConverter::parse(small, Path::new(""), "").unwrap();
    let payload = plain("binary/msgpack", &[[0xdc, 0, 30].to_vec(), vec![0xc0; 30]].concat());
    assert_eq!(converter.from_payload(&[], &payload).unwrap_err().code(), Code::Limit);
    assert!(default().from_payload(&[], &payload).is_ok());
}
