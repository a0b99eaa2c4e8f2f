//! Envelopes: data keys that a key service wraps. The service of these tests wraps with AES-256-GCM
//! of an implementation that is not the library's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests say what they expect by panicking"
)]

mod bounds;
mod reload;
mod rewrap;
mod service;

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use tdc::{Answer, Call, Code, DataConverter, Fault};

use service::{Payload, Service, URI, converter, converter_with, kek, list, open, payloads, plain, seal};

#[test]
fn an_envelope_has_the_three_entries_and_opens_with_another_implementation() {
    let (service, converter) = (Service::default(), converter(""));
    let before = [plain("\"one\""), plain("\"two\"")];
    let sealed = service.encode(&converter, &before).unwrap();
    assert_eq!(service.counts(), (1, 0));
    for (payload, before) in sealed.iter().zip(&before) {
        let names: Vec<&str> = payload.metadata.keys().map(String::as_str).collect();
        assert_eq!(names, ["encoding", "encryption-dek", "encryption-key-id"]);
        assert_eq!((payload.text("encoding"), payload.text("encryption-key-id")), ("binary/encrypted", URI));
        let wrapped = STANDARD.decode(payload.text("encryption-dek")).unwrap();
        let data_key: [u8; 32] = open(&kek(URI), &wrapped).unwrap().try_into().unwrap();
        assert_eq!(open(&data_key, &payload.data).unwrap(), before.encode_to_vec());
    }
    // What this process wrapped needs no service to be opened.
    assert_eq!(service.decode(&converter, &sealed).unwrap(), before);
    assert_eq!(service.counts(), (1, 0));
    // Another process unwraps the one data key once.
    let other = self::converter("");
    assert_eq!(service.decode(&other, &sealed).unwrap(), before);
    assert_eq!(service.decode(&other, &sealed).unwrap(), before);
    assert_eq!(service.counts(), (1, 1));
}

fn sealed_elsewhere(uri: &str, data_key: &[u8; 32], payload: &Payload) -> Payload {
    let wrapped = STANDARD.encode(seal(&kek(uri), data_key));
    let entries =
        [("encoding", "binary/encrypted"), ("encryption-key-id", uri), ("encryption-dek", wrapped.as_str())];
    Payload::new(&entries, &seal(data_key, &payload.encode_to_vec()))
}

fn key(number: u32) -> [u8; 32] {
    let mut key = [9; 32];
    key[..4].copy_from_slice(&number.to_le_bytes());
    key
}

#[test]
fn a_list_with_more_data_keys_than_the_cache_holds_comes_to_its_end() {
    let service = Service::default();
    let keys = format!("  ring:\n    orders: {{ service: \"{URI}\" }}\n  cache: {{ entries: 10 }}\n");
    let converter = converter_with(&keys, "", "ns");
    let before: Vec<Payload> = (0..200).map(|number| plain(&number.to_string())).collect();
    let sealed: Vec<Payload> = before
        .iter()
        .enumerate()
        .map(|(at, payload)| sealed_elsewhere(URI, &key(u32::try_from(at / 2).unwrap()), payload))
        .collect();
    // Each has a wrapped text of its own, also where the data key is the same.
    assert_eq!(service.decode(&converter, &sealed).unwrap(), before);
    assert_eq!(service.counts(), (0, 200));
    assert_eq!(service.tries.get(), 200_usize.div_ceil(16));
}

#[test]
fn a_history_with_more_data_keys_than_the_cache_holds_comes_to_its_end() {
    const KEYS: u32 = 5_000;
    let service = Service::default();
    let keys = format!("  ring:\n    orders: {{ service: \"{URI}\" }}\n  cache: {{ entries: 1000 }}\n");
    let converter = converter_with(&keys, "", "ns");
    let mut history = String::from("{\"events\":[");
    for number in 0..KEYS {
        let payload = sealed_elsewhere(URI, &key(number), &plain(&number.to_string()));
        let text = |bytes: &[u8]| STANDARD.encode(bytes);
        let entries: Vec<String> =
            payload.metadata.iter().map(|(name, value)| format!("\"{name}\":\"{}\"", text(value))).collect();
        history += if number == 0 { "" } else { "," };
        history += &format!(
            "{{\"workflowExecutionSignaledEventAttributes\":{{\"input\":{{\"payloads\":[{{\"metadata\":{{{}}},\"data\":\"{}\"}}]}}}}}}",
            entries.join(","),
            text(&payload.data)
        );
    }
    history += "]}";
    let decoded =
        service.run(&converter, |call| converter.decode_history(call.at(b""), history.as_bytes())).unwrap();
    let decoded = String::from_utf8(decoded).unwrap();
    assert!(!decoded.contains("encryption-dek") && decoded.contains(&STANDARD.encode("4999")));
    assert_eq!(service.counts(), (0, KEYS as usize));
}

