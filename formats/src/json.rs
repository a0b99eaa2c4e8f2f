//! JSON text (RFC 8259), read strictly and in one pass: nothing is built, [`scan`] tells a [`Sink`] what
//! it meets.
//!
//! Any bytes may come in: nothing here panics, recurses or allocates by what the text says. Strict means
//! no BOM, no comments, no `NaN`, one value and nothing behind it, at most [`MAX_DEPTH`] levels. What the
//! grammar allows and values cannot hold everywhere goes through: an escaped half of a surrogate pair
//! (`"\ud800"`, as Python and TypeScript write it), two members of one name, numbers of any size. Each
//! sink says what it makes of these.

mod canonical;
mod mark;
mod number;
mod scan;
mod text;

pub use canonical::canonical;
pub use mark::without_mark;
pub(crate) use number::{Number, Worth, write_float};
pub(crate) use scan::scan;
pub(crate) use text::Text;
pub use text::{plain_len, write_text};

use crate::{Error, ErrorKind};

/// How deep arrays and objects may nest: Jackson's default, and near Python's.
pub const MAX_DEPTH: usize = 1000;

/// What a scan tells.
pub(crate) trait Sink {
    /// `null`.
    fn null(&mut self) -> Result<(), Error>;
    /// `true` or `false`.
    fn boolean(&mut self, value: bool) -> Result<(), Error>;
    /// A number.
    fn number(&mut self, number: Number<'_>) -> Result<(), Error>;
    /// A text that is a value.
    fn text(&mut self, text: Text<'_>) -> Result<(), Error>;
    /// A member's name; its value follows.
    fn key(&mut self, key: Text<'_>) -> Result<(), Error>;
    /// `[`.
    fn begin_array(&mut self) -> Result<(), Error>;
    /// `]`.
    fn end_array(&mut self) -> Result<(), Error>;
    /// `{`.
    fn begin_object(&mut self) -> Result<(), Error>;
    /// `}`.
    fn end_object(&mut self) -> Result<(), Error>;
}

/// Whether the text is JSON.
///
/// # Errors
/// [`ErrorKind::Json`], and [`ErrorKind::Depth`] where it nests too deep.
pub fn check(text: &[u8]) -> Result<(), Error> {
    struct Nothing;
    impl Sink for Nothing {
        fn null(&mut self) -> Result<(), Error> {
            Ok(())
        }
        fn boolean(&mut self, _: bool) -> Result<(), Error> {
            Ok(())
        }
        fn number(&mut self, _: Number<'_>) -> Result<(), Error> {
            Ok(())
        }
        fn text(&mut self, _: Text<'_>) -> Result<(), Error> {
            Ok(())
        }
        fn key(&mut self, _: Text<'_>) -> Result<(), Error> {
            Ok(())
        }
        fn begin_array(&mut self) -> Result<(), Error> {
            Ok(())
        }
        fn end_array(&mut self) -> Result<(), Error> {
            Ok(())
        }
        fn begin_object(&mut self) -> Result<(), Error> {
            Ok(())
        }
        fn end_object(&mut self) -> Result<(), Error> {
            Ok(())
        }
    }
    scan(text, &mut Nothing)
}

/// The error for text that is not JSON: `what` should stand at byte `at`.
#[cold]
fn expected(what: &str, at: usize) -> Error {
    Error::new(ErrorKind::Json, format!("the JSON is malformed at byte {at}: expected {what}"))
}

/// The error for JSON whose value a format cannot hold.
#[cold]
pub(crate) fn unfit(what: &str, at: usize) -> Error {
    Error::new(ErrorKind::Value, format!("{what} (byte {at} of the JSON)"))
}

#[cfg(test)]
mod tests;
