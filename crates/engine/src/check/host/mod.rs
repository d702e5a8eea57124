//! The policy host, `mta-sts.<domain>`: its name, its addresses, its certificate and what it answers on each address
//! (RFC 8461 §3.2, §3.3).
mod answer;
mod caa;
mod certificate;
mod copies;
mod front;
mod gathered;
mod issuer;
mod name;
mod reach;
#[cfg(test)]
mod tests;
mod trials;

use super::{
    Check, Context, Findings, Severity, State,
    observations::{PolicyHostSeen, Visit},
};
use gathered::Gathered;

/// The checks of this family.
pub(super) const CHECKS: &[&Check] = &[
    &name::ABSENT,
    &name::LOOKUP_FAILED,
    &name::BOGUS,
    &name::LOOKUP_UNREACHABLE,
    &name::SPECIAL_ADDRESS,
    &name::WILDCARD,
    &name::ALIAS_ELSEWHERE,
    &reach::UNREACHABLE,
    &reach::ADDRESS_UNREACHABLE,
    &reach::IPV6_UNTESTED,
    &reach::TIMEOUT,
    &reach::HANDSHAKE,
    &reach::SLOW,
    &trials::OLD_TLS_ONLY,
    &trials::OLD_TLS,
    &trials::SNI_NEEDED,
    &certificate::UNTRUSTED,
    &certificate::CHAIN_INCOMPLETE,
    &certificate::WRONG_NAME,
    &certificate::EXPIRED,
    &certificate::NOT_YET_VALID,
    &certificate::REFUSED,
    &caa::FORBIDS,
    &caa::LOOKUP_FAILED,
    &front::CHALLENGE,
    &answer::HTTP_BROKEN,
    &answer::REDIRECT,
    &answer::STATUS,
    &answer::MEDIA_TYPE,
    &answer::CHARSET,
    &answer::TOO_LARGE,
    &copies::DIFFER,
    &copies::STALE,
];

/// Judges this family.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    let Some(host) = &context.seen.policy_host else {
        return;
    };
    name::judge(context, host, found);
    let Some(weight) = weight(context, host) else {
        return;
    };
    name::addresses(host, weight, found);
    trials::judge(host, weight, found);
    let mut gathered = Gathered::new(host);
    for visit in &host.visits {
        one(context, (host, visit), weight, found, &mut gathered);
    }
    gathered.tell(found);
    copies::judge(host, weight, found);
    caa::judge(host, weight, found);
}

fn one(
    context: &Context<'_>,
    (host, visit): (&PolicyHostSeen, &Visit),
    weight: Severity,
    found: &Findings,
    gathered: &mut Gathered<'_>,
) {
    if !found.has(&trials::OLD_TLS_ONLY) {
        reach::judge(host, visit, weight, gathered);
    }
    certificate::judge(context.seen.at, host, visit, weight, gathered);
    if front::judge(visit, weight, gathered) == front::Front::Open {
        answer::judge(context, visit, weight, gathered);
    }
}

/// How bad it is that senders cannot get a policy here. `None`: nobody means this host to serve one, for it exists by a
/// wildcard alone.
fn weight(context: &Context<'_>, host: &PolicyHostSeen) -> Option<Severity> {
    match (context.state, name::origin(host)) {
        (State::Absent, name::Origin::Wildcard) => None,
        (State::Absent, name::Origin::Unknown) => Some(Severity::Info),
        _ => Some(context.by_state()),
    }
}
