//! Every vector of `vectors`, through the public Rust API.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests say what they expect by panicking"
)]

use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;
use tdc::{Code, DataConverter, Error};

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    config: String,
    #[serde(default)]
    namespace: String,
    operation: Operation,
    #[serde(default)]
    input: Option<String>,
    expect: Expect,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Operation {
    Encode,
    Decode,
    Roundtrip,
    Open,
    ToPayload,
    FromPayload,
    EncodeFailure,
    DecodeFailure,
    DecodeHistory,
    ProvideDescriptor,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    #[serde(alias = "message")]
    payloads: Option<String>,
    error: Option<String>,
    payload_index: Option<usize>,
    encodings: Option<Vec<Option<String>>>,
    external_sizes: Option<Vec<Vec<u64>>>,
}

#[test]
fn every_vector_gives_what_it_expects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let (mut count, mut names, mut failures) = (0, HashSet::new(), Vec::new());
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let file: File = serde_json::from_slice(&std::fs::read(path).unwrap())
            .unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        for vector in file.vectors {
            count += 1;
            assert!(names.insert(vector.name.clone()), "the name {} is used twice", vector.name);
            if let Err(found) = run(&vector) {
                failures.push(format!("{}: {found}", vector.name));
            }
        }
    }
    println!("vectors: rust ran {count}");
    assert!(
        count > 0 && failures.is_empty(),
        "{} of {count} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn run(vector: &Vector) -> Result<(), String> {
    let input = hex(vector.input.as_deref().unwrap_or_default());
    let result = answer(vector, &input);
    match (&result, &vector.expect) {
        (Err(error), Expect { error: Some(expected), payload_index, .. }) => {
            let fits = error.code().name() == expected && error.payload_index() == *payload_index;
            let leaks = error.message().contains("test-key-test-key") || error.message().contains("Testing");
            if fits && !leaks {
                Ok(())
            } else {
                Err(format!("expected {expected} at {payload_index:?}, found {error}"))
            }
        }
        (Ok(found), Expect { payloads: Some(expected), .. }) => {
            if *found == hex(expected) {
                Ok(())
            } else {
                Err(format!("expected {expected}, found {found:02x?}"))
            }
        }
        (Ok(_), Expect { error: None, .. }) => Ok(()),
        (Ok(found), _) => Err(format!("expected an error, found {found:02x?}")),
        (Err(error), _) => Err(format!("found {error}")),
    }
}

fn answer(vector: &Vector, input: &[u8]) -> Result<Vec<u8>, Error> {
    let converter = DataConverter::parse(&vector.config, Path::new(""), &vector.namespace)?;
    match vector.operation {
        Operation::Open => Ok(Vec::new()),
        Operation::Encode => converter.encode(&[], input),
        Operation::Decode => converter.decode(&[], input),
        Operation::ToPayload => converter.to_payload(&[], input),
        Operation::FromPayload => converter.from_payload(&[], input),
        Operation::EncodeFailure => converter.encode_failure(&[], input),
        Operation::DecodeFailure => converter.decode_failure(&[], input),
        Operation::DecodeHistory => converter.decode_history(&[], input),
        Operation::ProvideDescriptor => converter.provide_descriptor(input).map(|()| Vec::new()),
        Operation::Roundtrip => {
            let encoded = converter.encode(&[], input)?;
            if let Some(expected) = &vector.expect.encodings {
                let found: Vec<_> = outsides(&encoded).into_iter().map(|(encoding, _)| encoding).collect();
                assert_eq!(*expected, found, "{}", vector.name);
            }
            if let Some(expected) = &vector.expect.external_sizes {
                let found: Vec<_> = outsides(&encoded).into_iter().map(|(_, sizes)| sizes).collect();
                assert_eq!(*expected, found, "{}", vector.name);
            }
            let decoded = converter.decode(&[], &encoded)?;
            assert_eq!(decoded, input, "{}", vector.name);
            Ok(decoded)
        }
    }
}

/// What the outside of each payload shows: its encoding, `None` where it has none, and the sizes of
/// its external payloads.
fn outsides(payloads: &[u8]) -> Vec<(Option<String>, Vec<u64>)> {
    use prost::Message;
    #[derive(Clone, PartialEq, Message)]
    struct Payloads {
        #[prost(message, repeated, tag = "1")]
        payloads: Vec<Payload>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Payload {
        #[prost(btree_map = "string, bytes", tag = "1")]
        metadata: std::collections::BTreeMap<String, Vec<u8>>,
        #[prost(message, repeated, tag = "3")]
        external_payloads: Vec<External>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct External {
        #[prost(uint64, tag = "1")]
        size_bytes: u64,
    }
    let payloads = Payloads::decode(payloads).unwrap().payloads;
    let encoding = |payload: &Payload| payload.metadata.get("encoding").cloned();
    let encoding = |payload: &Payload| encoding(payload).map(|bytes| String::from_utf8(bytes).unwrap());
    let sizes = |payload: &Payload| payload.external_payloads.iter().map(|one| one.size_bytes).collect();
    payloads.iter().map(|payload| (encoding(payload), sizes(payload))).collect()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_error_code_that_bytes_can_cause_has_a_vector() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let text: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let by_bytes =
        Code::ALL.iter().filter(|code| matches!(code.kind(), tdc::Kind::Input | tdc::Kind::Config));
    // A context, a codec server and a store are arguments that vectors do not have.
    let elsewhere = |code: &Code| matches!(code, Code::Context | Code::RemoteRefused | Code::Reference);
    for code in by_bytes.filter(|code| !elsewhere(code)) {
        assert!(text.contains(code.name()), "no vector expects {}", code.name());
    }
}
