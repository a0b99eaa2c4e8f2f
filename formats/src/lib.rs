//! Data formats without any knowledge of Temporal: protobuf's wire format, JSON, base64,
//! MessagePack, descriptors, and protobuf's JSON form.
//!
//! ```text
//! protobuf_json     a serialised message ⇄ JSON, by descriptors
//! descriptors       message types as tables
//! msgpack           MessagePack ⇄ JSON
//! json   base64     JSON text: one reader of tokens; bytes as text
//! wire              protobuf's wire format: a cursor over untrusted bytes
//! ```
//! Every input may be hostile: none of it causes a panic or recursion, and no error quotes a value.
//! Limits on size are arguments; depth is limited where a format itself sets a limit.

#![forbid(unsafe_code)]

pub mod base64;
pub mod descriptors;
mod error;
mod host;
pub mod json;
pub mod msgpack;
mod percent;
pub mod protobuf_json;
pub mod text;
pub mod wire;

pub use error::{Error, ErrorKind};
pub use host::{ip_address, is_loopback};
pub use percent::{is_unreserved, percent_encoded};
