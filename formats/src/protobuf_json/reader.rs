//! JSON text, token by token: strict as RFC 8259, nothing is copied.

use std::borrow::Cow;

use super::problem::Problem;
use crate::json::plain_len;

/// A place in a JSON text.
pub(super) struct Reader<'j> {
    text: &'j str,
    at: usize,
}

/// An object or list whose members are being read.
pub(super) struct Open {
    first: bool,
}

/// A string between its quotes. Its escapes are known to be good.
#[derive(Clone, Copy)]
pub(super) struct Text<'j> {
    raw: &'j str,
    escaped: bool,
}

impl<'j> Reader<'j> {
    pub(super) fn new(json: &'j [u8]) -> Result<Self, Problem> {
        let text = core::str::from_utf8(json)
            .map_err(|cause| Problem::json(&format!("no UTF-8 at byte {}", cause.valid_up_to())))?;
        Ok(Self { text, at: 0 })
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a position.
    pub(super) fn rewind(&mut self, position: usize) {
        self.at = position;
    }

    /// The first byte of the next token; 0 at the end.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    /// Nothing but whitespace may be left.
    pub(super) fn end(&mut self) -> Result<(), Problem> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(self.expected("the end")) }
    }

    #[cold]
    pub(super) fn expected(&self, what: &str) -> Problem {
        Problem::json(&format!("expected {what} at byte {}", self.at))
    }

    #[inline]
    pub(super) fn object(&mut self) -> Result<Open, Problem> {
        self.token(b'{', "an object")?;
        Ok(Open { first: true })
    }

    #[inline]
    pub(super) fn array(&mut self) -> Result<Open, Problem> {
        self.token(b'[', "a list")?;
        Ok(Open { first: true })
    }

    /// The name of an object's next member, and its colon; `None` at the object's end.
    #[inline(always)]
    pub(super) fn member(&mut self, object: &mut Open) -> Result<Option<Text<'j>>, Problem> {
        if !self.more(object, b'}', "a comma or the end of the object")? {
            return Ok(None);
        }
        let name = self.string()?;
        self.token(b':', "a colon")?;
        Ok(Some(name))
    }

    /// Whether a list has another element, which comes next.
    #[inline]
    pub(super) fn element(&mut self, list: &mut Open) -> Result<bool, Problem> {
        self.more(list, b']', "a comma or the end of the list")
    }

    #[inline]
    fn more(&mut self, open: &mut Open, end: u8, what: &str) -> Result<bool, Problem> {
        let first = core::mem::take(&mut open.first);
        match self.peek() {
            byte if byte == end => {
                self.at += 1;
                Ok(false)
            }
            _ if first => Ok(true),
            b',' => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.expected(what)),
        }
    }

    #[inline]
    fn token(&mut self, token: u8, what: &str) -> Result<(), Problem> {
        if self.peek() != token {
            return Err(self.expected(what));
        }
        self.at += 1;
        Ok(())
    }

    /// A string. Inlined, so that it stays in registers: through memory it costs more than reading it.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Text<'j>, Problem> {
        self.token(b'"', "a string")?;
        let start = self.at;
        self.at += plain_len(self.text.as_bytes().get(self.at..).unwrap_or_default());
        let escaped = self.text.as_bytes().get(self.at) != Some(&b'"');
        if escaped {
            self.rest_of_string()?;
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Text { raw, escaped })
    }

    /// Goes on to the last quote from what is not plain.
    #[cold]
    fn rest_of_string(&mut self) -> Result<(), Problem> {
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            match rest.first() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => {
                    let Some((_, len)) = escape(rest) else { return Err(self.expected("an escape")) };
                    self.at += len;
                }
                Some(_) => return Err(self.expected("no control character in a string")),
                None => return Err(self.expected("the end of the string")),
            }
            self.at += plain_len(self.text.as_bytes().get(self.at..).unwrap_or_default());
        }
    }

    /// A number, as it is written.
    pub(super) fn number(&mut self) -> Result<&'j str, Problem> {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = number_len(rest).ok_or_else(|| self.expected("a number"))?;
        self.at += len;
        Ok(rest.get(..len).unwrap_or_default())
    }

    /// `true` or `false`.
    pub(super) fn bool(&mut self) -> Result<bool, Problem> {
        match self.peek() {
            b't' => self.word("true").map(|()| true),
            b'f' => self.word("false").map(|()| false),
            _ => Err(self.expected("true or false")),
        }
    }

    pub(super) fn null(&mut self) -> Result<(), Problem> {
        self.word("null")
    }

    fn word(&mut self, word: &str) -> Result<(), Problem> {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.expected(word));
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes over any value.
    pub(super) fn skip(&mut self, depth: u32) -> Result<(), Problem> {
        let inner = || depth.checked_sub(1).ok_or_else(Problem::too_deep);
        match self.peek() {
            b'{' => {
                let (depth, mut object) = (inner()?, self.object()?);
                while self.member(&mut object)?.is_some() {
                    self.skip(depth)?;
                }
                Ok(())
            }
            b'[' => {
                let (depth, mut list) = (inner()?, self.array()?);
                while self.element(&mut list)? {
                    self.skip(depth)?;
                }
                Ok(())
            }
            b'"' => self.string().map(drop),
            b't' | b'f' => self.bool().map(drop),
            b'n' => self.null(),
            _ => self.number().map(drop),
        }
    }
}

