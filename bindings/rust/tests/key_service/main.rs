//! A key service of the program: who is asked, what for, and how often.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect by panicking"
)]

mod failures;
mod service;
#[path = "../support/mod.rs"]
mod support;

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use service::{Service, URI, data_key, envelopes, until};
use support::{NONE, decode, encode};
use temporalio_common::data_converters::PayloadCodec as _;
use temporalio_common::protos::temporal::api::common::v1::Payload;

#[tokio::test]
async fn service_is_asked_once_for_a_data_key_instead_of_the_built_in_client() {
    let service = Service::default();
    let options = ", earlier: [\"hashivault://before\"], timeout: 7 s";
    let writer = service.open(options).data_converter();
    let (one, two) = (encode(&writer, "one").await.unwrap(), encode(&writer, "two").await.unwrap());
    assert_eq!(one.metadata["encoding"], b"binary/encrypted");
    assert_eq!(one.metadata["encryption-key-id"], URI.as_bytes());
    assert_eq!(data_key(&one), data_key(&two));
    assert_eq!(decode::<String>(&writer, &one).await.unwrap(), "one");
    assert_eq!(service.counts(), (1, 0));
    let reader = service.open(options).data_converter();
    for _ in 0..2 {
        assert_eq!(decode::<String>(&reader, &two).await.unwrap(), "two");
    }
    assert_eq!(service.counts(), (1, 1));
    for key in &*service.0.asked.lock().unwrap() {
        assert_eq!((&*key.uri, &key.earlier[..]), (URI, &["hashivault://before".to_owned()][..]));
        assert_eq!(key.timeout, Duration::from_secs(7));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_need_the_same_data_key_at_the_same_time_ask_for_it_once() {
    let service = Service::slow(300);
    let writer = service.open("").data_converter();
    let texts: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    let encoded = join_all(texts.iter().map(|text| encode(&writer, text))).await;
    assert_eq!(service.counts(), (1, 0));
    let reader = service.open("").data_converter();
    let decoded = encoded
        .iter()
        .map(async |payload| decode::<String>(&reader, payload.as_ref().unwrap()).await.unwrap());
    assert_eq!(join_all(decoded).await, texts);
    assert_eq!(service.counts(), (1, 1));
}

#[tokio::test]
async fn data_keys_of_a_list_are_asked_for_together() {
    let encoded = envelopes(40).await;
    let service = Service::slow(50);
    let decoded = service.open("").payload_codec().decode(&NONE, encoded).await.unwrap();
    for (number, payload) in decoded.iter().enumerate() {
        assert_eq!(payload.data, format!("\"{number}\"").as_bytes());
    }
    assert_eq!((service.counts(), service.0.most.load(Ordering::SeqCst)), ((0, 40), 16));
}

#[tokio::test]
async fn slow_service_does_not_keep_the_thread() {
    let service = Service::slow(60_000);
    let converter = service.open(", timeout: 60 s").data_converter();
    let call = tokio::spawn(async move { encode(&converter, "secret").await });
    until(async || service.0.now.load(Ordering::SeqCst) == 1).await;
    assert!(!call.is_finished());
    service.takes(0);
    call.await.unwrap().unwrap();
}

#[tokio::test]
async fn cancelled_call_harms_no_other() {
    let service = Service::slow(60_000);
    let converter = service.open(", timeout: 60 s").data_converter();
    // One of two callers gives up.
    let cancelled = tokio::spawn({
        let converter = converter.clone();
        async move { encode(&converter, "secret").await }
    });
    until(async || service.0.now.load(Ordering::SeqCst) == 1).await;
    let other = tokio::spawn({
        let converter = converter.clone();
        async move { encode(&converter, "secret").await }
    });
    tokio::task::yield_now().await;
    cancelled.abort();
    assert!(cancelled.await.unwrap_err().is_cancelled());
    service.takes(0);
    other.await.unwrap().unwrap();
    assert_eq!(service.counts(), (1, 0));
    // The only caller gives up: nothing is cached about the service.
    service.takes(60_000);
    let converter = service.open("").data_converter();
    let timeout = tokio::time::timeout(Duration::from_millis(50), encode(&converter, "secret"));
    timeout.await.unwrap_err();
    assert_eq!(service.0.now.load(Ordering::SeqCst), 0, "the request was dropped");
    service.takes(0);
    encode(&converter, "secret").await.unwrap();
    assert_eq!(service.counts(), (3, 0));
}

/// Messages that a data key encrypts, and those after which the next one is wrapped. The 800
/// between them are more than a test needs on a busy machine: a call that found none left would
/// wait for the service.
const MESSAGES: &str = ", data_key: { messages: 6400 }";
const UNTIL_RENEWAL: usize = 5600;

#[tokio::test]
async fn data_key_is_renewed_off_the_path_of_calls() {
    let service = Service::default();
    let tdc = service.open(&format!("{MESSAGES}, timeout: 60 s"));
    let converter = tdc.data_converter();
    let key = async || data_key(&encode(&converter, "one").await.unwrap()).to_vec();
    let first = key().await;
    service.takes(60_000);
    tdc.payload_codec().encode(&NONE, vec![Payload::default(); UNTIL_RENEWAL]).await.unwrap();
    until(async || {
        assert_eq!(key().await, first);
        service.counts() == (2, 0)
    })
    .await;
    assert_eq!(key().await, first);
    service.takes(0);
    until(async || key().await != first).await;
    assert_eq!(service.counts(), (2, 0));
}

#[tokio::test]
async fn renewal_that_fails_harms_no_call() {
    let service = Service::default();
    let tdc = service.open(MESSAGES);
    tdc.payload_codec().encode(&NONE, vec![Payload::default(); UNTIL_RENEWAL]).await.unwrap();
    *service.0.fails.lock().unwrap() = Some(|| io::Error::other("away").into());
    until(async || {
        encode(&tdc.data_converter(), "secret").await.unwrap();
        service.counts() == (2, 0)
    })
    .await;
}

#[test]
fn service_is_asked_outside_of_a_runtime_and_for_renewals_too() {
    let service = Service::default();
    let converter = service.open(", data_key: { messages: 8 }").data_converter();
    let payload = encode(&converter, "secret").now_or_never().unwrap().unwrap();
    assert_eq!(decode::<String>(&converter, &payload).now_or_never().unwrap().unwrap(), "secret");
    for _ in 0..8 {
        encode(&converter, "secret").now_or_never().unwrap().unwrap();
    }
    assert_eq!(service.counts(), (2, 0));
}

#[tokio::test]
async fn nothing_that_can_be_shown_has_a_key() {
    let service = Service::default();
    let tdc = service.open("");
    let payload = encode(&tdc.data_converter(), "secret").await.unwrap();
    let key = service.0.data_keys.lock().unwrap()[0];
    // The service gives the key in other bytes, so that the error is about it.
    let reader = Service::giving(&[&key[..], &[0]].concat()).open("");
    let error = decode::<String>(&reader.data_converter(), &payload).await.unwrap_err();
    let asked = service.0.asked.lock().unwrap()[0].clone();
    let shown =
        format!("{tdc:?} {:?} {asked:?} {error} {error:?} {:?}", tdc.payload_codec(), error.message());
    let hex: String = key.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{:?}", &key[..4]);
    for secret in [hex.as_str(), list.trim_matches(['[', ']'])] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
    assert!(!format!("{asked:?}").contains("orders"), "a URI can be a credential: {asked:?}");
}
