//! What the outputs in a folder were made of: `.tdc-inputs`, a line for each output.
//!
//! ```text
//! 52144 1796025600000000000 "orders/2026/11/30/02.proto"     bytes, time and name of the input
//! 52144 etag:"9b2c" "orders/2026/11/30/02.proto"             of an object: its ETag or generation
//! ```
//! It is only ever appended to. An output without a line, because the process was killed before it
//! was written or because somebody deleted the file, is judged by its time alone.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tdc::{Code, Error};
use tdc_formats::percent_encoded;

use crate::buckets::Object;
use crate::files::{self, Input};
use crate::system;

const NAME: &str = ".tdc-inputs";

/// An input as it was read.
#[derive(Clone, Debug, Eq)]
pub(super) struct Version {
    bytes: u64,
    /// A file's time in nanoseconds, 0 if the file system knows none; an object's tag or
    /// generation. Without spaces.
    mark: String,
    /// Not noted.
    modified: Option<SystemTime>,
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        (self.bytes, &self.mark) == (other.bytes, &other.mark)
    }
}

impl Version {
    pub(super) fn of(input: &Input) -> Result<Self, Error> {
        if let Some(Object { listed, .. }) = &input.object {
            let mark = percent_encoded(&listed.version.to_string(), |byte| byte.is_ascii_graphic());
            return Ok(Self { bytes: listed.len, mark, modified: listed.modified });
        }
        let metadata = input.path.metadata().map_err(|cause| files::cannot_read(&input.path, &cause))?;
        if !metadata.is_file() {
            return Err(Error::new(
                Code::Argument,
                "this is a pipe or a device, which may end early without anybody noticing: write it to a file first, or \
                 leave out --output",
            ));
        }
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(Self {
            bytes: metadata.len(),
            mark: since.map_or(0, |time| time.as_nanos()).to_string(),
            modified,
        })
    }

    /// Whether it is known to be written after this time.
    pub(super) fn is_after(&self, time: SystemTime) -> bool {
        self.modified.is_some_and(|modified| modified > time)
    }
}

/// The inputs of a folder's outputs.
pub(super) struct Inputs {
    path: PathBuf,
    known: HashMap<String, Version>,
    /// Opened when the first output is there, and then its folder.
    file: Mutex<Option<File>>,
}

impl Inputs {
    pub(super) fn read(output: &Path) -> Self {
        let path = output.join(NAME);
        // A line that was cut off may end within a character.
        let bytes = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let known = text.lines().filter_map(|line| {
            let mut parts = line.splitn(3, ' ');
            let (bytes, mark) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
            Some((parts.next()?.to_owned(), Version { bytes, mark, modified: None }))
        });
        Self { path, known: known.collect(), file: Mutex::new(None) }
    }

    /// What the output of this name was made of, if that is known.
    pub(super) fn of(&self, name: &Path) -> Option<&Version> {
        self.known.get(&key(name))
    }

    /// Notes what an output was made of. Where that fails, its time has to do.
    pub(super) fn add(&self, name: &Path, Version { bytes, mark, .. }: &Version) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            let mut options = OpenOptions::new();
            options.append(true).create(true);
            system::private(&mut options);
            *file = options.open(&self.path).ok();
        }
        if let Some(file) = &mut *file {
            // The line feed before it ends a line that was cut off.
            let _ = file.write_all(format!("\n{bytes} {mark} {}\n", key(name)).as_bytes());
        }
    }
}

/// A name on one line, unambiguous also where it is not Unicode.
#[expect(clippy::unnecessary_debug_formatting, reason = "only this escapes")]
fn key(name: &Path) -> String {
    format!("{name:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_again_also_after_a_line_that_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["a b/1", "x\n2 3 \"a b/1\"", "é\"\\"];
        let version = |bytes| Version { bytes, mark: "1796025600123456789".to_owned(), modified: None };
        assert_eq!(Inputs::read(folder.path()).of(Path::new("a b/1")), None);
        for (bytes, name) in (1..).zip(names) {
            Inputs::read(folder.path()).add(Path::new(name), &version(bytes));
            let mut file = OpenOptions::new().append(true).open(folder.path().join(NAME)).unwrap();
            file.write_all(b"77 12 \"\xc3").unwrap();
        }
        let read = Inputs::read(folder.path());
        for (bytes, name) in (1..).zip(names) {
            assert_eq!(read.of(Path::new(name)), Some(&version(bytes)), "{name}");
        }
    }
}
