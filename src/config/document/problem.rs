//! What is wrong with a configuration, and where.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Expected, Unexpected};

use super::Node;
use super::suggestion::did_you_mean;
use crate::error::{Code, Error, text};
use crate::keys::key_id;

/// A position in the document, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// A step on the way from the document to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Item(usize),
}

impl From<&str> for Step {
    fn from(name: &str) -> Self {
        Self::Field(name.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Item(index)
    }
}

/// One problem: what is wrong, with path (`codecs[0].zstd.level`), line and column.
#[derive(Debug)]
pub(crate) struct Problem {
    message: String,
    position: Option<Position>,
    path: Vec<Step>,
    code: Code,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), position: None, path: Vec::new(), code: Code::Config }
    }

    /// A problem with a key file or variable that the document names, not with the document.
    pub(crate) fn with_key(message: impl Into<String>) -> Self {
        Self { code: Code::KeyFile, ..Self::new(message) }
    }

    /// A problem with a descriptor set that the document names.
    pub(crate) fn with_descriptor(message: impl Into<String>) -> Self {
        Self { code: Code::Descriptor, ..Self::new(message) }
    }

    /// The same problem, at `position` unless a more precise one is known.
    pub(crate) fn at(mut self, position: Position) -> Self {
        self.position.get_or_insert(position);
        self
    }

    /// The same problem, inside a field or item.
    pub(crate) fn inside(mut self, step: impl Into<Step>) -> Self {
        self.path.insert(0, step.into());
        self
    }

    /// The same problem, with the position of its path in the document unless a position is known.
    pub(crate) fn located(self, document: &Node) -> Self {
        let position = document.position_of(&self.path);
        self.at(position)
    }

    /// The error for a caller; `source` is the file's name, or empty.
    pub(crate) fn into_error(self, source: &str) -> Error {
        let separator = if source.is_empty() { "" } else { ": " };
        Error::new(self.code, format!("{source}{separator}{self}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "line {}, column {}: ", position.line, position.column)?;
        }
        for (index, step) in self.path.iter().enumerate() {
            match step {
                Step::Field(name) if index == 0 => f.write_str(&shown(name))?,
                Step::Field(name) => write!(f, ".{}", shown(name))?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{separator}{}", self.message)
    }
}

impl std::error::Error for Problem {}

/// serde's message repeats the value, and a misplaced value may be a key.
impl serde::de::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("found {}, expected {}", found_in_words(found), expected_in_words(expected)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match found {
            Unexpected::Str(found) => {
                Self::new(format!("found {}, expected {expected}", text::quoted(found)))
            }
            Unexpected::Signed(..0) if expected.to_string().starts_with('u') => {
                Self::new(format!("found {}, expected 0 or more", found_in_words(found)))
            }
            found => Self::invalid_type(found, expected),
        }
    }

    fn unknown_variant(name: &str, expected: &'static [&'static str]) -> Self {
        let meant = did_you_mean(name, expected.iter().copied());
        Self::new(format!("found {}, expected {}{meant}", shown(name), expected.join(", ")))
    }

    fn unknown_field(name: &str, expected: &'static [&'static str]) -> Self {
        let meant = did_you_mean(name, expected.iter().copied());
        Self::new(format!("unknown field {}, expected {}{meant}", shown(name), expected.join(", ")))
    }
}

/// The value that serde found, in YAML's terms. A string is not repeated.
fn found_in_words(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(_) => "text".to_owned(),
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Unit => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

/// What serde expected. Where our own types do not say it, serde names a Rust type.
fn expected_in_words(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "a string" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        "i32" | "u32" | "u64" | "usize" => "a whole number".to_owned(),
        "f64" => "a number".to_owned(),
        name if name.starts_with("struct ") => "a mapping".to_owned(),
        _ => expected,
    }
}

/// A name from the document, for a message. A supposed key id may be the key itself; its base64
/// ends with a character that no id contains.
pub(crate) fn shown(name: &str) -> Cow<'_, str> {
    match key_id(name.as_bytes()) {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(format!("(a name of {} bytes)", name.len())),
    }
}
