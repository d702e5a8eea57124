//! The policy host's name: whether it can be looked up, has addresses, and is meant to be there.
use alloc::{format, string::String, vec::Vec};
use core::net::IpAddr;

use strictmx_proto::name::Domain;

use super::super::{
    Check, Context, Family, Findings, Severity, Side, State,
    context::has_address,
    lookup::Failed,
    observations::{PolicyHostSeen, Visit},
};
use super::gathered::list;
use crate::fact::{AddrSeen, FetchFailure, Seen};

pub(super) static ABSENT: Check = Check {
    id: "sts.host.absent",
    family: Family::Host,
    title: "the policy host has no address",
    why: "The _mta-sts record tells senders to fetch a policy from this host. While it has no address they cannot, and deliver \
          as if there were none.",
    requirement: "STS-3.2-1",
    side: Side::Dns,
};

pub(super) static LOOKUP_FAILED: Check = Check {
    id: "sts.host.lookup-failed",
    family: Family::Host,
    title: "the policy host's addresses cannot be looked up",
    why: "A name server that answers with an error hides the policy host. Senders cannot fetch the policy, and deliver as if there \
          were none.",
    requirement: "STS-3.3-12",
    side: Side::NameServers,
};

pub(super) static BOGUS: Check = Check {
    id: "sts.host.bogus",
    family: Family::Host,
    title: "the DNSSEC signatures over the policy host's addresses are wrong",
    why: "Resolvers that validate DNSSEC throw the answer away, so senders behind them cannot fetch the policy.",
    requirement: "STS-3.3-12",
    side: Side::NameServers,
};

pub(super) static LOOKUP_UNREACHABLE: Check = Check {
    id: "sts.host.lookup-unreachable",
    family: Family::Host,
    title: "no name server answered for the policy host",
    why: "Without an answer nothing is known of the policy host. The cause can lie on this side, in our network or resolver, or \
          with the name servers.",
    requirement: "STS-3.3-12",
    side: Side::Here,
};

pub(super) static SPECIAL_ADDRESS: Check = Check {
    id: "sts.host.special-address",
    family: Family::Host,
    title: "the policy host has an address that the Internet cannot reach",
    why: "Private, loopback and other special addresses mean something else in every network. Senders cannot or will not connect \
          to them, so they get no policy there.",
    requirement: "D-11",
    side: Side::Dns,
};

pub(super) static WILDCARD: Check = Check {
    id: "sts.host.wildcard",
    family: Family::Host,
    title: "the policy host exists only through a wildcard",
    why: "A wildcard record of the zone answers for every name, so mta-sts leads to a server that was never set up for it. Senders \
          then meet a wrong certificate or a web page instead of the policy.",
    requirement: "STS-8.2-1",
    side: Side::Dns,
};

pub(super) static ALIAS_ELSEWHERE: Check = Check {
    id: "sts.host.alias-elsewhere",
    family: Family::Host,
    title: "the policy host does not point where it should",
    why: "The policy is kept by the host that was declared for it. While the name leads elsewhere, senders get another policy or \
          none.",
    requirement: "STS-8.2-1",
    side: Side::Dns,
};

/// Where the host's addresses come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Any other name would lead there too.
    Wildcard,
    /// Records of its own.
    Own,
    /// Not asked, or no answer.
    Unknown,
}

pub(super) fn origin(host: &PolicyHostSeen) -> Origin {
    let Some(sibling) = &host.sibling else {
        return Origin::Unknown;
    };
    let (own, other) = (addresses_of(&host.addresses), addresses_of(sibling));
    if sibling.a.failure().is_some() || sibling.aaaa.failure().is_some() {
        Origin::Unknown
    } else if !other.is_empty() && own.iter().all(|address| other.contains(address)) {
        Origin::Wildcard
    } else {
        Origin::Own
    }
}

pub(super) fn judge(context: &Context<'_>, host: &PolicyHostSeen, found: &mut Findings) {
    if has_address(&host.addresses) && origin(host) == Origin::Wildcard {
        let severity = match context.state {
            State::Broken => Some(Severity::Warning),
            State::Absent => Some(Severity::Info),
            // What serves a policy was set up for it.
            _ => None,
        };
        if let Some(severity) = severity {
            let seen = format!("{} has the addresses that any other name of the zone has too.", host.name);
            found
                .add(&WILDCARD, severity, seen)
                .about(String::from(host.name.as_str()))
                .step("Give mta-sts a record of its own that points to the web server which is to serve the policy.")
                .publish(pointer(context));
        }
    }
    if let Some(wanted) = &context.intent.policy_alias {
        declared(context, host, wanted, found);
    }
    if context.state != State::Absent {
        lookups(context, host, found);
    }
}

