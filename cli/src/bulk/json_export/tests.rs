use std::io::BufReader;

use super::*;

const ITEM: &str = r#"{"history":{"events":[{"eventId":"1"}]}}"#;

type Found = (Vec<(usize, String)>, u64);

/// The items and newer members; all parts together are the document.
fn find(text: &str) -> Result<Found, Stop> {
    let input = BufReader::with_capacity(5, text.as_bytes());
    let mut export = JsonExport::new(input, text.len() as u64, 1000);
    let (mut items, mut all, mut part) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(kind) = export.next(&mut part)? {
        if let Part::Item(index) = kind {
            items.push((index, String::from_utf8(part.clone()).unwrap()));
        }
        all.extend_from_slice(&part);
    }
    assert_eq!(String::from_utf8(all).unwrap(), text);
    Ok((items, export.newer()))
}

#[test]
fn histories_are_found_with_their_numbers() {
    let text = format!(
        r#"{{"newer":1, "unset":null, "items": [ {ITEM}, {{}}, {{"history":null}} ,{{"newer":[],"history":{{}}}}], "more":"]}}" }} "#
    );
    let (items, newer) = find(&text).unwrap();
    let expected = [(0, ITEM.to_owned()), (3, r#"{"newer":[],"history":{}}"#.to_owned())];
    assert_eq!((items.as_slice(), newer), (&expected[..], 3));
    assert_eq!(find(r#"{"items":[]}"#).unwrap(), (Vec::new(), 0));
    let twice = format!(r#"{{"items":[{ITEM}],"items":[{ITEM}]}}"#);
    assert_eq!(find(&twice).unwrap().0.len(), 2);
    let merged = r#"{"items":[{"history":{},"history":{}}]}"#;
    assert_eq!(find(merged).unwrap().0.len(), 1);
}

#[test]
fn other_documents_are_read_as_a_whole() {
    for other in [
        r#"{"events":[]}"#,
        r#"{"newer":{},"history":{}}"#,
        r#"{"payloads":[]}"#,
        "[]",
        "{}",
        "",
        "x",
        "{\"items\":7}",
        "{\"items\"",
        "{\"newer\":[}]}",
        "{1:2}",
    ] {
        assert!(matches!(find(other), Err(Stop::NotAnExport)), "{other}");
    }
}

#[test]
fn what_is_malformed_or_cut_off_says_where() {
    let deep = "[".repeat(400) + &"]".repeat(400);
    for (text, code, expected) in [
        (format!(r#"{{"items":[{ITEM}],"events":[]}}"#), Code::Json, "has \"events\" beside its items"),
        (format!(r#"{{"items":[{ITEM},{{]}}"#), Code::Json, "at byte 52 of"),
        (format!(r#"{{"items":[{ITEM}"#), Code::Json, "ends within items[1], at byte 50: it was cut off"),
        (format!(r#"{{"items":[{ITEM}]"#), Code::Json, "ends within what is beside its items, at byte 51"),
        (format!(r#"{{"items":[{ITEM},{{"history":{{"#), Code::Json, "ends within items[1]"),
        (format!(r#"{{"items":[{ITEM},"#), Code::Json, "ends within items[1]"),
        (r#"{"items":["#.to_owned(), Code::Json, "ends within items[0]"),
        (format!(r#"{{"items":[{ITEM}]}} x"#), Code::Json, "at byte 53 of 54: expected the end"),
        (format!(r#"{{"items":[{ITEM}]}}{{"items":[{ITEM}]}}"#), Code::Json, "expected the end"),
        (format!(r#"{{"items":[{ITEM} {ITEM}]}}"#), Code::Json, "expected a comma or ]"),
        (format!(r#"{{"items":[{ITEM}] "a":1}}"#), Code::Json, "expected a comma or }"),
        (format!(r#"{{"items":[{{"history":{}}}]}}"#, "1".repeat(1000)), Code::Limit, "items[0] has more"),
        (
            format!(r#"{{"items":[{ITEM}],"n":{}}}"#, " ".repeat(1000)),
            Code::Limit,
            "more bytes than the 1000",
        ),
        (format!(r#"{{"items":[{{"history":{{}},"n":{deep}x]}}]}}"#), Code::Json, "malformed"),
    ] {
        match find(&text) {
            Err(Stop::Failed(error, item)) => {
                assert_eq!(error.code(), code, "{error}");
                assert!(item.is_none() || !error.message().contains("beside its items"), "{error}");
                assert!(error.message().contains(expected), "{text}: {error}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn items_that_would_stay_encoded_are_named() {
    for item in [
        "7".to_owned(),
        "null".to_owned(),
        format!("[{ITEM}]"),
        r#"{"events":[]}"#.to_owned(),
        format!(r#"{{"newer":{{}},"items":[{ITEM}]}}"#),
    ] {
        let text = format!(r#"{{"items":[{ITEM},{item}]}}"#);
        match find(&text) {
            Err(Stop::Failed(error, Some(1))) => {
                assert!(error.message().starts_with("items[1] is not"), "{error}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}
