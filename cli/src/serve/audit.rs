//! The audit log: one JSON line for each encode or decode request, refused ones included. It says
//! who, where, what and how it ended; never data, never tokens.
//!
//! A thread writes the lines. A request waits until its own line is written, and is refused if that
//! fails or takes too long: nothing is decoded without a line in the log.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tdc::{Code, Error};

use super::lines::{Lines, Sink};
use super::options;
use super::record::Record;
use super::refusal::Refusal;
use crate::system::{can_create_in, private};

/// How long a request waits for its line to be written.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the last lines may take when the server stops.
const FLUSH: Duration = Duration::from_secs(1);

/// Where the lines go.
#[derive(Debug)]
pub(super) struct Audit {
    lines: Lines,
    is_stderr: bool,
}

impl Audit {
    /// Opens the file again each time, so that a reload follows a rotation. Standard error stays as
    /// it is.
    pub(super) fn open(
        options: &options::AuditOutput,
        before: Option<&Arc<Self>>,
    ) -> Result<Arc<Self>, Error> {
        let (sink, is_stderr) = match options {
            options::AuditOutput::File(path) => {
                let sink = open(path).map_err(|cause| cannot_open(path, &cause))?;
                (Arc::new(Mutex::new(sink)), false)
            }
            options::AuditOutput::Stderr => match before.filter(|before| before.is_stderr) {
                Some(before) => return Ok(Arc::clone(before)),
                None => (Sink::stderr(), true),
            },
        };
        let lines = Lines::to(sink, "audit")
            .map_err(|cause| Error::new(Code::Io, format!("cannot start the audit log: {cause}")))?;
        Ok(Arc::new(Self { lines, is_stderr }))
    }

    /// Checks whether [`Self::open`] would succeed, as far as possible without creating the file: a
    /// file created by another user would be in the server's way.
    pub(super) fn check(options: &options::AuditOutput) -> Result<(), Error> {
        let options::AuditOutput::File(path) = options else { return Ok(()) };
        let checked = if path.exists() {
            OpenOptions::new().append(true).open(path).map(drop)
        } else {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            can_create_in(folder.unwrap_or_else(|| Path::new(".")))
        };
        checked.map_err(|cause| cannot_open(path, &cause))
    }

    /// Writes the line of a request, and waits until it is written.
    pub(super) async fn write(&self, record: &Record) -> Result<(), String> {
        let given_up = Arc::new(AtomicBool::new(false));
        let (mut record, late) = (record.stamped(), Arc::clone(&given_up));
        let line = move || {
            if late.load(Ordering::Relaxed) {
                let refusal = Refusal::no_audit();
                record.end(refusal.status.as_u16(), refusal.outcome, Some(refusal.reason));
            }
            record.line()
        };
        let confirmed =
            self.lines.push_confirmed(line).map_err(|_| "the queue of lines is full".to_owned())?;
        match tokio::time::timeout(PATIENCE, confirmed).await {
            Ok(Ok(outcome)) => outcome.map_err(|cause| cause.to_string()),
            Ok(Err(_)) => Err("the writer thread has ended".to_owned()),
            Err(_) => {
                given_up.store(true, Ordering::Relaxed);
                Err(format!("a line was not written within {PATIENCE:?}"))
            }
        }
    }

    /// Writes the line of a request whose client no longer waits.
    pub(super) fn write_unconfirmed(&self, record: &Record) {
        let record = record.stamped();
        if self.lines.push(move || record.line()).is_err() {
            tracing::error!(
                "cannot write the audit log: lost the line of a request whose client disconnected"
            );
        }
    }

    /// Waits for the last lines. Blocks: not for async threads.
    pub(super) fn flush(&self) {
        self.lines.flush(FLUSH);
    }
}

fn cannot_open(path: &Path, cause: &std::io::Error) -> Error {
    Error::new(Code::Config, format!("server.audit.file: cannot open {}: {cause}", path.display()))
}

fn open(path: &Path) -> std::io::Result<Sink> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    private(&mut options);
    // A regular file is also opened for reading, to see how it ends. Anything else, such as a pipe,
    // must not be read, and a write-only file need not be.
    let is_file = std::fs::metadata(path).map_or(true, |found| found.is_file());
    if is_file && let Ok(file) = options.clone().read(true).open(path) {
        return Ok(Sink::new(Box::new(file.try_clone()?), Some(file)));
    }
    Ok(Sink::new(Box::new(options.open(path)?), None))
}
