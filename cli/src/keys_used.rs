//! `tdc keys used`: the keys that files need, as their payloads show from outside.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use tdc::{Code, Error, Limits};

use crate::documents::Viewer;
use crate::files;
use crate::key_counts::{KeyCounts, REMINDER, Row};
use crate::stdio;

/// `--json`
#[derive(Serialize)]
struct Json<'a> {
    files: usize,
    failed: usize,
    payloads: u64,
    keys: Vec<Row<'a>>,
}

pub(crate) fn run(json: bool, paths: &[PathBuf]) -> Result<ExitCode, Error> {
    let viewer = Viewer::new(&Limits::default())?;
    let mut counts = KeyCounts::default();
    let (mut read, mut failed) = (0, 0);
    let mut look = |document: Result<Vec<u8>, Error>| -> Result<(), Error> {
        counts.merge(count(&viewer, &document?)?);
        read += 1;
        Ok(())
    };
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    if paths.is_empty() || paths.iter().any(is_stdin) {
        look(stdio::read(None))?;
    }
    let named: Vec<PathBuf> = paths.iter().filter(|path| !is_stdin(path)).cloned().collect();
    let inputs = files::all(&named)?;
    for input in &inputs {
        if let Err(error) = look(input.read()) {
            stdio::note(&format!("{}: {error}", input.path.display()));
            failed += 1;
        }
    }
    let answer = if json {
        let json = Json { files: read, failed, payloads: counts.payloads, keys: counts.rows() };
        serde_json::to_string(&json)
            .map(|text| text + "\n")
            .map_err(|cause| Error::new(Code::Json, format!("cannot print the answer: {cause}")))?
    } else {
        counts.table()
    };
    stdio::write(answer.as_bytes())?;
    stdio::note(REMINDER);
    stdio::note(
        "a new wrap (tdc rewrap without --to) does not help against anyone who already has a data key",
    );
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The keys that the payloads of a document show.
fn count(viewer: &Viewer, document: &[u8]) -> Result<KeyCounts, Error> {
    let mut counts = KeyCounts::default();
    viewer.visit(document, |payload| counts.add(payload))?;
    Ok(counts)
}
