//! The messages that the library reads and writes by hand, against `proto/tdc/*.proto`: every field
//! has the number and the wire type that the file gives to its name.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests say what they expect by panicking"
)]

#[path = "proto/description.rs"]
mod description;

use std::path::Path;

use description::{Given, Proto};
use tdc::{Call, Code, DataConverter, References, Request};
use tdc_formats::wire::push_bytes;

const KEY: [u8; 32] = [7; 32];
const URI: &str = "awskms://alias/orders?region=eu-central-1";
/// One payload whose data is `a`.
const PAYLOADS: &[u8] = b"\x0a\x03\x12\x01a";

fn open(document: &str) -> DataConverter {
    DataConverter::parse(document, Path::new(""), "").unwrap()
}

fn hosted(primary: &str) -> DataConverter {
    open(&format!("{{version: 1, keys: {{primary: {primary}, host: true}}, codecs: [encrypt]}}"))
}

fn sealed() -> Vec<u8> {
    let converter = hosted("orders-1");
    converter.provide_key(b"orders-1", &KEY).unwrap();
    converter.encode(b"", PAYLOADS).unwrap()
}

fn service() -> DataConverter {
    open(&format!(
        "{{version: 1, keys: {{primary: orders, ring: {{orders: {{service: \"{URI}\"}}}}}}, codecs: [encrypt]}}"
    ))
}

fn remote() -> DataConverter {
    open("{version: 1, codecs: [remote: { url: \"https://codec.example.com\", timeout: 3 s }]}")
}

/// A length-delimited field.
fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, number, contents);
    out
}

/// What a call asks for, by the names of the description.
fn asked(call: &mut Call) -> Vec<(String, String)> {
    Proto::read("host.proto").values("Requests", call.requests_message())
}

fn value<'v>(values: &'v [(String, String)], name: &str) -> &'v str {
    &values.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("{name} in {values:?}")).1
}

/// The `Answers` of one answer to the only request of a call.
fn answers(call: &Call, name: &str, given: Given<'_>) -> Vec<u8> {
    let proto = Proto::read("host.proto");
    let (id, _) = call.requests().next().unwrap();
    let answer = proto.write("Answer", &[("id", Given::Number(id)), (name, given)]);
    proto.write("Answers", &[("answers", Given::Bytes(&answer))])
}

#[test]
fn a_key_is_asked_for_and_answered() {
    for (name, given, expected) in [
        ("key", Given::Bytes(&KEY), Ok(PAYLOADS.to_vec())),
        ("unknown", Given::Bytes(b""), Err(Code::KeyUnknown)),
    ] {
        let (converter, mut call, payloads) = (hosted("none"), Call::default(), sealed());
        converter.decode(call.at(b""), &payloads).unwrap_err();
        let values = asked(&mut call);
        assert_eq!(value(&values, "requests.key.id"), "orders-1");
        assert_eq!(value(&values, "requests.id"), call.requests().next().unwrap().0.to_string());
        let answers = answers(&call, name, given);
        converter.answer_message(&mut call, &answers).unwrap();
        let decoded = converter.decode(call.at(b""), &payloads);
        assert_eq!(decoded.map_err(|error| error.code()), expected, "{name}");
    }
}

