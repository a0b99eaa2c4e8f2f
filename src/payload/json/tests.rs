use super::{parse, parse_at_most, parse_list, parse_single, print};
use crate::error::Code;
use crate::payload::{count, find};

/// Appendix A of the project's notes on the wire format: the bytes that Go's and Python's SDKs
/// serialise for the text "Testing".
const TESTING: &[u8] = b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain\x12\x09\"Testing\"";

fn listed(payloads: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for payload in payloads {
        bytes.extend([0x0a, u8::try_from(payload.len()).unwrap()]);
        bytes.extend(*payload);
    }
    bytes
}

/// Reads and prints again.
fn round(body: &str) -> String {
    String::from_utf8(print(&parse(body.as_bytes()).unwrap()).unwrap()).unwrap()
}

/// The error's sentence, with its payload.
fn fault(body: &str) -> String {
    let error = parse(body.as_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::Json, "{body}");
    error.to_string().strip_prefix("TDC_ERR_JSON").unwrap().to_owned()
}

#[test]
fn a_body_becomes_the_bytes_that_the_sdks_write() {
    let body =
        br#"{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci"},{"data":""}]}"#;
    assert_eq!(parse(body).unwrap(), listed(&[TESTING, b""]));
}

#[test]
fn metadata_is_sorted_so_that_the_same_body_makes_the_same_bytes() {
    let one = parse(br#"{"payloads":[{"metadata":{"b":"","a":"YQ=="}}]}"#).unwrap();
    assert_eq!(one, parse(br#"{"payloads":[{"metadata":{"a":"YQ","b":null}}]}"#).unwrap());
    assert_eq!(one, listed(&[b"\x0a\x06\x0a\x01a\x12\x01a\x0a\x03\x0a\x01b"]));
}

#[test]
fn both_name_styles_and_both_number_forms_are_read() {
    let expected = "{\"payloads\":[{\"metadata\":{},\"data\":\"\",\"externalPayloads\":[{\"sizeBytes\":\"300000\"}]}]}\n";
    for (list, size) in [("externalPayloads", "sizeBytes"), ("external_payloads", "size_bytes")] {
        for number in ["300000", "\"300000\"", "3e5", "300000.0", "\"3E5\"", "\"+300000\""] {
            assert_eq!(round(&format!(r#"{{"payloads":[{{"{list}":[{{"{size}":{number}}}]}}]}}"#)), expected);
        }
    }
    assert!(
        round(r#"{"payloads":[{"externalPayloads":[{},{"sizeBytes":null},{"sizeBytes":-9223372036854775808}]}]}"#)
            .contains(r#"[{"sizeBytes":"0"},{"sizeBytes":"0"},{"sizeBytes":"-9223372036854775808"}]"#)
    );
}

#[test]
fn what_is_no_integer_of_64_bits_is_refused() {
    for number in [
        "1.5",
        "1e19",
        "\"1.5\"",
        "\"\"",
        "\" 1\"",
        "\"inf\"",
        "\"nan\"",
        "\"0x1\"",
        "\"9223372036854775808\"",
        "-9223372036854775809",
        "\"-9223372036854775809\"",
        "\"+-1\"",
        "\"1_0\"",
        "true",
    ] {
        let text = fault(&format!(r#"{{"payloads":[{{"externalPayloads":[{{"sizeBytes":{number}}}]}}]}}"#));
        assert!(text.contains("expected an integer of 64 bits"), "{number}: {text}");
    }
}

#[test]
fn base64_of_all_writers_is_read() {
    for text in ["+/8=", "+/8", "-_8=", "-_8", "-_9", "+\\/8", "+_8", "+/8=\\n", " +\\t/ 8"] {
        assert_eq!(
            round(&format!(r#"{{"payloads":[{{"data":"{text}"}}]}}"#)),
            "{\"payloads\":[{\"metadata\":{},\"data\":\"+/8=\"}]}\n",
            "{text}"
        );
    }
}

#[test]
fn what_is_absent_or_null_is_empty() {
    let nothing = "{\"payloads\":[]}\n";
    for body in ["{}", r#"{"payloads":null}"#, r#"{"payloads":[]}"#, " \n{ }\r\n\t"] {
        assert_eq!(round(body), nothing, "{body}");
    }
    let empty = "{\"payloads\":[{\"metadata\":{},\"data\":\"\"}]}\n";
    for payload in ["{}", r#"{"metadata":null,"data":null,"externalPayloads":null}"#, r#"{"metadata":{}}"#] {
        assert_eq!(round(&format!(r#"{{"payloads":[{payload}]}}"#)), empty, "{payload}");
    }
}

#[test]
fn metadata_keys_are_escaped() {
    let body = "{\"payloads\":[{\"metadata\":{\"a\\\"\\\\\\u0000é😀\":\"\"},\"data\":\"\"}]}\n";
    assert_eq!(round(body), body);
}

#[test]
fn printing_joins_repeated_fields_as_protobuf_does_and_leaves_unknown_ones_out() {
    let payload = b"\x12\x01x\x12\x01y\x22\x03new\x1a\x02\x08\x05";
    assert_eq!(
        String::from_utf8(print(&listed(&[payload])).unwrap()).unwrap(),
        "{\"payloads\":[{\"metadata\":{},\"data\":\"eQ==\",\"externalPayloads\":[{\"sizeBytes\":\"5\"}]}]}\n"
    );
}

#[test]
fn printing_takes_a_known_number_of_another_wire_type_as_an_unknown_field() {
    for payload in [&b"\x08\x01\x10\x01\x18\x01\x12\x01x"[..], b"\x12\x01x\x22\x00"] {
        let text = print(&listed(&[payload])).unwrap();
        assert_eq!(text, b"{\"payloads\":[{\"metadata\":{},\"data\":\"eA==\"}]}\n", "{payload:02x?}");
    }
    let entry = print(&listed(&[b"\x0a\x07\x0a\x01k\x10\x01\x08\x01"])).unwrap();
    assert_eq!(entry, b"{\"payloads\":[{\"metadata\":{\"k\":\"\"},\"data\":\"\"}]}\n");
}

#[test]
fn of_keys_that_stand_twice_the_last_counts_and_they_are_in_order() {
    let payload = b"\x0a\x06\x0a\x01b\x12\x01x\x0a\x06\x0a\x01a\x12\x01y\x0a\x06\x0a\x01b\x12\x01z\x0a\x00";
    assert_eq!(
        String::from_utf8(print(&listed(&[payload])).unwrap()).unwrap(),
        "{\"payloads\":[{\"metadata\":{\"\":\"\",\"a\":\"eQ==\",\"b\":\"eg==\"},\"data\":\"\"}]}\n"
    );
}

#[test]
fn protobuf_that_is_malformed_is_named_by_its_payload() {
    let error = print(&listed(&[b"", b"\x12\x05x"])).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::Protobuf, Some(1)));
    for bad in [&b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..], b"\x0a\x03\x0a\x01\xff", b"\xff"] {
        assert_eq!(print(&listed(&[bad])).unwrap_err().code(), Code::Protobuf, "{bad:02x?}");
    }
    assert_eq!(find(b"\x0a\x05x").unwrap_err().code(), Code::Protobuf);
}

#[test]
fn errors_say_where_what_was_expected_and_what_was_found() {
    let in_payload = |payload: &str| fault(&format!("{{\"payloads\":[{{}},\n {payload}]}}"));
    for (found, expected) in [
        (fault(" \n"), r#": the input is empty, expected {"payloads":[…]}"#),
        (fault("nope"), ": line 1, column 1: this is not JSON: expected a value"),
        (fault("{} {}"), ": line 1, column 4: this is not JSON: expected the end"),
        (fault("[]"), r#": line 1, column 1: the body: expected an object {"payloads":[…]}, found a list"#),
        (
            fault(r#"{"payload":[]}"#),
            r#": line 1, column 1: the body: expected the member "payloads", found others only"#,
        ),
        (
            fault(r#"{"payloads":{}}"#),
            ": line 1, column 13: payloads: expected a list of payloads, found an object",
        ),
        (
            fault(r#"{"payloads":[{"data":"#),
            " at payloads[0]: line 1, column 22: the JSON is incomplete: expected a value, found the end",
        ),
        (
            in_payload("null"),
            " at payloads[1]: line 2, column 2: the payload: expected an object with metadata and data, found null",
        ),
        (
            in_payload(r#"{"dat":""}"#),
            " at payloads[1]: line 2, column 2: the payload: expected an object with metadata and data, \
             found an object with neither",
        ),
        (
            in_payload(r#"{"data":7}"#),
            " at payloads[1]: line 2, column 10: data: expected base64 text, found a number",
        ),
        (
            in_payload(r#"{"data":"a"}"#),
            " at payloads[1]: line 2, column 10: data: expected base64 text, found text that is not base64",
        ),
        (
            in_payload(r#"{"metadata":{"encoding":true}}"#),
            r#" at payloads[1]: line 2, column 26: metadata["encoding"]: expected base64 text, found true or false"#,
        ),
        (
            in_payload(r#"{"metadata":{"encoding":"json/plain"}}"#),
            r#" at payloads[1]: line 2, column 26: metadata["encoding"]: expected base64 text, found an encoding in plain text"#,
        ),
        (
            in_payload(r#"{"externalPayloads":[{"sizeBytes":"1e-3"}]}"#),
            " at payloads[1]: line 2, column 36: externalPayloads.sizeBytes: expected an integer of 64 bits, \
             found text that is not one",
        ),
        (
            in_payload(r#"{"externalPayloads":[{"sizeBytes":9223372036854775808}]}"#),
            " at payloads[1]: line 2, column 36: externalPayloads.sizeBytes: expected an integer of 64 bits, \
             found a number past 64 bits with sign",
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn no_value_of_the_input_is_in_an_error() {
    let secret = "SECRET-4711";
    for body in [
        r#"{"payloads":[{"data":"!SECRET-4711"}]}"#,
        r#"{"payloads":[{"data":["SECRET-4711"]}]}"#,
        r#"{"payloads":[{"metadata":"SECRET-4711"}]}"#,
        r#"{"payloads":[{"metadata":{"a":"!SECRET-4711"}}]}"#,
        r#"{"payloads":[{"externalPayloads":"SECRET-4711"}]}"#,
        r#"{"payloads":[{"externalPayloads":[{"sizeBytes":"SECRET-4711"}]}]}"#,
        r#"{"payloads":["SECRET-4711"]}"#,
        r#"{"payloads":"SECRET-4711"}"#,
        r#""SECRET-4711""#,
        "SECRET-4711",
        r#"{"payloads":[]}SECRET-4711"#,
        "{\"payloads\":[{\"data\":\"SECRET-4711\u{1}\"}]}",
    ] {
        assert!(!fault(body).contains(secret), "{body}");
    }
    for number in ["4711", "-4711", "4711.5", "47114711471147114711"] {
        for body in [
            format!(r#"{{"payloads":{number}}}"#),
            format!(r#"{{"payloads":[{{"metadata":{{"a":{number}}}}}]}}"#),
        ] {
            assert!(!fault(&body).contains("4711"), "{body}");
        }
    }
}

#[test]
fn names_of_the_input_are_shown_only_where_they_are_short_and_plain() {
    let long = "x".repeat(65);
    let body = |key: &str| fault(&format!(r#"{{"payloads":[{{"metadata":{{"{key}":1}}}}]}}"#));
    assert!(body("kind").contains(r#"metadata["kind"]: expected base64 text"#));
    assert!(body(&long).contains("metadata[(a name of 65 bytes)]"));
    assert!(body("\\u001b[2J").contains("metadata[(a name of 4 bytes)]"));
}

#[test]
fn of_members_that_are_there_twice_the_last_counts_and_unknown_ones_are_left_out() {
    let one = r#"{"metadata":{"b":""},"data":"MQ==","externalPayloads":[{"sizeBytes":"1"}]}"#;
    let expected = format!("{{\"payloads\":[{one}]}}\n");
    let twice = format!(
        r#"{{"new":[{{}}],"metadata":{{"a":"MQ=="}},"data":"Mg==","external_payloads":[{{}},{{}}],{}"#,
        &one[1..]
    );
    for body in [
        format!(r#"{{"payloads":[{{}},{{}}],"new":null,"payloads":[{one}]}}"#),
        format!(r#"{{"payloads":[{twice}]}}"#),
        r#"{"payloads":[{"metadata":{"b":"MQ==","b":null},"data":"MQ==","externalPayloads":[{"sizeBytes":2,"x":1,"size_bytes":1}]}]}"#.to_owned(),
    ] {
        assert_eq!(round(&body), expected, "{body}");
    }
}

#[test]
fn half_a_surrogate_pair_costs_one_character() {
    let body =
        r#"{"\udfff":"\ud800","payloads":[{"metadata":{"a\ud800":"MQ==","\ud83d\ude00":""},"x":"\udc00"}]}"#;
    let expected = "{\"payloads\":[{\"metadata\":{\"a\u{fffd}\":\"MQ==\",\"😀\":\"\"},\"data\":\"\"}]}\n";
    assert_eq!(round(body), expected);
    let error = fault(r#"{"payloads":[{"data":"\ud800"}]}"#);
    assert!(error.contains("found text that is not base64"), "{error}");
}

#[test]
fn a_byte_order_mark_is_passed_over_and_utf_16_is_named() {
    assert_eq!(parse(b"\xef\xbb\xbf{\"payloads\":[{}]}").unwrap(), listed(&[b""]));
    for body in [&b"\xff\xfe{\0}\0"[..], b"\0{\0}"] {
        assert!(parse(body).unwrap_err().message().starts_with("the input is UTF-16, expected UTF-8"));
    }
}

/// The form that histories, failures and messages use.
#[test]
fn one_payload_is_read_as_in_a_body() {
    for payload in [
        r#"{"metadata":{"encoding":"anNvbi9wbGFpbh"},"data":"MR=="}"#,
        r#"{"a\ud800":[],"metadata":{"a\ud800":null,"a\ufffd":"MQ"}}"#,
        "{}",
    ] {
        let body = format!(r#"{{"payloads":[{payload}]}}"#);
        let one = super::parse_payload(payload).unwrap();
        assert_eq!(listed(&[&one]), parse(body.as_bytes()).unwrap(), "{payload}");
    }
    let error = super::parse_payload("{\n\"data\":7}").unwrap_err();
    assert_eq!(error.code(), Code::Json);
    assert_eq!(
        error.message(),
        "data: expected base64 text, found a number (line 2, column 8 of the payload)"
    );
}

#[test]
fn bytes_that_are_no_utf8_are_an_error() {
    for body in [&b"{\"payloads\":[{\"data\":\"\xff\"}]}"[..], b"{\"payloads\":[{}],\"x\":\"\xff\"}"] {
        let error = parse(body).unwrap_err();
        assert_eq!(error.code(), Code::Json);
        assert!(error.message().ends_with("of the input is not UTF-8"), "{error}");
    }
}

#[test]
fn one_payload_too_many_ends_the_reading() {
    let body = br#"{"payloads":[{},{"data":"MA=="},{}]}"#;
    assert_eq!(parse_at_most(body, 3).unwrap(), parse(body).unwrap());
    for (body, max) in [
        (&body[..], 2),
        (br#"{"payloads":[{},{},nonsense"#, 2),
        (br#"{"payloads":[{},{},{"data":1}],"payloads":[]}"#, 2),
        (br#"{"payloads":[null"#, 0),
    ] {
        let error = parse_at_most(body, max).unwrap_err();
        assert_eq!((error.code(), error.payload_index()), (Code::Limit, None));
        let says = format!("more than {max} payloads in one call: split it, or raise limits.max_payloads");
        assert_eq!(error.message(), says);
    }
    for body in [&br#"{"payloads":[{},nonsense"#[..], b"{", br#"{"payloads":[{},{"data":1},{}]}"#] {
        assert_eq!(parse_at_most(body, 2).unwrap_err().code(), Code::Json);
    }
    assert_eq!(count(&parse_at_most(br#"{"payloads":[]}"#, 0).unwrap()), 0);
}

#[test]
fn unknown_members_nest_to_the_limit_and_no_deeper() {
    let body =
        |depth: usize| format!(r#"{{"new":{}{},"payloads":[{{}}]}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(parse(body(1000).as_bytes()).unwrap(), listed(&[b""]));
    for depth in [1001, 1 << 20] {
        let error = parse(body(depth).as_bytes()).unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (Code::Limit, "line 1, column 1009: the JSON nests too deep")
        );
    }
}

/// A part of it is decoded into its place at once, and lines are not.
#[test]
fn data_in_lines_is_read_wherever_it_is_in_its_payload() {
    let payload = |data: &str| {
        format!(
            r#"{{"externalPayloads":[{{"sizeBytes":5}},{{}}],"data":"{data}","metadata":{{"k":"dg=="}}}}"#
        )
    };
    let of =
        |data: &str| parse(format!(r#"{{"payloads":[{{}},{},{{}}]}}"#, payload(data)).as_bytes()).unwrap();
    let long = "QUJD".repeat(100);
    let lines = long.as_bytes().chunks(76).map(|line| core::str::from_utf8(line).unwrap());
    assert_eq!(of(&lines.collect::<Vec<_>>().join("\\r\\n")), of(&long));
    assert_eq!(of(" \\n"), of(""));
    let expected = b"\x0a\x06\x0a\x01k\x12\x01v\x12\x03ABC\x1a\x02\x08\x05\x1a\x00";
    assert_eq!(of("QUJD"), listed(&[b"", expected, b""]));
}

#[test]
fn data_that_does_not_count_is_base64_too() {
    let text = fault(r#"{"payloads":[{"data":"?","data":"MQ=="}]}"#);
    assert_eq!(
        text,
        " at payloads[0]: line 1, column 22: data: expected base64 text, found text that is not base64"
    );
}

#[test]
fn deep_nesting_is_refused_at_once() {
    let body = format!(r#"{{"payloads":{}"#, "[".repeat(100_000));
    assert!(fault(&body).contains("expected an object with metadata and data, found a list"));
}

#[test]
fn one_payload_and_an_array_of_them_are_read_without_the_object_around_them() {
    let payload = r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImEi"}"#;
    let body = |list: &str| parse(format!("{{\"payloads\":{list}}}").as_bytes()).unwrap();
    assert_eq!(parse_single(payload.as_bytes()).unwrap(), body(&format!("[{payload}]")));
    assert_eq!(parse_single(b"{}").unwrap(), body("[{}]"));
    let two = format!("[{payload},{{}}]");
    assert_eq!(parse_list(two.as_bytes()).unwrap(), body(&two));
    for wrong in ["", "[]", "{}{}", "1"] {
        assert_eq!(parse_single(wrong.as_bytes()).unwrap_err().code(), Code::Json, "{wrong}");
    }
    let error = parse_list(br#"[{},{"data":1}]"#).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::Json, Some(1)));
}
