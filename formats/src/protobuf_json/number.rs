//! Numbers in JSON: integers exactly, floating point as the shortest text that reads back as the
//! same number.

use std::io::Write;

/// Appends an integer.
pub(super) fn push_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a 64-bit number as a string, because JavaScript would round it.
pub(super) fn push_quoted(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.push(b'"');
    push_integer(out, value);
    out.push(b'"');
}

/// Appends a number as ECMAScript writes it (like protojson); NaN and infinities as strings.
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
}
