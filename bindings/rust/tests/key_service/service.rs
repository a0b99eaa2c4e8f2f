//! A key service for tests, and payloads under its keys.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use temporal_tdc::{KeyService, KeyServiceError, KeyServiceKey, Options, Tdc};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use tokio::time::sleep;

use crate::support::encode;

pub(crate) type Failure = Box<dyn StdError + Send + Sync>;

/// One that a built-in client would serve.
pub(crate) const URI: &str = "hashivault://orders";

/// A key service with one key, which counts, and can be told to fail, to take its time, and to give
/// something else.
#[derive(Clone, Default)]
pub(crate) struct Service(pub(crate) Arc<State>);

#[derive(Default)]
pub(crate) struct State {
    pub(crate) wraps: AtomicUsize,
    pub(crate) unwraps: AtomicUsize,
    /// Requests that run, and the most of them at the same time.
    pub(crate) now: AtomicUsize,
    pub(crate) most: AtomicUsize,
    pub(crate) takes: Mutex<Duration>,
    pub(crate) fails: Mutex<Option<fn() -> Failure>>,
    pub(crate) gives: Mutex<Option<Vec<u8>>>,
    pub(crate) asked: Mutex<Vec<KeyServiceKey>>,
    pub(crate) data_keys: Mutex<Vec<[u8; 32]>>,
}

/// Ends a request, also when it is dropped.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service {
    pub(crate) fn slow(milliseconds: u64) -> Self {
        let service = Self::default();
        service.takes(milliseconds);
        service
    }

    pub(crate) fn failing(fails: fn() -> Failure) -> Self {
        let service = Self::default();
        *service.0.fails.lock().unwrap() = Some(fails);
        service
    }

    pub(crate) fn giving(bytes: &[u8]) -> Self {
        let service = Self::default();
        *service.0.gives.lock().unwrap() = Some(bytes.to_vec());
        service
    }

    pub(crate) fn takes(&self, milliseconds: u64) {
        *self.0.takes.lock().unwrap() = Duration::from_millis(milliseconds);
    }

    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.0.wraps.load(Ordering::SeqCst), self.0.unwraps.load(Ordering::SeqCst))
    }

    pub(crate) fn open(&self, options: &str) -> Tdc {
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
        let begin = Instant::now();
        while begin.elapsed() < *state.takes.lock().unwrap() {
            sleep(Duration::from_millis(5)).await;
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
pub(crate) async fn envelopes(count: usize) -> Vec<Payload> {
    let each = (0..count).map(async |number| {
        encode(&Service::default().open("").data_converter(), &number.to_string()).await.unwrap()
    });
    join_all(each).await
}

pub(crate) fn data_key(payload: &Payload) -> &[u8] {
    &payload.metadata["encryption-dek"]
}

pub(crate) async fn until(is: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !is().await {
        assert!(begin.elapsed() < Duration::from_secs(30), "it takes too long");
        sleep(Duration::from_millis(10)).await;
    }
}
