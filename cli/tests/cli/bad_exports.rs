//! Files that cannot be decoded: each is a stable code with its place, and the others go on.

use std::fs;

use serde_json::{Value, json};

use crate::bulk::{prepared, run};
use crate::exports::{event, export, history, item, json_history};
use crate::folder::{Folder, SAMPLE_CONFIG};

/// A folder `in` with one good export and `name`.
fn with(name: &str, bytes: &[u8]) -> Folder {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    fs::create_dir(folder.path("in")).unwrap();
    folder.write_encoded("in/good.proto", &export([item(&history(1))]));
    fs::write(folder.path(&format!("in/{name}")), bytes).unwrap();
    folder
}

/// The one failure, after the good file was decoded and nothing was made of the other.
#[track_caller]
fn failure(folder: &Folder, more: &[&str]) -> Value {
    let (code, _, notes) =
        run(folder, &[&["--output", "made", "--report", "report.json", "in"], more].concat());
    assert_eq!(code, Some(1), "{notes}");
    assert!(notes.contains("in 1 file(s); 0 file(s) skipped because they exist, 1 failed"), "{notes}");
    let made = fs::read_dir(folder.path("made")).unwrap();
    let mut made: Vec<_> = made.map(|entry| entry.unwrap().file_name()).collect();
    made.sort();
    assert_eq!(made, [".tdc-inputs", "good.proto"], "nothing is left of the other");
    let report: Value = serde_json::from_str(&folder.read("report.json")).unwrap();
    assert_eq!(report["files"]["failed"], 1);
    report["failures"][0].clone()
}

fn encoded(plain: &[u8]) -> Vec<u8> {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    folder.write_encoded("x", plain);
    fs::read(folder.path("x")).unwrap()
}

#[test]
fn an_export_that_is_cut_off_is_named_wherever_it_ends() {
    let (first, second) = (item(&history(1)), item(&history(2)));
    let whole = encoded(&export([first.clone()]));
    let both = [&whole[..], &encoded(&export([second]))].concat();
    for end in [whole.len() + 1, whole.len() + 2, whole.len() + 40, both.len() - 1] {
        let found = failure(&with("cut.proto", &both[..end]), &[]);
        assert_eq!((&found["code"], &found["history"]), (&json!("TDC_ERR_PROTOBUF"), &json!(1)), "{found}");
        assert_eq!(found["file"], "in/cut.proto");
        let expected =
            format!("the export ends within items[1], which begins at byte {} of {end}", whole.len());
        assert!(found["message"].as_str().unwrap().starts_with(&expected), "{found}");
        let found = failure(&with("cut.proto", &both[..end]), &["--split"]);
        assert_eq!(found["code"], "TDC_ERR_PROTOBUF");
    }
}

#[test]
fn what_is_no_history_is_a_code_for_each() {
    let valid_utf16: Vec<u8> = json_history("r").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes, code) in [
        ("empty", &b""[..], "TDC_ERR_TYPE"),
        ("text", b"hello", "TDC_ERR_TYPE"),
        ("archive.gz", b"\x1f\x8b\x08\x00", "TDC_ERR_TYPE"),
        ("body.json", b"{\"payloads\":[]}", "TDC_ERR_TYPE"),
        ("half.json", b"{\"events\":[{\"eventId\":", "TDC_ERR_JSON"),
        ("half-export.json", b"{\"items\":[{\"history\":{\"events\":[]}},", "TDC_ERR_JSON"),
        ("utf16.json", &valid_utf16, "TDC_ERR_JSON"),
    ] {
        let found = failure(&with(name, bytes), &[]);
        assert_eq!((&found["code"], &found["file"]), (&json!(code), &json!(format!("in/{name}"))), "{found}");
    }
}

#[test]
fn the_other_downloads_of_the_web_ui_are_named() {
    for value in ["{\"metadata\":{\"encoding\":\"json/plain\"},\"data\":7}", "7"] {
        let text = format!(
            r#"{{"events":[{{}},{{"workflowExecutionSignaledEventAttributes":{{"input":{{"payloads":[{value}]}}}}}}]}}"#
        );
        let found = failure(&with("readable.json", text.as_bytes()), &[]);
        assert_eq!((&found["code"], &found["event"]), (&json!("TDC_ERR_JSON"), &json!(1)), "{found}");
        assert!(found["message"].as_str().unwrap().contains("download the history as Encoded"), "{found}");
    }
}

