//! `tdc rewrap`: moves files from old keys to the key that encrypts now.
//!
//! ```text
//! a new wrap   the data keys of envelopes are unwrapped and wrapped again; no payload is decrypted
//! --to FILE    the payloads are decoded, and encoded by another configuration
//! ```
//! A file is written completely or not at all, and files that already exist are skipped: after an
//! interruption, the same command continues.

mod report;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tdc::{Code, DataConverter, Error};

use crate::configuration::Configuration;
use crate::documents::{self, Viewer};
use crate::files::{self, Input};
use crate::key_counts::{KeyCounts, REMINDER};
use crate::new_file::{self, Readers};
use crate::stdio;
use crate::task::Task;
use report::Report;

/// How often the command reports progress.
const INTERVAL: Duration = Duration::from_secs(1);

/// The options of the command.
pub(crate) struct Rewrap<'a> {
    pub(crate) configuration: &'a Configuration,
    pub(crate) to: Option<&'a Path>,
    pub(crate) output: Option<&'a Path>,
    pub(crate) report: Option<&'a Path>,
    pub(crate) paths: &'a [PathBuf],
}

pub(crate) fn run(asked: &Rewrap<'_>) -> Result<ExitCode, Error> {
    let work = Work::open(asked)?;
    let mut report = Report::default();
    match (asked.output, asked.paths) {
        (None, []) => one(&work, None, &mut report)?,
        (None, [path]) if path == Path::new("-") => one(&work, None, &mut report)?,
        (None, [path]) if path.is_file() => one(&work, Some(path), &mut report)?,
        (None, _) => {
            return Err(Error::new(
                Code::Argument,
                "several files need a folder for what is made of them: add --output FOLDER",
            ));
        }
        (Some(_), []) => {
            return Err(Error::new(Code::Argument, "--output needs files: name files or folders"));
        }
        (Some(output), paths) => many(&work, paths, output, &mut report)?,
    }
    if let Some(path) = asked.report {
        new_file::create(path, &report.json()?, Readers::Owner, "a report is not overwritten")?;
    }
    stdio::note(&report.sentence());
    stdio::note(work.reminder());
    stdio::note(REMINDER);
    Ok(if report.has_failures() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One document to standard output.
fn one(work: &Work, file: Option<&Path>, report: &mut Report) -> Result<(), Error> {
    let made = work.convert(&stdio::read(file)?)?;
    stdio::write(&made.document)?;
    report.done(made);
    Ok(())
}

/// Files into a folder. A file that fails is reported, and the rest are still processed.
fn many(work: &Work, paths: &[PathBuf], output: &Path, report: &mut Report) -> Result<(), Error> {
    files::keep_apart(paths, output)?;
    let inputs = files::find(paths)?;
    let mut last = Instant::now();
    for (index, input) in inputs.iter().enumerate() {
        if last.elapsed() >= INTERVAL {
            last = Instant::now();
            stdio::note(&format!("{index} of {} files", inputs.len()));
        }
        let target = output.join(&input.name);
        match into_file(work, input, &target) {
            Ok(Some(made)) => report.done(made),
            Ok(None) => report.skip(),
            Err(error) => {
                stdio::note(&format!("{}: {error}", input.path.display()));
                report.fail(&input.path, &error);
            }
        }
    }
    stdio::write(report.table().as_bytes())
}

/// `None` if the file already exists.
fn into_file(work: &Work, input: &Input, target: &Path) -> Result<Option<Made>, Error> {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    if target.exists() {
        return match (changed(&input.path), changed(target)) {
            (Some(input), Some(made)) if input > made => Err(Error::new(
                Code::Io,
                format!(
                    "{} is older than what it was made of: remove it, and run this again",
                    target.display()
                ),
            )),
            _ => Ok(None),
        };
    }
    let made = work.convert(&stdio::read(Some(&input.path))?)?;
    new_file::create(target, &made.document, Readers::Owner, "it is not overwritten")?;
    Ok(Some(made))
}

/// An output document, and the counts.
struct Made {
    document: Vec<u8>,
    before: KeyCounts,
    after: KeyCounts,
    changed: u64,
}

/// How documents are made.
struct Work {
    converter: DataConverter,
    /// Another configuration, which encodes what this one decodes.
    to: Option<DataConverter>,
    viewer: Viewer,
    hasher: RandomState,
}

impl Work {
    fn open(asked: &Rewrap<'_>) -> Result<Self, Error> {
        let namespace = &asked.configuration.namespace;
        let to = asked.to.map(|path| DataConverter::open(path, namespace)).transpose()?;
        Ok(Self {
            converter: asked.configuration.open()?,
            to,
            viewer: Viewer::new()?,
            hasher: RandomState::new(),
        })
    }

    fn reminder(&self) -> &'static str {
        match self.to {
            None => "a new wrap does not help against anyone who already has a data key: for that, use --to",
            Some(_) => {
                "the files that were read still open with the old keys: delete them where that must end"
            }
        }
    }

    fn convert(&self, document: &[u8]) -> Result<Made, Error> {
        let (before, hashes) = self.look(document)?;
        let made = match &self.to {
            None => documents::convert(Task::Rewrap, &self.converter, document)?,
            Some(to) => {
                let decoded = documents::convert(Task::Decode, &self.converter, document)?;
                self.all_opened(&decoded)?;
                documents::convert(Task::Encode, to, &decoded)?
            }
        };
        let (after, new) = self.look(&made)?;
        let changed = hashes.iter().zip(&new).filter(|(before, after)| before != after).count() as u64;
        Ok(Made { document: made, before, after, changed })
    }

    /// What the payloads of a document show, and a hash that identifies each.
    fn look(&self, document: &[u8]) -> Result<(KeyCounts, Vec<u64>), Error> {
        let (mut counts, mut hashes) = (KeyCounts::default(), Vec::new());
        self.viewer.visit(document, |payload| {
            hashes.push(self.hasher.hash_one(payload));
            counts.add(payload)
        })?;
        Ok((counts, hashes))
    }

    /// Checks that every payload was decoded: one that was not would be encoded a second time.
    fn all_opened(&self, decoded: &[u8]) -> Result<(), Error> {
        let closed = self.look(decoded)?.0;
        let Some(row) = closed.rows().into_iter().next() else { return Ok(()) };
        let key = row.key_id.map_or_else(|| "a key".to_owned(), |id| format!("the key \"{id}\""));
        Err(Error::new(
            Code::KeyUnknown,
            format!(
                "{} payload(s) stay encrypted under {key}, which the configuration does not name: add it to keys.ring",
                row.payloads
            ),
        ))
    }
}
