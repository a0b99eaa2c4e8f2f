//! Opening a configuration: a file, or a document in memory.

use std::path::{Path, PathBuf};

use arc_swap::ArcSwap;

use super::DataConverter;
use super::reload::{Current, Reads};
use crate::config::Config;
use crate::error::Error;

/// The source of the configuration, so that a reload can read it again.
pub(super) enum Source {
    File(PathBuf),
    Document { text: String, base_dir: PathBuf },
}

impl Source {
    pub(super) fn read(&self) -> Result<Config, Error> {
        match self {
            Self::File(path) => Config::open(path),
            Self::Document { text, base_dir } => Config::read(text, base_dir, ""),
        }
    }
}

impl DataConverter {
    /// Opens the configuration file at `path`. `namespace` applies to calls whose context names
    /// none; empty means none.
    ///
    /// # Errors
    /// [`Code::Config`](crate::Code::Config) or [`Code::KeyFile`](crate::Code::KeyFile), with line,
    /// column and path.
    pub fn open(path: &Path, namespace: &str) -> Result<Self, Error> {
        Self::new(Source::File(path.to_owned()), namespace)
    }

    /// Takes a configuration as text; its relative paths are relative to `base_dir`.
    ///
    /// # Errors
    /// As [`DataConverter::open`].
    pub fn parse(text: &str, base_dir: &Path, namespace: &str) -> Result<Self, Error> {
        Self::new(Source::Document { text: text.to_owned(), base_dir: base_dir.to_owned() }, namespace)
    }

    fn new(source: Source, namespace: &str) -> Result<Self, Error> {
        let config = source.read()?;
        Ok(Self {
            source,
            namespace: namespace.to_owned(),
            config: ArcSwap::from_pointee(Current::new(config)),
            reads: Reads::default(),
        })
    }
}
