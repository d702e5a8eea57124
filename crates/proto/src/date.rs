//! Days and times of the UTC calendar as texts: RFC 3339 for reports, RFC 5322 for mail.
//!
//! A moment is seconds since the Unix epoch. Years run from 1970 to 9999; what lies outside is not read.
use alloc::{format, string::String};

/// Seconds of a day.
pub const DAY: u64 = 86_400;
/// The first second of the year 10000, which four digits cannot write.
const END: u64 = 253_402_300_800;

/// A day and a time of it, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Civil {
    /// 1970..=9999.
    pub year: u16,
    /// 1..=12.
    pub month: u8,
    /// 1..=31.
    pub day: u8,
    /// 0..=23.
    pub hour: u8,
    /// 0..=59.
    pub minute: u8,
    /// 0..=59.
    pub second: u8,
}

/// Whether a text said which zone its time is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// `Z` or an offset.
    Given,
    /// None; UTC was taken.
    Assumed,
}

/// The day and time of a moment; the last second of the year 9999 for all later ones.
#[must_use]
pub fn civil(seconds: u64) -> Civil {
    let seconds = seconds.min(END - 1);
    let (days, time) = (seconds / DAY, seconds % DAY);
    // Days since 1 March of the year 0, in eras of 400 years (146 097 days), so that a leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let small = |number: u64| u8::try_from(number).unwrap_or(0);
    Civil {
        year: u16::try_from(year).unwrap_or(9999),
        month: small(month),
        day: small(day),
        hour: small(time / 3_600),
        minute: small(time / 60 % 60),
        second: small(time % 60),
    }
}

impl Civil {
    /// The moment; `None` when there is no such day or time, or it lies outside of 1970..=9999.
    #[must_use]
    pub fn seconds(self) -> Option<u64> {
        let Self { year, month, day, hour, minute, second } = self;
        let days = days_in(year, month)?;
        if !(1970..=9999).contains(&year) || day == 0 || day > days || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (month, day) = (u64::from(month), u64::from(day));
        let year = u64::from(year) - u64::from(month <= 2);
        let march_month = if month > 2 { month - 3 } else { month + 9 };
        let (era, of_era) = (year / 400, year % 400);
        let day_of_year = (153 * march_month + 2) / 5 + day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
        Some(days * DAY + u64::from(hour) * 3_600 + u64::from(minute) * 60 + u64::from(second))
    }
}

fn days_in(year: u16, month: u8) -> Option<u8> {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => Some(29),
        2 => Some(28),
        _ => None,
    }
}

/// `2026-11-22T00:00:00Z` (RFC 3339 §5.6, R3339-5.6-1, R7493-4.3-1).
#[must_use]
pub fn rfc3339(seconds: u64) -> String {
    let Civil { year, month, day, hour, minute, second } = civil(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `20261122`.
#[must_use]
pub fn compact_day(seconds: u64) -> String {
    let Civil { year, month, day, .. } = civil(seconds);
    format!("{year:04}{month:02}{day:02}")
}

/// `Sun, 22 Nov 2026 00:00:00 +0000` (RFC 5322 §3.3).
#[must_use]
pub fn rfc5322(seconds: u64) -> String {
    // The epoch was a Thursday.
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = seconds.min(END - 1);
    let Civil { year, month, day, hour, minute, second } = civil(seconds);
    let name = |names: &[&'static str], index: u64| {
        usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
    };
    let weekday = name(&DAYS, seconds / DAY % 7);
    let month = name(&MONTHS, u64::from(month) - 1);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

/// Reads an RFC 3339 date-time: any case, any fraction (dropped), offset applied, a leap second taken as the one before it. A
/// space may stand for the `T`, the zone may be absent, and so may the time: then it is midnight.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<(u64, Zone)> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = split(date, '-')?;
    if date.len() != 10 || year.len() != 4 {
        return None;
    }
    let (year, month, day) = (digits(year)?, two(month)?, two(day)?);
    if rest.is_empty() {
        let midnight = Civil { year, month, day, hour: 0, minute: 0, second: 0 };
        return Some((midnight.seconds()?, Zone::Assumed));
    }
    let (time, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let [hour, minute, second] = split(time, ':')?;
    let civil = Civil { year, month, day, hour: two(hour)?, minute: two(minute)?, second: two(second)?.min(59) };
    if two(second)? > 60 {
        return None;
    }
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let after = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if after.len() == fraction.len() {
                return None;
            }
            after
        }
        None => rest,
    };
    let seconds = civil.seconds()?;
    match rest {
        "" => Some((seconds, Zone::Assumed)),
        "Z" | "z" => Some((seconds, Zone::Given)),
        _ => Some((seconds.checked_add_signed(-offset(rest)?)?, Zone::Given)),
    }
}

/// `+01:00`, also without the colon, in seconds.
fn offset(text: &str) -> Option<i64> {
    let (sign, rest) = text.split_at_checked(1)?;
    let (hours, minutes) = rest.split_at_checked(2)?;
    let seconds = i64::from(two(hours)?) * 3_600 + i64::from(two(minutes.strip_prefix(':').unwrap_or(minutes))?) * 60;
    match sign {
        "+" => Some(seconds),
        "-" => Some(-seconds),
        _ => None,
    }
}

fn split(text: &str, at: char) -> Option<[&str; 3]> {
    let mut parts = text.split(at);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

fn two(text: &str) -> Option<u8> {
    (text.len() == 2).then(|| digits(text)).flatten()
}

/// Digits only: `parse` alone would take a sign.
fn digits<T: core::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
