//! Stored objects: fetched by the same connections, with the same credentials, as keys are used.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::key_services::KeyServices;
use crate::services::{Session, s3, storage};

/// The bytes of an object, which can be plaintext. Erased on drop.
pub type Bytes = Zeroizing<Vec<u8>>;

/// An object, and the limits for fetching it. Everything but the key comes from a configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoredObject<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key in the bucket.
    pub key: &'a str,
    /// A longer object is cut one byte past it.
    pub max_bytes: usize,
    /// From the first attempt to connect to the end of the response.
    pub timeout: Duration,
}

/// A store that this library has a client of.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ObjectStore<'a> {
    /// Amazon S3, or what speaks its protocol.
    S3 {
        /// The region of the buckets.
        region: &'a str,
        /// The address; by default that of the region, or of the environment.
        endpoint: Option<&'a str>,
        /// Whether the bucket is in the path of a URL and not in its host.
        path_style: bool,
    },
    /// Google Cloud Storage.
    Gcs {
        /// The address; by default that of `STORAGE_EMULATOR_HOST`, or Google's.
        endpoint: Option<&'a str>,
    },
}

impl KeyServices {
    /// Fetches an object, without redirects and without the environment's proxies.
    ///
    /// # Errors
    /// [`FailureKind::Invalid`](crate::FailureKind::Invalid) if the store has no such object, and
    /// the other kinds of failures of the store.
    pub fn fetch(&self, store: ObjectStore<'_>, object: &StoredObject<'_>) -> Result<Bytes, Failure> {
        self.with_session(object.timeout, |session: &Session<'_>| match store {
            ObjectStore::S3 { region, endpoint, path_style } => {
                s3::get(session, object, region, endpoint, path_style)
            }
            ObjectStore::Gcs { endpoint } => storage::get(session, object, endpoint),
        })
    }
}
