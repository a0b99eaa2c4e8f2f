//! What the Web UI, the `temporal` command and the guide's sample send, and what they need back.

use crate::process::{ENCRYPTED, Server};

/// Appendix A of the project's notes on the wire: the text "Testing", encrypted by the samples'
/// format with the nonce 00 01 … 0b.
pub(crate) const GOLDEN: &str = r#"{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"dGVzdC1rZXktaWQ="},"data":"AAECAwQFBgcICQoL+SuJ2idoYdJlc5Wio/f30eikViKThZLQZ+2jNHL+UIRh+De0Qqcp7H5lrR1wZhC1S+em"}]}"#;
pub(crate) const TESTING: &str =
    "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"IlRlc3Rpbmci\"}]}\n";

#[test]
fn what_the_web_ui_sends_is_decoded() {
    let server = Server::start(&format!(
        "{ENCRYPTED}server: {{ cors: {{ origins: [\"http://localhost:8233\"] }} }}\n"
    ));
    for path in ["/decode", "/decode?preserveStorageRefs=true", "//decode", "/some/prefix/decode?x=%2e%2e&y"]
    {
        let answer = server
            .request("POST", path)
            .header("Origin", "http://localhost:8233")
            .header("X-Namespace", "default")
            .json(GOLDEN)
            .send();
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:8233"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.ok(), TESTING, "{path}");
    }
}

#[test]
fn what_the_temporal_command_sends_is_encoded_and_decoded() {
    let server = Server::start(ENCRYPTED);
    // Go's encoding/json of the message: snake_case, numbers as numbers, no data where it is empty;
    // X-Namespace is empty without -n.
    let go = r#"{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImEi","external_payloads":[{"size_bytes":300000}]},{"metadata":{"encoding":"YmluYXJ5L251bGw="}}]}"#;
    let encoded = server.request("POST", "/encode").header("X-Namespace", "").json(go).send();
    let encoded = encoded.ok();
    assert!(encoded.contains("YmluYXJ5L2VuY3J5cHRlZA==") && !encoded.contains("ImEi"), "{encoded}");
    assert_eq!(
        server.post("/decode", &encoded).ok(),
        "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"ImEi\",\
         \"externalPayloads\":[{\"sizeBytes\":\"300000\"}]},\
         {\"metadata\":{\"encoding\":\"YmluYXJ5L251bGw=\"},\"data\":\"\"}]}\n"
    );
    for empty in ["{}", r#"{"payloads":null}"#, r#"{"payloads":[]}"#] {
        assert_eq!(server.post("/encode", empty).ok(), "{\"payloads\":[]}\n");
    }
}

#[test]
fn the_sample_request_of_the_guide_is_answered() {
    let server = Server::start(ENCRYPTED);
    let answer = server
        .request("POST", "/codec/decode")
        .header("X-Namespace", "myapp-dev.acctid123")
        .json(
            r#"{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA","encryption-key-id":"dGVzdC1rZXktaWQ"},
                "data":"AAECAwQFBgcICQoL-SuJ2idoYdJlc5Wio_f30eikViKThZLQZ-2jNHL-UIRh-De0Qqcp7H5lrR1wZhC1S-em"}]}"#,
        )
        .send();
    assert_eq!(answer.ok(), TESTING);
    let audit = server.audit(1);
    assert_eq!(audit[0]["namespace"], "myapp-dev.acctid123");
}

#[test]
fn what_is_not_encrypted_comes_back_as_it_is_even_where_workers_refuse_it() {
    let server = Server::start(&ENCRYPTED.replace("[encrypt]", "[encrypt: { required: true }]"));
    assert_eq!(server.post("/decode", TESTING).ok(), TESTING);
    assert_eq!(server.post("/decode", GOLDEN).ok(), TESTING);
    let other = "{\"payloads\":[{\"metadata\":{\"encoding\":\"YmluYXJ5L290aGVy\"},\"data\":\"AAE=\"}]}\n";
    assert_eq!(server.post("/decode", other).ok(), other);
}

#[test]
fn count_and_order_stay() {
    let server = Server::start(ENCRYPTED);
    let payloads: Vec<String> = (0..100).map(|n| format!(r#"{{"data":"{:04}"}}"#, n)).collect();
    let encoded = server.post("/encode", &format!(r#"{{"payloads":[{}]}}"#, payloads.join(","))).ok();
    let decoded = server.post("/decode", &encoded).json();
    let data: Vec<&str> =
        decoded["payloads"].as_array().unwrap().iter().map(|p| p["data"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..100).map(|n| format!("{n:04}")).collect();
    assert_eq!(data, expected);
}

#[test]
fn a_large_body_is_worked_on_apart_and_answered_whole() {
    let server = Server::start(ENCRYPTED);
    let body =
        format!("{{\"payloads\":[{{\"metadata\":{{}},\"data\":\"{}\"}}]}}\n", "QUJD".repeat(1_000_000));
    let encoded = server.post("/encode", &body).ok();
    assert!(server.post("/decode", &encoded).ok() == body);
}
