//! Files of every kind, in place of a configuration and the files that it names.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::super::document;
use super::Config;
use crate::error::{Code, Error};

/// A folder that is removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tdc-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Ways to read a file: its name in errors, their code, and the function.
type Reader = (&'static str, Code, fn(&Path) -> Result<(), Error>);

/// Everything that is read from a file.
fn readers() -> [Reader; 4] {
    fn document(text: &str, path: &Path) -> Result<(), Error> {
        let folder = path.parent().unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        Config::read(&text.replace('@', name), folder, "").map(drop)
    }
    [
        ("configuration", Code::Config, |path| Config::open(path).map(drop)),
        ("key file", Code::KeyFile, |path| {
            document("version: 1\nkeys: { ring: { k: { file: '@', permissions: any } } }", path)
        }),
        ("header file", Code::KeyFile, |path| {
            let codec = "remote: { url: https://a, headers: { a: { file: '@', permissions: any } } }";
            document(&format!("version: 1\ncodecs: [{codec}]"), path)
        }),
        ("descriptor set", Code::Descriptor, |path| document("version: 1\ndescriptors: ['@']", path)),
    ]
}

#[test]
fn what_never_ends_or_never_comes_is_refused_and_named_from_the_root_on() {
    let folder = Folder::new("files");
    let at = |name: &str| folder.0.join(name);
    // It has no writer: an open would block forever.
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    // Larger than any memory, but sparse on disk.
    File::create(at("large")).unwrap().set_len(1 << 36).unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("zero")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    for (name, expected) in [
        ("pipe", "expected a regular file, found a pipe, a socket or a device"),
        ("zero", "expected a regular file, found a pipe, a socket or a device"),
        ("folder", "expected a regular file, found a directory"),
        ("large", "it is longer than "),
        ("none", "No such file or directory"),
    ] {
        for (what, code, read) in readers() {
            let error = read(&at(name)).unwrap_err();
            let message = error.message();
            assert_eq!(error.code(), code, "{message}");
            let start = format!("cannot read the {what} {}: {expected}", at(name).display());
            assert!(message.contains(&start), "{message}");
        }
    }
}

#[test]
fn a_relative_path_is_shown_from_the_root_on() {
    for (what, _, read) in readers() {
        let path = Path::new("no-such-folder/no-such-file");
        let error = read(path).unwrap_err();
        let shown = std::env::current_dir().unwrap().join(path);
        let start = format!("cannot read the {what} {}: ", shown.display());
        assert!(error.message().contains(&start), "{}", error.message());
    }
}

#[test]
fn a_configuration_that_is_no_text_is_said_to_be_none() {
    let folder = Folder::new("encodings");
    let path = folder.0.join("tdc.yaml");
    std::fs::write(&path, b"version: 1\n# \xff\n").unwrap();
    let error = Config::open(&path).err().unwrap();
    assert!(error.message().ends_with(": it is not UTF-8 at byte 13"), "{}", error.message());
}

#[test]
fn the_time_for_keys_grows_with_their_number() {
    let time = |count: usize| {
        let keys: String = (0..count).map(|index| format!("k{index:05}:\n")).collect();
        let measure = || {
            let start = Instant::now();
            assert!(document::read(&keys).is_ok());
            start.elapsed()
        };
        (0..3).map(|_| measure()).min().unwrap()
    };
    // Ten times as many: comparing each with each would take a hundred times as long.
    let (few, many) = (time(8_000), time(80_000));
    assert!(many < few * 40, "{few:?} for 8,000 keys, {many:?} for 80,000");
}
