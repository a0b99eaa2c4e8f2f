//! A key service of the program: who is asked, what for, how often, and what its failures come to.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect by panicking"
)]

mod support;

use std::error::Error as StdError;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use support::{NONE, decode, encode, own};
use temporal_tdc::{Code, Error, KeyService, KeyServiceError, KeyServiceKey, Options, Tdc};
use temporalio_common::data_converters::PayloadCodec as _;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use tokio::time::sleep;

type Failure = Box<dyn StdError + Send + Sync>;

/// One that a built-in client would serve.
const URI: &str = "hashivault://orders";

/// A key service with one key, which counts, and can be told to fail, to take its time, and to give
/// something else.
#[derive(Clone, Default)]
struct Service(Arc<State>);

#[derive(Default)]
struct State {
    wraps: AtomicUsize,
    unwraps: AtomicUsize,
    /// Requests that run, and the most of them at the same time.
    now: AtomicUsize,
    most: AtomicUsize,
    takes: Mutex<Duration>,
    fails: Mutex<Option<fn() -> Failure>>,
    gives: Mutex<Option<Vec<u8>>>,
    asked: Mutex<Vec<KeyServiceKey>>,
    data_keys: Mutex<Vec<[u8; 32]>>,
}

/// Ends a request, also when it is dropped.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service {
    fn slow(milliseconds: u64) -> Self {
        let service = Self::default();
        service.takes(milliseconds);
        service
    }

    fn failing(fails: fn() -> Failure) -> Self {
        let service = Self::default();
        *service.0.fails.lock().unwrap() = Some(fails);
        service
    }

    fn giving(bytes: &[u8]) -> Self {
        let service = Self::default();
        *service.0.gives.lock().unwrap() = Some(bytes.to_vec());
        service
    }

    fn takes(&self, milliseconds: u64) {
        *self.0.takes.lock().unwrap() = Duration::from_millis(milliseconds);
    }

    fn counts(&self) -> (usize, usize) {
        (self.0.wraps.load(Ordering::SeqCst), self.0.unwraps.load(Ordering::SeqCst))
    }

    fn open(&self, options: &str) -> Tdc {
        let config = format!(
            "version: 1\nkeys: {{ primary: orders, ring: {{ orders: {{ service: \"{URI}\"{options} }} }} }}\ncodecs: [encrypt]\n"
        );
        Options::new().key_service(self.clone()).parse(&config, "").unwrap()
    }

    async fn run(&self, key: &KeyServiceKey, answer: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let state = &self.0;
        state.asked.lock().unwrap().push(key.clone());
        state.most.fetch_max(state.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let _running = Running(&state.now);
        let takes = *state.takes.lock().unwrap();
        if !takes.is_zero() {
            sleep(takes).await;
        }
        if let Some(fails) = *state.fails.lock().unwrap() {
            return Err(fails());
        }
        Ok(state.gives.lock().unwrap().clone().unwrap_or(answer))
    }
}

impl KeyService for Service {
    async fn wrap(&self, key: &KeyServiceKey, data_key: &[u8; 32]) -> Result<Vec<u8>, Failure> {
        self.0.wraps.fetch_add(1, Ordering::SeqCst);
        self.0.data_keys.lock().unwrap().push(*data_key);
        self.run(key, [&[1], &data_key.map(|byte| byte ^ 7)[..]].concat()).await
    }

    async fn unwrap(&self, key: &KeyServiceKey, wrapped: &[u8]) -> Result<Vec<u8>, Failure> {
        self.0.unwraps.fetch_add(1, Ordering::SeqCst);
        match wrapped {
            [1, data_key @ ..] => self.run(key, data_key.iter().map(|byte| byte ^ 7).collect()).await,
            _ => Err(KeyServiceError::invalid("not mine").into()),
        }
    }
}

/// Payloads, each under a data key of its own.
async fn envelopes(count: usize) -> Vec<Payload> {
    let each = (0..count).map(async |number| {
        encode(&Service::default().open("").data_converter(), &number.to_string()).await.unwrap()
    });
    join_all(each).await
}

fn data_key(payload: &Payload) -> &[u8] {
    &payload.metadata["encryption-dek"]
}

