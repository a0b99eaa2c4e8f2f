//! `s3://BUCKET/…` and `gs://BUCKET/…` in the places of files.
//!
//! ```text
//! address ──> list ──> names   where their output goes ──> local   a copy to read
//! ```
//! Credentials, region and endpoint are those of the environment, as the stores' own commands find
//! them. Keys and listings are whatever somebody has put into the bucket.

mod address;
mod local;
mod names;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tdc::{Code, Error};
use tdc_keys::{Failure, FailureKind, FoundStore, ListedObject};

use crate::key_services::KEY_SERVICES;
use crate::new_file::is_ours;
pub(crate) use address::has_wildcard;
use address::{Address, Scheme};
pub(crate) use local::Local;

/// Most objects of one command: each needs some 500 bytes of memory.
const MAX_OBJECTS: usize = 1_000_000;

/// An object, as it was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    bucket: Arc<Bucket>,
    pub(crate) listed: ListedObject,
}

#[derive(Debug, PartialEq, Eq)]
struct Bucket {
    name: String,
    store: FoundStore,
}

/// What an address names.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Objects, each with its own address and the name of its output below the output folder.
    pub(crate) objects: Vec<(PathBuf, PathBuf, Object)>,
    /// Addresses of objects that are not read, because of their keys.
    pub(crate) refused: Vec<(PathBuf, Error)>,
}

/// Whether this is in a bucket, and not a path.
pub(crate) fn is_address(path: &Path) -> bool {
    Scheme::of(&path.to_string_lossy()).is_some()
}

/// Refuses an address where a command reads or writes local files only.
///
/// # Errors
/// [`Code::Argument`].
pub(crate) fn not_here(path: &Path, instead: &str) -> Result<(), Error> {
    let text = path.to_string_lossy();
    let Some(scheme) = Scheme::of(&text) else { return Ok(()) };
    let tool = scheme.tool();
    Err(Error::new(Code::Argument, format!("{text} is in a bucket: {instead} with `{tool}`")))
}

/// The objects that an address names: one, all below a folder, or those that a pattern matches.
///
/// # Errors
/// If the bucket cannot be listed, or has no such object.
pub(crate) fn find(path: &Path) -> Result<Found, Error> {
    let text = path.to_string_lossy();
    let address = Address::parse(&text)?;
    let cannot = |failure: &Failure| storage(&format!("cannot list {text}"), failure);
    let store = match address.scheme {
        Scheme::S3 => KEY_SERVICES.s3().map_err(|failure| cannot(&failure))?,
        Scheme::Gs => FoundStore::Gcs,
    };
    let bucket = Arc::new(Bucket { name: address.bucket.to_owned(), store });
    // Whatever is listed is in memory, also what is left out afterwards.
    let list = |prefix: &str, enough| {
        let listed = KEY_SERVICES.list(bucket.store.store(), &bucket.name, prefix, enough);
        let listed = listed.map_err(|failure| cannot(&failure))?;
        if listed.len() > MAX_OBJECTS { Err(too_many(&text)) } else { Ok(listed) }
    };
    let mut found = Found::default();
    let mut add = |listed: ListedObject, from: usize| {
        // Stores show folders by objects of this kind.
        if listed.len == 0 && listed.key.ends_with('/') {
            return;
        }
        let path = PathBuf::from(format!("{}{}/{}", address.scheme.text(), bucket.name, listed.key));
        match names::of(listed.key.get(from..).unwrap_or_default()) {
            Ok(name) if is_ours(&name) => {}
            Ok(name) => found.objects.push((path, name, Object { bucket: Arc::clone(&bucket), listed })),
            Err(error) => found.refused.push((path, error)),
        }
    };
    let within = address.key;
    if let Some(pattern) = address.pattern()? {
        for listed in list(pattern.prefix, MAX_OBJECTS + 1)? {
            if pattern.matches(&listed.key) {
                add(listed, pattern.folder);
            }
        }
    } else {
        if !within.is_empty() && !within.ends_with('/') {
            // The first key that begins so is the shortest.
            let first = list(within, 1)?.into_iter().find(|object| object.key == within);
            let from = within.rfind('/').map_or(0, |slash| slash + 1);
            if let Some(object) = first {
                add(object, from);
            }
        }
        let folder = match within {
            "" => String::new(),
            some => format!("{}/", some.trim_end_matches('/')),
        };
        for object in list(&folder, MAX_OBJECTS + 1)? {
            add(object, folder.len());
        }
    }
    if found.objects.is_empty() && found.refused.is_empty() {
        return Err(Error::new(Code::Argument, format!("{text} names no object: see what is in the bucket")));
    }
    Ok(found)
}

#[cold]
fn too_many(address: &str) -> Error {
    Error::new(
        Code::Limit,
        format!(
            "{address} has more than {MAX_OBJECTS} objects: name a part of it, such as the folder of a month"
        ),
    )
}

/// What a failure of a store is, and what to do where the store does not say it.
#[cold]
fn storage(what: &str, failure: &Failure) -> Error {
    let what_to_do = match failure.kind() {
        FailureKind::Unavailable => "; run this again",
        _ => "",
    };
    Error::new(Code::Storage, format!("{what}: {failure}{what_to_do}"))
}
