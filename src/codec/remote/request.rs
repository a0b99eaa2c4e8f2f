//! The HTTP request that the host is asked to send.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Direction, Header, Remote};
use crate::error::Error;
use crate::limits::Limits;
use crate::payload::Slices;
use crate::payload::json;

/// A `POST` to a codec server. It contains payloads and perhaps credentials: neither shows in
/// `Debug`, and both are erased on drop.
#[derive(Clone)]
pub struct HttpRequest(Arc<Contents>);

struct Contents {
    url: String,
    headers: Vec<Header>,
    body: Zeroizing<Vec<u8>>,
    timeout: Duration,
    max_response_bytes: usize,
    direction: Direction,
    entries: Vec<Entry>,
}

/// A payload of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The key under which its answer is kept.
    pub(crate) key: Key,
    /// Its index among the payloads of the call.
    pub(crate) index: usize,
}

/// Identifies a payload sent to a server: SHA-256 over everything that determines the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn new(url: &str, namespace: &str, payload: Slices<'_>) -> Self {
        let mut hash = Sha256::new();
        for text in [url, namespace] {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        hash.update(payload.head);
        hash.update(payload.tail);
        Self(hash.finalize().into())
    }
}

impl HttpRequest {
    /// The request for `payloads`, each given as its bytes.
    ///
    /// # Errors
    /// [`Code::Protobuf`](crate::Code::Protobuf) for a payload that JSON cannot express.
    pub(crate) fn new(
        remote: &Remote,
        direction: Direction,
        url: String,
        namespace: &str,
        payloads: &[(Entry, Zeroizing<Vec<u8>>)],
        limits: &Limits,
    ) -> Result<Self, Error> {
        let sent: usize = payloads.iter().map(|(_, payload)| payload.len()).sum();
        let list: Vec<&[u8]> = payloads.iter().map(|(_, payload)| payload.as_slice()).collect();
        let body = Zeroizing::new(json::print_all(&list, sent).map_err(|error| {
            match error.payload_index().and_then(|index| payloads.get(index)) {
                Some((entry, _)) => Error::new(error.code(), error.message()).at_payload(entry.index),
                None => error,
            }
        })?);
        let mut headers =
            vec![Header::new("Content-Type", "application/json"), Header::new("Accept", "application/json")];
        let says = |name: &str| remote.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
        if !namespace.is_empty() && !says("X-Namespace") {
            headers.push(Header::new("X-Namespace", namespace));
        }
        headers.extend(remote.headers.iter().cloned());
        Ok(Self(Arc::new(Contents {
            url,
            headers,
            body,
            timeout: remote.timeout,
            max_response_bytes: max_response_bytes(sent, payloads.len(), limits),
            direction,
            entries: payloads.iter().map(|(entry, _)| *entry).collect(),
        })))
    }

    /// The URL, including the operation.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Names and values of its headers. Each name occurs once.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.headers.iter().map(|header| (header.name.as_str(), header.value.as_str()))
    }

    /// Its body: compact JSON.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// How long the server has, from the first attempt to connect to the end of its response.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.0.timeout
    }

    /// The longest response body that is accepted. A host that has read one byte more can stop
    /// reading.
    #[must_use]
    pub fn max_response_bytes(&self) -> usize {
        self.0.max_response_bytes
    }

    pub(crate) fn direction(&self) -> Direction {
        self.0.direction
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0.entries
    }
}

/// The largest response for `count` payloads of `sent` bytes: base64 of what the call may decode
/// to, or of twice the bytes sent if that is more, plus the names around each payload.
fn max_response_bytes(sent: usize, count: usize, limits: &Limits) -> usize {
    const AROUND_ANSWER: usize = 64 << 10;
    const AROUND_PAYLOAD: usize = 1 << 10;
    let bytes = limits.max_decoded_bytes.max(sent.saturating_mul(2));
    (bytes / 3).saturating_add(1).saturating_mul(4).saturating_add(count * AROUND_PAYLOAD + AROUND_ANSWER)
}

/// The same payloads on the same way: what the local codecs make of them differs each time.
impl PartialEq for HttpRequest {
    fn eq(&self, other: &Self) -> bool {
        let keys = |request: &Self| request.0.entries.iter().map(|entry| entry.key).collect::<Vec<_>>();
        self.0.direction == other.0.direction && self.0.url == other.0.url && keys(self) == keys(other)
    }
}

impl Eq for HttpRequest {}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({} payloads to {})", self.0.entries.len(), self.0.url)
    }
}
