//! JSON text from a file, one value after the other: the whole may be larger than memory.
//!
//! Only the ends of values are found here. What is in them, the strict reader of whole texts
//! judges, which never sees more than one.

use std::io::BufRead;

use tdc_formats::json::plain_len;

/// Why a value cannot be had.
#[derive(Debug)]
pub(super) enum Trouble {
    Unreadable(std::io::Error),
    /// The text ends within a value.
    CutOff,
    /// More than so many bytes.
    TooLong,
}

/// The text that is left.
pub(super) struct Values<R> {
    input: R,
    /// How many bytes were taken.
    offset: u64,
    /// Most bytes of `text`, for each of the methods.
    max: usize,
}

impl<R: BufRead> Values<R> {
    pub(super) fn new(input: R, max: usize) -> Self {
        Self { input, offset: 0, max }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn into_inner(self) -> R {
        self.input
    }

    /// Appends whitespace to `text`, and returns the byte after it, if there is one.
    pub(super) fn space(&mut self, text: &mut Vec<u8>) -> Result<Option<u8>, Trouble> {
        loop {
            let chunk = self.input.fill_buf().map_err(Trouble::Unreadable)?;
            let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            let (len, next) = match chunk.iter().position(|byte| !is_space(byte)) {
                Some(len) => (len, chunk.get(len).copied()),
                None => (chunk.len(), None),
            };
            let is_end = chunk.is_empty();
            self.append(len, text)?;
            if next.is_some() || is_end {
                return Ok(next);
            }
        }
    }

    /// Appends the next byte, which is there.
    pub(super) fn byte(&mut self, text: &mut Vec<u8>) -> Result<(), Trouble> {
        self.append(1, text)
    }

    /// Appends the value that begins here; it may be malformed.
    pub(super) fn value(&mut self, text: &mut Vec<u8>) -> Result<(), Trouble> {
        let mut scan = Scan::default();
        loop {
            let chunk = self.input.fill_buf().map_err(Trouble::Unreadable)?;
            if chunk.is_empty() {
                return if scan.is_bare() { Ok(()) } else { Err(Trouble::CutOff) };
            }
            let (len, is_end) = scan.feed(chunk);
            self.append(len, text)?;
            if is_end {
                return Ok(());
            }
        }
    }

    /// Appends `len` bytes of what is in the buffer.
    fn append(&mut self, len: usize, text: &mut Vec<u8>) -> Result<(), Trouble> {
        let chunk = self.input.fill_buf().map_err(Trouble::Unreadable)?;
        let taken = chunk.get(..len).unwrap_or(chunk);
        if text.len() + taken.len() > self.max {
            return Err(Trouble::TooLong);
        }
        if text.capacity() - text.len() < taken.len() {
            // Twice as much, as a vector grows by itself, would be a history more in memory.
            text.reserve_exact(taken.len().max(text.len() / 8));
        }
        text.extend_from_slice(taken);
        let len = taken.len();
        self.input.consume(len);
        self.offset += len as u64;
        Ok(())
    }
}

/// Where in a value the text is.
#[derive(Default)]
struct Scan {
    /// How many arrays and objects are open.
    depth: usize,
    in_text: bool,
    is_escaped: bool,
}

impl Scan {
    /// Whether only a number or a word can have been read, which ends where the text does.
    fn is_bare(&self) -> bool {
        self.depth == 0 && !self.in_text
    }

    /// How many of the bytes belong to the value, and whether it ends there.
    fn feed(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.in_text {
                if self.is_escaped {
                    self.is_escaped = false;
                } else {
                    at += plain_len(bytes.get(at..).unwrap_or_default());
                    match bytes.get(at) {
                        Some(b'"') => self.in_text = false,
                        Some(b'\\') => self.is_escaped = true,
                        Some(_) => {}
                        None => break,
                    }
                    if !self.in_text && self.depth == 0 {
                        return (at + 1, true);
                    }
                }
            } else {
                match byte {
                    b'"' => self.in_text = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' if self.depth > 1 => self.depth -= 1,
                    b'}' | b']' => return (at + self.depth, true),
                    b',' | b' ' | b'\t' | b'\n' | b'\r' if self.depth == 0 => return (at, true),
                    _ => {}
                }
            }
            at += 1;
        }
        (at.min(bytes.len()), false)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// The value at the start and what is left, read in pieces of every size.
    fn first(text: &str) -> Option<(String, String)> {
        let mut found = Vec::new();
        for capacity in 1..=text.len().max(1) {
            let mut values = Values::new(BufReader::with_capacity(capacity, text.as_bytes()), 1000);
            let mut value = Vec::new();
            let result = values.value(&mut value).ok().map(|()| {
                assert_eq!(values.offset(), value.len() as u64);
                (
                    String::from_utf8(value).unwrap(),
                    text[usize::try_from(values.offset()).unwrap()..].to_owned(),
                )
            });
            found.push(result);
        }
        found.dedup();
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.pop().unwrap()
    }

    #[test]
    fn a_value_ends_where_it_ends_however_it_is_read() {
        for (value, rest) in [
            ("{}", ",1"),
            (r#"{"a":[{"b":"]}\"}\\"},[[]]]}"#, " ]"),
            (r#""a\\\"b""#, ":1"),
            ("\"\u{fc}\\u00fc\"", "]"),
            ("-1.5e3", ","),
            ("null", "}"),
            ("true", "\n,"),
            ("7", ""),
            ("", ","),
            ("", "]"),
            ("[}", "x"),
        ] {
            let expected = Some((value.to_owned(), rest.to_owned()));
            assert_eq!(first(&format!("{value}{rest}")), expected, "{value}");
        }
        for text in ["{", "[1,", "\"a", "\"a\\\"", "{\"a\":\"}"] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn no_more_is_held_than_allowed() {
        for text in [" ".repeat(100), format!("[{}]", "1,".repeat(100)), format!("\"{}\"", "a".repeat(100))] {
            let mut values = Values::new(BufReader::with_capacity(7, text.as_bytes()), 64);
            let mut held = Vec::new();
            let result = values.space(&mut held).and_then(|_| values.value(&mut held));
            assert!(matches!(result, Err(Trouble::TooLong)), "{text}");
            assert!(held.len() <= 64);
        }
    }
}
