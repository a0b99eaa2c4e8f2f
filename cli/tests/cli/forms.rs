//! What people hold besides the body of a codec server: a payload, an array of them, a failure, a
//! history; and values as a person reads them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::folder::{Folder, SAMPLE_CONFIG};

/// The text "Testing", as it is and encrypted with the key of the samples.
const PLAIN: &str = r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci"}"#;
const GOLDEN: &str = r#"{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"dGVzdC1rZXktaWQ="},"data":"AAECAwQFBgcICQoL+SuJ2idoYdJlc5Wio/f30eikViKThZLQZ+2jNHL+UIRh+De0Qqcp7H5lrR1wZhC1S+em"}"#;

fn history(payload: &str) -> String {
    format!(
        r#"{{"events":[{{"eventId":"1","eventType":"EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED","workflowExecutionSignaledEventAttributes":{{"signalName":"say","input":{{"payloads":[{payload}]}}}}}}]}}"#
    )
}

#[test]
fn a_payload_and_an_array_come_back_in_their_form() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    assert_eq!(folder.succeeds(&["decode"], GOLDEN), format!("{PLAIN}\n"));
    assert_eq!(folder.succeeds(&["decode"], &format!("[{GOLDEN},{PLAIN}]")), format!("[{PLAIN},{PLAIN}]\n"));
    assert_eq!(folder.succeeds(&["decode"], &format!("\u{feff}{GOLDEN}")), format!("{PLAIN}\n"));
    for input in [PLAIN.to_owned(), format!("[{PLAIN},{PLAIN}]")] {
        let encoded = folder.succeeds(&["encode"], &input);
        assert!(!encoded.contains("IlRlc3Rpbmci"), "{encoded}");
        assert_eq!(folder.succeeds(&["decode"], &encoded), format!("{input}\n"));
    }
}

#[test]
fn a_broken_payload_is_placed_and_never_quoted() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let error = folder.fails(&["decode"], "{\"data\":\"SECRET!\"}");
    assert_eq!(
        error,
        "tdc: TDC_ERR_JSON: line 1, column 9: data: expected base64 text, found text that is not base64\n"
    );
    let error = folder.fails(&["decode"], "[{\"data\":\"\"},{\"data\":1}]");
    assert!(error.starts_with("tdc: TDC_ERR_JSON at payloads[1]: "), "{error}");
}

#[test]
fn a_history_is_decoded_as_by_its_own_command() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let decoded = folder.succeeds(&["decode"], &history(GOLDEN));
    assert_eq!(decoded, folder.succeeds(&["history", "decode"], &history(GOLDEN)));
    assert!(decoded.contains("IlRlc3Rpbmci"), "{decoded}");
}

#[test]
fn a_history_that_was_encoded_decodes_to_itself() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let plain = history(PLAIN);
    let encoded = folder.succeeds(&["history", "encode"], &plain);
    assert!(encoded.contains("YmluYXJ5L2VuY3J5cHRlZA==") && !encoded.contains("IlRlc3Rpbmci"), "{encoded}");
    let decoded = folder.succeeds(&["history", "decode"], &encoded);
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(parse(&decoded), parse(&plain));
}

/// Values in the places of payloads make a Human Readable download an error, but search attributes
/// are not read, and here nothing else is one.
#[test]
fn a_readable_history_with_search_attributes_alone_comes_back_as_it_is() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let attributes = r#""searchAttributes":{"indexedFields":{"Customer":"4711"}}"#;
    let started = |more: &str| {
        format!(
            r#"{{"events":[{{"eventId":"1","workflowExecutionStartedEventAttributes":{{{attributes}{more}}}}}]}}"#
        )
    };
    let readable = started("");
    assert_eq!(folder.succeeds(&["history", "decode"], &readable), readable);
    let with_input = started(r#","input":{"payloads":["4711"]}"#);
    let error = folder.fails(&["history", "decode"], &with_input);
    assert!(error.contains("Human Readable"), "{error}");
}

