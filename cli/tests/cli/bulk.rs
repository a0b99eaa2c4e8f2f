//! Many files: `tdc history decode --output`, and what it shares with `tdc rewrap`.

use std::fs;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::exports::{export, history, item, json_history};
use crate::folder::{Folder, SAMPLE_CONFIG};

/// Three exports as Temporal Cloud delivers them, encoded; returns what they are when decoded.
pub(crate) fn prepared() -> (Folder, Vec<(String, Vec<u8>)>) {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let path = "temporal-workflow-history/export/orders.a1b2c/2026/11/30";
    let exports = [("01/00/a", 0..3), ("02/40/b", 3..5), ("02/40/c", 2..4)];
    let plain: Vec<(String, Vec<u8>)> = exports
        .into_iter()
        .map(|(name, runs)| (format!("{path}/{name}.proto"), export(runs.map(|run| item(&history(run))))))
        .collect();
    for (name, bytes) in &plain {
        folder.write_encoded(name, bytes);
    }
    (folder, plain)
}

/// Runs the command; returns status, standard output and standard error.
pub(crate) fn run(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = folder.run(&[&["history", "decode"], arguments].concat(), "");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn report(folder: &Folder) -> Value {
    serde_json::from_str(&folder.read("report.json")).unwrap()
}

/// The output of a path below the folder that was named.
fn made(path: &str) -> String {
    path.replace("temporal-workflow-history/export/", "made/")
}

const EXPORTS: &str = "temporal-workflow-history/export";

#[test]
fn a_folder_of_exports_is_decoded_byte_for_byte() {
    for jobs in ["1", "3"] {
        let (folder, plain) = prepared();
        let (code, table, notes) =
            run(&folder, &["--output", "made", "--jobs", jobs, "--report", "report.json", EXPORTS]);
        assert_eq!(code, Some(0), "{notes}");
        assert!(table.contains("14  binary/encrypted  test-key-id"), "{table}");
        assert!(notes.contains("decoded 14 payloads of 7 histories in 3 file(s)"), "{notes}");
        assert!(notes.contains("0 file(s) skipped because they exist, 0 failed"), "{notes}");
        for (name, bytes) in plain {
            assert_eq!(fs::read(folder.path(&made(&name))).unwrap(), bytes, "{name}");
        }
        let report = report(&folder);
        assert_eq!(report["files"], serde_json::json!({"done": 3, "skipped": 0, "failed": 0, "left": 0}));
        // Encryption is never the same twice, so that encoded histories are equal only if one was
        // delivered twice.
        assert_eq!(report["histories"], serde_json::json!({"all": 7, "equal": 0, "newer": 0}));
        assert_eq!(report["payloads"], serde_json::json!({"all": 14}));
        let codec = serde_json::json!([{"codec": "encrypt", "keyId": "test-key-id", "payloads": 14}]);
        assert_eq!(report["codecs"], codec);
        assert_eq!(report["failures"], serde_json::json!([]));
    }
}

#[cfg(unix)]
#[test]
fn output_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, plain) = prepared();
    assert_eq!(run(&folder, &["--output", "made", EXPORTS]).0, Some(0));
    assert_eq!(run(&folder, &["--output", "runs", "--split", EXPORTS]).0, Some(0));
    let mode = |path: &str| fs::metadata(folder.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&made(&plain[0].0)), 0o600);
    let runs = plain[0].0.replace(EXPORTS, "runs");
    assert_eq!(mode(&runs), 0o700);
    assert_eq!(mode(&format!("{runs}/run-0-0.json")), 0o600);
}

#[test]
fn the_same_command_does_only_what_is_left() {
    let (folder, plain) = prepared();
    let command = ["--output", "made", "--report", "report.json", EXPORTS];
    assert_eq!(run(&folder, &command).0, Some(0));
    let (first, second) = (folder.path(&made(&plain[0].0)), folder.path(&made(&plain[1].0)));
    // A kill leaves the file in work under a temporary name.
    fs::remove_file(&first).unwrap();
    fs::write(first.with_file_name(".tdc-0123456789abcdef.tmp"), "half").unwrap();
    fs::write(&second, "kept").unwrap();
    let (code, _, notes) = run(&folder, &command);
    assert_eq!(code, Some(0), "{notes}");
    assert!(notes.contains("in 1 file(s); 2 file(s) skipped because they exist, 0 failed"), "{notes}");
    assert_eq!(fs::read(&first).unwrap(), plain[0].1);
    assert_eq!(fs::read(&second).unwrap(), b"kept");

    let later = SystemTime::now() + Duration::from_mins(1);
    let changed = fs::File::options().append(true).open(folder.path(&plain[1].0)).unwrap();
    changed.set_modified(later).unwrap();
    let (code, _, notes) = run(&folder, &["--output", "made", EXPORTS]);
    assert_eq!(code, Some(1));
    assert!(notes.contains("b.proto was made of another version of this file"), "{notes}");
}

