//! `Timestamp` and `Duration` as text: RFC 3339 in UTC, and seconds with the letter s.

use super::number;

const SECONDS_A_DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const TIMESTAMPS: core::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// Ten thousand years.
const MAX_DURATION: i64 = 315_576_000_000;
const NANOS_A_SECOND: i32 = 1_000_000_000;

/// Appends a timestamp as a JSON string; `false` where it is out of range.
pub(super) fn push_timestamp(out: &mut Vec<u8>, seconds: i64, nanos: i32) -> bool {
    if !TIMESTAMPS.contains(&seconds) || !(0..NANOS_A_SECOND).contains(&nanos) {
        return false;
    }
    let (year, month, day) = date(seconds.div_euclid(SECONDS_A_DAY));
    let second = seconds.rem_euclid(SECONDS_A_DAY);
    let ([y1, y2], [y3, y4]) = (two_digits(year / 100), two_digits(year));
    let ([m1, m2], [d1, d2]) = (two_digits(month), two_digits(day));
    let [hour1, hour2] = two_digits(second / 3600);
    let [minute1, minute2] = two_digits(second / 60 % 60);
    let [second1, second2] = two_digits(second % 60);
    out.extend_from_slice(&[
        b'"', y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', hour1, hour2, b':', minute1, minute2, b':',
        second1, second2,
    ]);
    push_fraction(out, nanos);
    out.extend_from_slice(b"Z\"");
    true
}

/// Appends a duration as a JSON string; `false` if it is out of range or has mixed signs.
pub(super) fn push_duration(out: &mut Vec<u8>, seconds: i64, nanos: i32) -> bool {
    let in_range = (-MAX_DURATION..=MAX_DURATION).contains(&seconds)
        && (1 - NANOS_A_SECOND..NANOS_A_SECOND).contains(&nanos);
    if !in_range || (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0) {
        return false;
    }
    out.push(b'"');
    if seconds < 0 || nanos < 0 {
        out.push(b'-');
    }
    number::push_integer(out, seconds.unsigned_abs());
    push_fraction(out, nanos.abs());
    out.extend_from_slice(b"s\"");
    true
}

/// A timestamp's seconds and nanoseconds: `2026-11-24T10:00:00.5+01:00`.
pub(super) fn timestamp(text: &str) -> Option<(i64, i32)> {
    let (date_text, rest) = text.split_at_checked(10)?;
    let (time_text, rest) = rest.strip_prefix('T')?.split_at_checked(8)?;
    let [year, month, day] = fields(date_text, '-', [4, 2, 2])?;
    let [hour, minute, second] = fields(time_text, ':', [2, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, rest) = fraction(rest)?;
    let offset = match rest.as_bytes().first()? {
        b'Z' if rest.len() == 1 => 0,
        sign @ (b'+' | b'-') => {
            let [hours, minutes] = fields(rest.get(1..)?, ':', [2, 2])?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 3600 + minutes * 60) * if *sign == b'+' { 1 } else { -1 }
        }
        _ => return None,
    };
    let days = days_since_epoch(year, month, day);
    let seconds = days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second - offset;
    TIMESTAMPS.contains(&seconds).then_some((seconds, nanos))
}

/// A duration's seconds and nanoseconds: `-1.5s`.
pub(super) fn duration(text: &str) -> Option<(i64, i32)> {
    let text = text.strip_suffix('s')?;
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at_checked(digits)?;
    let (nanos, rest) = fraction(rest)?;
    if !(1..=12).contains(&whole.len()) || !rest.is_empty() {
        return None;
    }
    let seconds = whole.parse::<i64>().ok().filter(|seconds| *seconds <= MAX_DURATION)?;
    Some(if negative { (-seconds, -nanos) } else { (seconds, nanos) })
}

/// Numbers of fixed lengths with a separator between them, and nothing else.
fn fields<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut values = [0; N];
    for (value, len) in values.iter_mut().zip(lengths) {
        let part = parts.next().filter(|part| part.len() == len)?;
        *value = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(values)
}

/// The nanoseconds of an optional fraction of one to nine digits, and what follows it.
fn fraction(text: &str) -> Option<(i32, &str)> {
    let Some(text) = text.strip_prefix('.') else { return Some((0, text)) };
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(count)?;
    let scale = 9_u32.checked_sub(u32::try_from(count).ok()?).filter(|scale| *scale < 9)?;
    Some((digits.parse::<i32>().ok()? * 10_i32.checked_pow(scale)?, rest))
}

