//! The transcoder: golden texts, a test for each rule, and prost-reflect's own JSON as the oracle.

mod oracle;

use tdc_formats::descriptors::Descriptors;
use tdc_formats::protobuf_json::{Options, parse, print};
use tdc_formats::{Error, ErrorKind};

fn descriptors() -> &'static Descriptors {
    super::temporal_api().unwrap()
}

fn to_json(name: &str, wire: &[u8]) -> Result<String, Error> {
    let mut out = Vec::new();
    print(descriptors(), name, wire, 1 << 20, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn to_wire(name: &str, json: &str) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    parse(descriptors(), name, json.as_bytes(), Options::default(), &mut out)?;
    Ok(out)
}

const EXECUTION: &str = "temporal.api.common.v1.WorkflowExecution";
const PAYLOAD: &str = "temporal.api.common.v1.Payload";

#[test]
fn what_every_sdk_writes_is_read_and_one_form_is_written() {
    let wire = b"\x0a\x01w\x12\x01r";
    assert_eq!(to_json(EXECUTION, wire).unwrap(), r#"{"workflowId":"w","runId":"r"}"#);
    for json in [
        r#"{"workflowId":"w", "runId":"r"}"#,
        r#"{"workflowId":"w","runId":"r"}"#,
        "{\n  \"workflowId\": \"w\",\n  \"runId\": \"r\"\n}",
        r#"{"workflow_id":"w","run_id":"r"}"#,
    ] {
        assert_eq!(to_wire(EXECUTION, json).unwrap(), wire, "{json}");
    }
    assert_eq!(to_wire(EXECUTION, r#"{"runId":"r","workflowId":"w"}"#).unwrap(), b"\x12\x01r\x0a\x01w");
    // Java escapes the padding of base64.
    let payload = r#"{"metadata":{"encoding":"anNvbi9wbGFpbg\u003d\u003d"},"data":"e30\u003d"}"#;
    let wire = to_wire(PAYLOAD, payload).unwrap();
    let expected = r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"e30="}"#;
    assert_eq!(to_json(PAYLOAD, &wire).unwrap(), expected);
}

#[test]
fn fields_of_any_order_repeated_and_unknown_are_one_message() {
    // The run id twice, an unknown field, a known number of another wire type.
    assert_eq!(
        to_json(EXECUTION, b"\x12\x01a\x7a\x01x\x08\x05\x12\x01r\x0a\x01w").unwrap(),
        r#"{"workflowId":"w","runId":"r"}"#
    );
    // A singular message in two parts is merged.
    let name = "temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest";
    let wire = b"\x12\x03\x0a\x01w\x0a\x01n\x12\x03\x12\x01r";
    let expected = r#"{"namespace":"n","execution":{"workflowId":"w","runId":"r"}}"#;
    assert_eq!(to_json(name, wire).unwrap(), expected);
    // Map entries: sorted, and the last of a key.
    let wire = b"\x0a\x06\x0a\x01b\x12\x01y\x0a\x06\x0a\x01a\x12\x01x\x0a\x06\x0a\x01b\x12\x01z";
    assert_eq!(to_json(PAYLOAD, wire).unwrap(), r#"{"metadata":{"a":"eA==","b":"eg=="}}"#);
    // Of a oneof, the last.
    let wire = b"\x12\x01a\x0a\x01m\x2a\x03\x0a\x01t\x3a\x00";
    assert_eq!(
        to_json("temporal.api.failure.v1.Failure", wire).unwrap(),
        r#"{"message":"m","source":"a","canceledFailureInfo":{}}"#
    );
}

#[test]
fn well_known_types_have_their_own_forms() {
    for (name, json) in [
        ("google.protobuf.Timestamp", r#""2026-11-24T10:00:00.500Z""#),
        ("google.protobuf.Duration", r#""-1.500s""#),
        ("google.protobuf.FieldMask", r#""fooBar,baz.quX""#),
        ("google.protobuf.Struct", r#"{"a":null,"b":[1,2.5,"x",true,{}],"c":{"d":-0}}"#),
        ("google.protobuf.Value", r#"[[],{},null]"#),
        ("google.protobuf.Int64Value", r#""-9223372036854775808""#),
        ("google.protobuf.DoubleValue", r#""NaN""#),
        ("google.protobuf.BytesValue", r#""+/8=""#),
        ("google.protobuf.StringValue", r#""""#),
        ("google.protobuf.Empty", "{}"),
        ("google.protobuf.Any", "{}"),
        ("google.protobuf.Any", r#"{"@type":"x/google.protobuf.Duration","value":"1s"}"#),
        ("google.protobuf.Any", r#"{"@type":"x/google.protobuf.Empty"}"#),
        (
            "google.protobuf.Any",
            r#"{"@type":"x/temporal.api.common.v1.WorkflowExecution","workflowId":"w","runId":"r"}"#,
        ),
        (
            "google.protobuf.Any",
            r#"{"@type":"x/google.protobuf.Any","value":{"@type":"y/google.protobuf.Int32Value","value":1}}"#,
        ),
    ] {
        let wire = to_wire(name, json).unwrap();
        assert_eq!(to_json(name, &wire).unwrap(), json, "{name}");
    }
    let (empty, go) =
        (r#"{"@type":"x/google.protobuf.Empty"}"#, r#"{"value":{},"@type":"x/google.protobuf.Empty"}"#);
    assert_eq!(to_wire("google.protobuf.Any", go).unwrap(), to_wire("google.protobuf.Any", empty).unwrap());
    for other in [r#""value":null"#, r#""value":{"x":1}"#, r#""x":1"#, r#""value":{},"value":{}"#] {
        let json = format!("{{\"@type\":\"x/google.protobuf.Empty\",{other}}}");
        assert_eq!(to_wire("google.protobuf.Any", &json).unwrap_err().kind(), ErrorKind::Json, "{json}");
    }
    let late = r#"{"runId":"r","@type":"x/temporal.api.common.v1.WorkflowExecution"}"#;
    let wire = to_wire("google.protobuf.Any", late).unwrap();
    assert_eq!(
        to_json("google.protobuf.Any", &wire).unwrap(),
        r#"{"@type":"x/temporal.api.common.v1.WorkflowExecution","runId":"r"}"#
    );
}

#[test]
fn refusals_name_the_field_and_never_the_value() {
    let start = "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest";
    for (name, json, expected) in [
        (EXECUTION, "[]", "expected an object at byte 0"),
        (EXECUTION, "{\"workflowId\":1}", "workflowId: expected a string at byte 14"),
        (EXECUTION, r#"{"workflowId":"a","workflow_id":"b"}"#, "workflowId: the field is set twice"),
        (EXECUTION, r#"{"nope":1}"#, "the type has no field nope"),
        (start, r#"{"taskQueue":{"kind":"secret"}}"#, "taskQueue.kind: the enum has no value of this name"),
        (start, r#"{"input":{"payloads":[{},{"data":"?"}]}}"#, "input.payloads[1].data: expected base64"),
        (start, r#"{"header":{"fields":{"secret":1}}}"#, "header.fields.*: expected an object at byte 30"),
        (PAYLOAD, r#"{"metadata":{"a":"","b":"","a":""}}"#, "metadata: a key is set twice"),
        (
            "temporal.api.failure.v1.Failure",
            r#"{"timeoutFailureInfo":{},"canceledFailureInfo":{}}"#,
            "canceledFailureInfo: another field of the same oneof is set",
        ),
        ("google.protobuf.Int32Value", "2147483648", "expected a signed integer of 32 bits"),
        ("google.protobuf.FloatValue", "3.5e38", "the number is too large"),
    ] {
        let error = to_wire(name, json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Json, "{json}");
        assert_eq!(error.message(), format!("{name}: {expected}"), "{json}");
    }
    for (name, wire, expected) in [
        (
            EXECUTION,
            &b"\x0a\x05w"[..],
            "the bytes are not a protobuf message: it ends in the middle of a field",
        ),
        (EXECUTION, b"\x0a\x01\xff", "workflowId: the string is not UTF-8"),
        ("google.protobuf.Value", b"", "the JSON value has no kind"),
        (
            "google.protobuf.Timestamp",
            b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            "the timestamp is out of range",
        ),
    ] {
        let error = to_json(name, wire).unwrap_err();
        let is_value = ["the JSON value", "the timestamp"].iter().any(|start| expected.starts_with(start));
        let code = if is_value { ErrorKind::Value } else { ErrorKind::Protobuf };
        assert_eq!(error.kind(), code, "{expected}");
        assert_eq!(error.message(), format!("{name}: {expected}"));
    }
}

#[test]
fn unknown_types_are_asked_for_by_name() {
    for error in [
        to_json("app.Order", b"").unwrap_err(),
        to_wire("app.Order", "{}").unwrap_err(),
        to_wire("google.protobuf.Any", r#"{"@type":"x/app.Order"}"#).unwrap_err(),
        to_json("google.protobuf.Any", b"\x0a\x0bx/app.Order").unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.type_name()), (ErrorKind::UnknownType, "app.Order"));
    }
    assert_eq!(to_json("app order", b"").unwrap_err().kind(), ErrorKind::Protobuf);
    assert_eq!(to_wire("google.protobuf.Any", r#"{"@type":"x/ "}"#).unwrap_err().kind(), ErrorKind::Json);
}

#[test]
fn messages_nest_to_the_limit_and_no_deeper() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let wire = to_wire("google.protobuf.Value", &nested(100)).unwrap();
    assert_eq!(to_json("google.protobuf.Value", &wire).unwrap(), nested(100));
    assert_eq!(to_wire("google.protobuf.Value", &nested(101)).unwrap_err().kind(), ErrorKind::Depth);
    let failure = "temporal.api.failure.v1.Failure";
    let mut wire = Vec::new();
    for depth in 1..=101 {
        let result = to_json(failure, &wire);
        assert_eq!(result.is_ok(), depth <= 100, "{depth}");
        let mut outer = Vec::new();
        tdc_formats::wire::push_bytes(&mut outer, 4, &wire);
        wire = outer;
    }
    assert_eq!(to_json(failure, &wire).unwrap_err().kind(), ErrorKind::Depth);
}

#[test]
fn json_is_no_longer_than_the_limit_allows() {
    let mut out = b"kept".to_vec();
    let wire = b"\x0a\x02\x08\x00".repeat(1000);
    let error = print(descriptors(), "google.protobuf.ListValue", &wire, 500, &mut out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Length);
    assert_eq!(out, b"kept");
}

#[test]
fn unknown_fields_and_enum_names_are_left_out_where_the_options_say_so() {
    let options = Options { ignore_unknown_fields: true };
    let json = br#"{"nope":[{"a":1}],"taskQueue":{"kind":"NOPE","name":"q"}}"#;
    let mut out = Vec::new();
    let name = "temporal.api.workflowservice.v1.StartWorkflowExecutionRequest";
    parse(descriptors(), name, json, options, &mut out).unwrap();
    assert_eq!(to_json(name, &out).unwrap(), r#"{"taskQueue":{"name":"q"}}"#);
}
