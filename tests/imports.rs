//! Imports between modules run down only, as `docs/ARCHITECTURE.md` draws them.
//!
//! The drawing is the rule: a module may import what is drawn below it, directly or by way of
//! others, and an arrow that no import needs any more is an error too. `make generated` draws the
//! arrows again, unless that would close a circle.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests say what they expect by panicking"
)]

#[path = "imports/drawing.rs"]
mod drawing;
#[path = "imports/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use drawing::Drawing;
use source::Import;

const DOCUMENT: &str = "docs/ARCHITECTURE.md";

#[test]
fn imports_of_the_library_run_down() {
    check("src", "The library");
}

#[test]
fn imports_of_the_command_line_run_down() {
    check("cli/src", "The command line and the codec server");
}

/// Both drawings are in one file.
static WRITING: Mutex<()> = Mutex::new(());

/// Compares the imports below `source` with the drawing under the heading.
fn check(source: &str, heading: &str) {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut document = std::fs::read_to_string(root.join(DOCUMENT)).unwrap();
    let mut drawing = Drawing::parse(&document, heading);
    let imports = source::imports(root, source);
    if std::env::var_os("UPDATE").is_some() {
        let edges = imports.iter().filter_map(|import| edge(&drawing, import)).collect();
        drawing.draw(edges, &mut document);
        std::fs::write(root.join(DOCUMENT), document).unwrap();
    }
    let problems = problems(&drawing, &imports);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The modules that an import connects; `None` where it stays within one, or is of the root.
fn edge(drawing: &Drawing, import: &Import) -> Option<(String, String)> {
    let importer = drawing.node(&import.importer)?;
    let imported = drawing.node(&import.imported)?;
    (importer != imported).then_some((importer, imported))
}

fn problems(drawing: &Drawing, imports: &[Import]) -> Vec<String> {
    let mut problems = BTreeSet::new();
    let mut used = BTreeSet::new();
    for import in imports {
        let place = format!("{}:{}", import.file, import.line);
        if let Some(name) = import.importer.first()
            && drawing.node(&import.importer).is_none()
        {
            problems.insert(format!("the module {name} is not drawn in {DOCUMENT}"));
        }
        // The root only declares and re-exports.
        if !import.importer.is_empty() && drawing.node(&import.imported).is_none() {
            let path = import.imported.join("::");
            problems.insert(format!("{place} imports {path} from the root of the crate: name its module"));
        }
        let Some((importer, imported)) = edge(drawing, import) else { continue };
        if drawing.is_below(&imported, &importer) {
            used.insert((importer, imported));
        } else if drawing.is_below(&importer, &imported) {
            problems.insert(format!("{place} imports {imported}, which is a layer above it"));
        } else {
            problems.insert(format!(
                "{place} imports {imported}, which {DOCUMENT} does not draw below {importer}: run \
                 `make generated` if it belongs there"
            ));
        }
    }
    for edge in drawing.edges().difference(&used) {
        problems.insert(format!("{DOCUMENT} draws {} --> {}, but nothing imports it", edge.0, edge.1));
    }
    problems.into_iter().collect()
}

#[test]
fn an_import_that_runs_up_is_found_and_named() {
    let drawing = Drawing::parse(
        "## It\n```mermaid\nflowchart TB\n    roof[\"roof\"]\n    b[\"a/b\"]\n    wire[\"wire\"]\n    \
         roof --> b\n    b --> wire\n```\n",
        "It",
    );
    let names = |path: &str| path.split("::").map(str::to_owned).collect::<Vec<_>>();
    let import = |importer: &str, imported: &str| Import {
        file: "src/x.rs".to_owned(),
        line: 12,
        importer: names(importer),
        imported: names(imported),
    };
    let down = [import("roof::open", "wire::Cursor"), import("roof", "a::b"), import("a::b::c", "wire")];
    assert_eq!(problems(&drawing, &down), <[&str; 0]>::default());
    let up = [&down[..], &[import("wire", "roof::Roof")]].concat();
    assert_eq!(problems(&drawing, &up), ["src/x.rs:12 imports roof, which is a layer above it"]);
    let unused = problems(&drawing, &down[..2]);
    assert_eq!(unused, ["docs/ARCHITECTURE.md draws a/b --> wire, but nothing imports it"]);
}
