//! Foreign text in messages: names, paths and causes that this library did not write itself.
//!
//! Messages end up in logs, terminals and exceptions. A line break in a name could forge a line of
//! a log, an escape sequence could rewrite a terminal, and a long name could fill a disk. So every
//! such text is escaped and truncated here, and [`one_line`] enforces it again for every message.

use std::path::Path;

use tdc_formats::text::{elided, escape};

/// Most characters shown of a name, such as a namespace or a type.
const MAX_NAME: usize = 128;
/// Most characters shown of a text from another library or the host.
const MAX_WORDS: usize = 300;
/// Characters of a path.
const MAX_PATH: usize = 1024;
/// Most characters of a whole message.
const MAX_MESSAGE: usize = 4096;

/// A name in quotes.
pub(crate) fn quoted(name: &str) -> String {
    quoted_bytes(name.as_bytes())
}

/// A name that need not be UTF-8, in quotes.
pub(crate) fn quoted_bytes(name: &[u8]) -> String {
    // More bytes than the shown characters can have.
    let start = name.get(..(MAX_NAME + 1) * 4).unwrap_or(name);
    let characters = start.utf8_chunks().flat_map(|chunk| {
        let replaced = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().chain(replaced)
    });
    let mut escaped = characters.flat_map(|character| {
        let backslash = matches!(character, '"' | '\\').then_some('\\');
        backslash.into_iter().chain(escape(character))
    });
    let shown: String = escaped.by_ref().take(MAX_NAME).collect();
    match escaped.next() {
        None => format!("\"{shown}\""),
        Some(_) => format!("\"{shown}…\" ({} bytes)", name.len()),
    }
}

/// A text from another library or the host, without quotes.
pub(crate) fn words(text: &str) -> String {
    elided(text, MAX_WORDS)
}

/// A path as it was given.
pub(crate) fn path(path: &Path) -> String {
    elided(&path.to_string_lossy(), MAX_PATH)
}

/// An absolute path, so that a message says which file was meant, whatever the working directory
/// is.
pub(crate) fn absolute_path(path: &Path) -> String {
    match std::path::absolute(path) {
        Ok(absolute) => self::path(&absolute),
        Err(_) => self::path(path),
    }
}

/// Makes a message one line of bounded length, without anything that a terminal would act on.
pub(super) fn one_line(message: String) -> String {
    let plain = |byte: &u8| (b' '..=b'~').contains(byte);
    if message.len() <= MAX_MESSAGE && message.as_bytes().iter().all(plain) {
        return message;
    }
    elided(&message, MAX_MESSAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_or_a_log_would_act_on_is_escaped() {
        let cases = [
            ("orders", "orders"),
            ("x\n\x1b[31m", r"x\n\u{1b}[31m"),
            ("\u{9b}2J\u{202e}\u{7f}\0", r"\u{9b}2J\u{202e}\u{7f}\0"),
            ("größe 東京 😀", "größe 東京 😀"),
        ];
        for (text, expected) in cases {
            assert_eq!(quoted(text), format!("\"{expected}\""));
            assert_eq!(quoted_bytes(text.as_bytes()), format!("\"{expected}\""));
            assert_eq!(words(text), expected);
            assert_eq!(path(Path::new(text)), expected);
        }
        assert_eq!(quoted("a\"b\\c'd"), r#""a\"b\\c'd""#);
        assert_eq!(words("a\"b\\c'd"), "a\"b\\c'd");
        assert_eq!(quoted_bytes(b"a\xffb"), "\"a\u{fffd}b\"");
    }

    #[test]
    fn what_is_long_is_cut_and_its_length_is_said() {
        let long = "é".repeat(1 << 20);
        let shown = format!("\"{}…\" (2097152 bytes)", "é".repeat(MAX_NAME));
        assert_eq!(quoted(&long), shown);
        assert_eq!(quoted_bytes(long.as_bytes()), shown);
        assert_eq!(quoted(&"é".repeat(MAX_NAME)), format!("\"{}\"", "é".repeat(MAX_NAME)));
        assert_eq!(words(&long).chars().count(), MAX_WORDS + 1);
        assert_eq!(path(Path::new(&long)).chars().count(), MAX_PATH + 1);
    }

    #[test]
    fn a_message_is_one_line_of_bounded_length_whoever_made_it() {
        assert_eq!(one_line("an \"e\" … is plain\\n".to_owned()), "an \"e\" … is plain\\n");
        assert_eq!(one_line("a\r\nb\x1b[0m".to_owned()), r"a\r\nb\u{1b}[0m");
        let long = one_line("\n".repeat(1 << 20));
        assert!(long.chars().count() == MAX_MESSAGE + 1 && long.ends_with('…'));
    }

    #[test]
    fn an_absolute_path_begins_at_the_root() {
        let shown = absolute_path(Path::new("tdc.yaml"));
        assert_eq!(Path::new(&shown), std::env::current_dir().unwrap().join("tdc.yaml"));
    }
}
