//! Files, folders and objects in buckets that a command reads.
//!
//! Links in a folder are not followed: they could lead out of it or form a cycle.

use std::path::{Component, Path, PathBuf};

use tdc::{Code, Error};

use crate::buckets::{self, Object, has_wildcard};
use crate::new_file::is_ours;
use crate::stdio;

/// A file or an object, and the name of its output below the output folder.
#[derive(Debug)]
pub(crate) struct Input {
    /// The path, or the address in a bucket.
    pub(crate) path: PathBuf,
    /// Below the folder that was named. Of an object it is the key, which can be no path at all.
    pub(crate) name: PathBuf,
    /// How many bytes it has.
    pub(crate) len: u64,
    /// If it is in a bucket.
    pub(crate) object: Option<Object>,
}

impl From<(PathBuf, PathBuf, Object)> for Input {
    fn from((path, name, object): (PathBuf, PathBuf, Object)) -> Self {
        Self { path, name, len: object.listed.len, object: Some(object) }
    }
}

impl Input {
    /// Whether this is the same file or object. Paths are equal however many slashes they have;
    /// keys are not.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.object, &other.object) {
            (None, None) => self.path == other.path,
            (Some(_), Some(_)) => self.path.as_os_str() == other.path.as_os_str(),
            _ => false,
        }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// If it cannot be read, or is longer than a document may be.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Error> {
        match &self.object {
            Some(object) => object.read(stdio::room(self.len, &self.path.display().to_string())?),
            None => stdio::read(Some(&self.path)),
        }
    }
}

/// Reads a document: a file, an object, or standard input.
///
/// # Errors
/// The same; [`Code::Argument`] if an address names several objects.
pub(crate) fn read(path: Option<&Path>) -> Result<Vec<u8>, Error> {
    let Some(address) = path.filter(|path| buckets::is_address(path)) else { return stdio::read(path) };
    let mut objects = buckets::find(address, buckets::MAX_OBJECTS)?;
    match objects.pop() {
        Some(object) if objects.is_empty() => Input::from(object).read(),
        _ => Err(Error::new(
            Code::Argument,
            format!("{} has several objects: add --output FOLDER, or name one of them", address.display()),
        )),
    }
}

/// The files and objects that `paths` name, including all files below folders, sorted by their
/// paths.
///
/// # Errors
/// If a path cannot be read.
pub(crate) fn all(paths: &[PathBuf]) -> Result<Vec<Input>, Error> {
    let mut inputs = named(paths, expanded(paths)?)?;
    inputs.sort_by(|one, other| {
        one.path.cmp(&other.path).then_with(|| one.path.as_os_str().cmp(other.path.as_os_str()))
    });
    inputs.dedup_by(|one, other| one.is(other));
    Ok(inputs)
}

/// The same, in the order in which they were named, and as often. `local` are the paths
/// [`expanded`].
///
/// # Errors
/// If a path cannot be read.
pub(crate) fn named(paths: &[PathBuf], local: Vec<(PathBuf, PathBuf)>) -> Result<Vec<Input>, Error> {
    let mut inputs = Vec::new();
    for address in paths.iter().filter(|path| buckets::is_address(path)) {
        let left = buckets::MAX_OBJECTS.saturating_sub(inputs.len());
        inputs.extend(buckets::find(address, left)?.into_iter().map(Input::from));
    }
    for (path, name) in local {
        let metadata = std::fs::metadata(&path).map_err(|cause| cannot_read(&path, &cause))?;
        if metadata.is_dir() {
            below(&path, &name, &mut inputs)?;
        } else {
            let name = if name.as_os_str().is_empty() {
                path.file_name().map(PathBuf::from).unwrap_or_default()
            } else {
                name
            };
            inputs.push(Input { path, name, len: metadata.len(), object: None });
        }
    }
    Ok(inputs)
}

