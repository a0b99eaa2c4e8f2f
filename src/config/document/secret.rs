//! Text that the document names and does not hold: in a file that others cannot read, or in a
//! variable.

use std::path::Path;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::file::RegularFile;
use super::problem::Problem;
use crate::error::text;
use crate::sys::others_with_access;

/// A key in the document; it is erased on drop and never shown.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct InlineKey(pub(crate) String);

impl std::fmt::Debug for InlineKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InlineKey(redacted)")
    }
}

impl Drop for InlineKey {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// Who but its owner may read or write a key file.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Permissions {
    /// Nobody.
    #[default]
    Private,
    /// Anybody: for mounted secrets, whose modes the platform decides.
    Any,
}

/// Reads a file of at most `max_len` bytes; `what` is its name in errors.
pub(crate) fn from_file(
    path: &Path,
    permissions: Permissions,
    what: &str,
    max_len: usize,
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let shown = text::absolute_path(path);
    let unreadable = |cause: String| Problem::with_key(format!("cannot read the {what} {shown}: {cause}"));
    let file = RegularFile::open(path).map_err(unreadable)?;
    if permissions == Permissions::Private {
        let others = others_with_access(file.file()).map_err(|cause| unreadable(cause.to_string()))?;
        if let Some((others, remedy)) = others {
            return Err(Problem::with_key(format!(
                "the {what} {shown} can be read or written by others ({others}): run {remedy}, or set permissions: any where the \
                 platform decides the mode"
            )));
        }
    }
    // Room for all of it at once: what grows leaves copies behind.
    let mut contents = Zeroizing::new(Vec::with_capacity(max_len + 1));
    file.read(max_len, &mut contents).map_err(unreadable)?;
    Ok(contents)
}

/// Reads an environment variable; `what` says what its text is expected to be.
pub(crate) fn from_variable(name: &str, what: &str) -> Result<Zeroizing<String>, Problem> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(Problem::new("expected the name of an environment variable"));
    }
    let shown = text::words(name);
    std::env::var(name).map(Zeroizing::new).map_err(|cause| match cause {
        std::env::VarError::NotPresent => {
            Problem::with_key(format!("the environment variable {shown} is not set"))
        }
        std::env::VarError::NotUnicode(_) => {
            Problem::with_key(format!("the environment variable {shown} is not {what}"))
        }
    })
}
