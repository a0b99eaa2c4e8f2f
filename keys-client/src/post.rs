//! Requests for a codec server, as the library makes them: sent by the same connections, for hosts
//! in Rust.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::http::Request;
use crate::key_services::KeyServices;
use crate::objects::Bytes;

impl KeyServices {
    /// Sends a POST once, without following redirects, and returns status and body whatever they
    /// are. A longer body is cut one byte past `max_bytes`.
    ///
    /// # Errors
    /// A [`Failure`] if there was no response.
    pub fn post<'h>(
        &self,
        url: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: &[u8],
        timeout: Duration,
        max_bytes: usize,
    ) -> Result<(u16, Bytes), Failure> {
        let request = headers
            .into_iter()
            .fold(Request::to("POST", url, Zeroizing::new(body.to_vec())), |request, (name, value)| {
                request.header(name, value)
            });
        let deadline = Instant::now().checked_add(timeout).unwrap_or_else(Instant::now);
        let reply = self.once(deadline, |session| session.receive(request, max_bytes))?;
        Ok((reply.status, reply.body))
    }
}
