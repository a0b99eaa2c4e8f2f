//! Makes untrusted text safe to show on a terminal: control and text-direction characters are
//! replaced or escaped.

use std::path::Path;

/// Whether a terminal would do anything but show the character, or would reorder others.
pub(crate) fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name without characters that a terminal would act on.
pub(crate) fn printable(name: &str) -> String {
    name.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A text in which such characters are escaped, as the library escapes them in its messages.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().flat_map(tdc_formats::text::escape).collect()
}

/// The path of a file, escaped the same way.
pub(crate) fn path(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// A JSON text with escapes replaced by their characters where these can be shown and keep the
/// meaning. Control characters are escaped.
pub(crate) fn readable(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(|c: char| c == '\\' || (steers(c) && c != '\n' && c != '\t')) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let (written, len) = match unescaped(from) {
            Some((c, len)) if !steers(c) && c != '"' && c != '\\' => (c.to_string(), len),
            _ if from.starts_with('\\') => {
                // An escape that is kept, with its second character, which may be a backslash or a
                // quote.
                let len = 1 + from.chars().nth(1).map_or(0, char::len_utf8);
                (from.get(..len).unwrap_or_default().to_owned(), len)
            }
            _ => {
                let c = from.chars().next().unwrap_or_default();
                // JSON's own whitespace, outside of strings.
                let shown = if c == '\r' { String::new() } else { format!("\\u{:04x}", u32::from(c)) };
                (shown, c.len_utf8())
            }
        };
        out.push_str(&written);
        rest = from.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The character of the escape `\uXXXX` at the start of `text`, with its second half if it has one,
/// and the length of both.
fn unescaped(text: &str) -> Option<(char, usize)> {
    const LEN: usize = 6;
    let unit = |at: usize| {
        let digits = text.get(at..at + LEN)?.strip_prefix("\\u")?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let first = unit(0)?;
    let one = char::decode_utf16([first]).next()?.ok().map(|c| (c, LEN));
    one.or_else(|| Some((char::decode_utf16([first, unit(LEN)?]).next()?.ok()?, 2 * LEN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_characters_where_that_means_the_same() {
        for (json, expected) in [
            (r#""\u65e5\u672c \u00e9 \u003cb\u003e""#, "\"日本 é <b>\""),
            (r#""\ud83d\ude00""#, "\"😀\""),
            (r#""\ud83d""#, r#""\ud83d""#),
            (r#""\ud83d\u0041""#, r#""\ud83dA""#),
            (r#""\u0022 \u005c \u001b""#, r#""\u0022 \u005c \u001b""#),
            (r#""\\u0041 \" \n""#, r#""\\u0041 \" \n""#),
            (r#""\u00""#, r#""\u00""#),
            (r#""\u+041""#, r#""\u+041""#),
            ("\"\u{1b}[31m \u{9b}1m \u{202e}x\"", r#""\u001b[31m \u009b1m \u202ex""#),
            ("{\r\n\t\"a\": 1}", "{\n\t\"a\": 1}"),
            ("\"\\", "\"\\"),
        ] {
            assert_eq!(readable(json), expected);
        }
    }
}
