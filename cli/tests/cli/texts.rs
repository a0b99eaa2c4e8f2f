//! Every sentence that the command line says, pinned word for word: the helps, and what it says of
//! each mistake.

use std::fmt::Write;

use insta::assert_snapshot;

use crate::exports::{export, history, item};
use crate::folder::{Folder, SAMPLE_CONFIG};

/// A body with one payload that is not encoded.
const BODY: &str = r#"{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci"}]}"#;
const FAILURE: &str = r#"{"message":"m","source":"GoSDK","applicationFailureInfo":{"type":"T"}}"#;
const HISTORY: &str = r#"{"events":[]}"#;

/// The help of `command` and of each command below it.
pub(crate) fn helps(folder: &Folder, command: &[&str], all: &mut String) {
    let help = folder.succeeds(&[command, &["--help"]].concat(), "");
    writeln!(all, "$ tdc {}\n{help}", [command, &["--help"]].concat().join(" ")).unwrap();
    let (_, commands) = help.split_once("\nCommands:\n").unwrap_or_default();
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        helps(folder, &[command, &[name]].concat(), all);
    }
}

#[test]
fn helps_are_pinned() {
    let mut all = String::new();
    helps(&Folder::new(), &[], &mut all);
    assert!(all.matches("$ tdc").count() >= 15);
    assert_snapshot!(all);
}

/// Runs one command after the other, in one folder; returns the output of each.
fn session(folder: &Folder, commands: &[(&[&str], &str)]) -> String {
    let mut said = String::new();
    for (command, input) in commands {
        let output = folder.run(command, input);
        writeln!(said, "$ tdc {}", command.join(" ")).unwrap();
        said += &String::from_utf8(output.stdout).unwrap();
        said += &String::from_utf8(output.stderr).unwrap();
        writeln!(said, "[{}]\n", output.status.code().unwrap()).unwrap();
    }
    // The folder has another name each time.
    said.replace(&folder.path("").canonicalize().unwrap().display().to_string(), "FOLDER")
}

#[test]
fn what_it_says_without_a_configuration_is_pinned() {
    let folder = Folder::new();
    folder.write("body.json", BODY);
    let said = session(
        &folder,
        &[
            (&["inspct"], ""),
            (&["encode", "--confg", "x"], ""),
            (&["config"], ""),
            (&["encode"], BODY),
            (&["encode", "--config", "nowhere.yaml"], BODY),
            (&["inspect", "nowhere.json"], ""),
            (&["inspect", "."], ""),
            (&["inspect"], ""),
            (&["inspect"], "nope"),
            (&["inspect"], "[[]]"),
            (&["inspect"], "7"),
            (&["inspect", "body.json"], ""),
            (&["keygen", "-"], ""),
            (&["keygen", ".."], ""),
            (&["keygen", "keys/one.key"], ""),
            (&["keygen", "keys/one.key"], ""),
            (&["keygen", "keys/kéy.key"], ""),
            (&["keygen", "body.json/one.key"], ""),
            (&["init", "--key-id", "no good"], ""),
            (&["init", "body.json"], ""),
            (&["init", "services", "--key-id", "orders-2026-11"], ""),
            (&["init", "services", "--key-id", "orders-2026-11"], ""),
            (&["serve", "--config", "nowhere.yaml"], ""),
        ],
    );
    assert_snapshot!(said);
}

