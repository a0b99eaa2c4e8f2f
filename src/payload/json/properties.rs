//! Properties of all bodies.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::Message;
use prost::bytes::Bytes;

use crate::error::Code;

use super::{parse, print};
use crate::payload::find;

/// The messages as prost declares them: the oracle for the wire form.
#[derive(Clone, PartialEq, Message)]
struct Payloads {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    payloads: Vec<Bytes>,
}

/// The map is sorted, as ours are.
#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(btree_map = "string, bytes", tag = "1")]
    metadata: BTreeMap<String, Vec<u8>>,
    #[prost(bytes = "bytes", tag = "2")]
    data: Bytes,
    #[prost(message, repeated, tag = "3")]
    external_payloads: Vec<ExternalPayloadDetails>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct ExternalPayloadDetails {
    #[prost(int64, tag = "1")]
    size_bytes: i64,
}

fn payload() -> impl Strategy<Value = Payload> {
    let details = any::<i64>().prop_map(|size_bytes| ExternalPayloadDetails { size_bytes });
    (btree_map(any::<String>(), vec(any::<u8>(), 0..80), 0..4), vec(any::<u8>(), 0..300), vec(details, 0..3))
        .prop_map(|(metadata, data, external_payloads)| Payload {
            metadata,
            data: data.into(),
            external_payloads,
        })
}

fn payloads() -> impl Strategy<Value = Vec<u8>> {
    vec(payload(), 0..5).prop_map(|all| {
        let payloads = all.iter().map(|payload| Bytes::from(payload.encode_to_vec())).collect();
        Payloads { payloads }.encode_to_vec()
    })
}

/// Fragments of bodies, so that random combinations of them get far into the parser.
fn pieces() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "-1",
        "3e5",
        "1.5",
        "9223372036854775808",
        " ",
        "\n",
        "\"",
        "\\",
        "\"payloads\"",
        "\"metadata\"",
        "\"data\"",
        "\"externalPayloads\"",
        "\"external_payloads\"",
        "\"sizeBytes\"",
        "\"size_bytes\"",
        "\"encoding\"",
        "\"anNvbi9wbGFpbg==\"",
        "\"_-8\"",
        "\"+/8=\"",
        "\"a\"",
        "\"\\u0000\"",
        "\"\\ud83d\"",
        "{\"payloads\":[",
        "{\"data\":\"\"}",
        "{\"metadata\":{",
        "]}",
        "}}",
        "{}",
        "\"300000\"",
    ];
    vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

/// Parses an arbitrary body.
fn check(body: &[u8]) -> Result<(), TestCaseError> {
    match parse(body) {
        Ok(bytes) => {
            prop_assert!(bytes.len() <= body.len(), "{} bytes of {}", bytes.len(), body.len());
            let text = print(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(parse(&text).ok(), Some(bytes), "what is printed is read back");
        }
        Err(error) => {
            prop_assert_eq!(error.code(), Code::Json);
            prop_assert!(error.to_string().len() < 400, "{}", error);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_printed_is_json_and_is_read_back(bytes in payloads()) {
        let text = print(&bytes).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let count = find(&bytes).unwrap().len();
        prop_assert_eq!(json["payloads"].as_array().map(Vec::len), Some(count));
        prop_assert_eq!(crate::payload::count(&bytes), count);
        prop_assert_eq!(parse(&text).unwrap(), bytes);
    }

    /// serde_json writes the same values with other spaces and escapes; the bytes stay.
    #[test]
    fn the_json_may_be_written_in_another_way(bytes in payloads()) {
        let text = print(&bytes).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        prop_assert_eq!(parse(serde_json::to_string_pretty(&json).unwrap().as_bytes()).unwrap(), bytes);
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(body in vec(any::<u8>(), 0..200)) {
        check(&body)?;
    }

    #[test]
    fn pieces_of_bodies_are_read_or_refused(body in pieces()) {
        check(body.as_bytes())?;
    }

    #[test]
    fn a_body_with_a_slip_is_read_or_refused(bytes in payloads(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = print(&bytes).unwrap();
        let place = place.index(body.len());
        body[place] = byte;
        check(&body)?;
        body.truncate(place);
        check(&body)?;
    }

    #[test]
    fn protobuf_of_any_kind_is_printed_or_refused(bytes in vec(any::<u8>(), 0..100)) {
        if let Ok(text) = print(&bytes) {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&text).is_ok());
        }
    }
}
