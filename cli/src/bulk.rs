//! Many files, as `tdc history decode --output` and `tdc rewrap` process them.
//!
//! ```text
//! outputs ──> jobs ──> document   one history after the other ──> new_file, or split
//!                         └──> progress, report
//! ```
//! The output of a file is written completely or not at all, and files whose output exists are
//! skipped: after an interruption, the same command continues. A file that fails is reported, and
//! the rest are still processed.

mod document;
mod export;
mod fields;
mod inputs;
mod jobs;
mod json_export;
mod json_values;
mod namespace;
mod options;
mod outputs;
mod progress;
mod report;
mod run_id;
mod split;

use std::collections::hash_map::RandomState;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tdc::{Code, Error, Limits};

use crate::body::{self, MessagePrinter};
use crate::buckets;
use crate::files::{self, Input};
use crate::key_counts::KeyCounts;
use crate::new_file::{NewFile, Readers};
use crate::stdio;
use document::{Conversion, Done, Failed, Output};
use inputs::{Inputs, Version};
pub(crate) use options::Options;
use outputs::Found;
use progress::Progress;
pub(crate) use report::Report;
use split::Runs;

const KEPT: &str = "it is not overwritten";

/// What is made of each history, or of another document.
pub(crate) trait Work: Sync {
    /// Makes a document of the same form. `context` is the library's, and `say` is called now and
    /// then with the number of payloads so far. The document is not used afterwards, so its memory
    /// may be freed.
    fn convert(&self, context: &[u8], document: &mut Vec<u8>, say: &dyn Fn(usize)) -> Result<Made, Error>;

    /// What one history may cost.
    fn limits(&self) -> Limits;
}

/// An output document, and what its payloads show.
pub(crate) struct Made {
    pub(crate) document: Vec<u8>,
    pub(crate) counts: Counts,
    pub(crate) is_history: bool,
}

/// What payloads show before and, if that is counted, afterwards.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) before: KeyCounts,
    pub(crate) after: Option<KeyCounts>,
    pub(crate) changed: Option<u64>,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.before.merge(other.before);
        if let Some(after) = other.after {
            self.after.get_or_insert_default().merge(after);
        }
        if let Some(changed) = other.changed {
            *self.changed.get_or_insert_default() += changed;
        }
    }
}

/// Does the work, and writes the report if that is asked for. With `split`, the output of each file
/// is a folder with a file for each history.
///
/// # Errors
/// What prevents all of the work. A file that fails among others is in the report.
pub(crate) fn run(options: &Options, split: bool, work: &dyn Work) -> Result<Report, Error> {
    if let Some(path) = &options.report {
        buckets::not_here(path, "name a local file for the report, and copy it")?;
        report::check_place(path)?;
    }
    let report = match (&options.output, &*options.paths) {
        (None, []) => one(work, None, options)?,
        (None, [path]) if path == Path::new("-") => one(work, None, options)?,
        (None, [path]) if !path.is_dir() => one(work, Some(path), options)?,
        (None, _) => {
            return Err(Error::new(
                Code::Argument,
                "several files need a folder for what is made of them: add --output FOLDER",
            ));
        }
        (Some(_), []) => {
            return Err(Error::new(Code::Argument, "--output needs files: name files or folders"));
        }
        (Some(output), paths) => many(work, paths, output, split, options)?,
    };
    if let Some(path) = &options.report {
        report.write(path)?;
    }
    Ok(report)
}

/// One document to standard output.
fn one(work: &dyn Work, file: Option<&Path>, options: &Options) -> Result<Report, Error> {
    let context = match file {
        Some(file) if options.namespace_from_path => body::context(&namespace::of(file)?),
        None if options.namespace_from_path => {
            let text = "standard input has no path to take a namespace from: use --namespace";
            return Err(Error::new(Code::Argument, text));
        }
        _ => Vec::new(),
    };
    let mut document = files::read(file)?;
    let progress = Progress::new(&[]);
    let made = work.convert(&context, &mut document, &|_| progress.say())?;
    stdio::write(&made.document)?;
    let mut report = Report::default();
    let hashes = if made.is_history { vec![0] } else { Vec::new() };
    report.done(Done { counts: made.counts, hashes, newer: 0 });
    Ok(report)
}

