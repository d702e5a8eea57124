//! DANE beside MTA-STS (RFC 7672): whether it applies to the MX hosts, whether their TLSA records fit what they show, and who
//! obeys which when the two disagree.
mod apply;
mod fit;
mod records;
#[cfg(test)]
mod tests;

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use strictmx_proto::{dane::Tlsa, name::Domain};

use super::{
    Check, Context, Findings, Severity,
    observations::{HostSeen, TlsMade},
};
use crate::fact::{DnsFailure, Dnssec, Seen};

/// The checks of this family.
pub(super) const CHECKS: &[&Check] = &[
    &apply::NOT_JUDGED,
    &apply::LOOKUP_FAILED,
    &apply::BOGUS,
    &apply::UNANSWERED,
    &apply::MX_UNSIGNED,
    &apply::HOST_UNSIGNED,
    &apply::TLSA_UNSIGNED,
    &apply::ABSENT,
    &apply::PARTIAL,
    &records::UNUSABLE,
    &records::NONE_USABLE,
    &records::OF_NOTHING,
    &records::ALONE,
    &fit::NO_TLS,
    &fit::MISMATCH,
    &fit::ANCHOR_NAME,
    &fit::ANCHOR_DATES,
    &fit::BESIDE_STS,
];

/// Judges this family.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    if context.seen.hosts.iter().all(|host| host.tlsa.is_none()) {
        return;
    }
    if !is_judged(context) {
        apply::not_judged(context, found);
        return;
    }
    apply::domain(context, found);
    apply::partial(context, found);
    for host in &context.seen.hosts {
        let published = Published::of(host);
        apply::host(context, host, &published, found);
        if let Published::Signed { owner, base, records } = &published {
            let guard = Guard { context, host, owner, base, records };
            records::judge(&guard, found);
            fit::judge(&guard, found);
        }
    }
}

/// Whether the word of the resolver on DNSSEC counts for anything (DANE-A4).
fn is_judged(context: &Context<'_>) -> bool {
    context.seen.resolver.validates != Some(false) && context.seen.resolver.dnssec != "off"
}

/// Whether the MX records are signed; `None`: there is no answer.
fn mx_state(context: &Context<'_>) -> Option<Dnssec> {
    context.seen.mx.as_ref()?.mx.dnssec()
}

/// Whether DANE guards a host, and what it shows fits everywhere it was seen.
pub(super) fn guards(context: &Context<'_>, host: &HostSeen) -> bool {
    let Published::Signed { owner, base, records } = Published::of(host) else {
        return false;
    };
    let guard = Guard { context, host, owner, base: &base, records: &records };
    let mut shown = host.sessions.iter().filter_map(|session| session.tls.as_ref()).peekable();
    is_judged(context)
        && mx_state(context) == Some(Dnssec::Secure)
        && records.iter().any(|record| record.usable().is_ok())
        && shown.peek().is_some()
        && shown.all(|made| fit::of(&guard, made) == fit::Fit::Fits)
}

/// Whether a host has TLSA records that count.
pub(super) fn publishes(host: &HostSeen) -> bool {
    matches!(Published::of(host), Published::Signed { .. })
}

/// What is published for one host. The first of its names with signed records counts (DANE-2.2.3-2).
enum Published<'a> {
    /// Not asked for.
    Unasked,
    /// No answer: the host counts as unreachable for DANE (DANE-2.1.2-2).
    Failed { owner: &'a Domain, failure: &'a DnsFailure },
    /// No records.
    Absent,
    /// Records that nothing signs.
    Unsigned { owner: &'a Domain, records: Vec<Tlsa> },
    /// Records, signed.
    Signed { owner: &'a Domain, base: Domain, records: Vec<Tlsa> },
}

impl<'a> Published<'a> {
    fn of(host: &'a HostSeen) -> Self {
        let Some(asked) = &host.tlsa else {
            return Self::Unasked;
        };
        let mut rest = Self::Absent;
        for (owner, seen) in asked {
            match seen {
                Seen::Failed(failure) => return Self::Failed { owner, failure },
                Seen::Found { data, dnssec, .. } if !data.is_empty() => {
                    let records = data.iter().map(|record| record.0.clone()).collect();
                    let base = owner.parent().and_then(|name| name.parent()).unwrap_or_else(|| host.name.clone());
                    match dnssec {
                        Dnssec::Secure => return Self::Signed { owner, base, records },
                        Dnssec::Insecure => rest = Self::Unsigned { owner, records },
                    }
                }
                _ => {}
            }
        }
        rest
    }
}

/// A host with signed TLSA records.
struct Guard<'a> {
    context: &'a Context<'a>,
    host: &'a HostSeen,
    owner: &'a Domain,
    base: &'a Domain,
    records: &'a [Tlsa],
}

impl<'a> Guard<'a> {
    /// The handshakes with it.
    fn shown(&self) -> impl Iterator<Item = &'a TlsMade> {
        self.host.sessions.iter().filter_map(|session| session.tls.as_ref())
    }

    fn name(&self) -> String {
        self.host.name.to_string()
    }

    /// How bad a failure of DANE is. Behind unsigned MX records only some senders look at TLSA at all (DANE-2.2.1-3, D-27).
    fn severity(&self) -> Severity {
        if mx_state(self.context) == Some(Dnssec::Insecure) { Severity::Warning } else { Severity::Error }
    }
}

/// A record in zone-file form.
fn line(owner: &Domain, record: &Tlsa) -> String {
    format!("{owner}. 3600 IN TLSA {record}")
}

/// The records for the keys that a host shows, one a line; empty when it shows none.
fn lines_for(host: &HostSeen, owner: &Domain) -> String {
    let mut lines: Vec<String> = Vec::new();
    for made in host.sessions.iter().filter_map(|session| session.tls.as_ref()) {
        if let Some(leaf) = made.chain.first().filter(|leaf| !leaf.spki.0.is_empty()) {
            let record = line(owner, &Tlsa::of_key(3, &leaf.spki.0));
            if !lines.contains(&record) {
                lines.push(record);
            }
        }
    }
    lines.join("\n")
}
