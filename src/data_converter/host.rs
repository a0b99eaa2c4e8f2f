//! What the host was asked for and provides: keys, descriptors, a codec server's answers.

use std::sync::Arc;
use std::time::Instant;

use super::DataConverter;
use crate::codec::remote::{Request, judge, max_waiting_bytes};
use crate::error::Error;

impl DataConverter {
    /// Takes a key that the host was asked for: 32 bytes.
    ///
    /// # Errors
    /// [`Code::KeyInvalid`](crate::Code::KeyInvalid).
    pub fn provide_key(&self, id: &[u8], key: &[u8]) -> Result<(), Error> {
        self.config.load().keyring.provide(id, key)
    }

    /// Takes the host's word that it has no key of this id. It is believed for 30 seconds.
    ///
    /// # Errors
    /// [`Code::KeyInvalid`](crate::Code::KeyInvalid).
    pub fn reject_key(&self, id: &[u8]) -> Result<(), Error> {
        self.config.load().keyring.reject(id, Instant::now())
    }

    /// Takes the descriptors of a message type that the host was asked for: a serialised
    /// `google.protobuf.FileDescriptorSet` with its file and what that imports. Files that are known already
    /// change nothing.
    ///
    /// # Errors
    /// [`Code::Descriptor`](crate::Code::Descriptor); then everything stays as it was.
    pub fn provide_descriptor(&self, file_descriptor_set: &[u8]) -> Result<(), Error> {
        self.config.load().descriptors.provide(file_descriptor_set)
    }

    /// Takes the answer to a `request` that the host was asked to send: status and body, or 0 and in words why
    /// there was no answer. Answers wait for the call that is made again, for a minute.
    ///
    /// # Errors
    /// [`Code::Remote`](crate::Code::Remote), [`Code::RemoteRefused`](crate::Code::RemoteRefused) and
    /// [`Code::Limit`](crate::Code::Limit): then the call that asked has failed with this error.
    pub fn provide_remote(&self, request: &Request, http_status: u32, body: &[u8]) -> Result<(), Error> {
        let payloads = judge(request, http_status, body)?;
        let answers =
            request.entries().iter().zip(payloads).map(|(entry, payload)| (entry.key, Arc::new(payload)));
        self.answers.put(answers, max_waiting_bytes(&self.config.load().limits), Instant::now());
        Ok(())
    }
}
