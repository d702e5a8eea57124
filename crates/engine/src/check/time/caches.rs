//! What senders still have in their caches: they keep a policy for its `max_age` from the last fetch (STS-3.2-7).
use alloc::format;

use strictmx_proto::sts::{Mode, NoRecord, Policy};

use super::super::{
    Check, Context, Family, Findings, Severity, Side, State,
    calendar::{DAY, day, length, minute},
};
use super::history::{History, Known};
use crate::time::Timestamp;

pub(super) static REMOVED_EARLY: Check = Check {
    id: "time.removed-early",
    family: Family::Time,
    title: "the policy was removed while senders still have it",
    why: "Without a record senders go on with the policy in their cache until it runs out. If an MX host changes meanwhile, they refuse \
          to deliver, and cannot learn of any change.",
    requirement: "STS-8.3-1",
    side: Side::Policy,
};

pub(super) static RUNNING_OUT: Check = Check {
    id: "time.running-out",
    family: Family::Time,
    title: "the policy cannot be fetched, and runs out of caches",
    why: "Senders that have the policy go on with it until their copy runs out. From then on they deliver as if there were none, so \
          the protection ends without anybody noticing.",
    requirement: "STS-10.2-3",
    side: Side::PolicyHost,
};

pub(super) static RAN_OUT: Check = Check {
    id: "time.ran-out",
    family: Family::Time,
    title: "the policy ran out of caches before it could be fetched again",
    why: "For that time no sender knew the policy, and mail to the domain was not protected.",
    requirement: "STS-10.2-1",
    side: Side::PolicyHost,
};

pub(super) static NONE_UNTIL: Check = Check {
    id: "time.none-until",
    family: Family::Time,
    title: "how long mode: none must stay",
    why: "Record, policy and host may go only when every policy served before has run out of all caches; a sender that still has one \
          must be able to learn that it is over.",
    requirement: "STS-8.3-1",
    side: Side::Policy,
};

/// How long the end of a gap is news, seconds.
const NEWS: u64 = 30 * DAY;
/// A short `max_age` for the end, as RFC 8461 §8.3 proposes.
const LAST_MAX_AGE: u32 = 86_400;

pub(super) fn judge(context: &Context<'_>, history: &History, found: &mut Findings) {
    let Some(now) = history.now() else {
        return;
    };
    match context.state {
        State::None => none_until(context, history, found),
        State::Absent if matches!(context.record, Some(Err(NoRecord::None))) => removed(context, history, found),
        _ if now.policy.is_none() => gone(context, history, found),
        _ => gap(context, history, found),
    }
}

/// A policy that makes senders do something, and when the last of them has forgotten it.
fn kept(known: &Known) -> Option<(&Known, &Policy, Timestamp)> {
    let policy = known.policy.as_ref().filter(|policy| policy.mode != Mode::None)?;
    Some((known, policy, known.forgotten()?))
}

fn removed(context: &Context<'_>, history: &History, found: &mut Findings) {
    let kept = history.before().filter_map(kept);
    let Some((known, policy, forgotten)) = kept.max_by_key(|(_, _, forgotten)| *forgotten) else {
        return;
    };
    if forgotten <= context.seen.at {
        return;
    }
    let mode = policy.mode;
    let seen = format!(
        "A policy of mode: {mode} was served until {}, and may be kept until {}.",
        minute(known.last),
        day(forgotten)
    );
    let end = Policy::new(Mode::None, LAST_MAX_AGE, policy.mx.to_vec());
    // In `testing` nothing is refused, so nothing is lost.
    let severity = if mode == Mode::Enforce { Severity::Warning } else { Severity::Info };
    found
        .add(&REMOVED_EARLY, severity, seen)
        .about(format!("_mta-sts.{}", context.domain()))
        .step(format!(
            "Bring back the policy host with this text, and the record with a new id; remove them after {}. Until then keep the MX \
             hosts and their certificates as they were.",
            day(forgotten)
        ))
        .publish(end.map_or_else(|_| "".into(), |policy| policy.emit()));
}

fn gone(context: &Context<'_>, history: &History, found: &mut Findings) {
    let Some((known, _, forgotten)) = history.before().find(|known| known.policy.is_some()).and_then(kept) else {
        return;
    };
    let about = format!("mta-sts.{}", context.domain());
    if forgotten > context.seen.at {
        let seen = format!(
            "A policy was last seen at {}; no cache keeps it beyond {}.",
            minute(known.last),
            minute(forgotten)
        );
        let step = "Mend the policy host before that time: see what else was found about it.";
        found.add(&RUNNING_OUT, Severity::Warning, seen).about(about).step(step);
    } else {
        let seen = format!(
            "A policy was last seen at {}; it ran out of all caches by {}.",
            minute(known.last),
            minute(forgotten)
        );
        let step = "Mend the policy host, and give the policy a longer max_age, so that senders bear a longer failure.";
        found.add(&RAN_OUT, Severity::Info, seen).about(about).step(step);
    }
}

/// A gap that is over, with a time in it when no policy could be fetched.
fn gap(context: &Context<'_>, history: &History, found: &mut Findings) {
    let Some(now) = history.now() else {
        return;
    };
    let served = history.before().take_while(|known| known.policy.is_some()).last().unwrap_or(now);
    let mut before = history.before().skip_while(|known| known.policy.is_some()).peekable();
    if before.peek().is_none() || context.seen.at.since(served.first) > NEWS {
        return;
    }
    let Some((known, policy, forgotten)) = before.find(|known| known.policy.is_some()).and_then(kept) else {
        return;
    };
    if forgotten >= served.first {
        return;
    }
    let seen = format!(
        "Between {} and {} no policy could be fetched, longer than its max_age of {}.",
        minute(known.last),
        minute(served.first),
        length(u64::from(policy.max_age))
    );
    found
        .add(&RAN_OUT, Severity::Info, seen)
        .about(format!("mta-sts.{}", context.domain()))
        .step("Give the policy a longer max_age, so that senders bear such a failure, and watch the policy host.");
}

fn none_until(context: &Context<'_>, history: &History, found: &mut Findings) {
    let Some(forgotten) = history.before().filter_map(kept).map(|(_, _, forgotten)| forgotten).max() else {
        return;
    };
    let (seen, step) = if forgotten > context.seen.at {
        (
            format!("Senders may keep an earlier policy until {}.", minute(forgotten)),
            format!("Keep the record, the policy and its host until {}; then all three may go.", minute(forgotten)),
        )
    } else {
        (
            format!("Every earlier policy ran out of all caches by {}.", minute(forgotten)),
            "The record, the policy and its host may go, in this order, if there is to be no policy any more.".into(),
        )
    };
    found.add(&NONE_UNTIL, Severity::Info, seen).about(format!("mta-sts.{}", context.domain())).step(step);
}
