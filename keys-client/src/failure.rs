//! Why a key was not wrapped or unwrapped, in words that contain no secret.

use core::fmt;

/// Bytes of a reason.
const MAX_REASON: usize = 500;
/// A run of this many letters may be a token. A UUID has 36.
const LONG_WORD: usize = 40;

/// Who can fix a [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The service is unreachable or slow, or its response is invalid. This resolves itself.
    Unavailable,
    /// Denied, disabled, destroyed, or not configured: an administrator can fix it.
    Refused,
    /// The wrapped key does not belong to this KEK, or was modified: the payload is at fault.
    Invalid,
}

/// Why a request to a key service failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    kind: FailureKind,
    reason: String,
    is_transient: bool,
}

impl Failure {
    /// Worth an immediate retry: a lost connection, an overloaded service.
    #[cold]
    pub(crate) fn transient(reason: impl AsRef<str>) -> Self {
        Self { is_transient: true, ..Self::unavailable(reason) }
    }

    #[cold]
    pub(crate) fn unavailable(reason: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Unavailable, reason.as_ref())
    }

    #[cold]
    pub(crate) fn refused(reason: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Refused, reason.as_ref())
    }

    #[cold]
    pub(crate) fn invalid(reason: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Invalid, reason.as_ref())
    }

    fn new(kind: FailureKind, reason: &str) -> Self {
        Self { kind, reason: words(reason), is_transient: false }
    }

    /// Who has to do something.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The reason, at most 500 bytes of printable ASCII.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn is_transient(&self) -> bool {
        self.is_transient
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Failure {}

/// One line of printable ASCII, without anything that looks like a token, because the text comes
/// from the service.
fn words(text: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '=' | '_' | '-');
    let mut line = String::new();
    for part in text.split_inclusive(|letter| !is_word(letter)) {
        let word = part.trim_end_matches(|letter| !is_word(letter));
        line.push_str(if word.len() >= LONG_WORD { "[...]" } else { word });
        let rest = part.get(word.len()..).unwrap_or_default();
        line.extend(rest.chars().map(|letter| match letter {
            ' '..='~' => letter,
            letter if letter.is_control() || letter.is_whitespace() => ' ',
            _ => '?',
        }));
        if line.len() > MAX_REASON {
            break;
        }
    }
    line.truncate(MAX_REASON);
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_without_tokens() {
        let cases = [
            ("permission denied\n\t* on orders", "permission denied  * on orders"),
            ("sch\u{f6}n \u{1b}[31m", "sch?n  [31m"),
            (
                "key/01234567-89ab-cdef-0123-456789abcdef is disabled",
                "key/01234567-89ab-cdef-0123-456789abcdef is disabled",
            ),
            ("token eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9eyJhbGciOiJ is bad", "token [...] is bad"),
        ];
        for (text, expected) in cases {
            assert_eq!(Failure::refused(text).reason(), expected);
        }
        assert_eq!(Failure::refused("a b ".repeat(1000)).reason().len(), 499);
    }
}
