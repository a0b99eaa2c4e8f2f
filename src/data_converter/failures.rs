//! Failures through the failure converter and the codecs.

use super::DataConverter;
use crate::call::Scope;
use crate::error::Error;
use crate::message::{MessageFlags, Task};

pub(super) const FAILURE: &str = "temporal.api.failure.v1.Failure";

impl DataConverter {
    /// Encodes a serialised `temporal.api.failure.v1.Failure`: its payloads and those of its causes
    /// go through the codecs, and with `encode_common_attributes` so do message and stack
    /// trace.
    ///
    /// # Errors
    /// As [`DataConverter::encode_message`].
    pub fn encode_failure<'a>(&self, scope: impl Into<Scope<'a>>, failure: &[u8]) -> Result<Vec<u8>, Error> {
        self.encode_message(scope.into(), FAILURE, MessageFlags::default(), failure)
    }

    /// Decodes a serialised failure. Encoded attributes are restored and cleared, whatever the
    /// options say.
    ///
    /// # Errors
    /// As [`DataConverter::decode_message`].
    pub fn decode_failure<'a>(&self, scope: impl Into<Scope<'a>>, failure: &[u8]) -> Result<Vec<u8>, Error> {
        self.decode_message(scope.into(), FAILURE, MessageFlags::default(), failure)
    }

    /// [`DataConverter::encode_failure`] for a failure as proto3 JSON: text that does not change is
    /// kept as it is.
    ///
    /// # Errors
    /// [`Code::Json`](crate::Code::Json), and as [`DataConverter::encode_message`].
    pub fn encode_failure_json<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        failure: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.message_json(scope.into(), FAILURE, false, failure, Task::Encode, None)
    }

    /// [`DataConverter::decode_failure`] for a failure as proto3 JSON.
    ///
    /// # Errors
    /// As [`DataConverter::encode_failure_json`].
    pub fn decode_failure_json<'a>(
        &self,
        scope: impl Into<Scope<'a>>,
        failure: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.message_json(scope.into(), FAILURE, false, failure, Task::Decode, None)
    }
}
