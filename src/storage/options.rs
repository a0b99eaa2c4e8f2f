//! The `storage` section: the stores that references may name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::rules::Rules;
use crate::config::document::{ByteSize, Problem, Span};
use crate::origin::{self, Fault};

const DEFAULT_OBJECT_BYTES: usize = 50 << 20;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// A claim chooses among buckets one by one.
const MAX_BUCKETS: usize = 1000;

/// Where stored objects are, and which of them references may name.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Storage"))]
#[serde(deny_unknown_fields)]
pub(crate) struct StorageOptions {
    /// The name of the driver, as references have it (`aws.s3driver`, `gcp.gcsdriver`, or the
    /// program's own), to the store.
    #[serde(default)]
    pub(crate) stores: BTreeMap<String, StoreOptions>,
    /// Whether something seals payloads after they are stored, such as a proxy in front of the
    /// server: references are then also looked for under the codecs' layers.
    #[serde(default)]
    pub(crate) sealed_after_storing: bool,
    /// The most bytes of an object. Default 50 MiB.
    #[serde(default)]
    pub(crate) max_object_bytes: Option<ByteSize>,
    /// How long fetching an object may take. Default 30 s.
    #[serde(default)]
    pub(crate) timeout: Option<Span>,
    /// Every namespace may also read the objects of these.
    #[serde(default)]
    pub(crate) objects_of: Vec<String>,
    /// Whether objects may be read whose keys name no namespace.
    #[serde(default)]
    pub(crate) unscoped: bool,
}

/// A store. Exactly one of `s3`, `gcs` and `directory`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Store"))]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreOptions {
    /// Amazon S3, or what speaks its protocol.
    #[serde(default)]
    s3: Option<S3>,
    /// Google Cloud Storage.
    #[serde(default)]
    gcs: Option<Gcs>,
    /// A folder with a copy of buckets.
    #[serde(default)]
    directory: Option<PathBuf>,
    /// The buckets that references may name. A directory has a folder for each; without this list,
    /// its objects are in the folder itself.
    #[serde(default)]
    buckets: Vec<String>,
}

/// Amazon S3, or what speaks its protocol.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct S3 {
    /// The region of the buckets.
    region: String,
    /// https, or http on loopback. By default that of the region.
    #[serde(default)]
    endpoint: Option<String>,
    /// Whether the bucket is in the path of a URL and not in its host, as most stores of others
    /// want it.
    #[serde(default)]
    path_style: bool,
}

/// Google Cloud Storage.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Gcs {
    /// https, or http on loopback. By default Google's.
    #[serde(default)]
    endpoint: Option<String>,
}

/// A store of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Store {
    /// The name of the driver, as references have it.
    pub name: String,
    /// What kind of store it is, and where.
    pub kind: StoreKind,
    /// The buckets that references may name.
    pub buckets: Vec<String>,
}

/// What kind of store it is, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreKind {
    /// Amazon S3, or what speaks its protocol.
    S3 {
        /// The region of the buckets.
        region: String,
        /// The address; by default that of the region.
        endpoint: Option<String>,
        /// Whether the bucket is in the path of a URL and not in its host.
        path_style: bool,
    },
    /// Google Cloud Storage.
    Gcs {
        /// The address; by default Google's.
        endpoint: Option<String>,
    },
    /// A folder.
    Directory {
        /// Where it is.
        path: PathBuf,
    },
}

/// The stores of a configuration, and how objects are fetched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stores {
    by_name: BTreeMap<String, Arc<Store>>,
    pub(crate) sealed_after_storing: bool,
    pub(super) max_object_bytes: usize,
    pub(super) timeout: Duration,
    /// For namespaces without rules of their own.
    pub(crate) rules: Rules,
}