#[test]
fn a_payload_that_stays_closed_is_found_by_history_run_and_event() {
    let mut bytes = encoded(&export([item(&history(5)), item(&history(6))]));
    // The last payload's tag is the end of the last event.
    *bytes.last_mut().unwrap() ^= 1;
    let found = failure(&with("forged.proto", &bytes), &[]);
    assert_eq!(found["code"], "TDC_ERR_AUTHENTICATION");
    assert_eq!((&found["history"], &found["event"]), (&json!(1), &json!(1)), "{found}");
    assert_eq!(found["runId"], "run-6");
    let path = "items[1].history.events[1].workflow_execution_signaled_event_attributes.input.payloads[0]: ";
    assert!(found["message"].as_str().unwrap().starts_with(path), "{found}");

    let text = encoded(json_history("run-8").as_bytes());
    let forged = String::from_utf8(text).unwrap().replacen("\"data\":\"", "\"data\":\"AAAA", 1);
    let export =
        format!("{{\"items\":[{{\"history\":{}}},{{\"history\":{forged}}}]}}", json_history("run-7"));
    let found = failure(&with("forged.json", export.as_bytes()), &[]);
    assert_eq!(
        (&found["history"], &found["event"], &found["runId"]),
        (&json!(1), &json!(0), &json!("run-8")),
        "{found}"
    );
    let path = "items[1].history.events[0].workflow_execution_started_event_attributes.input.payloads[0]: ";
    assert!(found["message"].as_str().unwrap().starts_with(path), "{found}");
}

#[test]
fn newer_fields_are_kept() {
    let mut first = item(&history(1));
    first.extend_from_slice(b"\x12\x05newer");
    let plain = [&export([first])[..], b"\x12\x03new\x18\x07", &export([item(&history(2))])].concat();
    let folder = with("newer.proto", &encoded(&plain));
    let (code, _, notes) = run(&folder, &["--output", "made", "in"]);
    assert_eq!(code, Some(0), "{notes}");
    assert!(notes.contains("3 field(s) of exports are newer than this tdc and were not read"), "{notes}");
    assert_eq!(fs::read(folder.path("made/newer.proto")).unwrap(), plain);

    let one = json_history("run-7");
    let plain = format!(
        r#"{{"items":[{{"newer":"x","history":{one}}},{{"history":{one},"unset":null}}],"activities":[{{}}]}}"#
    );
    let folder = with("newer.json", &encoded(plain.as_bytes()));
    let (code, _, notes) = run(&folder, &["--output", "made", "in"]);
    assert_eq!(code, Some(0), "{notes}");
    assert!(notes.contains("2 field(s) of exports are newer than this tdc and were not read"), "{notes}");
    assert_eq!(folder.read("made/newer.json"), plain);
}

/// A document that is not understood must not be copied with its payloads encoded.
#[test]
fn text_that_is_more_or_less_than_an_export_is_an_error() {
    let one = String::from_utf8(encoded(json_history("run-7").as_bytes())).unwrap();
    let item = format!("{{\"history\":{one}}}");
    for (text, expected) in [
        (format!("{{\"items\":[{item}]}}{{\"items\":[{item}]}}"), "byte "),
        (format!("{{\"items\":[{item}]}} x"), "byte "),
        (format!("{{\"items\":[{item},[{item}]]}}"), "items[1] is not an item of an export"),
    ] {
        let found = failure(&with("not.json", text.as_bytes()), &[]);
        assert_eq!(
            (&found["code"], &found["file"]),
            (&json!("TDC_ERR_JSON"), &json!("in/not.json")),
            "{text}"
        );
        assert!(found["message"].as_str().unwrap().contains(expected), "{found}");
    }
    // Both are decoded, as protobuf would merge them.
    let twice = format!("{{\"items\":[{{\"history\":{one},\"history\":{one}}}]}}");
    let folder = with("twice.json", twice.as_bytes());
    assert_eq!(run(&folder, &["--output", "made", "in"]).0, Some(0));
    assert_eq!(folder.read("made/twice.json"), twice.replace(one.trim_end(), &json_history("run-7")));
}

