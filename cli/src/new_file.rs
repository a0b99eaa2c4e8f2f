//! A new file: it appears with its complete contents or not at all, and never replaces another
//! file.
//!
//! It is written under a temporary name and then linked to its final name: a process that is killed
//! in between leaves nothing that blocks the next run.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use tdc::{Code, Error};

/// Who may read a file.
#[derive(Clone, Copy)]
pub(crate) enum Readers {
    /// Its owner alone.
    Owner,
    /// The permissions that the umask allows.
    Umask,
}

/// Creates `path`, where nothing may exist yet: no file, and no link, whatever it points to. A
/// missing folder is created, accessible to its owner only.
///
/// # Errors
/// [`Code::Io`]; `why_not` says why what exists is not overwritten.
pub(crate) fn create(path: &Path, bytes: &[u8], readers: Readers, why_not: &str) -> Result<(), Error> {
    create_folder(path)?;
    let temporary = temporary_name(path)?;
    let made = write_new(&temporary, bytes, readers).and_then(|()| link(&temporary, path, bytes, readers));
    // A leftover temporary file does no harm.
    let _ = std::fs::remove_file(&temporary);
    made.map_err(|cause| {
        let shown = path.display();
        let sentence = match cause.kind() {
            ErrorKind::AlreadyExists => format!("{shown} already exists, and {why_not}"),
            _ => format!("cannot create {shown}: {cause}"),
        };
        Error::new(Code::Io, sentence)
    })
}

fn create_folder(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    else {
        return Ok(());
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|cause| Error::new(Code::Io, format!("cannot create {}: {cause}", folder.display())))
}

/// A name beside `path` that no other process uses.
fn temporary_name(path: &Path) -> Result<PathBuf, Error> {
    if path.file_name().is_none() {
        let shown = path.display();
        return Err(Error::new(Code::Argument, format!("{shown} does not name a file: add a file name")));
    }
    let mut random = [0; 8];
    tdc::random(&mut random)?;
    Ok(path.with_file_name(format!(".tdc-{:016x}.tmp", u64::from_ne_bytes(random))))
}

fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if matches!(readers, Readers::Owner) {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| {
        // Half a file is useless and would block the next attempt.
        let _ = std::fs::remove_file(path);
    })
}

/// Gives the file its final name, which must not be taken.
fn link(temporary: &Path, path: &Path, bytes: &[u8], readers: Readers) -> std::io::Result<()> {
    match std::fs::hard_link(temporary, path) {
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Err(cause),
        // A file system without links, such as exFAT: there, never overwriting is more important
        // than leaving no trace when killed.
        Err(_) => write_new(path, bytes, readers),
        Ok(()) => {
            // The name should survive a crash of the machine like the contents do; not every file
            // system can promise that.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let _ = File::open(folder.unwrap_or_else(|| Path::new("."))).and_then(|folder| folder.sync_all());
            Ok(())
        }
    }
}