/// A bucket can have another object under the name, with any time.
#[test]
fn an_input_in_the_place_of_another_is_noticed_whatever_its_time() {
    let (folder, plain) = prepared();
    let command = ["--output", "made", EXPORTS];
    assert_eq!(run(&folder, &command).0, Some(0));
    let (input, kept) = (folder.path(&plain[0].0), folder.path(&plain[1].0));
    let encoded = fs::read(&input).unwrap();
    let time = fs::metadata(&input).unwrap().modified().unwrap();
    let set = |time| fs::File::options().append(true).open(&input).unwrap().set_modified(time).unwrap();
    let refused = |expected| {
        let (code, _, notes) = run(&folder, &command);
        assert_eq!(code == Some(1), expected, "{notes}");
        assert_eq!(notes.contains("a.proto was made of another version of this file"), expected, "{notes}");
    };
    refused(false);
    set(time - Duration::from_hours(1));
    refused(true);
    fs::write(&input, fs::read(&kept).unwrap()).unwrap();
    set(time);
    refused(true);
    fs::write(&input, encoded).unwrap();
    set(time);
    refused(false);
    // Without the notes, an output that is newer counts.
    fs::remove_file(folder.path("made/.tdc-inputs")).unwrap();
    set(time - Duration::from_hours(1));
    refused(false);
}

#[test]
fn a_process_that_is_killed_leaves_only_whole_files() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    fs::create_dir(folder.path("exports")).unwrap();
    let plain = export((0..1000).map(|run| item(&history(run))));
    folder.write_encoded("exports/0.proto", &plain);
    for copy in 1..12 {
        fs::copy(folder.path("exports/0.proto"), folder.path(&format!("exports/{copy}.proto"))).unwrap();
    }
    let command = ["history", "decode", "--output", "made", "--jobs", "2", "exports"];
    let mut child = folder.command(&command).stderr(std::process::Stdio::null()).spawn().unwrap();
    // It is killed when the first output is there, which is in the middle of others.
    let is_there = |index: usize| folder.path(&format!("made/{index}.proto")).exists();
    while !(0..12).any(is_there) && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
    for index in (0..12).filter(|index| is_there(*index)) {
        assert_eq!(fs::read(folder.path(&format!("made/{index}.proto"))).unwrap(), plain);
    }
    assert_eq!(run(&folder, &command[2..]).0, Some(0));
    for index in 0..12 {
        assert_eq!(fs::read(folder.path(&format!("made/{index}.proto"))).unwrap(), plain);
    }
}

#[test]
fn histories_that_were_delivered_twice_are_counted() {
    let (folder, plain) = prepared();
    let (first, again) = (folder.path(&plain[0].0), folder.path(&format!("{EXPORTS}/again.proto")));
    fs::copy(first, again).unwrap();
    let (code, _, notes) = run(&folder, &["--output", "made", "--report", "report.json", EXPORTS]);
    assert_eq!(code, Some(0), "{notes}");
    assert!(notes.contains("3 of 10 histories are equal to another one"), "{notes}");
    assert_eq!(report(&folder)["histories"], serde_json::json!({"all": 10, "equal": 3, "newer": 0}));
}

#[test]
fn json_exports_and_single_histories_are_decoded_too() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    fs::create_dir(folder.path("in")).unwrap();
    let one = json_history("run-7");
    let documents = [
        (
            "export.json",
            format!("{{\"newer\":1,\"items\": [{{\"history\":{one}}}, {{}}, {{\"history\":{one}}}]}}\n"),
        ),
        ("shown.json", one.clone()),
        ("list.json", one.replacen("{\"events\":", "", 1).trim_end_matches('}').to_owned() + "}]"),
    ];
    for (name, plain) in &documents {
        let list = plain.trim_end().strip_suffix("]").filter(|_| *name == "list.json");
        let plain = if list.is_some() { json_list() } else { plain.clone() };
        folder.write(&format!("in/{name}"), &folder.succeeds(&["history", "encode"], &plain));
    }
    folder.write_encoded("in/history.bin", &history(1));
    let (code, _, notes) = run(&folder, &["--output", "made", "--report", "report.json", "in"]);
    assert_eq!(code, Some(0), "{notes}");
    assert_eq!(folder.read("made/export.json"), documents[0].1);
    assert_eq!(folder.read("made/shown.json"), one);
    assert_eq!(folder.read("made/list.json"), json_list());
    assert_eq!(fs::read(folder.path("made/history.bin")).unwrap(), history(1));
    assert_eq!(report(&folder)["histories"]["all"], 5);
}

fn json_list() -> String {
    let one = json_history("run-7");
    one.trim_end().strip_prefix("{\"events\":").unwrap().strip_suffix('}').unwrap().to_owned()
}

