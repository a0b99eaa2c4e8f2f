//! Properties that hold for all input: the wire walk against prost, round trips, and what a changed
//! bit does.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they expect by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use prost::Message;
use tdc::{Code, DataConverter, Outcome};

#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(btree_map = "string, bytes", tag = "1")]
    metadata: BTreeMap<String, Vec<u8>>,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    external_payloads: Vec<Details>,
}

#[derive(Clone, PartialEq, Message)]
struct Details {
    #[prost(int64, tag = "1")]
    size_bytes: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Payloads {
    #[prost(bytes = "vec", repeated, tag = "1")]
    payloads: Vec<Vec<u8>>,
}

fn converter(codecs: &str) -> DataConverter {
    let document = format!(
        "version: 1\nkeys: {{ primary: k, ring: {{ k: {{ insecure_inline: \
         dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= }} }} }}\ncodecs: [{codecs}]\n"
    );
    DataConverter::parse(&document, Path::new(""), "").unwrap()
}

/// Fields that `Payload` does not have.
const UNKNOWN: &[u8] = b"\x2b\x08\x01\x2c\x31........\x3d....";

/// Whether no field of `Payload` is in `bytes`, which [`payload`] made: then encode refuses them.
fn is_unknown(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.chunks(UNKNOWN.len()).all(|field| field == UNKNOWN)
}

/// A payload as some producer could have written it: fields in any order, repeated, unknown ones
/// between them.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    let key = prop_oneof![
        Just("encoding".to_owned()),
        Just("encryption-key-id".to_owned()),
        Just("messageType".to_owned()),
        "[a-zé]{0,8}"
    ];
    let field = prop_oneof![
        (key, bytes()).prop_map(|(key, value)| {
            let metadata = BTreeMap::from([(key, value)]);
            Payload { metadata, ..Payload::default() }.encode_to_vec()
        }),
        bytes().prop_map(|data| Payload { data, ..Payload::default() }.encode_to_vec()),
        any::<i64>().prop_map(|size_bytes| {
            Payload { external_payloads: vec![Details { size_bytes }], ..Payload::default() }.encode_to_vec()
        }),
        Just(UNKNOWN.to_vec()),
    ];
    prop::collection::vec(field, 0..8).prop_map(|fields| fields.concat())
}

