//! Both directions against bytes from the specification, and values that do not fit.

use super::*;
use crate::ErrorKind;
use crate::json::MAX_DEPTH;

fn packed(text: &str) -> Vec<u8> {
    from_json(text.as_bytes(), Vec::new()).unwrap()
}

fn json(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    to_json(bytes, 1 << 20, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn refusal(bytes: &[u8]) -> (ErrorKind, String) {
    let error = to_json(bytes, 1 << 20, &mut Vec::new()).unwrap_err();
    (error.kind(), error.message().to_owned())
}

#[test]
fn values_take_their_shortest_form() {
    let cases: &[(&str, &[u8])] = &[
        ("null", b"\xc0"),
        ("false", b"\xc2"),
        ("true", b"\xc3"),
        ("0", b"\x00"),
        ("127", b"\x7f"),
        ("128", b"\xcc\x80"),
        ("255", b"\xcc\xff"),
        ("256", b"\xcd\x01\x00"),
        ("65535", b"\xcd\xff\xff"),
        ("65536", b"\xce\x00\x01\x00\x00"),
        ("4294967295", b"\xce\xff\xff\xff\xff"),
        ("4294967296", b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
        ("9007199254740993", b"\xcf\x00\x20\x00\x00\x00\x00\x00\x01"),
        ("18446744073709551615", b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("-1", b"\xff"),
        ("-32", b"\xe0"),
        ("-33", b"\xd0\xdf"),
        ("-128", b"\xd0\x80"),
        ("-129", b"\xd1\xff\x7f"),
        ("-32768", b"\xd1\x80\x00"),
        ("-32769", b"\xd2\xff\xff\x7f\xff"),
        ("-2147483649", b"\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"),
        ("-9223372036854775808", b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
        ("1.0", b"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"),
        ("-0.0", b"\xcb\x80\x00\x00\x00\x00\x00\x00\x00"),
        ("1.5e300", b"\xcb\x7e\x41\xeb\x2d\x66\x00\x58\x35"),
        (r#""""#, b"\xa0"),
        ("\"é\"", b"\xa2\xc3\xa9"),
        ("[]", b"\x90"),
        ("{}", b"\x80"),
        (r#"{"compact":true,"schema":0}"#, b"\x82\xa7compact\xc3\xa6schema\x00"),
        (r#"[[1,[2]],{"a":{}}]"#, b"\x92\x92\x01\x91\x02\x81\xa1a\x80"),
    ];
    for (text, bytes) in cases {
        assert_eq!(packed(text), *bytes, "{text}");
        assert_eq!(json(bytes), *text);
    }
}

#[test]
fn lengths_take_their_shortest_header() {
    for (len, header) in [
        (31, &b"\xbf"[..]),
        (32, b"\xd9\x20"),
        (255, b"\xd9\xff"),
        (256, b"\xda\x01\x00"),
        (65_535, b"\xda\xff\xff"),
        (65_536, b"\xdb\x00\x01\x00\x00"),
    ] {
        let text = "x".repeat(len);
        let expected = [header, text.as_bytes()].concat();
        assert_eq!(packed(&format!("\"{text}\"")), expected);
        // The same with escapes, which have another length.
        assert_eq!(packed(&format!("\"{}\"", "\\u0078".repeat(len))), expected);
    }
    for (count, array, map) in [
        (15, &b"\x9f"[..], &b"\x8f"[..]),
        (16, b"\xdc\x00\x10", b"\xde\x00\x10"),
        (65_535, b"\xdc\xff\xff", b"\xde\xff\xff"),
        (65_536, b"\xdd\x00\x01\x00\x00", b"\xdf\x00\x01\x00\x00"),
    ] {
        let text = format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(packed(&text), [array, &vec![1; count]].concat());
        assert_eq!(json(&packed(&text)), text);
        let text = format!("{{{}}}", vec!["\"\":1"; count].join(","));
        assert_eq!(packed(&text), [map, &b"\xa0\x01".repeat(count)].concat());
        assert_eq!(json(&packed(&text)), text);
    }
}

#[test]
fn long_containers_within_each_other_keep_everything_in_place() {
    let inner = format!("[{}]", vec!["7"; 20].join(","));
    let middle = format!("{{\"k\":[{}],\"l\":{inner}}}", vec![inner.as_str(); 70_000].join(","));
    let text = format!("[{},[],{{}},{}]", vec![inner.as_str(); 17].join(","), middle);
    let mut out = Vec::new();
    to_json(&packed(&text), 64 << 20, &mut out).unwrap();
    assert!(out == text.as_bytes());
}

#[test]
fn numbers_that_need_more_than_64_bits_are_floats_only_where_nothing_is_lost() {
    let float = |value: f64| [&b"\xcb"[..], &value.to_be_bytes()].concat();
    // As Go and JavaScript print floats.
    assert_eq!(packed("100000000000000000000"), float(1e20));
    assert_eq!(packed("123456789012345680000"), float(123_456_789_012_345_680_000.0));
    assert_eq!(packed("-36893488147419103232"), float(-36_893_488_147_419_103_232.0));
    assert_eq!(packed("-0"), float(-0.0));
    assert_eq!(packed("1e-400"), float(0.0));
    for text in ["18446744073709551617", "-9223372036854775809", "1e309", "123456789012345678901234567890"] {
        let error = from_json(text.as_bytes(), Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "{text}");
    }
    assert_eq!(from_json(br#"[1,"\ud800"]"#, Vec::new()).unwrap_err().kind(), ErrorKind::Value);
    assert_eq!(from_json(b"[NaN]", Vec::new()).unwrap_err().kind(), ErrorKind::Json);
}

#[test]
fn other_forms_of_a_value_are_read() {
    let cases: &[(&[u8], &str)] = &[
        (b"\xcc\x01", "1"),
        (b"\xd0\x01", "1"),
        (b"\xd3\x00\x00\x00\x00\x00\x00\x00\x01", "1"),
        (b"\xd1\xff\xff", "-1"),
        (b"\xca\x3f\xc0\x00\x00", "1.5"),
        (b"\xca\x3d\xcc\xcc\xcd", "0.10000000149011612"),
        (b"\xcb\x44\x15\xaf\x1d\x78\xb5\x8c\x40", "1e20"),
        (b"\xd9\x01a", "\"a\""),
        (b"\xdb\x00\x00\x00\x01\"", r#""\"""#),
        (b"\xdc\x00\x00", "[]"),
        (b"\xdf\x00\x00\x00\x01\xd9\x01a\xc0", r#"{"a":null}"#),
        (b"\xc4\x03\xfb\xff\x00", "\"+/8A\""),
        (b"\xc6\x00\x00\x00\x01a", "\"YQ==\""),
        (b"\xa4\x00\x1f\x7f\n", "\"\\u0000\\u001f\u{7f}\\n\""),
    ];
    for (bytes, expected) in cases {
        assert_eq!(json(bytes), *expected, "{bytes:02x?}");
    }
}

#[test]
fn what_is_malformed_is_refused_with_its_position() {
    let cases: &[(&[u8], usize, &str)] = &[
        (b"", 0, "it ends too early"),
        (b"\xcd\x01", 1, "it ends too early"),
        (b"\xa5ab", 1, "it ends too early"),
        (b"\xdb\xff\xff\xff\xffab", 5, "it ends too early"),
        (b"\xc6\xff\xff\xff\xff", 5, "it ends too early"),
        (b"\x92\x01", 1, "a container claims more items than there are bytes"),
        (b"\xdd\xff\xff\xff\xff\x01", 5, "a container claims more items than there are bytes"),
        (b"\xdf\xff\xff\xff\xff\xa1a", 5, "a container claims more items than there are bytes"),
        (b"\x92\x92\x01\x01", 4, "it ends too early"),
        (b"\x91\xc1", 1, "the byte c1 is not used by the format"),
        (b"\x01\x01", 1, "bytes follow the value"),
        (b"\xa2a\xff", 2, "a text is not UTF-8"),
    ];
    for (bytes, at, why) in cases {
        let expected = format!("the MessagePack is malformed at byte {at}: {why}");
        assert_eq!(refusal(bytes), (ErrorKind::MessagePack, expected), "{bytes:02x?}");
    }
}

#[test]
fn what_json_does_not_have_is_refused() {
    let cases: &[(&[u8], &str)] = &[
        (b"\x81\x01\x01", "a map has a key that is not text"),
        (b"\x81\xc4\x01a\x01", "a map has a key that is not text"),
        (b"\xd6\xff\x00\x00\x00\x00", "a value has an extension type"),
        (b"\xc7\x01\x05a", "a value has an extension type"),
        (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "a number is NaN or infinite"),
        (b"\xca\xff\x80\x00\x00", "a number is NaN or infinite"),
    ];
    for (bytes, why) in cases {
        let (kind, message) = refusal(bytes);
        assert!(kind == ErrorKind::Value && message.starts_with(why), "{bytes:02x?}: {message}");
    }
}

#[test]
fn depth_and_output_are_limited() {
    let deepest = [vec![0x91; MAX_DEPTH - 1], vec![0x90]].concat();
    assert_eq!(json(&deepest).len(), 2 * MAX_DEPTH);
    assert_eq!(packed(&json(&deepest)), deepest);
    assert_eq!(refusal(&[vec![0x91; MAX_DEPTH], vec![0x90]].concat()).0, ErrorKind::Depth);
    assert_eq!(refusal(&vec![0x91; 1 << 20]).0, ErrorKind::Depth);
    let text = [b"\xda\xff\xff".to_vec(), vec![1; 65_535]].concat();
    assert_eq!(to_json(&text, 65_535, &mut Vec::new()).unwrap_err().kind(), ErrorKind::Length);
    assert!(to_json(&text, 6 * 65_535 + 2, &mut Vec::new()).is_ok());
}
