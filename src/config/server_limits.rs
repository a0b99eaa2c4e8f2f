//! The limits that only a codec server has.

use std::time::Duration;

use super::document::Problem;
use super::schema::LimitOptions;
use crate::limits::Limits;

/// The limits that only a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerLimits {
    /// Largest request body, in bytes. Default 16 MiB.
    pub max_body_bytes: usize,
    /// Payloads of a request: the library's own limit.
    pub max_payloads: usize,
    /// How long a request may take. Default 10 seconds.
    pub timeout: Duration,
    /// Requests processed at the same time; further ones are told to retry later. Default 64.
    pub concurrency: usize,
}

impl ServerLimits {
    pub(super) fn new(options: &LimitOptions, limits: &Limits) -> Result<Self, Problem> {
        let timeout = options.timeout.map_or(Duration::from_secs(10), |span| span.0);
        let concurrency = options.concurrency.unwrap_or(64);
        for (name, nothing) in [("timeout", timeout.is_zero()), ("concurrency", concurrency == 0)] {
            if nothing {
                return Err(Problem::new("expected more than 0, found 0").inside(name));
            }
        }
        Ok(Self {
            max_body_bytes: options.max_body_bytes.map_or(16 << 20, |size| size.0),
            max_payloads: limits.max_payloads,
            timeout,
            concurrency,
        })
    }
}
