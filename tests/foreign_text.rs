//! Text of others in errors: whatever a name, a path or an answer holds, a message stays one short
//! line without anything that a terminal or a log would act on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

#[path = "foreign_text/places.rs"]
mod places;

use std::collections::BTreeSet;
use std::path::Path;

use tdc::{Answer, Call, Code, DataConverter, Error, Fault, MessageFlags, ObjectFault, References, payload};
use tdc_formats::wire::push_bytes;

/// A line break, a terminal's escape, one of a single character, and a change of direction.
const HOSTILE: &str = "x\n\x1b[31m\u{9b}2J\u{202e}";

/// The longest message of any of these errors.
const MAX_LEN: usize = 1500;

/// Runs `call` with what may be in a name, and looks at the error that it must give.
#[track_caller]
fn check<T>(what: &str, call: impl Fn(&str) -> Result<T, Error>) {
    for text in [HOSTILE, &format!("{}{}", "y".repeat(200), HOSTILE), &HOSTILE.repeat(2000)] {
        let error = call(text).map(drop).expect_err(what);
        let shown = error.to_string();
        let acts = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!shown.contains(acts), "{what}: {shown:?}");
        assert!(shown.len() <= MAX_LEN, "{what}: {} bytes", shown.len());
    }
}

fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, number, contents);
    out
}

fn payloads(metadata: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let entry = |(key, value): &(&str, &str)| {
        field(1, &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat())
    };
    let mut payload: Vec<u8> = metadata.iter().flat_map(entry).collect();
    payload.extend(field(2, data));
    field(1, &payload)
}

fn parse(document: &str) -> Result<DataConverter, Error> {
    DataConverter::parse(document, Path::new(""), "")
}

const KEY: &str = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";

fn encrypting() -> DataConverter {
    let keys = format!("keys: {{ primary: one, ring: {{ one: {{ insecure_inline: {KEY} }} }} }}");
    parse(&format!("version: 1\n{keys}\ncodecs: [encrypt]\n")).unwrap()
}

fn plain() -> DataConverter {
    parse("version: 1\n").unwrap()
}

/// Places that take any text.
const ACCEPTED: &[&str] = &[
    "keys.ring.*.earlier",
    "keys.ring.*.earlier[]",
    "namespaces[].match",
    "namespaces[].objects_of",
    "namespaces[].objects_of[]",
    "storage.objects_of",
    "storage.objects_of[]",
    "storage.stores.*!",
    "storage.stores.*.directory",
];

/// The schema says where text can be, so that a new option is looked at, too. What is the codec
/// server's is read by `tdc serve` (`cli/tests/cli/foreign_text.rs`).
#[test]
fn every_place_of_a_configuration() {
    let schema = serde_json::from_str(include_str!("../docs/tdc.schema.json")).unwrap();
    let mut places = places::all(&schema);
    places.retain(|place| !place.name.starts_with("server"));
    assert!(places.len() >= 170, "{} places", places.len());
    let mut accepted = BTreeSet::new();
    for place in &places {
        let document = place.accepted().to_string();
        if let Err(error) = parse(&document) {
            // Then the text is all that is wrong, but for a file or variable that does not exist.
            assert!(matches!(error.code(), Code::KeyFile | Code::Descriptor), "{document}: {error}");
        }
        for (form, document) in place.documents(HOSTILE).into_iter().enumerate() {
            if parse(&document.to_string()).is_ok() {
                accepted.insert(place.name.as_str());
                continue;
            }
            let of = |text: &str| parse(&place.documents(text)[form].to_string());
            check(&format!("{}: {document}", place.name), of);
        }
    }
    assert_eq!(accepted, ACCEPTED.iter().copied().collect());
}

/// What the schema does not tell apart, and what has taken any text.
#[test]
fn more_places_of_a_configuration() {
    for place in [
        "codecs: [@: {}]",
        "keys: { ring: { a: { file: @, permissions: any } } }",
        "keys: { ring: { a: { file: a, also: [@] } } }",
        "storage: { stores: { @: {} } }",
        "storage: { stores: { @: { s3: { region: r } } } }",
        "namespaces: [{ match: @, codecs: [encrypt] }]",
        "namespaces: [{ match: @ }, { match: @, keys: { primary: a } }]",
    ] {
        check(place, |text| {
            let quoted = serde_json::to_string(text).unwrap();
            parse(&format!("version: 1\n{}\n", place.replace('@', &quoted)))
        });
    }
    check("text that is no YAML", |text| parse(&format!("version: 1\na: [{text}")));
    check("a path", |text| DataConverter::open(Path::new(text), ""));
    check("a folder in a path", |text| DataConverter::open(&Path::new("a").join(text).join("tdc.yaml"), ""));
    check("a directory of keys", |text| {
        DataConverter::parse("version: 1\nkeys: { ring: { a: { file: a } } }\n", Path::new(text), "")
    });
}

