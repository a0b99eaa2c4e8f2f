//! The options of commands that read many files.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint, value_parser};

/// More than any machine has use for.
const MAX_JOBS: i64 = 512;

#[derive(Args)]
pub(crate) struct Options {
    /// The folder to write to; files that are there already are skipped
    #[arg(short, long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
    /// Write a report as JSON to this file, which may be an earlier report
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) report: Option<PathBuf>,
    /// How many files are worked on at the same time
    #[arg(long, value_name = "N", default_value = "1", requires = "output",
          value_parser = value_parser!(u16).range(1..=MAX_JOBS))]
    pub(super) jobs: u16,
    /// Stop at the first file that fails; by default the others go on
    #[arg(long, requires = "output")]
    pub(super) fail_fast: bool,
    /// Take the namespace of each file from the path that Temporal Cloud exports to,
    /// temporal-workflow-history/export/NAMESPACE/…
    #[arg(long, conflicts_with = "namespace")]
    pub(super) namespace_from_path: bool,
    /// Files, folders, patterns and buckets; without --output one file, or standard input
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
}

impl Options {
    /// The file if only one document is asked for, without a report; `None` in it is standard
    /// input.
    #[expect(clippy::option_option, reason = "the outer one says whether it is alone")]
    pub(crate) fn alone(&self) -> Option<Option<&Path>> {
        if self.output.is_some() || self.report.is_some() || self.namespace_from_path {
            return None;
        }
        match &*self.paths {
            [] => Some(None),
            [path] if !path.is_dir() => Some(Some(path)),
            _ => None,
        }
    }
}
