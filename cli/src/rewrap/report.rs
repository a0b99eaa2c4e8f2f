//! What the command did, for people and for programs.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tdc::{Code, Error};

use super::Made;
use crate::key_counts::{KeyCounts, Row};

/// The totals of all files.
#[derive(Default)]
pub(super) struct Report {
    done: u64,
    skipped: u64,
    failures: Vec<Failure>,
    before: KeyCounts,
    after: KeyCounts,
    changed: u64,
}

/// A file without output.
#[derive(Serialize)]
struct Failure {
    file: PathBuf,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<usize>,
    message: String,
}

/// `--report`
#[derive(Serialize)]
struct Json<'a> {
    files: Files,
    payloads: Payloads,
    keys: Keys<'a>,
    failures: &'a [Failure],
}

#[derive(Serialize)]
struct Files {
    done: u64,
    skipped: u64,
    failed: usize,
}

#[derive(Serialize)]
struct Payloads {
    all: u64,
    changed: u64,
}

#[derive(Serialize)]
struct Keys<'a> {
    before: Vec<Row<'a>>,
    after: Vec<Row<'a>>,
}

impl Report {
    pub(super) fn done(&mut self, made: Made) {
        self.done += 1;
        self.changed += made.changed;
        self.before.merge(made.before);
        self.after.merge(made.after);
    }

    pub(super) fn skip(&mut self) {
        self.skipped += 1;
    }

    pub(super) fn fail(&mut self, file: &Path, error: &Error) {
        self.failures.push(Failure {
            file: file.to_owned(),
            code: error.code().name(),
            payload: error.payload_index(),
            message: error.message().to_owned(),
        });
    }

    pub(super) fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    /// What the payloads show afterwards.
    pub(super) fn table(&self) -> String {
        self.after.table()
    }

    pub(super) fn sentence(&self) -> String {
        format!(
            "{} of {} payloads changed in {} file(s); {} file(s) skipped because they exist, {} failed",
            self.changed,
            self.before.payloads,
            self.done,
            self.skipped,
            self.failures.len()
        )
    }

    pub(super) fn json(&self) -> Result<Vec<u8>, Error> {
        let json = Json {
            files: Files { done: self.done, skipped: self.skipped, failed: self.failures.len() },
            payloads: Payloads { all: self.before.payloads, changed: self.changed },
            keys: Keys { before: self.before.rows(), after: self.after.rows() },
            failures: &self.failures,
        };
        let mut text = serde_json::to_vec_pretty(&json)
            .map_err(|cause| Error::new(Code::Json, format!("cannot print the report: {cause}")))?;
        text.push(b'\n');
        Ok(text)
    }
}
