//! `tdc rewrap` and `tdc keys used`: files of old keys brought to new ones.

use std::fs;

use crate::folder::Folder;

const OLD: &str = "\
version: 1
keys:
  primary: wrap-a
  ring:
    wrap-a: { insecure_inline: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, envelope: true }
codecs: [encrypt]
";
const NEW: &str = "\
version: 1
keys:
  primary: wrap-b
  ring:
    wrap-a: { insecure_inline: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, envelope: true }
    wrap-b: { insecure_inline: AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, envelope: true }
codecs: [encrypt]
";
/// Another chain, without the old key.
const OTHER: &str = "\
version: 1
keys:
  primary: plain-key
  ring:
    plain-key: { insecure_inline: AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= }
codecs: [zlib, encrypt]
failures: { encode_common_attributes: true }
";
const BODY: &str =
    "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"IlRlc3Rpbmci\"}]}\n";
const HISTORY: &str = r#"{"events":[{"eventId":"1","workflowExecutionStartedEventAttributes":{"input":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}]}}}]}"#;

/// A folder with `old.yaml`, `new.yaml`, `other.yaml`, and `exports` with a body and a history of
/// the old key.
fn prepared() -> Folder {
    let folder = Folder::new();
    for (name, text) in [("old.yaml", OLD), ("new.yaml", NEW), ("other.yaml", OTHER)] {
        folder.write(name, text);
    }
    fs::create_dir_all(folder.path("exports/deep")).unwrap();
    folder.write("exports/body.json", &folder.succeeds(&["encode", "--config", "old.yaml"], BODY));
    folder.write(
        "exports/deep/history.json",
        &folder.succeeds(&["history", "encode", "--config", "old.yaml"], HISTORY),
    );
    folder
}

