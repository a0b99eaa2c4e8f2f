//! Configurations as people write them, valid and invalid.

mod files;
mod json_schema;
mod server;

use std::path::Path;

use super::Config;
use crate::error::{Code, Error};

const KEY: &str = "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";

fn read(text: &str) -> Result<Config, Error> {
    Config::read(&text.replace("KEY", KEY), Path::new(""), "tdc.yaml")
}

fn problem(text: &str) -> String {
    read(text).err().unwrap().message().to_owned()
}

#[test]
fn problems_name_file_line_column_path_and_what_to_do() {
    let cases = [
        (
            "version: 1\ncodecs:\n  - zstd: { levle: 3 }\n",
            "tdc.yaml: line 3, column 13: codecs[0].zstd: unknown field levle, expected level, min_size; \
             did you mean level?",
        ),
        (
            "version: 1\ncodecs: [lz4]\n",
            "tdc.yaml: line 2, column 10: codecs[0]: found lz4, expected zlib, zstd, snappy, gzip, encrypt, msgpack, json, remote",
        ),
        ("version: 2\n", "tdc.yaml: line 1, column 10: version: expected version 1, found 2"),
        ("codecs: []\n", "tdc.yaml: line 1, column 1: missing field `version`"),
        (
            "version: 1\nlimits: { max_decoded_bytes: 64 megabytes }\n",
            "tdc.yaml: line 2, column 30: limits.max_decoded_bytes: found \"64 megabytes\", \
             expected a number of bytes such as 1024 or \"64 MiB\"",
        ),
        (
            "version: 1\ncodecs: [zstd: {level: 99}]\n",
            "tdc.yaml: line 2, column 24: codecs[0].zstd.level: found 99, expected 1 to 19",
        ),
        (
            "version: 1\ncodecs: [encrypt]\n",
            "tdc.yaml: line 2, column 9: codecs: encrypt needs a key: set keys.primary, and keys.ring or keys.host",
        ),
        (
            "version: 1\nkeys: { primary: a, ring: { a: { insecure_inline: KEY } } }\ncodecs: [encrypt, zlib]\n",
            "tdc.yaml: line 3, column 19: codecs[1]: encrypted data does not compress; move this codec before encrypt",
        ),
        (
            "version: 1\nkeys: { primary: b, ring: { a: { insecure_inline: KEY } } }\n",
            "tdc.yaml: line 2, column 18: keys.primary: the key \"b\" is not in keys.ring: add it there, or set keys.host to true if the host program provides it",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(problem(text), expected);
    }
}

#[test]
fn key_bytes_are_in_no_message() {
    let cases = [
        format!("version: 1\nkeys: {{ ring: {{ a: {{ insecure_inline: {KEY}x }} }} }}"),
        format!("version: 1\nkeys: {{ ring: {{ a: {{ insecure_inline: [{KEY}] }} }} }}"),
        format!("version: 1\nkeys: {{ ring: {{ a: {KEY} }} }}"),
        format!("version: 1\nkeys: {{ ring: {KEY} }}"),
        format!("version: 1\nkeys: {{ {KEY}: 1 }}"),
        format!("version: 1\nkeys: {{ ring: {{ a: {{ file: x, permissions: {KEY} }} }} }}"),
        format!("version: 1\nkeys: {{ ring: {{ {KEY}: {{ env: X }}, {KEY}: {{ env: X }} }} }}"),
        "version: 1\nkeys: { ring: { test-key-test-key-test-key-test!: { env: X } } }".to_owned(),
    ];
    for text in cases {
        let message = problem(&text);
        assert!(!message.contains(&KEY[..20]) && !message.contains("test-key-test"), "{message}");
    }
}

#[test]
fn key_files_are_private_regular_and_32_bytes() {
    let folder = std::env::temp_dir().join(format!("tdc-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write("good.key", &format!("{KEY}\n"), 0o600);
    write("open.key", KEY, 0o644);
    write("short.key", "c2hvcnQ=", 0o600);
    write("text.key", "not base64!", 0o600);
    write("long.key", &"A".repeat(5000), 0o600);
    let read = |entry: &str| {
        let text = format!("version: 1\nkeys: {{ ring: {{ k: {{ {entry} }} }} }}");
        Config::read(&text, &folder, "").map(drop)
    };
    assert!(read("file: good.key").is_ok());
    assert!(read("file: open.key, permissions: any").is_ok());
    let cases = [
        ("file: open.key", "can be read or written by others (mode 644): run chmod 600"),
        ("file: short.key", "the key has 5 bytes, expected 32"),
        ("file: text.key", "expected 32 bytes in base64"),
        ("file: long.key", "it is longer than 1024 bytes"),
        ("file: none.key", "cannot read the key file"),
        ("file: .", "expected a regular file, found a directory"),
        ("env: TDC_TEST_NO_SUCH_VARIABLE", "the environment variable TDC_TEST_NO_SUCH_VARIABLE is not set"),
    ];
    for (entry, expected) in cases {
        let error = read(entry).unwrap_err();
        assert_eq!(error.code(), Code::KeyFile, "{entry}");
        assert!(error.message().contains(expected), "{entry}: {}", error.message());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn descriptor_sets_must_be_there_and_be_such() {
    let folder = std::env::temp_dir().join(format!("tdc-descriptors-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("text.binpb"), "text").unwrap();
    for (name, expected) in [
        ("none.binpb", "line 2, column 16: descriptors[0]: cannot read the descriptor set"),
        (".", "expected a regular file, found a directory"),
        ("text.binpb", "this is not a google.protobuf.FileDescriptorSet"),
    ] {
        let text = format!("version: 1\ndescriptors: [ {name} ]");
        let error = Config::read(&text, &folder, "").map(drop).unwrap_err();
        assert_eq!(error.code(), Code::Descriptor, "{name}");
        assert!(error.message().contains(expected), "{name}: {}", error.message());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn namespaces_decide_by_the_first_match() {
    let config = read(
        "version: 1\nkeys: { primary: a, ring: { a: { insecure_inline: KEY } } }\ncodecs: [zlib]\nnamespaces:\n  \
         - { match: \"orders-*\", keys: { primary: a }, codecs: [encrypt] }\n  - { match: \"*\" }\n",
    )
    .unwrap();
    assert!(config.profile("orders-eu").unwrap().chain.encrypts());
    assert!(!config.profile("other").unwrap().chain.encrypts());
    assert_eq!(config.profile("").err().unwrap().code(), Code::Namespace);
}