#[test]
fn namespaces() {
    let document = "version: 1\nnamespaces: [{ match: a, codecs: [] }]\n";
    let converter = parse(document).unwrap();
    check("of a context", |text| converter.encode(&field(2, text.as_bytes()), b""));
    check("given at open", |text| {
        DataConverter::parse(document, Path::new(""), text).unwrap().decode(b"", b"")
    });
    check("asked for", |text| converter.namespace_settings(text));
    for url in ["https://a.example/{namespace}", "https://a.example"] {
        let converter = parse(&format!("version: 1\ncodecs: [remote: {{ url: '{url}' }}]\n")).unwrap();
        check(url, |text| converter.encode(&field(2, text.as_bytes()), &payloads(&[], b"1")));
    }
    check("of a payload that is for no key", |text| {
        encrypting().decode(&field(2, text.as_bytes()), &payloads(&[("encoding", "binary/encrypted")], b"1"))
    });
}

#[test]
fn metadata_of_payloads() {
    let (encrypting, plain) = (encrypting(), plain());
    let encrypted = ("encoding", "binary/encrypted");
    check("a key's id", |text| {
        encrypting.decode(b"", &payloads(&[encrypted, ("encryption-key-id", text)], b"1"))
    });
    check("a cipher", |text| {
        let cipher = ("encryption-cipher", text);
        encrypting.decode(b"", &payloads(&[encrypted, ("encryption-key-id", "one"), cipher], b"1"))
    });
    check("an encoding", |text| plain.from_payload(b"", &payloads(&[("encoding", text)], b"1")));
    check("the form of a value", |text| plain.to_payload(b"", &payloads(&[("encoding", text)], b"1")));
    for encoding in ["binary/protobuf", "json/protobuf"] {
        let of = |text: &str| payloads(&[("encoding", encoding), ("messageType", text)], b"{}");
        check("a message's type", |text| match encoding {
            "json/protobuf" => plain.from_payload(b"", &of(text)),
            _ => plain.to_payload(b"", &of(text)),
        });
    }
}

#[test]
fn messages_and_their_json() {
    let converter = plain();
    let flags = MessageFlags::default();
    check("a type to encode", |text| converter.encode_message(b"", text, flags, b""));
    check("a type to decode", |text| converter.decode_message(b"", text, flags, b""));
    let failure = |json: String| {
        let metadata = [("encoding", "json/protobuf"), ("messageType", "temporal.api.failure.v1.Failure")];
        converter.from_payload(b"", &payloads(&metadata, json.as_bytes()))
    };
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    check("a field", |text| failure(format!("{{{}: 1}}", quoted(text))));
    check("an enum", |text| {
        failure(format!("{{\"applicationFailureInfo\":{{\"category\":{}}}}}", quoted(text)))
    });
    check("a number", |text| failure(format!("{{\"canceledFailureInfo\":{}}}", quoted(text))));
    let any = |type_url: &str, json: &str| {
        let metadata = [("encoding", "json/protobuf"), ("messageType", "google.protobuf.Any")];
        let data = format!("{{\"@type\":{}{json}}}", quoted(type_url));
        converter.from_payload(b"", &payloads(&metadata, data.as_bytes()))
    };
    check("the type of an Any", |text| any(&format!("a/{text}"), ""));
    check("a member of an Any", |text| {
        any("a/google.protobuf.Duration", &format!(",\"value\":\"1s\",{}:1", quoted(text)))
    });
    check("the type of an Any on the wire", |text| {
        let metadata = [("encoding", "binary/protobuf"), ("messageType", "google.protobuf.Any")];
        let data = field(1, format!("a/{text}").as_bytes());
        converter.to_payload(b"", &payloads(&metadata, &data))
    });
    check("a failure as JSON", |text| converter.decode_failure_json(b"", format!("{{{text}}}").as_bytes()));
    check("a payload in JSON", |text| {
        let json = format!("{{\"encodedAttributes\":{{\"metadata\":{{{}:1}}}}}}", quoted(text));
        converter.decode_failure_json(b"", json.as_bytes())
    });
    check("a history", |text| converter.decode_history(b"", text.as_bytes()));
    check("a history as JSON", |text| converter.decode_history(b"", format!("{{\"{text}\"").as_bytes()));
    for body in ["@", "{@:1}", "{\"payloads\":[{@:1}]}", "{\"payloads\":[{\"metadata\":{@:1}}]}"] {
        check(body, |text| payload::json::parse(body.replace('@', &quoted(text)).as_bytes()));
    }
}

