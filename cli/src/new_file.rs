//! A new file: it appears with its complete contents or not at all, and replaces another file only
//! where that is asked for.
//!
//! It is written under a temporary name and then linked to its final name: a process that is killed
//! in between leaves nothing that blocks the next run.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
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
    let mut file = NewFile::begin(path, readers)?;
    file.write(bytes)?;
    file.finish(why_not)
}

/// A file that is written piece by piece. Unless it is finished, nothing of it is left.
pub(crate) struct NewFile {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    readers: Readers,
}

impl NewFile {
    /// Begins a file that will be at `path`. A missing folder is created, accessible to its owner
    /// only.
    ///
    /// # Errors
    /// [`Code::Io`].
    pub(crate) fn begin(path: &Path, readers: Readers) -> Result<Self, Error> {
        create_folder_of(path)?;
        let temporary = temporary_name(path)?;
        let file = open_new(&temporary, readers).map_err(|cause| cannot_create(path, &cause))?;
        Ok(Self { path: path.to_owned(), temporary, file, readers })
    }

    /// Appends to it.
    ///
    /// # Errors
    /// [`Code::Io`].
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|cause| cannot_create(&self.path, &cause))
    }

    /// Where it is until it is finished.
    pub(crate) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Gives the file its name, which must not be taken.
    ///
    /// # Errors
    /// As [`create`].
    pub(crate) fn finish(self, why_not: &str) -> Result<(), Error> {
        self.file.sync_all().and_then(|()| self.link()).map_err(|cause| match cause.kind() {
            ErrorKind::AlreadyExists => already_exists(&self.path, why_not),
            _ => cannot_create(&self.path, &cause),
        })
    }

    /// Gives the file its name, in the place of the file that has it.
    ///
    /// # Errors
    /// [`Code::Io`].
    pub(crate) fn replace(self) -> Result<(), Error> {
        self.file
            .sync_all()
            .and_then(|()| std::fs::rename(&self.temporary, &self.path))
            .map_err(|cause| cannot_create(&self.path, &cause))?;
        sync_folder_of(&self.path);
        Ok(())
    }

    fn link(&self) -> std::io::Result<()> {
        match std::fs::hard_link(&self.temporary, &self.path) {
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Err(cause),
            // A file system without links, such as exFAT: there, never overwriting is more
            // important than leaving no trace when killed.
            Err(_) => copy_to_new(&self.file, &self.path, self.readers),
            Ok(()) => {
                sync_folder_of(&self.path);
                Ok(())
            }
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // A leftover temporary file does no harm.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// What begins the names of files and folders that are not output: what a process that was killed
/// has left of a [`NewFile`], and notes about outputs.
const OURS: &str = ".tdc-";

/// Whether such a name is anywhere in a path.
pub(crate) fn is_ours(path: &Path) -> bool {
    path.iter().any(|name| name.as_encoded_bytes().starts_with(OURS.as_bytes()))
}

/// Creates the folder that `path` is in, accessible to its owner only.
///
/// # Errors
/// [`Code::Io`].
pub(crate) fn create_folder_of(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    else {
        return Ok(());
    };
    create_folder(folder)
}

/// Creates a folder, and those that it is in, accessible to their owner only.
///
/// # Errors
/// [`Code::Io`].
pub(crate) fn create_folder(folder: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|cause| cannot_create(folder, &cause))
}

/// A name beside `path` that no other process uses.
///
/// # Errors
/// [`Code::Argument`] if `path` has no file name.
pub(crate) fn temporary_name(path: &Path) -> Result<PathBuf, Error> {
    if path.file_name().is_none() {
        let shown = path.display();
        return Err(Error::new(Code::Argument, format!("{shown} does not name a file: add a file name")));
    }
    let mut random = [0; 8];
    tdc::random(&mut random)?;
    Ok(path.with_file_name(format!("{OURS}{:016x}.tmp", u64::from_ne_bytes(random))))
}

/// Opens a file for writing that does not exist yet.
pub(crate) fn open_new(path: &Path, readers: Readers) -> std::io::Result<File> {
    match readers {
        Readers::Owner => tdc::create_private(path),
        Readers::Umask => OpenOptions::new().read(true).write(true).create_new(true).open(path),
    }
}

/// The name of a new file should survive a crash of the machine like its contents do; not every
/// file system can promise that.
pub(crate) fn sync_folder_of(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let _ = File::open(folder.unwrap_or_else(|| Path::new("."))).and_then(|folder| folder.sync_all());
}

pub(crate) fn already_exists(path: &Path, why_not: &str) -> Error {
    Error::new(Code::Io, format!("{} already exists, and {why_not}", path.display()))
}

pub(crate) fn cannot_create(path: &Path, cause: &std::io::Error) -> Error {
    Error::new(Code::Io, format!("cannot create {}: {cause}", path.display()))
}

fn copy_to_new(mut from: &File, path: &Path, readers: Readers) -> std::io::Result<()> {
    let mut file = open_new(path, readers)?;
    from.seek(SeekFrom::Start(0))?;
    std::io::copy(&mut from, &mut file).and_then(|_| file.sync_all()).inspect_err(|_| {
        // Half a file is useless and would block the next attempt.
        let _ = std::fs::remove_file(path);
    })
}
