//! Takes what the host provides on request: keys, descriptors, responses of a codec server.

use super::DataConverter;
use crate::call::{Answer, Call, ForHandle};
use crate::error::Error;
use crate::sys::CoarseInstant;

impl DataConverter {
    /// Takes a key that was requested from the host: 32 bytes.
    ///
    /// # Errors
    /// [`Code::KeyInvalid`](crate::Code::KeyInvalid).
    pub fn provide_key(&self, id: &[u8], key: &[u8]) -> Result<(), Error> {
        self.config.load().keyring.provide(id, key)
    }

    /// Takes the answer that the host has no key with this id. It is cached for 30 seconds.
    ///
    /// # Errors
    /// [`Code::KeyInvalid`](crate::Code::KeyInvalid).
    pub fn reject_key(&self, id: &[u8]) -> Result<(), Error> {
        self.config.load().keyring.reject(id, CoarseInstant::now())
    }

    /// Takes the descriptors of a message type that was requested from the host: a serialised
    /// `google.protobuf.FileDescriptorSet` with the type's file and its imports. Files that are
    /// already known have no effect.
    ///
    /// # Errors
    /// [`Code::Descriptor`](crate::Code::Descriptor); then nothing changes.
    pub fn provide_descriptor(&self, file_descriptor_set: &[u8]) -> Result<(), Error> {
        self.config.load().descriptors.provide(file_descriptor_set)
    }

    /// Takes answers to the requests of a try of `call`, each with the id of its request; the host
    /// then repeats the call. Keys and descriptors are kept for later calls; the response of a
    /// codec server is used for this call only.
    ///
    /// # Errors
    /// [`Code::Argument`](crate::Code::Argument) for an answer without a matching request: then no
    /// answer was taken. With any other error the call has failed.
    pub fn answer(&self, call: &mut Call, answers: &[(u64, Answer<'_>)]) -> Result<(), Error> {
        let config = self.config.load();
        call.take(answers, &config.limits, |answer| {
            let (config, now) = (self.config.load(), CoarseInstant::now());
            let keyring = &config.keyring;
            match answer {
                ForHandle::Key(id, key) => keyring.provide(id.as_bytes(), key)?,
                ForHandle::NoKey(id) => keyring.reject(id.as_bytes(), now)?,
                ForHandle::Descriptor(set) => config.descriptors.provide(set)?,
                ForHandle::Wrapped(wrap, wrapped, keys) => keyring.wrapped(wrap, wrapped, keys, now),
                ForHandle::NotWrapped(wrap, fault, reason, keys) => {
                    keyring.did_not_wrap(wrap, fault, reason, keys, now);
                }
                ForHandle::DataKey(unwrap, data_key, keys) => keyring.unwrapped(unwrap, data_key, keys, now),
                ForHandle::NoDataKey(unwrap, fault, reason, keys) => {
                    keyring.did_not_unwrap(unwrap, fault, reason, keys, now);
                }
            }
            Ok(config.generation())
        })
    }

    /// The same with a serialised `tdc.host.v1.Answers`.
    ///
    /// # Errors
    /// As [`DataConverter::answer`], and [`Code::Protobuf`](crate::Code::Protobuf).
    pub fn answer_message(&self, call: &mut Call, answers: &[u8]) -> Result<(), Error> {
        self.answer(call, &Call::read_answers(answers)?)
    }
}
