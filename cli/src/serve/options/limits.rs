//! `server.limits`: what requests may cost.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use tdc::{ByteSize, Span};

/// What requests may cost, besides what the library's own limits allow for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerLimits {
    /// Bytes of a request's body. Default 16 MiB.
    #[cfg_attr(test, schemars(with = "super::json_schema::ByteSizeSchema"))]
    pub(crate) max_body_bytes: ByteSize,
    /// How long a request may take. Default 10 s.
    #[cfg_attr(test, schemars(with = "super::json_schema::SpanSchema"))]
    #[serde(deserialize_with = "positive")]
    pub(crate) timeout: Span,
    /// Requests processed at the same time; further ones are told to retry later. Default 64.
    #[cfg_attr(test, schemars(range(min = 1)))]
    #[serde(deserialize_with = "positive")]
    pub(crate) concurrency: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { max_body_bytes: ByteSize(16 << 20), timeout: Span(Duration::from_secs(10)), concurrency: 64 }
    }
}

/// Reads what is not zero.
fn positive<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default + PartialEq,
{
    let value = T::deserialize(deserializer)?;
    if value == T::default() { Err(D::Error::custom("expected more than 0, found 0")) } else { Ok(value) }
}
