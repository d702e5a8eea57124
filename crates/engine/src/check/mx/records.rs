//! The MX record set itself.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::name::Domain;

use crate::{
    check::{
        Check, Context, Family, Findings, Severity, Side, State, context::has_address, lookup::Failed,
        observations::MailSeen, shown::shown, text::meant::mx_lines,
    },
    fact::{Exchange, Mx, Seen},
};

pub(super) static LOOKUP_REFUSED: Check = Check {
    id: "mx.lookup-refused",
    family: Family::Mx,
    title: "the name servers give no answer for the MX records",
    why: "Without an answer senders cannot deliver at all: mail waits in their queues, and goes back after days.",
    requirement: "R5321-5.1-1",
    side: Side::NameServers,
};
pub(super) static LOOKUP_BOGUS: Check = Check {
    id: "mx.lookup-bogus",
    family: Family::Mx,
    title: "the signatures of the MX records are wrong",
    why: "Senders whose resolver validates DNSSEC get no answer and cannot deliver; the others notice nothing.",
    requirement: "R5321-5.1-1",
    side: Side::Dns,
};
pub(super) static LOOKUP_UNANSWERED: Check = Check {
    id: "mx.lookup-unanswered",
    family: Family::Mx,
    title: "nobody answered the question for the MX records",
    why: "Whether the domain has MX records is not known. It may lie in the network here.",
    requirement: "R5321-5.1-1",
    side: Side::Here,
};
static LOOKUP: Failed = Failed { answered: &LOOKUP_REFUSED, bogus: &LOOKUP_BOGUS, unreachable: &LOOKUP_UNANSWERED };

pub(super) static NO_DOMAIN: Check = Check {
    id: "mx.no-domain",
    family: Family::Mx,
    title: "the domain does not exist",
    why: "Mail to a name that does not exist goes back at once.",
    requirement: "R5321-5.1-1",
    side: Side::Dns,
};
pub(super) static NONE: Check = Check {
    id: "mx.none",
    family: Family::Mx,
    title: "the domain takes no mail, without saying so",
    why: "There are neither MX records nor addresses. Senders try for days before the mail goes back; a null MX \
          record tells them at once.",
    requirement: "R7505-3-1",
    side: Side::Dns,
};
pub(super) static IMPLICIT: Check = Check {
    id: "mx.implicit",
    family: Family::Mx,
    title: "there are no MX records, only addresses",
    why: "Senders then deliver to the domain itself, whose web server seldom takes mail, and a policy has to name \
          the domain as its own MX host.",
    requirement: "R5321-5.1-2",
    side: Side::Dns,
};
pub(super) static NULL_WITH_POLICY: Check = Check {
    id: "mx.null-with-policy",
    family: Family::Mx,
    title: "a policy for a domain that takes no mail",
    why: "The null MX record says that no mail is taken, so that the policy protects nothing. One of the two is not \
          meant.",
    requirement: "R7505-3-1",
    side: Side::Dns,
};
pub(super) static NULL_BESIDE_OTHERS: Check = Check {
    id: "mx.null-beside-others",
    family: Family::Mx,
    title: "a null MX record stands beside others",
    why: "It says that no mail is taken, the others say where it goes. Some senders give up at the null MX.",
    requirement: "R7505-3-2",
    side: Side::Dns,
};
pub(super) static UNUSABLE: Check = Check {
    id: "mx.unusable",
    family: Family::Mx,
    title: "an MX record names no host",
    why: "An MX record must name a host, never an IP address. Senders skip it or bounce the mail, and no policy can \
          match it.",
    requirement: "R5321-5.1-4",
    side: Side::Dns,
};
pub(super) static DUPLICATE: Check = Check {
    id: "mx.duplicate",
    family: Family::Mx,
    title: "a host stands in more than one MX record",
    why: "It does no harm; perhaps the second one is meant to be another host.",
    requirement: "",
    side: Side::Dns,
};
pub(super) static UNAPPROVED: Check = Check {
    id: "mx.unapproved",
    family: Family::Mx,
    title: "an MX host that was not declared",
    why: "You declared which MX hosts there are to be. Another one is a change somebody forgot to tell, or somebody \
          who wants to read the mail.",
    requirement: "",
    side: Side::Dns,
};

/// Judges the record set.
pub(super) fn judge(context: &Context<'_>, mail: &MailSeen, found: &mut Findings) {
    let domain = context.domain();
    match &mail.mx {
        Seen::Failed(failure) => {
            LOOKUP.note(found, Severity::Error, ("MX", domain.as_str()), failure, "");
        }
        Seen::NxDomain { .. } => {
            found
                .add(&NO_DOMAIN, context.by_state(), format!("The name servers say that {domain} does not exist."))
                .about(String::from(domain.as_str()))
                .step("Look for a slip in the name, and whether the registration has run out.");
        }
        Seen::NoData { .. } => without_records(context, mail, found),
        Seen::Found { data, .. } => {
            null(context, data, found);
            unusable(data, found);
            duplicates(data, found);
        }
    }
    unapproved(context, found);
}