impl Stores {
    pub(crate) fn build(options: &StorageOptions, base_dir: &Path) -> Result<Self, Problem> {
        let timeout =
            Span::timeout(options.timeout, DEFAULT_TIMEOUT).map_err(|problem| problem.inside("timeout"))?;
        let max_object_bytes = ByteSize::some(options.max_object_bytes, DEFAULT_OBJECT_BYTES)
            .map_err(|problem| problem.inside("max_object_bytes"))?;
        if options.stores.is_empty() {
            return Err(Problem::new("expected at least one store").inside("stores"));
        }
        let mut by_name = BTreeMap::new();
        for (name, store) in &options.stores {
            let built = build_store(name, store, base_dir)
                .map_err(|problem| problem.inside(name.as_str()).inside("stores"))?;
            by_name.insert(name.clone(), Arc::new(built));
        }
        Ok(Self {
            by_name,
            sealed_after_storing: options.sealed_after_storing,
            max_object_bytes,
            timeout,
            rules: rules(&options.objects_of, options.unscoped)?,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Store>> {
        self.by_name.values()
    }

    pub(super) fn get(&self, driver: &str) -> Option<&Arc<Store>> {
        self.by_name.get(driver)
    }

    /// Whether more can be read with these stores than with `before`.
    pub(crate) fn open_more_than(&self, before: &Self) -> bool {
        let opens_more = |store: &Store, was: &Store| {
            let is_below = |bucket| was.buckets.is_empty() || was.buckets.contains(bucket);
            store.kind != was.kind
                || store.buckets.is_empty() && !was.buckets.is_empty()
                || !store.buckets.iter().all(is_below)
        };
        (self.sealed_after_storing && !before.sealed_after_storing)
            || self
                .by_name
                .iter()
                .any(|(name, store)| before.by_name.get(name).is_none_or(|was| opens_more(store, was)))
    }
}

/// The rules of a namespace, or of all.
pub(crate) fn rules(objects_of: &[String], unscoped: bool) -> Result<Rules, Problem> {
    if objects_of.iter().any(String::is_empty) {
        return Err(Problem::new("expected namespaces, found an empty name").inside("objects_of"));
    }
    Ok(Rules { objects_of: objects_of.into(), unscoped })
}

fn build_store(name: &str, options: &StoreOptions, base_dir: &Path) -> Result<Store, Problem> {
    if name.is_empty() {
        return Err(Problem::new("expected the name of a driver, such as aws.s3driver"));
    }
    let kind = match (&options.s3, &options.gcs, &options.directory) {
        (Some(S3 { region, endpoint, path_style }), None, None) => {
            if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                return Err(Problem::new("expected a region such as eu-central-1")
                    .inside("region")
                    .inside("s3"));
            }
            check_endpoint(endpoint.as_deref()).map_err(|problem| problem.inside("s3"))?;
            StoreKind::S3 { region: region.clone(), endpoint: endpoint.clone(), path_style: *path_style }
        }
        (None, Some(Gcs { endpoint }), None) => {
            check_endpoint(endpoint.as_deref()).map_err(|problem| problem.inside("gcs"))?;
            StoreKind::Gcs { endpoint: endpoint.clone() }
        }
        (None, None, Some(path)) => StoreKind::Directory { path: base_dir.join(path) },
        _ => return Err(Problem::new("expected exactly one of s3, gcs and directory")),
    };
    if options.buckets.is_empty() && !matches!(kind, StoreKind::Directory { .. }) {
        return Err(Problem::new("expected at least one bucket").inside("buckets"));
    }
    if options.buckets.len() > MAX_BUCKETS {
        return Err(Problem::new(format!("expected at most {MAX_BUCKETS} buckets")).inside("buckets"));
    }
    for (index, bucket) in options.buckets.iter().enumerate() {
        if !is_bucket(bucket) {
            let expected = "expected the name of a bucket: 3 to 222 of a-z 0-9 . _ -";
            return Err(Problem::new(expected).inside(index).inside("buckets"));
        }
    }
    Ok(Store { name: name.to_owned(), kind, buckets: options.buckets.clone() })
}

/// A name that needs no escape in a host, a path or a file system.
fn is_bucket(name: &str) -> bool {
    (3..=222).contains(&name.len())
        && !name.starts_with('.')
        && !name.contains("..")
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// An address, without a path.
fn check_endpoint(endpoint: Option<&str>) -> Result<(), Problem> {
    let why = match endpoint.map(origin::parse) {
        None | Some(Ok((_, "" | "/"))) => return Ok(()),
        Some(Err(Fault::Unencrypted)) => "use https (http is accepted for loopback only)",
        Some(_) => "expected an address such as https://s3.example.com",
    };
    Err(Problem::new(why).inside("endpoint"))
}
