//! UTC days, the period of every report (TLSRPT-4.1-2).
use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Seconds of a day; UTC days of the Unix clock have no leap seconds.
const SECONDS: u64 = 86_400;

/// A UTC day, counted from 1970-01-01. Shown as `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub u32);

impl Day {
    /// The day that a moment lies in.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(u32::try_from(at.0 / SECONDS).unwrap_or(u32::MAX))
    }

    /// Its first second.
    #[must_use]
    pub const fn begin(self) -> Timestamp {
        Timestamp(self.0 as u64 * SECONDS)
    }

    /// Its last second.
    #[must_use]
    pub const fn end(self) -> Timestamp {
        Timestamp(self.0 as u64 * SECONDS + SECONDS - 1)
    }

    /// The day after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// So many days earlier.
    #[must_use]
    pub const fn back(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// Year, month and day of the Gregorian calendar.
    #[must_use]
    pub fn civil(self) -> (u32, u32, u32) {
        // Days since 0000-03-01, so that the leap day is the last of its year; then eras of 400 years.
        let days = u64::from(self.0) + 719_468;
        let era = days / 146_097;
        let of_era = days % 146_097;
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        (small(year), small(month), small(day))
    }

    /// The day of a date of the Gregorian calendar from 1970 on; `None`: there is no such date.
    #[must_use]
    pub fn from_civil(year: u32, month: u32, day: u32) -> Option<Self> {
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let (y, m) = (u64::from(if month <= 2 { year - 1 } else { year }), u64::from(month));
        let (era, year_of_era) = (y / 400, y % 400);
        let of_year = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + u64::from(day) - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        let found = Self(u32::try_from(era * 146_097 + of_era - 719_468).ok()?);
        // The 31st of a month of thirty days comes out as the first of the next.
        (found.civil() == (year, month, day)).then_some(found)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// The text is no date from 1970 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoDay;

impl fmt::Display for NoDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write a UTC day such as 2026-11-22")
    }
}

impl core::error::Error for NoDay {}

impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            if part.bytes().all(|octet| octet.is_ascii_digit()) { part.parse::<u32>().ok() } else { None }
        };
        let date = (|| Some((number(4)?, number(2)?, number(2)?)))();
        match (date, parts.next()) {
            (Some((year, month, day)), None) => Self::from_civil(year, month, day).ok_or(NoDay),
            _ => Err(NoDay),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_is_shown_as_its_date() {
        for (days, date) in [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_779, "2026-11-22")] {
            assert_eq!(Day(days).to_string(), date);
            assert_eq!(date.parse(), Ok(Day(days)));
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "2026-11", "2026-11-31", "2025-02-29", "1969-12-31", "2026-1-01", "2026-11-22-", "+026-11-22"]
        {
            assert_eq!(text.parse::<Day>(), Err(NoDay), "{text}");
        }
    }

    #[test]
    fn a_moment_belongs_to_the_day_between_its_midnights() {
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!(Day::of(day.begin()), day);
        assert_eq!(Day::of(day.end()), day);
        assert_eq!(Day::of(day.end().plus(1)), day.next());
    }

    proptest! {
        #[test]
        fn every_day_comes_back_from_its_date(days in 0_u32..2_932_896) {
            prop_assert_eq!(Day(days).to_string().parse(), Ok(Day(days)));
        }
    }
}
