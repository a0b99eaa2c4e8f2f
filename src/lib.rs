//! tdc, the Temporal Data Converter: one implementation of Temporal's data conversion layer for
//! every SDK.
//!
//! ```text
//! Go   Python   Java   C, C++, anything                        the command line `tdc`
//!    \    |      |     /                                               |
//!      include/tdc.h                                                   |
//!          |                                                           |
//!        `ffi`     thin, almost the only unsafe code                   |
//!          |                                                           |
//!   `config` ──> `DataConverter` { codecs, keys, limits }  <───────────┘
//!                     |
//!       `codec::chain`: encode follows the config, decode follows the payload
//!                     |
//!       `wire`, `payload`: a walk over protobuf bytes that copies nothing
//! ```
//!
//! A call takes borrowed bytes and returns bytes. Both are the protobuf that Temporal already uses:
//! a serialised `temporal.api.common.v1.Payloads`, or one `Payload` in two slices. Input is
//! untrusted: nothing here panics on it, and [`Limits`] bounds the cost of one call.
//!
//! Programs in Rust use [`DataConverter`]; everything else goes through the C ABI.

#![deny(unsafe_code)]

mod call;
mod codec;
mod collected;
mod config;
mod context;
mod converter;
mod data_converter;
mod descriptors;
mod error;
mod failure;
#[allow(unsafe_code)]
pub mod ffi;
mod framing;
mod history;
mod inspect;
mod keys;
mod limits;
mod lock;
mod message;
mod origin;
mod outcome;
pub mod payload;
mod scratch;
mod storage;
#[allow(unsafe_code)]
mod sys;

pub use call::{Answer, Call, Request, Scope};
pub use codec::remote::HttpRequest;
pub use config::{ByteSize, NamespaceSettings, NamespaceSummary, Pattern, SharedKey, Span, read_file};
pub use data_converter::DataConverter;
pub use error::{Code, Error, Kind};
pub use history::{binary_history_type, is_json_history};
pub use inspect::{Inspection, inspect};
pub use keys::{BACKEND, Fault, KeyService, Unwrap, Wrap};
pub use limits::{Limits, Usage};
pub use message::{MessageFlags, PlainPlaces};
pub use outcome::Outcome;
pub use payload::Location;
pub use storage::{Object, ObjectFault, References, Store, StoreKind};

/// Whether a serialised payload is a reference to a stored object.
#[must_use]
pub fn is_reference(payload: &[u8]) -> bool {
    storage::is_reference(payload::Slices::one(payload))
}

/// Fills `out` with random bytes from the operating system, for creating keys.
///
/// # Errors
/// [`Code::Random`].
pub fn random(out: &mut [u8]) -> Result<(), Error> {
    sys::random(out)
}

/// Creates a file that only its owner can read and write, and opens it for both. Nothing may exist
/// at `path` yet.
///
/// # Errors
/// What the system says.
pub fn create_private(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    sys::create_private(path)
}
