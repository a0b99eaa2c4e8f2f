//! The scanner: RFC 8259's grammar as one loop over the bytes.

use super::{MAX_DEPTH, Number, Sink, Text, expected, plain_len};
use crate::{Error, ErrorKind};

/// Reads one JSON text, and tells `sink` what it meets.
///
/// # Errors
/// [`ErrorKind::Json`] with the offset, [`ErrorKind::Depth`] where it nests deeper than [`MAX_DEPTH`], and what the
/// sink says.
pub(crate) fn scan<S: Sink>(text: &[u8], sink: &mut S) -> Result<(), Error> {
    let text = core::str::from_utf8(text).map_err(|cause| expected("UTF-8", cause.valid_up_to()))?;
    Scanner { text, bytes: text.as_bytes(), at: 0 }.value(sink)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Array,
    Object,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn value<S: Sink>(&mut self, sink: &mut S) -> Result<(), Error> {
        let mut open = Vec::new();
        'value: loop {
            match self.token() {
                Some(b'"') => sink.text(self.string()?)?,
                Some(byte @ (b'-' | b'0'..=b'9')) => sink.number(self.number(byte)?)?,
                Some(b'{') => {
                    self.enter(&mut open, Container::Object)?;
                    sink.begin_object()?;
                    if !self.closes(b'}') {
                        sink.key(self.key()?)?;
                        continue 'value;
                    }
                    sink.end_object()?;
                    open.pop();
                }
                Some(b'[') => {
                    self.enter(&mut open, Container::Array)?;
                    sink.begin_array()?;
                    if !self.closes(b']') {
                        continue 'value;
                    }
                    sink.end_array()?;
                    open.pop();
                }
                Some(b't') => {
                    self.literal(b"rue")?;
                    sink.boolean(true)?;
                }
                Some(b'f') => {
                    self.literal(b"alse")?;
                    sink.boolean(false)?;
                }
                Some(b'n') => {
                    self.literal(b"ull")?;
                    sink.null()?;
                }
                found => return Err(self.wrong(found, "a value")),
            }
            // A value ended: what holds it goes on, or ends as well.
            loop {
                match open.last() {
                    None => return self.end(),
                    Some(Container::Array) => match self.token() {
                        Some(b',') => continue 'value,
                        Some(b']') => sink.end_array()?,
                        found => return Err(self.wrong(found, "a comma or ]")),
                    },
                    Some(Container::Object) => match self.token() {
                        Some(b',') => {
                            sink.key(self.key()?)?;
                            continue 'value;
                        }
                        Some(b'}') => sink.end_object()?,
                        found => return Err(self.wrong(found, "a comma or }")),
                    },
                }
                open.pop();
            }
        }
    }

    #[inline]
    fn enter(&self, open: &mut Vec<Container>, container: Container) -> Result<(), Error> {
        if open.len() == MAX_DEPTH {
            return Err(Error::new(
                ErrorKind::Depth,
                format!("the JSON nests deeper than {MAX_DEPTH} levels at byte {}", self.at),
            ));
        }
        open.push(container);
        Ok(())
    }

    /// The next byte that is not whitespace, taken.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
        }
    }

    /// Takes the end of a container that has just begun, if it stands here.
    #[inline]
    fn closes(&mut self, end: u8) -> bool {
        let before = self.at;
        let found = self.token() == Some(end);
        if !found {
            self.at = before;
        }
        found
    }

    fn end(&mut self) -> Result<(), Error> {
        match self.token() {
            None => Ok(()),
            found => Err(self.wrong(found, "the end")),
        }
    }

    /// What stands here is not what should: `found` is the byte just taken, if any was left.
    #[cold]
    fn wrong(&self, found: Option<u8>, what: &str) -> Error {
        let at = self.at - usize::from(found.is_some());
        match found {
            Some(0xef) if at == 0 && self.text.starts_with('\u{feff}') => expected("no byte order mark", at),
            Some(b'N' | b'I') if what == "a value" => expected("a value: NaN and Infinity are none", at),
            Some(_) => expected(what, at),
            None => expected(&format!("{what}, found the end"), at),
        }
    }

    fn literal(&mut self, rest: &[u8]) -> Result<(), Error> {
        let end = self.at + rest.len();
        if self.bytes.get(self.at..end) != Some(rest) {
            return Err(expected("a value", self.at - 1));
        }
        self.at = end;
        Ok(())
    }

    #[inline(always)]
    fn key(&mut self) -> Result<Text<'a>, Error> {
        match self.token() {
            Some(b'"') => {}
            found => return Err(self.wrong(found, "a name in quotes")),
        }
        let key = self.string()?;
        match self.token() {
            Some(b':') => Ok(key),
            found => Err(self.wrong(found, "a colon")),
        }
    }

    /// The rest of a string whose first quote was taken. Inlined, so that the text stays in registers: through
    /// memory it costs more than reading it.
    #[inline(always)]
    fn string(&mut self) -> Result<Text<'a>, Error> {
        let start = self.at;
        self.at += plain_len(self.bytes.get(self.at..).unwrap_or_default());
        let escaped = self.bytes.get(self.at) != Some(&b'"');
        if escaped {
            self.rest_of_string()?;
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Text { raw, escaped, at: start })
    }

    /// Goes on to the last quote from what is not plain.
    #[cold]
    fn rest_of_string(&mut self) -> Result<(), Error> {
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(expected("control characters to be escaped", self.at)),
                None => return Err(expected("a quote, found the end", self.at)),
            }
            self.at += plain_len(self.bytes.get(self.at..).unwrap_or_default());
        }
    }

    fn escape(&mut self) -> Result<(), Error> {
        let len = match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u')
                if self
                    .bytes
                    .get(self.at + 2..self.at + 6)
                    .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) =>
            {
                6
            }
            _ => return Err(expected("an escape that JSON has", self.at)),
        };
        self.at += len;
        Ok(())
    }

    /// The rest of a number whose first byte was taken.
    #[inline]
    fn number(&mut self, first: u8) -> Result<Number<'a>, Error> {
        let start = self.at - 1;
        let leading = match first {
            b'-' => {
                self.at += 1;
                self.bytes.get(self.at - 1).copied().unwrap_or_default()
            }
            digit => digit,
        };
        match leading {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return Err(expected("a digit", self.at - 1)),
        }
        let mut integer = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            integer = false;
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            integer = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(Number { text: self.text.get(start..self.at).unwrap_or_default(), integer, at: start })
    }

    #[inline]
    fn digits(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), Error> {
        let before = self.at;
        self.digits();
        if self.at == before { Err(expected("a digit", before)) } else { Ok(()) }
    }
}
