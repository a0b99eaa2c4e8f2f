//! Times as services write them. A time that is signed comes in as an argument.

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: u64 = 24 * 60 * 60;

/// Seconds since 1970.
pub(crate) fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// `20150830T123600Z`, as AWS signs it.
pub(crate) fn compact(time: SystemTime) -> String {
    let seconds = unix(time);
    let (year, month, day) = date(seconds / DAY);
    let of_day = seconds % DAY;
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// The time until `2026-03-01T12:30:00Z`, as [`at`] reads it.
pub(crate) fn until(text: &str, now: SystemTime) -> Option<Duration> {
    Some(Duration::from_secs(unix(at(text)?).saturating_sub(unix(now))))
}

/// The time `2026-03-01T12:30:00Z`, to the second, with or without fractions; `None` if this is not
/// a time in UTC.
pub(crate) fn at(text: &str) -> Option<SystemTime> {
    let (day, rest) = text.split_once('T')?;
    let clock = rest.strip_suffix('Z').or_else(|| rest.strip_suffix("+00:00"))?;
    let clock = clock.split('.').next()?;
    let mut fields = day.split('-').chain(clock.split(':')).map(str::parse::<u64>);
    let mut next = || fields.next()?.ok().filter(|number| *number < 10_000);
    let (year, month, day) = (next()?, next()?, next()?);
    let seconds = days(year, month, day)? * DAY + next()? * 3600 + next()? * 60 + next()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Days since 1970, in the Gregorian calendar. Years are counted from March, so that the leap day
/// is the last.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    (before + (153 * month + 2) / 5 + day - 1).checked_sub(719_468)
}

fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + carry, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_400, "20000229T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (4_102_444_799, "20991231T235959Z"),
        ] {
            assert_eq!(compact(at(seconds)), text);
        }
        let now = at(1_440_938_160);
        assert_eq!(until("2015-08-30T12:37:00Z", now), Some(Duration::from_secs(60)));
        assert_eq!(until("2015-08-30T12:37:00.123456Z", now), Some(Duration::from_secs(60)));
        assert_eq!(until("2015-08-30T12:37:00+00:00", now), Some(Duration::from_secs(60)));
        assert_eq!(until("2000-02-29T00:00:00Z", now), Some(Duration::ZERO));
        for text in [
            "",
            "2015-08-30",
            "2015-13-30T12:37:00Z",
            "2015-08-30T12:37Z",
            "2015-08-30T12:37:00",
            "99999-01-01T00:00:00Z",
        ] {
            assert_eq!(until(text, now), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_two_centuries_comes_back() {
        for day in 0..80_000 {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), Some(day));
        }
    }
}
