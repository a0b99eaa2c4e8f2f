//! Imports between files, checked and resolved before prost-reflect sees them: it follows public
//! imports by recursion, and again those that it has already seen.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::prost_types::FileDescriptorProto;

use super::Files;
use super::size::Size;
use crate::error::text;

/// Files by name, and what they import publicly. Those that import nothing publicly are left out.
pub(super) type Public = BTreeMap<String, Vec<String>>;

/// How an error names a file.
type Shown<'a> = &'a dyn Fn(&str) -> String;

/// The public imports of some files.
///
/// # Errors
/// A public import that is none of the file's imports.
pub(super) fn public(files: &Files, shown: Shown<'_>) -> Result<Public, String> {
    let mut public = Public::new();
    for (name, file) in files.iter().filter(|(_, file)| !file.public_dependency.is_empty()) {
        let import = |index: &i32| usize::try_from(*index).ok().and_then(|index| file.dependency.get(index));
        let imports: Option<BTreeSet<&String>> = file.public_dependency.iter().map(import).collect();
        let imports =
            imports.ok_or_else(|| format!("{} has a public import that it does not list", shown(name)))?;
        public.insert(name.clone(), imports.into_iter().cloned().collect());
    }
    Ok(public)
}

/// The files as prost-reflect gets them: without public imports, and each with an import of its own
/// for what its imports import publicly. `known` says that of these files and of earlier ones.
///
/// Returned with `size` and what the imports add to it.
///
/// # Errors
/// What protoc refuses as well: a file that imports itself, or another one twice. And too many
/// imports.
pub(super) fn resolve(
    files: Files,
    known: &[&Public],
    mut size: Size,
    shown: Shown<'_>,
) -> Result<(Vec<FileDescriptorProto>, Size), String> {
    for (name, file) in &files {
        let mut imports = BTreeSet::new();
        if let Some(twice) = file.dependency.iter().find(|import| !imports.insert(*import)) {
            return Err(format!("{} imports {} twice", shown(name), text::words(twice)));
        }
    }
    refuse_cycles(&files, shown)?;
    let mut resolved = Vec::with_capacity(files.len());
    for mut file in files.into_values() {
        file.public_dependency.clear();
        file.weak_dependency.clear();
        let mut seen: BTreeSet<&str> = file.dependency.iter().map(String::as_str).collect();
        let mut open: Vec<&str> = seen.iter().copied().collect();
        let mut added = Vec::new();
        while let Some(import) = open.pop() {
            for further in known.iter().filter_map(|known| known.get(import)).flatten() {
                if seen.insert(further) {
                    size = size.plus(Size::of_import(further))?;
                    added.push(further.clone());
                    open.push(further);
                }
            }
        }
        file.dependency.append(&mut added);
        resolved.push(file);
    }
    Ok((resolved, size))
}

/// Takes away the files that import none of the others, until nothing is left but cycles and what
/// leads to them.
fn refuse_cycles(files: &Files, shown: Shown<'_>) -> Result<(), String> {
    let imports =
        |name: &str| files.get(name).into_iter().flat_map(|file| &file.dependency).map(String::as_str);
    let mut waits_for: BTreeMap<&str, usize> = BTreeMap::new();
    let mut importers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in files.keys() {
        let among_them = imports(name).filter(|import| files.contains_key(*import));
        waits_for.insert(name, among_them.clone().count());
        among_them.for_each(|import| importers.entry(import).or_default().push(name));
    }
    let mut free: Vec<&str> =
        waits_for.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    while let Some(name) = free.pop() {
        waits_for.remove(name);
        for importer in importers.get(name).into_iter().flatten() {
            if let Some(count) = waits_for.get_mut(importer) {
                *count -= 1;
                if *count == 0 {
                    free.push(importer);
                }
            }
        }
    }
    // Every file that is left imports another one of them: following them ends in a cycle.
    let Some(mut name) = waits_for.keys().next().copied() else { return Ok(()) };
    let mut seen = BTreeSet::new();
    while let Some(import) = imports(name).find(|import| waits_for.contains_key(import)) {
        if !seen.insert(name) {
            let through =
                if import == name { String::new() } else { format!(" through {}", text::words(import)) };
            return Err(format!("{} imports itself{through}", shown(name)));
        }
        name = import;
    }
    Ok(())
}