#[test]
fn keys_of_inner_layers_cost_one_round_too() {
    let (service, converter) = (Service::default(), converter(""));
    let before: Vec<Payload> = (0..8).map(|number| plain(&number.to_string())).collect();
    let sealed: Vec<Payload> = before
        .iter()
        .zip(0..)
        .map(|(payload, at)| sealed_elsewhere(URI, &key(100), &sealed_elsewhere(URI, &key(at), payload)))
        .collect();
    assert_eq!(service.decode(&converter, &sealed).unwrap(), before);
    assert_eq!(service.tries.get(), 2);
}

#[test]
fn an_envelope_of_somebody_else_is_left_alone_and_harms_no_neighbour() {
    let (service, converter) = (Service::default(), converter(""));
    let foreign = sealed_elsewhere("gcpkms://projects/p", &key(1), &plain("1"));
    let secret_id =
        sealed_elsewhere("base64key://smGbjm71Nxd1Ig5FS0wj9SlbzAIrnolCz9bQQ6uAhl4=", &key(1), &plain("1"));
    let long_id = sealed_elsewhere(&"x".repeat(2049), &key(1), &plain("1"));
    let own = service.encode(&converter, &[plain("2")]).unwrap().remove(0);
    let list = [foreign.clone(), own, secret_id.clone(), long_id.clone()];
    let decoded = service.decode(&converter, &list).unwrap();
    assert_eq!(decoded, [foreign.clone(), plain("2"), secret_id, long_id]);
    let strict = "codecs: [{ encrypt: { required: true } }]";
    let document = format!(
        "version: 1\nkeys: {{ primary: orders, ring: {{ orders: {{ service: \"{URI}\" }} }} }}\n{strict}\n"
    );
    let strict = DataConverter::parse(&document, Path::new(""), "ns").unwrap();
    assert_eq!(service.decode(&strict, &[foreign]).unwrap_err().code(), Code::NotEncrypted);
}

#[test]
fn another_spelling_selects_the_entry_and_is_what_the_payload_keeps() {
    let service = Service::default();
    let converter = converter(", also: [\"awskms:///arn:aws:kms:eu-central-1:1:key/2\"]");
    let mut payload = sealed_elsewhere(URI, &key(1), &plain("1"));
    let other = b"awskms:///arn:aws:kms:eu-central-1:1:key/2".to_vec();
    payload.metadata.insert("encryption-key-id".to_owned(), other);
    assert_eq!(service.decode(&converter, &[payload]).unwrap(), [plain("1")]);
}

#[test]
fn a_kek_of_another_namespace_is_never_used_and_never_left_alone() {
    let service = Service::default();
    let keys = format!(
        "  ring:\n    orders: {{ service: \"{URI}\" }}\n    tenant-a: {{ service: \"hashivault://a\" }}\n    tenant-b: {{ service: \"hashivault://b\" }}\n"
    );
    let rules =
        "namespaces:\n  - { match: \"*\", keys: { primary: \"tenant-{namespace}\", decrypt: [orders] } }\n";
    let of = |namespace| converter_with(&keys, rules, namespace);
    let sealed = service.encode(&of("a"), &[plain("1")]).unwrap();
    assert_eq!(sealed[0].text("encryption-key-id"), "hashivault://a");
    assert_eq!(service.decode(&of("a"), &sealed).unwrap(), [plain("1")]);
    let error = service.decode(&of("b"), &sealed).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::KeyUnknown, Some(0)));
    assert!(error.message().contains("\"tenant-a\""), "{error}");
    let error = service.encode(&of("c"), &[plain("1")]).unwrap_err();
    assert_eq!(error.code(), Code::KeyUnknown);
    assert!(error.message().contains("\"tenant-c\""), "{error}");
    // What is named for everybody opens everywhere.
    let shared = sealed_elsewhere(URI, &key(1), &plain("2"));
    assert_eq!(service.decode(&of("c"), &[shared]).unwrap(), [plain("2")]);
}

