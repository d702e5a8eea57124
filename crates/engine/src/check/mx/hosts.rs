//! Each MX host's name: its addresses, and whether it is an alias.
use alloc::{collections::BTreeSet, format, string::String};

use strictmx_proto::name::Domain;

use crate::{
    check::{
        Check, Context, Family, Findings, Severity, Side, context::has_address, lookup::Failed, observations::HostSeen,
    },
    fact::{AddrSeen, Seen},
};

pub(super) static ALIAS: Check = Check {
    id: "mx.alias",
    family: Family::Mx,
    title: "an MX record points to an alias",
    why: "An MX record may not name an alias (CNAME). Most senders follow it, some do not; and policy and \
          certificate have to name the alias, not what it stands for.",
    requirement: "R2181-10.3",
    side: Side::Dns,
};
pub(super) static NO_ADDRESS: Check = Check {
    id: "mx.no-address",
    family: Family::Mx,
    title: "an MX host has no address",
    why: "Senders cannot reach it. If the others are down, mail waits or goes back.",
    requirement: "R5321-5.1-4",
    side: Side::MxProvider,
};
pub(super) static ADDRESS_REFUSED: Check = Check {
    id: "mx.address-refused",
    family: Family::Mx,
    title: "the name servers give no answer for an MX host's addresses",
    why: "Senders cannot reach the host while its name servers answer with an error.",
    requirement: "R5321-5.1-4",
    side: Side::NameServers,
};
pub(super) static ADDRESS_BOGUS: Check = Check {
    id: "mx.address-bogus",
    family: Family::Mx,
    title: "the signatures of an MX host's addresses are wrong",
    why: "Senders whose resolver validates DNSSEC cannot reach the host; the others notice nothing.",
    requirement: "R5321-5.1-4",
    side: Side::MxProvider,
};
pub(super) static ADDRESS_UNANSWERED: Check = Check {
    id: "mx.address-unanswered",
    family: Family::Mx,
    title: "nobody answered the question for an MX host's addresses",
    why: "Whether the host has addresses is not known. It may lie in the network here.",
    requirement: "R5321-5.1-4",
    side: Side::Here,
};
static ADDRESS: Failed = Failed { answered: &ADDRESS_REFUSED, bogus: &ADDRESS_BOGUS, unreachable: &ADDRESS_UNANSWERED };

/// Judges the hosts of the live MX records.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    let live: BTreeSet<&Domain> = context.live_mx().into_iter().map(|(_, host)| host).collect();
    for host in live.iter().filter_map(|name| context.host(name)) {
        alias(context, host, found);
        if let Some(addresses) = &host.addresses {
            reachable(host, addresses, live.len() - 1, found);
        }
    }
}

fn alias(context: &Context<'_>, host: &HostSeen, found: &mut Findings) {
    let Some(Seen::Found { data: target, .. }) = &host.cname else {
        return;
    };
    let step = match context.parsed() {
        Some(policy) if !policy.covers(target) => format!(
            "Name {target} in the MX record instead of {}, and add `mx: {target}` to the policy before you do.",
            host.name
        ),
        _ => format!("Name {target} in the MX record instead of {}.", host.name),
    };
    let preference = context.live_mx().into_iter().find(|(_, name)| **name == host.name).map_or(10, |(value, _)| value);
    found
        .add(&ALIAS, Severity::Warning, format!("{} is an alias of {target}.", host.name))
        .about(String::from(host.name.as_str()))
        .step(step)
        .publish(format!("{}. 3600 IN MX {preference} {target}.", context.domain()));
}

fn reachable(host: &HostSeen, addresses: &AddrSeen, others: usize, found: &mut Findings) {
    if has_address(addresses) {
        return;
    }
    let name = host.name.as_str();
    if let Some(failure) = addresses.a.failure().or_else(|| addresses.aaaa.failure()) {
        let severity = if others == 0 { Severity::Error } else { Severity::Warning };
        ADDRESS.note(found, severity, ("A", name), failure, "");
        return;
    }
    let missing = matches!(addresses.a, Seen::NxDomain { .. });
    let seen = if missing {
        format!("{name} does not exist.")
    } else {
        format!("{name} has neither an A nor an AAAA record.")
    };
    let step = if others == 0 {
        "Give the host an address, or name another one in the MX record: no mail can be delivered now."
    } else {
        "Give the host an address, or delete its MX record."
    };
    // A dead host beside a good one costs redundancy; alone it costs the mail.
    let severity = if others == 0 { Severity::Error } else { Severity::Warning };
    found.add(&NO_ADDRESS, severity, seen).about(String::from(name)).step(step);
}
