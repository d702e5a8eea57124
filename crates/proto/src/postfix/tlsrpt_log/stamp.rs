//! The time at the front of a syslog line.
use crate::date::{Civil, Zone, civil, parse_rfc3339};

/// When something was logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// RFC 3339, as most systems write today: seconds since the epoch.
    Moment(u64),
    /// The same without zone: seconds since the epoch if it is UTC.
    Local(u64),
    /// The traditional form, `Nov 22 03:43:11`: local time, and no year.
    Yearless {
        /// 1..=12.
        month: u8,
        /// 1..=31.
        day: u8,
        /// 0..=23.
        hour: u8,
        /// 0..=59.
        minute: u8,
        /// 0..=59.
        second: u8,
    },
}

impl Stamp {
    /// The moment, in seconds since the epoch. `now` decides on the year, which is the last one that does not put the line more
    /// than a day into the future; `offset` is the local time's, in seconds east of Greenwich.
    ///
    /// `None`: there is no such day in this year or the one before.
    #[must_use]
    pub fn resolve(self, now: u64, offset: i64) -> Option<u64> {
        let utc = |local: u64| local.checked_add_signed(offset.checked_neg()?);
        match self {
            Self::Moment(moment) => Some(moment),
            Self::Local(local) => utc(local),
            Self::Yearless { month, day, hour, minute, second } => {
                let this = civil(now).year;
                // On New Year's Eve the line may be of the next year already.
                [this + 1, this, this - 1].into_iter().find_map(|year| {
                    let moment = utc(Civil { year, month, day, hour, minute, second }.seconds()?)?;
                    (moment <= now.saturating_add(crate::date::DAY)).then_some(moment)
                })
            }
        }
    }
}

/// Takes the time and the blank behind it.
pub(super) fn take(text: &str) -> Option<(Stamp, &str)> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let (stamp, rest) = text.split_once(' ')?;
        let stamp = match parse_rfc3339(stamp)? {
            (moment, Zone::Given) => Stamp::Moment(moment),
            (moment, Zone::Assumed) => Stamp::Local(moment),
        };
        return Some((stamp, rest));
    }
    let (month, rest) = text.split_at_checked(3)?;
    let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == month)?.1;
    // The day is padded with a blank.
    let (day, rest) = rest.strip_prefix(' ')?.trim_start().split_once(' ')?;
    let (time, rest) = rest.split_once(' ')?;
    let mut parts = time.split(':').map(str::parse::<u8>);
    let mut part = |most: u8| parts.next()?.ok().filter(|part| *part <= most);
    let (hour, minute, second) = (part(23)?, part(59)?, part(60)?.min(59));
    let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    Some((Stamp::Yearless { month, day, hour, minute, second }, rest))
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
