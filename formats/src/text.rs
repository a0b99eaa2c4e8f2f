//! Foreign text in messages: escaped and truncated.

/// The first `max` characters of a text, with unprintable ones escaped.
#[must_use]
pub fn elided(text: &str, max: usize) -> String {
    let mut escaped = text.chars().flat_map(escape);
    let mut shown: String = escaped.by_ref().take(max).collect();
    if escaped.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A character, or an escape if it is not printable.
pub fn escape(character: char) -> impl Iterator<Item = char> {
    let is_plain = matches!(character, ' '..='~');
    let escaped = (!is_plain).then(|| character.escape_debug());
    is_plain.then_some(character).into_iter().chain(escaped.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped_and_what_is_long_is_cut() {
        assert_eq!(elided("a\nb\u{202e}é", 20), "a\\nb\\u{202e}é");
        assert_eq!(elided("abcd", 3), "abc…");
        assert_eq!(elided("abc", 3), "abc");
    }
}
