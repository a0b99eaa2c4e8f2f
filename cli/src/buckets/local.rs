//! An object on this machine: in memory, or in a file that only its owner can read and that is gone
//! when it was read.

use std::path::Path;

use tdc::Error;
use tdc_keys::Bytes;

use super::{Object, storage};
use crate::key_services::KEY_SERVICES;
use crate::new_file::{NewFile, Readers};

impl Object {
    /// Copies it to a file that is never given the name `output`, beside which it is: the place has
    /// room for a file of its size.
    ///
    /// # Errors
    /// [`Code::Storage`](tdc::Code::Storage), [`Code::Io`](tdc::Code::Io).
    pub(crate) fn copy_beside(&self, output: &Path) -> Result<NewFile, Error> {
        let mut copy = NewFile::begin(output, Readers::Owner)?;
        self.each(|part| copy.write(part))?;
        Ok(copy)
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
