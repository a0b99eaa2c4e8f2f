//! `remote`: a codec server encodes and decodes, as `docs/FORMAT.md` ("Remote codec") says.
//!
//! The library opens no connections. A call whose payloads need the server ends with a request. The
//! host sends it, passes the answer in and repeats the call:
//!
//! ```text
//! try ──> `Exchange` looks into the call's `Answers` ──> all there: they go on through the local codecs
//!              |                                └──> some missing: one `HttpRequest` for them, and the try ends
//!              |                                               |
//!              └<── call again <── `Answers` <── `judge` <── the host's HTTP client
//! ```
//! The server's response is untrusted: it is bounded, counted and checked before it is used, and
//! errors repeat none of it.

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

use std::time::Duration;

use zeroize::Zeroizing;

use super::list::{Codec, Stage};

pub(super) const CODEC: Codec =
    Codec { name: "remote", about: "A codec server, behind all others.", stage: Stage::Remote, layers: &[] };

/// One of the server's two operations.
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
    /// In addition to the headers that every request has.
    pub(crate) headers: Vec<Header>,
    pub(crate) timeout: Duration,
    /// Most bytes of payloads that go into one request.
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
