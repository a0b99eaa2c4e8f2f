//! The addon of the npm package `temporal-tdc`: the Rust API in the form that Node.js needs.
//!
//! ```text
//! JavaScript ──> `Handle::quick`   one small payload, no requests: the result in a buffer of the caller
//!        ├─────> `Call`            anything: now, or on libuv's threads; answers of the host; the result
//!        └─────> `load_clients`    `libtdc_keys`, which answers what a `Call` asks of key services
//! ```
//!
//! This layer makes no decisions. A failure is a value, because JavaScript creates the error; so is
//! a panic of the library, so that none ends the process. Input that a libuv thread reads belongs
//! to `src/call.ts`, which created it and never writes to it again.

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
