//! Messages and their JSON form: what is read, and what is written.

use tdc::{DataConverter, Error};

use super::{Texts, field, number, payloads, plain};

/// A type, and JSON that is not one of it.
const READ: &[(&str, &str)] = &[
    ("google.protobuf.Duration", ""),
    ("google.protobuf.Duration", "1"),
    ("google.protobuf.Duration", "\"1\""),
    ("google.protobuf.Duration", "\"1s"),
    ("google.protobuf.Duration", "\"1\\xs\""),
    ("google.protobuf.Duration", "\"1s\"1"),
    ("google.protobuf.Duration", "\"\n\""),
    ("google.protobuf.Timestamp", "\"yesterday\""),
    ("google.protobuf.FieldMask", "\"a_b\""),
    ("google.protobuf.FieldMask", "1"),
    ("google.protobuf.Empty", "{\"a\":1}"),
    ("google.protobuf.Struct", "[]"),
    ("google.protobuf.Struct", "{\"a\":1,\"a\":2}"),
    ("google.protobuf.ListValue", "{}"),
    ("google.protobuf.ListValue", "[1 2]"),
    ("google.protobuf.ListValue", "[1,]"),
    ("google.protobuf.Value", "1e400"),
    ("google.protobuf.Value", "nul"),
    ("google.protobuf.Value", "-"),
    ("google.protobuf.BoolValue", "1"),
    ("google.protobuf.Int32Value", "2147483648"),
    ("google.protobuf.Int32Value", "1.5"),
    ("google.protobuf.UInt32Value", "-1"),
    ("google.protobuf.Int64Value", "\"9223372036854775808\""),
    ("google.protobuf.UInt64Value", "-1"),
    ("google.protobuf.FloatValue", "\"much\""),
    ("google.protobuf.FloatValue", "1e39"),
    ("google.protobuf.DoubleValue", "1e400"),
    ("google.protobuf.BytesValue", "\"?\""),
    ("google.protobuf.StringValue", "1"),
    ("google.protobuf.StringValue", "\"\\ud800\""),
    ("google.protobuf.Any", "{\"value\":1}"),
    ("google.protobuf.Any", "{\"@type\":1}"),
    ("google.protobuf.Any", "{\"@type\":\"a\"}"),
    ("google.protobuf.Any", "{\"@type\":\"a/b c\"}"),
    ("google.protobuf.Any", "{\"@type\":\"a/example.Unknown\"}"),
    ("google.protobuf.Any", "{\"@type\":\"a/google.protobuf.Duration\"}"),
    ("google.protobuf.Any", "{\"@type\":\"a/google.protobuf.Duration\",\"value\":\"1s\",\"other\":1}"),
    ("google.protobuf.Any", "{\"@type\":\"a/google.protobuf.Empty\",\"@type\":\"a/google.protobuf.Empty\"}"),
    ("temporal.api.common.v1.WorkflowType", "[]"),
    ("temporal.api.common.v1.WorkflowType", "{\"name\":1}"),
    ("temporal.api.common.v1.WorkflowType", "{\"name\":\"a\",\"name\":\"b\"}"),
    ("temporal.api.common.v1.WorkflowType", "{\"title\":\"a\"}"),
    ("temporal.api.common.v1.WorkflowType", "{\"title of it\":\"a\"}"),
    ("temporal.api.common.v1.WorkflowType", "{\"name\" \"a\"}"),
    ("temporal.api.common.v1.WorkflowType", "{\"name\":\"a\" }}"),
    ("temporal.api.common.v1.Payloads", "{\"payloads\":{}}"),
    ("temporal.api.common.v1.Payloads", "{\"payloads\":[null]}"),
    ("temporal.api.common.v1.Payloads", "{\"payloads\":[{\"metadata\":{\"a\":\"\",\"a\":\"\"}}]}"),
    ("temporal.api.failure.v1.Failure", "{\"serverFailureInfo\":{},\"timeoutFailureInfo\":{}}"),
    ("temporal.api.failure.v1.Failure", "{\"timeoutFailureInfo\":{\"timeoutType\":\"LATE\"}}"),
    ("temporal.api.failure.v1.Failure", "{\"timeoutFailureInfo\":{\"timeoutType\":1.5}}"),
    ("temporal.api.failure.v1.Failure", "{\"timeoutFailureInfo\":{\"timeoutType\":[]}}"),
    ("example.Unknown", "{}"),
    ("not a name", "{}"),
];

pub(super) fn raise(texts: &mut Texts) {
    let converter = plain();
    for (name, json) in READ {
        texts.add(&format!("{name} {json}"), from_json(&converter, name, json.as_bytes()));
    }
    let not_utf8 = from_json(&converter, "google.protobuf.StringValue", b"\"\xff\"");
    texts.add("JSON that is not UTF-8", not_utf8);
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    texts.add("JSON that is deep", from_json(&converter, "google.protobuf.Value", deep.as_bytes()));
    let any = "{\"@type\":\"a/google.protobuf.Any\",\"value\":";
    let deep = format!("{}{{}}{}", any.repeat(200), "}".repeat(200));
    texts.add("an Any that is deep", from_json(&converter, "google.protobuf.Any", deep.as_bytes()));

    let any = |url: &str, value: &[u8]| [field(1, url), field(2, value)].concat();
    let mut nested = field(2, "");
    for _ in 0..200 {
        nested = field(6, field(1, nested));
    }
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("cut short", "google.protobuf.Duration", vec![0x08]),
        ("past the range", "google.protobuf.Duration", number(1, 1 << 60)),
        ("of two signs", "google.protobuf.Duration", [number(1, 1), number(2, u64::MAX)].concat()),
        ("past the range", "google.protobuf.Timestamp", number(1, 1 << 60)),
        ("with a path that is not lower case", "google.protobuf.FieldMask", field(1, "aB")),
        ("with text that is not UTF-8", "google.protobuf.StringValue", field(1, b"\xff")),
        (
            "with infinity",
            "google.protobuf.Value",
            [vec![0x11], f64::INFINITY.to_le_bytes().to_vec()].concat(),
        ),
        ("without a kind", "google.protobuf.Value", vec![]),
        ("that is deep", "google.protobuf.Value", nested),
        ("without a URL", "google.protobuf.Any", field(2, "1")),
        ("without a slash", "google.protobuf.Any", any("a", b"")),
        ("of an unknown type", "google.protobuf.Any", any("a/example.Unknown", b"")),
        ("of no type", "google.protobuf.Any", any("a/b c", b"")),
        ("with text that is not UTF-8", "temporal.api.common.v1.WorkflowType", field(1, b"\xff")),
        ("with a key that is not UTF-8", "temporal.api.common.v1.Payload", field(1, field(1, b"\xff"))),
        ("of an unknown type", "example.Unknown", vec![]),
        ("of no type", "not a name", vec![]),
    ];
    for (what, name, wire) in cases {
        let list = payloads(&[("encoding", "binary/protobuf"), ("messageType", name)], wire);
        texts.add(&format!("{name} {what}"), converter.to_payload(b"", &list));
    }
}

fn from_json(converter: &DataConverter, name: &str, json: &[u8]) -> Result<Vec<u8>, Error> {
    converter.from_payload(b"", &payloads(&[("encoding", "json/protobuf"), ("messageType", name)], json))
}