/// The local paths, and what patterns among them match: not every shell expands them, and none
/// expands a pattern in quotes. The names of a pattern's matches begin where its wildcards do, so
/// that files in different folders keep different names.
///
/// # Errors
/// If a pattern is malformed, or nothing matches it.
pub(crate) fn expanded(paths: &[PathBuf]) -> Result<Vec<(PathBuf, PathBuf)>, Error> {
    let mut found = Vec::new();
    for path in paths.iter().filter(|path| !buckets::is_address(path)) {
        let Some(pattern) = pattern(path) else {
            found.push((path.clone(), PathBuf::new()));
            continue;
        };
        let before = found.len();
        let wrong = |cause: String| Error::new(Code::Argument, format!("the pattern {pattern}: {cause}"));
        for matched in glob::glob(pattern).map_err(|cause| wrong(cause.msg.to_owned()))? {
            let matched = matched.map_err(|cause| cannot_read(cause.path(), cause.error()))?;
            let name = matched.strip_prefix(literal(path)).unwrap_or(&matched).to_owned();
            if !is_ours(&name) {
                found.push((matched, name));
            }
        }
        if found.len() == before {
            return Err(wrong("no file matches it".to_owned()));
        }
    }
    Ok(found)
}

/// A path with wildcards, unless there is a file of that name.
pub(crate) fn pattern(path: &Path) -> Option<&str> {
    let text = path.to_str().filter(|text| has_wildcard(text))?;
    path.symlink_metadata().is_err().then_some(text)
}

/// The folders of a pattern before its first wildcard.
pub(crate) fn literal(pattern: &Path) -> PathBuf {
    let is_literal = |part: &Component<'_>| !part.as_os_str().to_str().is_some_and(has_wildcard);
    pattern.components().take_while(is_literal).collect()
}

fn below(folder: &Path, name: &Path, inputs: &mut Vec<Input>) -> Result<(), Error> {
    let cannot = |cause: std::io::Error| cannot_read(folder, &cause);
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let (kind, path, name) =
            (entry.file_type().map_err(cannot)?, entry.path(), name.join(entry.file_name()));
        if is_ours(&name) {
            continue;
        }
        if kind.is_dir() {
            below(&path, &name, inputs)?;
        } else if kind.is_file() {
            let len = entry.metadata().map_err(cannot)?.len();
            inputs.push(Input { path, name, len, object: None });
        }
    }
    Ok(())
}

pub(crate) fn cannot_read(path: &Path, cause: &std::io::Error) -> Error {
    Error::new(Code::Io, format!("cannot read {}: {cause}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_to_their_ground_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("b/c")).unwrap();
        std::fs::create_dir(folder.path().join("b/.tdc-0123456789abcdef.tmp")).unwrap();
        for name in
            ["b/c/2", "a", "b/1", ".tdc-0123456789abcdef.tmp", "b/.tdc-0123456789abcdef.tmp/run-0.json"]
        {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), folder.path().join("b/round")).unwrap();
        let names: Vec<PathBuf> =
            all(&[folder.path().to_owned()]).unwrap().into_iter().map(|input| input.name).collect();
        assert_eq!(names, ["a", "b/1", "b/c/2"].map(PathBuf::from));
    }

    #[test]
    fn patterns_are_expanded_and_their_matches_keep_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["2026/01/same", "2026/02/same", "2026/02/x[1]", "2026/02/.tdc-0.tmp", "2026/.tdc-1.tmp/same"]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let names = |pattern: &str| -> Vec<PathBuf> {
            let found = all(&[folder.path().join(pattern)]).unwrap();
            found.into_iter().map(|input| input.name).collect()
        };
        assert_eq!(names("2026/*/s*"), ["01/same", "02/same"].map(PathBuf::from));
        assert_eq!(names("2026/0[2-9]"), ["02/same", "02/x[1]"].map(PathBuf::from));
        assert_eq!(names("**/same"), ["2026/01/same", "2026/02/same"].map(PathBuf::from));
        assert_eq!(names("2026/02/x[1]"), ["x[1]"].map(PathBuf::from), "there is a file of that name");
        let error = all(&[folder.path().join("2027/*")]).unwrap_err();
        assert_eq!(error.code(), Code::Argument);
        assert!(error.message().ends_with("2027/*: no file matches it"), "{error}");
    }
}
