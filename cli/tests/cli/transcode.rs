use crate::folder::{Folder, SAMPLE_CONFIG};

/// Appendix A of the project's notes on the wire: the text "Testing", encrypted by the Go, Python
/// and TypeScript samples' format with the nonce 00 01 … 0b.
const GOLDEN: &str = r#"{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"dGVzdC1rZXktaWQ="},"data":"AAECAwQFBgcICQoL+SuJ2idoYdJlc5Wio/f30eikViKThZLQZ+2jNHL+UIRh+De0Qqcp7H5lrR1wZhC1S+em"}]}"#;
const TESTING: &str =
    "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"IlRlc3Rpbmci\"}]}\n";

const ENCODE: &[&str] = &["encode", "--config", "tdc.yaml"];
const DECODE: &[&str] = &["decode", "--config", "tdc.yaml"];

/// A list of payloads that claim to be encrypted under `id`, given as base64.
fn encrypted_under(id: &str) -> String {
    let data = "A".repeat(40);
    format!(
        r#"{{"payloads":[{{"metadata":{{"encoding":"YmluYXJ5L2VuY3J5cHRlZA","encryption-key-id":"{id}"}},"data":"{data}"}}]}}"#
    )
}

#[test]
fn the_samples_golden_payload_opens() {
    assert_eq!(Folder::with_config(SAMPLE_CONFIG).succeeds(DECODE, GOLDEN), TESTING);
}

#[test]
fn what_was_encoded_decodes_to_the_same_from_file_dash_and_standard_input() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let encoded = folder.succeeds(ENCODE, TESTING);
    assert!(encoded.contains("YmluYXJ5L2VuY3J5cHRlZA==") && !encoded.contains("IlRlc3Rpbmci"), "{encoded}");
    assert!(encoded.ends_with("]}\n") && encoded.lines().count() == 1);
    folder.write("encoded.json", &encoded);
    assert_eq!(folder.succeeds(DECODE, &encoded), TESTING);
    assert_eq!(folder.succeeds(&[DECODE, &["-"]].concat(), &encoded), TESTING);
    assert_eq!(folder.succeeds(&[DECODE, &["encoded.json"]].concat(), ""), TESTING);
}

#[test]
fn a_request_without_padding_in_the_other_name_style_keeps_its_external_payloads() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let body = r#"{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg"},"data":"ImEi","external_payloads":[{"size_bytes":300000}]},
        {"metadata":{"encoding":"YmluYXJ5L251bGw"}}]}"#;
    let encoded = folder.succeeds(ENCODE, body);
    assert_eq!(
        folder.succeeds(DECODE, &encoded),
        "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"ImEi\",\
         \"externalPayloads\":[{\"sizeBytes\":\"300000\"}]},\
         {\"metadata\":{\"encoding\":\"YmluYXJ5L251bGw=\"},\"data\":\"\"}]}\n"
    );
}

#[test]
fn unknown_encodings_and_empty_lists_come_back_as_they_are() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let other = "{\"payloads\":[{\"metadata\":{\"encoding\":\"YmluYXJ5L290aGVy\"},\"data\":\"AAE=\"}]}\n";
    assert_eq!(folder.succeeds(DECODE, other), other);
    assert_eq!(folder.succeeds(DECODE, "{}"), "{\"payloads\":[]}\n");
    assert_eq!(folder.succeeds(ENCODE, "{}"), "{\"payloads\":[]}\n");
}