async fn until(is: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !is().await {
        assert!(begin.elapsed() < Duration::from_secs(30), "it takes too long");
        sleep(Duration::from_millis(10)).await;
    }
}

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
async fn what_a_service_says_is_an_error_with_its_source() {
    #[derive(Debug)]
    struct Around(KeyServiceError);
    impl std::fmt::Display for Around {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the client said no")
        }
    }
    impl StdError for Around {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    /// What a service fails with, the words of it, and the codes of encode and decode.
    type Case = (fn() -> Failure, &'static str, Code, Code);

    let envelope = envelopes(1).await.remove(0);
    let cases: [Case; 5] = [
        (
            || KeyServiceError::refused("access denied").into(),
            "access denied",
            Code::KeyRefused,
            Code::KeyRefused,
        ),
        (
            || Around(KeyServiceError::refused("denied")).into(),
            "the client said no",
            Code::KeyRefused,
            Code::KeyRefused,
        ),
        (|| KeyServiceError::invalid("changed").into(), "changed", Code::KeyService, Code::Ciphertext),
        (|| KeyServiceError::unavailable("away").into(), "away", Code::KeyService, Code::KeyService),
        (|| io::Error::other("reset").into(), "reset", Code::KeyService, Code::KeyService),
    ];
    for (fails, reason, of_encode, of_decode) in cases {
        let is = |error: &Error, code: Code, index: usize| {
            assert_eq!((error.code(), error.payload_index()), (code, Some(index)), "{error}");
            assert_eq!(error.is_transient(), code != Code::Ciphertext);
            assert!(error.message().ends_with(reason), "{error}");
            assert_eq!(StdError::source(error).unwrap().to_string(), reason);
        };
        let codec = Service::failing(fails).open("").payload_codec();
        let plain = Payload { metadata: [("encoding".into(), b"x".to_vec())].into(), ..Payload::default() };
        let error = codec.decode(&NONE, vec![plain, envelope.clone()]).await.unwrap_err();
        is(&own(error), of_decode, 1);
        // Everybody who waits for an answer learns why there is none.
        let service = Service::failing(fails);
        service.takes(50);
        let converter = service.open("").data_converter();
        for result in join_all((0..3).map(|_| encode(&converter, "secret"))).await {
            is(&result.unwrap_err(), of_encode, 0);
        }
    }
    let converter = Service::failing(|| io::Error::other("reset").into()).open("").data_converter();
    let error = decode::<String>(&converter, &envelope).await.unwrap_err();
    assert!(StdError::source(&error).unwrap().is::<io::Error>(), "the program's own type");
}

#[tokio::test]
async fn refusal_is_cached_and_an_unavailable_service_is_soon_asked_again() {
    for (fails, asked) in [
        ((|| KeyServiceError::refused("denied").into()) as fn() -> Failure, 1),
        (|| KeyServiceError::unavailable("away").into(), 2),
    ] {
        let service = Service::failing(fails);
        let converter = service.open("").data_converter();
        for _ in 0..3 {
            encode(&converter, "secret").await.unwrap_err();
        }
        sleep(Duration::from_millis(1100)).await;
        *service.0.fails.lock().unwrap() = None;
        assert_eq!(encode(&converter, "secret").await.is_ok(), asked == 2);
        assert_eq!(service.counts(), (asked, 0));
    }
}

#[tokio::test]
async fn key_of_a_wrong_length_is_an_error() {
    let envelope = envelopes(1).await.remove(0);
    for length in [0, 31, 33] {
        let converter = Service::giving(&vec![1; length]).open("").data_converter();
        let error = decode::<String>(&converter, &envelope).await.unwrap_err();
        assert_eq!((error.code(), error.payload_index()), (Code::Ciphertext, Some(0)), "{error}");
        assert!(error.message().contains(&format!("{length} bytes")), "{error}");
    }
    for length in [0, 64 * 1024] {
        let converter = Service::giving(&vec![1; length]).open("").data_converter();
        let error = encode(&converter, "secret").await.unwrap_err();
        assert_eq!(error.code(), Code::KeyService, "{error}");
        assert!(error.message().contains(&format!("{length} bytes")), "{error}");
    }
}

#[tokio::test]
async fn another_data_key_than_the_wrapped_one_does_not_authenticate() {
    let envelope = envelopes(1).await.remove(0);
    let converter = Service::giving(&[9; 32]).open("").data_converter();
    let error = decode::<String>(&converter, &envelope).await.unwrap_err();
    assert_eq!(error.code(), Code::Authentication, "{error}");
}

#[tokio::test]
async fn panic_of_a_service_is_its_failure() {
    let converter =
        Service::failing(|| std::panic::resume_unwind(Box::new("a bug"))).open("").data_converter();
    let error = encode(&converter, "secret").await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), (Code::KeyService, true));
    assert!(error.message().ends_with("the key service panicked"), "{error}");
}

#[tokio::test]
async fn service_that_is_too_slow_is_given_up() {
    let envelope = envelopes(1).await.remove(0);
    let service = Service::slow(60_000);
    let converter = service.open(", timeout: 100 ms").data_converter();
    let encoded = encode(&converter, "secret").await.unwrap_err();
    let decoded = decode::<String>(&converter, &envelope).await.unwrap_err();
    for error in [encoded, decoded] {
        assert_eq!((error.code(), error.is_transient()), (Code::KeyService, true));
        assert!(error.message().ends_with("no answer in 0.1 s"), "{error}");
    }
    assert_eq!(service.0.now.load(Ordering::SeqCst), 0, "the requests were dropped");
}

#[tokio::test]
async fn slow_service_does_not_keep_the_thread() {
    let service = Service::slow(500);
    let converter = service.open("").data_converter();
    let ticks = AtomicUsize::new(0);
    let ticking = async {
        loop {
            sleep(Duration::from_millis(10)).await;
            ticks.fetch_add(1, Ordering::SeqCst);
        }
    };
    tokio::select! {
        encoded = encode(&converter, "secret") => assert!(encoded.is_ok()),
        () = ticking => {}
    }
    assert!(ticks.load(Ordering::SeqCst) > 2);
}

#[tokio::test]
async fn cancelled_call_harms_no_other() {
    let service = Service::slow(300);
    let converter = service.open("").data_converter();
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
    other.await.unwrap().unwrap();
    assert_eq!(service.counts(), (1, 0));
    // The only caller gives up: nothing is cached about the service.
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
    let tdc = service.open(MESSAGES);
    let converter = tdc.data_converter();
    let key = async || data_key(&encode(&converter, "one").await.unwrap()).to_vec();
    let first = key().await;
    service.takes(200);
    tdc.payload_codec().encode(&NONE, vec![Payload::default(); UNTIL_RENEWAL]).await.unwrap();
    until(async || {
        assert_eq!(key().await, first);
        service.counts() == (2, 0)
    })
    .await;
    assert_eq!(key().await, first);
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