/// An item without a history has its number, too.
#[test]
fn an_item_is_named_by_its_number_in_the_file() {
    let mut bytes = encoded(&export([item(&history(5)), item(&history(6))]));
    *bytes.last_mut().unwrap() ^= 1;
    let found = failure(&with("forged.proto", &[b"\x0a\x00\x0a\x00", &bytes[..]].concat()), &[]);
    assert_eq!(found["history"], 3, "{found}");
    assert!(found["message"].as_str().unwrap().starts_with("items[3].history.events[1]."), "{found}");

    let text = String::from_utf8(encoded(json_history("run-8").as_bytes())).unwrap();
    let forged = text.replacen("\"data\":\"", "\"data\":\"AAAA", 1);
    let export = format!("{{\"items\":[{{}},{{\"history\":null}},{{\"history\":{forged}}}]}}");
    let found = failure(&with("forged.json", export.as_bytes()), &[]);
    assert_eq!(found["history"], 2, "{found}");
    assert!(found["message"].as_str().unwrap().starts_with("items[2].history.events[0]."), "{found}");
}

/// As JSON it would be an event without attributes, which a replayer takes for another one.
#[test]
fn an_event_of_a_newer_type_is_kept_in_binary_and_an_error_in_json() {
    let mut newer = history(1);
    newer.splice(0..0, {
        let mut field = Vec::new();
        tdc_formats::wire::push_bytes(&mut field, 1, &event(1, 999, 999, b"\x0a\x01x"));
        field
    });
    let plain = export([item(&newer)]);
    let found = failure(&with("newer.proto", &encoded(&plain)), &["--split"]);
    assert_eq!((&found["code"], &found["event"]), (&json!("TDC_ERR_TYPE"), &json!(0)), "{found}");
    let folder = with("newer.proto", &encoded(&plain));
    assert_eq!(run(&folder, &["--output", "made", "in"]).0, Some(0));
    assert_eq!(fs::read(folder.path("made/newer.proto")).unwrap(), plain);
}

#[test]
fn limits_count_for_each_history() {
    let plain = export((0..20).map(|run| item(&history(run))));
    let folder = with("many.proto", &encoded(&plain));
    folder.write(
        "tdc.yaml",
        &format!("{SAMPLE_CONFIG}limits: {{ max_payloads: 2, max_input_bytes: 500 B }}\n"),
    );
    let (code, _, notes) = run(&folder, &["--output", "made", "in"]);
    assert_eq!(code, Some(0), "{notes}");
    folder.write("tdc.yaml", &format!("{SAMPLE_CONFIG}limits: {{ max_input_bytes: 100 B }}\n"));
    let (code, _, notes) = run(&folder, &["--output", "other", "in"]);
    assert_eq!(code, Some(1));
    assert!(notes.contains("in/many.proto: TDC_ERR_LIMIT: items[0] has "), "{notes}");
}

/// A pipe may end early without anybody noticing, and waiting for one could last for ever.
#[cfg(unix)]
#[test]
fn what_is_not_a_file_is_refused() {
    let folder = with("good.txt", b"hello");
    fs::remove_file(folder.path("in/good.txt")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.path("in/pipe")).status().unwrap().success());
    for other in ["in/pipe", "/dev/null"] {
        let (code, _, notes) = run(&folder, &["--output", "made", "in/good.proto", other]);
        assert_eq!(code, Some(1), "{notes}");
        let expected = format!("tdc: {other}: TDC_ERR_ARGUMENT: this is a pipe or a device");
        assert!(notes.contains(&expected) && notes.contains("write it to a file first"), "{notes}");
        assert!(folder.path("made/good.proto").exists());
    }
}

/// A line break could forge a line, and an escape sequence rewrite a terminal.
#[cfg(unix)]
#[test]
fn names_of_files_are_escaped() {
    let folder = with("x\n\x1b[31m", b"hello");
    let arguments: [&[&str]; 4] = [
        &["history", "decode", "--output", "made", "in"],
        &["keys", "used", "in"],
        &["keys", "used", "in/\x1b[31m"],
        &["config", "check", "y\n\x1b[31m"],
    ];
    fs::copy(folder.path("tdc.yaml"), folder.path("y\n\x1b[31m")).unwrap();
    for arguments in arguments {
        let output = folder.run(arguments, "");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!said.contains('\x1b') && said.contains("\\u{1b}[31m"), "{said}");
        assert!(!said.contains("x\n\\u{1b}"), "{said}");
    }
}