#[test]
fn faults_have_codes_and_are_believed_for_a_while() {
    let (service, converter) = (Service::default(), converter(""));
    let sealed = sealed_elsewhere(URI, &key(1), &plain("1"));
    service.fault.set(Some(Fault::Refused));
    let error = service.decode(&converter, &[plain("0"), sealed.clone()]).unwrap_err();
    assert_eq!((error.code(), error.payload_index()), (Code::KeyRefused, Some(1)));
    assert!(error.code().is_transient() && error.message().contains("as the test says"), "{error}");
    let asked = service.unwraps.get();
    assert_eq!(
        service.decode(&converter, std::slice::from_ref(&sealed)).unwrap_err().code(),
        Code::KeyRefused
    );
    assert_eq!(service.unwraps.get(), asked, "a refusal is believed");
    assert_eq!(service.encode(&converter, &[plain("1")]).unwrap_err().code(), Code::KeyRefused);

    let converter = self::converter("");
    service.fault.set(Some(Fault::Unavailable));
    for _ in 0..2 {
        let error = service.decode(&converter, std::slice::from_ref(&sealed)).unwrap_err();
        assert_eq!(error.code(), Code::KeyService);
    }
    assert_eq!(service.unwraps.get(), asked + 1);
    service.fault.set(None);
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(service.decode(&converter, &[sealed]).unwrap(), [plain("1")]);
}

#[test]
fn a_wrapped_key_that_is_none_is_the_payloads_fault() {
    let (service, converter) = (Service::default(), converter(""));
    let good = sealed_elsewhere(URI, &key(1), &plain("1"));
    let with = |name: &str, text: &str| {
        let mut payload = good.clone();
        payload.metadata.insert(name.to_owned(), text.as_bytes().to_vec());
        payload
    };
    let code = |payload: Payload| service.decode(&converter, &[payload]).unwrap_err().code();
    assert_eq!(code(with("encryption-dek", "not base64")), Code::Ciphertext);
    assert_eq!(code(with("encryption-dek", &"A".repeat(8196))), Code::Ciphertext);
    let truncated = good.text("encryption-dek")[..40].to_owned();
    assert_eq!(code(with("encryption-dek", &truncated)), Code::Ciphertext);
    // The wrapped key of another payload is a key, and not this payload's.
    let swapped = sealed_elsewhere(URI, &key(2), &plain("2")).text("encryption-dek").to_owned();
    assert_eq!(code(with("encryption-dek", &swapped)), Code::Authentication);
    // A key of another length.
    *service.nonsense.borrow_mut() = Some(vec![1; 31]);
    let error = service.decode(&self::converter(""), std::slice::from_ref(&good)).unwrap_err();
    assert_eq!(error.code(), Code::Ciphertext);
    assert!(error.message().contains("31 bytes"), "{error}");
}

#[test]
fn a_data_key_is_replaced_by_count_and_renewed_before() {
    let (service, converter) = (Service::default(), converter(", data_key: { messages: 16 }"));
    let mut keys = Vec::new();
    for _ in 0..40 {
        let sealed = service.encode(&converter, &[plain("1")]).unwrap();
        let wrapped = sealed[0].text("encryption-dek").to_owned();
        if keys.last() != Some(&wrapped) {
            keys.push(wrapped);
        }
    }
    // The renewal comes with the payload after the fourteenth, while the old key is used.
    assert_eq!((keys.len(), service.counts()), (3, (3, 0)));
}

#[test]
fn a_call_that_can_ask_nothing_does_not_use_up_the_renewal() {
    let (service, converter) = (Service::default(), converter(", data_key: { messages: 16 }"));
    service.encode(&converter, &[plain("1")]).unwrap();
    for _ in 0..14 {
        converter.encode(b"", &list(&[plain("1")])).unwrap();
    }
    service.encode(&converter, &[plain("1")]).unwrap();
    assert_eq!(service.counts(), (2, 0));
}

/// A host that makes the same call again in another way, as Python's does, or that ends before it
/// answers.
#[test]
fn a_renewal_that_is_dropped_is_the_next_calls() {
    let (service, converter) = (Service::default(), converter(", data_key: { messages: 16 }"));
    service.encode(&converter, &[plain("1")]).unwrap();
    for _ in 0..13 {
        converter.encode(b"", &list(&[plain("1")])).unwrap();
    }
    let pending = |call: &mut Call| {
        converter.encode(call.at(b""), &list(&[plain("2")])).unwrap();
        call.requests().len()
    };
    let (mut first, mut second) = (Call::default(), Call::default());
    assert_eq!((pending(&mut first), pending(&mut second)), (1, 0), "it is the turn of the first");
    drop(first);
    service.encode(&converter, &[plain("1")]).unwrap();
    assert_eq!(service.counts(), (2, 0));
}

#[test]
fn a_data_key_is_replaced_by_age_and_opens_what_it_sealed_for_as_long_as_the_cache_says() {
    let service = Service::default();
    let keys = format!(
        "  ring:\n    orders: {{ service: \"{URI}\", data_key: {{ lifetime: 1 s, renew_before: 1 ms }} }}\n  cache: {{ lifetime: 500 ms }}\n"
    );
    let converter = converter_with(&keys, "", "ns");
    let one = service.encode(&converter, &[plain("1")]).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(service.decode(&converter, &one).unwrap(), [plain("1")]);
    assert_eq!(service.counts(), (1, 1), "a revoked key must stop to open");
    std::thread::sleep(Duration::from_millis(500));
    service.fault.set(Some(Fault::Refused));
    assert_eq!(service.encode(&converter, &[plain("1")]).unwrap_err().code(), Code::KeyRefused);
}

