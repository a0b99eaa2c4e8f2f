//! The work on JSON grows with its length and not with its depth. The tests count the bytes that
//! the cursors read.

use super::*;
use crate::message::json::cursor::LOOKED_AT;

/// A failure with `depth` causes, each between `before` and `after`.
fn nested(depth: usize, before: &str, innermost: &str, after: &str) -> String {
    format!("{}{innermost}{}", before.repeat(depth), after.repeat(depth))
}

/// How many times `call` reads each byte of `text`, on average.
fn looks(text: &str, call: impl FnOnce(&[u8]) -> Result<Vec<u8>, Error>) -> f64 {
    let before = LOOKED_AT.get();
    call(text.as_bytes()).unwrap();
    (LOOKED_AT.get() - before) as f64 / text.len() as f64
}

fn check(deepest: usize, text: impl Fn(usize) -> String, call: impl Fn(&[u8]) -> Result<Vec<u8>, Error>) {
    let (flat, deep) = (looks(&text(2), &call), looks(&text(deepest), &call));
    assert!(deep <= flat * 1.5 && deep < 10.0, "{flat} looks at a byte of a flat text, {deep} of a deep one");
}

#[test]
fn a_chain_of_causes_is_read_once_however_long_it_is() {
    let hiding = converter("codecs: [encrypt], failures: {encode_common_attributes: true}");
    let texts = r#""message":"no more","stackTrace":"at the line","#;
    let details = r#""applicationFailureInfo":{"details":{"payloads":[{"data":"MQ=="}]}}"#;
    for (before, after) in [
        (format!("{{{texts}{details},\"cause\":"), "}".to_owned()),
        ("{\"cause\":".to_owned(), format!(",{texts}{details}}}")),
    ] {
        let plain = |depth| nested(depth, &before, "{}", &after);
        check(97, plain, |text| hiding.encode_failure_json(b"", text));
        let encoded = |depth| {
            let text = hiding.encode_failure_json(b"", plain(depth).as_bytes()).unwrap();
            String::from_utf8(text).unwrap()
        };
        check(97, encoded, |text| hiding.decode_failure_json(b"", text));
        let history = |depth| {
            let attributes = format!("{{\"failure\":{}}}", encoded(depth));
            format!("{{\"events\":[{{\"activityTaskFailedEventAttributes\":{attributes}}}]}}")
        };
        check(94, history, |text| hiding.decode_history(b"", text));
    }
}

#[test]
fn the_type_of_an_any_may_come_last_in_each() {
    const TYPE: &str = r#""@type":"type.googleapis.com/temporal.api.protocol.v1.Message""#;
    let encrypting = encrypting();
    for (before, after) in [
        (format!("{{{TYPE},\"id\":\"1\",\"body\":"), "}".to_owned()),
        ("{\"id\":\"1\",\"body\":".to_owned(), format!(",{TYPE}}}")),
    ] {
        let text = |depth| format!("{{\"body\":{}}}", nested(depth, &before, "{}", &after));
        check(97, text, |text| {
            encrypting.message_json(
                b"".into(),
                "temporal.api.protocol.v1.Message",
                false,
                text,
                Task::Encode,
                None,
            )
        });
    }
}
