//! `--split`: a folder with a file for each run, as replayers and the Web UI's import read it.
//!
//! ```text
//! RUN-0.json   {"events":[…]}   named by run id and a counter: runs that were reset share an id
//! ```
//! Workflow ids often name a customer, so no file is named by one. The folder appears when all of
//! it is written.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use prost::bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tdc::{Code, Error};

use super::{fields::inner, run_id};
use crate::body::MessagePrinter;
use crate::new_file::{self, Readers};

/// Part of a name where a history does not say its run.
const UNKNOWN: &str = "unknown";

/// The files that are made of one input.
pub(super) struct Runs<'a> {
    folder: PathBuf,
    temporary: PathBuf,
    written: HashMap<String, u64>,
    printer: &'a MessagePrinter,
}

impl<'a> Runs<'a> {
    /// Begins the folder that will be at `folder`.
    pub(super) fn begin(folder: &Path, printer: &'a MessagePrinter) -> Result<Self, Error> {
        new_file::create_folder_of(folder)?;
        let temporary = new_file::temporary_name(folder)?;
        new_file::create_folder(&temporary)?;
        Ok(Self { folder: folder.to_owned(), temporary, written: HashMap::new(), printer })
    }

    /// Writes the file of a document with one history.
    pub(super) fn write(&mut self, document: &[u8]) -> Result<(), Error> {
        let run = run_id::of(document).unwrap_or_else(|| UNKNOWN.to_owned());
        let number = self.written.entry(run.clone()).or_default();
        let name = format!("{run}-{number}.json");
        *number += 1;
        let cannot = |cause: std::io::Error| new_file::cannot_create(&self.folder.join(&name), &cause);
        let file = new_file::open_new(&self.temporary.join(&name), Readers::Owner).map_err(cannot)?;
        let mut out = BufWriter::new(file);
        self.print(document, &mut out, &cannot)?;
        out.into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all())
            .map_err(cannot)
    }

    fn print(
        &self,
        document: &[u8],
        out: &mut BufWriter<File>,
        cannot: &dyn Fn(std::io::Error) -> Error,
    ) -> Result<(), Error> {
        let histories: Vec<&[u8]> = match tdc::binary_history_type(document) {
            None => return print_json(document, out).map_err(cannot),
            Some(name) if name.ends_with(".WorkflowExecutions") => inner(document).flat_map(inner).collect(),
            Some(_) => vec![document],
        };
        out.write_all(b"{\"events\":[").map_err(cannot)?;
        for (index, event) in histories.into_iter().flat_map(inner).enumerate() {
            let json = self.event(index, event)?;
            let comma: &[u8] = if index == 0 { b"" } else { b",\n" };
            out.write_all(comma).and_then(|()| out.write_all(&json)).map_err(cannot)?;
        }
        out.write_all(b"]}\n").map_err(cannot)
    }

    /// The JSON of one event: that of the whole history would need several times its memory.
    fn event(&self, index: usize, event: &[u8]) -> Result<Bytes, Error> {
        let json = self.printer.print("temporal.api.history.v1.HistoryEvent", event.to_vec())?;
        // In a text the quote would be escaped, so this is the name of a member.
        if contains(&json, b"EventAttributes\":{") {
            return Ok(json);
        }
        Err(Error::new(
            Code::Type,
            format!(
                "events[{index}] is of a type that is newer than this tdc, which cannot write it as JSON: use a newer tdc, \
                 or leave out --split"
            ),
        ))
    }

    /// Gives the folder its name, which must not be taken.
    pub(super) fn finish(self, why_not: &str) -> Result<(), Error> {
        // An empty folder would be replaced.
        if self.folder.symlink_metadata().is_ok() {
            return Err(new_file::already_exists(&self.folder, why_not));
        }
        std::fs::rename(&self.temporary, &self.folder).map_err(|cause| match cause.kind() {
            ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty | ErrorKind::NotADirectory => {
                new_file::already_exists(&self.folder, why_not)
            }
            _ => new_file::cannot_create(&self.folder, &cause),
        })?;
        new_file::sync_folder_of(&self.folder);
        Ok(())
    }
}

impl Drop for Runs<'_> {
    fn drop(&mut self) {
        // It is gone if the folder has its name.
        let _ = std::fs::remove_dir_all(&self.temporary);
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A list of events becomes an object, and an item of an export its history.
fn print_json(document: &[u8], out: &mut impl Write) -> std::io::Result<()> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        history: Option<&'a RawValue>,
        events: Option<IgnoredAny>,
    }
    if document.trim_ascii_start().first() == Some(&b'[') {
        out.write_all(b"{\"events\":")?;
        out.write_all(document.trim_ascii())?;
        return out.write_all(b"}\n");
    }
    match serde_json::from_slice::<Item<'_>>(document) {
        Ok(Item { history: Some(history), events: None }) => {
            out.write_all(history.get().as_bytes())?;
            out.write_all(b"\n")
        }
        _ => out.write_all(document),
    }
}
