//! Objects in a directory, such as a copy of a bucket. No link on the way is followed: it could
//! lead out of the directory.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tdc::{Object, ObjectFault};
use zeroize::Zeroizing;

use super::Fetched;

type Fault = (ObjectFault, String);

pub(super) fn read(directory: &Path, object: &Object) -> Result<Fetched, Fault> {
    let segments = object.bucket().into_iter().chain(object.key().split('/'));
    let file = open(directory, segments).map_err(|cause| said(&cause))?;
    let metadata = file.metadata().map_err(|cause| said(&cause))?;
    if !metadata.is_file() {
        return Err((ObjectFault::Missing, "it is not a file".to_owned()));
    }
    let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX).min(object.max_bytes());
    // Capacity for all of it up front: memory that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(len + 64));
    let most = object.max_bytes() as u64 + 1;
    file.take(most).read_to_end(&mut bytes).map_err(|cause| said(&cause))?;
    Ok(Fetched::Bytes(bytes))
}

fn said(cause: &std::io::Error) -> Fault {
    let is_missing = matches!(cause.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory);
    let fault = if is_missing || is_link(cause) { ObjectFault::Missing } else { ObjectFault::Unavailable };
    (fault, format!("the file cannot be read: {cause}"))
}

#[cfg(unix)]
fn is_link(cause: &std::io::Error) -> bool {
    cause.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_link(_: &std::io::Error) -> bool {
    false
}

#[cfg(unix)]
fn open<'s>(directory: &Path, segments: impl Iterator<Item = &'s str>) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags, openat};

    let mut open = File::open(directory)?;
    for segment in segments {
        // Never waits for a pipe.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        open = openat(&open, segment, flags, Mode::empty())?.into();
    }
    Ok(open)
}

#[cfg(not(unix))]
fn open<'s>(directory: &Path, segments: impl Iterator<Item = &'s str>) -> std::io::Result<File> {
    let mut path = directory.to_owned();
    for segment in segments {
        // A drive, a stream or a device is not a name in this directory.
        if segment.contains([':', '\\']) {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        path.push(segment);
        if std::fs::symlink_metadata(&path)?.is_symlink() {
            return Err(std::io::ErrorKind::NotFound.into());
        }
    }
    File::open(path)
}
