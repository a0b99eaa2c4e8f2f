//! Files, folders and objects in buckets that a command reads, and where their output goes.
//!
//! Links in a folder are not followed: they could lead out of it or form a cycle.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use tdc::{Code, Error};

use crate::buckets::{self, Object, has_wildcard};
use crate::new_file::is_ours;
use crate::stdio;

/// A file or an object, and the name of its output below the output folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// The path, or the address in a bucket.
    pub(crate) path: PathBuf,
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
    let buckets::Found { mut objects, mut refused } = buckets::find(address)?;
    match (objects.pop(), refused.pop()) {
        (Some(object), None) if objects.is_empty() => Input::from(object).read(),
        (None, Some((_, error))) if refused.is_empty() => Err(error),
        _ => Err(Error::new(
            Code::Argument,
            format!("{} has several objects: add --output FOLDER, or name one of them", address.display()),
        )),
    }
}

/// What paths name.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) inputs: Vec<Input>,
    /// Objects that are not read, because of their keys.
    pub(crate) refused: Vec<(PathBuf, Error)>,
}

/// The files and objects that `paths` name, including all files below folders, sorted by their
/// paths.
///
/// # Errors
/// If a path cannot be read.
pub(crate) fn all(paths: &[PathBuf]) -> Result<Found, Error> {
    let Found { mut inputs, refused } = named(paths)?;
    inputs.sort_by(|one, other| one.path.cmp(&other.path));
    inputs.dedup_by(|one, other| one.path == other.path);
    Ok(Found { inputs, refused })
}

/// The same, each with the name of its output, sorted by that name.
///
/// # Errors
/// If a path cannot be read, or if two files have the same output name.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Found, Error> {
    let mut found: BTreeMap<PathBuf, Input> = BTreeMap::new();
    let Found { inputs, refused } = named(paths)?;
    for input in inputs {
        let path = input.path.clone();
        if let Some(Input { path: other, .. }) = found.insert(input.name.clone(), input)
            && other != path
        {
            let (one, other) = (other.display(), path.display());
            return Err(Error::new(
                Code::Argument,
                format!(
                    "{one} and {other} would become the same file: name a folder that has both, or run the command for \
                     each of them"
                ),
            ));
        }
    }
    Ok(Found { inputs: found.into_values().collect(), refused })
}

fn named(paths: &[PathBuf]) -> Result<Found, Error> {
    let mut found = Found::default();
    for address in paths.iter().filter(|path| buckets::is_address(path)) {
        let buckets::Found { objects, refused } = buckets::find(address)?;
        found.inputs.extend(objects.into_iter().map(Input::from));
        found.refused.extend(refused);
    }
    let inputs = &mut found.inputs;
    for (path, name) in expanded(paths)? {
        let metadata = std::fs::metadata(&path).map_err(|cause| cannot_read(&path, &cause))?;
        if metadata.is_dir() {
            below(&path, &name, inputs)?;
        } else {
            let name = if name.as_os_str().is_empty() {
                path.file_name().map(PathBuf::from).unwrap_or_default()
            } else {
                name
            };
            inputs.push(Input { path, name, len: metadata.len(), object: None });
        }
    }
    Ok(found)
}

/// The local paths, and what patterns among them match: not every shell expands them, and none
/// expands a pattern in quotes. The names of a pattern's matches begin where its wildcards do, so
/// that files in different folders keep different names.
fn expanded(paths: &[PathBuf]) -> Result<Vec<(PathBuf, PathBuf)>, Error> {
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
fn pattern(path: &Path) -> Option<&str> {
    let text = path.to_str().filter(|text| has_wildcard(text))?;
    path.symlink_metadata().is_err().then_some(text)
}

/// The folders of a pattern before its first wildcard.
fn literal(pattern: &Path) -> PathBuf {
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

/// Checks that `output` is not one of the inputs: output must not be mistaken for input.
///
/// # Errors
/// [`Code::Argument`].
pub(crate) fn keep_apart(paths: &[PathBuf], output: &Path) -> Result<(), Error> {
    buckets::not_here(output, "name a local folder, and copy it")?;
    let output = real(output)?;
    for (path, _) in expanded(paths)? {
        let input = real(&path)?;
        let is_among = match input.is_dir() {
            true if output.starts_with(&input) => "is in",
            false if input.parent() == Some(&output) => "contains",
            _ => continue,
        };
        return Err(Error::new(
            Code::Argument,
            format!(
                "the output folder {is_among} {}, which is an input: name another folder",
                path.display()
            ),
        ));
    }
    Ok(())
}

/// The path without links. Components that do not exist yet are appended to the part that exists.
fn real(path: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(path).map_err(|cause| cannot_read(path, &cause))?;
    let mut missing = Vec::new();
    let mut there = absolute.as_path();
    while std::fs::symlink_metadata(there).is_err() {
        let Some((parent, name)) = there.parent().zip(there.components().next_back()) else { break };
        if let Component::Normal(name) = name {
            missing.push(name);
        }
        there = parent;
    }
    let mut real = there.canonicalize().map_err(|cause| cannot_read(path, &cause))?;
    real.extend(missing.iter().rev());
    Ok(real)
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
            find(&[folder.path().to_owned()]).unwrap().inputs.into_iter().map(|input| input.name).collect();
        assert_eq!(names, ["a", "b/1", "b/c/2"].map(PathBuf::from));
    }

    #[test]
    fn files_of_one_name_and_output_among_what_is_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["x", "y"] {
            std::fs::create_dir(at(name)).unwrap();
            std::fs::write(at(name).join("same"), "").unwrap();
        }
        let code = |result: Result<(), Error>| result.unwrap_err().code();
        assert_eq!(code(find(&[at("x"), at("y")]).map(drop)), Code::Argument);
        for output in ["x", "x/new/deep"] {
            assert_eq!(code(keep_apart(&[at("x")], &at(output))), Code::Argument, "{output}");
        }
        assert_eq!(code(keep_apart(&[at("x/same")], &at("x"))), Code::Argument);
        assert_eq!(code(keep_apart(&[at("?")], &at("x/new"))), Code::Argument);
        assert!(keep_apart(&[at("x")], &at("z/new")).is_ok());
        assert!(keep_apart(&[at("x/same")], &at("x/new")).is_ok());
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
            let found = find(&[folder.path().join(pattern)]).unwrap();
            found.inputs.into_iter().map(|input| input.name).collect()
        };
        assert_eq!(names("2026/*/s*"), ["01/same", "02/same"].map(PathBuf::from));
        assert_eq!(names("2026/0[2-9]"), ["02/same", "02/x[1]"].map(PathBuf::from));
        assert_eq!(names("**/same"), ["2026/01/same", "2026/02/same"].map(PathBuf::from));
        assert_eq!(names("2026/02/x[1]"), ["x[1]"].map(PathBuf::from), "there is a file of that name");
        let error = find(&[folder.path().join("2027/*")]).unwrap_err();
        assert_eq!(error.code(), Code::Argument);
        assert!(error.message().ends_with("2027/*: no file matches it"), "{error}");
    }
}
