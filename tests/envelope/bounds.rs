//! How many requests and keys there are at most.

use prost::Message;
use tdc::DataConverter;

use super::service::{Payload, Service, URI, converter_with, list, payloads, plain};
use super::{key, sealed_elsewhere};

const LOCAL: &str = "  ring:\n    orders: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=, envelope: true }\n";

/// `tdc.context.v1.Context`, as far as it is needed here.
#[derive(Clone, PartialEq, Message)]
struct Context {
    #[prost(string, tag = "2")]
    namespace: String,
}

fn data_key_of(converter: &DataConverter, namespace: u32) -> String {
    let context = Context { namespace: namespace.to_string() }.encode_to_vec();
    let sealed = payloads(&converter.encode(&context, &list(&[plain("1")])).unwrap());
    sealed[0].text("encryption-dek").to_owned()
}

/// A thousand keys encrypt at the same time: the oldest goes first, and its namespace gets another.
#[test]
fn data_keys_of_a_thousand_namespaces_live() {
    let converter = converter_with(LOCAL, "", "");
    let keys: Vec<String> = (0..1000).map(|namespace| data_key_of(&converter, namespace)).collect();
    for namespace in [0, 1, 500, 999] {
        assert_eq!(data_key_of(&converter, namespace), keys[namespace as usize], "{namespace}");
    }
    data_key_of(&converter, 1000);
    assert_eq!(data_key_of(&converter, 1), keys[1]);
    assert_eq!(data_key_of(&converter, 999), keys[999]);
    assert_ne!(data_key_of(&converter, 0), keys[0]);
    assert_ne!(data_key_of(&converter, 1), keys[1], "after that it was the oldest");
}

#[test]
fn ten_thousand_payloads_under_a_hundred_data_keys_need_a_hundred_requests() {
    let (service, keys) = (Service::default(), format!("  ring:\n    orders: {{ service: \"{URI}\" }}\n"));
    let converter = converter_with(&keys, "", "ns");
    let sealed: Vec<Payload> =
        (0..100).map(|number| sealed_elsewhere(URI, &key(number), &plain(&number.to_string()))).collect();
    let list: Vec<Payload> = (0..10_000).map(|at| sealed[at * 37 % 100].clone()).collect();
    let decoded = service.decode(&converter, &list).unwrap();
    assert_eq!(service.counts(), (0, 100));
    assert!(decoded.iter().enumerate().all(|(at, payload)| *payload == plain(&(at * 37 % 100).to_string())));
    // One by one, as some SDKs hand them over, they need no more.
    for payload in &list[..300] {
        service.decode(&converter, std::slice::from_ref(payload)).unwrap();
    }
    assert_eq!(service.counts(), (0, 100));
}

#[test]
fn the_bound_is_exact_for_local_keys_and_has_room_for_those_of_services() {
    let spare = |converter: &DataConverter, sealed: &[Payload]| {
        converter.encode_bound(plain("1").encoded_len()).checked_sub(sealed[0].encoded_len()).unwrap()
    };
    // The length of what a key of the configuration wraps is known beforehand.
    let local = converter_with(LOCAL, "", "ns");
    let bound = local.encode_bound(0);
    let sealed = payloads(&local.encode(b"", &list(&[plain("1")])).unwrap());
    assert_eq!(local.encode_bound(0), bound);
    assert!(spare(&local, &sealed) < 80);
    // What a service wraps next is not known: the room is that of a long one.
    let (service, keys) = (Service::default(), format!("  ring:\n    orders: {{ service: \"{URI}\" }}\n"));
    let converter = converter_with(&keys, "", "ns");
    let bound = converter.encode_bound(0);
    let sealed = service.encode(&converter, &[plain("1")]).unwrap();
    assert!(bound > 600 && converter.encode_bound(0) == bound, "{bound}");
    assert!(spare(&converter, &sealed) > 200);
}

/// Payloads alternate between keys, as in a history that several workers wrote.
#[test]
fn more_data_keys_than_are_found_without_a_lock_open_all_the_same() {
    let writers: Vec<_> = (0..50).map(|_| converter_with(LOCAL, "", "ns")).collect();
    let reader = converter_with(LOCAL, "", "ns");
    for round in 0..3 {
        for (at, writer) in writers.iter().enumerate() {
            let before = [plain(&format!("{round} {at}"))];
            let sealed = writer.encode(b"", &list(&before)).unwrap();
            assert_eq!(payloads(&reader.decode(b"", &sealed).unwrap()), before);
        }
    }
}