#[test]
fn without_a_host_the_error_says_what_is_missing() {
    let converter = converter("");
    let error = converter.encode(b"", &list(&[plain("1")])).unwrap_err();
    assert_eq!(error.code(), Code::KeyService);
    let sealed = sealed_elsewhere(URI, &key(1), &plain("1"));
    let error = converter.decode(b"", &list(&[sealed])).unwrap_err();
    assert_eq!(error.code(), Code::KeyService);
    assert!(error.message().contains("\"orders\"") && !error.message().contains("awskms"), "{error}");
}

#[test]
fn a_host_that_answers_nothing_ends_the_call() {
    let converter = converter("");
    let (mut call, list) = (Call::default(), list(&[plain("1")]));
    assert_eq!(converter.encode(call.at(b""), &list).unwrap_err().code(), Code::Requests);
    assert_eq!(converter.encode(call.at(b""), &list).unwrap_err().code(), Code::KeyService);
    // Unknown is what an older host answers.
    assert_eq!(converter.encode(call.at(b""), &list).unwrap_err().code(), Code::Requests);
    let id = call.requests().next().unwrap().0;
    converter.answer(&mut call, &[(id, Answer::Unknown)]).unwrap();
    let error = converter.encode(call.at(b""), &list).unwrap_err();
    assert_eq!(error.code(), Code::KeyService);
    assert!(error.message().contains("no client"), "{error}");
}

#[test]
fn a_key_of_the_configuration_wraps_without_a_host() {
    let keys = "  ring:\n    orders: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=, envelope: true, data_key: { messages: 2 } }\n";
    let converter = converter_with(keys, "", "ns");
    let mut sealed = Vec::new();
    for _ in 0..3 {
        sealed.extend(payloads(&converter.encode(b"", &list(&[plain("1")])).unwrap()));
    }
    assert_eq!(sealed[0].text("encryption-key-id"), "orders");
    assert_ne!(sealed[0].text("encryption-dek"), sealed[2].text("encryption-dek"));
    let other = converter_with(keys, "", "ns");
    let opened = payloads(&other.decode(b"", &list(&sealed)).unwrap());
    assert_eq!(opened, [plain("1"), plain("1"), plain("1")]);
    let changed = Payload::new(
        &[("encoding", "binary/encrypted"), ("encryption-key-id", "orders"), ("encryption-dek", "AAAA")],
        &sealed[0].data,
    );
    assert_eq!(other.decode(b"", &list(&[changed])).unwrap_err().code(), Code::Ciphertext);
}

#[test]
fn mistakes_of_the_configuration_are_found() {
    let inline = "insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";
    for (ring, expected) in [
        (format!("a: {{ service: \"{URI}\", {inline} }}"), "neither file"),
        ("a: { service: nonsense }".to_owned(), "expected the URI of a key"),
        ("a: { service: \"awskms://x y\" }".to_owned(), "not an id"),
        (format!("a: {{ service: \"{URI}\" }}, b: {{ service: \"{URI}\" }}"), "has the same id"),
        (
            format!("a: {{ service: \"{URI}\" }}, b: {{ service: \"x://b\", also: [\"{URI}\"] }}"),
            "has the same id",
        ),
        (format!("a: {{ {inline}, envelope: true }}, b: {{ {inline} }}"), "the same 32 bytes"),
        (format!("a: {{ {inline}, also: [b] }}"), "only applies to service"),
        (format!("a: {{ {inline}, envelope: true, timeout: 1 s }}"), "only applies to service"),
        (
            format!("a: {{ service: \"{URI}\", data_key: {{ messages: 4294967297 }} }}"),
            "expected 1 to 4294967296",
        ),
        (format!("a: {{ service: \"{URI}\", data_key: {{ lifetime: 1 ms }} }}"), "at least 1 s"),
        (
            format!("a: {{ service: \"{URI}\", data_key: {{ lifetime: 1 s, renew_before: 1 s }} }}"),
            "less than lifetime",
        ),
        (format!("a: {{ service: \"{URI}\", timeout: 0 s }}"), "more than 0"),
    ] {
        let document = format!("version: 1\nkeys: {{ primary: a, ring: {{ {ring} }} }}\ncodecs: [encrypt]\n");
        let error = DataConverter::parse(&document, Path::new(""), "").map(|_| ()).unwrap_err();
        assert!(error.message().contains(expected), "{ring}: {error}");
    }
}
