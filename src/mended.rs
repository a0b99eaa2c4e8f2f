//! Half a surrogate pair, as an escape: JavaScript writes one where a text was cut inside an emoji.

use std::borrow::Cow;

/// Half a pair, in what replaces it: the character for what cannot be read, as Go and browsers have it.
const REPLACEMENT: &str = "\\ufffd";

/// Reads JSON by serde. Half a surrogate pair stops it: then the text is mended and read again.
pub(crate) fn read_mended<T>(
    json: &str,
    mut once: impl FnMut(&str) -> Result<T, serde_json::Error>,
) -> Result<T, serde_json::Error> {
    let read = once(json);
    if read.as_ref().is_err_and(serde_json::Error::is_syntax)
        && let Cow::Owned(mended) = mended(json)
    {
        return once(&mended);
    }
    read
}

/// The text with `\ufffd` in the place of every escape of half a surrogate pair. Nothing moves: all escapes
/// have six bytes. The text need not be JSON.
fn mended(text: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        at += match (unit(text, at), unit(text, at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                mended.push_str(text.get(copied..at).unwrap_or_default());
                mended.push_str(REPLACEMENT);
                copied = at + 6;
                6
            }
            (Some(_), _) => 6,
            // Two bytes at least: the second may be a backslash.
            (None, _) => {
                1 + text.get(at + 1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
            }
        };
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(mended)
}

/// The UTF-16 unit of an escape `\uXXXX` at a byte of the text.
fn unit(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_is_replaced_and_nothing_else() {
        for (text, expected) in [
            (r#""a\ud800b""#, r#""a\ufffdb""#),
            (r#""\uDBFF""#, r#""\ufffd""#),
            (r#""\udc00\ud800""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\n\ude00""#, r#""\ufffd\n\ufffd""#),
            (r#""\ud83d\u0041""#, r#""\ufffd\u0041""#),
            (r#"\ud83"#, r#"\ud83"#),
        ] {
            assert_eq!(mended(text), expected);
        }
        for text in [
            "",
            r#""\ud83d\ude00\u00e9""#,
            r#""\\ud800""#,
            r#""\\\\ud800 \"\\""#,
            r#"{"a":"😀"}"#,
            "\\",
            "\\é",
            r"\u",
            r"\u+123",
        ] {
            assert!(matches!(mended(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
