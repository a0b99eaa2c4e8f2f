//! What the listings of both stores come to.

use core::fmt;
use std::time::SystemTime;

/// Which bytes an object has: an object that is replaced gets another one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectVersion {
    /// S3's, as the store writes it.
    ETag(String),
    /// Google Cloud Storage's.
    Generation(u64),
}

impl fmt::Display for ObjectVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ETag(tag) => write!(f, "etag:{tag}"),
            Self::Generation(number) => write!(f, "generation:{number}"),
        }
    }
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedObject {
    /// The key, which may be anything.
    pub key: String,
    /// How many bytes it has.
    pub len: u64,
    /// Its version.
    pub version: ObjectVersion,
    /// When it was written, to the second.
    pub modified: Option<SystemTime>,
    /// Of all bytes, if the store says it.
    pub(crate) checksum: Option<u32>,
}

/// A part of a listing.
pub(crate) struct Page {
    pub(crate) objects: Vec<ListedObject>,
    /// What continues it.
    pub(crate) next: Option<String>,
}