fn status(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = folder.run(arguments, "");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_folder_is_wrapped_anew_and_opens_as_before() {
    let folder = prepared();
    let command =
        ["rewrap", "--config", "new.yaml", "--output", "made", "--report", "report.json", "exports"];
    let (code, table, notes) = status(&folder, &command);
    assert_eq!(code, Some(0), "{notes}");
    assert!(table.contains("2  binary/encrypted  wrap-b") && !table.contains("wrap-a"), "{table}");
    assert!(notes.contains("2 of 2 payloads changed in 2 file(s)"), "{notes}");
    for sentence in ["cannot be changed", "already has a data key"] {
        assert!(notes.contains(sentence), "{notes}");
    }
    assert_eq!(folder.succeeds(&["decode", "--config", "new.yaml", "made/body.json"], ""), BODY);
    assert_eq!(
        folder.succeeds(&["history", "decode", "--config", "new.yaml", "made/deep/history.json"], ""),
        HISTORY
    );
    let report = folder.read("report.json");
    for part in ["\"done\": 2", "\"changed\": 2", "\"keyId\": \"wrap-a\"", "\"keyId\": \"wrap-b\""] {
        assert!(report.contains(part), "{report}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path("made/deep/history.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn the_same_command_goes_on_after_an_interruption() {
    let folder = prepared();
    let command = ["rewrap", "--config", "new.yaml", "--output", "made", "exports"];
    assert_eq!(status(&folder, &command).0, Some(0));
    fs::remove_file(folder.path("made/body.json")).unwrap();
    let before = folder.read("made/deep/history.json");
    let (code, _, notes) = status(&folder, &command);
    assert_eq!(code, Some(0));
    assert!(notes.contains("1 file(s); 1 file(s) skipped because they exist, 0 failed"), "{notes}");
    assert_eq!(folder.read("made/deep/history.json"), before);

    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    let changed = fs::File::options().append(true).open(folder.path("exports/body.json")).unwrap();
    changed.set_modified(later).unwrap();
    let (code, _, notes) = status(&folder, &command);
    assert_eq!(code, Some(1));
    assert!(notes.contains("made/body.json was made of another version of this file"), "{notes}");
}

#[test]
fn another_configuration_encodes_what_this_one_decodes() {
    let folder = prepared();
    let command = ["rewrap", "--config", "old.yaml", "--to", "other.yaml", "--output", "made", "exports"];
    let (code, table, notes) = status(&folder, &command);
    assert_eq!(code, Some(0), "{notes}");
    assert!(table.contains("2  binary/encrypted  plain-key"), "{table}");
    assert_eq!(folder.succeeds(&["decode", "--config", "other.yaml", "made/body.json"], ""), BODY);
    // The old key is not in the other configuration: what it sealed would be sealed twice.
    let (code, _, notes) =
        status(&folder, &["rewrap", "--config", "other.yaml", "--to", "new.yaml", "exports/body.json"]);
    assert_eq!(code, Some(1));
    assert!(
        notes.contains("TDC_ERR_KEY_UNKNOWN: 1 payload(s) stay encrypted under the key \"wrap-a\""),
        "{notes}"
    );
}

#[test]
fn a_file_that_fails_is_named_and_the_others_go_on() {
    let folder = prepared();
    folder.write("exports/broken.json", "{\"payloads\":[{\"data\":\"SECRET!\"}]}");
    let command =
        ["rewrap", "--config", "new.yaml", "--output", "made", "--report", "report.json", "exports"];
    let (code, _, notes) = status(&folder, &command);
    assert_eq!(code, Some(1));
    assert!(notes.contains("exports/broken.json: TDC_ERR_JSON"), "{notes}");
    assert!(notes.contains("2 of 2 payloads changed in 2 file(s)") && notes.contains("1 failed"), "{notes}");
    let report = folder.read("report.json");
    assert!(report.contains("\"code\": \"TDC_ERR_JSON\"") && !report.contains("SECRET"), "{report}");
    assert!(!folder.path("made/broken.json").exists());
}

#[test]
fn one_document_goes_from_standard_input_to_standard_output() {
    let folder = prepared();
    let encoded = folder.read("exports/body.json");
    let output = folder.run(&["rewrap", "--config", "new.yaml"], &encoded);
    assert_eq!(output.status.code(), Some(0));
    let made = String::from_utf8(output.stdout).unwrap();
    assert_ne!(made, encoded);
    assert_eq!(folder.succeeds(&["decode", "--config", "new.yaml"], &made), BODY);
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_written() {
    let folder = prepared();
    for (arguments, expected) in [
        (&["rewrap", "--config", "new.yaml", "exports"][..], "add --output FOLDER"),
        (&["rewrap", "--config", "new.yaml", "--output", "made"], "name files or folders"),
        (&["rewrap", "--config", "new.yaml", "--output", "exports/new", "exports"], "name another folder"),
        (&["rewrap", "--config", "new.yaml", "--output", "made", "nowhere"], "cannot read nowhere"),
        (&["rewrap", "--config", "other.yaml", "exports/body.json", "--to", "nowhere.yaml"], "nowhere.yaml"),
        (&["keys", "used", "nowhere"], "cannot read nowhere"),
    ] {
        let error = folder.fails(arguments, "");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    assert!(!folder.path("made").exists());
}

#[test]
fn keys_of_files_are_counted_without_a_configuration() {
    let folder = prepared();
    folder.write("exports/plain.json", BODY);
    folder.write("exports/notes.txt", "not JSON");
    let (code, table, notes) = status(&folder, &["keys", "used", "exports"]);
    assert_eq!(code, Some(1), "a file could not be read");
    assert!(table.contains("2  binary/encrypted  wrap-a\n       1  -"), "{table}");
    for part in ["exports/notes.txt: TDC_ERR_JSON", "cannot be changed", "already has a data key"] {
        assert!(notes.contains(part), "{notes}");
    }

    let output = folder.run(&["keys", "used", "--json"], &folder.read("exports/body.json"));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "{\"files\":1,\"failed\":0,\"payloads\":1,\"keys\":[{\"keyId\":\"wrap-a\",\"encoding\":\"binary/encrypted\",\"payloads\":1}]}\n"
    );
}

/// An interceptor may have encoded headers, which `tdc history encode` leaves as they are.
#[test]
fn what_was_encoded_in_headers_is_encoded_again_and_the_rest_stays_plain() {
    let folder = prepared();
    let list: serde_json::Value =
        serde_json::from_str(&folder.succeeds(&["encode", "--config", "old.yaml"], BODY)).unwrap();
    let (encoded, plain) =
        (list["payloads"][0].to_string(), r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"Mg=="}"#);
    let with = |baggage: &str| {
        HISTORY.replace(
            r#"{"input""#,
            &format!(r#"{{"header":{{"fields":{{"baggage":{baggage},"trace":{plain}}}}},"input""#),
        )
    };
    fs::create_dir(folder.path("in")).unwrap();
    folder.write("in/history.json", &with(&encoded));
    let export = format!("{{\"items\":[{{\"history\":{}}}]}}", with(&encoded));
    folder.write("in/export.json", &export);
    let (code, table, notes) =
        status(&folder, &["rewrap", "--config", "old.yaml", "--to", "other.yaml", "--output", "made", "in"]);
    assert_eq!(code, Some(0), "{notes}");
    assert!(table.contains("4  binary/encrypted  plain-key"), "{table}");
    let decoded = folder.succeeds(&["history", "decode", "--config", "other.yaml", "made/history.json"], "");
    assert_eq!(decoded, with(r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci"}"#));
    let made = folder.read("made/history.json");
    assert!(made.contains(plain) && !made.contains("IlRlc3Rpbmci"), "{made}");
}

#[test]
fn a_failure_that_was_encoded_does_not_become_readable() {
    let folder = Folder::new();
    let hiding = |config: &str| format!("{config}failures: {{ encode_common_attributes: true }}\n");
    let payloads_only = OTHER.replace("failures: { encode_common_attributes: true }\n", "");
    for (name, text) in [
        ("old.yaml", &*hiding(OLD)),
        ("hiding.yaml", OTHER),
        ("new.yaml", &payloads_only),
        ("plain.yaml", "version: 1\n"),
    ] {
        folder.write(name, text);
    }
    let failure = r#"{"message":"the card of Ada","applicationFailureInfo":{}}"#;
    let history = format!(
        r#"{{"events":[{{"eventId":"1","workflowExecutionFailedEventAttributes":{{"failure":{failure}}}}}]}}"#
    );
    for (plain, encode) in [(failure, &["failure", "encode"][..]), (&history, &["history", "encode"])] {
        let encoded = folder.succeeds(&[encode, &["--config", "old.yaml"]].concat(), plain);
        folder.write("in.json", &encoded);
        let to = |name| ["rewrap", "--config", "old.yaml", "--to", name, "in.json"];
        let text = folder.fails(&to("new.yaml"), "");
        assert!(text.contains("TDC_ERR_NOT_ENCRYPTED") && text.contains("of 1 failure(s)"), "{text}");
        let (code, made, notes) = status(&folder, &to("hiding.yaml"));
        assert!(code == Some(0) && !made.contains("Ada"), "{made}{notes}");
        // Who asks for plaintext gets it.
        let (code, made, notes) = status(&folder, &to("plain.yaml"));
        assert!(code == Some(0) && made.contains("Ada"), "{made}{notes}");
    }
}
