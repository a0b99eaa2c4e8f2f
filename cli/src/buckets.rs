//! `s3://BUCKET/…` and `gs://BUCKET/…` in the places of files.
//!
//! ```text
//! address ──> list ──> names   where their output goes ──> local   a copy to read
//! ```
//! Credentials, region and endpoint are those of the environment. Keys and listings are untrusted.

mod address;
mod local;
mod names;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tdc::{Code, Error};
use tdc_keys::{Failure, FailureKind, FoundStore, ListedObject};

use crate::key_services::KEY_SERVICES;
use crate::new_file::is_ours;
pub(crate) use address::{AS_LISTED, has_wildcard};
use address::{Address, BRACKETS, Scheme};
pub(crate) use names::of as name_of;

/// Most objects of one command: each needs about 1 KB of memory, with keys as exports have them.
pub(crate) const MAX_OBJECTS: usize = 1_000_000;

/// An object, as it was listed.
#[derive(Debug)]
pub(crate) struct Object {
    bucket: Arc<Bucket>,
    pub(crate) listed: ListedObject,
}

#[derive(Debug)]
struct Bucket {
    name: String,
    store: FoundStore,
}

/// Whether this is in a bucket, and not a path.
pub(crate) fn is_address(path: &Path) -> bool {
    Scheme::of(&path.to_string_lossy()).is_some()
}

/// Refuses an address where a command reads or writes a local file only.
///
/// # Errors
/// [`Code::Argument`].
pub(crate) fn not_here(path: &Path, instead: &str) -> Result<(), Error> {
    only_local(path, instead, Scheme::copies)
}

/// The same where it is a folder.
///
/// # Errors
/// [`Code::Argument`].
pub(crate) fn no_folder_here(path: &Path, instead: &str) -> Result<(), Error> {
    only_local(path, instead, Scheme::synchronizes)
}

fn only_local(path: &Path, instead: &str, tool: fn(Scheme) -> &'static str) -> Result<(), Error> {
    let text = path.to_string_lossy();
    let Some(scheme) = Scheme::of(&text) else { return Ok(()) };
    let tool = tool(scheme);
    Err(Error::new(Code::Argument, format!("{text} is in a bucket: {instead} with `{tool}`")))
}

/// The objects that an address names: one, all below a folder, or those that a pattern matches.
/// Each with its own address and, below the folder that was named, its key: any text.
///
/// # Errors
/// If the bucket cannot be listed, or has no such object, or `most` are fewer than it has.
pub(crate) fn find(path: &Path, most: usize) -> Result<Vec<(PathBuf, PathBuf, Object)>, Error> {
    let text = path.to_string_lossy();
    let address = Address::parse(&text)?;
    let cannot = |failure: &Failure| storage(&format!("cannot list {text}"), failure);
    let store = match address.scheme {
        Scheme::S3 => KEY_SERVICES.s3().map_err(|failure| cannot(&failure))?,
        Scheme::Gs => FoundStore::Gcs,
    };
    let bucket = Arc::new(Bucket { name: address.bucket.to_owned(), store });
    let some = |prefix: &str, enough| KEY_SERVICES.list(bucket.store.store(), &bucket.name, prefix, enough);
    // Everything listed is in memory, including what is filtered out later.
    let all = |prefix: &str| {
        let listed = some(prefix, most + 1).map_err(|failure| cannot(&failure))?;
        if listed.len() > most { Err(too_many(&text)) } else { Ok(listed) }
    };
    let mut found = Vec::new();
    let mut add = |listed: ListedObject, from: usize| {
        // Stores show folders by objects of this kind.
        if listed.len == 0 && listed.key.ends_with('/') {
            return;
        }
        let path = PathBuf::from(format!("{}{}/{}", address.scheme.text(), bucket.name, listed.key));
        let name = PathBuf::from(listed.key.get(from..).unwrap_or_default());
        if !is_ours(&name) {
            found.push((path, name, Object { bucket: Arc::clone(&bucket), listed }));
        }
    };
    let within = address.key;
    let mut no_probe = None;
    let pattern = address.pattern()?;
    if let Some(pattern) = &pattern {
        for listed in all(pattern.prefix)? {
            if pattern.matches(&listed.key) {
                add(listed, pattern.folder);
            }
        }
    } else {
        if !within.is_empty() && !within.ends_with('/') {
            let from = within.rfind('/').map_or(0, |slash| slash + 1);
            match some(within, 1) {
                // The first key that begins so is the shortest.
                Ok(listed) => {
                    listed
                        .into_iter()
                        .filter(|object| object.key == within)
                        .for_each(|object| add(object, from));
                }
                // A role that may list only this folder is refused for the shorter prefix.
                Err(failure) if failure.kind() == FailureKind::Refused => no_probe = Some(failure),
                Err(failure) => return Err(cannot(&failure)),
            }
        }
        // More slashes belong to keys.
        let slash = if within.is_empty() || within.ends_with('/') { "" } else { "/" };
        let folder = format!("{within}{slash}");
        for object in all(&folder)? {
            add(object, folder.len());
        }
    }
    match no_probe {
        _ if !found.is_empty() => Ok(found),
        Some(failure) => Err(cannot(&failure)),
        None => Err(no_object(&text, pattern.is_some())),
    }
}

#[cold]
fn no_object(address: &str, is_pattern: bool) -> Error {
    let brackets = if is_pattern { format!("; {BRACKETS}") } else { String::new() };
    let text = format!("no object matches {address}: list the bucket to check the name{brackets}");
    Error::new(Code::Argument, text)
}

#[cold]
fn too_many(address: &str) -> Error {
    Error::new(
        Code::Limit,
        format!(
            "more than {MAX_OBJECTS} objects, with those of {address}: name a part of it, such as the folder of a month"
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
