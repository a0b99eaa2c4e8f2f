//! Patterns for namespaces. They match the whole name; `*` matches any run of characters.

use std::fmt;

use serde::Deserialize;

/// A pattern for names. It matches the whole name; `*` matches any run of characters.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(from = "String")]
pub struct Pattern {
    text: String,
    /// Between its stars.
    parts: Vec<String>,
}

impl Pattern {
    /// Parses a pattern.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), parts: text.split('*').map(str::to_owned).collect() }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches `name`.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else { return false };
        let Some((last, middle)) = rest.split_last() else { return name == first };
        let Some(mut name) =
            name.strip_prefix(first.as_str()).and_then(|name| name.strip_suffix(last.as_str()))
        else {
            return false;
        };
        // The earliest match of each part leaves the most room for the next.
        for part in middle {
            match name.split_once(part.as_str()) {
                Some((_, after)) => name = after,
                None => return false,
            }
        }
        true
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_matches_any_run() {
        let cases = [
            ("orders", "orders", true),
            ("orders", "orders-eu", false),
            ("orders-*", "orders-", true),
            ("orders-*", "my-orders-eu", false),
            ("*", "anything", true),
            ("*-prod", "orders-prod", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("aa*aa", "aaa", false),
            ("a**b", "ab", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} on {name}");
        }
    }
}
