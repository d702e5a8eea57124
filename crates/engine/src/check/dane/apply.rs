//! Whether DANE can apply at all: signatures over MX, addresses and TLSA, and answers that fail.
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    super::{Check, Context, Family, Findings, Severity, Side, State, lookup::Failed, observations::HostSeen},
    Published, lines_for, mx_state,
};
use crate::fact::{Dnssec, Seen};

pub(in crate::check) static NOT_JUDGED: Check = Check {
    id: "dane.not-judged",
    family: Family::Dane,
    title: "DANE cannot be judged from here",
    why: "DANE rests on DNSSEC. The resolver that was asked does not validate signatures, or they were not to be looked at, so \
          that nothing can be said of TLSA records.",
    requirement: "DANE-2.1.1-1",
    side: Side::Here,
};

pub(in crate::check) static LOOKUP_FAILED: Check =
    failed("dane.tlsa-lookup-failed", "the TLSA look-up of an MX host fails", Side::NameServers);
pub(in crate::check) static BOGUS: Check =
    failed("dane.tlsa-bogus", "the signatures over an MX host's TLSA records are wrong", Side::NameServers);
pub(in crate::check) static UNANSWERED: Check =
    failed("dane.tlsa-unanswered", "no answer for an MX host's TLSA records", Side::Here);

const fn failed(id: &'static str, title: &'static str, side: Side) -> Check {
    Check {
        id,
        family: Family::Dane,
        title,
        why: "A sender that uses DANE cannot tell a failed look-up from an attack, so it passes the host by and waits if there is \
              no other, even where MTA-STS would let it deliver.",
        requirement: "DANE-2.1.2-2",
        side,
    }
}

pub(in crate::check) static MX_UNSIGNED: Check = Check {
    id: "dane.mx-unsigned",
    family: Family::Dane,
    title: "the MX records are not signed with DNSSEC",
    why: "DANE begins at signed MX records. Without them it cannot protect mail to the domain, whatever the MX hosts publish, and \
          MTA-STS is the way to do so.",
    requirement: "DANE-2.2.1-2",
    side: Side::Dns,
};

pub(in crate::check) static HOST_UNSIGNED: Check = Check {
    id: "dane.host-unsigned",
    family: Family::Dane,
    title: "an MX host's zone is not signed with DNSSEC",
    why: "DANE does not apply to a host whose address records are not signed. MTA-STS does.",
    requirement: "DANE-2.2.2-2",
    side: Side::MxProvider,
};

pub(in crate::check) static TLSA_UNSIGNED: Check = Check {
    id: "dane.tlsa-unsigned",
    family: Family::Dane,
    title: "TLSA records stand in a zone that is not signed",
    why: "Anybody on the way could have made an unsigned TLSA record, so that every sender ignores it. The work of keeping it up to \
          date is for nothing.",
    requirement: "DANE-2.2-3",
    side: Side::MxProvider,
};

pub(in crate::check) static ABSENT: Check = Check {
    id: "dane.tlsa-absent",
    family: Family::Dane,
    title: "an MX host has no TLSA record",
    why: "Its zone is signed, so DANE could guard it: with a TLSA record, senders that use DANE are safe from the first message on, \
          without any policy host.",
    requirement: "DANE-2.2-3",
    side: Side::MxProvider,
};

pub(in crate::check) static PARTIAL: Check = Check {
    id: "dane.partial",
    family: Family::Dane,
    title: "only some MX hosts have TLSA records",
    why: "Not every mail server can ask for DANE at one host and for MTA-STS at the next. Beside an enforced policy, Postfix is told \
          by some helpers to take DANE alone, and then passes the hosts without TLSA records by, and by others to take DANE where it \
          is, and then does not verify those hosts.",
    requirement: "D-26",
    side: Side::MxProvider,
};

pub(super) fn not_judged(context: &Context<'_>, found: &mut Findings) {
    let servers = context.seen.resolver.servers.join(", ");
    let seen = format!("The resolver {} was not seen to validate DNSSEC.", super::super::shown::shown(&servers));
    found.add(&NOT_JUDGED, Severity::Info, seen).step(
        "Check with a resolver that validates, such as Unbound on this machine, or let strictmx validate by itself.",
    );
}

