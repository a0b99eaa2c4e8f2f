//! One file, from its histories to what is made of them.
//!
//! ```text
//! an export        read from the file one item after the other, in binary or as JSON
//! anything else    one document, in memory
//! ```
//! Limits count for each history. What is between histories is copied.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use tdc::{Code, Error};

use super::export::{Export, Field, is_export};
use super::json_export::{self, JsonExport, Stop};
use super::progress::Progress;
use super::split::Runs;
use super::{Counts, Made, Work, fields, run_id};
use crate::files;
use crate::input::BYTE_ORDER_MARK;
use crate::new_file::NewFile;

/// How much of a file is read at once.
const BUFFER: usize = 256 << 10;

/// Why a file has no output, and where it failed.
pub(super) struct Failed {
    pub(super) error: Error,
    /// Which history of an export, from 0.
    pub(super) history: Option<usize>,
    pub(super) run_id: Option<String>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, history: None, run_id: None }
    }
}

/// What a file had.
#[derive(Default)]
pub(super) struct Done {
    pub(super) counts: Counts,
    /// A hash of each history: equal ones have the same.
    pub(super) hashes: Vec<u64>,
    /// How many fields of an export were not read, because they are newer than this program.
    pub(super) newer: u64,
}

/// Where it goes.
pub(super) enum Output<'a> {
    File(NewFile),
    Split(Runs<'a>),
}

/// The work on one file.
pub(super) struct Conversion<'a> {
    pub(super) work: &'a dyn Work,
    pub(super) context: &'a [u8],
    pub(super) hasher: &'a RandomState,
    pub(super) progress: &'a Progress,
    pub(super) output: Output<'a>,
    pub(super) done: Done,
}

impl Conversion<'_> {
    /// Reads the file and writes the output, which is not finished yet.
    pub(super) fn run(&mut self, path: &Path) -> Result<(), Failed> {
        let unreadable = |cause: std::io::Error| files::cannot_read(path, &cause);
        let file = File::open(path).map_err(unreadable)?;
        let len = file.metadata().map_err(unreadable)?.len();
        let mut input = BufReader::with_capacity(BUFFER, file);
        let max = self.work.limits().max_input_bytes;
        if is_export(input.fill_buf().map_err(unreadable)?) {
            return self.export(&mut Export::new(input, len, max));
        }
        let is_marked = input.fill_buf().map_err(unreadable)?.starts_with(BYTE_ORDER_MARK);
        let mark = if is_marked { BYTE_ORDER_MARK.len() } else { 0 };
        input.consume(mark);
        let (mark, len) = (mark as u64, len.saturating_sub(mark as u64));
        let mut export = JsonExport::new(input, len, max);
        if self.json_export(&mut export)? {
            return Ok(());
        }
        let mut input = export.into_inner();
        input.seek(SeekFrom::Start(mark)).map_err(unreadable)?;
        let too_long = || {
            Error::new(
                Code::Limit,
                format!("the file has {len} bytes, limits.max_input_bytes allows {max}: raise the limit"),
            )
        };
        let capacity = usize::try_from(len).ok().filter(|len| *len <= max).ok_or_else(too_long)?;
        let mut document = Vec::with_capacity(capacity + 1);
        input.take(len + 1).read_to_end(&mut document).map_err(unreadable)?;
        self.history(&mut document)
    }

    fn export(&mut self, export: &mut Export<impl BufRead>) -> Result<(), Failed> {
        let mut field = Vec::new();
        loop {
            let index = export.items();
            let at = |error: Error| Failed { error, history: Some(index), run_id: None };
            let Some(part) = export.next(&mut field).map_err(at)? else { return Ok(()) };
            match part {
                Field::Item => {
                    let newer = fields::beside_histories(&field);
                    self.history(&mut field).map_err(|failed| at_item(index, failed))?;
                    self.done.newer += newer;
                }
                Field::Empty => self.between(&field)?,
                Field::Newer => {
                    self.done.newer += 1;
                    self.between(&field)?;
                }
            }
        }
    }

    /// Whether it is an export; otherwise, nothing was written.
    fn json_export(&mut self, export: &mut JsonExport<impl BufRead>) -> Result<bool, Failed> {
        let mut text = Vec::new();
        loop {
            let part = match export.next(&mut text) {
                Ok(Some(part)) => part,
                Ok(None) => break,
                Err(Stop::NotAnExport) => return Ok(false),
                Err(Stop::Failed(error, index)) => {
                    return Err(Failed { error, history: index, run_id: None });
                }
            };
            match part {
                json_export::Part::Item(index) => {
                    self.history(&mut text).map_err(|failed| at_item(index, failed))?;
                }
                json_export::Part::Between => self.between(&text)?,
            }
        }
        self.done.newer += export.newer();
        Ok(true)
    }

    /// One history, of which nothing is left.
    fn history(&mut self, document: &mut Vec<u8>) -> Result<(), Failed> {
        let (len, hash, run_id) =
            (document.len(), self.hasher.hash_one(document.as_slice()), run_id::of(document));
        let made = self.work.convert(self.context, document, &|_| self.progress.say());
        let written = made.and_then(|Made { document: made, counts, is_history }| {
            if is_history {
                self.done.hashes.push(hash);
            }
            self.done.counts.add(counts);
            match &mut self.output {
                Output::File(file) => file.write(&made),
                Output::Split(runs) => runs.write(&made),
            }
        });
        self.progress.add(len);
        written.map_err(|error| Failed { error, history: None, run_id })
    }

    fn between(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.progress.add(bytes.len());
        match &mut self.output {
            Output::File(file) => file.write(bytes),
            Output::Split(_) => Ok(()),
        }
    }
}

/// The failure of an item. It was converted alone, so that its error says nothing of the others.
fn at_item(index: usize, Failed { error, run_id, .. }: Failed) -> Failed {
    let message = match error.message() {
        message if message.starts_with("history.") => format!("items[{index}].{message}"),
        message if message.starts_with("events[") => format!("items[{index}].history.{message}"),
        message => match message.strip_prefix("items[0]") {
            Some(rest) => format!("items[{index}]{rest}"),
            None => format!("items[{index}]: {message}"),
        },
    };
    let whole = Error::new(error.code(), message);
    let error = match error.payload_index() {
        Some(payload) => whole.at_payload(payload),
        None => whole,
    };
    Failed { error, history: Some(index), run_id }
}