fn framed(payloads: &[Vec<u8>]) -> Vec<u8> {
    Payloads { payloads: payloads.to_vec() }.encode_to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole_payloads_say_what_prost_reads(bytes in payload()) {
        let expected = Payload::decode(&*bytes).unwrap();
        let found = tdc::inspect(&bytes).unwrap();
        prop_assert_eq!(found.data_len, expected.data.len());
        let text = |key: &str| expected.metadata.get(key).and_then(|value| String::from_utf8(value.clone()).ok());
        if let Some(encoding) = &found.encoding {
            prop_assert_eq!(Some(encoding.clone()), text("encoding"));
        }
    }

    #[test]
    fn what_prost_reads_of_a_damaged_payload_is_accepted(
        mut bytes in payload(), at in any::<prop::sample::Index>(), to in any::<u8>(),
    ) {
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        // The other way round does not hold: prost refuses a known field of another wire type,
        // which the official parsers keep as an unknown one.
        if Payload::decode(&*bytes).is_ok() {
            prop_assert!(tdc::inspect(&bytes).is_ok(), "{:02x?}", bytes);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let converter = converter("zlib, encrypt");
        let _ = tdc::inspect(&bytes);
        let _ = converter.decode(&bytes, &bytes);
        let _ = converter.encode(&[], &bytes);
        let _ = converter.decode_payload(&[], &bytes, &[], &mut [0; 64]);
    }

    #[test]
    fn every_chain_gives_back_every_byte(payloads in prop::collection::vec(payload(), 0..5)) {
        let input = framed(&payloads);
        for codecs in ["", "encrypt", "zlib", "gzip, encrypt", "zstd, encrypt", "snappy", "zlib, snappy, zstd"] {
            let converter = converter(codecs);
            if !codecs.is_empty() && let Some(index) = payloads.iter().position(|payload| is_unknown(payload)) {
                let error = converter.encode(&[], &input).unwrap_err();
                prop_assert_eq!((error.code(), error.payload_index()), (Code::Value, Some(index)));
                continue;
            }
            let encoded = converter.encode(&[], &input).unwrap();
            prop_assert_eq!(&converter.decode(&[], &encoded).unwrap(), &input, "[{}]", codecs);
        }
    }

    #[test]
    fn one_payload_in_two_slices_is_the_same_payload(metadata in payload(), data in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut whole = metadata;
        Payload { data: data.clone(), ..Payload::default() }.encode(&mut whole).unwrap();
        let head = whole[..whole.len() - data.len()].to_vec();
        // Encode refuses what decode could not tell from garbage.
        prop_assume!(!is_unknown(&whole));
        for codecs in ["encrypt", "zlib, encrypt", "gzip"] {
            let converter = converter(codecs);
            let mut encoded = vec![0; converter.encode_bound(whole.len())];
            match converter.encode_payload(&[], &head, &data, &mut encoded).unwrap() {
                Outcome::Unchanged => continue,
                Outcome::Written { len, data } => {
                    encoded.truncate(len);
                    prop_assert_eq!(data.offset + data.len, len);
                }
                // The bound counts a few external payloads, and each layer repeats their sizes.
                Outcome::Owned { bytes, data } => {
                    prop_assert!(Payload::decode(&*whole).unwrap().external_payloads.len() > 2);
                    prop_assert!(bytes.len() > encoded.len());
                    prop_assert_eq!(data.offset + data.len, bytes.len());
                    encoded = bytes;
                }
            }
            let found = Payload::decode(&*encoded).unwrap();
            let mut out = vec![0; encoded.len()];
            let split = encoded.len() - found.data.len();
            let decoded = match converter.decode_payload(&[], &encoded[..split], &encoded[split..], &mut out).unwrap() {
                Outcome::Written { len, .. } => out[..len].to_vec(),
                Outcome::Owned { bytes, .. } => bytes,
                Outcome::Unchanged => vec![],
            };
            prop_assert_eq!(&decoded, &whole);
        }
    }

    #[test]
    fn fields_behind_a_sealed_payload_mean_what_they_mean_in_any_spelling(inner in payload(), behind in payload()) {
        let converter = converter("encrypt");
        prop_assume!(!is_unknown(&inner));
        let sealed = converter.encode(&[], &framed(&[inner])).unwrap();
        let ours = [Payloads::decode(&*sealed).unwrap().payloads.remove(0), behind].concat();
        // Data first, which is not how we write it.
        let merged = Payload::decode(&*ours).unwrap();
        let data = Payload { data: merged.data.clone(), ..Payload::default() };
        let rest = Payload { data: vec![], ..merged };
        let other = [data.encode_to_vec(), rest.encode_to_vec()].concat();
        let open = |payload: Vec<u8>| {
            let list = converter.decode(&[], &framed(&[payload])).map_err(|error| error.code())?;
            Ok::<_, Code>(Payload::decode(&*Payloads::decode(&*list).unwrap().payloads[0]).unwrap())
        };
        prop_assert_eq!(open(ours), open(other));
    }

    #[test]
    fn too_little_room_is_said_and_never_taken_for_nothing_to_gain(data in "a{100,300}", room in 0..50_usize) {
        let whole = Payload { data: data.into_bytes(), ..Payload::default() }.encode_to_vec();
        for codecs in ["zlib", "zstd", "encrypt", "zlib, encrypt"] {
            let error = converter(codecs).encode_payload(&[], &whole, &[], &mut vec![0; room]).unwrap_err();
            prop_assert_eq!(error.code(), Code::BufferTooSmall);
            let mut out = vec![0; error.size_needed()];
            let answer = converter(codecs).encode_payload(&[], &whole, &[], &mut out).unwrap();
            let fits = matches!(answer, Outcome::Written { .. });
            prop_assert!(fits);
        }
    }

    #[test]
    fn changed_bit_of_a_sealed_payload_never_opens(data in prop::collection::vec(any::<u8>(), 0..100), bit in any::<prop::sample::Index>()) {
        let converter = converter("encrypt");
        let plain = Payload { data, ..Payload::default() }.encode_to_vec();
        let encoded = converter.encode(&[], &framed(&[plain])).unwrap();
        let mut sealed = Payload::decode(&*Payloads::decode(&*encoded).unwrap().payloads[0]).unwrap();
        let bit = bit.index(sealed.data.len() * 8);
        sealed.data[bit / 8] ^= 1 << (bit % 8);
        let error = converter.decode(&[], &framed(&[sealed.encode_to_vec()])).unwrap_err();
        prop_assert_eq!(error.code(), Code::Authentication);
        prop_assert_eq!(error.payload_index(), Some(0));
    }
}

/// JSON as serde_json reads and prints it.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        prop::num::f64::NORMAL.prop_map(Into::into),
        ".{0,40}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 200, 40, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..40).prop_map(Into::into),
            prop::collection::btree_map(".{0,10}", inner, 0..40)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What the converters of a list make of a `json/plain` value, and what comes back.
fn converted(converters: &str, text: String) -> (Payload, Payload) {
    let document = format!("{{version: 1, converters: [{converters}]}}");
    let converter = DataConverter::parse(&document, Path::new(""), "").unwrap();
    let metadata = BTreeMap::from([("encoding".to_owned(), b"json/plain".to_vec())]);
    let value = Payload { metadata, data: text.into_bytes(), ..Payload::default() };
    let only = |list: &[u8]| Payload::decode(&*Payloads::decode(list).unwrap().payloads[0]).unwrap();
    let made = converter.to_payload(&[], &framed(&[value.encode_to_vec()])).unwrap();
    let back = converter.from_payload(&[], &made).unwrap();
    (only(&made), only(&back))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messagepack_keeps_every_value_of_json(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let (made, back) = converted("msgpack", text.unwrap());
        prop_assert_eq!(made.metadata["encoding"].as_slice(), b"binary/msgpack");
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&back.data).unwrap(), value);
    }

    #[test]
    fn canonical_form_is_one_and_keeps_the_value(value in json()) {
        let pretty = converted("json: {canonical: true}", serde_json::to_string_pretty(&value).unwrap()).0;
        let compact = converted("json: {canonical: true}", serde_json::to_string(&value).unwrap()).0;
        prop_assert_eq!(&pretty, &compact);
        let text = String::from_utf8(compact.data.clone()).unwrap();
        prop_assert_eq!(&converted("json: {canonical: true}", text).0, &compact);
        // 1.0 and 1 are one number, so the values are compared as their canonical texts are: by
        // what they are worth.
        let found: serde_json::Value = serde_json::from_slice(&compact.data).unwrap();
        prop_assert!(same(&found, &value), "{found} is not {value}");
    }
}

/// Whether two values are worth the same.
fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}
