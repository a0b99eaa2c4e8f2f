//! Sizes and durations as a configuration writes them.

use std::time::Duration;

use serde::Deserialize;

use super::problem::Problem;

/// A number of bytes: a number, or text with B, KiB, MiB or GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteSize(pub usize);

impl ByteSize {
    /// The size that is set, or the default; 0 is none.
    pub(crate) fn some(set: Option<Self>, default: usize) -> Result<usize, Problem> {
        match set {
            None => Ok(default),
            Some(Self(0)) => Err(Problem::new("expected more than 0, found 0")),
            Some(Self(size)) => Ok(size),
        }
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = ByteSize;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of bytes such as 1024 or \"64 MiB\"")
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<ByteSize, E> {
                usize::try_from(value)
                    .map(ByteSize)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(value), &self))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ByteSize, E> {
                let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
                let unit: usize = match text.get(digits.len()..).unwrap_or_default().trim() {
                    "" | "B" => 1,
                    "KiB" => 1 << 10,
                    "MiB" => 1 << 20,
                    "GiB" => 1 << 30,
                    _ => return Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                };
                let number = digits.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
                number.map(ByteSize).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A duration: text with ms, s, min or h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span(pub Duration);

/// The longest timeout of a request.
const MAX_TIMEOUT: Duration = Duration::from_secs(300);

impl Span {
    /// The timeout that is set, or the default.
    pub(crate) fn timeout(set: Option<Self>, default: Duration) -> Result<Duration, Problem> {
        let timeout = set.map_or(default, |span| span.0);
        if timeout.is_zero() || timeout > MAX_TIMEOUT {
            return Err(Problem::new("expected more than 0 and at most 5 min"));
        }
        Ok(timeout)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Span;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a span of time such as \"500 ms\", \"10 s\", \"2 min\" or \"1 h\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
                let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
                let unit: u64 = match text.get(digits.len()..).unwrap_or_default().trim() {
                    "ms" => 1,
                    "s" => 1_000,
                    "min" => 60_000,
                    "h" => 3_600_000,
                    _ => return Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                };
                let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
                number
                    .map(|milliseconds| Span(Duration::from_millis(milliseconds)))
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
