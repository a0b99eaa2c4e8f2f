//! Which configuration a command reads: `--config`, else `TDC_CONFIG`, else `tdc.yaml` in this
//! folder.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use tdc::{Code, DataConverter, Error};

/// The default file name.
const DEFAULT: &str = "tdc.yaml";
/// The environment variable that names a configuration for every command in a shell.
const VARIABLE: &str = "TDC_CONFIG";

#[derive(Args)]
pub(crate) struct ConfigPath {
    // The text is shown on a terminal, not by rustdoc.
    #[allow(clippy::doc_markdown)]
    /// The configuration file, the same one the workers use [default: $TDC_CONFIG, or tdc.yaml]
    #[arg(short, long, value_name = "CONFIG", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Configuration {
    #[command(flatten)]
    path: ConfigPath,
    /// The Temporal namespace of the payloads, if the configuration has namespaces
    #[arg(short, long, default_value = "", hide_default_value = true)]
    pub(crate) namespace: String,
}

impl ConfigPath {
    /// The file.
    ///
    /// # Errors
    /// [`Code::Config`] if no file was named and the default does not exist. The remedy differs
    /// from that for a wrong name, and so does the text.
    pub(crate) fn resolve(&self) -> Result<PathBuf, Error> {
        if let Some(path) = &self.config {
            return Ok(path.clone());
        }
        if let Some(path) = from_environment() {
            if path.exists() {
                return Ok(path);
            }
            let shown = path.display();
            return Err(Error::new(
                Code::Config,
                format!("{VARIABLE} names {shown}, which does not exist: correct it, or use --config"),
            ));
        }
        if Path::new(DEFAULT).exists() {
            return Ok(DEFAULT.into());
        }
        Err(Error::new(
            Code::Config,
            format!(
                "there is no {DEFAULT} in {}: run `tdc init` to create one, or name another with --config or {VARIABLE}",
                std::env::current_dir().unwrap_or_default().display()
            ),
        ))
    }
}

impl Configuration {
    /// The file.
    ///
    /// # Errors
    /// As [`ConfigPath::resolve`].
    pub(crate) fn path(&self) -> Result<PathBuf, Error> {
        self.path.resolve()
    }

    /// Opens it for the namespace.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn open(&self) -> Result<DataConverter, Error> {
        DataConverter::open(&self.path()?, &self.namespace)
    }

    /// Opens it if it was named or exists.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn open_if_any(&self) -> Result<Option<DataConverter>, Error> {
        if self.is_named() || Path::new(DEFAULT).exists() { self.open().map(Some) } else { Ok(None) }
    }

    /// Whether it was named explicitly.
    pub(crate) fn is_named(&self) -> bool {
        self.path.config.is_some() || from_environment().is_some()
    }
}

fn from_environment() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from)
}
