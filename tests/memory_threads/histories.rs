//! Attacks by histories and failures, as messages and as JSON.

use tdc::Code;

use crate::MIB;
use crate::attack::{Attack, Direction};
use crate::message::{field, list};

/// `half` is a payload that decodes to half of the limit.
pub(crate) fn attacks(half: &[u8]) -> Vec<Attack> {
    use Direction::{DecodeFailure, DecodeFailureJson, EncodeFailure, EncodeFailureJson, History};
    let attack = Attack::new;
    // WorkflowExecutionStarted.input, and ActivityTaskFailed.failure
    let of_event = |number, inner: &[u8]| field(1, &[b"\x08\x01", &field(number, inner)[..]].concat());
    let started = |payloads: &[Vec<u8>]| of_event(6, &field(6, &list(payloads)));
    // Failure: a message, encoded attributes, and a cause.
    let failure = |attributes: &[u8], depth: usize| {
        let wrap = |cause: Vec<u8>, _| {
            let cause = if cause.is_empty() { cause } else { field(4, &cause) };
            [field(1, b"no"), field(20, attributes), cause].concat()
        };
        (0..depth).fold(Vec::new(), wrap)
    };
    let failed = |failure: &[u8]| of_event(18, &field(1, failure));
    let payload_json = |payload: &[u8]| {
        let body = tdc::payload::json::print(&list(&[payload.to_vec()])).unwrap();
        let payload = String::from_utf8(body).unwrap();
        payload[payload.find('[').unwrap() + 1..payload.rfind(']').unwrap()].to_owned()
    };
    let started_json = |payloads: &str| {
        format!(
            "{{\"events\":[{{\"workflowExecutionStartedEventAttributes\":{{\"input\":{{\"payloads\":[{payloads}]}}}}}}]}}"
        )
        .into_bytes()
    };
    let half_json = payload_json(half);
    let nested = |count: usize, inner: &str| {
        format!("{}{{{inner}}}{}", "{\"message\":\"no\",\"cause\":".repeat(count), "}".repeat(count))
            .into_bytes()
    };
    let attributes_json = format!("\"encodedAttributes\":{half_json}");
    let text =
        |escape: &str| format!("{{\"message\":\"{}\"}}", escape.repeat(MIB / escape.len())).into_bytes();
    let events =
        |event: &str| format!("{{\"events\":[{}{{}}]}}", event.repeat(MIB / event.len())).into_bytes();
    let halves = |count: usize| vec![half.to_vec(); count];
    vec![
        attack("a history of many events", History, field(1, b"\x08\x01").repeat(MIB / 4), None),
        attack("a history of many payloads", History, started(&vec![Vec::new(); 200_000]), Some(Code::Limit)),
        attack("a history that grows", History, started(&halves(1)), None),
        attack("a history that grows beyond the limit", History, started(&halves(3)), Some(Code::Limit)),
        attack("a history of failures", History, failed(&failure(half, 1)), None),
        attack(
            "a history of failures beyond the limit",
            History,
            failed(&failure(half, 90)),
            Some(Code::Limit),
        ),
        attack(
            "a history that is cut",
            History,
            field(1, &vec![0; MIB])[..MIB / 2].to_vec(),
            Some(Code::Type),
        ),
        attack("JSON: many events", History, events("{},"), None),
        attack(
            "JSON: many events of one name",
            History,
            events("{\"eventId\":\"1\",\"eventId\":\"1\"},"),
            None,
        ),
        attack("JSON: a history that grows", History, started_json(&half_json), None),
        attack(
            "JSON: a history that grows beyond the limit",
            History,
            started_json(&[half_json.as_str(); 3].join(",")),
            Some(Code::Limit),
        ),
        attack("JSON: many payloads", History, started_json(&["{}"; 200_000].join(",")), Some(Code::Limit)),
        attack("JSON: open lists", History, events("[")[..MIB].to_vec(), Some(Code::Limit)),
        attack(
            "JSON: a text that does not end",
            History,
            [b"{\"events", &vec![b'x'; MIB][..]].concat(),
            Some(Code::Json),
        ),
        attack("a failure that grows", DecodeFailure, failure(half, 1), None),
        attack("a failure that grows beyond the limit", DecodeFailure, failure(half, 90), Some(Code::Limit)),
        attack("a failure with many causes", DecodeFailure, failure(b"", 10_000), Some(Code::Limit)),
        attack("a failure to hide, with many causes", EncodeFailure, failure(b"", 10_000), Some(Code::Limit)),
        attack("a failure to hide, with a long message", EncodeFailure, field(1, &vec![b'x'; MIB / 4]), None),
        attack(
            "a failure to hide, in many parts",
            EncodeFailure,
            field(4, &field(1, b"x")).repeat(MIB / 8),
            Some(Code::Limit),
        ),
        attack("JSON: a failure that grows", DecodeFailureJson, nested(0, &attributes_json), None),
        attack("JSON: a failure with many causes", DecodeFailureJson, nested(10_000, ""), Some(Code::Limit)),
        attack("JSON: a failure with many escapes", EncodeFailureJson, text("\\u20ac"), None),
        attack(
            "JSON: a failure to hide, with many causes",
            EncodeFailureJson,
            nested(10_000, ""),
            Some(Code::Limit),
        ),
    ]
}