#[test]
fn what_the_host_hands_in() {
    let converter = parse("version: 1\nkeys: { host: true }\n").unwrap();
    check("a key's id", |text| converter.provide_key(text.as_bytes(), &[1; 32]));
    check("an id that it does not know", |text| converter.reject_key(text.as_bytes()));
    let file = |fields: &[(u8, &[u8])]| {
        let file: Vec<u8> = fields.iter().flat_map(|(number, contents)| field(*number, contents)).collect();
        field(1, &file)
    };
    check("a file's syntax", |text| {
        converter.provide_descriptor(&file(&[(1, text.as_bytes()), (12, text.as_bytes())]))
    });
    check("an import", |text| {
        converter.provide_descriptor(&file(&[(1, text.as_bytes()), (3, format!("{text}2").as_bytes())]))
    });
    check("an import of the file itself", |text| {
        converter.provide_descriptor(&file(&[(1, text.as_bytes()), (3, text.as_bytes())]))
    });
    check("a cycle of imports", |text| {
        let other = format!("{text}2");
        let (name, other) = (text.as_bytes(), other.as_bytes());
        converter
            .provide_descriptor(&[file(&[(1, name), (3, other)]), file(&[(1, other), (3, name)])].concat())
    });
    check("an import twice", |text| {
        let import = (3, text.as_bytes());
        converter.provide_descriptor(&file(&[(1, text.as_bytes()), import, import]))
    });
    check("a type's name with a dot", |text| {
        let message = field(1, format!("{text}.").as_bytes());
        converter.provide_descriptor(&file(&[(1, b"f"), (4, &message)]))
    });
    check("a deep package", |text| {
        converter.provide_descriptor(&file(&[(1, text.as_bytes()), (2, &b"a.".repeat(101))]))
    });
    check("another file of the same name", |text| {
        let converter = plain();
        let _ = converter.provide_descriptor(&file(&[(1, text.as_bytes()), (2, b"a")]));
        converter.provide_descriptor(&file(&[(1, text.as_bytes()), (2, b"b"), (3, b"none")]))
    });
    check("a field's type", |text| {
        let of = [
            field(1, text.as_bytes()),
            vec![0x18, 1, 0x20, 1, 0x28, 11],
            field(6, format!("{text}2").as_bytes()),
        ]
        .concat();
        let message = [field(1, text.as_bytes()), field(2, &of)].concat();
        converter.provide_descriptor(&file(&[(1, b"f"), (4, &message)]))
    });
    check("a type that the host provided", |text| {
        let converter = plain();
        // string, which is written as one that is not UTF-8
        let of = [field(1, text.as_bytes()), vec![0x18, 1, 0x20, 1, 0x28, 9]].concat();
        let message = [field(1, text.as_bytes()), field(2, &of)].concat();
        converter.provide_descriptor(&file(&[(1, b"f"), (4, &message), (12, b"proto3")]))?;
        let metadata = [("encoding", "binary/protobuf"), ("messageType", text)];
        converter.to_payload(b"", &payloads(&metadata, b"\x0a\x01\xff"))
    });
}

#[test]
fn answers_of_a_codec_server() {
    let converter = parse("version: 1\ncodecs: [remote: { url: https://a.example }]\n").unwrap();
    let judge = |status: u32, body: &[u8]| {
        let mut call = Call::default();
        let _ = converter.encode(call.at(b""), &payloads(&[], b"1"));
        let id = call.requests().next().unwrap().0;
        converter.answer(&mut call, &[(id, Answer::Http { status, body })])
    };
    for status in [0, 302, 400, 401, 404, 500] {
        check("the body", |text| judge(status, text.as_bytes()));
    }
    for body in ["@", "{@:1}", "{\"payloads\":[{@:1}]}", "{\"payloads\":[{\"data\":@}]}"] {
        check(body, |text| {
            let quoted = serde_json::to_string(text).unwrap();
            judge(200, body.replace('@', &quoted).as_bytes())
        });
    }
}

