//! JSON of services. Secrets are read into memory that is erased, and written into a body that is
//! never reallocated.

use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::http::Reply;

/// A text that is erased.
#[derive(Default)]
pub(crate) struct Secret(pub(crate) Zeroizing<String>);

impl Secret {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer).map_err(|_| D::Error::custom("not a text"))?;
        Ok(Self(Zeroizing::new(text)))
    }
}

/// Parses a reply; a failure if it does not have this shape.
pub(crate) fn read<'r, T: Deserialize<'r>>(reply: &'r Reply, service: &str) -> Result<T, Failure> {
    serde_json::from_slice(&reply.body).map_err(|_| reply.nonsense(service))
}

/// A body. Its longest part is a wrapped key of a few kilobytes, so its capacity is enough and it
/// does not grow.
pub(crate) fn body(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut out = Zeroizing::new(Vec::with_capacity(16 * 1024));
    serde_json::to_writer(&mut *out, value)
        .map_err(|_| Failure::unavailable("the request cannot be written"))?;
    Ok(out)
}

pub(crate) fn base64(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(bytes))
}

pub(crate) fn from_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    STANDARD.decode(text).ok().map(Zeroizing::new)
}

pub(crate) fn base64url(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes))
}

pub(crate) fn from_base64url(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok().map(Zeroizing::new)
}
