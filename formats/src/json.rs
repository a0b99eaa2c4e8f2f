//! JSON text (RFC 8259), read strictly and in one pass: [`Reader`] is the only one that reads
//! tokens.
//!
//! Any bytes may come in: nothing here panics, recurses or allocates by what the text says. Strict
//! means no BOM, no comments, no `NaN`, one value and nothing behind it, at most [`MAX_DEPTH`]
//! levels. What the grammar allows and values cannot hold everywhere goes through: an escaped half
//! of a surrogate pair (`"\ud800"`, as Python and TypeScript write it), two members of one name,
//! numbers of any size. Each caller says what it makes of these.

mod canonical;
mod fault;
mod mark;
mod nesting;
mod number;
mod reader;
mod text;

pub use canonical::canonical;
pub use fault::Fault;
pub use mark::without_mark;
pub use number::{Number, integer};
pub(crate) use number::{Worth, write_float};
pub use reader::{Items, Reader, is_number};
pub use text::{Text, plain_len, write_text};

use crate::{Error, ErrorKind};

/// How deep arrays and objects may nest: Jackson's default, and near Python's.
pub const MAX_DEPTH: usize = 1000;

/// What a walk over a value tells.
pub(crate) trait Sink<E> {
    /// `null`.
    fn null(&mut self) -> Result<(), E>;
    /// `true` or `false`.
    fn boolean(&mut self, value: bool) -> Result<(), E>;
    /// A number.
    fn number(&mut self, number: Number<'_>) -> Result<(), E>;
    /// A text that is a value.
    fn text(&mut self, text: Text<'_>) -> Result<(), E>;
    /// A member's name; its value follows.
    fn key(&mut self, key: Text<'_>) -> Result<(), E>;
    /// `[`.
    fn begin_array(&mut self) -> Result<(), E>;
    /// `]`.
    fn end_array(&mut self) -> Result<(), E>;
    /// `{`.
    fn begin_object(&mut self) -> Result<(), E>;
    /// `}`.
    fn end_object(&mut self) -> Result<(), E>;
}

/// Reads one JSON text, and tells `sink` what it meets.
///
/// # Errors
/// [`ErrorKind::Json`] with the offset, [`ErrorKind::Depth`] where it nests deeper than
/// [`MAX_DEPTH`], and what the sink says.
#[inline]
pub(crate) fn scan<S: Sink<Error>>(text: &[u8], sink: &mut S) -> Result<(), Error> {
    let mut reader = Reader::of_bytes(text)?;
    reader.walk(sink, MAX_DEPTH)?;
    Ok(reader.end()?)
}

/// Checks that a text is JSON; gives it back as text.
///
/// # Errors
/// [`ErrorKind::Json`], and [`ErrorKind::Depth`] where it nests too deep.
pub fn check(text: &[u8]) -> Result<&str, Error> {
    let mut reader = Reader::of_bytes(text)?;
    reader.skip(MAX_DEPTH)?;
    reader.end()?;
    Ok(reader.whole())
}

/// The error for JSON whose value a format cannot hold.
#[cold]
pub(crate) fn unfit(what: &str, at: usize) -> Error {
    Error::new(ErrorKind::Value, format!("{what} (byte {at} of the JSON)"))
}

#[cfg(test)]
mod tests;
