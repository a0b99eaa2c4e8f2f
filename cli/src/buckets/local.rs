//! An object on this machine: in memory, or in a file that only its owner can read and that is gone
//! when it was read.

use std::io::Write;
use std::path::{Path, PathBuf};

use tdc::Error;
use tdc_keys::Bytes;

use super::{Object, storage};
use crate::key_services::KEY_SERVICES;
use crate::new_file::{self, Readers};

/// A copy of an object, which is removed when this is dropped.
pub(crate) struct Local(PathBuf);

impl Local {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // A leftover does no harm: nobody else reads it, and it is known by its name.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Object {
    /// Copies it to a new file beside `output`, whose place has room for a file of its size.
    ///
    /// # Errors
    /// [`Code::Storage`](tdc::Code::Storage), [`Code::Io`](tdc::Code::Io).
    pub(crate) fn copy_beside(&self, output: &Path) -> Result<Local, Error> {
        new_file::create_folder_of(output)?;
        let path = new_file::temporary_name(output)?;
        let cannot = |cause: std::io::Error| new_file::cannot_create(&path, &cause);
        let mut file = new_file::open_new(&path, Readers::Owner).map_err(cannot)?;
        let local = Local(path.clone());
        self.each(|part| file.write_all(part).map_err(cannot))?;
        Ok(local)
    }

    /// Reads all of it. `capacity` is its size, as far as that was checked.
    ///
    /// # Errors
    /// [`Code::Storage`](tdc::Code::Storage).
    pub(crate) fn read(&self, capacity: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(capacity);
        self.each(|part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        Ok(bytes)
    }

    fn each(&self, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let mut download = KEY_SERVICES.download(self.bucket.store.store(), &self.bucket.name, &self.listed);
        let mut next = || -> Result<Option<Bytes>, Error> {
            download.next_part().map_err(|failure| storage("the object was not fetched", &failure))
        };
        while let Some(part) = next()? {
            take(&part)?;
        }
        Ok(())
    }
}
