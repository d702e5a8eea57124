//! Moments and lengths of time, for people and programs.
use jiff::Timestamp as Moment;
use strictmx_engine::time::Timestamp;

/// A moment as RFC 3339, UTC, whole seconds: `2026-11-22T00:00:00Z`.
pub fn rfc3339(moment: Timestamp) -> String {
    let seconds = i64::try_from(moment.0).unwrap_or(i64::MAX);
    Moment::from_second(seconds).unwrap_or(Moment::MAX).to_string()
}

/// The beginning of a day, UTC, `2026-12-24`, or a moment as RFC 3339; `None`: it is neither.
pub fn moment(text: &str) -> Option<Timestamp> {
    let day =
        |text: &str| Some(text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
    let moment = if text.contains(['T', 't']) { text.parse::<Moment>().ok()? } else { day(text)? };
    u64::try_from(moment.as_second()).ok().map(Timestamp)
}

/// A length of time in the largest unit of which there are two: `30 days`, `36 hours`, `90 s`.
pub fn span(seconds: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("days", 86_400), ("hours", 3_600), ("minutes", 60)];
    UNITS
        .into_iter()
        .find(|(_, length)| seconds >= 2 * length)
        .map_or_else(|| format!("{seconds} s"), |(unit, length)| format!("{} {unit}", seconds / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_or_a_moment_is_read() {
        assert_eq!(moment("2026-12-24"), Some(Timestamp(1_798_070_400)));
        assert_eq!(moment("2026-12-24T01:00:00+01:00"), Some(Timestamp(1_798_070_400)));
        for bad in ["", "24.12.2026", "2026-02-30", "1960-01-01", "tomorrow"] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_length_is_told_in_the_largest_unit_that_says_something() {
        for (seconds, text) in
            [(0, "0 s"), (90, "90 s"), (120, "2 minutes"), (86_400, "24 hours"), (2_592_000, "30 days")]
        {
            assert_eq!(span(seconds), text);
        }
    }
}
