//! The runway of the policy host's certificate.
use alloc::{format, string::String};

use super::super::{
    Check, Context, Family, Findings, Severity, Side, State,
    calendar::{DAY, length, minute},
    shown::shown,
};

pub(super) static ENDING: Check = Check {
    id: "time.certificate-ending",
    family: Family::Time,
    title: "the policy host's certificate ends soon",
    why: "A certificate that renews itself is renewed when a third of its time is left. One so near its end means that the renewal has \
          failed or was never set up; when it ends, senders can no longer fetch the policy.",
    requirement: "STS-3.3-1",
    side: Side::PolicyHost,
};

pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    let (Some(host), true) = (&context.seen.policy_host, context.state != State::Absent) else {
        return;
    };
    let at = context.seen.at;
    let sound = host.visits.iter().filter_map(|visit| visit.tls.as_ref()).filter(|tls| tls.fault.is_none());
    let leaves = sound.filter_map(|tls| tls.chain.first()).map(|leaf| &leaf.shown);
    let Some(leaf) = leaves.min_by_key(|leaf| leaf.not_after) else {
        return;
    };
    // Renewal comes when a third of the time is left, so half of that is late, also for certificates of a few days.
    let late = leaf.not_after.since(leaf.not_before) / 6;
    let wanted = u64::from(context.intent.certificate_days).saturating_mul(DAY).min(late);
    let left = leaf.not_after.since(at);
    if left > wanted {
        return;
    }
    found
        .add(
            &ENDING,
            Severity::Warning,
            format!("The certificate from {} ends at {}, in {}.", shown(&leaf.issuer), minute(leaf.not_after), length(left)),
        )
        .about(String::from(host.name.as_str()))
        .step("Renew it now, and see in the log of the ACME client, or with your provider, why it was not renewed by itself.");
}
