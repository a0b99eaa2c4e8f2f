//! `remote`: a codec server encodes and decodes, as `docs/FORMAT.md` ("Remote codec") says.
//!
//! The library makes no connection. A call whose payloads need the server ends with a request,
//! which the host sends; it hands in the answer and calls again:
//!
//! ```text
//! try ──> `Exchange` looks into the call's `Answers` ──> all there: they go on through the local codecs
//!              |                                └──> some missing: one `HttpRequest` for them, and the try ends
//!              |                                               |
//!              └<── call again <── `Answers` <── `judge` <── the host's HTTP client
//! ```
//! What the server says is hostile: it is bounded, counted and checked before it counts as an
//! answer, and nothing of it is repeated in an error.

mod answers;
mod exchange;
pub(crate) mod options;
mod request;
mod response;
mod url;

pub(crate) use answers::Answers;
pub(crate) use exchange::{Exchange, Found};
pub(super) use options::Options;
pub use request::HttpRequest;
pub(crate) use response::judge;
pub(crate) use url::Url;
pub use url::is_loopback;

use std::time::Duration;

use zeroize::Zeroizing;

use super::list::{Codec, Stage};

pub(super) const CODEC: Codec =
    Codec { name: "remote", about: "A codec server, behind all others.", stage: Stage::Remote, layers: &[] };

/// Which of the server's two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Encode,
    Decode,
}

impl Direction {
    /// The last segment of the path.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Encode => "encode",
            Self::Decode => "decode",
        }
    }
}

/// The options of `remote`.
pub(crate) struct Remote {
    pub(crate) url: Url,
    /// Besides those that every request has.
    pub(crate) headers: Vec<Header>,
    pub(crate) timeout: Duration,
    /// Payloads of a call go into one request up to here.
    pub(crate) max_request_bytes: usize,
}

/// A header of a request. Its value can be a credential.
#[derive(Clone)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: Zeroizing<String>,
}

impl Header {
    pub(crate) fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: Zeroizing::new(value.to_owned()) }
    }
}