#[test]
fn a_failure_is_decoded_as_by_its_own_command() {
    let folder =
        Folder::with_config(&format!("{SAMPLE_CONFIG}failures: {{ encode_common_attributes: true }}\n"));
    let encoded =
        folder.succeeds(&["failure", "encode"], r#"{"message":"no stock","cause":{"message":"why"}}"#);
    assert!(!encoded.contains("no stock"));
    let decoded = folder.succeeds(&["decode"], &encoded);
    assert!(decoded.contains("no stock") && decoded.contains("why"), "{decoded}");
    let text = folder.succeeds(&["decode", "--text"], &encoded);
    assert!(text.starts_with("{\n  \"message\": \"no stock\""), "{text}");
}

#[test]
fn encode_says_which_command_is_for_another_form() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    assert!(
        folder
            .fails(&["encode"], &history(PLAIN))
            .contains("the input is a history: use `tdc history encode`")
    );
    assert!(folder.fails(&["encode"], r#"{"message":"x"}"#).contains("use `tdc failure encode`"));
    assert!(folder.fails(&["to-payload"], &history(PLAIN)).contains("expected payloads"));
}

#[test]
fn text_shows_values_as_a_person_reads_them() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    // json/plain with an escape and one that a terminal would act on, binary/null, text and bytes
    // of binary/plain, a message of Temporal's and one that is not known, MessagePack, and a
    // foreign encoding.
    let body = r#"{"payloads":[
        {"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"eyJuYW1lIjoiXHU2NWU1XHUwMDFiIn0="},
        {"metadata":{"encoding":"YmluYXJ5L251bGw="}},
        {"metadata":{"encoding":"YmluYXJ5L3BsYWlu"},"data":"aGVsbG8="},
        {"metadata":{"encoding":"YmluYXJ5L3BsYWlu"},"data":"AP8="},
        {"metadata":{"encoding":"YmluYXJ5L3Byb3RvYnVm","messageType":"dGVtcG9yYWwuYXBpLmNvbW1vbi52MS5Xb3JrZmxvd1R5cGU="},"data":"CgVvcmRlcg=="},
        {"metadata":{"encoding":"YmluYXJ5L3Byb3RvYnVm","messageType":"c2hvcC5PcmRlcg=="},"data":"CgVvcmRlcg=="},
        {"metadata":{"encoding":"YmluYXJ5L21zZ3BhY2s="},"data":"gaFhAQ=="},
        {"metadata":{"encoding":"YmluYXJ5L290aGVy"},"data":"AAAA"},
        {}]}"#;
    assert_eq!(
        folder.succeeds(&["decode", "--text"], body),
        "\
{\"name\":\"日\\u001b\"}
null
(5 bytes: \"hello\")
(2 bytes: 00ff)
{\"name\":\"order\"}
(protobuf shop.Order of 7 bytes; to show it, add its descriptors to `descriptors`)
{\"a\":1}
(binary/other, 3 bytes)
(no encoding, 0 bytes)
"
    );
    assert_eq!(folder.succeeds(&["decode", "--text"], GOLDEN), "\"Testing\"\n");
}

#[test]
fn text_of_a_history_has_values_in_the_places_of_payloads() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let text = folder.succeeds(&["decode", "--text"], &history(GOLDEN));
    assert!(text.contains("\"payloads\": [\n            \"Testing\"\n          ]"), "{text}");
}

/// `temporal.api.history.v1.History` with one event, the number 1 with a workflow's start, whose
/// input is the golden payload.
fn binary_history() -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let mut out = vec![number << 3 | 2];
        let mut len = bytes.len();
        while len >= 0x80 {
            out.push(u8::try_from(len & 0x7f).unwrap() | 0x80);
            len >>= 7;
        }
        out.push(u8::try_from(len).unwrap());
        out.extend_from_slice(bytes);
        out
    };
    let entry = |key: &[u8], value: &[u8]| field(1, &[field(1, key), field(2, value)].concat());
    let data = GOLDEN.split("\"data\":\"").nth(1).unwrap().trim_end_matches("\"}");
    let data = STANDARD.decode(data).unwrap();
    let payload = [
        entry(b"encoding", b"binary/encrypted"),
        entry(b"encryption-key-id", b"test-key-id"),
        field(2, &data),
    ]
    .concat();
    let started = field(6, &[field(1, &field(1, b"order")), field(6, &field(1, &payload))].concat());
    field(1, &[&[0x08, 0x01][..], &started].concat())
}

#[test]
fn a_binary_history_is_decoded_inspected_and_shown() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    std::fs::write(folder.path("events.bin"), binary_history()).unwrap();
    let output = folder.command(&["decode", "events.bin"]).output().unwrap();
    assert!(output.stdout.windows(9).any(|bytes| bytes == b"\"Testing\""), "{output:?}");
    let text = folder.succeeds(&["decode", "--text", "events.bin"], "");
    assert!(text.contains("\"Testing\"") && text.contains("\"name\": \"order\""), "{text}");
    let table = folder.succeeds(&["inspect", "events.bin"], "");
    assert!(table.contains("binary/encrypted  encrypt    test-key-id  here"), "{table}");
}
