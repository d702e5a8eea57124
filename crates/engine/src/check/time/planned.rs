//! A planned change of MX hosts or policy against what resolvers and senders keep (STS-8.1-1).
use alloc::{format, string::String};

use strictmx_proto::sts::Mode;

use super::super::{
    Check, Context, Family, Findings, Severity, Side,
    calendar::{DAY, day, length, minute},
};
use crate::fact::{Seen, TxtSeen};

pub(super) static RECORD_TTL: Check = Check {
    id: "time.record-ttl",
    family: Family::Time,
    title: "resolvers keep the old id for a while after the planned change",
    why: "Senders learn of a new policy by its id, and resolvers hand out the old id until the record's TTL is over. A short TTL before \
          the change makes that time short.",
    requirement: "STS-8.1-1",
    side: Side::Dns,
};

pub(super) static MAX_AGE: Check = Check {
    id: "time.max-age",
    family: Family::Time,
    title: "senders keep the present policy beyond the planned change",
    why: "Not every sender looks for a new id while it has a policy; it may go by the old one for the whole max_age. With mode: enforce \
          it refuses MX hosts that the old policy does not name.",
    requirement: "STS-8.1-1",
    side: Side::Policy,
};

pub(super) static TESTING_MAX_AGE: Check = Check {
    id: "time.testing-max-age",
    family: Family::Time,
    title: "max_age is long while the policy is testing",
    why: "While testing, corrections should reach every sender soon. Some do not look for a new id before their copy runs out, and so \
          enforce begins late with them.",
    requirement: "STS-3.2-7",
    side: Side::Policy,
};

/// A TTL up to this is short enough for any change, seconds.
const SHORT_TTL: u64 = 3600;
/// The TTL proposed before a change.
const PROPOSED_TTL: u64 = 300;
/// The longest `max_age` that suits a trial, seconds.
const LONG_TESTING: u64 = 31 * DAY;

pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    record(context, found);
    policy(context, found);
}

fn record(context: &Context<'_>, found: &mut Findings) {
    let (Some(change), Some(sts), Some(Ok(record))) = (context.intent.change_at, &context.seen.sts, &context.record)
    else {
        return;
    };
    // A resolver counts the TTL down; the zone's servers tell it whole.
    let whole = |answer: &TxtSeen| if let Seen::Found { ttl, .. } = answer { *ttl } else { 0 };
    let of_servers = sts.servers.iter().map(|said| whole(&said.answer)).max().unwrap_or(0);
    let ttl = u64::from(whole(&sts.txt).max(of_servers));
    let at = context.seen.at;
    let (seen, step) = if change <= at {
        let end = change.plus(ttl);
        if end <= at {
            return;
        }
        (
            format!("The change was planned for {}; the record's TTL is {}.", minute(change), length(ttl)),
            format!("Keep what the old policy names in service at least until {}.", minute(end)),
        )
    } else if ttl <= SHORT_TTL {
        return;
    } else if at.plus(ttl) > change {
        (
            format!("The record's TTL of {} lasts beyond the change on {}.", length(ttl), minute(change)),
            format!("Lower it now; some resolvers will still have the old id until {}.", minute(at.plus(ttl))),
        )
    } else {
        (
            format!("The record's TTL is {}, and a change is planned for {}.", length(ttl), minute(change)),
            format!("Lower the TTL to {PROPOSED_TTL} seconds before {}, and raise it again after the change.", {
                minute(crate::time::Timestamp(change.0.saturating_sub(ttl)))
            }),
        )
    };
    found.add(&RECORD_TTL, Severity::Info, seen).about(String::from(sts.name.as_str())).step(step).publish(format!(
        "_mta-sts.{}. {PROPOSED_TTL} IN TXT \"v=STSv1; id={};\"",
        context.domain(),
        record.id
    ));
}

fn policy(context: &Context<'_>, found: &mut Findings) {
    let Some(policy) = context.parsed().filter(|policy| policy.mode != Mode::None) else {
        return;
    };
    let at = context.seen.at;
    let max_age = u64::from(policy.max_age);
    let about = format!("mta-sts.{}", context.domain());
    if policy.mode == Mode::Testing && max_age > LONG_TESTING {
        let seen = format!("max_age is {max_age}, which is {}.", length(max_age));
        found
            .add(&TESTING_MAX_AGE, Severity::Warning, seen)
            .about(about.clone())
            .step("Use between a day and a month while testing, and a longer time with mode: enforce.")
            .publish("max_age: 604800");
    }
    let Some(change) = context.intent.change_at else {
        return;
    };
    let end = change.plus(max_age);
    if change > at && at.plus(max_age) > change {
        let seen = format!(
            "A sender that fetches the policy now may keep it until {}; the change is planned for {}.",
            minute(at.plus(max_age)),
            minute(change)
        );
        // Under `testing` nothing is refused.
        let severity = if policy.mode == Mode::Enforce { Severity::Warning } else { Severity::Info };
        found.add(&MAX_AGE, severity, seen).about(about).step(format!(
            "Before the change, publish a policy that names the old and the new MX hosts, with a new id; keep the old ones in \
             service until {}. A shorter max_age shortens that, though some senders keep a policy for a day or a week at least.",
            day(end)
        ));
    } else if change <= at && end > at {
        let seen = format!(
            "The change was planned for {}; senders may keep the policy of that time until {}.",
            minute(change),
            minute(end)
        );
        found
            .add(&MAX_AGE, Severity::Info, seen)
            .about(about)
            .step(format!("Keep the old MX hosts and their certificates in service until {}.", day(end)));
    }
}
