//! Files that hold a configuration, or that one names: regular files, and no more of them than is
//! expected.
//!
//! A pipe without a writer would never open, a device such as `/dev/zero` never end, and neither
//! could be read again by a reload. So all of them are refused, and of a regular file one byte more
//! than the limit is read.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::path::Path;

/// A regular file that is open. Its errors are what is wrong with it, without its name.
pub(crate) struct RegularFile {
    file: File,
    metadata: Metadata,
}

impl RegularFile {
    /// Opens it, which never waits.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        // Before it is opened, because opening a device can do something; and then again, because
        // the path may lead somewhere else by then.
        check(&std::fs::metadata(path).map_err(|cause| cause.to_string())?)?;
        let mut options = OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
        let file = options.open(path).map_err(|cause| cause.to_string())?;
        let metadata = file.metadata().map_err(|cause| cause.to_string())?;
        check(&metadata)?;
        Ok(Self { file, metadata })
    }

    /// What the system says of the file that is open.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Appends what stands in it to `bytes`.
    pub(crate) fn read(self, max_len: usize, bytes: &mut Vec<u8>) -> Result<(), String> {
        let before = bytes.len();
        // A file can grow, and some have no length: what counts is what is read.
        let limit = u64::try_from(max_len).unwrap_or(u64::MAX).saturating_add(1);
        self.file.take(limit).read_to_end(bytes).map_err(|cause| cause.to_string())?;
        if bytes.len() - before > max_len {
            return Err(format!("it is longer than {max_len} bytes"));
        }
        Ok(())
    }
}

/// The contents of a file that a configuration names: what is no regular file, such as a pipe or a
/// device, is refused, and so is what has more than `max_len` bytes.
///
/// # Errors
/// What is wrong with the file, without its name.
pub fn read_file(path: &Path, max_len: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    RegularFile::open(path)?.read(max_len, &mut bytes)?;
    Ok(bytes)
}

fn check(metadata: &Metadata) -> Result<(), String> {
    if metadata.is_file() {
        return Ok(());
    }
    let found = if metadata.is_dir() { "a directory" } else { "a pipe, a socket or a device" };
    Err(format!("expected a regular file, found {found}"))
}
