//! Responses on their way to a client. A finished response keeps its permit until its last byte is
//! sent or its connection is closed: a response that the client does not read uses memory too, and
//! without this a client that reads nothing could request any number of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::permits::Permit;
use axum::body::{Body, Bytes};

/// The responses of one connection that its client has not read yet, with the time since which each
/// waits.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Vec<Instant>>);

impl Waiting {
    /// Completes when a response has waited for `patience`, after twice that at the latest.
    pub(super) async fn is_left_waiting(&self, patience: Duration) {
        loop {
            tokio::time::sleep(patience).await;
            if self.with(|since| since.iter().any(|since| since.elapsed() >= patience)) {
                return;
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.with(|since| since.is_empty())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Instant>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The bytes of a response. The sender drops them once they are sent.
struct Held {
    bytes: Vec<u8>,
    since: Instant,
    waiting: Arc<Waiting>,
    _permit: Permit,
}

/// A response body that keeps `permit` for as long as its bytes are in memory.
pub(super) fn body(bytes: Vec<u8>, permit: Permit, waiting: Arc<Waiting>) -> Body {
    let since = Instant::now();
    waiting.with(|all| all.push(since));
    Body::from(Bytes::from_owner(Held { bytes, since, waiting, _permit: permit }))
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.waiting.with(|all| {
            if let Some(permit) = all.iter().position(|since| *since == self.since) {
                all.swap_remove(permit);
            }
        });
    }
}
