//! What the audit log says of one request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::objects::Fetches;

/// Longest text chosen by a client, in characters.
const MAX_TEXT: usize = 256;

/// One request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Record {
    timestamp: String,
    log: &'static str,
    pub(super) issuer: Option<String>,
    pub(super) sub: Option<String>,
    pub(super) email: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) operation: Option<&'static str>,
    pub(super) payloads: Option<usize>,
    /// The stored objects that were fetched: never their keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) objects: Option<Fetches>,
    pub(super) status: u16,
    pub(super) outcome: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<RuleName>,
    pub(super) peer: Option<SocketAddr>,
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub(super) duration: Duration,
    /// For metrics: the configuration's entry for the namespace.
    #[serde(skip)]
    pub(super) entry: Arc<str>,
}

/// The name of a rule, or its position in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum RuleName {
    Name(String),
    Index(usize),
}

impl Default for Record {
    fn default() -> Self {
        Self {
            timestamp: String::new(),
            log: "audit",
            issuer: None,
            sub: None,
            email: None,
            namespace: None,
            operation: None,
            payloads: None,
            objects: None,
            status: 0,
            outcome: "",
            reason: None,
            rule: None,
            peer: None,
            duration: Duration::ZERO,
            entry: "none".into(),
        }
    }
}

impl Record {
    /// What is known about a request before any of it is read.
    pub(super) fn from(peer: Option<SocketAddr>) -> Self {
        Self { peer, ..Self::default() }
    }

    /// How it ended.
    pub(super) fn end(&mut self, status: u16, outcome: &'static str, reason: Option<&'static str>) {
        (self.status, self.outcome, self.reason) = (status, outcome, reason);
    }

    /// The same, at the current time.
    pub(super) fn stamped(&self) -> Self {
        let mut timestamp = String::new();
        // A string accepts everything that is written to it.
        let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
        Self { timestamp, ..self.clone() }
    }

    /// As a line of JSON.
    pub(super) fn line(&self) -> Vec<u8> {
        // Strings and numbers can always be written as JSON.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// A text from outside, cut to the length allowed in a line.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
