//! Numbers: their value, and the canonical form.

use super::unfit;
use crate::Error;

/// A number as written in the text.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    /// As it is written.
    pub text: &'a str,
    /// Whether it has neither fraction nor exponent.
    pub integer: bool,
    /// Its offset in the JSON.
    pub at: usize,
}

/// The value of a number in a 64-bit format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Worth {
    Unsigned(u64),
    Negative(i64),
    Float(f64),
}

/// The number of digits from which an integer written with fraction or exponent keeps an exponent:
/// ECMAScript's rule.
const MAX_PLAIN_DIGITS: i64 = 21;

/// How many zeros may follow the point before an exponent is used: ECMAScript's rule.
const MAX_LEADING_ZEROS: i64 = 6;

impl Number<'_> {
    /// The value: integers of 64 bits exactly, everything else as the nearest float64. `-0` is a
    /// float, because no integer can have its sign.
    ///
    /// # Errors
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a number too large for a float64, and for
    /// an integer past 64 bits that a float64 would change.
    #[inline]
    pub(crate) fn worth(&self) -> Result<Worth, Error> {
        if self.integer {
            let worth = match self.text.strip_prefix('-') {
                None => self.text.parse().ok().map(Worth::Unsigned),
                Some("0") => Some(Worth::Float(-0.0)),
                Some(_) => self.text.parse().ok().map(Worth::Negative),
            };
            return worth.map_or_else(|| self.large_integer(), Ok);
        }
        self.float()
    }

    fn float(&self) -> Result<Worth, Error> {
        match self.text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Worth::Float(value)),
            _ => Err(unfit("a number is too large for 64 bits", self.at)),
        }
    }

    /// Go and JavaScript print large floats without exponent: such a number equals the shortest
    /// form of a float64. Any other integer of this size would lose digits.
    #[cold]
    fn large_integer(&self) -> Result<Worth, Error> {
        let worth = self.float()?;
        match worth {
            Worth::Float(value) if format!("{value}") == self.text || format!("{value:.0}") == self.text => {
                Ok(worth)
            }
            _ => Err(unfit("an integer needs more than 64 bits", self.at)),
        }
    }

    /// Appends the canonical form: the same value, exactly. An integer keeps its digits; a number
    /// with fraction or exponent is laid out as ECMAScript lays out its digits, which is RFC
    /// 8785's form wherever they are the shortest of a float64.
    ///
    /// # Errors
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for an exponent past 64 bits.
    pub(super) fn write_canonical(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.integer {
            let text = if self.text == "-0" { "0" } else { self.text };
            out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        let (sign, magnitude) = match self.text.strip_prefix('-') {
            Some(magnitude) => ("-", magnitude),
            None => ("", self.text),
        };
        let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            out.push(b'0');
            return Ok(());
        }
        // value = 0.digits * 10^point
        let leading_zeros = all.len() - significant.len();
        let point = exponent
            .parse::<i64>()
            .ok()
            .and_then(|exponent| exponent.checked_add(i64::try_from(whole.len()).ok()?))
            .and_then(|point| point.checked_sub(i64::try_from(leading_zeros).ok()?))
            .ok_or_else(|| unfit("a number's exponent is too large", self.at))?;
        out.extend_from_slice(sign.as_bytes());
        out.extend_from_slice(layout(digits, point).as_bytes());
        Ok(())
    }
}

/// `0.digits * 10^point` as ECMAScript's Number::toString lays it out.
fn layout(digits: &str, point: i64) -> String {
    let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
    if count <= point && point <= MAX_PLAIN_DIGITS {
        return format!("{digits}{}", zeros(point - count));
    }
    if 0 < point && point <= MAX_PLAIN_DIGITS {
        let (whole, fraction) =
            digits.split_at_checked(usize::try_from(point).unwrap_or_default()).unwrap_or_default();
        return format!("{whole}.{fraction}");
    }
    if -MAX_LEADING_ZEROS < point && point <= 0 {
        return format!("0.{}{digits}", zeros(-point));
    }
    let exponent = i128::from(point) - 1;
    match digits.split_at_checked(1) {
        Some((first, rest)) if !rest.is_empty() => format!("{first}.{rest}e{exponent:+}"),
        _ => format!("{digits}e{exponent:+}"),
    }
}

/// Appends a float64 in its shortest form, always with fraction or exponent, so that it is read
/// back as a float; it is finite.
pub(crate) fn write_float(value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{value:?}").as_bytes());
}

/// The integer value of a JSON number in any form (`1`, `1.0`, `10e-1`), if it is an integer and
/// fits.
#[must_use]
pub fn integer(text: &str) -> Option<i128> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let value = match text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => i128::from(text.parse::<u64>().ok()?),
        false => decimal(text)?,
    };
    Some(if negative { -value } else { value })
}

/// An unsigned number with a fraction or an exponent, if it is an integer below 10^20.
fn decimal(text: &str) -> Option<i128> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole = whole.trim_start_matches('0');
    if whole.is_empty() && fraction.is_empty() {
        return Some(0);
    }
    let exponent = exponent.parse::<i32>().ok()?;
    let mut digits = [whole, fraction].concat();
    let mut scale = i64::from(exponent) - i64::try_from(fraction.len()).ok()?;
    while scale < 0 && digits.ends_with('0') {
        digits.pop();
        scale += 1;
    }
    let digits = digits.trim_start_matches('0');
    let scale = u32::try_from(scale).ok().filter(|scale| *scale <= 20)?;
    if digits.len() > 20 {
        return None;
    }
    digits.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(scale)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_in_every_form() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("18446744073709551615", Some(18_446_744_073_709_551_615)),
            ("-9223372036854775808", Some(-9_223_372_036_854_775_808)),
            ("1.0", Some(1)),
            ("1.5", None),
            ("1e5", Some(100_000)),
            ("1.25E2", Some(125)),
            ("1.25e1", None),
            ("1200e-2", Some(12)),
            ("1e-1", None),
            ("0e999999999999", Some(0)),
            ("1e999999999999", None),
            ("1e21", None),
            ("0.000000000000000000001e21", Some(1)),
        ] {
            assert_eq!(integer(text), expected, "{text}");
        }
    }
}
