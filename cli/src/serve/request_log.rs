//! What is recorded about one request: its line in the audit log, its metrics, and its trace. All
//! three are made from the same record when the request ends.

use std::net::SocketAddr;
use std::time::Instant;

use axum::http::StatusCode;
use axum::http::request::Parts;

use super::audit::Audit;
use super::connections::Connection;
use super::metrics;
use super::record::Record;
use super::refusal::Refusal;
use super::traces::{Part, Trace, Traces};

/// The status of a request whose client did not wait for the response. No standard defines one, but
/// many logs use this number.
const ABANDONED: u16 = 499;

/// A request whose line is not written yet. It is written however the request ends, even if the
/// client disconnects or the work panics.
pub(super) struct Entry<'a> {
    pub(super) record: Record,
    audit: &'a Audit,
    started: Instant,
    trace: Option<Trace>,
    is_sent: bool,
    is_counted: bool,
}

impl<'a> Entry<'a> {
    pub(super) fn open(audit: &'a Audit, traces: Option<&Traces>, head: &Parts) -> Self {
        let peer = head.extensions.get::<Connection>().map(|from| from.peer);
        let record = Record::from(peer);
        let trace = traces.map(|traces| traces.begin(&head.method, &head.headers));
        Self { record, audit, started: Instant::now(), trace, is_sent: false, is_counted: false }
    }

    /// A part of the request's trace, if it has one.
    pub(super) fn part(&self, name: &'static str) -> Option<Part> {
        self.trace.as_ref().map(|trace| trace.part(name))
    }

    /// Writes the line for a response. If that fails, the client gets an error response instead.
    pub(super) async fn close<T>(mut self, answer: Result<T, Refusal>) -> Result<T, Refusal> {
        match &answer {
            Ok(_) => self.record.status = 200,
            Err(refusal) => {
                self.record.end(refusal.status.as_u16(), refusal.outcome, Some(refusal.reason));
            }
        }
        self.is_sent = true;
        self.record.duration = self.started.elapsed();
        if let Err(why) = self.audit.write(&self.record).await {
            tracing::error!(error = why, "cannot write the audit log: the request is refused");
            let refusal = Refusal::no_audit();
            self.record.end(refusal.status.as_u16(), refusal.outcome, Some(refusal.reason));
            self.count();
            return Err(refusal);
        }
        self.count();
        answer
    }

    fn count(&mut self) {
        self.is_counted = true;
        metrics::count(&self.record);
        if let Some(trace) = &self.trace {
            trace.end(&self.record);
        }
    }
}

/// Writes the line of a request that could not be read at all and has already been answered.
pub(super) fn unreadable(audit: &Audit, peer: SocketAddr, status: StatusCode) {
    let reason = if status == StatusCode::BAD_REQUEST { "not HTTP" } else { "head of more than 64 KiB" };
    let mut record = Record::from(Some(peer));
    record.end(status.as_u16(), "bad_request", Some(reason));
    audit.write_unconfirmed(&record);
    metrics::count(&record);
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if !self.is_sent {
            if std::thread::panicking() {
                self.record.end(500, "error", Some("panic"));
            } else {
                self.record.end(ABANDONED, "abandoned", Some("client went away"));
            }
            self.record.duration = self.started.elapsed();
            self.audit.write_unconfirmed(&self.record);
        }
        if !self.is_counted {
            self.count();
        }
    }
}
