//! What is wrong with the JSON of payloads, and where. The input's values are never quoted: they
//! may be plaintext.

use tdc_formats::json::Fault;

use crate::error::{Code, Error};
use crate::payload::too_many;

/// A problem at a byte of the text.
pub(super) enum Problem {
    /// A value of the wrong kind for its position.
    Value { at: usize, text: String },
    /// Text that is not JSON.
    Text(Fault),
    /// One payload more than allowed.
    TooMany,
}

impl From<Fault> for Box<Problem> {
    #[cold]
    fn from(fault: Fault) -> Self {
        Self::new(Problem::Text(fault))
    }
}

impl Problem {
    /// `place` expects one kind of value, but the text has `found`.
    #[cold]
    pub(super) fn refused(at: usize, place: &str, expected: &str, found: &str) -> Box<Self> {
        Box::new(Self::Value { at, text: format!("{place}: expected {expected}, found {found}") })
    }

    /// The error for a whole input, in which the payload at `index` was being read.
    #[cold]
    pub(super) fn in_input(&self, input: &str, index: Option<usize>, max_payloads: usize) -> Error {
        let Some((code, at, text)) = self.explained(input) else { return too_many(max_payloads) };
        let (line, column) = line_and_column(input, at);
        let error = Error::new(code, format!("line {line}, column {column}: {text}"));
        match index {
            Some(index) => error.at_payload(index),
            None => error,
        }
    }

    /// The error for a payload inside a larger text.
    #[cold]
    pub(super) fn in_payload(&self, payload: &str) -> Error {
        let Some((code, at, text)) = self.explained(payload) else { return too_many(1) };
        let (line, column) = line_and_column(payload, at);
        Error::new(code, format!("{text} (line {line}, column {column} of the payload)"))
    }

    fn explained(&self, input: &str) -> Option<(Code, usize, String)> {
        Some(match self {
            Self::Value { at, text } => (Code::Json, *at, text.clone()),
            Self::Text(fault) => match fault.what() {
                None => (Code::Limit, fault.at(), "the JSON nests too deep".to_owned()),
                Some(what) if fault.at() >= input.len() => {
                    (Code::Json, fault.at(), format!("the JSON is incomplete: expected {what}"))
                }
                Some(what) => (Code::Json, fault.at(), format!("this is not JSON: expected {what}")),
            },
            Self::TooMany => return None,
        })
    }
}

/// Counted from 1; columns are in bytes.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    (line, before.len() - line_start + 1)
}
