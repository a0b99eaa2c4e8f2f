use crate::folder::{Folder, SAMPLE_CONFIG};

const HISTORY: &[&str] = &["history", "decode", "--config", "tdc.yaml"];

/// One signal whose payload is the text "Testing", encrypted as in the notes on the wire.
const ENCODED: &str = r#"{
  "events": [{
    "eventId": "1", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED", "newer": [1.50],
    "workflowExecutionSignaledEventAttributes": { "signalName": "say", "input": { "payloads": [
      {"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"dGVzdC1rZXktaWQ="},"data":"AAECAwQFBgcICQoL+SuJ2idoYdJlc5Wio/f30eikViKThZLQZ+2jNHL+UIRh+De0Qqcp7H5lrR1wZhC1S+em"}
    ] } }
  }]
}"#;

#[test]
fn a_history_is_decoded_and_all_else_in_it_stays() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let decoded = folder.succeeds(HISTORY, ENCODED);
    let (head, rest) = ENCODED.split_once("{\"metadata\"").unwrap();
    let (_, tail) = rest.split_once("+em\"}").unwrap();
    assert!(decoded.starts_with(head) && decoded.ends_with(tail), "{decoded}");
    assert!(decoded.contains("anNvbi9wbGFpbg") && decoded.contains("IlRlc3Rpbmci"), "{decoded}");
    folder.write("events.json", ENCODED);
    assert_eq!(folder.succeeds(&[HISTORY, &["events.json"]].concat(), ""), decoded);
}

#[test]
fn progress_goes_to_standard_error_and_the_history_alone_to_standard_output() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let output = folder.run(&[HISTORY, &["--progress"]].concat(), ENCODED);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), folder.succeeds(HISTORY, ENCODED));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(&format!("tdc: {} bytes in, ", ENCODED.len())), "{said}");
}

#[test]
fn what_is_no_history_and_what_cannot_be_opened_gives_nothing() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    assert!(folder.fails(HISTORY, "{\"orders\":[]}").contains("TDC_ERR_TYPE"));
    assert!(folder.fails(HISTORY, ENCODED.strip_suffix("\n}").unwrap()).contains("TDC_ERR_JSON"));
    let forged = ENCODED.replace("AAECAwQF", "AAECAwQG");
    let said = folder.fails(HISTORY, &forged);
    assert!(said.contains("TDC_ERR_AUTHENTICATION") && said.contains("events[0]"), "{said}");
}

#[test]
fn a_failure_is_hidden_and_comes_back() {
    let config = format!("{SAMPLE_CONFIG}failures: {{ encode_common_attributes: true }}\n");
    let folder = Folder::with_config(&config);
    let failure = "{\"message\":\"secret\",\"stackTrace\":\"trace\",\"cause\":{\"message\":\"reason\"}}";
    let encoded = folder.succeeds(&["failure", "encode", "--config", "tdc.yaml"], failure);
    assert!(
        !encoded.contains("secret") && !encoded.contains("trace\"") && !encoded.contains("reason"),
        "{encoded}"
    );
    assert_eq!(encoded.matches("\"Encoded failure\"").count(), 2, "{encoded}");
    let decoded = folder.succeeds(&["failure", "decode", "--config", "tdc.yaml"], &encoded);
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(parse(&decoded), parse(failure));
    let said = folder.fails(&["failure", "decode", "--config", "tdc.yaml"], "[]");
    assert!(said.contains("TDC_ERR_JSON"), "{said}");
}
