//! The clients of key services and stores, of which a process has one.

use std::sync::LazyLock;

use tdc_keys::{Asked, KeyServices, Options};

/// With the credentials of the environment. No connection is opened before the first request. The
/// codec server counts the requests.
pub(crate) static KEY_SERVICES: LazyLock<KeyServices> =
    LazyLock::new(|| KeyServices::new(Options { observer: Some(count), ..Options::default() }));

/// Counts an answer, without the key. Only the codec server reads the counts.
fn count(asked: &Asked) {
    let Asked { service, operation, outcome, .. } = *asked;
    metrics::counter!("tdc_key_service_requests_total", "service" => service, "operation" => operation,
        "outcome" => outcome)
    .increment(1);
}
