//! `--storage`: stored objects in the places of their references.

use std::fs;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::folder::{Folder, SAMPLE_CONFIG};

const PLAIN: &str = "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"MQ==\"}]}\n";

/// A folder with an object, `1` as JSON, and the reference to it as JSON.
fn folder() -> (Folder, String) {
    let storage = "storage: { stores: { s3: { directory: objects } }, unscoped: true }\n";
    let folder = Folder::with_config(&format!("{SAMPLE_CONFIG}{storage}"));
    let object = b"\x0a\x16\x0a\x08encoding\x12\x0ajson/plain\x12\x011";
    let hash: String = digest(&SHA256, object).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir_all(folder.path("objects/v0/d/sha256")).unwrap();
    fs::write(folder.path(&format!("objects/v0/d/sha256/{hash}")), object).unwrap();
    let data = format!(
        r#"{{"driverName":"s3","claimData":{{"object":"v0/d/sha256/{hash}","hashAlgorithm":"sha256","hashValue":"{hash}"}}}}"#
    );
    let [encoding, name] = ["json/protobuf", "temporal.api.sdk.v1.ExternalStorageReference"]
        .map(|text| BASE64_STANDARD.encode(text));
    let data = BASE64_STANDARD.encode(data);
    let reference =
        format!(r#"{{"metadata":{{"encoding":"{encoding}","messageType":"{name}"}},"data":"{data}"}}"#);
    (folder, reference)
}

#[test]
fn objects_take_the_places_of_their_references_when_it_is_asked_for() {
    let (folder, reference) = folder();
    let list = format!("{{\"payloads\":[{reference}]}}\n");
    let decode = ["decode", "--config", "tdc.yaml"];
    assert_eq!(folder.succeeds(&decode, &list), list);
    assert_eq!(folder.succeeds(&[&decode[..], &["--storage"]].concat(), &list), PLAIN);
    assert_eq!(folder.succeeds(&[&decode[..], &["--storage", "--text"]].concat(), &list), "1\n");
    let history = history(&reference);
    let decoded = folder.succeeds(&["history", "decode", "--config", "tdc.yaml", "--storage"], &history);
    assert!(decoded.contains(r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}"#), "{decoded}");
}

#[test]
fn copies_of_many_files_have_the_objects_inside() {
    let (folder, reference) = folder();
    fs::create_dir(folder.path("in")).unwrap();
    let history = history(&reference);
    folder.write("in/one.json", &history);
    let plain = history.replace(&reference, r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}"#);
    let output = folder.run(
        &["history", "decode", "--config", "tdc.yaml", "--storage", "-o", "out", "--report", "r.json", "in"],
        "",
    );
    assert!(output.status.success(), "{output:?}");
    assert_eq!(folder.read("out/one.json"), plain);
    let report: serde_json::Value = serde_json::from_str(&folder.read("r.json")).unwrap();
    assert_eq!(report["objects"], serde_json::json!({ "fetched": 1, "bytes": 27 }));

    folder.write("new.yaml", SAMPLE_CONFIG);
    let rewrap = ["rewrap", "--config", "tdc.yaml", "--to", "new.yaml", "-o", "new", "--storage", "in"];
    assert!(folder.run(&rewrap, "").status.success());
    assert_ne!(folder.read("new/one.json"), plain);
    let opened = folder.succeeds(&["history", "decode", "--config", "new.yaml", "new/one.json"], "");
    assert_eq!(opened, plain);
    let text = folder.fails(&["rewrap", "--config", "tdc.yaml", "-o", "other", "--storage", "in"], "");
    assert!(text.contains("--to"), "{text}");
}

/// A history with one payload.
fn history(payload: &str) -> String {
    format!(
        r#"{{"events":[{{"eventId":"1","workflowExecutionStartedEventAttributes":{{"input":{{"payloads":[{payload}]}}}}}}]}}"#
    )
}

/// Under a layer nobody would follow them.
#[test]
fn references_stay_readable_when_files_are_encoded() {
    let (folder, reference) = folder();
    let plain = r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}"#;
    let text = history(&format!("{reference},{plain}"));
    let encoded = folder.succeeds(&["history", "encode"], &text);
    assert!(encoded.contains(&reference) && !encoded.contains(plain), "{encoded}");
    let decoded = folder.succeeds(&["history", "decode", "--storage"], &encoded);
    assert_eq!(decoded, history(&format!("{plain},{plain}")));

    folder
        .write("new.yaml", &folder.read("tdc.yaml").replace("codecs: [encrypt]", "codecs: [zlib, encrypt]"));
    fs::create_dir(folder.path("in")).unwrap();
    folder.write("in/history.json", &encoded);
    folder.write("in/body.json", &format!("{{\"payloads\":[{reference}]}}\n"));
    let failure = format!(
        r#"{{"message":"m","applicationFailureInfo":{{"details":{{"payloads":[{reference},{plain}]}}}}}}"#
    );
    folder.write("in/failure.json", &failure);
    let output = folder.run(&["rewrap", "--to", "new.yaml", "--output", "new", "in"], "");
    assert!(output.status.success(), "{output:?}");
    for name in ["history.json", "body.json", "failure.json"] {
        let made = folder.read(&format!("new/{name}"));
        assert!(made.contains(&reference) && !made.contains(plain), "{made}");
    }
    let decode = ["history", "decode", "--config", "new.yaml", "--storage", "new/history.json"];
    assert_eq!(folder.succeeds(&decode, ""), decoded);
}

/// What was inside of ciphertext must not be followed afterwards.
#[test]
fn a_value_that_looks_like_a_reference_does_not_become_one() {
    let (folder, reference) = folder();
    let list = format!("{{\"payloads\":[{reference}]}}\n");
    folder.write("sealed.json", &folder.succeeds(&["encode"], &list));
    folder.write("new.yaml", &folder.read("tdc.yaml"));
    let rewrap = ["rewrap", "--to", "new.yaml", "sealed.json"];
    let text = folder.fails(&rewrap, "");
    assert!(text.contains("TDC_ERR_REFERENCE") && text.contains("sealed_after_storing: true"), "{text}");
    let seal = |name: &str| {
        folder.write(name, &folder.read(name).replace("unscoped", "sealed_after_storing: true, unscoped"));
    };
    // Where it would be followed, it must not be sealed either.
    seal("new.yaml");
    assert!(folder.fails(&rewrap, "").contains("TDC_ERR_REFERENCE"));
    // Unless it is one, because a proxy encodes after storing.
    seal("tdc.yaml");
    let output = folder.run(&rewrap, "");
    assert!(output.status.success(), "{output:?}");
    let made = String::from_utf8(output.stdout).unwrap();
    assert!(!made.contains(&reference), "{made}");
    assert_eq!(folder.succeeds(&["decode", "--storage"], &made), PLAIN);
}

/// A store that is away or an object that is gone is one file's failure.
#[test]
fn many_files_go_on_after_an_object_that_cannot_be_had() {
    let (folder, reference) = folder();
    // Nothing listens on port 1.
    let stores = "stores: { away: { s3: { region: r, endpoint: \"http://127.0.0.1:1\", path_style: true }, buckets: [bucket] }, ";
    folder.write("tdc.yaml", &folder.read("tdc.yaml").replace("stores: { ", stores));
    let of = |driver: &str, digit: &str| {
        let hash = digit.repeat(64);
        let data = format!(
            r#"{{"driverName":"{driver}","claimData":{{"bucket":"bucket","key":"v0/d/sha256/{hash}","hash_algorithm":"sha256","hash_value":"{hash}"}}}}"#
        );
        let at = reference.find("\"data\":\"").unwrap() + 8;
        format!("{}{}\"}}", &reference[..at], BASE64_STANDARD.encode(data))
    };
    fs::create_dir(folder.path("in")).unwrap();
    for (name, driver) in [("a.json", "s3"), ("b.json", "away")] {
        let text = history("{}").replacen("\"events\":[", "\"events\":[{\"eventId\":\"1\"},", 1);
        folder.write(&format!("in/{name}"), &text.replace("{}", &of(driver, "0")));
    }
    folder.write("in/c.json", &history(&reference));
    let mut command =
        folder.command(&["history", "decode", "--storage", "-o", "out", "--report", "r.json", "in"]);
    for (name, value) in [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: serde_json::Value = serde_json::from_str(&folder.read("r.json")).unwrap();
    assert_eq!(report["files"], serde_json::json!({"done": 1, "skipped": 0, "failed": 2, "left": 0}));
    assert_eq!(report["objects"]["fetched"], 1);
    let failures = report["failures"].as_array().unwrap();
    for (failure, (file, code)) in
        failures.iter().zip([("in/a.json", "TDC_ERR_REFERENCE"), ("in/b.json", "TDC_ERR_STORAGE")])
    {
        assert_eq!((&failure["file"], &failure["code"]), (&file.into(), &code.into()), "{failure}");
        assert_eq!((&failure["event"], &failure["payload"]), (&1.into(), &0.into()), "{failure}");
    }
    assert!(folder.path("out/c.json").exists() && !folder.path("out/a.json").exists());
}

#[test]
fn config_check_shows_the_stores_and_misses_a_directory() {
    let (folder, _) = folder();
    let check = ["config", "check", "tdc.yaml"];
    let row = "references to stored objects";
    let output = folder.run(&check, "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().any(|line| line.starts_with(row) && line.ends_with("followed into s3")), "{text}");
    assert!(!String::from_utf8(output.stderr).unwrap().contains("directory"));
    fs::remove_dir_all(folder.path("objects")).unwrap();
    let output = folder.run(&check, "");
    let warning = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(warning.contains("warning: storage.stores.s3: there is no directory "), "{warning}");
}

#[test]
fn an_object_that_is_missing_is_said() {
    let (folder, reference) = folder();
    fs::remove_dir_all(folder.path("objects")).unwrap();
    let list = format!("{{\"payloads\":[{reference}]}}\n");
    let text = folder.fails(&["decode", "--config", "tdc.yaml", "--storage"], &list);
    assert_eq!(
        text,
        "tdc: TDC_ERR_REFERENCE at payloads[0]: the reference to a stored object was not followed: its object is not in the store \"s3\"\n"
    );
}
