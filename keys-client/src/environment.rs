//! The variables that name services and credentials, read once.

use core::fmt;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Other variables are not kept.
const PREFIXES: &[&str] = &[
    "VAULT_",
    "BAO_",
    "AWS_",
    "GOOGLE_",
    "GCE_",
    "CLOUDSDK_",
    "AZURE_",
    "IDENTITY_",
    "STORAGE_EMULATOR_HOST",
    "HOME",
    "USERPROFILE",
    "APPDATA",
];

/// A snapshot of environment variables: a host that changes its environment would race with later
/// reads.
#[derive(Clone)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process.
    #[must_use]
    pub fn process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
            .collect()
    }

    /// The value of a variable, if it is set and not empty.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of the first of these that is set.
    pub(crate) fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.var(name))
    }

    /// Whether a boolean variable is true, in the notation of AWS and Vault.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.var(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.first(&["HOME", "USERPROFILE"]).map(PathBuf::from)
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::process()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Only the names: values are credentials.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
