//! When a report leaves, and when it is tried again (RFC 8460 §4.1, §5.5).
use strictmx_proto::name::Domain;

use super::{Day, Scope};
use crate::time::Timestamp;

/// How long a destination is tried, seconds from its first attempt (TLSRPT-5.5-1).
pub const TRIED_FOR: u64 = 86_400;
/// Reports begin to leave so long after midnight, seconds: what was under way at midnight is counted by then.
pub const SETTLE: u64 = 300;
/// Finished days that are caught up with after a long downtime.
pub const CATCH_UP: u32 = 7;
/// From the first attempt to the second, seconds; doubled each time (TLSRPT-5.5-2).
const FIRST_PAUSE: u64 = 300;
/// Longest pause, seconds.
const LONGEST_PAUSE: u64 = 4 * 3_600;
/// No attempt takes as long as this, seconds.
const ATTEMPT: u64 = 1_800;

/// When a report is to leave: after the day, spread over `spread` seconds so that a receiver does not get everybody's reports at
/// once (TLSRPT-4.1-2). `seed` is this sender's own. A report that is late leaves within a tenth of the spread from `now`.
#[must_use]
pub fn due(day: Day, domain: &Domain, scope: Scope, spread: u64, seed: u64, now: Timestamp) -> Timestamp {
    let chance = chance(seed, day, domain, scope);
    let planned = day.end().plus(1 + SETTLE + within(chance, spread));
    if planned >= now { planned } else { now.plus(within(chance, spread / 10)) }
}

/// When a destination that has been tried `tries` times is tried again; `None`: it has had its 24 hours.
#[must_use]
pub fn again(first: Timestamp, tries: u32, now: Timestamp, seed: u64) -> Option<Timestamp> {
    let doubled = FIRST_PAUSE.saturating_mul(1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX));
    let pause = doubled.min(LONGEST_PAUSE);
    // A fifth more or less, so that a receiver that comes back is not met by all at once.
    let next = now.plus(pause - pause / 10 + within(seed.rotate_left(tries) ^ first.0, pause / 5));
    (next.since(first) <= TRIED_FOR).then_some(next)
}

/// When a destination is tried again should nobody hear of its attempt number `tries` any more, because the process was killed in
/// it: not while it may still be going on, and less and less often, so that whatever kills the process does not make it flood
/// anybody.
#[must_use]
pub fn unheard(first: Timestamp, tries: u32, now: Timestamp, seed: u64) -> Timestamp {
    let next = again(first, tries, now, seed).unwrap_or_else(|| now.plus(LONGEST_PAUSE));
    next.max(now.plus(ATTEMPT))
}

/// Finished days that may still have reports to make: the last [`CATCH_UP`] before today.
#[must_use]
pub fn is_reportable(day: Day, now: Timestamp) -> bool {
    let today = Day::of(now);
    day < today && day >= today.back(CATCH_UP) && now.since(day.end()) > SETTLE
}

/// The moment of a day from which on the day before is reported.
#[must_use]
pub const fn opens(today: Day) -> Timestamp {
    today.begin().plus(SETTLE + 1)
}

/// A number that looks like chance, always the same for the same report (FNV-1a, and a last stir).
fn chance(seed: u64, day: Day, domain: &Domain, scope: Scope) -> u64 {
    let octets = domain.as_str().bytes().chain(day.0.to_le_bytes()).chain([scope as u8]);
    octets.fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}

/// A number below `bound` (zero when that is zero), from a number of chance.
fn within(chance: u64, bound: u64) -> u64 {
    let stirred = (chance ^ (chance >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    if bound == 0 { 0 } else { (stirred ^ (stirred >> 29)) % bound }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn domain(n: u32) -> Domain {
        Domain::parse(&format!("d{n}.example")).unwrap()
    }

    /// TLSRPT-4.1-2
    #[test]
    fn reports_are_spread_over_the_first_hours_and_each_has_its_own_time() {
        let (day, spread) = (Day(20_000), 14_400);
        let midnight = day.end().plus(1);
        let due = |n| due(day, &domain(n), Scope::Domain, spread, 7, midnight).since(midnight);
        let quarters = (0..4_000).map(due).inspect(|at| assert!((SETTLE..SETTLE + spread).contains(at)));
        let mut counts = [0_u32; 4];
        quarters.for_each(|at| counts[usize::try_from((at - SETTLE) / 3_600).unwrap()] += 1);
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
        assert_eq!(due(3), due(3));
    }

    #[test]
    fn a_report_that_is_late_leaves_soon_but_not_all_at_once() {
        let day = Day(20_000);
        let now = day.end().plus(3 * 86_400);
        let due = |n| due(day, &domain(n), Scope::Domain, 14_400, 7, now).since(now);
        assert!((0..100).all(|n| due(n) < 1_440));
        assert!((0..100).any(|n| due(n) != due(0)));
    }

    /// TLSRPT-5.5-1, TLSRPT-5.5-2
    #[test]
    fn a_destination_is_tried_less_and_less_often_for_24_hours_and_then_no_more() {
        let first = Timestamp(1_800_000_000);
        let (mut now, mut tries, mut pauses) = (first, 1, alloc::vec::Vec::new());
        while let Some(next) = again(first, tries, now, 42) {
            pauses.push(next.since(now));
            (now, tries) = (next, tries + 1);
        }
        assert!(now.since(first) <= TRIED_FOR && now.since(first) > TRIED_FOR - 5 * 3_600);
        assert!((5..20).contains(&tries), "{tries}");
        assert!(pauses.windows(2).take(5).all(|pair| pair[1] > pair[0]), "{pauses:?}");
    }

    #[test]
    fn an_attempt_that_nobody_heard_of_is_made_again_when_it_must_be_over_and_then_less_and_less_often() {
        let first = Timestamp(1_800_000_000);
        assert_eq!(unheard(first, 1, first, 42), first.plus(ATTEMPT));
        assert!(unheard(first, 7, first, 42) > first.plus(3 * 3_600));
        let late = first.plus(3 * TRIED_FOR);
        assert_eq!(unheard(first, 1, late, 42), late.plus(LONGEST_PAUSE));
    }

    #[test]
    fn only_finished_days_of_the_last_week_are_reported() {
        let today = Day(20_000);
        let noon = today.begin().plus(43_200);
        assert!(!is_reportable(today, noon));
        assert!(is_reportable(today.back(1), noon));
        assert!(is_reportable(today.back(7), noon));
        assert!(!is_reportable(today.back(8), noon));
        assert!(is_reportable(today.back(1), opens(today)));
        assert!(
            !is_reportable(today.back(1), today.begin().plus(10)),
            "what was under way at midnight is still being counted"
        );
    }
}
