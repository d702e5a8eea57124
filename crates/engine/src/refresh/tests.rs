use alloc::{boxed::Box, vec::Vec};

use super::*;
use crate::{
    fixture::{T0, cached, drive, id, policy, refused},
    lookup::{self, Backoff, Known, NoPolicy},
};

fn failing(mut known: Known, at: Timestamp, count: u32) -> Known {
    known.backoff =
        Some(Box::new(Backoff { id: Some("a".into()), until: at.plus(300), count, why: NoPolicy::Pending }));
    known
}

fn due_after(known: &Known, seed: u64) -> u64 {
    next_due(known, seed).unwrap().since(T0)
}

#[test]
fn nothing_known_is_never_due() {
    assert_eq!(next_due(&Known::default(), 1), None);
}

/// STS-3.3-14
#[test]
fn a_long_lived_policy_is_due_in_the_last_quarter_of_a_day() {
    for max_age in [172_800, 604_800, 31_557_600] {
        let known = cached(max_age);
        assert_eq!(due_after(&known, 0), 64_800);
        assert!((0..5_000).all(|seed| (64_800..86_400).contains(&due_after(&known, seed * 7_919))));
    }
}

#[test]
fn a_short_lived_policy_is_due_after_half_to_three_quarters_of_its_life() {
    for (max_age, from, to) in [(86_400, 43_200, 64_800), (3_600, 1_800, 2_700), (7_200, 3_600, 5_400)] {
        assert!((0..5_000).all(|seed| (from..to).contains(&due_after(&cached(max_age), seed))));
    }
}

#[test]
fn seeds_spread_what_was_fetched_together() {
    let known = cached(604_800);
    let mut hours = [0_u32; 6];
    for seed in 0..21_600_u64 {
        let hour =
            usize::try_from((due_after(&known, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) - 64_800) / 3_600).unwrap();
        hours[hour] += 1;
    }
    assert!(hours.iter().all(|count| (2_800..4_400).contains(count)), "{hours:?}");
}

#[test]
fn a_policy_that_lives_for_seconds_does_not_make_us_hammer_its_host() {
    for max_age in [1, 2, 60, 299, 300] {
        assert_eq!(due_after(&cached(max_age), 3), u64::from(max_age), "not before its end");
    }
    assert!((300..450).contains(&due_after(&cached(600), 3)));
}

/// STS-10.2-3
#[test]
fn failures_double_the_wait_up_to_an_hour() {
    let now = T0.plus(64_800);
    let waits: Vec<u64> = (1..9).map(|count| due_after(&failing(cached(604_800), now, count), 0) - 64_800).collect();
    assert_eq!(waits, [300, 600, 1_200, 2_400, 3_600, 3_600, 3_600, 3_600]);
    assert_eq!(due_after(&failing(cached(604_800), now, u32::MAX), 0), 64_800 + 3_600);
}

#[test]
fn after_failures_there_is_one_more_try_before_the_end() {
    let known = |ago: u64| failing(cached(86_400), T0.plus(86_400 - ago), 9);
    assert_eq!(due_after(&known(4_000), 0), 86_400 - 400);
    assert_eq!(due_after(&known(3_000), 0), 86_400 - 120);
    assert_eq!(due_after(&known(500), 0), 86_400 - 120);
    assert_eq!(due_after(&known(350), 0), 86_400 - 50, "five minutes after the last one");
    assert_eq!(due_after(&known(200), 0), 86_400, "no time for one");
}

/// The refresher sleeps until the due time: each refresh has to move it on.
#[test]
fn no_refresh_leaves_the_due_time_where_it_was() {
    for max_age in [1, 100, 301, 600, 3_600, 86_400, 604_800] {
        let mut known = cached(max_age);
        let mut now = T0;
        for _ in 0..500 {
            let Some(due) = next_due(&known, 11) else { break };
            assert!(due >= now);
            now = due;
            known = drive(lookup::refresh(known, now), &id("a", 300), &refused(), now).known;
            assert!(next_due(&known, 11).is_none_or(|next| next > now), "{max_age}: {due:?}");
        }
        assert_eq!(known.entry, None, "{max_age}: it ended at last");
        assert_eq!(now, T0.plus(u64::from(max_age)));
    }
}

/// STS-3.3-15
#[test]
fn an_admin_hears_of_failures_unless_the_mode_is_none() {
    let known = failing(cached(604_800), T0, 2);
    let told = alert(&known, T0).unwrap();
    assert_eq!((told.mode, told.failures, told.left, told.urgency), (Mode::Enforce, 2, 604_800, Urgency::Notice));
    assert_eq!(alert(&known, T0.plus(500_000)).unwrap().urgency, Urgency::Pressing);
    assert_eq!(alert(&known, T0.plus(604_801)), None, "it is over");
    assert_eq!(alert(&cached(604_800), T0), None);

    let mut none = known;
    none.entry.as_mut().unwrap().policy = policy(Mode::None, &[], 604_800);
    assert_eq!(alert(&none, T0), None);
}
