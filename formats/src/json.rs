//! JSON text (RFC 8259), read strictly and in one pass: [`Reader`] is the only one that reads
//! tokens.
//!
//! Input is untrusted: no text makes this module panic, recurse or allocate. Strict means no BOM,
//! no comments, no `NaN`, one value and nothing after it, at most [`MAX_DEPTH`] levels. Text that
//! the grammar allows but not every value type can represent is accepted: an escaped half of a
//! surrogate pair (`"\ud800"`, as Python and TypeScript write it), two members with one name,
//! numbers of any size. Each caller decides how to treat these.

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

/// How deep arrays and objects may nest: Jackson's default, and close to Python's.
pub const MAX_DEPTH: usize = 1000;

/// Receives the tokens of a value.
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

/// Reads one JSON text and passes its tokens to `sink`.
///
/// # Errors
/// [`ErrorKind::Json`] with the offset, [`ErrorKind::Depth`] if it nests deeper than [`MAX_DEPTH`],
/// and the errors of the sink.
#[inline]
pub(crate) fn scan<S: Sink<Error>>(text: &[u8], sink: &mut S) -> Result<(), Error> {
    let mut reader = Reader::of_bytes(text)?;
    reader.walk(sink, MAX_DEPTH)?;
    Ok(reader.end()?)
}

/// Checks that the input is JSON, and returns it as text.
///
/// # Errors
/// [`ErrorKind::Json`], and [`ErrorKind::Depth`] if it nests too deep.
pub fn check(text: &[u8]) -> Result<&str, Error> {
    let mut reader = Reader::of_bytes(text)?;
    reader.skip(MAX_DEPTH)?;
    reader.end()?;
    Ok(reader.whole())
}

/// The error for JSON with a value that a format cannot represent.
#[cold]
pub(crate) fn unfit(what: &str, at: usize) -> Error {
    Error::new(ErrorKind::Value, format!("{what} (byte {at} of the JSON)"))
}

#[cfg(test)]
mod tests;
