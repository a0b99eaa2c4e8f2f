//! `s3://` and `gs://` in the places of files.

use std::fs;

use serde_json::{Value, json};

use crate::bulk::prepared;
use crate::exports::{export, history, item, json_history};
use crate::folder::{Folder, SAMPLE_CONFIG};
use crate::store::Store;

const EXPORTS: &str = "temporal-workflow-history/export";
const SCHEMES: [&str; 2] = ["s3", "gs"];

/// The exports of a folder in a store, under the same names.
fn stored() -> (Folder, Vec<(String, Vec<u8>)>, Store) {
    let (folder, plain) = prepared();
    let store = Store::start();
    for (name, _) in &plain {
        store.put(name, &fs::read(folder.path(name)).unwrap());
    }
    fs::remove_dir_all(folder.path("temporal-workflow-history")).unwrap();
    (folder, plain, store)
}

/// Runs a command; returns status, standard output and standard error.
fn run(folder: &Folder, store: &Store, arguments: &[&str]) -> (Option<i32>, Vec<u8>, String) {
    let output = store.found_by(&mut folder.command(arguments)).output().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

fn report(folder: &Folder) -> Value {
    serde_json::from_str(&folder.read("report.json")).unwrap()
}

/// All files below a folder, without notes about outputs.
fn files(folder: &Folder, name: &str) -> Vec<String> {
    let (mut found, mut left) = (Vec::new(), vec![folder.path(name)]);
    while let Some(path) = left.pop() {
        for entry in fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                left.push(entry);
            } else if !entry.ends_with(".tdc-inputs") {
                found.push(entry.strip_prefix(folder.path(name)).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_folder_of_a_bucket_is_decoded_like_a_local_one() {
    for scheme in SCHEMES {
        let (folder, plain, store) = stored();
        store.put("temporal-workflow-history/exports-eu/x", b"of another folder");
        store.put(&format!("{EXPORTS}/"), b"");
        store.put(&format!("{EXPORTS}/.tdc-inputs"), b"not an input");
        let config = format!("{SAMPLE_CONFIG}namespaces: [{{ match: orders.a1b2c }}]\n");
        folder.write("tdc.yaml", &config);
        let address = format!("{scheme}://bucket/{EXPORTS}");
        let command =
            ["history", "decode", "--output", "made", "--jobs", "2", "--namespace-from-path", &address];
        let (code, _, notes) = run(&folder, &store, &command);
        assert_eq!(code, Some(0), "{scheme}: {notes}");
        assert!(notes.contains("decoded 14 payloads of 7 histories in 3 file(s)"), "{notes}");
        for (name, bytes) in &plain {
            let made = name.replace(&format!("{EXPORTS}/"), "made/");
            assert_eq!(fs::read(folder.path(&made)).unwrap(), *bytes, "{name}");
        }
        assert_eq!(files(&folder, "made").len(), 3, "nothing else is left: {:?}", files(&folder, "made"));

        // Nothing is fetched again.
        store.asked();
        let (code, _, notes) = run(&folder, &store, &command);
        assert_eq!(code, Some(0), "{notes}");
        assert!(notes.contains("3 file(s) skipped because they exist, 0 failed"), "{notes}");
        assert!(store.asked().iter().all(|line| line.contains("prefix=")), "only listings");

        // Bytes of another version, even as many, are noticed.
        let (name, _) = &plain[1];
        let same = fs::read(folder.path(&name.replace(&format!("{EXPORTS}/"), "made/"))).unwrap();
        store.put(name, &same);
        let (code, _, notes) = run(&folder, &store, &command);
        assert_eq!(code, Some(1));
        assert!(notes.contains("b.proto was made of another version of this file"), "{notes}");
    }
}

#[test]
fn patterns_choose_and_their_matches_keep_their_folders() {
    for scheme in SCHEMES {
        let (folder, _, store) = stored();
        let pattern = format!("{scheme}://bucket/{EXPORTS}/*/2026/11/30/02/**");
        let (code, _, notes) = run(&folder, &store, &["history", "decode", "--output", "made", &pattern]);
        assert_eq!(code, Some(0), "{notes}");
        let expected = ["orders.a1b2c/2026/11/30/02/40/b.proto", "orders.a1b2c/2026/11/30/02/40/c.proto"];
        assert_eq!(files(&folder, "made"), expected);
        assert!(store.asked()[0].contains("prefix=temporal-workflow-history%2Fexport%2F "));
    }
}

#[test]
fn rewrap_and_keys_used_read_buckets_too() {
    for scheme in SCHEMES {
        let (folder, plain, store) = stored();
        let address = format!("{scheme}://bucket/temporal-workflow-history/");
        let (code, table, notes) = run(&folder, &store, &["keys", "used", &address]);
        assert_eq!(code, Some(0), "{notes}");
        assert!(String::from_utf8(table).unwrap().contains("14  binary/encrypted  test-key-id"));
        folder.write("new.yaml", &SAMPLE_CONFIG.replace("codecs: [encrypt]", "codecs: [zlib, encrypt]"));
        let (code, _, notes) =
            run(&folder, &store, &["rewrap", "--to", "new.yaml", "--output", "new", &address]);
        assert_eq!(code, Some(0), "{notes}");
        let (code, _, notes) =
            run(&folder, &store, &["history", "decode", "--config", "new.yaml", "--output", "made", "new"]);
        assert_eq!(code, Some(0), "{notes}");
        for (name, bytes) in plain {
            let made = name.replace("temporal-workflow-history/", "made/");
            assert_eq!(fs::read(folder.path(&made)).unwrap(), bytes);
        }
    }
}

#[test]
fn one_object_goes_to_standard_output() {
    let (folder, plain, store) = stored();
    for scheme in SCHEMES {
        let address = format!("{scheme}://bucket/{}", plain[0].0);
        let output = run(&folder, &store, &["history", "decode", &address]);
        assert_eq!(output, (Some(0), plain[0].1.clone(), String::new()));
        let several = format!("{scheme}://bucket/{EXPORTS}");
        let (code, _, notes) = run(&folder, &store, &["history", "decode", &several]);
        assert_eq!(code, Some(1));
        assert!(notes.contains("has several objects: add --output FOLDER"), "{notes}");
    }
}

/// Anyone who can write to the bucket chooses keys.
#[test]
fn keys_that_lead_elsewhere_are_failures_and_the_others_go_on() {
    for scheme in SCHEMES {
        let folder = Folder::with_config(SAMPLE_CONFIG);
        folder.write_encoded("good", &export([item(&history(1))]));
        let (store, good) = (Store::start(), fs::read(folder.path("good")).unwrap());
        store.put("in/good.proto", &good);
        for key in ["in/../../outside", "in/./a", "in//etc/passwd", "in/a\\b", "in/a\0b", "in/x\ny", "in/a//"]
        {
            store.put(key, &good);
        }
        let address = format!("{scheme}://bucket/in");
        let command = ["history", "decode", "--output", "made", "--report", "report.json", &address];
        let (code, _, notes) = run(&folder, &store, &command);
        assert_eq!(code, Some(1), "{notes}");
        assert_eq!(files(&folder, "made"), ["good.proto"]);
        assert_eq!(report(&folder)["files"], json!({"done": 1, "skipped": 0, "failed": 7, "left": 0}));
        let failure = &report(&folder)["failures"][0];
        assert_eq!(failure["code"], "TDC_ERR_ARGUMENT");
        assert!(notes.contains("its key has a part that is empty, . or .."), "{notes}");
        assert!(notes.contains("its key has a backslash"), "{notes}");
        assert!(notes.contains("its key has a control character"), "{notes}");
        // What writes no files reads them all.
        let (code, answer, notes) = run(&folder, &store, &["keys", "used", "--json", &address]);
        assert_eq!(code, Some(0), "{notes}");
        assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["files"], 8);
        let odd = format!("{scheme}://bucket/in/a\\b");
        let (code, answer, notes) = run(&folder, &store, &["history", "decode", &odd]);
        assert_eq!((code, answer), (Some(0), export([item(&history(1))])), "{notes}");
        // Keys that only paths would take for the same.
        for key in ["same/a/b", "same/a//b", "same/a/./b"] {
            store.put(key, &good);
        }
        let same = |key: &str| format!("{scheme}://bucket/same/{key}");
        let (one, two, three) = (same("a/b"), same("a//b"), same("a/./b"));
        let (code, answer, notes) =
            run(&folder, &store, &["keys", "used", "--json", &one, &two, &three, &one]);
        assert_eq!(code, Some(0), "{notes}");
        assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["files"], 3);
        let (code, _, notes) = run(&folder, &store, &["history", "decode", "--output", "no", &one, &two]);
        assert_eq!(code, Some(1));
        assert!(notes.contains("a/b and") && notes.contains("a//b would become the same file"), "{notes}");
    }
}

/// A store may have an object and others below it, which no folder can have.
#[test]
fn objects_below_an_object_are_failures_and_never_skipped() {
    for scheme in SCHEMES {
        let folder = Folder::with_config(SAMPLE_CONFIG);
        folder.write_encoded("good", &export([item(&history(1))]));
        let (store, good) = (Store::start(), fs::read(folder.path("good")).unwrap());
        store.put("in/x", b"damaged");
        for key in ["in/x/y", "in/z", "twice", "twice/twice"] {
            store.put(key, &good);
        }
        let address = format!("{scheme}://bucket/in");
        for split in [true, false] {
            for mended in [false, true] {
                store.put("in/x", if mended { &good } else { b"damaged" });
                let made = format!("made-{split}");
                let mut command = vec!["history", "decode", "--output", &made, &address];
                command.extend(split.then_some("--split"));
                let (code, _, notes) = run(&folder, &store, &command);
                assert_eq!(code, Some(1), "{notes}");
                let skipped = usize::from(mended);
                assert!(
                    notes.contains(&format!("{skipped} file(s) skipped because they exist, 2 failed")),
                    "{notes}"
                );
                let expected = format!(
                    "{address}/x would take the name of the folder that {address}/x/y belongs in: name {address}/x/ with a slash at \
                     its end for what is below it, and copy the object without it to another key"
                );
                assert!(notes.contains(&expected), "{notes}");
                assert!(!folder.path(&format!("{made}/x")).exists());
            }
        }
        let twice = format!("{scheme}://bucket/twice");
        let (code, _, notes) = run(&folder, &store, &["history", "decode", "--output", "twice", &twice]);
        assert_eq!(code, Some(1));
        let expected = format!(
            "{twice} and {twice}/twice would become the same file: name {twice}/ with a slash at its end"
        );
        assert!(notes.contains(&expected), "{notes}");
        // What it says to do works.
        for below in [format!("{twice}/"), format!("{address}/x/")] {
            let (code, _, notes) = run(&folder, &store, &["history", "decode", "--output", scheme, &below]);
            assert_eq!(code, Some(0), "{notes}");
        }
        assert_eq!(files(&folder, scheme), ["twice", "y"]);
    }
}

#[test]
fn an_address_names_exactly_the_folder_that_it_says() {
    for scheme in SCHEMES {
        let folder = Folder::with_config(SAMPLE_CONFIG);
        folder.write_encoded("good", &export([item(&history(1))]));
        let (store, good) = (Store::start(), fs::read(folder.path("good")).unwrap());
        for key in ["a//b//c", "a//b/d", "a/e", "open/f", "open-g", "a/[1]", "both", "both/y", "both-z"] {
            store.put(key, &good);
        }
        for (number, (key, expected)) in [
            ("a//", &["b/d"][..]),
            ("a//b//", &["c"]),
            ("a/[[]1]", &["[1]"]),
            // An object and a folder, unless the slash says which.
            ("both", &["both", "y"]),
            ("both/", &["y"]),
            // Only what is below it may be listed.
            ("open", &["f"]),
        ]
        .into_iter()
        .enumerate()
        {
            let bucket = if key == "open" { "only-open" } else { "bucket" };
            let (address, made) = (format!("{scheme}://{bucket}/{key}"), format!("{scheme}-{number}"));
            let (_, _, notes) = run(&folder, &store, &["history", "decode", "--output", &made, &address]);
            assert_eq!(files(&folder, &made), expected, "{key}: {notes}");
        }
        let (code, _, notes) =
            run(&folder, &store, &["keys", "used", &format!("{scheme}://only-open/other")]);
        assert_eq!(code, Some(1));
        assert!(notes.contains("answered 403") && notes.contains(": allow the "), "{notes}");
        store.put(&format!("long/{}", "a".repeat(1020)), &good);
        let (code, _, notes) = run(&folder, &store, &["keys", "used", &format!("{scheme}://bucket/long")]);
        assert_eq!(code, Some(1));
        assert!(notes.contains("it has a key of more than 1024 bytes"), "{notes}");
    }
}

#[test]
fn a_bucket_that_may_not_be_listed_is_said_with_what_to_do() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let store = Store::start();
    for (address, expected) in [
        (
            "s3://closed/a",
            "TDC_ERR_STORAGE: cannot list s3://closed/a: the store answered 403 AccessDenied: allow the role s3:ListBucket on the bucket",
        ),
        ("gs://closed/a", "answered 403: allow the account storage.objects.list on the bucket"),
        ("s3://bucket/a", "no object matches s3://bucket/a: list the bucket"),
        (
            "gs://bucket/a/*",
            "no object matches gs://bucket/a/*: list the bucket to check the name; in a key that has *, ? or [ itself, write [*],",
        ),
        ("s3://b_/a", "s3://b_/a is not the address of a bucket: expected s3://BUCKET/FOLDER"),
        ("s3://bucket/a/[", "the pattern a/["),
    ] {
        let (code, _, notes) = run(&folder, &store, &["history", "decode", "--output", "made", address]);
        assert_eq!(code, Some(1));
        assert!(notes.contains(expected), "{address}: {notes}");
    }
    assert!(!folder.path("made").exists());
    // Without an endpoint, a region is needed.
    let mut command = folder.command(&["keys", "used", "s3://bucket/a"]);
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        command.env_remove(name);
    }
    let output = command.env("HOME", folder.path("")).output().unwrap();
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(notes.contains("no region for the bucket: set AWS_REGION"), "{notes}");
}

/// Larger than a part.
#[test]
fn objects_come_in_parts() {
    let folder = Folder::with_config(SAMPLE_CONFIG);
    let history = json_history("run-7").replace("IlRlc3Rpbmci", &"QUJD".repeat(3 << 20));
    let plain = format!("{{\"items\":[{{\"history\":{history}}}]}}");
    folder.write_encoded("encoded", plain.as_bytes());
    let store = Store::start();
    store.put("in/large.json", &fs::read(folder.path("encoded")).unwrap());
    for scheme in SCHEMES {
        let address = format!("{scheme}://bucket/in");
        let (code, _, notes) = run(&folder, &store, &["history", "decode", "--output", scheme, &address]);
        assert_eq!(code, Some(0), "{notes}");
        assert!(folder.read(&format!("{scheme}/large.json")) == plain);
        assert_eq!(files(&folder, scheme), ["large.json"]);
        assert!(store.asked().iter().filter(|line| line.contains("large.json")).count() > 1);
    }
}