fn without_records(context: &Context<'_>, mail: &MailSeen, found: &mut Findings) {
    let domain = context.domain();
    let Some(addresses) = &mail.addresses else {
        return;
    };
    if has_address(addresses) {
        found
            .add(
                &IMPLICIT,
                Severity::Warning,
                format!(
                    "{domain} has addresses but no MX record; mail goes to \
                {domain} itself."
                ),
            )
            .step(format!(
                "If {domain} takes mail itself, say so; otherwise name the host that does, or publish `MX \
                           0 .` for none."
            ))
            .publish(format!("{domain}. 3600 IN MX 10 {domain}."));
        return;
    }
    if addresses.a.failure().is_some() || addresses.aaaa.failure().is_some() {
        return;
    }
    let severity = if has_policy(context) { Severity::Warning } else { Severity::Info };
    found
        .add(&NONE, severity, format!("{domain} has neither MX records nor addresses."))
        .step("Say that no mail is taken, or publish the MX records that are missing.")
        .publish(format!("{domain}. 3600 IN MX 0 ."));
}

fn has_policy(context: &Context<'_>) -> bool {
    matches!(context.state, State::Enforce | State::Testing | State::Broken)
}

fn null(context: &Context<'_>, records: &[Mx], found: &mut Findings) {
    let domain = context.domain();
    if !records.iter().any(|mx| mx.exchange == Exchange::Null) {
        return;
    }
    if records.iter().any(|mx| mx.exchange != Exchange::Null) {
        found
            .add(
                &NULL_BESIDE_OTHERS,
                Severity::Error,
                format!(
                    "{domain} has `MX 0 .` and {} other record{}.",
                    records.len() - 1,
                    if records.len() == 2 { "" } else { "s" }
                ),
            )
            .step(format!("Delete the record `{domain}. IN MX 0 .`, or all the others."));
    } else if has_policy(context) {
        let step = "If no mail is to be taken, take MTA-STS down: `mode: none` first, and record and policy away \
                    when the longest max_age has passed. Otherwise publish the MX records that are missing.";
        found
            .add(
                &NULL_WITH_POLICY,
                Severity::Warning,
                format!("{domain} has the null MX record, and MTA-STS is published."),
            )
            .step(step);
    }
}

fn unusable(records: &[Mx], found: &mut Findings) {
    let alone = !records.iter().any(|mx| matches!(mx.exchange, Exchange::Host(_)));
    let severity = if alone { Severity::Error } else { Severity::Warning };
    for mx in records {
        if let Exchange::Unusable(text) = &mx.exchange {
            found
                .add(
                    &UNUSABLE,
                    severity,
                    format!("An MX record of preference {} names `{}`.", mx.preference, shown(text)),
                )
                .about(shown(text))
                .step("Name the host by its name, give that name the address, and put the name into the policy.");
        }
    }
}

fn duplicates(records: &[Mx], found: &mut Findings) {
    let mut hosts: Vec<(&Domain, u16)> = records
        .iter()
        .filter_map(|mx| match &mx.exchange {
            Exchange::Host(host) => Some((host, mx.preference)),
            _ => None,
        })
        .collect();
    hosts.sort_unstable();
    for same in hosts.chunk_by(|one, other| one.0 == other.0) {
        let [(host, _), _, ..] = same else {
            continue;
        };
        let preferences: Vec<String> = same.iter().map(|(_, preference)| format!("{preference}")).collect();
        found
            .add(
                &DUPLICATE,
                Severity::Info,
                format!("{host} stands there with the preferences {}.", preferences.join(", ")),
            )
            .about(String::from(host.as_str()))
            .step("Keep one of the records, or correct the name in the others.");
    }
}

fn unapproved(context: &Context<'_>, found: &mut Findings) {
    if context.intent.mx.is_empty() {
        return;
    }
    for (preference, host) in context.live_mx() {
        if context.intent.mx.contains(host) {
            continue;
        }
        let policy = crate::check::suggest::pattern_for(host).map(|pattern| mx_lines(&[pattern])).unwrap_or_default();
        let step = if policy.is_empty() || context.parsed().is_some_and(|policy| policy.covers(host)) {
            String::from("Find out who added the record. If it is meant, add the host to the declared ones.")
        } else {
            format!(
                "Find out who added the record. If it is meant, add the host to the declared ones and `{policy}` to \
                 the policy."
            )
        };
        found
            .add(
                &UNAPPROVED,
                Severity::Warning,
                format!("{host}, preference {preference}, is not among the declared MX hosts."),
            )
            .about(String::from(host.as_str()))
            .step(step);
    }
}
