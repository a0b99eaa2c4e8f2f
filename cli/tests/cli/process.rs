//! What the process does with its surroundings.

#![cfg(target_os = "linux")]

use std::fs::{File, OpenOptions};
use std::process::{Command, Stdio};

use crate::folder::{Folder, SAMPLE_CONFIG, SAMPLE_KEY};

const BODY: &str = r#"{"payloads":[{"data":"AAAA"}]}"#;

#[test]
fn a_full_disk_is_an_error() {
    let folder = Folder::new();
    folder.write("body.json", BODY);
    let mut command = folder.command(&["inspect", "body.json"]);
    let output = command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.starts_with("tdc: TDC_ERR_IO: cannot write to standard output: "), "{error}");
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let folder = Folder::new();
    folder.write("body.json", BODY);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = folder.command(&["inspect", "body.json"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_folder_instead_of_a_file_is_an_error() {
    let folder = Folder::new();
    let error = folder.fails(&["inspect", "."], "");
    assert!(error.starts_with("tdc: TDC_ERR_IO: cannot read .: "), "{error}");
}

#[test]
fn closed_standard_error_changes_nothing() {
    let folder = Folder::new();
    let mut command = folder.command(&["inspect", "nowhere"]);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(command.stdout(Stdio::null()).stderr(full).status().unwrap().code(), Some(1));
}

/// The command waits for its input, so that its limits can be read meanwhile.
#[test]
fn core_dumps_are_off() {
    let core = |process: &str| {
        let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
        line.split_whitespace().skip(4).take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    if core("self")[1] == "0" {
        eprintln!("skipped, because nobody may have core dumps here (ulimit -H -c)");
        return;
    }
    let folder = Folder::with_config(SAMPLE_CONFIG);
    // Many machines have them off for a start.
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "ulimit -S -c $(ulimit -H -c); exec \"$0\" decode --config tdc.yaml",
        env!("CARGO_BIN_EXE_tdc"),
    ]);
    let mut child = command
        .current_dir(folder.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It has a moment to start; a command that never turns them off is given up after a while.
    let off = (0..2_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        core(&child.id().to_string()) == ["0", "0"]
    });
    drop(child.stdin.take());
    child.wait().unwrap();
    assert!(off, "core dumps are on");
}

#[test]
fn keys_may_come_from_the_environment() {
    let env = "version: 1\nkeys: { primary: k, ring: { k: { env: ORDERS_KEY } } }\ncodecs: [encrypt]\n\
               failures: { encode_common_attributes: true }\n";
    let folder = Folder::with_config(env);
    let check = |key: &str| {
        let mut command = folder.command(&["config", "check", "tdc.yaml"]);
        command.env("ORDERS_KEY", key).stdin(File::open("/dev/null").unwrap()).output().unwrap()
    };
    assert_eq!(check(SAMPLE_KEY).status.code(), Some(0));
    let bad = check("SECRET");
    let error = String::from_utf8(bad.stderr).unwrap();
    assert_eq!(bad.status.code(), Some(1));
    assert!(error.starts_with("tdc: TDC_ERR_KEY_FILE: ") && !error.contains("SECRET"), "{error}");
}