#[test]
fn what_it_says_of_payloads_is_pinned() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let unknown = BODY.replace("anNvbi9wbGFpbg==", "YmluYXJ5L2VuY3J5cHRlZA==");
    let said = session(
        &folder,
        &[
            (&["encode"], FAILURE),
            (&["encode"], HISTORY),
            (&["to-payload"], FAILURE),
            (&["from-payload"], HISTORY),
            (&["decode"], &unknown),
            (&["decode"], r#"{"payloads":[{"data":7}]}"#),
            (&["decode", "--text"], BODY),
            (&["decode", "--text"], r#"{"payloads":[{"data":"AAEC"},{"metadata":{"encoding":"eHg="}}]}"#),
            (&["history", "decode", "--progress"], HISTORY),
            (&["history", "decode"], BODY),
            (&["failure", "decode"], HISTORY),
        ],
    );
    assert_snapshot!(said);
}

/// Names of runs, reports, skips and failures.
#[test]
fn what_it_says_of_many_files_is_pinned() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    folder.write_encoded("in/a.json", HISTORY.as_bytes());
    folder.write_encoded("in/b.proto", &export([item(&history(1)), item(&history(1))]));
    let newer = format!(r#"{{"items":[{{"history":{HISTORY}}}],"activities":[{{}}]}}"#);
    folder.write_encoded("newer/c.json", newer.as_bytes());
    folder.write("bad.json", "{\"items\":[{\"history\":{\"events\":[]}},7]}");
    folder.write("cut.proto", "\n\u{5}\n\u{3}ab");
    folder.write("new.yaml", &SAMPLE_CONFIG.replace("codecs: [encrypt]", "codecs: [zlib, encrypt]"));
    std::fs::create_dir(folder.path("empty")).unwrap();
    let decode = ["history", "decode"];
    let mut said = String::new();
    for arguments in [
        &["in"][..],
        &["-o", "out", "in"],
        &["-o", "out", "in"],
        &["-o", "out", "--split", "in"],
        &["-o", "in/out", "in"],
        &["-o", "runs", "--split", "--report", "r.json", "in", "newer/c.json", "bad.json"],
        &["-o", "runs", "--report", "in/a.json", "in"],
        &["-o", "runs", "in"],
        &["-o", "one", "--fail-fast", "bad.json", "cut.proto", "in"],
        &["-o", "two", "in/a.json", "out/a.json"],
        &["-o", "two", "--namespace-from-path", "in/a.json"],
        &["-o", "two", "nowhere/*"],
        &["-o", "two", "s3://user@bucket/exports"],
        &["-o", "s3://bucket/made", "in"],
        &["-o", "two", "--jobs", "0", "in"],
        &["-o", "two", "empty"],
        &["--split", "in/a.json"],
        &["--namespace-from-path"],
    ] {
        said += &session(&folder, &[(&[&decode, arguments].concat(), "")]);
    }
    said += &session(
        &folder,
        &[
            (&["rewrap", "--to", "new.yaml", "-o", "new", "in"], ""),
            (&["rewrap", "-o", "other", "in"], ""),
            (&["keys", "used", "in", "cut.proto"], ""),
        ],
    );
    // What takes a second says how fast it was.
    let lines = said.lines().filter(|line| !line.contains(" MiB/s"));
    assert_snapshot!(lines.fold(String::new(), |all, line| all + line + "\n"));
}

#[test]
fn what_a_key_of_nobody_is_called_is_pinned() {
    let encoded = Folder::with_config(SAMPLE_CONFIG).succeeds(&["encode"], BODY);
    let others = Folder::with_config(
        "version: 1\nkeys: { primary: k, ring: { k: { insecure_inline: \
         dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }\ncodecs: [encrypt]\n",
    );
    let mut said = session(&others, &[(&["decode"], &encoded)]);
    let host = Folder::with_config("version: 1\nkeys: { primary: k, host: true }\ncodecs: [encrypt]\n");
    said += &session(&host, &[(&["decode"], &encoded), (&["encode"], BODY), (&["config", "check"], "")]);
    let namespaces = Folder::with_config(
        "version: 1\nkeys: { primary: k, ring: { k: { insecure_inline: \
         dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }\ncodecs: [encrypt]\n\
         namespaces: [{ match: orders }]\n",
    );
    said += &session(&namespaces, &[(&["encode"], BODY), (&["encode", "--namespace", "x"], BODY)]);
    assert_snapshot!(said);
}

#[test]
fn what_is_said_of_a_configuration_is_pinned() {
    let key = "{ insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }";
    let ring = format!("version: 1\nkeys: {{ primary: a, ring: {{ a: {key}, b: {key} }} }}\n");
    let mut said = String::new();
    for more in [
        "codecs: [zstd, encrypt]\nfailures: { encode_common_attributes: true }\n",
        "codecs: [zstd]\n",
        "codecs: [encrypt]\nnamespaces:\n  - { match: \"orders-*\", keys: { primary: a } }\n  \
         - { match: orders-eu, keys: { primary: a } }\n  - { match: \"*\", keys: { primary: b } }\n",
        "codecs: [remote: { url: \"http://127.0.0.1:1\" }]\n",
        "codecs: [encrypt]\nserver: { audit: { file: audit.jsonl } }\n",
        "codecs: [zstd, encrypt, zlib]\n",
        "codex: [zstd]\n",
    ] {
        let folder = Folder::with_config(&format!("{ring}{more}"));
        writeln!(said, "--- {more}").unwrap();
        said += &session(&folder, &[(&["config", "check"], "")]);
    }
    assert_snapshot!(said);
}