#[test]
fn split_writes_a_file_for_each_run_by_its_id() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    fs::create_dir(folder.path("in")).unwrap();
    // A run that was reset has the id of the first.
    folder.write_encoded(
        "in/a.proto",
        &export([history(1), history(1), history(2)].iter().map(|one| item(one))),
    );
    let one = json_history("run-7");
    for (name, plain) in [
        ("b.json", format!("{{\"items\":[{{\"history\":{one}}},{{\"history\":{one}}}]}}")),
        ("c.json", json_list()),
        ("d.json", json_history("../../etc/passwd")),
    ] {
        folder.write(&format!("in/{name}"), &folder.succeeds(&["history", "encode"], &plain));
    }
    let (code, _, notes) = run(&folder, &["--output", "runs", "--split", "in"]);
    assert_eq!(code, Some(0), "{notes}");
    let mut names = Vec::new();
    let inputs = fs::read_dir(folder.path("runs")).unwrap().map(Result::unwrap);
    for input in inputs.filter(|input| input.path().is_dir()) {
        for run in fs::read_dir(input.path()).unwrap() {
            let run = run.unwrap();
            let name = format!("{}/{}", input.file_name().display(), run.file_name().display());
            let text = fs::read_to_string(run.path()).unwrap();
            let parsed: Value = serde_json::from_str(&text).unwrap();
            assert!(parsed["events"].as_array().is_some_and(|events| !events.is_empty()), "{name}: {text}");
            let started = &parsed["events"][0]["workflowExecutionStartedEventAttributes"];
            assert_eq!(started["input"]["payloads"][0]["data"], "IlRlc3Rpbmci", "{name}: {text}");
            names.push(name);
        }
    }
    names.sort();
    assert_eq!(
        names,
        [
            "a.proto/run-1-0.json",
            "a.proto/run-1-1.json",
            "a.proto/run-2-0.json",
            "b.json/run-7-0.json",
            "b.json/run-7-1.json",
            "c.json/run-7-0.json",
            "d.json/unknown-0.json",
        ]
    );
    // Events of an export are written as the JSON of their type.
    let text = folder.read("runs/a.proto/run-1-0.json");
    assert!(text.contains("EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"), "{text}");
    let (code, _, notes) = run(&folder, &["--output", "runs", "--split", "in"]);
    assert_eq!(code, Some(0));
    assert!(notes.contains("4 file(s) skipped because they exist"), "{notes}");
    let (code, _, notes) = run(&folder, &["--output", "runs", "in"]);
    assert_eq!(code, Some(1));
    assert!(notes.contains("is a folder, as --split makes it: name another output folder"), "{notes}");
}

#[test]
fn the_namespace_may_come_from_the_path() {
    let (folder, plain) = prepared();
    let config = format!("{SAMPLE_CONFIG}namespaces: [{{ match: orders.a1b2c }}]\n");
    folder.write("tdc.yaml", &config);
    let (code, _, notes) = run(&folder, &["--output", "made", EXPORTS]);
    assert_eq!(code, Some(1));
    assert!(notes.contains("TDC_ERR_NAMESPACE") && notes.contains("use --namespace"), "{notes}");
    let (code, _, notes) = run(&folder, &["--output", "made", "--namespace-from-path", EXPORTS]);
    assert_eq!(code, Some(0), "{notes}");
    assert_eq!(fs::read(folder.path(&made(&plain[2].0))).unwrap(), plain[2].1);
    let (code, _, notes) = run(&folder, &["--output", "named", "--namespace", "orders.a1b2c", EXPORTS]);
    assert_eq!(code, Some(0), "{notes}");

    fs::copy(folder.path(&plain[0].0), folder.path("alone.proto")).unwrap();
    let (code, _, notes) =
        run(&folder, &["--output", "other", "--namespace-from-path", "alone.proto", &plain[0].0]);
    assert_eq!(code, Some(1));
    assert!(
        notes.contains("alone.proto: TDC_ERR_NAMESPACE: the path alone.proto has no namespace"),
        "{notes}"
    );
    assert!(folder.path("other/a.proto").exists() && !folder.path("other/alone.proto").exists());
    let output = folder.run(&["history", "decode", "--namespace-from-path", &plain[0].0], "");
    assert_eq!((output.status.code(), output.stdout), (Some(0), plain[0].1.clone()));
}

#[test]
fn rewrap_has_the_same_options() {
    let (folder, plain) = prepared();
    folder.write("new.yaml", &SAMPLE_CONFIG.replace("codecs: [encrypt]", "codecs: [zlib, encrypt]"));
    let command =
        ["rewrap", "--to", "new.yaml", "--output", "new", "--jobs", "2", "--report", "report.json", EXPORTS];
    let output = folder.run(&command, "");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(report(&folder)["payloads"], serde_json::json!({"all": 14, "changed": 14}));
    assert_eq!(report(&folder)["histories"], serde_json::json!({"all": 7, "equal": 0, "newer": 0}));
    let (code, _, notes) = run(&folder, &["--config", "new.yaml", "--output", "made", "new"]);
    assert_eq!(code, Some(0), "{notes}");
    for (name, bytes) in plain {
        assert_eq!(fs::read(folder.path(&made(&name))).unwrap(), bytes);
    }
}
