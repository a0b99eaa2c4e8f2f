//! Buckets: what is in them, and objects of any size, one part after the other.
//!
//! A part is a request of its own, so that it has its own deadline, and a second try if a
//! connection fails, and so that no more than a part is in memory. Parts of different versions are
//! never put together.

mod listed;

use std::collections::HashSet;
use std::time::Duration;

use crate::failure::Failure;
use crate::http::Reply;
use crate::key_services::KeyServices;
use crate::objects::{Bytes, ObjectStore};
use crate::services::{Crc32c, s3, storage};
pub(crate) use listed::Page;
pub use listed::{ListedObject, ObjectVersion};

/// Objects of one page: the most that the stores list at once.
const PAGE: usize = 1000;
/// Bytes of one page: each byte of a key may be written as three.
pub(crate) const MAX_PAGE_BYTES: usize = 8 << 20;
/// Longest key of both stores, in bytes.
const MAX_KEY: usize = 1024;
/// Pages of one listing, which may be empty. Stores list millions of objects in so many.
const MAX_PAGES: usize = 20_000;
/// Bytes of what continues a listing.
const MAX_TOKEN: usize = 8 << 10;
/// Bytes of one part of an object.
const PART: u64 = 8 << 20;
/// Bytes of a refusal that are read: those of a small part must not be cut.
const MAX_REFUSAL: usize = 64 << 10;
/// The time of a page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// The time of a part: less than 70 KB a second is not waited for.
const PART_TIMEOUT: Duration = Duration::from_secs(120);

/// A store as the environment names it, for commands that have no configuration of stores.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoundStore {
    /// Amazon S3, or what `AWS_ENDPOINT_URL_S3` names.
    S3 {
        /// The region of the buckets.
        region: String,
        /// The address.
        endpoint: String,
        /// Whether the bucket is in the path of a URL and not in its host.
        path_style: bool,
    },
    /// Google Cloud Storage, or what `STORAGE_EMULATOR_HOST` names.
    Gcs,
}

impl FoundStore {
    /// The store.
    #[must_use]
    pub fn store(&self) -> ObjectStore<'_> {
        match self {
            Self::S3 { region, endpoint, path_style } => {
                ObjectStore::S3 { region, endpoint: Some(endpoint), path_style: *path_style }
            }
            Self::Gcs => ObjectStore::Gcs { endpoint: None },
        }
    }
}

/// Which part of a listing.
pub(crate) struct PageOf<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) token: Option<&'a str>,
    /// Most objects.
    pub(crate) count: usize,
}

/// Which part of an object; `len` is not 0.
pub(crate) struct PartOf<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) object: &'a ListedObject,
    pub(crate) start: u64,
    pub(crate) len: usize,
}

impl PartOf<'_> {
    /// The header `Range`.
    pub(crate) fn range(&self) -> String {
        format!("bytes={}-{}", self.start, self.start + self.len as u64 - 1)
    }

    /// How many bytes of an answer are read.
    pub(crate) fn room(&self) -> usize {
        self.len.max(MAX_REFUSAL)
    }

    /// The part in an answer; `refusal` says what another one means.
    pub(crate) fn of(&self, reply: Reply, refusal: impl FnOnce(&Reply) -> Failure) -> Result<Bytes, Failure> {
        let is_all = self.start == 0 && self.len as u64 == self.object.len;
        match reply.status {
            206 => Ok(reply.body),
            200 if is_all => Ok(reply.body),
            200 => Err(Failure::refused("the store does not send parts of objects: check the endpoint")),
            _ => Err(refusal(&reply)),
        }
    }

    /// The object was listed by the other kind of store.
    #[cold]
    pub(crate) fn foreign(&self) -> Failure {
        Failure::invalid("the object was listed by another store")
    }
}

impl Page {
    /// The page in an answer, by `read`; `refusal` says what another one means.
    pub(crate) fn of(
        reply: &Reply,
        service: &str,
        read: impl FnOnce(&[u8]) -> Option<Self>,
        refusal: impl FnOnce(&Reply) -> Failure,
    ) -> Result<Self, Failure> {
        if !reply.is_success() {
            return Err(refusal(reply));
        }
        if reply.body.len() > MAX_PAGE_BYTES {
            return Err(wrong_listing(&format!("a page has more than {MAX_PAGE_BYTES} bytes")));
        }
        read(&reply.body).ok_or_else(|| reply.nonsense(service))
    }
}

