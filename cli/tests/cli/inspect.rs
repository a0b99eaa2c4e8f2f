use crate::folder::{Folder, SAMPLE_CONFIG};

/// Encrypted under `test-key-id`, under `other`, with a key for an id as the Java sample writes it,
/// compressed, not encoded, and without anything. No `data` here could be opened.
const BODY: &str = r#"{"payloads":[
    {"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"dGVzdC1rZXktaWQ="},"data":"AAAA"},
    {"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"b3RoZXI="},"data":"AAAA"},
    {"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYyE=",
                 "encryption-cipher":"QUVTL0dDTS9Ob1BhZGRpbmc="},"data":"AAAA"},
    {"metadata":{"encoding":"YmluYXJ5L3pzdGQ="},"data":"AAAA"},
    {"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlNFQ1JFVCI="},
    {}]}"#;

#[test]
fn the_table_shows_the_outside_of_each_payload_and_nothing_inside() {
    assert_eq!(
        Folder::new().succeeds(&["inspect"], BODY),
        "\
#  ENCODING          OPENED BY  KEY ID       PAYLOAD  DATA
0  binary/encrypted  encrypt    test-key-id     69 B   3 B
1  binary/encrypted  encrypt    other           63 B   3 B
2  binary/encrypted  encrypt    -              130 B   3 B
3  binary/zstd       zstd       -               30 B   3 B
4  json/plain        -          -               34 B   8 B
5  -                 -          -                0 B   0 B
"
    );
}

#[test]
fn with_a_configuration_it_says_which_keys_are_there() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let table = folder.succeeds(&["inspect", "--config", "tdc.yaml"], BODY);
    let keys: Vec<&str> = table.lines().filter_map(|line| line.get(45..52)).map(str::trim).collect();
    assert_eq!(keys, ["KEY", "here", "missing", "-", "-", "-", "-"], "{table}");
}

#[test]
fn a_configuration_without_keys_has_none_of_them() {
    let folder = Folder::with_config("version: 1\n");
    let table = folder.succeeds(&["inspect", "--config", "tdc.yaml"], BODY);
    let keys: Vec<&str> = table.lines().filter_map(|line| line.get(45..52)).map(str::trim).collect();
    assert_eq!(keys, ["KEY", "missing", "missing", "-", "-", "-", "-"], "{table}");
}

#[test]
fn json_says_the_same_to_programs() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let answer = folder.succeeds(&["inspect", "--json", "--config", "tdc.yaml"], BODY);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        answer["payloads"][1],
        serde_json::json!({
            "index": 1, "encoding": "binary/encrypted", "codec": "encrypt", "keyId": "other", "key": "missing",
            "payloadBytes": 63, "dataBytes": 3
        })
    );
    assert_eq!(
        answer["payloads"][5],
        serde_json::json!({
            "index": 5, "encoding": null, "codec": null, "keyId": null, "payloadBytes": 0, "dataBytes": 0
        })
    );
}

#[test]
fn keys_that_only_the_host_may_have_are_told_apart() {
    let host = SAMPLE_CONFIG.replace("keys:\n", "keys:\n  host: true\n");
    let table = Folder::with_config(&host).succeeds(&["inspect", "--config", "tdc.yaml"], BODY);
    assert!(table.contains("test-key-id  here") && table.contains("other        ask the host"), "{table}");
}

#[test]
fn keys_that_the_namespace_may_not_use_are_missing() {
    let config = format!(
        "{}namespaces:\n  - {{ match: eu, keys: {{ primary: other }} }}\n",
        SAMPLE_CONFIG.replace(
            "ring:\n",
            "ring:\n    other: { insecure_inline: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= }\n"
        )
    );
    let table = Folder::with_config(&config).succeeds(&["inspect", "-c", "tdc.yaml", "-n", "eu"], BODY);
    assert!(table.contains("test-key-id  missing") && table.contains("other        here"), "{table}");
}

#[test]
fn a_configuration_that_does_not_open_and_a_broken_body_are_errors() {
    let folder = Folder::with_config("version: 2\n");
    assert!(folder.fails(&["inspect", "-c", "tdc.yaml"], BODY).starts_with("tdc: TDC_ERR_CONFIG: "));
    assert!(folder.fails(&["inspect"], "[").starts_with("tdc: TDC_ERR_JSON: "));
}

const ENCRYPTED: &str = r#"{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"dGVzdC1rZXktaWQ="},"data":"AAAA"}"#;

#[test]
fn one_payload_an_array_and_a_history_are_read_too() {
    let folder = Folder::new();
    let one = folder.succeeds(&["inspect"], ENCRYPTED);
    assert_eq!(one.lines().count(), 2);
    assert!(one.contains("0  binary/encrypted  encrypt    test-key-id     69 B   3 B\n"), "{one}");
    assert_eq!(folder.succeeds(&["inspect"], &format!("[{ENCRYPTED},{ENCRYPTED}]")).lines().count(), 3);
    let history = format!(
        r#"{{"events":[{{"eventId":"1","workflowExecutionStartedEventAttributes":{{"input":{{"payloads":[{ENCRYPTED}]}},
            "searchAttributes":{{"indexedFields":{{"Kind":{{"metadata":{{"encoding":"anNvbi9wbGFpbg=="}},"data":"ImEi"}}}}}}}}}}]}}"#
    );
    let said = folder.succeeds(&["inspect"], &history);
    assert_eq!(
        said,
        "\
#  ENCODING          OPENED BY  KEY ID       PAYLOAD  DATA  PATH
0  binary/encrypted  encrypt    test-key-id     69 B   3 B  events[0].workflowExecutionStartedEventAttributes.input.payloads[0]
1  json/plain        -          -               29 B   3 B  events[0].workflowExecutionStartedEventAttributes.searchAttributes.indexedFields.Kind
"
    );
    let json: serde_json::Value =
        serde_json::from_str(&folder.succeeds(&["inspect", "--json"], &history)).unwrap();
    assert_eq!(
        json["payloads"][0]["path"],
        "events[0].workflowExecutionStartedEventAttributes.input.payloads[0]"
    );
}

#[test]
fn a_configuration_that_is_there_but_was_not_named_only_adds_the_column_of_keys() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    assert!(folder.succeeds(&["inspect"], ENCRYPTED).contains("test-key-id  here"));
    for config in
        ["version: 2\n".to_owned(), format!("{SAMPLE_CONFIG}namespaces:\n  - {{ match: orders }}\n")]
    {
        let folder = Folder::with_config(&config);
        let output = folder.run(&["inspect"], ENCRYPTED);
        let (said, note) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success() && !said.contains("KEY  "), "{said}");
        assert!(note.starts_with("tdc: the column KEY is omitted: TDC_ERR_"), "{note}");
    }
    let named = Folder::with_config(&format!("{SAMPLE_CONFIG}namespaces:\n  - {{ match: orders }}\n"));
    assert!(named.fails(&["inspect", "-c", "tdc.yaml"], ENCRYPTED).contains("--namespace"));
    assert!(named.succeeds(&["inspect", "-n", "orders"], ENCRYPTED).contains("test-key-id  here"));
}
