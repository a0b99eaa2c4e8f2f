//! Valid and invalid JSON, and the canonical form.

use super::*;

fn refusal(text: &[u8]) -> String {
    check(text).unwrap_err().to_string()
}

#[test]
fn what_the_grammar_allows_is_json() {
    let deepest = [vec![b'['; MAX_DEPTH], vec![b']'; MAX_DEPTH]].concat();
    let cases: &[&[u8]] = &[
        b"null",
        b" \t\r\n[ ] ",
        b"{}",
        b"-0",
        b"0",
        b"-0.0e-0",
        b"1E+400",
        b"123456789012345678901234567890",
        br#""""#,
        br#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#,
        // Half a pair is part of the grammar, and Python and TypeScript write it.
        br#""\ud800""#,
        "\"é\u{2028}😀\u{7f}\"".as_bytes(),
        br#"{"a":1,"a":2}"#,
        br#"{"a":[{"b":[]},{}],"c":"d"}"#,
        &deepest,
    ];
    for text in cases {
        assert!(check(text).is_ok(), "{}: {}", String::from_utf8_lossy(text), refusal(text));
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_position() {
    let cases: &[(&[u8], usize, &str)] = &[
        (b"", 0, "a value, found the end"),
        (b"  ", 2, "a value, found the end"),
        (b"nul", 0, "a value"),
        (b"nulll", 4, "the end"),
        (b"NaN", 0, "a value (NaN and Infinity are not JSON)"),
        (b"[1,Infinity]", 3, "a value (NaN and Infinity are not JSON)"),
        (b"-Infinity", 1, "a digit"),
        (b"\xef\xbb\xbf1", 0, "no byte order mark"),
        (b"\"\xff\"", 1, "UTF-8"),
        (b"\"\xed\xa0\x80\"", 1, "UTF-8"),
        (b"1\x00", 1, "the end"),
        (b"'a'", 0, "a value"),
        (b"01", 1, "the end"),
        (b"+1", 0, "a value"),
        (b".5", 0, "a value"),
        (b"1.", 2, "a digit"),
        (b"1.e1", 2, "a digit"),
        (b"1e", 2, "a digit"),
        (b"1e+", 3, "a digit"),
        (b"-", 1, "a digit"),
        (b"\"a", 2, "a quote, found the end"),
        (b"\"a\nb\"", 2, "control characters to be escaped"),
        (b"\"0123456789\x1f\"", 11, "control characters to be escaped"),
        (br#""\x""#, 1, "an escape that JSON has"),
        (br#""\u12g4""#, 1, "an escape that JSON has"),
        (br#""\u12"#, 1, "an escape that JSON has"),
        (b"[1 2]", 3, "a comma or ]"),
        (b"[1,]", 3, "a value"),
        (b"[", 1, "a value, found the end"),
        (b"[}", 1, "a value"),
        (b"{1:2}", 1, "a name in quotes"),
        (b"{\"a\" 1}", 5, "a colon"),
        (b"{\"a\":1,}", 7, "a name in quotes"),
        (b"{\"a\":1 \"b\":2}", 7, "a comma or }"),
        (b"{\"a\":1]", 6, "a comma or }"),
        (b"// 1\n1", 0, "a value"),
        (b"1 2", 2, "the end"),
    ];
    for (text, at, what) in cases {
        let expected = format!("the JSON is malformed at byte {at}: expected {what}");
        assert_eq!(refusal(text), expected, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn one_level_too_deep_is_a_limit() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = [open.repeat(MAX_DEPTH + 1), "1".to_owned(), close.repeat(MAX_DEPTH + 1)].concat();
        assert_eq!(check(text.as_bytes()).unwrap_err().kind(), ErrorKind::Depth);
    }
    // However long the text, it causes no allocation.
    assert_eq!(check(&vec![b'['; 10 << 20]).unwrap_err().kind(), ErrorKind::Depth);
}

fn form(text: &str) -> String {
    String::from_utf8(canonical(text.as_bytes()).unwrap()).unwrap()
}

#[test]
fn canonical_form_is_the_documented_one() {
    let cases = [
        (" [ 1 , true , null ] ", "[1,true,null]"),
        (r#"{"b":1,"a":2}"#, r#"{"a":2,"b":1}"#),
        (r#"{"a":1,"B":2,"":3,"aa":4}"#, r#"{"":3,"B":2,"a":1,"aa":4}"#),
        // By UTF-8 bytes U+FB33 comes first; by UTF-16 units, RFC 8785's order, the astral one
        // would.
        ("{\"😀\":1,\"\u{fb33}\":2}", "{\"\u{fb33}\":2,\"😀\":1}"),
        // By the names, not by their escapes: U+001F, a quote, a backslash.
        (r#"{"\\":1,"\u001f":2,"\"":3,"a":4}"#, r#"{"\u001f":2,"\"":3,"\\":1,"a":4}"#),
        (
            r#"{"z":{"b":[{"d":1,"c":2}],"a":{}},"y":[],"x":{"n":{"m":1,"l":2}}}"#,
            r#"{"x":{"n":{"l":2,"m":1}},"y":[],"z":{"a":{},"b":[{"c":2,"d":1}]}}"#,
        ),
        (r#"[{"b":1,"a":2},{"a":1,"b":2},{"d":1,"c":2}]"#, r#"[{"a":2,"b":1},{"a":1,"b":2},{"c":2,"d":1}]"#),
        // The example of RFC 8785, 3.2.2.
        (r#""\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/""#, "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""),
        (r#""\b\f\n\r\t\u0000\u007f\ud83d\ude00""#, "\"\\b\\f\\n\\r\\t\\u0000\u{7f}😀\""),
    ];
    for (text, expected) in cases {
        assert_eq!(form(text), expected, "{text}");
        assert_eq!(form(expected), expected, "not stable: {expected}");
    }
}

#[test]
fn canonical_numbers_keep_their_value() {
    let cases = [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0e999999999999999999999", "0"),
        ("1.0", "1"),
        ("10.50", "10.5"),
        ("1E1", "10"),
        ("1e+20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("123e19", "1.23e+21"),
        ("-1.5E300", "-1.5e+300"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("12.5e-9", "1.25e-8"),
        ("333333333.33333329", "333333333.33333329"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("1e-9223372036854775800", "1e-9223372036854775800"),
    ];
    for (text, expected) in cases {
        assert_eq!(form(text), expected, "{text}");
        assert_eq!(form(expected), expected, "not stable: {expected}");
    }
}

#[test]
fn what_has_no_canonical_form_is_refused() {
    for text in [
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        "1e9223372036854775807",
    ] {
        let error = canonical(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "{text}: {error}");
    }
    assert_eq!(canonical(b"{").unwrap_err().kind(), ErrorKind::Json);
}

#[test]
fn canonical_form_of_deep_disorder_costs_no_more_than_its_length() {
    // Each level out of order around one large text: copying it at every level would take a minute.
    let depth = MAX_DEPTH - 1;
    let text = [r#"{"b":"#.repeat(depth), format!("\"{}\"", "x".repeat(8 << 20)), r#","a":1}"#.repeat(depth)]
        .concat();
    let started = std::time::Instant::now();
    let found = canonical(text.as_bytes()).unwrap();
    assert_eq!(found.len(), text.len());
    assert!(found.starts_with(br#"{"a":1,"b":{"a":1,"b":"#));
    assert!(started.elapsed().as_secs() < 10);
}
