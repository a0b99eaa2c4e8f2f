//! Numbers in JSON: integers exact, floating point by the shortest text that reads back as the same number.

use std::io::Write;

/// Appends an integer.
pub(super) fn push_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a number of 64 bits, as a string: JavaScript would round it.
pub(super) fn push_quoted(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.push(b'"');
    push_integer(out, value);
    out.push(b'"');
}

/// Appends a number as ECMAScript writes it (protojson does so too); what is no number as a string.
pub(super) fn push_float<F>(out: &mut Vec<u8>, value: F)
where
    F: Copy + Into<f64> + core::fmt::Display + core::fmt::LowerExp,
{
    let wide: f64 = value.into();
    if wide.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if wide.is_infinite() {
        out.extend_from_slice(if wide > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    } else if wide == 0.0 || (1e-6..1e21).contains(&wide.abs()) {
        // Writing into memory does not fail.
        let _ = write!(out, "{value}");
    } else {
        let start = out.len();
        let _ = write!(out, "{value:e}");
        let exponent = out.get(start..).and_then(|text| text.iter().position(|byte| *byte == b'e'));
        if let Some(place) = exponent.map(|place| start + place + 1)
            && out.get(place).is_some_and(|byte| *byte != b'-')
        {
            out.insert(place, b'+');
        }
    }
}

/// The integer that a JSON number writes, whatever its form (`1`, `1.0`, `10e-1`), if it is one and fits.
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
    fn floating_point_is_written_as_ecmascript_writes_it() {
        let double = |value: f64| {
            let mut out = Vec::new();
            push_float(&mut out, value);
            String::from_utf8(out).unwrap()
        };
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (5e-324, "5e-324"),
            (f64::NAN, "\"NaN\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
        ] {
            assert_eq!(double(value), expected);
        }
        let mut out = Vec::new();
        push_float(&mut out, 0.1_f32);
        assert_eq!(out, b"0.1");
    }

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
