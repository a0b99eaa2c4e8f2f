//! What was done, for people and for programs.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use tdc::{Code, Error};

use super::document::{Done, Failed};
use crate::key_counts::{CodecRow, KeyCounts, Row};
use crate::new_file::{self, NewFile, Readers};
use crate::{objects, stdio};

/// The totals of all files.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) files: u64,
    skipped: u64,
    pub(crate) histories: u64,
    /// Histories that are equal to another one: exports are delivered at least once.
    equal: u64,
    /// What the payloads showed before and, if that was counted, afterwards.
    pub(crate) before: KeyCounts,
    pub(crate) after: Option<KeyCounts>,
    /// How many payloads changed, if that was counted.
    pub(crate) changed: Option<u64>,
    /// How much was read, and how fast, if it took some time.
    speed: Option<String>,
    failures: Vec<Failure>,
    /// Files that were not begun, because of a failure.
    left: usize,
    /// Fields of exports that were not read, because they are newer than this program.
    newer: u64,
    seen: HashSet<u64>,
}

/// A file without output.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    file: PathBuf,
    /// Which history of an export, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    /// Which event of the history, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<usize>,
    code: &'static str,
    message: String,
}

/// `--report`
#[derive(Serialize)]
struct Json<'a> {
    files: Files,
    histories: Histories,
    payloads: Payloads,
    codecs: Vec<CodecRow<'a>>,
    keys: Keys<'a>,
    objects: Objects,
    failures: &'a [Failure],
}

/// Stored objects that took the places of their references.
#[derive(Serialize)]
struct Objects {
    fetched: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Files {
    done: u64,
    skipped: u64,
    failed: usize,
    left: usize,
}

#[derive(Serialize)]
struct Histories {
    all: u64,
    equal: u64,
    newer: u64,
}

#[derive(Serialize)]
struct Payloads {
    all: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<u64>,
}

#[derive(Serialize)]
struct Keys<'a> {
    before: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Vec<Row<'a>>>,
}

impl Report {
    pub(super) fn done(&mut self, done: Done) {
        self.files += 1;
        self.newer += done.newer;
        self.histories += done.hashes.len() as u64;
        self.equal += done.hashes.into_iter().map(|hash| u64::from(!self.seen.insert(hash))).sum::<u64>();
        self.before.merge(done.counts.before);
        if let Some(after) = done.counts.after {
            self.after.get_or_insert_default().merge(after);
        }
        if let Some(changed) = done.counts.changed {
            *self.changed.get_or_insert_default() += changed;
        }
    }

    pub(super) fn skip(&mut self) {
        self.skipped += 1;
    }

    pub(super) fn fail(&mut self, file: &Path, failed: Failed) {
        let Failed { error, history, run_id } = failed;
        self.failures.push(Failure {
            file: file.to_owned(),
            history,
            run_id,
            event: event(error.message()),
            payload: error.payload_index(),
            code: error.code().name(),
            message: error.message().to_owned(),
        });
    }

    /// Ends the work on `files` files. Jobs finish in any order; failures are in that of the names.
    pub(super) fn end(&mut self, files: usize, speed: Option<String>) {
        self.failures.sort_by(|one, other| one.file.cmp(&other.file));
        let begun = self.files + self.skipped + self.failures.len() as u64;
        self.left = files.saturating_sub(usize::try_from(begun).unwrap_or(usize::MAX));
        self.speed = speed;
    }

    fn failed(&self) -> usize {
        self.failures.len()
    }

    /// Says what was done, after `sentence`, which has what differs between commands.
    pub(crate) fn note(&self, sentence: &str) {
        let (skipped, failed) = (self.skipped, self.failed());
        stdio::note(&format!("{sentence}; {skipped} file(s) skipped because they exist, {failed} failed"));
        if self.left > 0 {
            stdio::note(&format!("{} file(s) were not begun, because of --fail-fast", self.left));
        }
        if self.equal > 0 {
            let (equal, all) = (self.equal, self.histories);
            stdio::note(&format!("{equal} of {all} histories are equal to another one"));
        }
        if self.newer > 0 {
            stdio::note(&format!(
                "{} field(s) of exports are newer than this tdc and were not read: payloads in them stay encoded",
                self.newer
            ));
        }
        if let Some(speed) = &self.speed {
            stdio::note(speed);
        }
    }

    pub(crate) fn status(&self) -> ExitCode {
        if self.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn json(&self) -> Result<Vec<u8>, Error> {
        let (fetched, bytes) = objects::total();
        let json = Json {
            files: Files { done: self.files, skipped: self.skipped, failed: self.failed(), left: self.left },
            histories: Histories { all: self.histories, equal: self.equal, newer: self.newer },
            payloads: Payloads { all: self.before.payloads, changed: self.changed },
            codecs: self.before.by_codec(),
            keys: Keys { before: self.before.rows(), after: self.after.as_ref().map(KeyCounts::rows) },
            objects: Objects { fetched, bytes },
            failures: &self.failures,
        };
        let mut text = serde_json::to_vec_pretty(&json)
            .map_err(|cause| Error::new(Code::Json, format!("cannot print the report: {cause}")))?;
        text.push(b'\n');
        Ok(text)
    }

    /// Writes it to a file, which may be an earlier report.
    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let mut file = NewFile::begin(path, Readers::Owner)?;
        file.write(&self.json()?)?;
        if is_report(path) { file.replace() } else { file.finish(NEW) }
    }
}

const NEW: &str = "only an earlier report is replaced";

/// Whether a report may be written there: the same command is run again when there are new exports,
/// but a mistaken path destroys nothing.
pub(super) fn check_place(path: &Path) -> Result<(), Error> {
    if path.symlink_metadata().is_err() || is_report(path) {
        return Ok(());
    }
    Err(new_file::already_exists(path, NEW))
}

fn is_report(path: &Path) -> bool {
    const BEGINS: &[u8] = b"{\n  \"files\": {\n    \"done\": ";
    let mut begins = [0; BEGINS.len()];
    path.symlink_metadata().is_ok_and(|file| file.is_file())
        && File::open(path).and_then(|mut file| file.read_exact(&mut begins)).is_ok()
        && begins == BEGINS
}

/// The number of the event in the path that an error begins with: `items[0].history.events[3].…`,
/// or `[3].…` in a list of events.
fn event(message: &str) -> Option<usize> {
    let (path, _) = message.split_once(": ").unwrap_or((message, ""));
    let (_, rest) = match path.strip_prefix('[') {
        Some(rest) => ("", rest),
        None => path.split_once("events[")?,
    };
    rest.split_once(']')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_read_from_the_path() {
        for (message, expected) in [
            ("items[7].history.events[31].user_metadata.summary: wrong", Some(31)),
            ("events[0].x: wrong", Some(0)),
            ("[4].x.payloads[2]: wrong", Some(4)),
            ("items[7]: the message is malformed", None),
            ("wrong: events[1]", None),
        ] {
            assert_eq!(event(message), expected, "{message}");
        }
    }
}
