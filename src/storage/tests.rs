//! References through whole calls. A map answers in the place of stores.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};
use tdc_formats::wire::push_bytes;

use super::{ObjectFault, References};
use crate::call::{Answer, Call, Request};
use crate::data_converter::DataConverter;
use crate::error::{Code, Error};

const KEY: &str = "insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";
const PLAIN: &[(&str, &str)] = &[("encoding", "json/plain")];
const MODERN: &[(&str, &str)] =
    &[("encoding", "json/protobuf"), ("messageType", "temporal.api.sdk.v1.ExternalStorageReference")];
const LEGACY: &[(&str, &str)] = &[("encoding", "json/external-storage-reference")];
const FETCH: References = References::Fetch(100);

fn payload(metadata: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in metadata {
        let mut entry = Vec::new();
        push_bytes(&mut entry, 1, key.as_bytes());
        push_bytes(&mut entry, 2, value.as_bytes());
        push_bytes(&mut out, 1, &entry);
    }
    push_bytes(&mut out, 2, data);
    out
}

fn list(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    payloads.iter().for_each(|payload| push_bytes(&mut out, 1, payload));
    out
}

/// The objects of stores, and the keys that were asked for.
#[derive(Default)]
struct Stored(HashMap<String, Vec<u8>>, std::cell::RefCell<Vec<String>>);

impl Stored {
    /// Puts a payload into the store of the namespace `orders`, and gives its key and hash.
    fn put(&mut self, object: &[u8]) -> (String, String) {
        let hash: String = Sha256::digest(object).iter().map(|byte| format!("{byte:02x}")).collect();
        let key = format!("v0/ns/orders/wt/t/wi/w/ri/r/d/sha256/{hash}");
        self.0.insert(key.clone(), object.to_vec());
        (key, hash)
    }

    /// The same, and a reference to it.
    fn refer(&mut self, object: &[u8]) -> Vec<u8> {
        let (key, hash) = self.put(object);
        payload(MODERN, reference("s3", "bucket", &key, &hash).as_bytes())
    }

    fn decode(
        &self,
        converter: &DataConverter,
        references: References,
        payloads: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.run(references, |call| converter.decode(call.at(b"\x12\x06orders"), payloads), converter)
    }

    fn run(
        &self,
        references: References,
        attempt: impl Fn(&mut Call) -> Result<Vec<u8>, Error>,
        converter: &DataConverter,
    ) -> Result<Vec<u8>, Error> {
        let mut call = Call::default().with_references(references);
        loop {
            match attempt(&mut call) {
                Err(error) if error.code() == Code::Requests => {}
                result => return result,
            }
            let answers: Vec<(u64, Answer<'_>)> = call
                .requests()
                .map(|(id, request)| {
                    let Request::Object(object) = request else { panic!("{request:?}") };
                    self.1.borrow_mut().push(object.key().to_owned());
                    let missing = Answer::NoObject { fault: ObjectFault::Missing, reason: "none" };
                    (id, self.0.get(object.key()).map_or(missing, |bytes| Answer::Object(bytes)))
                })
                .collect();
            converter.answer(&mut call, &answers)?;
        }
    }
}

fn reference(driver: &str, bucket: &str, key: &str, hash: &str) -> String {
    format!(
        r#"{{"driverName":"{driver}","claimData":{{"bucket":"{bucket}","key":"{key}","hash_algorithm":"sha256","hash_value":"{hash}"}}}}"#
    )
}

fn open(rest: &str) -> DataConverter {
    open_with("", rest)
}

/// With `more` in the section `storage`.
fn open_with(more: &str, rest: &str) -> DataConverter {
    let stores = format!(
        "storage:\n{more}  stores: {{ s3: {{ s3: {{ region: eu-central-1 }}, buckets: [bucket] }} }}\n"
    );
    let keys = format!("keys: {{ primary: k, ring: {{ k: {{ {KEY} }} }} }}\n");
    DataConverter::parse(&format!("version: 1\n{keys}{stores}{rest}"), Path::new(""), "").unwrap()
}

#[test]
fn what_an_object_holds_takes_the_place_of_its_reference() {
    let converter = open("codecs: [encrypt]\n");
    let inner = payload(PLAIN, b"\"large\"");
    let sealed = converter.encode(b"\x12\x06orders", &list(std::slice::from_ref(&inner))).unwrap();
    let mut stored = Stored::default();
    // Without the tag and length of the list's one item.
    let sealed =
        crate::payload::Payloads::parse(&sealed, &converter.limits(), 0).unwrap().payloads[0].to_vec();
    let (sealed, plain) = (stored.refer(&sealed), stored.refer(&inner));
    let payloads = list(&[sealed.clone(), payload(PLAIN, b"1"), plain, sealed]);
    let expected = list(&[inner.clone(), payload(PLAIN, b"1"), inner.clone(), inner]);
    assert_eq!(stored.decode(&converter, FETCH, &payloads).unwrap(), expected);
    assert_eq!(stored.1.borrow().len(), 2, "one object is fetched once");
    assert_eq!(stored.decode(&converter, References::Keep, &payloads).unwrap(), payloads);
    assert_eq!(stored.decode(&converter, References::Update, &payloads).unwrap(), payloads);
    let error = stored.decode(&converter, References::FetchOnly(9), &payloads).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::Reference, Some(1)));
}