#[test]
fn a_changed_payload_is_named_and_nothing_is_printed() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let good = GOLDEN.trim_start_matches(r#"{"payloads":["#).trim_end_matches("]}");
    let changed = good.replace("S+em", "S+en");
    let error = folder.fails(DECODE, &format!(r#"{{"payloads":[{good},{good},{changed}]}}"#));
    assert!(error.starts_with("tdc: TDC_ERR_AUTHENTICATION at payloads[2]: "), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn malformed_ciphertext_is_told_apart_from_a_changed_one() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let error = folder.fails(DECODE, &encrypted_under("dGVzdC1rZXktaWQ").replace(&"A".repeat(40), "AAAA"));
    assert!(error.starts_with("tdc: TDC_ERR_CIPHERTEXT at payloads[0]: "), "{error}");
}

#[test]
fn an_unknown_key_is_named_only_where_its_id_is_a_key_id() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let named = folder.fails(DECODE, &encrypted_under("b3JkZXJzLTIwMjc="));
    assert!(named.starts_with("tdc: TDC_ERR_KEY_UNKNOWN at payloads[0]: "), "{named}");
    assert!(named.contains("orders-2027"), "{named}");
    // The Java sample's id is the key itself.
    let key = folder.fails(DECODE, &encrypted_under("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYyE="));
    assert!(key.starts_with("tdc: TDC_ERR_KEY_UNKNOWN at payloads[0]: "), "{key}");
    assert!(!key.contains("secret") && key.contains("32"), "{key}");
}

#[test]
fn keys_of_a_host_program_need_a_key_provider_which_the_command_line_does_not_have() {
    let host = "version: 1\nkeys: { primary: orders-2027, host: true }\ncodecs: [encrypt]\n";
    let folder = Folder::with_config(host);
    let error = folder.fails(DECODE, &encrypted_under("b3JkZXJzLTIwMjc="));
    let expected = "the key \"orders-2027\" is not in the keyring; keys.host leaves it to a key provider, which \
                    tdc does not have: use a program that has it, or a configuration with this key in \
                    keys.ring\n";
    assert_eq!(error, format!("tdc: TDC_ERR_KEY_PROVIDER at payloads[0]: {expected}"));
    assert_eq!(folder.fails(ENCODE, TESTING), error);
}

#[test]
fn the_namespace_decides_where_the_configuration_has_namespaces() {
    let namespaces = "namespaces:\n  - { match: \"orders-*\" }\n  - { match: plain, codecs: [] }\n";
    let folder = Folder::with_config(&format!("{SAMPLE_CONFIG}{namespaces}"));
    let encode = |namespace: &str| folder.succeeds(&[ENCODE, &["--namespace", namespace]].concat(), TESTING);
    assert_ne!(encode("orders-eu"), TESTING);
    assert_eq!(encode("plain"), TESTING);
    assert!(
        folder.fails(&[ENCODE, &["-n", "other"]].concat(), TESTING).starts_with("tdc: TDC_ERR_NAMESPACE: ")
    );
    let none = folder.fails(ENCODE, TESTING);
    assert!(none.starts_with("tdc: TDC_ERR_NAMESPACE: ") && none.contains("--namespace"), "{none}");
}

#[test]
fn broken_json_is_placed_and_never_quoted() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    assert_eq!(
        folder.fails(ENCODE, "{\"payloads\":[{},\n  {\"data\":\"SECRET!\"}]}"),
        "tdc: TDC_ERR_JSON at payloads[1]: line 2, column 11: data: expected base64 text, found text that is not base64\n"
    );
    assert!(folder.fails(DECODE, "").starts_with("tdc: TDC_ERR_JSON: the input is empty"));
}

#[test]
fn a_broken_configuration_is_said_with_line_and_column() {
    let folder = Folder::with_config("version: 1\ncodecs:\n  - zstd: { levle: 1 }\n");
    let error = folder.fails(ENCODE, TESTING);
    assert!(error.starts_with("tdc: TDC_ERR_CONFIG: tdc.yaml: line 3, column "), "{error}");
    assert!(error.contains("levle"), "{error}");
}

#[test]
fn missing_files_are_named() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let input = folder.fails(&[DECODE, &["nowhere.json"]].concat(), "");
    assert!(input.starts_with("tdc: TDC_ERR_IO: cannot read nowhere.json: "), "{input}");
    let config = folder.fails(&["decode", "--config", "nowhere.yaml"], "");
    assert!(config.starts_with("tdc: TDC_ERR_CONFIG: ") && config.contains("nowhere.yaml"), "{config}");
}

#[test]
fn large_payloads_go_through() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let body = format!("{{\"payloads\":[{{\"metadata\":{{}},\"data\":\"{}\"}}]}}\n", "QUJD".repeat(700_000));
    let encoded = folder.succeeds(ENCODE, &body);
    assert!(folder.succeeds(DECODE, &encoded) == body, "a payload of 2 MiB came back changed");
}
