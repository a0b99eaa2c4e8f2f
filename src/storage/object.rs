//! A stored object that the host is asked for, and why there is none.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::claim;
use super::options::Store;

/// Fetch the object with this key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Object {
    pub(super) store: Arc<Store>,
    pub(super) bucket: Option<String>,
    pub(super) key: String,
    pub(super) sha256: [u8; 32],
    pub(super) max_bytes: usize,
    pub(super) timeout: Duration,
}

impl Object {
    /// The store, as the configuration describes it.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// One of the store's buckets; `None` if the store has none.
    #[must_use]
    pub fn bucket(&self) -> Option<&str> {
        self.bucket.as_deref()
    }

    /// The key in the bucket: without empty segments, `.` and `..`. Send it as it is.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What a storage driver of an SDK gets to retrieve the object: where it is and its hash,
    /// spelled as each official driver does. Nothing else of what the reference says, for nothing
    /// else was checked.
    #[must_use]
    pub fn claim(&self) -> Vec<(&'static str, String)> {
        let hash: String = self.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let bucket = self.bucket.iter().map(|bucket| ("bucket", bucket.as_str()));
        let key = claim::KEY.map(|name| (name, self.key.as_str()));
        let algorithm = claim::ALGORITHM.map(|name| (name, "sha256"));
        let hash = claim::HASH.map(|name| (name, hash.as_str()));
        let claim = bucket.chain(key).chain(algorithm).chain(hash);
        claim.map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// The most bytes that the object may have. Stop reading one byte past it, and answer with
    /// what there is.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// From the first attempt to connect to the end of the response.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// The key can contain a workflow's id, so it is for no log.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object(in {:?})", self.store.name)
    }
}

/// Why an object was not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectFault {
    /// The store has no such object: an error of the payload.
    Missing,
    /// The store could not be reached, was too slow, refused, or its answer is not usable.
    Unavailable,
}