#[test]
fn every_form_of_a_reference_is_read() {
    let converter = open("");
    let inner = payload(PLAIN, b"\"large\"");
    let mut stored = Stored::default();
    let (key, hash) = stored.put(&inner);
    for (metadata, data) in [
        (MODERN, reference("s3", "bucket", &key, &hash)),
        (
            MODERN,
            format!(
                r#" {{ "claim_data" : {{"hashValue":"{hash}","object":"{key}","bucket":"bucket","hashAlgorithm":"sha256"}},
                "new":[{{}},null], "driver_name":"s3" }} "#
            ),
        ),
        (
            LEGACY,
            format!(
                r#"{{"driver_name":"s3","driver_claim":{{"x":1,"claim_data":{{"bucket":"bucket","key":"{key}","hash_algorithm":"sha256","hash_value":"{hash}"}}}}}}"#
            ),
        ),
    ] {
        let mut reference = payload(metadata, data.as_bytes());
        let decoded = stored.decode(&converter, FETCH, &list(std::slice::from_ref(&reference))).unwrap();
        assert_eq!(decoded, list(std::slice::from_ref(&inner)), "{data}");
        // A hint, which may be wrong.
        push_bytes(&mut reference, 3, b"\x08\x07");
        let decoded = stored.decode(&converter, FETCH, &list(std::slice::from_ref(&reference))).unwrap();
        assert_eq!(decoded, list(std::slice::from_ref(&inner)), "{data}");
    }
    for (metadata, data) in [
        (MODERN, r#"{"driverName":"s3","claimData":null}"#),
        (LEGACY, r#"{"driver_name":"s3","driver_claim":null}"#),
        (LEGACY, r#"{"driver_name":"s3","driver_claim":{"claim_data":null}}"#),
    ] {
        let payloads = list(&[payload(metadata, data.as_bytes())]);
        let error = stored.decode(&converter, FETCH, &payloads).unwrap_err();
        assert!(error.message().ends_with("its claim has no key"), "{data}: {error}");
    }
    let legacy = r#"{"driver_name":"s3","driver_claim":{"claim_data":{"b":"\"","a":"1"}}}"#;
    let mut legacy = payload(LEGACY, legacy.as_bytes());
    push_bytes(&mut legacy, 3, b"\x08\x07");
    let mut updated = payload(MODERN, br#"{"claimData":{"a":"1","b":"\""},"driverName":"s3"}"#);
    push_bytes(&mut updated, 3, b"\x08\x07");
    let decoded = stored.decode(&converter, References::Update, &list(&[legacy])).unwrap();
    assert_eq!(decoded, list(&[updated]));
}

#[test]
fn nothing_that_a_reference_says_decides_where_a_request_goes() {
    let mut stored = Stored::default();
    let inner = payload(PLAIN, b"1");
    let (key, hash) = stored.put(&inner);
    let zeros = "0".repeat(64);
    for (data, why) in [
        (reference("other", "bucket", &key, &hash), "its driver \"other\" is not one of storage.stores"),
        (
            reference("s3", "other", &key, &hash),
            "its bucket \"other\" is not one that storage.stores names for \"s3\"",
        ),
        (
            reference("s3", "bucket", &key.replace("orders", "orders-eu"), &hash),
            "its object does not belong to the namespace \"orders\"; objects_of can allow others",
        ),
        (
            reference("s3", "bucket", &key.replace("wt/t", ".."), &hash),
            "its key has an empty segment, or one that is . or ..",
        ),
        (
            reference("s3", "bucket", &format!("v0/d/sha256/{hash}"), &hash),
            "its key names no namespace, and the configuration does not say unscoped: true",
        ),
        (
            reference("s3", "bucket", &key, &zeros),
            "the bytes of its object do not have the hash that it names",
        ),
        (
            reference("s3", "bucket", &key.replace("/w/", "/v/"), &hash),
            "its object is not in the store \"s3\"",
        ),
    ] {
        let error = stored.decode(&open(""), FETCH, &list(&[payload(MODERN, data.as_bytes())])).unwrap_err();
        let expected = format!("the reference to a stored object was not followed: {why}");
        assert_eq!((error.code(), error.message()), (Code::Reference, expected.as_str()));
    }
    // Readers may prefer the reference to an error.
    let foreign = payload(MODERN, reference("other", "bucket", &key, &hash).as_bytes());
    let payloads = list(&[foreign.clone(), stored.refer(&inner)]);
    let decoded = stored.decode(&open(""), References::TryFetch(9), &payloads).unwrap();
    assert_eq!(decoded, list(&[foreign, inner]));
    for data in ["", "{", "[]", "{}", r#"{"driverName":1}"#, r#"{"driverName":"s3","claimData":{"key":1}}"#] {
        let error = stored.decode(&open(""), FETCH, &list(&[payload(MODERN, data.as_bytes())])).unwrap_err();
        assert_eq!(error.code(), Code::Reference, "{data}");
    }
}

#[test]
fn references_under_layers_are_followed_where_something_seals_after_storing() {
    let inner = payload(PLAIN, b"\"large\"");
    let mut stored = Stored::default();
    let reference = stored.refer(&inner);
    let rest = "codecs: [{ encrypt: { required: true } }]\n";
    let (closed, sealing) = (open(rest), open_with("  sealed_after_storing: true\n", "codecs: [encrypt]\n"));
    let sealed = closed.encode(b"\x12\x06orders", &list(std::slice::from_ref(&reference))).unwrap();
    assert_eq!(stored.decode(&closed, FETCH, &sealed).unwrap(), list(std::slice::from_ref(&reference)));
    let error = stored.decode(&closed, References::FetchOnly(9), &sealed).unwrap_err();
    assert_eq!(error.code(), Code::Reference);
    assert_eq!(stored.decode(&sealing, FETCH, &sealed).unwrap(), list(std::slice::from_ref(&inner)));
    assert_eq!(stored.decode(&sealing, References::FetchOnly(9), &sealed).unwrap(), list(&[inner]));
    // `required` applies to the payload in the object, and that is plain.
    let error = stored.decode(&closed, FETCH, &list(&[reference])).unwrap_err();
    assert_eq!(error.code(), Code::NotEncrypted);
}

#[test]
fn encode_leaves_the_references_of_histories_and_seals_those_of_workers() {
    let reference = Stored::default().refer(&payload(PLAIN, b"\"large\""));
    let payloads = list(&[reference.clone(), payload(PLAIN, b"\"small\"")]);
    // An event that a workflow was signaled.
    let mut attributes = Vec::new();
    push_bytes(&mut attributes, 2, &payloads);
    let mut event = b"\x08\x01\xd2\x01".to_vec();
    tdc_formats::wire::push_varint(&mut event, attributes.len() as u64);
    event.extend_from_slice(&attributes);
    let history = list(&[event]);
    let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let outcome = |encoded: Result<Vec<u8>, Error>| {
        let encoded = encoded.unwrap();
        (has(&encoded, &reference), has(&encoded, b"small"))
    };
    let context = b"\x12\x06orders";
    for (more, stays) in [("", true), ("  sealed_after_storing: true\n", false)] {
        let converter = open_with(more, "codecs: [encrypt]\n");
        assert_eq!(outcome(converter.encode_history(context, &history)), (stays, false));
        for (references, stays) in [(References::Leave, stays), (References::Keep, false)] {
            let encode = |call: &mut Call| converter.encode(call.at(context), &payloads);
            assert_eq!(outcome(Stored::default().run(references, encode, &converter)), (stays, false));
        }
    }
}

#[test]
fn what_an_object_holds_is_never_followed_and_never_unbounded() {
    let mut stored = Stored::default();
    let first = stored.refer(&payload(PLAIN, b"1"));
    let second = stored.refer(&first);
    let decoded = stored.decode(&open(""), FETCH, &list(std::slice::from_ref(&second))).unwrap();
    assert_eq!(decoded, list(&[first]));
    // 60 000 references to one object are one request, and its bytes count for each.
    let many = list(&vec![second; 60_000]);
    stored.1.borrow_mut().clear();
    let error = stored.decode(&open("limits: { max_decoded_bytes: 1 MiB }\n"), FETCH, &many).unwrap_err();
    assert_eq!((error.code(), stored.1.borrow().len()), (Code::Limit, 1));
    // More objects than the call may fetch.
    let others: Vec<_> = (0..11).map(|n| stored.refer(&payload(PLAIN, format!("{n}").as_bytes()))).collect();
    let decode = |max| stored.decode(&open(""), References::Fetch(max), &list(&others));
    assert_eq!(decode(10).unwrap_err().code(), Code::Limit);
    decode(11).unwrap();
    // An object that grows: 2 MiB of zeros, compressed.
    let zip = open("codecs: [zlib]\nlimits: { max_decoded_bytes: 64 MiB }\n");
    let bomb = zip.encode(b"\x12\x06orders", &list(&[payload(PLAIN, &vec![0; 2 << 20])])).unwrap();
    let bomb = crate::payload::Payloads::parse(&bomb, &zip.limits(), 0).unwrap().payloads[0].to_vec();
    assert!(bomb.len() < 64 << 10);
    let bomb = list(&[stored.refer(&bomb)]);
    let error = stored.decode(&open("limits: { max_decoded_bytes: 1 MiB }\n"), FETCH, &bomb).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
    // An object that is not a payload, and one that is larger than allowed.
    let text = stored.refer(b"not a payload at all");
    let error = stored.decode(&open(""), FETCH, &list(&[text])).unwrap_err();
    assert_eq!(error.code(), Code::Reference);
    let large = stored.refer(&payload(PLAIN, &vec![b'1'; 2 << 20]));
    let error =
        stored.decode(&open("limits: { max_decoded_bytes: 1 MiB }\n"), FETCH, &list(&[large])).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
}

#[test]
fn objects_that_are_missing_leave_the_others_in_their_places() {
    let mut stored = Stored::default();
    let plain: Vec<_> = (0..40).map(|n| payload(PLAIN, n.to_string().as_bytes())).collect();
    let references: Vec<_> = plain.iter().map(|payload| stored.refer(payload)).collect();
    // Every third object is missing: some in each round of requests.
    for (_, payload) in plain.iter().enumerate().filter(|(n, _)| n % 3 == 0) {
        let (key, _) = stored.put(payload);
        stored.0.remove(&key);
    }
    let expected: Vec<_> = plain
        .iter()
        .zip(&references)
        .enumerate()
        .map(|(n, (payload, reference))| if n % 3 == 0 { reference } else { payload }.clone())
        .collect();
    let decoded = stored.decode(&open(""), References::TryFetch(40), &list(&references)).unwrap();
    assert_eq!(decoded, list(&expected));
    assert_eq!(stored.1.borrow().len(), 40, "each is asked for once");
}

#[test]
fn objects_without_room_leave_their_references_and_the_other_payloads() {
    let mut stored = Stored::default();
    let plain = |len| payload(PLAIN, &vec![b'1'; len]);
    let zip = open("codecs: [zlib]\n");
    let open = |rest: &str| open(&format!("limits: {{ max_decoded_bytes: 1 MiB }}\n{rest}"));
    let decode = |stored: &Stored, converter: &DataConverter, max, payloads: &[Vec<u8>]| {
        stored.decode(converter, References::TryFetch(max), &list(payloads)).unwrap()
    };
    // One that is larger than any may be.
    let (large, small) = (stored.refer(&plain(2 << 20)), stored.refer(&plain(10)));
    let found = decode(&stored, &open(""), 9, &[large.clone(), small, plain(1)]);
    assert_eq!(found, list(&[large, plain(10), plain(1)]));
    // More than the call accepts together. Of what is still to be asked for, nothing is.
    let objects: Vec<_> = (0..40).map(|n| plain((100 << 10) + n)).collect();
    let references: Vec<_> = objects.iter().map(|object| stored.refer(object)).collect();
    stored.1.borrow_mut().clear();
    let expected = [&objects[..10], &references[10..]].concat();
    assert_eq!(decode(&stored, &open(""), 100, &references), list(&expected));
    assert_eq!(stored.1.borrow().len(), crate::limits::MAX_IN_ROUND);
    // The layers in them count as well.
    let sealing = open("codecs: [encrypt]\n");
    let sealed = sealing.encode(b"\x12\x06orders", &list(&[plain(300 << 10), plain(301 << 10)])).unwrap();
    let sealed = crate::payload::Payloads::parse(&sealed, &sealing.limits(), 0).unwrap().payloads;
    let [one, other] = [sealed[0], sealed[1]].map(|sealed| stored.refer(sealed));
    let found = decode(&stored, &sealing, 9, &[one, other.clone(), plain(1)]);
    assert_eq!(found, list(&[plain(300 << 10), other, plain(1)]));
    // One that grows, again and again.
    let grown = zip.encode(b"\x12\x06orders", &list(&[plain(2 << 20), plain(10 << 10)])).unwrap();
    let grown = crate::payload::Payloads::parse(&grown, &zip.limits(), 0).unwrap().payloads;
    let bombs = vec![stored.refer(grown[0]); 1000];
    let found = decode(&stored, &open(""), 9, &[&bombs[..], &[plain(1)]].concat());
    assert_eq!(found, list(&[&bombs[..], &[plain(1)]].concat()));
    // Payloads that have no room beside the objects take precedence over them.
    let most = stored.refer(&plain((1 << 20) - 100));
    let found = decode(&stored, &open(""), 9, &[most.clone(), grown[1].to_vec()]);
    assert_eq!(found, list(&[most, plain(10 << 10)]));
    // That is so too for one whose layers turned out to have no room.
    let noise: Vec<u8> = (0..19_200_u32).flat_map(|n| Sha256::digest(n.to_le_bytes())).collect();
    let grows = payload(PLAIN, &[noise, vec![0; 1 << 20]].concat());
    let grown = zip.encode(b"\x12\x06orders", &list(&[grows, plain(500 << 10)])).unwrap();
    let grown = crate::payload::Payloads::parse(&grown, &zip.limits(), 0).unwrap().payloads;
    let grows = stored.refer(grown[0]);
    let found = decode(&stored, &open(""), 9, &[grows.clone(), grown[1].to_vec()]);
    assert_eq!(found, list(&[grows, plain(500 << 10)]));
    // More objects than the call may fetch.
    let found = decode(&stored, &open(""), 3, &references[..5]);
    assert_eq!(found, list(&[&objects[..3], &references[3..5]].concat()));
}

#[test]
fn an_object_that_is_no_payload_leaves_its_reference() {
    let mut stored = Stored::default();
    let (key, hash) = stored.put(b"not a payload at all");
    let modern = payload(MODERN, reference("s3", "bucket", &key, &hash).as_bytes());
    let claim = reference("s3", "bucket", &key, &hash);
    let claim = claim.split_once(",\"claimData\":").unwrap().1.trim_end_matches('}');
    let legacy = payload(
        LEGACY,
        format!(r#"{{"driver_name":"s3","driver_claim":{{"claim_data":{claim}}}}}}}"#).as_bytes(),
    );
    let rest = [payload(PLAIN, b"1")];
    let payloads = [&[modern.clone(), legacy][..], &rest].concat();
    let found = stored.decode(&open(""), References::TryFetch(9), &list(&payloads)).unwrap();
    let updated = format!(
        r#"{{"claimData":{{"bucket":"bucket","hash_algorithm":"sha256","hash_value":"{hash}","key":"{key}"}},"driverName":"s3"}}"#
    );
    let updated = payload(MODERN, updated.as_bytes());
    assert_eq!(found, list(&[&[modern.clone(), updated][..], &rest].concat()));
    // The same under a layer.
    let keys = format!("keys: {{ primary: k, ring: {{ k: {{ {KEY} }} }} }}\ncodecs: [encrypt]\n");
    let stores =
        "storage: { sealed_after_storing: true, stores: { s3: { s3: { region: r }, buckets: [bucket] } } }";
    let sealing = DataConverter::parse(&format!("version: 1\n{keys}{stores}\n"), Path::new(""), "").unwrap();
    let sealed = sealing.encode(b"\x12\x06orders", &list(std::slice::from_ref(&modern))).unwrap();
    assert_eq!(stored.decode(&sealing, References::TryFetch(9), &sealed).unwrap(), list(&[modern]));
}

#[test]
fn a_reference_that_stays_is_not_encrypted_in_either_form() {
    let converter = open("codecs: [{ encrypt: { required: true } }]\n");
    let modern = payload(MODERN, br#"{"driverName":"s3","claimData":{}}"#);
    let legacy = payload(LEGACY, br#"{"driver_name":"s3","driver_claim":{"claim_data":{}}}"#);
    for reference in [modern, legacy] {
        for references in [References::Update, References::TryFetch(9)] {
            let payloads = list(std::slice::from_ref(&reference));
            let error = Stored::default().decode(&converter, references, &payloads).unwrap_err();
            assert_eq!(error.code(), Code::NotEncrypted, "{references:?}");
        }
    }
}

#[test]
fn references_in_histories_are_followed() {
    let mut stored = Stored::default();
    let inner = payload(PLAIN, b"1");
    let (key, hash) = stored.put(&inner);
    let data = tdc_formats::base64::encode(reference("s3", "bucket", &key, &hash).as_bytes());
    let history = |payload: &str| {
        format!(
            r#"{{"events":[{{"eventId":"1","workflowExecutionStartedEventAttributes":{{"input":{{"payloads":[{payload}]}}}}}}]}}"#
        )
    };
    let reference = history(&format!(
        r#"{{"metadata":{{"encoding":"anNvbi9wcm90b2J1Zg==","messageType":"dGVtcG9yYWwuYXBpLnNkay52MS5FeHRlcm5hbFN0b3JhZ2VSZWZlcmVuY2U="}},"data":"{data}"}}"#
    ));
    let converter = open("");
    let decode = |call: &mut Call| converter.decode_history(call.at(b"\x12\x06orders"), reference.as_bytes());
    let decoded = stored.run(FETCH, decode, &converter).unwrap();
    let expected = history(r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}"#);
    assert_eq!(String::from_utf8(decoded).unwrap(), expected);
}

#[test]
fn references_in_messages_are_followed() {
    let mut stored = Stored::default();
    let inner = payload(PLAIN, b"1");
    let converter = open("");
    // WorkflowExecutionStartedEventAttributes has `input` as field 3 of an event's field 6.
    let message = |item: &[u8]| {
        let (mut attributes, mut event) = (Vec::new(), Vec::new());
        push_bytes(&mut attributes, 6, &list(&[item.to_vec()]));
        push_bytes(&mut event, 6, &attributes);
        event
    };
    let (name, flags) = ("temporal.api.history.v1.HistoryEvent", crate::MessageFlags::default());
    let reference = message(&stored.refer(&inner));
    let decode =
        |call: &mut Call| converter.decode_message(call.at(b"\x12\x06orders"), name, flags, &reference);
    assert_eq!(stored.run(FETCH, decode, &converter).unwrap(), message(&inner));
    assert_eq!(stored.run(References::Keep, decode, &converter).unwrap(), reference);
}

#[test]
fn an_endpoint_in_a_claim_is_of_no_account() {
    let mut stored = Stored::default();
    let inner = payload(PLAIN, b"1");
    let (key, hash) = stored.put(&inner);
    let claim = reference("s3", "bucket", &key, &hash).replace(
        "\"bucket\":",
        "\"endpoint\":\"http://127.0.0.1:9\",\"endpoint_url\":\"https://a.example\",\"region\":\"x\",\"bucket\":",
    );
    let converter = open("");
    let payloads = list(&[payload(MODERN, claim.as_bytes())]);
    let mut call = Call::default().with_references(FETCH);
    converter.decode(call.at(b"\x12\x06orders"), &payloads).unwrap_err();
    let requests: Vec<_> = call.requests().map(|(_, request)| request).collect();
    let [Request::Object(object)] = requests[..] else { panic!("{requests:?}") };
    let own = super::StoreKind::S3 { region: "eu-central-1".into(), endpoint: None, path_style: false };
    assert_eq!((&object.store().kind, object.bucket(), object.key()), (&own, Some("bucket"), key.as_str()));
    assert_eq!(stored.decode(&converter, FETCH, &payloads).unwrap(), list(&[inner]));
}

#[test]
fn stores_are_read_and_what_is_wrong_with_them_is_said() {
    let converter = open("");
    assert!(converter.has_stores());
    let read = |storage: &str| {
        let text = format!("version: 1\nstorage:\n{storage}");
        DataConverter::parse(&text, Path::new("/base"), "").map_err(|error| error.message().to_owned())
    };
    read("  stores: { a: { directory: objects } }\n").unwrap();
    read("  stores: { a: { gcs: {}, buckets: [one, two] } }\n  unscoped: true\n  objects_of: [b]\n").unwrap();
    for (storage, expected) in [
        ("  unscoped: true\n", "expected at least one store"),
        ("  stores: { a: {} }\n", "expected exactly one of s3, gcs and directory"),
        ("  stores: { a: { directory: x, gcs: {} } }\n", "expected exactly one of s3, gcs and directory"),
        ("  stores: { a: { gcs: {} } }\n", "expected at least one bucket"),
        ("  stores: { a: { gcs: {}, buckets: [\"../b\"] } }\n", "expected the name of a bucket"),
        ("  stores: { a: { s3: { region: \"\" }, buckets: [abc] } }\n", "expected a region"),
        (
            "  stores: { a: { gcs: { endpoint: \"https://a/b?c\" }, buckets: [abc] } }\n",
            "expected an address",
        ),
        ("  stores: { a: { directory: x } }\n  max_object_bytes: 0\n", "expected more than 0, found 0"),
        ("  stores: { a: { directory: x } }\n  timeout: 6 min\n", "expected more than 0 and at most 5 min"),
        ("  stores: { a: { directory: x } }\n  objects_of: [\"\"]\n", "found an empty name"),
    ] {
        let error = read(storage).err().unwrap();
        assert!(error.contains(expected), "{error}");
    }
}
