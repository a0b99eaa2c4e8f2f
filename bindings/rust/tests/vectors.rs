//! Every vector of `vectors`: as bytes through [`Tdc::run`], and through the SDK's payload codec
//! where its types can hold it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect by panicking"
)]

use std::path::Path;

use prost::Message as _;
use serde::Deserialize;
use temporal_tdc::library::{Call, DataConverter};
use temporal_tdc::{Error, Options, Tdc};
use temporalio_common::data_converters::{PayloadCodec as _, SerializationContextData};
use temporalio_common::protos::temporal::api::common::v1::Payloads;

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
    operation: String,
    #[serde(default)]
    input: String,
    expect: Expect,
}

#[derive(Deserialize)]
struct Expect {
    #[serde(alias = "message")]
    payloads: Option<String>,
    error: Option<String>,
    payload_index: Option<usize>,
}

/// Which of the two ways a vector takes.
#[derive(Clone, Copy)]
enum Way {
    Bytes,
    Codec,
}

#[tokio::test]
async fn every_vector_gives_what_it_expects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let (mut ran, mut typed, mut problems) = (0, 0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: File = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for vector in file.vectors {
            ran += 1;
            problems.extend(run(&vector, Way::Bytes).await.err());
            if fits_the_sdk(&vector) {
                typed += 1;
                problems.extend(run(&vector, Way::Codec).await.err());
            }
        }
    }
    println!("vectors: rustsdk ran {ran}, {typed} of them through the SDK's codec too");
    assert!(
        problems.is_empty() && ran > 1000 && typed > 500,
        "{} of {ran}:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

async fn run(vector: &Vector, way: Way) -> Result<(), String> {
    let Vector { name, expect, .. } = vector;
    match (answer(vector, way).await, expect) {
        (Err(error), Expect { error: Some(expected), payload_index, .. })
            if error.code().name() == expected && error.payload_index() == *payload_index =>
        {
            Ok(())
        }
        (Ok(found), Expect { payloads: Some(expected), .. }) if equal(&found, &hex(expected), way) => Ok(()),
        (Ok(_), Expect { payloads: None, error: None, .. }) => Ok(()),
        (found, Expect { error, payload_index, .. }) => {
            Err(format!("{name}: expected {error:?} at {payload_index:?} or bytes, found {found:02x?}"))
        }
    }
}

async fn answer(vector: &Vector, way: Way) -> Result<Vec<u8>, Error> {
    let tdc = Options::new().namespace(&vector.namespace).parse(&vector.config, "")?;
    let input = hex(&vector.input);
    match vector.operation.as_str() {
        "open" => Ok(Vec::new()),
        "provide_descriptor" => Ok(tdc.library().provide_descriptor(&input).map(|()| Vec::new())?),
        "roundtrip" => {
            let encoded = one(&tdc, "encode", input.clone(), way).await?;
            let decoded = one(&tdc, "decode", encoded, way).await?;
            assert!(equal(&decoded, &input, way), "{}", vector.name);
            Ok(decoded)
        }
        operation => one(&tdc, operation, input, way).await,
    }
}

async fn one(tdc: &Tdc, operation: &str, input: Vec<u8>, way: Way) -> Result<Vec<u8>, Error> {
    match way {
        Way::Bytes => bytes(tdc, operation, input).await,
        Way::Codec => codec(tdc, operation, &input).await,
    }
}

async fn bytes(tdc: &Tdc, operation: &str, input: Vec<u8>) -> Result<Vec<u8>, Error> {
    let run = match operation {
        "encode" => |it: &DataConverter, call: &mut Call, input: &[u8]| it.encode(call.at(&[]), input),
        "decode" => |it: &DataConverter, call: &mut Call, input: &[u8]| it.decode(call.at(&[]), input),
        "to_payload" => {
            |it: &DataConverter, call: &mut Call, input: &[u8]| it.to_payload(call.at(&[]), input)
        }
        "from_payload" => {
            |it: &DataConverter, call: &mut Call, input: &[u8]| it.from_payload(call.at(&[]), input)
        }
        "encode_failure" => {
            |it: &DataConverter, call: &mut Call, input: &[u8]| it.encode_failure(call.at(&[]), input)
        }
        "decode_failure" => {
            |it: &DataConverter, call: &mut Call, input: &[u8]| it.decode_failure(call.at(&[]), input)
        }
        "decode_history" => {
            |it: &DataConverter, call: &mut Call, input: &[u8]| it.decode_history(call.at(&[]), input)
        }
        other => panic!("unknown operation {other}"),
    };
    tdc.run(input.len(), move |converter, call| run(converter, call, &input)).await
}

async fn codec(tdc: &Tdc, operation: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
    let (codec, context) = (tdc.payload_codec(), SerializationContextData::None);
    let payloads = Payloads::decode(input).unwrap().payloads;
    let result = match operation {
        "encode" => codec.encode(&context, payloads).await,
        _ => codec.decode(&context, payloads).await,
    };
    match result {
        Ok(payloads) => Ok(Payloads { payloads }.encode_to_vec()),
        Err(error) => Err(own(error)),
    }
}

/// The codec's error, out of the SDK's.
fn own(error: temporalio_common::data_converters::PayloadConversionError) -> Error {
    use temporalio_common::data_converters::PayloadConversionError::EncodingError;
    match error {
        EncodingError(error) => *error.downcast::<Error>().unwrap(),
        other => panic!("{other}"),
    }
}

/// The SDK's types keep metadata in no order.
fn equal(found: &[u8], expected: &[u8], way: Way) -> bool {
    match way {
        Way::Bytes => found == expected,
        Way::Codec => Payloads::decode(found).unwrap() == Payloads::decode(expected).unwrap(),
    }
}

/// Whether the SDK reads the vector's messages and keeps all of them; the configuration's own
/// converters are not part of these vectors.
fn fits_the_sdk(Vector { operation, config, input, expect, .. }: &Vector) -> bool {
    let is_codec = matches!(operation.as_str(), "encode" | "decode" | "roundtrip");
    let messages = [hex(input), hex(expect.payloads.as_deref().unwrap_or_default())];
    is_codec
        && !config.contains("converters:")
        && messages.iter().all(|message| {
            Payloads::decode(message.as_slice())
                .is_ok_and(|read| same_multiset(&read.encode_to_vec(), message))
        })
}

/// Whether the same bytes are there, in whatever order: a field that was dropped is missing.
fn same_multiset(one: &[u8], other: &[u8]) -> bool {
    let sorted = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.sort_unstable();
        bytes
    };
    sorted(one) == sorted(other)
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