#[test]
fn answers_of_a_key_service() {
    let ring = "keys: { primary: a, ring: { a: { service: 'hashivault://a' } } }";
    // Each has a handle of its own, which remembers a failure for a while.
    let fail = |fault, reason: &str, decodes: bool| {
        let converter = parse(&format!("version: 1\n{ring}\ncodecs: [encrypt]\n")).unwrap();
        let (encoding, id) = (("encoding", "binary/encrypted"), ("encryption-key-id", "hashivault://a"));
        let sealed = payloads(&[encoding, id, ("encryption-dek", "YWJj")], &[0; 40]);
        let attempt = |call: &mut Call| {
            if decodes {
                converter.decode(call.at(b""), &sealed)
            } else {
                converter.encode(call.at(b""), &payloads(&[], b"1"))
            }
        };
        let mut call = Call::default();
        let _ = attempt(&mut call);
        let id = call.requests().next().unwrap().0;
        converter.answer(&mut call, &[(id, Answer::KeyServiceFailed { fault, reason })])?;
        attempt(&mut call)
    };
    for fault in [Fault::Unavailable, Fault::Refused, Fault::Invalid] {
        for decodes in [false, true] {
            check(&format!("{fault:?}"), |text| fail(fault, text, decodes));
        }
    }
}

#[test]
fn references_and_answers_of_stores() {
    let stores = "storage: { unscoped: true, stores: { s3: { s3: { region: r }, buckets: [abc] } } }";
    let converter = parse(&format!("version: 1\n{stores}\n")).unwrap();
    let follow = |converter: &DataConverter, reference: &str, answer: Option<Answer<'_>>| {
        let name = "temporal.api.sdk.v1.ExternalStorageReference";
        let payload = payloads(&[("encoding", "json/protobuf"), ("messageType", name)], reference.as_bytes());
        let mut call = Call::default().with_references(References::Fetch(9));
        let first = converter.decode(call.at(b"\x12\x01a"), &payload);
        let Some((id, _)) = call.requests().next() else { return first };
        converter.answer(&mut call, &[(id, answer.expect("nothing is asked for"))])?;
        converter.decode(call.at(b"\x12\x01a"), &payload)
    };
    let decode = |reference: &str, answer: Option<Answer<'_>>| follow(&converter, reference, answer);
    let hash = "0".repeat(64);
    let whole = format!(
        r#"{{"driverName":"s3","claimData":{{"bucket":"abc","key":"v0/d/a","hash_algorithm":"sha256","hash_value":"{hash}"}}}}"#
    );
    for (place, with) in [
        ("\"s3\"", "@"),
        ("\"abc\"", "@"),
        ("\"v0/d/a\"", "@"),
        ("\"sha256\"", "@"),
        (&format!("\"{hash}\""), "@"),
        ("\"bucket\"", "@"),
        ("\"key\"", "@"),
        ("\"hash_value\"", "@"),
        ("\"driverName\"", "@"),
        ("\"claimData\":", "\"driverName\":@,\"claimData\":"),
        ("\"key\":", "\"object\":@,\"key\":"),
        ("\"key\":", "\"hashAlgorithm\":@,\"key\":"),
        ("\"key\":", "\"hashValue\":@,\"key\":"),
        ("\"key\":", "@:1,\"key\":"),
        ("\"driverName\"", "@,\"driverName\""),
    ] {
        assert!(whole.contains(place), "{place}");
        check(&format!("{with} for {place}"), |text| {
            let quoted = serde_json::to_string(text).unwrap();
            decode(&whole.replacen(place, &with.replace('@', &quoted), 1), None)
        });
    }
    check("a claim that is text", |text| decode(&format!("{{{text}"), None));
    for fault in [ObjectFault::Missing, ObjectFault::Unavailable] {
        check(&format!("{fault:?}"), |text| decode(&whole, Some(Answer::NoObject { fault, reason: text })));
        check(&format!("the name of a store, {fault:?}"), |text| {
            let quoted = serde_json::to_string(text).unwrap();
            let stores = stores.replace("{ s3: {", &format!("{{ {quoted}: {{"));
            let converter = parse(&format!("version: 1\n{stores}\n")).unwrap();
            let reference = whole.replace("\"s3\"", &quoted);
            let elsewhere = reference.replace("abc", "none");
            check("a bucket that it does not have", |_| follow(&converter, &elsewhere, None));
            follow(&converter, &reference, Some(Answer::NoObject { fault, reason: "none" }))
        });
    }
    check("an object", |text| decode(&whole, Some(Answer::Object(text.as_bytes()))));
}
