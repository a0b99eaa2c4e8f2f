//! A codec server's answers, from the host that asked it.

use std::sync::Arc;
use std::time::Instant;

use super::DataConverter;
use crate::codec::remote::{Request, judge, max_waiting_bytes};
use crate::error::Error;

impl DataConverter {
    /// Whether the host may be asked to send requests to a codec server.
    #[must_use]
    pub fn has_remote(&self) -> bool {
        self.config.load().has_remote()
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
