//! Texts: out of JSON's escapes, and into the fewest of them.

use super::unfit;
use crate::Error;

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
    /// [`ErrorKind::Value`](crate::ErrorKind::Value): half a surrogate pair is no character, and UTF-8 cannot say
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
#[inline]
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, from) = rest.split_at_checked(plain_len(rest)).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let Some((byte, after)) = from.split_first() else { break };
        write_escaped(*byte, out);
        rest = after;
    }
    out.push(b'"');
}

#[cold]
fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// How many bytes stand before the first quote, backslash or control character: eight at a time.
#[inline(always)]
pub fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The classic test for a byte below n; the lowest hit is always a true one.
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let hits =
            (control | (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash))
                & HIGH;
        if hits != 0 {
            return index * 8 + hits.trailing_zeros() as usize / 8;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    words.len() * 8 + rest.iter().position(special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_len_agrees_with_one_byte_at_a_time() {
        let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        for byte in 0..=255_u8 {
            for place in 0..20 {
                let mut bytes = [0xe9; 20];
                bytes[place] = byte;
                let expected = if special(byte) { place } else { 20 };
                assert_eq!(plain_len(&bytes), expected, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn only_what_json_must_escape_is_escaped() {
        let mut out = Vec::new();
        write_text("a\"b\\c/\u{8}\t\n\u{c}\r\u{1}\u{1f}\u{7f}<>&é\u{2028}😀", &mut out);
        let expected = "\"a\\\"b\\\\c/\\b\\t\\n\\f\\r\\u0001\\u001f\u{7f}<>&é\u{2028}😀\"";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
