//! The one reader of JSON's tokens: strict as RFC 8259, iterative, and nothing is copied.
//!
//! A caller that expects a certain form asks for its parts ([`Reader::object`], [`Reader::member`],
//! [`Reader::string`] …); one that accepts any value lets [`Reader::walk`] pass the tokens to a
//! [`Sink`]. An escaped half of a surrogate pair (`"\ud800"`) is part of the grammar and accepted:
//! with [`Text`], each caller decides how to treat it.

mod walk;

use super::fault::Fault;
use super::{Number, Text, plain_len};

/// A place in a JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'j> {
    text: &'j str,
    at: usize,
}

/// An object or array whose items are being read.
#[derive(Debug)]
pub struct Items {
    is_first: bool,
}

impl<'j> Reader<'j> {
    /// A reader at the start of a text.
    #[must_use]
    pub fn new(text: &'j str) -> Self {
        Self { text, at: 0 }
    }

    /// A reader of bytes that should be UTF-8.
    ///
    /// # Errors
    /// If they are not.
    pub fn of_bytes(json: &'j [u8]) -> Result<Self, Fault> {
        match core::str::from_utf8(json) {
            Ok(text) => Ok(Self::new(text)),
            Err(cause) => Err(Fault::expected("UTF-8", cause.valid_up_to())),
        }
    }

