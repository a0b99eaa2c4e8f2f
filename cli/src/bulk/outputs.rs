//! Where the output of each input goes: a name of its own below the output folder.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Component, Path, PathBuf};

use glob::Pattern;
use tdc::{Code, Error};

use crate::buckets;
use crate::files::{self, Input};

/// What paths name, for output of the same names.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) inputs: Vec<Input>,
    /// What is not read, because its output could not have its name.
    pub(super) refused: Vec<(PathBuf, Error)>,
}

/// The files and objects that `paths` name, each with the name of its output, sorted by that name.
///
/// # Errors
/// If a path cannot be read, if two files have the same output name, or if the next run would read
/// what this one writes to `output` and to `report`.
pub(super) fn find(paths: &[PathBuf], output: &Path, report: Option<&Path>) -> Result<Found, Error> {
    let local = files::expanded(paths)?;
    keep_apart(paths, &local, output, report)?;
    apart(files::named(paths, local)?, cfg!(any(windows, target_os = "macos")))
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
                    what += ", because file names on this system ignore case";
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

/// Checks that `output` is not one of the inputs, and that `report` is not either: the next run
/// would read them. `local` are the paths expanded.
///
/// # Errors
/// [`Code::Argument`].
fn keep_apart(
    paths: &[PathBuf],
    local: &[(PathBuf, PathBuf)],
    output: &Path,
    report: Option<&Path>,
) -> Result<(), Error> {
    buckets::no_folder_here(output, "name a local folder, and copy it")?;
    let within = |what: &str, input: &Path, another: &str| {
        let input = input.display();
        Err(Error::new(Code::Argument, format!("{what} {input}, which is an input: name another {another}")))
    };
    let (output, report) = (real(output)?, report.map(real).transpose()?);
    if let Some(report) = &report {
        for path in paths {
            if would_match(path, report)? {
                return within("the report would match", path, "file for it");
            }
        }
    }
    for (path, _) in local {
        let input = real(path)?;
        if report.as_ref().is_some_and(|report| report.starts_with(&input)) {
            return within("the report is in", path, "file for it");
        }
        match input.is_dir() {
            true if output.starts_with(&input) => {
                return within("the output folder is in", path, "folder");
            }
            false if input.parent() == Some(&output) => {
                return within("the output folder contains", path, "folder");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a file at this [`real`] path would match, if `path` is a pattern.
fn would_match(path: &Path, file: &Path) -> Result<bool, Error> {
    if files::pattern(path).is_none() {
        return Ok(false);
    }
    let folder = files::literal(path);
    let wildcards: PathBuf = path.components().skip(folder.components().count()).collect();
    let folder = real(if folder.as_os_str().is_empty() { Path::new(".") } else { &folder })?;
    let (Some(folder), Some(wildcards)) = (folder.to_str(), wildcards.to_str()) else { return Ok(false) };
    // The real path of the folder may have wildcards in it, which are none.
    let pattern = Path::new(&Pattern::escape(folder)).join(wildcards);
    let pattern = pattern.to_str().and_then(|pattern| Pattern::new(pattern).ok());
    Ok(pattern.is_some_and(|pattern| pattern.matches_path_with(file, buckets::AS_LISTED)))
}

/// The path without links. Components that do not exist yet are appended to the part that exists.
fn real(path: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(path).map_err(|cause| files::cannot_read(path, &cause))?;
    let mut missing = Vec::new();
    let mut there = absolute.as_path();
    while std::fs::symlink_metadata(there).is_err() {
        let Some((parent, name)) = there.parent().zip(there.components().next_back()) else { break };
        if let Component::Normal(name) = name {
            missing.push(name);
        }
        there = parent;
    }
    let mut real = there.canonicalize().map_err(|cause| files::cannot_read(path, &cause))?;
    real.extend(missing.iter().rev());
    Ok(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[PathBuf], output: &Path, report: Option<&Path>) -> Result<(), Error> {
        keep_apart(paths, &files::expanded(paths).unwrap(), output, report)
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
        assert_eq!(code(find(&[at("x"), at("y")], &at("z"), None).map(drop)), Code::Argument);
        for output in ["x", "x/new/deep"] {
            assert_eq!(code(check(&[at("x")], &at(output), None)), Code::Argument, "{output}");
        }
        assert_eq!(code(check(&[at("x/same")], &at("x"), None)), Code::Argument);
        assert_eq!(code(check(&[at("?")], &at("x/new"), None)), Code::Argument);
        assert!(check(&[at("x")], &at("z/new"), None).is_ok());
        assert!(check(&[at("x/same")], &at("x/new"), None).is_ok());
    }

    #[test]
    fn a_report_that_the_next_run_would_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("x")).unwrap();
        std::fs::write(at("x/same"), "").unwrap();
        for (input, report) in [("x", "x/new"), ("x/*", "x/new"), ("x/same", "x/same"), ("?", "x/new")] {
            let error = check(&[at(input)], &at("out"), Some(&at(report))).unwrap_err();
            assert!(
                error.message().ends_with("which is an input: name another file for it"),
                "{input}: {error}"
            );
        }
        for (input, report) in [("x", "new"), ("x/s*", "x/new"), ("x/same", "x/new"), ("?", "y/new")] {
            assert!(check(&[at(input)], &at("out"), Some(&at(report))).is_ok(), "{input}");
        }
    }

    #[test]
    fn patterns_match_a_report_however_both_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("x[1]/y")).unwrap();
        std::fs::create_dir(at("*")).unwrap();
        let report = |name: &str| real(&at(name)).unwrap();
        for (pattern, file, expected) in [
            ("x[[]1]/*.json", "x[1]/n.json", true),
            ("x[1]/*.json", "x[1]/n.json", false),
            ("*/*.json", "*/n.json", true),
            ("*.json", "n.json", true),
            ("*.json", "./n.json", true),
            ("./*.json", "n.json", true),
            ("x[[]1]/./*.json", "x[1]/y/../n.json", true),
            ("*.json", "new/n.json", false),
            ("**/*.json", "new/n.json", true),
            ("*.json", "n.txt", false),
            ("n.json", "n.json", false),
        ] {
            assert_eq!(would_match(&at(pattern), &report(file)).unwrap(), expected, "{pattern} {file}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("x[1]"), at("link")).unwrap();
            assert!(would_match(&at("link/*.json"), &report("x[1]/n.json")).unwrap());
        }
        let here = real(Path::new("n.json")).unwrap();
        for (pattern, expected) in [("*.json", true), ("./*.json", true), ("src/*.json", false)] {
            assert_eq!(would_match(Path::new(pattern), &here).unwrap(), expected, "{pattern}");
        }
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
            let expected = "would become the same file, because file names on this system ignore case";
            assert!(error.message().contains(expected), "{error}");
        }
        let found = apart(inputs(&["A", "a/b", "C/x", "c/y"]), true).unwrap();
        assert_eq!((found.inputs.len(), found.refused.len()), (2, 2));
        assert_eq!(found.inputs[0].name, Path::new("C/x"), "names keep their case");
    }
}
