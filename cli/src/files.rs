//! Files, folders and objects in buckets that a command reads, and where their output goes.
//!
//! Links in a folder are not followed: they could lead out of it or form a cycle.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
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
    /// Of an object, its key below the folder that was named, until [`find`] has checked it.
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
    fn is(&self, other: &Self) -> bool {
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
    let mut objects = buckets::find(address)?;
    match objects.pop() {
        Some(object) if objects.is_empty() => Input::from(object).read(),
        _ => Err(Error::new(
            Code::Argument,
            format!("{} has several objects: add --output FOLDER, or name one of them", address.display()),
        )),
    }
}

/// What paths name, for output of the same names.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) inputs: Vec<Input>,
    /// What is not read, because its output could not have its name.
    pub(crate) refused: Vec<(PathBuf, Error)>,
}

/// The files and objects that `paths` name, including all files below folders, sorted by their
/// paths.
///
/// # Errors
/// If a path cannot be read.
pub(crate) fn all(paths: &[PathBuf]) -> Result<Vec<Input>, Error> {
    let mut inputs = named(paths)?;
    inputs.sort_by(|one, other| {
        one.path.cmp(&other.path).then_with(|| one.path.as_os_str().cmp(other.path.as_os_str()))
    });
    inputs.dedup_by(|one, other| one.is(other));
    Ok(inputs)
}

/// The same, each with the name of its output, sorted by that name.
///
/// # Errors
/// If a path cannot be read, or if two files have the same output name.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Found, Error> {
    apart(named(paths)?, cfg!(any(windows, target_os = "macos")))
}

/// Gives each input an output of its own. With `ignores_case`, as file systems of Windows and macOS
/// do, names that differ only in case are the same.
fn apart(inputs: Vec<Input>, ignores_case: bool) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut by_name: BTreeMap<PathBuf, Input> = BTreeMap::new();
    for mut input in inputs {
        if input.object.is_some() {
            match buckets::name_of(&input.name.to_string_lossy()) {
                Ok(name) => input.name = name,
                Err(error) => {
                    found.refused.push((input.path, error));
                    continue;
                }
            }
        }
        let name = if ignores_case {
            PathBuf::from(input.name.to_string_lossy().to_lowercase())
        } else {
            input.name.clone()
        };
        match by_name.entry(name) {
            Entry::Vacant(place) => {
                place.insert(input);
            }
            Entry::Occupied(place) if place.get().is(&input) => {}
            Entry::Occupied(place) => {
                let (one, other) = (place.get(), &input);
                let mut what =
                    format!("{} and {} would become the same file", one.path.display(), other.path.display());
                if one.name != other.name {
                    what += ", because this system takes upper and lower case for the same";
                }
                return Err(not_together(&what, one, other));
            }
        }
    }
    found.inputs.reserve_exact(by_name.len());
    // Names are sorted part by part, so what is below one comes next.
    let mut sorted = by_name.into_iter().peekable();
    while let Some((name, input)) = sorted.next() {
        let mut is_folder = false;
        while let Some((_, below)) = sorted.next_if(|(other, _)| other.starts_with(&name)) {
            if !is_folder {
                found.refused.push((input.path.clone(), no_folder(&input, &below)));
            }
            is_folder = true;
            let error = no_folder(&input, &below);
            found.refused.push((below.path, error));
        }
        if !is_folder {
            found.inputs.push(input);
        }
    }
    Ok(found)
}

#[cold]
fn no_folder(input: &Input, below: &Input) -> Error {
    let (one, other) = (input.path.display(), below.path.display());
    let what = format!("{one} would take the name of the folder that {other} belongs in");
    not_together(&what, input, below)
}

/// Two inputs whose outputs cannot be in one folder.
#[cold]
fn not_together(what: &str, one: &Input, other: &Input) -> Error {
    let is_below = |one: &Input, other: &Input| {
        let (one, other) =
            (one.path.as_os_str().as_encoded_bytes(), other.path.as_os_str().as_encoded_bytes());
        other.strip_prefix(one).is_some_and(|rest| rest.starts_with(b"/"))
    };
    let are_objects = one.object.is_some() && other.object.is_some();
    let above = [(one, other), (other, one)].into_iter().find(|(one, other)| is_below(one, other));
    let what_to_do = match above.filter(|_| are_objects) {
        Some((above, _)) => format!(
            "name {}/ with a slash at its end for what is below it, and copy the object without it to another key",
            above.path.display()
        ),
        None if one.name != other.name && are_objects => "copy one of them to another key".to_owned(),
        None => "name a folder that has both, or run the command for each of them".to_owned(),
    };
    Error::new(Code::Argument, format!("{what}: {what_to_do}"))
}

fn named(paths: &[PathBuf]) -> Result<Vec<Input>, Error> {
    let mut inputs = Vec::new();
    for address in paths.iter().filter(|path| buckets::is_address(path)) {
        inputs.extend(buckets::find(address)?.into_iter().map(Input::from));
    }
    for (path, name) in expanded(paths)? {
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
    buckets::no_folder_here(output, "name a local folder, and copy it")?;
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

/// Checks that a report is not below an input: the next run would read it.
///
/// # Errors
/// [`Code::Argument`].
pub(crate) fn keep_out(paths: &[PathBuf], report: &Path) -> Result<(), Error> {
    let report = real(report)?;
    for (path, _) in expanded(paths)? {
        let input = real(&path)?;
        if input.is_dir() && report.starts_with(&input) {
            return Err(Error::new(
                Code::Argument,
                format!("the report is in {}, which is an input: name another file for it", path.display()),
            ));
        }
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
    fn names_that_no_folder_can_have_together_are_refused() {
        let input =
            |path: &str, name: &str| Input { path: path.into(), name: name.into(), len: 1, object: None };
        let inputs = |names: &[&str]| -> Vec<Input> {
            names.iter().map(|name| input(&format!("in/{name}"), name)).collect()
        };
        // A file and files below it; those of similar names are none of them.
        let found = apart(inputs(&["x/y/z", "x-1", "x", "x/y", "x.a/b", "w"]), false).unwrap();
        let names: Vec<_> = found.inputs.iter().map(|input| input.name.to_str().unwrap()).collect();
        assert_eq!(names, ["w", "x-1", "x.a/b"]);
        let refused: Vec<_> = found.refused.iter().map(|(path, _)| path.to_str().unwrap()).collect();
        assert_eq!(refused, ["in/x", "in/x/y", "in/x/y/z"]);
        for (_, error) in &found.refused {
            assert!(
                error.message().starts_with("in/x would take the name of the folder that in/x/y"),
                "{error}"
            );
        }
        // Names that differ in case.
        for names in [["A", "a"], ["Ä/B.proto", "ä/b.proto"]] {
            assert_eq!(apart(inputs(&names), false).unwrap().inputs.len(), 2);
            let error = apart(inputs(&names), true).unwrap_err();
            let expected =
                "would become the same file, because this system takes upper and lower case for the same";
            assert!(error.message().contains(expected), "{error}");
        }
        let found = apart(inputs(&["A", "a/b", "C/x", "c/y"]), true).unwrap();
        assert_eq!((found.inputs.len(), found.refused.len()), (2, 2));
        assert_eq!(found.inputs[0].name, Path::new("C/x"), "names keep their case");
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
