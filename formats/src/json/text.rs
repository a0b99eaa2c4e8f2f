//! Strings: removes JSON's escapes, and writes as few of them as possible.

use std::borrow::Cow;

use super::unfit;
use crate::Error;

/// A string as written, between its quotes.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    pub(crate) raw: &'a str,
    /// Whether it contains escapes; they are well formed.
    pub(crate) escaped: bool,
    /// The offset of `raw` in the JSON.
    pub(crate) at: usize,
}

/// The replacement for an unreadable character, as in Go and browsers.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

impl<'a> Text<'a> {
    /// The text itself, if nothing is escaped.
    #[inline]
    #[must_use]
    pub fn plain(self) -> Option<&'a str> {
        (!self.escaped).then_some(self.raw)
    }

    /// The text as written, escapes included.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// The offset of its first quote in the JSON.
    #[must_use]
    pub fn at(self) -> usize {
        self.at.saturating_sub(1)
    }

    /// The text without escapes; `None` if it contains half a surrogate pair, which is not a
    /// character.
    #[inline]
    #[must_use]
    pub fn unescaped(self) -> Option<Cow<'a, str>> {
        if !self.escaped {
            return Some(Cow::Borrowed(self.raw));
        }
        let mut text = String::with_capacity(self.raw.len());
        self.pieces(|piece| text.push_str(piece)).then_some(Cow::Owned(text))
    }

    /// The text without escapes, with U+FFFD for each half of a surrogate pair: JavaScript writes
    /// one if a text was truncated inside an emoji.
    #[inline]
    #[must_use]
    pub fn lossy(self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        self.pieces(|piece| text.push_str(piece));
        Cow::Owned(text)
    }

    /// Appends the text without escapes; `false` if it contains half a surrogate pair.
    #[inline]
    #[must_use]
    pub fn push_to(self, out: &mut Vec<u8>) -> bool {
        if self.escaped {
            return self.pieces(|piece| out.extend_from_slice(piece.as_bytes()));
        }
        out.extend_from_slice(self.raw.as_bytes());
        true
    }

    /// Appends the text without escapes, as UTF-8.
    ///
    /// # Errors
    /// [`ErrorKind::Value`](crate::ErrorKind::Value): half a surrogate pair is not a character, and
    /// UTF-8 cannot encode it.
    #[inline]
    pub(crate) fn decode_to(self, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.push_to(out) { Ok(()) } else { Err(half_a_pair(self.at)) }
    }

    /// Passes on the unescaped text in slices; `false` if one of them replaces half a surrogate
    /// pair.
    fn pieces(self, mut push: impl FnMut(&str)) -> bool {
        let mut is_whole = true;
        let mut rest = self.raw;
        while let Some((plain, _)) = rest.split_once('\\') {
            push(plain);
            let escape = rest.get(plain.len()..).unwrap_or_default();
            let (letter, len) = unescape(escape.as_bytes());
            is_whole &= letter.is_some();
            push(letter.unwrap_or(REPLACEMENT).encode_utf8(&mut [0; 4]));
            rest = escape.get(len..).unwrap_or_default();
        }
        push(rest);
        is_whole
    }
}

#[cold]
fn half_a_pair(at: usize) -> Error {
    unfit("a text has half a surrogate pair, which UTF-8 cannot express", at)
}

/// The character of the escape that `bytes` begin with, and how long it is; `None` for half a pair.
/// The escape is well formed.
fn unescape(bytes: &[u8]) -> (Option<char>, usize) {
    let letter = match bytes.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            return match (unit(bytes, 0), unit(bytes, 6)) {
                (first @ 0xd800..0xdc00, second @ 0xdc00..0xe000) => {
                    (char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)), 12)
                }
                (first, _) => (char::from_u32(first), 6),
            };
        }
        Some(itself) => char::from(*itself),
        None => REPLACEMENT,
    };
    (Some(letter), 2)
}

/// The UTF-16 unit of `\uXXXX` at byte `at`; 0 if there is no such escape.
fn unit(bytes: &[u8], at: usize) -> u32 {
    let digits = bytes.get(at..at + 6).and_then(|escape| escape.strip_prefix(b"\\u"));
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    digits
        .unwrap_or_default()
        .iter()
        .try_fold(0, |sum, digit| Some(sum << 4 | value(digit)?))
        .unwrap_or_default()
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

/// The number of bytes before the first quote, backslash or control character, counted eight at a
/// time.
#[inline(always)]
pub fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The classic test for a byte below n; the lowest hit is always correct.
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

    fn read(json: &str) -> Text<'_> {
        crate::json::Reader::new(json).string().unwrap()
    }

    #[test]
    fn escapes_become_their_characters() {
        let text = read(r#""a\u003db\ud83d\uDE00\n\b\f\r\t\/\\\"é""#);
        let expected = "a=b😀\n\u{8}\u{c}\r\t/\\\"é";
        assert_eq!((text.unescaped().as_deref(), &*text.lossy()), (Some(expected), expected));
        let mut out = Vec::new();
        assert!(text.push_to(&mut out));
        assert_eq!(out, expected.as_bytes());
        assert!(matches!(read("\"plain\"").unescaped(), Some(Cow::Borrowed("plain"))));
    }

    #[test]
    fn half_a_surrogate_pair_is_no_character() {
        for (json, lossy) in [
            (r#""a\ud800b""#, "a\u{fffd}b"),
            (r#""\uDBFF""#, "\u{fffd}"),
            (r#""\udc00\ud800""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ud83d\n\ude00""#, "\u{fffd}\n\u{fffd}"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
        ] {
            let text = read(json);
            assert_eq!((text.unescaped(), &*text.lossy()), (None, lossy), "{json}");
        }
        assert_eq!(read(r#""\\ud800""#).unescaped().as_deref(), Some("\\ud800"));
    }
}