/// Whether the MX records are signed.
pub(super) fn domain(context: &Context<'_>, found: &mut Findings) {
    if mx_state(context) != Some(Dnssec::Insecure) || context.seen.hosts.is_empty() {
        return;
    }
    let idle: Vec<String> = context
        .seen
        .hosts
        .iter()
        .filter(|host| matches!(Published::of(host), Published::Signed { .. }))
        .map(|host| host.name.to_string())
        .collect();
    let seen = format!("The answer for the MX records of {} is not signed.", context.domain());
    let (severity, more) = match (idle.is_empty(), context.state) {
        (true, _) => (Severity::Info, String::new()),
        (false, State::Enforce) => {
            (Severity::Info, format!(" {} has TLSA records, which cannot count.", idle.join(", ")))
        }
        (false, _) => (Severity::Warning, format!(" {} has TLSA records, which cannot count.", idle.join(", "))),
    };
    found.add(&MX_UNSIGNED, severity, format!("{seen}{more}")).about(context.domain().to_string()).step(
        "If your DNS provider can sign the zone, switch it on and hand the DS record to the registrar. Until then rely on MTA-STS.",
    );
}

/// DANE at some hosts, and none at others.
pub(super) fn partial(context: &Context<'_>, found: &mut Findings) {
    if mx_state(context) != Some(Dnssec::Secure) {
        return;
    }
    let (mut with, mut without, mut lines): (Vec<String>, Vec<String>, Vec<String>) =
        (Vec::new(), Vec::new(), Vec::new());
    for host in &context.seen.hosts {
        match Published::of(host) {
            Published::Signed { records, .. } if records.iter().any(|record| record.usable().is_ok()) => {
                with.push(host.name.to_string());
            }
            Published::Absent | Published::Unsigned { .. } => {
                without.push(host.name.to_string());
                let owner = host.name.child("_25._tcp");
                lines.extend(owner.map(|owner| lines_for(host, &owner)).filter(|text| !text.is_empty()));
            }
            _ => {}
        }
    }
    if with.is_empty() || without.is_empty() {
        return;
    }
    let severity = if context.state == State::Enforce { Severity::Warning } else { Severity::Info };
    found
        .add(
            &PARTIAL,
            severity,
            format!("{} has TLSA records; {} has none that count.", with.join(", "), without.join(", ")),
        )
        .about(context.domain().to_string())
        .step("Publish TLSA records for the other hosts too, once their zones are signed, or for none of them.")
        .publish(lines.join("\n"));
}

/// What is to be said of one host that has no signed records.
pub(super) fn host(context: &Context<'_>, host: &HostSeen, published: &Published<'_>, found: &mut Findings) {
    let name = host.name.to_string();
    match published {
        Published::Failed { owner, failure } => {
            let checks = Failed { answered: &LOOKUP_FAILED, bogus: &BOGUS, unreachable: &UNANSWERED };
            checks.note(
                found,
                Severity::Error,
                ("TLSA", owner.as_str()),
                failure,
                " Senders that use DANE pass this host by.",
            );
        }
        Published::Unsigned { owner, records } => {
            found
                .add(
                    &TLSA_UNSIGNED,
                    Severity::Warning,
                    match records.len() {
                        1 => format!("A TLSA record stands at {owner}, not signed."),
                        many => format!("{many} TLSA records stand at {owner}, none of them signed."),
                    },
                )
                .about(name)
                .step(
                    "Sign the zone with DNSSEC and hand its DS record to the registrar, or take the TLSA records out.",
                );
        }
        Published::Absent => absent(context, host, found),
        Published::Unasked | Published::Signed { .. } => {}
    }
}

fn absent(context: &Context<'_>, host: &HostSeen, found: &mut Findings) {
    let Some(addresses) = host.addresses.as_ref().filter(|_| mx_state(context) == Some(Dnssec::Secure)) else {
        return;
    };
    let state = |secure| {
        let of = |found: bool, dnssec: Option<Dnssec>| found && dnssec == Some(secure);
        of(matches!(addresses.a, Seen::Found { .. }), addresses.a.dnssec())
            || of(matches!(addresses.aaaa, Seen::Found { .. }), addresses.aaaa.dnssec())
    };
    let name = host.name.to_string();
    if state(Dnssec::Secure) {
        let owner = host.name.child("_25._tcp");
        let lines = owner.map(|owner| lines_for(host, &owner)).unwrap_or_default();
        found
            .add(&ABSENT, Severity::Info, format!("{name} is signed and has no TLSA record."))
            .about(name)
            .step(
                "Nothing needs to be done. If whoever runs the host can keep a TLSA record in step with its key, through every \
                 renewal, publish one for the key it shows.",
            )
            .publish(lines);
    } else if state(Dnssec::Insecure) {
        found
            .add(&HOST_UNSIGNED, Severity::Info, format!("The address records of {name} are not signed."))
            .about(name)
            .step("Nothing needs to be done; whoever runs the host could sign its zone.");
    }
}
