//! Moments and lengths of time in words, for findings.
use alloc::{format, string::String};

use crate::time::Timestamp;

/// Seconds of a day.
pub(super) const DAY: u64 = 86_400;
const HOUR: u64 = 3600;
/// The last second that is told, of the year 9999: a certificate may claim any.
const LAST: u64 = 253_402_300_799;

/// The day, UTC: `2026-11-22`.
pub(super) fn day(at: Timestamp) -> String {
    let (year, month, day) = civil(at.0.min(LAST));
    format!("{year:04}-{month:02}-{day:02}")
}

/// The minute: `2026-11-22 04:02 UTC`.
pub(super) fn minute(at: Timestamp) -> String {
    let second = at.0.min(LAST);
    format!("{} {:02}:{:02} UTC", day(at), second % DAY / HOUR, second % HOUR / 60)
}

/// An id for a new policy, made of the moment: `20261122040228` (STS-3.1-3).
pub(super) fn new_id(at: Timestamp) -> String {
    let second = at.0.min(LAST);
    let (year, month, day) = civil(second);
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", second % DAY / HOUR, second % HOUR / 60, second % 60)
}

/// A length of time in its largest fitting unit: `30 days`, `1 hour`, `90 seconds`.
pub(super) fn length(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / HOUR, "hour"),
        _ => (seconds / DAY, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// Year, month and day of the Gregorian calendar, by counting eras of 400 years from March of the year 0.
fn civil(second: u64) -> (u64, u64, u64) {
    let days = second / DAY + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[test]
fn moments_are_told_as_people_write_them() {
    for (seconds, text) in [
        (0, "1970-01-01 00:00 UTC"),
        (951_782_399, "2000-02-28 23:59 UTC"),
        (951_782_400, "2000-02-29 00:00 UTC"),
        (1_800_000_000, "2027-01-15 08:00 UTC"),
        (4_107_542_399, "2100-02-28 23:59 UTC"),
        (4_107_542_400, "2100-03-01 00:00 UTC"),
        (u64::MAX, "9999-12-31 23:59 UTC"),
    ] {
        assert_eq!(minute(Timestamp(seconds)), text);
    }
    assert_eq!(new_id(Timestamp(1_800_000_061)), "20270115080101");
    let told = [0, 1, 119, 120, 3600, 7200, 172_800, 2_592_000].map(length);
    let words = ["0 seconds", "1 second", "119 seconds", "2 minutes", "60 minutes", "2 hours", "2 days", "30 days"];
    assert_eq!(told.each_ref().map(String::as_str), words);
}