/// No fraction, or one of 3, 6 or 9 digits.
fn push_fraction(out: &mut Vec<u8>, nanos: i32) {
    if nanos == 0 {
        return;
    }
    let nanos = i64::from(nanos);
    let ([_, d1], [d2, d3]) = (two_digits(nanos / 100_000_000), two_digits(nanos / 1_000_000));
    let ([d4, d5], [d6, d7]) = (two_digits(nanos / 10_000), two_digits(nanos / 100));
    let [d8, d9] = two_digits(nanos);
    let text = [b'.', d1, d2, d3, d4, d5, d6, d7, d8, d9];
    let len = match nanos {
        _ if nanos % 1_000_000 == 0 => 4,
        _ if nanos % 1_000 == 0 => 7,
        _ => 10,
    };
    out.extend_from_slice(text.get(..len).unwrap_or_default());
}

/// The last two digits of a number that is not negative.
#[inline]
fn two_digits(value: i64) -> [u8; 2] {
    let value = u8::try_from(value % 100).unwrap_or_default();
    [b'0' + value / 10, b'0' + value % 10]
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar. Years
/// begin in March here, so that the leap day is the last day: months then follow a pattern of 153
/// days in five months, and all eras of 400 years are equal.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The inverse of [`date`].
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(push: fn(&mut Vec<u8>, i64, i32) -> bool, seconds: i64, nanos: i32) -> Option<String> {
        let mut out = Vec::new();
        push(&mut out, seconds, nanos).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn every_day_of_the_range_survives_its_date() {
        for day in (TIMESTAMPS.start() / SECONDS_A_DAY)..=(TIMESTAMPS.end() / SECONDS_A_DAY) {
            let (year, month, of_month) = date(day);
            assert_eq!(days_since_epoch(year, month, of_month), day);
            assert!((1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&of_month));
        }
    }

    #[test]
    fn timestamps_are_written_in_utc_with_as_many_digits_as_needed() {
        for (seconds, nanos, expected) in [
            (0, 0, "1970-01-01T00:00:00Z"),
            (-1, 999_000_000, "1969-12-31T23:59:59.999Z"),
            (1_709_164_800, 1_000, "2024-02-29T00:00:00.000001Z"),
            (-62_135_596_800, 1, "0001-01-01T00:00:00.000000001Z"),
            (253_402_300_799, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(shown(push_timestamp, seconds, nanos), Some(format!("\"{expected}\"")));
            assert_eq!(timestamp(expected), Some((seconds, nanos)));
        }
        for (seconds, nanos) in [(-62_135_596_801, 0), (253_402_300_800, 0), (0, -1), (0, 1_000_000_000)] {
            assert_eq!(shown(push_timestamp, seconds, nanos), None);
        }
        assert_eq!(timestamp("1970-01-01T01:30:00+01:30"), Some((0, 0)));
        for text in [
            "1970-01-01T00:00:00",
            "1970-01-01t00:00:00Z",
            "1970-02-29T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:00:60Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.1234567890Z",
            "1970-01-01T00:00:00+0100",
            "0001-01-01T00:00:00+00:01",
            "+970-01-01T00:00:00Z",
            "1970-01-01T00:00:00ZZ",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_written_in_seconds() {
        for (seconds, nanos, expected) in [
            (0, 0, "0s"),
            (1, 500_000_000, "1.500s"),
            (0, -1, "-0.000000001s"),
            (-315_576_000_000, -999_999_999, "-315576000000.999999999s"),
        ] {
            assert_eq!(shown(push_duration, seconds, nanos), Some(format!("\"{expected}\"")));
            assert_eq!(duration(expected), Some((seconds, nanos)));
        }
        for (seconds, nanos) in
            [(315_576_000_001, 0), (1, -1), (-1, 1), (0, 1_000_000_000), (0, i32::MIN + 1)]
        {
            assert_eq!(shown(push_duration, seconds, nanos), None);
        }
        for text in ["1", "s", "-s", ".5s", "1.s", "+1s", "1 s", "315576000001s", "1.0000000001s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
