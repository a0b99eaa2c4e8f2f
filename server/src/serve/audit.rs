//! The audit log: one JSON line for each request that asked for something, refused ones too. Who, where, what, how it ended; never data, never tokens.
//!
//! A request whose line cannot be written is not answered: what nobody can see later did not happen.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use tdc::server_options;
use tdc::{Code, Error};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use super::listener::Connection;
use super::metrics;
use super::refusal::Refusal;
use super::state::State;
use super::traces::{Part, Trace};

/// The status of a request whose client did not wait for it; no standard has one, and many logs have this.
const ABANDONED: u16 = 499;
/// Characters of a text that somebody outside chose.
const MAX_TEXT: usize = 256;

/// One request.
#[derive(Debug, Default, Serialize)]
pub(super) struct Record<'a> {
    pub(super) issuer: Option<String>,
    pub(super) sub: Option<String>,
    pub(super) email: Option<String>,
    pub(super) namespace: Option<&'a str>,
    pub(super) operation: Option<&'static str>,
    pub(super) payloads: Option<usize>,
    pub(super) status: u16,
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    /// The place of the rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<usize>,
    pub(super) peer: Option<SocketAddr>,
    pub(super) duration_ms: f64,
    /// For metrics: the configuration's entry for the namespace.
    #[serde(skip)]
    pub(super) entry: Arc<str>,
}

/// A request whose line is still to be written. However it ends it is: also when its client goes away, or the work on it panics.
pub(super) struct Entry<'a> {
    pub(super) record: Record<'a>,
    state: &'a State,
    started: Instant,
    trace: Option<Trace>,
    written: bool,
}

impl<'a> Entry<'a> {
    pub(super) fn open(state: &'a State, head: &Parts) -> Self {
        let peer = head.extensions.get::<Connection>().map(|from| from.peer);
        let record = Record { peer, entry: "none".into(), ..Record::default() };
        let trace = state.traces.as_ref().map(|traces| traces.begin(&head.method, &head.headers));
        Self { record, state, started: Instant::now(), trace, written: false }
    }

    /// A part of the request's trace, if it has one.
    pub(super) fn part(&self, name: &'static str) -> Option<Part> {
        self.trace.as_ref().map(|trace| trace.part(name))
    }

    /// Writes the line for an answer. Where that fails another answer is given.
    pub(super) fn close<T>(mut self, answer: Result<T, Refusal>) -> Result<T, Refusal> {
        match &answer {
            Ok(_) => self.record.status = 200,
            Err(refusal) => {
                self.record.status = refusal.status.as_u16();
                self.record.outcome = refusal.outcome;
                self.record.reason = refusal.reason;
            }
        }
        if self.write() { answer } else { Err(Refusal::no_audit()) }
    }

    fn write(&mut self) -> bool {
        self.written = true;
        self.record.duration_ms = self.started.elapsed().as_secs_f64() * 1e3;
        let written = self.state.audit.write(&self.record);
        if let Err(error) = &written {
            tracing::error!(%error, "cannot write the audit log: the request is not answered");
            (self.record.status, self.record.outcome) = (503, "no_audit");
        }
        metrics::count(&self.record);
        if let Some(trace) = &self.trace {
            trace.end(&self.record);
        }
        written.is_ok()
    }
}

/// Writes the line of a request that could not be read at all, which is answered already.
pub(super) fn unreadable(state: &State, peer: SocketAddr, status: StatusCode) {
    let record = Record {
        status: status.as_u16(),
        outcome: "bad_request",
        peer: Some(peer),
        entry: "none".into(),
        ..Record::default()
    };
    if let Err(error) = state.audit.write(&record) {
        tracing::error!(%error, "cannot write the audit log: a request that is not HTTP is missing there");
    }
    metrics::count(&record);
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if !self.written {
            (self.record.status, self.record.outcome) =
                if std::thread::panicking() { (500, "error") } else { (ABANDONED, "abandoned") };
            self.write();
        }
    }
}

/// Where the lines go.
#[derive(Debug)]
pub(super) enum Audit {
    Stderr,
    File(File),
}

impl Audit {
    /// Opens the file anew each time, so that a reload follows a rotation.
    pub(super) fn open(options: &server_options::Audit) -> Result<Self, Error> {
        let server_options::Audit::File(path) = options else { return Ok(Self::Stderr) };
        let mut open = OpenOptions::new();
        open.append(true).create(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        open.open(path).map(Self::File).map_err(|cause| {
            Error::new(Code::Config, format!("server.audit.file: cannot open {}: {cause}", path.display()))
        })
    }

    /// Writes the line of a request.
    pub(super) fn write(&self, record: &Record<'_>) -> std::io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            timestamp: String,
            log: &'static str,
            #[serde(flatten)]
            record: &'a Record<'a>,
        }
        let mut timestamp = String::new();
        // A text takes whatever is written to it.
        let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
        let mut line = serde_json::to_vec(&Line { timestamp, log: "audit", record })?;
        line.push(b'\n');
        // One write each: lines of several threads, and of several processes that share the file, do not mix.
        match self {
            Self::Stderr => std::io::stderr().write_all(&line),
            Self::File(file) => {
                let mut file: &File = file;
                file.write_all(&line)
            }
        }
    }
}

/// A text from outside, as long as a line may hold.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
