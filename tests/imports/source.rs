//! What the files of a crate import from its other modules, read from their text.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A path that a file uses, such as `message::work::Task`, from the root of its crate.
#[derive(Clone)]
pub struct Import {
    /// The file, from the root of the repository.
    pub file: String,
    pub line: usize,
    /// The module that the file is.
    pub importer: Vec<String>,
    pub imported: Vec<String>,
}

/// The imports of every file below `source`, such as `src`. Tests are left out: they may call
/// everything.
pub fn imports(root: &Path, source: &str) -> Vec<Import> {
    let mut files = Vec::new();
    find(&root.join(source), &mut files);
    files.sort();
    let modules: BTreeSet<_> = files.iter().map(|file| module(root, source, file)).collect();
    let mut imports = Vec::new();
    for file in &files {
        let importer = module(root, source, file);
        let text = code(&std::fs::read_to_string(file).unwrap());
        for (line, path) in paths(&text) {
            let Some(imported) = resolve(&importer, path, &modules) else { continue };
            let file = file.strip_prefix(root).unwrap().display().to_string();
            imports.push(Import { file, line, importer: importer.clone(), imported });
        }
    }
    imports
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The module that a file is; the root of the crate has no name.
fn module(root: &Path, source: &str, file: &Path) -> Vec<String> {
    let path = file.strip_prefix(root.join(source)).unwrap().with_extension("");
    let mut names: Vec<_> = path.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if matches!(names.last().map(String::as_str), Some("mod")) || is_root(&names) {
        names.pop();
    }
    names
}

fn is_root(names: &[String]) -> bool {
    matches!(names, [name] if name == "lib" || name == "main")
}

/// The text without comments and without the tests at its end; lines stay where they are.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.starts_with("mod tests {"));
    lines.map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Every path that begins with `crate`, `super` or `self`, and those of `use` declarations.
fn paths(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut before = ' ';
    for (at, next) in text.char_indices() {
        let rest = &text[at..];
        if !is_name(before) && before != ':' {
            let starts = ["crate::", "super::", "self::"].iter().any(|start| rest.starts_with(start));
            if starts {
                branches(rest, &[], &mut |path| found.push((line, path)));
            } else if let Some(path) = rest.strip_prefix("use ") {
                branches(path, &[], &mut |path| found.push((line, path)));
            }
        }
        line += usize::from(next == '\n');
        before = next;
    }
    found
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Gives every branch of a path such as `crate::{error::{Code, Error}, wire}` to `give`, and the
/// text behind it back.
fn branches<'t>(text: &'t str, before: &[String], give: &mut dyn FnMut(Vec<String>)) -> &'t str {
    let mut path = before.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut group) = rest.strip_prefix('{') {
            loop {
                group = branches(group, &path, give).trim_start();
                match group.strip_prefix(',') {
                    Some(next) => group = next,
                    None => return group.strip_prefix('}').unwrap_or(group),
                }
            }
        }
        let len = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
        if len > 0 {
            path.push(rest[..len].to_owned());
        }
        rest = &rest[len..];
        match rest.strip_prefix("::") {
            Some(next) => rest = next,
            None => break,
        }
    }
    give(path);
    let renamed = rest.trim_start().strip_prefix("as ").map(str::trim_start);
    renamed.map_or(rest, |name| name.trim_start_matches(is_name))
}

/// The path from the root of the crate; `None` where it leads out of the crate.
fn resolve(importer: &[String], path: Vec<String>, modules: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    let mut base = importer.to_vec();
    let mut names = path.into_iter().peekable();
    match names.peek()?.as_str() {
        "crate" => {
            base.clear();
            names.next();
        }
        "self" => drop(names.next()),
        "super" => {
            while names.next_if(|name| name == "super").is_some() {
                base.pop();
            }
        }
        name => {
            base.push(name.to_owned());
            let is_child = modules.contains(&base);
            base.pop();
            if !is_child {
                return None;
            }
        }
    }
    base.extend(names);
    Some(base)
}

#[test]
fn paths_are_read_from_every_form_of_use() {
    let text = "use crate::{a, b::{self, C as D}};\nuse child::X;\nfn f() -> crate::e::F { super::g() }";
    let found: Vec<_> =
        paths(text).into_iter().map(|(line, path)| format!("{line} {}", path.join("::"))).collect();
    let expected =
        ["1 crate::a", "1 crate::b::self", "1 crate::b::C", "2 child::X", "3 crate::e::F", "3 super::g"];
    for path in expected {
        assert!(found.iter().any(|found| found == path), "{path} in {found:?}");
    }
}
