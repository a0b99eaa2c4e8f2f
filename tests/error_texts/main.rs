//! The text of every error of the library. A change of one shows in a snapshot: `make texts` writes
//! them again, and the difference is to be read.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "tests say what they expect by panicking"
)]

mod boundary;
mod codecs;
mod configuration;
mod descriptors;
mod envelopes;
mod files;
mod histories;
mod json;
mod messages;
mod payload_json;
mod protobuf_json;
mod remote;
mod storage;
mod values;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use tdc::{Code, DataConverter, Error};
use tdc_formats::wire::{push_bytes, push_varint};

/// Codes that these tests do not raise.
const ELSEWHERE: [(Code, &str); 7] = [
    (Code::Ok, "success"),
    (Code::Unchanged, "success"),
    (Code::Null, "raised by the C ABI: src/ffi/tests.rs"),
    (Code::Panic, "raised by the C ABI, for a bug: src/ffi/tests.rs"),
    (Code::KeyProvider, "raised by the bindings"),
    (Code::Random, "raised where the operating system has no random numbers"),
    (Code::Io, "raised where the operating system has no memory for a key"),
];

/// Errors with the names of what raised them.
struct Texts {
    folder: PathBuf,
    codes: BTreeSet<u32>,
    lines: String,
    /// What gave no error.
    missing: Vec<String>,
}

impl Texts {
    fn new(area: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tdc-texts-{area}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, codes: BTreeSet::new(), lines: String::new(), missing: Vec::new() }
    }

    /// Notes the error that `what` must give.
    fn add<T>(&mut self, what: &str, result: Result<T, Error>) {
        let Err(error) = result else {
            self.missing.push(what.to_owned());
            return;
        };
        self.codes.insert(error.code() as u32);
        let here = std::env::current_dir().unwrap();
        let text = error.to_string();
        let text = text.replace(self.folder.to_str().unwrap(), "<folder>");
        let text = text.replace(here.to_str().unwrap(), "<here>");
        writeln!(self.lines, "{what}\n    {text}").unwrap();
    }
}

impl Drop for Texts {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// One test, and one snapshot, for each area.
macro_rules! areas {
    ($($area:ident)*) => {
        $(#[test]
        fn $area() {
            let mut texts = Texts::new(stringify!($area));
            $area::raise(&mut texts);
            assert!(texts.missing.is_empty(), "no error: {:#?}", texts.missing);
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(stringify!($area), texts.lines);
            });
        })*

        #[test]
        fn every_code_has_a_text() {
            let mut codes = BTreeSet::new();
            $({
                let mut texts = Texts::new(concat!(stringify!($area), "-codes"));
                $area::raise(&mut texts);
                codes.append(&mut texts.codes);
            })*
            for code in Code::ALL {
                let elsewhere = ELSEWHERE.iter().any(|(other, _)| other == code);
                assert_eq!(codes.contains(&(*code as u32)), !elsewhere, "{}", code.name());
            }
        }
    };
}

areas! {
    boundary codecs configuration descriptors envelopes files histories json messages payload_json protobuf_json remote
    storage values
}

/// A key, as a configuration has it.
const KEY: &str = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";

fn parse(document: &str) -> Result<DataConverter, Error> {
    DataConverter::parse(&format!("version: 1\n{document}\n"), Path::new(""), "")
}

fn plain() -> DataConverter {
    parse("").unwrap()
}

/// With one key, `one`, and the rest of a configuration.
fn with_key(rest: &str) -> DataConverter {
    parse(&format!("keys: {{ primary: one, ring: {{ one: {{ insecure_inline: {KEY} }} }} }}\n{rest}"))
        .unwrap()
}

/// A length-delimited field.
fn field(number: u8, contents: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, number, contents.as_ref());
    out
}

/// A field with a number.
fn number(number: u32, value: u64) -> Vec<u8> {
    [varint(u64::from(number << 3)), varint(value)].concat()
}

fn varint(value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    push_varint(&mut out, value);
    out
}

fn payload(metadata: &[(&str, &str)], data: impl AsRef<[u8]>) -> Vec<u8> {
    let entry = |(key, value): &(&str, &str)| field(1, [field(1, key), field(2, value)].concat());
    let mut payload: Vec<u8> = metadata.iter().flat_map(entry).collect();
    payload.extend(field(2, data));
    payload
}

/// One payload in a list.
fn payloads(metadata: &[(&str, &str)], data: impl AsRef<[u8]>) -> Vec<u8> {
    field(1, payload(metadata, data))
}
