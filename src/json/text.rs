//! Texts: out of JSON's escapes, and into the fewest of them.

use super::unfit;
use crate::error::Error;

/// A text as it stands between its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) raw: &'a str,
    /// Whether there are escapes in it; they are well formed.
    pub(crate) escaped: bool,
    /// The offset of `raw` in the JSON.
    pub(crate) at: usize,
}

impl Text<'_> {
    /// Appends the text itself, as UTF-8.
    ///
    /// # Errors
    /// [`Code::Value`](crate::Code::Value): half a surrogate pair is no character, and UTF-8 cannot say
    /// it.
    #[inline]
    pub(crate) fn decode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.escaped {
            return self.unescape_to(out);
        }
        out.extend_from_slice(self.raw.as_bytes());
        Ok(())
    }

    fn unescape_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut rest = self.raw;
        while let Some((plain, escape)) = rest.split_once('\\') {
            out.extend_from_slice(plain.as_bytes());
            let mut chars = escape.chars();
            let simple = match chars.next() {
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('u') => {
                    let (character, used) = self.unicode(escape)?;
                    push(out, character);
                    rest = escape.get(used..).unwrap_or_default();
                    continue;
                }
                Some(itself) => itself,
                None => break,
            };
            push(out, simple);
            rest = chars.as_str();
        }
        out.extend_from_slice(rest.as_bytes());
        Ok(())
    }

    /// The character of `uXXXX`, or of `uXXXX\uXXXX`, and how many bytes it took.
    fn unicode(&self, escape: &str) -> Result<(char, usize), Error> {
        let unit =
            |from: usize| escape.get(from..from + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let first = unit(1).unwrap_or_default();
        if let Some(character) = char::from_u32(first) {
            return Ok((character, 5));
        }
        let second = (escape.get(5..7) == Some("\\u")).then(|| unit(7)).flatten();
        match (first, second) {
            (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) => {
                char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
                    .map(|character| (character, 11))
            }
            _ => None,
        }
        .ok_or_else(|| {
            unfit("a text has half a surrogate pair, which is no character and has no UTF-8", self.at)
        })
    }
}

fn push(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Appends a text in quotes, with the fewest escapes: RFC 8785, 3.2.2.2.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else { break };
        let short = match byte {
            b'"' | b'\\' => *byte,
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            _ => 0,
        };
        if short == 0 {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            out.extend_from_slice(&[b'\\', short]);
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