impl<'j> Text<'j> {
    /// The text itself, where nothing is escaped.
    #[inline]
    pub(super) fn plain(self) -> Option<&'j str> {
        (!self.escaped).then_some(self.raw)
    }

    #[inline]
    pub(super) fn unescaped(self) -> Cow<'j, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        self.pieces(|piece| text.push_str(piece));
        Cow::Owned(text)
    }

    /// Appends the text.
    pub(super) fn push_to(self, out: &mut Vec<u8>) {
        match self.plain() {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => self.pieces(|piece| out.extend_from_slice(piece.as_bytes())),
        }
    }

    fn pieces(self, mut push: impl FnMut(&str)) {
        let mut rest = self.raw;
        while let Some((plain, _)) = rest.split_once('\\') {
            push(plain);
            let from = rest.get(plain.len()..).unwrap_or_default();
            let Some((letter, len)) = escape(from.as_bytes()) else { return };
            push(letter.encode_utf8(&mut [0; 4]));
            rest = from.get(len..).unwrap_or_default();
        }
        push(rest);
    }
}

/// The character of the escape that `bytes` begin with, and how long it is.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let letter = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = |at: usize| {
                let digits = core::str::from_utf8(bytes.get(at..at + 4)?).ok()?;
                digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
                u32::from_str_radix(digits, 16).ok()
            };
            let first = unit(2)?;
            return match first {
                0xd800..=0xdbff => {
                    let second = (bytes.get(6..8)? == b"\\u").then(|| unit(8))??;
                    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    Some((char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)?, 12))
                }
                // A lone low surrogate is no character.
                _ => Some((char::from_u32(first)?, 6)),
            };
        }
        _ => return None,
    };
    Some((letter, 2))
}

/// How long the number is that `text` begins with.
pub fn number_len(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && bytes.get(at) == Some(&b'0')) {
        return None;
    }
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(json: &str) -> bool {
        let mut reader = Reader::new(json.as_bytes()).ok().unwrap();
        reader.skip(4).and_then(|()| reader.end()).is_ok()
    }

    #[test]
    fn json_is_read_as_strictly_as_its_standard_says() {
        for json in [
            " {\"a\" : [ 1 , -0.5e+3 , null, true,false ] ,\"b\":{}}\n",
            "\"\\u00e9\\ud83d\\ude00\\/\\b\"",
            "-0",
            "1E5",
            "[[[[]]]]",
        ] {
            assert!(accepts(json), "{json}");
        }
        for json in [
            "",
            "{",
            "{]",
            "[1,]",
            "{\"a\":1,}",
            "{,}",
            "[,1]",
            "{a:1}",
            "{'a':1}",
            "[1 2]",
            "01",
            "-",
            "+1",
            ".5",
            "1.",
            "1e",
            "0x1",
            "NaN",
            "nul",
            "truely",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "\"\t\"",
            "\"\u{0}\"",
            "1 1",
            "[[[[[]]]]]",
            "// a\n1",
            "\u{feff}1",
        ] {
            assert!(!accepts(json), "{json}");
        }
    }

    #[test]
    fn escapes_become_their_characters() {
        let mut reader = Reader::new(br#""a\u003db\ud83d\ude00\n\\\"""#).ok().unwrap();
        let text = reader.string().ok().unwrap();
        assert_eq!(text.unescaped(), "a=b😀\n\\\"");
        let mut out = Vec::new();
        text.push_to(&mut out);
        assert_eq!(out, "a=b😀\n\\\"".as_bytes());
    }
}