/// A listing that no store of these kinds gives. Asking again would not help.
#[cold]
fn wrong_listing(what: &str) -> Failure {
    Failure::refused(format!("the listing is not valid: {what}; check the endpoint"))
}

impl KeyServices {
    /// Amazon S3, by the variables and files of the `aws` command.
    ///
    /// # Errors
    /// If they name no region.
    pub fn s3(&self) -> Result<FoundStore, Failure> {
        s3::find(self.environment())
    }

    /// Lists the objects whose keys begin with `prefix`, and stops when there are `enough`.
    ///
    /// # Errors
    /// The failures of the store; also for a listing that no store would give.
    pub fn list(
        &self,
        store: ObjectStore<'_>,
        bucket: &str,
        prefix: &str,
        enough: usize,
    ) -> Result<Vec<ListedObject>, Failure> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let count = PAGE.min(enough.saturating_sub(found.len())).max(1);
            let page_of = PageOf { bucket, prefix, token: token.as_deref(), count };
            let page = self.with_session(PAGE_TIMEOUT, |session| match store {
                ObjectStore::S3 { region, endpoint, path_style } => {
                    s3::list(session, &page_of, region, endpoint, path_style)
                }
                ObjectStore::Gcs { endpoint } => storage::list(session, &page_of, endpoint),
            })?;
            if page.objects.len() > count {
                return Err(wrong_listing("a page has more objects than requested"));
            }
            if page.objects.iter().any(|object| !object.key.starts_with(prefix)) {
                return Err(wrong_listing("it has objects that do not begin with the prefix"));
            }
            if page.objects.iter().any(|object| object.key.len() > MAX_KEY) {
                return Err(wrong_listing(&format!("it has a key of more than {MAX_KEY} bytes")));
            }
            found.extend(page.objects);
            let Some(next) = page.next.filter(|_| found.len() < enough) else { return Ok(found) };
            if next.len() > MAX_TOKEN {
                return Err(wrong_listing(&format!("a continuation token has more than {MAX_TOKEN} bytes")));
            }
            if !seen.insert(next.clone()) {
                return Err(wrong_listing("the store returned the same continuation token twice"));
            }
            token = Some(next);
        }
        Err(wrong_listing(&format!("it has more than {MAX_PAGES} pages")))
    }

    /// Begins to fetch an object of a listing.
    #[must_use]
    pub fn download<'a>(
        &'a self,
        store: ObjectStore<'a>,
        bucket: &'a str,
        object: &'a ListedObject,
    ) -> Download<'a> {
        Download { keys: self, store, bucket, object, read: 0, checksum: Crc32c::new() }
    }
}

/// An object that is being fetched.
#[derive(Debug)]
pub struct Download<'a> {
    keys: &'a KeyServices,
    store: ObjectStore<'a>,
    bucket: &'a str,
    object: &'a ListedObject,
    read: u64,
    checksum: Crc32c,
}

impl Download<'_> {
    /// The next part; `None` when all bytes were there and, as far as the store says a checksum,
    /// are the right ones.
    ///
    /// # Errors
    /// The failures of the store. After one, it is over.
    pub fn next_part(&mut self) -> Result<Option<Bytes>, Failure> {
        let left = self.object.len.saturating_sub(self.read);
        if left == 0 {
            return match self.object.checksum {
                Some(checksum) if checksum != self.checksum.value() => Err(Failure::unavailable(
                    "the object was damaged in transit: its checksum does not match",
                )),
                _ => Ok(None),
            };
        }
        // At most PART, so that it fits.
        let len = usize::try_from(left.min(PART)).unwrap_or(usize::MAX);
        let part = PartOf { bucket: self.bucket, object: self.object, start: self.read, len };
        let store = self.store;
        let bytes = self.keys.with_session(PART_TIMEOUT, |session| {
            let bytes = match store {
                ObjectStore::S3 { region, endpoint, path_style } => {
                    s3::part(session, &part, region, endpoint, path_style)
                }
                ObjectStore::Gcs { endpoint } => storage::part(session, &part, endpoint),
            }?;
            match bytes.len() {
                found if found == len => Ok(bytes),
                found if found > len => {
                    Err(Failure::unavailable("the store returned more bytes than requested"))
                }
                found => Err(Failure::transient(format!("the store sent {found} bytes instead of {len}"))),
            }
        })?;
        self.read += bytes.len() as u64;
        if self.object.checksum.is_some() {
            self.checksum.add(&bytes);
        }
        Ok(Some(bytes))
    }
}