/// Files into a folder.
fn many(
    work: &dyn Work,
    paths: &[PathBuf],
    output: &Path,
    split: bool,
    options: &Options,
) -> Result<Report, Error> {
    let Found { inputs, refused } = outputs::find(paths, output, options.report.as_deref())?;
    let bulk = Bulk {
        work,
        output,
        printer: split.then(MessagePrinter::new).transpose()?,
        namespace_from_path: options.namespace_from_path,
        hasher: RandomState::new(),
        progress: Progress::new(&inputs),
        made_of: Inputs::read(output),
    };
    let files = inputs.len() + refused.len();
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let fail = |report: &mut Report, path: &Path, failed: Failed| {
        stopped.fetch_or(options.fail_fast, Ordering::Relaxed);
        stdio::note(&format!("{}: {}", path.display(), failed.error));
        report.fail(path, failed);
    };
    let mut report = Report::default();
    for (path, error) in refused {
        fail(&mut report, &path, error.into());
    }
    let report = Mutex::new(report);
    let job = || {
        while !stopped.load(Ordering::Relaxed)
            && let Some(input) = inputs.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let result = bulk.file(input);
            let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(Some(done)) => report.done(done),
                Ok(None) => report.skip(),
                Err(failed) => fail(&mut report, &input.path, failed),
            }
        }
    };
    jobs::together(usize::from(options.jobs).min(inputs.len()), job);
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.end(files, bulk.progress.summary());
    Ok(report)
}

/// What all jobs share.
struct Bulk<'a> {
    work: &'a dyn Work,
    output: &'a Path,
    /// With `--split`.
    printer: Option<MessagePrinter>,
    namespace_from_path: bool,
    hasher: RandomState,
    progress: Progress,
    made_of: Inputs,
}

impl Bulk<'_> {
    /// `None` if the output already exists.
    fn file(&self, input: &Input) -> Result<Option<Done>, Failed> {
        let target = self.output.join(&input.name);
        let version = Version::of(input)?;
        if self.is_done(input, &version, &target)? {
            self.progress.skip(input);
            return Ok(None);
        }
        let done = self.convert(input, &target);
        self.progress.file();
        if done.is_ok() {
            self.made_of.add(&input.name, &version);
        }
        done.map(Some)
    }

    /// Whether the output exists: then it is complete.
    fn is_done(&self, input: &Input, version: &Version, target: &Path) -> Result<bool, Error> {
        let Ok(there) = target.symlink_metadata() else { return Ok(false) };
        if there.is_dir() != self.printer.is_some() {
            let what = if there.is_dir() { "a folder, as --split makes it" } else { "a file" };
            let shown = target.display();
            return Err(Error::new(Code::Io, format!("{shown} is {what}: name another output folder")));
        }
        let is_of_this_version = match self.made_of.of(&input.name) {
            Some(known) => known == version,
            None => !there.modified().is_ok_and(|made| version.is_after(made)),
        };
        if is_of_this_version {
            return Ok(true);
        }
        let shown = target.display();
        Err(Error::new(
            Code::Io,
            format!("{shown} was made of another version of this file: remove it, and run this again"),
        ))
    }

    fn convert(&self, input: &Input, target: &Path) -> Result<Done, Failed> {
        let context =
            if self.namespace_from_path { body::context(&namespace::of(&input.path)?) } else { Vec::new() };
        let copy = input.object.as_ref().map(|object| object.copy_beside(target)).transpose()?;
        let output = match &self.printer {
            None => Output::File(NewFile::begin(target, Readers::Owner)?),
            Some(printer) => Output::Split(Runs::begin(target, printer)?),
        };
        let mut conversion = Conversion {
            work: self.work,
            context: &context,
            hasher: &self.hasher,
            progress: &self.progress,
            output,
            done: Done::default(),
        };
        conversion.run(copy.as_ref().map_or(&*input.path, NewFile::temporary))?;
        let Conversion { output, done, .. } = conversion;
        match output {
            Output::File(file) => file.finish(KEPT),
            Output::Split(runs) => runs.finish(KEPT),
        }?;
        Ok(done)
    }
}