#[test]
fn the_run_can_stop_at_the_first_failure() {
    let (folder, plain) = prepared();
    fs::write(folder.path(&plain[0].0), "broken").unwrap();
    let (code, _, notes) = run(
        &folder,
        &["--output", "made", "--report", "report.json", "--fail-fast", "temporal-workflow-history/export"],
    );
    assert_eq!(code, Some(1));
    assert!(notes.contains("2 file(s) were not begun, because of --fail-fast"), "{notes}");
    let report: Value = serde_json::from_str(&folder.read("report.json")).unwrap();
    assert_eq!(report["files"], json!({"done": 0, "skipped": 0, "failed": 1, "left": 2}));
}

#[test]
fn a_report_takes_the_place_of_an_earlier_one_alone() {
    let folder = with("more.json", br#"{"events":[]}"#);
    let decode = ["--output", "made", "--report", "report.json", "in"];
    for _ in 0..2 {
        let (code, _, notes) = run(&folder, &decode);
        assert_eq!(code, Some(0), "{notes}");
    }
    let report: Value = serde_json::from_str(&folder.read("report.json")).unwrap();
    assert_eq!(report["files"]["skipped"], 2, "it is of the second run");
    for other in ["", "{\n  \"files\": []\n}"] {
        folder.write("report.json", other);
        let (code, _, notes) = run(&folder, &decode);
        assert_eq!(code, Some(1));
        assert!(
            notes.contains("report.json already exists, and only an earlier report is replaced"),
            "{notes}"
        );
        assert_eq!(folder.read("report.json"), other);
    }
}

#[test]
fn a_report_below_the_folder_of_a_pattern_is_none_of_its_files() {
    let folder = with("more.json", br#"{"events":[]}"#);
    fs::create_dir(folder.path("in/made")).unwrap();
    for _ in 0..2 {
        let (code, _, notes) = run(&folder, &["--output", "made", "--report", "in/made/r.json", "in/*.json"]);
        assert_eq!(code, Some(0), "{notes}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_written() {
    let (folder, plain) = prepared();
    let (exports, one) = ("temporal-workflow-history/export", plain[0].0.as_str());
    folder.write("old.json", "{}");
    for (arguments, expected) in [
        (&[exports][..], "add --output FOLDER"),
        (&[one, &plain[1].0], "add --output FOLDER"),
        (&["--output", "made"], "name files or folders"),
        (&["--output", exports, exports], "name another folder"),
        (&["--output", "temporal-workflow-history/export/new", exports], "name another folder"),
        (&["--output", "made", "nowhere"], "cannot read nowhere"),
        (&["--output", "made", "-"], "cannot read -"),
        (&["--output", "made", "s3://"], "s3:// is not the address of a bucket: expected s3://BUCKET/FOLDER"),
        (&["--output", "s3://bucket/made", one], "copy it with `aws s3 sync`"),
        (&["--output", "made", "--report", "gs://bucket/r", one], "copy it with `gcloud storage cp`"),
        (&["--jobs", "50000", "--output", "made", one], "50000 is not in 1..=512"),
        (&["--output", "made", "--report", "old.json", exports], "old.json already exists"),
        (
            &["--output", "made", "--report", "temporal-workflow-history/export/new.json", exports],
            "the report is in temporal-workflow-history/export, which is an input",
        ),
        (
            &["--output", "made", "--report", "n.json", "*.json"],
            "the report would match *.json, which is an input",
        ),
        (
            &["--output", "made", "--report", "./n.json", "*.json"],
            "the report would match *.json, which is an input",
        ),
        (&["--split", exports], "--output <FOLDER>"),
        (&["--jobs", "2", one], "--output <FOLDER>"),
        (&["--jobs", "0", "--output", "made", one], "invalid value '0' for '--jobs <N>'"),
        (&["--namespace", "a", "--namespace-from-path", one], "cannot be used with"),
        (&["--namespace-from-path"], "standard input has no path"),
    ] {
        let error = folder.fails(&[&["history", "decode"], arguments].concat(), "");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    assert!(!folder.path("made").exists());
}
