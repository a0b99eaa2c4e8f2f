//! The metrics that Prometheus scrapes. Labels come from the configuration and from this file,
//! never from a request: no client can create a series.

use std::sync::Arc;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tdc::{Code, Error};

use super::record::Record;
use crate::system::CONFIRMATION;

/// In seconds; the fastest requests take a tenth of a millisecond.
const DURATIONS: &[f64] = &[0.000_25, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];

pub(super) fn install() -> Result<PrometheusHandle, Error> {
    let problem =
        |cause: &dyn std::fmt::Display| Error::new(Code::Io, format!("cannot start metrics: {cause}"));
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), DURATIONS)
        .map_err(|cause| problem(&cause))?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|cause| problem(&cause))?;
    describe_counter!(
        "tdc_requests_total",
        "Requests to encode, decode and download, by operation, namespace entry, status and outcome"
    );
    describe_histogram!("tdc_request_duration_seconds", Unit::Seconds, "Duration of requests");
    describe_counter!("tdc_payloads_total", "Payloads returned, by operation and namespace entry");
    describe_counter!(
        "tdc_payloads_sealed_total",
        "Payloads encrypted by this process, by key. A key with random nonces is good for 2^32 over all processes and time"
    );
    describe_counter!(
        "tdc_key_service_requests_total",
        "Data keys that key services were asked to wrap and unwrap, by service, operation and outcome"
    );
    describe_counter!("tdc_stored_objects_total", "Stored objects that were asked for, by store and outcome");
    describe_gauge!("tdc_requests_in_flight", "Requests being read or processed");
    describe_counter!("tdc_reloads_total", "Reloads of the configuration, by outcome");
    describe_counter!("tdc_connections_closed_total", "Connections closed to make room for others");
    describe_gauge!("tdc_reload_waiting", format!("1 while changes to a file wait for {CONFIRMATION}"));
    describe_counter!("tdc_jwks_fetches_total", "Fetches of issuers' keys, by outcome");
    describe_counter!(
        "tdc_log_lines_dropped_total",
        "Log lines dropped because standard error was not read in time"
    );
    describe_counter!("tdc_trace_exports_total", "Batches of traces sent, by outcome");
    Ok(handle)
}

/// Counts a finished request.
pub(super) fn count(record: &Record) {
    let operation = record.operation.unwrap_or("other");
    let entry = record.entry.clone();
    let status = status(record.status);
    counter!("tdc_requests_total", "operation" => operation, "namespace" => entry.clone(), "status" => status,
        "outcome" => record.outcome)
    .increment(1);
    histogram!("tdc_request_duration_seconds", "operation" => operation).record(record.duration);
    if record.status == 200 {
        let payloads = record.payloads.unwrap_or_default() as u64;
        counter!("tdc_payloads_total", "operation" => operation, "namespace" => entry).increment(payloads);
    }
}

/// Counts payloads encrypted with `key`, whether or not the client receives them: each has used a
/// nonce.
pub(super) fn sealed(key: &Arc<str>, payloads: usize) {
    counter!("tdc_payloads_sealed_total", "key" => Arc::clone(key)).increment(payloads as u64);
}

/// Sets how many requests are being read or processed.
pub(super) fn in_flight(requests: usize) {
    gauge!("tdc_requests_in_flight").set(u32::try_from(requests).unwrap_or(u32::MAX));
}

/// The statuses that this server answers with.
fn status(status: u16) -> &'static str {
    match status {
        200 => "200",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        408 => "408",
        413 => "413",
        415 => "415",
        429 => "429",
        431 => "431",
        499 => "499",
        500 => "500",
        502 => "502",
        503 => "503",
        _ => "other",
    }
}
