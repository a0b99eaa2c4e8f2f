//! The clients of key services, which wrap and unwrap the data keys of tdc's envelopes.
//!
//! ```text
//! ffi            include/tdc_keys.h
//! key_services   one handle: wrap, unwrap, and all requests of a call
//! requests       tdc.host.v1 Requests → Answers            check      what works, and the remedy
//! services       the table; one file for each service and its credentials
//! objects  buckets  post
//!                stored objects, what buckets hold, and requests for a codec server, by the same
//!                connections and credentials; not in the C surface
//! cache  flight  tokens with an age; equal questions asked once
//! http  uri      bounded requests; the configured URI of a KEK
//! authorities    the certificate authorities that this machine trusts
//! ```
//! A call blocks its thread. There is no async runtime, and open connections belong to one process
//! id: a forked child starts afresh. A KEK never leaves its service. Every response is untrusted:
//! it is bounded in time and size, and no failure repeats a key or a token. Buffers of keys are
//! erased; those inside the HTTP and TLS libraries are out of our reach.

#![deny(unsafe_code)]

mod authorities;
mod buckets;
mod cache;
mod check;
mod environment;
mod failure;
#[allow(unsafe_code, reason = "the C surface")]
mod ffi;
mod flight;
mod http;
mod json;
mod key_services;
mod objects;
mod post;
mod requests;
mod services;
mod time;
mod uri;

pub use authorities::authorities;
pub use buckets::{Download, FoundStore, ListedObject, ObjectVersion};
pub use check::Check;
pub use environment::Environment;
pub use failure::{Failure, FailureKind};
pub use ffi::{
    TDC_KEYS_ABI_VERSION, TDC_KEYS_ERR_NULL, TDC_KEYS_ERR_PANIC, TDC_KEYS_ERR_PROTOBUF, TDC_KEYS_OK,
    tdc_keys, tdc_keys_abi_version, tdc_keys_answer, tdc_keys_answers_free, tdc_keys_free, tdc_keys_open,
};
pub use key_services::{Asked, KeyServices, Options};
pub use objects::{Bytes, ObjectStore, StoredObject};
pub use requests::KeyService;
pub use tdc_formats::wire::Malformed;
