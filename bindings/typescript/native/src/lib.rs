//! The addon of the npm package `temporal-tdc`: the Rust API in the form that Node.js needs.
//!
//! ```text
//! JavaScript ──> `Handle::quick`   one small payload, no requests: the result in a buffer of the caller
//!        ├─────> `Call`            anything: now, or on libuv's threads; answers of the host; the result
//!        └─────> `load_clients`    `libtdc_keys`, which answers what a `Call` asks of key services
//! ```
//!
//! Nothing here decides anything. A failure is a value, because JavaScript makes the error; a panic
//! of the library is one too, so none ends the process. Input that a thread of libuv reads belongs
//! to `src/call.ts`, which made it and never writes to it again.

mod call;
mod clients;
mod failure;
mod handle;
mod key_services;

pub use call::{Call, Try};
pub use clients::load_clients;
pub use failure::Failure;
pub use handle::{Handle, open, parse};

use napi_derive::napi;

/// The version that this addon was built as.
#[napi]
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