    /// The whole text.
    #[must_use]
    pub fn whole(&self) -> &'j str {
        self.text
    }

    /// The position after the last token taken.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes to the position of an earlier token.
    pub fn go_to(&mut self, position: usize) {
        self.at = position;
    }

    /// The text from `start` to the end of the last token taken.
    #[must_use]
    pub fn since(&self, start: usize) -> &'j str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The first byte of the next token; 0 at the end.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    /// Takes the next token if it is this byte.
    #[inline]
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    /// Checks that only whitespace is left.
    ///
    /// # Errors
    /// If anything else is left.
    pub fn end(&mut self) -> Result<(), Fault> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(self.expected("the end")) }
    }

    /// The error for a missing `what` at this position.
    #[cold]
    #[must_use]
    pub fn expected(&self, what: &str) -> Fault {
        match self.text.as_bytes().get(self.at) {
            None => Fault::expected(format!("{what}, found the end"), self.at),
            Some(0xef) if self.at == 0 && self.text.starts_with('\u{feff}') => {
                Fault::expected("no byte order mark", self.at)
            }
            Some(b'N' | b'I') if what == "a value" => {
                Fault::expected("a value (NaN and Infinity are not JSON)", self.at)
            }
            Some(_) => Fault::expected(what.to_owned(), self.at),
        }
    }

    #[inline]
    fn token(&mut self, token: u8, what: &str) -> Result<(), Fault> {
        if self.take(token) { Ok(()) } else { Err(self.expected(what)) }
    }

    /// Begins an object.
    ///
    /// # Errors
    /// If none comes next.
    #[inline]
    pub fn object(&mut self) -> Result<Items, Fault> {
        self.token(b'{', "an object")?;
        Ok(Items { is_first: true })
    }

    /// Begins an array.
    ///
    /// # Errors
    /// If none comes next.
    #[inline]
    pub fn array(&mut self) -> Result<Items, Fault> {
        self.token(b'[', "a list")?;
        Ok(Items { is_first: true })
    }

    /// Takes the name of an object's next member, and its colon; `None` at the object's end.
    ///
    /// # Errors
    /// If the text is not JSON.
    #[inline(always)]
    pub fn member(&mut self, object: &mut Items) -> Result<Option<Text<'j>>, Fault> {
        if !self.more(object, b'}', "a comma or }")? {
            return Ok(None);
        }
        self.name().map(Some)
    }

    /// Moves to the next element of an array; `false` at its end.
    ///
    /// # Errors
    /// If the text is not JSON.
    #[inline]
    pub fn element(&mut self, array: &mut Items) -> Result<bool, Fault> {
        self.more(array, b']', "a comma or ]")
    }

    #[inline]
    fn more(&mut self, items: &mut Items, end: u8, what: &str) -> Result<bool, Fault> {
        let is_first = core::mem::take(&mut items.is_first);
        match self.peek() {
            byte if byte == end => {
                self.at += 1;
                Ok(false)
            }
            _ if is_first => Ok(true),
            b',' => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.expected(what)),
        }
    }

    /// A member's name and its colon.
    #[inline(always)]
    fn name(&mut self) -> Result<Text<'j>, Fault> {
        if self.peek() != b'"' {
            return Err(self.expected("a name in quotes"));
        }
        let name = self.rest_of_string()?;
        self.token(b':', "a colon")?;
        Ok(name)
    }

    /// A string.
    ///
    /// # Errors
    /// If none comes next, or it is malformed.
    #[inline(always)]
    pub fn string(&mut self) -> Result<Text<'j>, Fault> {
        if self.peek() != b'"' {
            return Err(self.expected("a string"));
        }
        self.rest_of_string()
    }

    /// A string that begins at this quote. Inlined so that the text stays in registers: passing it
    /// through memory costs more than reading it.
    #[inline(always)]
    fn rest_of_string(&mut self) -> Result<Text<'j>, Fault> {
        let start = self.at + 1;
        self.at = start + plain_len(self.text.as_bytes().get(start..).unwrap_or_default());
        let escaped = self.text.as_bytes().get(self.at) != Some(&b'"');
        if escaped {
            self.escapes()?;
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Text { raw, escaped, at: start })
    }

    /// Continues to the closing quote from the first character that is not plain.
    #[cold]
    fn escapes(&mut self) -> Result<(), Fault> {
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += match rest {
                [b'"', ..] => return Ok(()),
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
                [b'\\', b'u', a, b, c, d, ..]
                    if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
                {
                    6
                }
                [b'\\', ..] => return Err(Fault::expected("an escape that JSON has", self.at)),
                [_, ..] => return Err(self.expected("control characters to be escaped")),
                [] => return Err(self.expected("a quote")),
            };
            self.at += plain_len(self.text.as_bytes().get(self.at..).unwrap_or_default());
        }
    }

    /// A number.
    ///
    /// # Errors
    /// If none comes next, or it is malformed.
    #[inline]
    pub fn number(&mut self) -> Result<Number<'j>, Fault> {
        self.peek();
        self.rest_of_number()
    }

    /// A number that begins here.
    #[inline(always)]
    fn rest_of_number(&mut self) -> Result<Number<'j>, Fault> {
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        match self.byte() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ if self.at == start => return Err(self.expected("a number")),
            _ => return Err(self.digit()),
        }
        let mut integer = true;
        if self.byte() == Some(b'.') {
            integer = false;
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            integer = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(Number { text: self.since(start), integer, at: start })
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn digits(&mut self) {
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), Fault> {
        let before = self.at;
        self.digits();
        if self.at == before { Err(self.digit()) } else { Ok(()) }
    }

    #[cold]
    fn digit(&self) -> Fault {
        Fault::expected("a digit", self.at)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// If neither comes next.
    pub fn boolean(&mut self) -> Result<bool, Fault> {
        match self.peek() {
            b't' => self.word("true").map(|()| true),
            b'f' => self.word("false").map(|()| false),
            _ => Err(self.expected("true or false")),
        }
    }

    /// `null`.
    ///
    /// # Errors
    /// If it does not come next.
    pub fn null(&mut self) -> Result<(), Fault> {
        self.peek();
        self.word("null")
    }

    /// A word that begins here.
    #[inline]
    fn word(&mut self, word: &str) -> Result<(), Fault> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Fault::expected("a value", self.at));
        }
        self.at += word.len();
        Ok(())
    }
}

/// Whether the whole text is one number.
#[must_use]
pub fn is_number(text: &str) -> bool {
    let mut reader = Reader::new(text);
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && reader.number().is_ok_and(|number| number.text.len() == text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(json: &str) -> bool {
        let mut reader = Reader::new(json);
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
    fn a_number_is_told_from_other_text() {
        for number in ["0", "-0", "1.5e+3", "1E5"] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "-", "01", " 1", "1 ", "+1", "1.", "NaN", "0x1", "1e"] {
            assert!(!is_number(other), "{other}");
        }
    }
}
