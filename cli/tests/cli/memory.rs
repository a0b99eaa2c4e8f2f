//! How much memory many files need: what docs/CLI.md promises.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tdc_formats::wire::push_bytes;

use crate::exports::{event, export, item};
use crate::folder::{Folder, SAMPLE_CONFIG};
use crate::references;

const MEBIBYTE: usize = 1 << 20;
/// What a job needs beside histories.
const BESIDE: usize = 64 * MEBIBYTE;

/// A history whose only payload has `len` bytes.
fn history(len: usize) -> Vec<u8> {
    let mut payload = b"\x0a\x18\x0a\x08encoding\x12\x0cbinary/plain".to_vec();
    push_bytes(&mut payload, 2, &vec![b'a'; len]);
    let mut payloads = Vec::new();
    push_bytes(&mut payloads, 1, &payload);
    let mut attributes = Vec::new();
    push_bytes(&mut attributes, 2, &payloads);
    let mut history = Vec::new();
    push_bytes(&mut history, 1, &event(1, 26, 26, &attributes));
    history
}

/// Runs `tdc history decode`; returns the most memory it had, in bytes.
fn peak(folder: &Folder, arguments: &[&str]) -> usize {
    peak_of(folder, &[&["history", "decode"], arguments].concat())
}

fn peak_of(folder: &Folder, arguments: &[&str]) -> usize {
    let mut command = folder.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        // The kernel keeps the highest, so that only what comes after the last look is missed.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
        peak = peak.max(kibibytes.unwrap_or_default() << 10);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success() && peak > 0);
    peak
}

#[track_caller]
fn assert_at_most(peak: usize, bound: usize) {
    let (peak, bound) = (peak / MEBIBYTE, bound / MEBIBYTE);
    assert!(peak <= bound, "{peak} MiB instead of at most {bound} MiB");
}

#[test]
fn an_export_is_read_one_history_at_a_time() {
    const LARGEST: usize = 4 * MEBIBYTE;
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let each = [MEBIBYTE, LARGEST].map(|len| export([item(&history(len))]));
    fs::create_dir(folder.path("in")).unwrap();
    for name in ["1", "2"] {
        let mut file = File::create(folder.path(&format!("in/{name}"))).unwrap();
        // Each file is more than what is allowed for both jobs.
        (0..36).for_each(|_| each.iter().for_each(|part| file.write_all(part).unwrap()));
    }
    assert_at_most(peak(&folder, &["--output", "one", "in"]), 3 * LARGEST + BESIDE);
    assert_at_most(peak(&folder, &["--output", "two", "--jobs", "2", "in"]), 2 * (3 * LARGEST + BESIDE));
}

/// A history as JSON, in an export: `count` events whose payloads have `len` bytes.
fn json_item(count: usize, encoding: &str, data: &str) -> String {
    let event = format!(
        r#"{{"eventId":"1","workflowExecutionSignaledEventAttributes":{{"input":{{"payloads":[{{"metadata":{{"encoding":"{}"}},"data":"{data}"}}]}}}}}}"#,
        BASE64_STANDARD.encode(encoding)
    );
    format!(r#"{{"history":{{"events":[{}]}}}}"#, vec![event; count].join(","))
}

/// The same as JSON.
#[test]
fn an_export_as_json_is_read_one_history_at_a_time() {
    const LARGEST: usize = 2 * MEBIBYTE;
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let each = [MEBIBYTE, LARGEST]
        .map(|len| json_item(1, "binary/plain", &BASE64_STANDARD.encode(vec![b'a'; len * 3 / 4])));
    fs::create_dir(folder.path("in")).unwrap();
    for name in ["1.json", "2.json"] {
        let mut file = File::create(folder.path(&format!("in/{name}"))).unwrap();
        // Each file is more than what is allowed for a job.
        for index in 0..26 {
            let before = if index == 0 { "{\"items\":[" } else { ",\n" };
            write!(file, "{before}{},{}", each[0], each[1]).unwrap();
        }
        file.write_all(b"]}").unwrap();
    }
    assert_at_most(peak(&folder, &["--output", "one", "in/1.json"]), 3 * LARGEST + BESIDE);
    assert_at_most(peak(&folder, &["--output", "two", "--jobs", "2", "in"]), 2 * (3 * LARGEST + BESIDE));
}

/// Many encrypted payloads, which are decoded, or encrypted again.
#[test]
fn one_history_is_in_memory_three_times_at_most() {
    const LARGEST: usize = 160 * MEBIBYTE;
    let folder = Folder::with_config(&format!("{SAMPLE_CONFIG}limits: {{ max_decoded_bytes: 1 GiB }}\n"));
    let history: Vec<u8> = (0..160).flat_map(|_| history(MEBIBYTE)).collect();
    folder.write_encoded("in", &export([item(&history)]));
    assert_three_times(&folder, "in", LARGEST);
}

#[test]
fn one_history_as_json_is_in_memory_three_times_at_most() {
    let folder = Folder::with_config(&format!("{SAMPLE_CONFIG}limits: {{ max_decoded_bytes: 1 GiB }}\n"));
    let data = BASE64_STANDARD.encode(vec![b'a'; MEBIBYTE * 3 / 4]);
    let plain = format!("{{\"items\":[{}]}}", json_item(80, "binary/plain", &data));
    folder.write_encoded("in.json", plain.as_bytes());
    let largest = usize::try_from(fs::metadata(folder.path("in.json")).unwrap().len()).unwrap();
    assert!(largest > 80 * MEBIBYTE);
    assert_three_times(&folder, "in.json", largest);
}

fn assert_three_times(folder: &Folder, file: &str, largest: usize) {
    for arguments in [
        &["history", "decode", "--output", "decoded", file][..],
        &["history", "decode", "--split", "--output", "runs", file],
        &["rewrap", "--to", "tdc.yaml", "--output", "made", file],
    ] {
        assert_at_most(peak_of(folder, arguments), 3 * largest + BESIDE);
    }
}

/// The largest history is what it becomes, with its objects inside.
#[test]
fn a_history_with_its_objects_is_in_memory_three_times_at_most() {
    const OBJECT: usize = 4 * MEBIBYTE;
    let storage =
        "limits: { max_decoded_bytes: 1 GiB }\nstorage: { stores: { near: { directory: objects } } }\n";
    let folder = Folder::with_config(&format!("{SAMPLE_CONFIG}{storage}"));
    let claims = (0..40_u8).map(|n| {
        let hash = references::object(&folder, &vec![n; OBJECT]);
        references::claim(&format!("{}/{hash}", references::PREFIX), &hash)
    });
    let export = references::referring("near", &claims.collect::<Vec<_>>());
    fs::create_dir(folder.path("in")).unwrap();
    fs::write(folder.path("in/export"), export).unwrap();
    let decode = ["history", "decode", "--namespace", "orders", "--output"];
    // The same as JSON, with references still.
    assert!(folder.run(&[&decode[..], &["json", "--split", "in"]].concat(), "").status.success());
    for input in ["in", "json"] {
        let output = format!("{input}-decoded");
        let peak = peak_of(&folder, &[&decode[..], &[&output, "--storage", input]].concat());
        let [file] = &files(&folder.path(&output))[..] else { panic!("expected one file") };
        let largest = usize::try_from(fs::metadata(file).unwrap().len()).unwrap();
        assert!(largest > 40 * OBJECT);
        assert_at_most(peak, 3 * largest + BESIDE);
    }
}

/// The files of a folder and its folders, but for what `tdc` notes there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let others = paths.filter(|path| !path.ends_with(".tdc-inputs"));
    others.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