#[test]
fn a_request_for_a_codec_server_and_its_response() {
    let (converter, mut call) = (remote(), Call::default());
    let context = Proto::read("context.proto").write("Context", &[("namespace", Given::Bytes(b"payments"))]);
    converter.encode(call.at(&context), PAYLOADS).unwrap_err();
    let values = asked(&mut call);
    let Some((_, Request::Http(request))) = call.requests().next() else { panic!("{values:?}") };
    assert_eq!(value(&values, "requests.http.method"), "POST");
    assert_eq!(value(&values, "requests.http.url"), request.url());
    assert_eq!(value(&values, "requests.http.body").as_bytes(), request.body());
    assert_eq!(value(&values, "requests.http.timeout_ms"), "3000");
    assert_eq!(value(&values, "requests.http.max_response_bytes"), request.max_response_bytes().to_string());
    let of = |name: &str| {
        let values = values.iter().filter(|(found, _)| found == name);
        values.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let headers: Vec<_> =
        of("requests.http.headers.name").into_iter().zip(of("requests.http.headers.value")).collect();
    let expected = request.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, expected.collect::<Vec<_>>());
    assert!(headers.contains(&("X-Namespace".to_owned(), "payments".to_owned())));

    let response = Proto::read("host.proto").write(
        "HttpResponse",
        &[("status", Given::Number(200)), ("body", Given::Bytes(br#"{"payloads":[{"data":"Yg=="}]}"#))],
    );
    let answers = answers(&call, "http", Given::Bytes(&response));
    converter.answer_message(&mut call, &answers).unwrap();
    assert_eq!(converter.encode(call.at(&context), PAYLOADS).unwrap(), b"\x0a\x03\x12\x01b");
}

#[test]
fn a_key_service_wraps_and_unwraps() {
    let (converter, mut call) = (service(), Call::default());
    converter.encode(call.at(b""), PAYLOADS).unwrap_err();
    let values = asked(&mut call);
    let Some((_, Request::Wrap(wrap))) = call.requests().next() else { panic!("{values:?}") };
    let data_key = *wrap.data_key();
    let timeout = wrap.service().unwrap().timeout.as_millis().to_string();
    assert_eq!(value(&values, "requests.wrap.service.uri"), URI);
    assert_eq!(value(&values, "requests.wrap.service.timeout_ms"), timeout);
    assert_eq!(value(&values, "requests.wrap.data_key"), String::from_utf8_lossy(&data_key));
    let wrapped = answers(&call, "wrapped", Given::Bytes(b"wrapped text"));
    converter.answer_message(&mut call, &wrapped).unwrap();
    let encoded = converter.encode(call.at(b""), PAYLOADS).unwrap();

    let (converter, mut call) = (service(), Call::default());
    converter.decode(call.at(b""), &encoded).unwrap_err();
    let values = asked(&mut call);
    assert_eq!(value(&values, "requests.unwrap.service.uri"), URI);
    assert_eq!(value(&values, "requests.unwrap.wrapped"), "wrapped text");
    let unwrapped = answers(&call, "data_key", Given::Bytes(&data_key));
    converter.answer_message(&mut call, &unwrapped).unwrap();
    assert_eq!(converter.decode(call.at(b""), &encoded).unwrap(), PAYLOADS);
}

#[test]
fn a_failure_of_a_key_service_has_a_kind_and_a_reason() {
    let proto = Proto::read("host.proto");
    let mut codes = Vec::new();
    for flag in ["refused", "invalid"] {
        let (converter, mut call) = (service(), Call::default());
        converter.encode(call.at(b""), PAYLOADS).unwrap_err();
        let failure = proto.write(
            "KeyServiceFailure",
            &[(flag, Given::Number(1)), ("reason", Given::Bytes(b"as the test says"))],
        );
        let answers = answers(&call, "key_service_failure", Given::Bytes(&failure));
        let error = converter
            .answer_message(&mut call, &answers)
            .and_then(|()| converter.encode(call.at(b""), PAYLOADS))
            .unwrap_err();
        assert!(error.message().contains("as the test says"), "{error}");
        codes.push((flag, error.message().replace("as the test says", "")));
    }
    assert_ne!(codes[0].1, codes[1].1);
}

#[test]
fn a_stored_object_is_asked_for_and_answered() {
    let converter = open(
        "{version: 1, storage: {stores: {s3: {directory: x, buckets: [bucket]}}, timeout: 3 s, unscoped: true}}",
    );
    let proto = Proto::read("host.proto");
    let entry = |key: &[u8], value: &[u8]| field(1, &[field(1, key), field(2, value)].concat());
    // With the SHA-256 of what is answered.
    let reference = br#"{"driverName":"s3","claimData":{"bucket":"bucket","key":"v0/d/sha256/x","hash_algorithm":"sha256","hash_value":"386b1a694c7f10924dd76075c849603eacafb8a88ae59a01ac7e38b7d4ee51cb"}}"#;
    let payload = [
        entry(b"encoding", b"json/protobuf"),
        entry(b"messageType", b"temporal.api.sdk.v1.ExternalStorageReference"),
        field(2, reference),
    ];
    let payloads = field(1, &payload.concat());
    let missing = proto.write("ObjectFailure", &[("missing", Given::Number(1))]);
    let away = proto.write("ObjectFailure", &[("reason", Given::Bytes(b"as the test says"))]);
    for (name, given, expected) in [
        ("object", &b"\x12\x01a"[..], None),
        ("object", b"\x12\x01b", Some((Code::Reference, "do not have the hash"))),
        ("retrieved", b"\x12\x01a", None),
        // As a driver may give it: in another order, or with what the object did not have.
        ("retrieved", b"\x12\x01b\x12\x01a", None),
        ("retrieved", b"\xff", Some((Code::Reference, "does not contain a payload"))),
        ("object_failure", &missing, Some((Code::Reference, "is not in the store"))),
        ("object_failure", &away, Some((Code::Storage, "as the test says"))),
        ("unknown", b"", Some((Code::Storage, "no client of this store"))),
    ] {
        let mut call = Call::default().with_references(References::Fetch(1));
        converter.decode(call.at(b""), &payloads).unwrap_err();
        let values = asked(&mut call);
        for (field, expected) in [
            ("store", "s3"),
            ("bucket", "bucket"),
            ("key", "v0/d/sha256/x"),
            ("max_bytes", "52428800"),
            ("timeout_ms", "3000"),
        ] {
            assert_eq!(value(&values, &format!("requests.object.{field}")), expected);
        }
        let of_claim =
            |part| values.iter().filter(move |(name, _)| name == part).map(|(_, value)| value.as_str());
        let names = of_claim("requests.object.claim.name");
        let claim: Vec<_> = names.zip(of_claim("requests.object.claim.value")).collect();
        let (hash, key) =
            ("386b1a694c7f10924dd76075c849603eacafb8a88ae59a01ac7e38b7d4ee51cb", "v0/d/sha256/x");
        let expected_claim = [
            ("bucket", "bucket"),
            ("key", key),
            ("object", key),
            ("object_name", key),
            ("hash_algorithm", "sha256"),
            ("hashAlgorithm", "sha256"),
            ("hash_value", hash),
            ("hashValue", hash),
        ];
        assert_eq!(claim, expected_claim);
        let answers = answers(&call, name, Given::Bytes(given));
        let result = converter
            .answer_message(&mut call, &answers)
            .and_then(|()| converter.decode(call.at(b""), &payloads));
        match (result, expected) {
            (Ok(decoded), None) => assert_eq!(&decoded[2..], given, "{name}"),
            (Err(error), Some((code, text))) => {
                assert_eq!(error.code(), code);
                assert!(error.message().contains(text), "{error}");
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
    }
}

#[test]
fn every_kind_of_answer_is_read_and_no_other() {
    let converter = hosted("none");
    let proto = Proto::read("host.proto");
    let mut numbers: Vec<_> = proto.fields("Answer").iter().map(|field| field.number).collect();
    assert_eq!(numbers.remove(0), 1);
    for number in 2..16 {
        let answer = [8, 1, number << 3 | 2, 0];
        let message = proto.write("Answers", &[("answers", Given::Bytes(&answer))]);
        let error = converter.answer_message(&mut Call::default(), &message).unwrap_err();
        let is_read = !error.message().contains("says nothing");
        assert_eq!(is_read, numbers.contains(&number), "{number}: {error}");
    }
}