fn declared(context: &Context<'_>, host: &PolicyHostSeen, wanted: &Domain, found: &mut Findings) {
    let followed = followed(&host.addresses);
    let own = host.cname.as_ref().and_then(Seen::data);
    let no_answer = host.cname.as_ref().is_none_or(|cname| cname.failure().is_some());
    if own == Some(wanted) || followed.contains(wanted) || (no_answer && !has_address(&host.addresses)) {
        return;
    }
    let leads = match own.or(followed.first()) {
        Some(alias) => format!("is an alias of {alias}"),
        None if has_address(&host.addresses) => {
            format!("has its own addresses {}", list(&addresses_of(&host.addresses)))
        }
        None => String::from("has no record"),
    };
    found
        .add(&ALIAS_ELSEWHERE, Severity::Warning, format!("{} {leads}; it was to be an alias of {wanted}.", host.name))
        .about(String::from(host.name.as_str()))
        .step("Publish this CNAME, and remove any other record of the name.")
        .publish(pointer(context));
}

/// Whether addresses can be had at all.
fn lookups(context: &Context<'_>, host: &PolicyHostSeen, found: &mut Findings) {
    let addresses = &host.addresses;
    let checks = Failed { answered: &LOOKUP_FAILED, bogus: &BOGUS, unreachable: &LOOKUP_UNREACHABLE };
    let reached = has_address(addresses);
    let (severity, more) =
        if reached { (Severity::Warning, " The other family is answered for.") } else { (context.by_state(), "") };
    let name = host.name.as_str();
    let mut failed = false;
    match (addresses.a.failure(), addresses.aaaa.failure()) {
        // One fault as a rule, told once.
        (Some(failure), Some(other)) if failure.kind == other.kind => {
            failed = true;
            checks.note(found, severity, ("A", name), failure, " It is the same with AAAA.");
        }
        failures => {
            for (kind, failure) in [("A", failures.0), ("AAAA", failures.1)] {
                if let Some(failure) = failure {
                    failed = true;
                    checks.note(found, severity, (kind, name), failure, more);
                }
            }
        }
    }
    if reached || failed {
        return;
    }
    let alias = host.cname.as_ref().and_then(Seen::data);
    let seen = match (&addresses.a, alias) {
        (Seen::NxDomain { .. }, Some(alias)) => {
            format!("{name} is an alias of {alias}, which does not exist (NXDOMAIN).")
        }
        (Seen::NxDomain { .. }, None) => format!("{name} does not exist (NXDOMAIN)."),
        (_, Some(alias)) => format!("{name} is an alias of {alias}, which has neither an A nor an AAAA record."),
        (_, None) => format!("{name} has neither an A nor an AAAA record."),
    };
    found
        .add(&ABSENT, context.by_state(), seen)
        .about(String::from(name))
        .step("Point the name to a web server that serves the policy, or, if there is to be none, remove the _mta-sts record.")
        .publish(pointer(context));
}

/// Addresses that nobody may connect to.
pub(super) fn addresses(host: &PolicyHostSeen, weight: Severity, found: &mut Findings) {
    let refused = |visit: &&Visit| matches!(visit.stopped, Some(FetchFailure::AddressRefused { .. }));
    let refused: Vec<IpAddr> = host.visits.iter().filter(refused).map(|visit| visit.address.ip()).collect();
    if !refused.is_empty() {
        found
            .add(&SPECIAL_ADDRESS, weight, format!("{} has the address {}.", host.name, list(&refused)))
            .about(String::from(host.name.as_str()))
            .step("Publish only addresses that everybody can reach. With an internal view of the zone, check from outside.");
    }
}

/// The record that leads to the declared host of the policy; empty where none is declared.
fn pointer(context: &Context<'_>) -> String {
    match &context.intent.policy_alias {
        Some(alias) => format!("mta-sts.{}. 3600 IN CNAME {alias}.", context.domain()),
        None => String::new(),
    }
}

fn followed(seen: &AddrSeen) -> Vec<Domain> {
    let of_a = if let Seen::Found { aliases, .. } = &seen.a { aliases.as_slice() } else { &[] };
    let of_aaaa = if let Seen::Found { aliases, .. } = &seen.aaaa { aliases.as_slice() } else { &[] };
    if of_a.is_empty() { of_aaaa.into() } else { of_a.into() }
}

fn addresses_of(seen: &AddrSeen) -> Vec<IpAddr> {
    let v4 = seen.a.data().into_iter().flatten().map(|address| IpAddr::V4(*address));
    let v6 = seen.aaaa.data().into_iter().flatten().map(|address| IpAddr::V6(*address));
    v4.chain(v6).take(64).collect()
}
