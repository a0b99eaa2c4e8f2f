//! Reads a configuration file, or a file that a configuration names: regular files only, and with
//! bounded size.
//!
//! A pipe without a writer would block forever, a device such as `/dev/zero` would never end, and a
//! reload could read neither again. So only regular files are accepted, and at most one byte more
//! than the limit is read.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::path::Path;

/// An open regular file. Its errors say what is wrong, without the file's name.
pub(crate) struct RegularFile(File);

impl RegularFile {
    /// Opens it without blocking.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        // Checked before the open, because opening a device can have an effect; and again after it,
        // because the path may lead somewhere else by then.
        check(&std::fs::metadata(path).map_err(|cause| cause.to_string())?)?;
        let mut options = OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
        let file = options.open(path).map_err(|cause| cause.to_string())?;
        check(&file.metadata().map_err(|cause| cause.to_string())?)?;
        Ok(Self(file))
    }

    /// The open file.
    pub(crate) fn file(&self) -> &File {
        &self.0
    }

    /// Appends its contents to `bytes`.
    pub(crate) fn read(self, max_len: usize, bytes: &mut Vec<u8>) -> Result<(), String> {
        let before = bytes.len();
        // A file can grow, and some report no length, so the bytes read are counted.
        let limit = u64::try_from(max_len).unwrap_or(u64::MAX).saturating_add(1);
        self.0.take(limit).read_to_end(bytes).map_err(|cause| cause.to_string())?;
        if bytes.len() - before > max_len {
            return Err(format!("it is longer than {max_len} bytes"));
        }
        Ok(())
    }
}

/// The contents of a file that a configuration names. Anything but a regular file, such as a pipe
/// or a device, is refused, and so is a file of more than `max_len` bytes.
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
