//! Whether what a host shows fits its TLSA records (DANE-3.1.1-1, DANE-3.1.2-1), and who obeys what when it does not.
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use strictmx_proto::dane::Tlsa;

use super::{
    super::{
        Check, Family, Findings, Severity, Side, calendar,
        observations::{Cert, Session, TlsMade},
        shown::shown,
        smtp::{is_named, names_host},
    },
    Guard, lines_for,
};
use crate::fact::TlsOutcome;

pub(in crate::check) static NO_TLS: Check = Check {
    id: "dane.no-tls",
    family: Family::Dane,
    title: "an MX host has TLSA records and no working TLS",
    why: "Signed TLSA records are a promise of STARTTLS. Senders that use DANE never deliver to such a host in the clear.",
    requirement: "DANE-2.2.3-4",
    side: Side::MxProvider,
};

pub(in crate::check) static MISMATCH: Check = Check {
    id: "dane.mismatch",
    family: Family::Dane,
    title: "an MX host's certificate fits none of its TLSA records",
    why: "Senders that use DANE refuse the host, whatever MTA-STS says: to them this is what an attack looks like. The usual cause \
          is a renewal that made a new key without a new record.",
    requirement: "DANE-3.2-1",
    side: Side::MxProvider,
};

pub(in crate::check) static ANCHOR_NAME: Check = Check {
    id: "dane.anchor-name",
    family: Family::Dane,
    title: "a certificate below a TLSA trust anchor is for another name",
    why: "With usage 2 the record names an authority, so the certificate must also be for the host. With usage 3 names do not matter.",
    requirement: "DANE-3.2.2-1",
    side: Side::MxProvider,
};

pub(in crate::check) static ANCHOR_DATES: Check = Check {
    id: "dane.anchor-dates",
    family: Family::Dane,
    title: "a certificate below a TLSA trust anchor is out of its time",
    why: "With usage 2 the dates of the chain count as they do anywhere else. With usage 3 they do not matter.",
    requirement: "DANE-3.1.2-1",
    side: Side::MxProvider,
};

pub(in crate::check) static BESIDE_STS: Check = Check {
    id: "dane.fails-while-sts-passes",
    family: Family::Dane,
    title: "DANE fails where MTA-STS would pass",
    why: "DANE goes first: a sender that uses it may not fall back to MTA-STS when DANE fails. Some mail therefore arrives and some \
          does not, depending on who sends it.",
    requirement: "STS-2-1",
    side: Side::MxProvider,
};

/// What became of one handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    /// A record fits.
    Fits,
    /// Not to be told: a trust anchor given whole, which the host need not send.
    Unknown,
    /// A trust anchor fits, the name does not.
    Name,
    /// A trust anchor fits, the dates do not.
    Dates,
    /// No record fits.
    Nothing,
}

/// Compares a handshake with the records that count.
pub(super) fn of(guard: &Guard<'_>, made: &TlsMade) -> Fit {
    let effective = Tlsa::effective(guard.records);
    let mut best = Fit::Nothing;
    for record in effective {
        match one(guard, record, &made.chain) {
            Fit::Fits => return Fit::Fits,
            Fit::Nothing => {}
            other => best = other,
        }
    }
    best
}

fn one(guard: &Guard<'_>, record: &Tlsa, chain: &[Cert]) -> Fit {
    let fits = |cert: &Cert| record.matches(&cert.der.0, &cert.spki.0);
    let Some(leaf) = chain.first() else {
        return Fit::Nothing;
    };
    if record.usage == 3 {
        // DANE-3.2.1-1: neither name nor dates.
        return if fits(leaf) { Fit::Fits } else { Fit::Nothing };
    }
    let Some(anchor) = chain.iter().position(fits) else {
        return if record.matching == 0 { Fit::Unknown } else { Fit::Nothing };
    };
    let now = guard.context.seen.at;
    let current = |cert: &Cert| cert.shown.not_before <= now && now <= cert.shown.not_after;
    if !is_for(guard, leaf) {
        Fit::Name
    } else if !chain.iter().take(anchor + 1).all(current) {
        Fit::Dates
    } else {
        Fit::Fits
    }
}

/// Whether the name is one of those that count: the TLSA base domain's or the mail domain's (DANE-3.2.2-1). The common name
/// counts where there is no other (DANE-3.2.3-1).
fn is_for(guard: &Guard<'_>, leaf: &Cert) -> bool {
    [guard.base, guard.context.domain()].into_iter().any(|name| {
        if leaf.shown.dns_names.is_empty() {
            let common = leaf.shown.subject.split(", ").find_map(|part| part.strip_prefix("CN="));
            common.is_some_and(|common| is_named(common, name))
        } else {
            names_host(leaf, name)
        }
    })
}

pub(super) fn judge(guard: &Guard<'_>, found: &mut Findings) {
    no_tls(guard, found);
    if guard.records.iter().all(|record| record.usable().is_err()) {
        return;
    }
    let mut told: Vec<Fit> = Vec::new();
    for session in &guard.host.sessions {
        let Some(made) = &session.tls else { continue };
        let fit = of(guard, made);
        if matches!(fit, Fit::Fits | Fit::Unknown) || told.contains(&fit) {
            continue;
        }
        tell(guard, session, made, &fit, found);
        told.push(fit);
    }
    if !told.is_empty() {
        beside_sts(guard, found);
    }
}

fn no_tls(guard: &Guard<'_>, found: &mut Findings) {
    let without = |session: &&Session| {
        matches!(
            session.outcome,
            TlsOutcome::NoStarttls | TlsOutcome::StarttlsRefused { .. } | TlsOutcome::Handshake { .. }
        )
    };
    let Some(first) = guard.host.sessions.iter().find(without) else {
        return;
    };
    let what = match first.outcome {
        TlsOutcome::NoStarttls => "does not offer STARTTLS",
        TlsOutcome::StarttlsRefused { .. } => "refuses STARTTLS",
        _ => "fails in the handshake",
    };
    let seen = format!("{} has TLSA records, and at {} it {what}.", guard.host.name, first.address.ip());
    found.add(&NO_TLS, guard.severity(), seen).about(guard.name()).step(format!(
        "Mend TLS on the host. If that takes time, take the records at {} out first and wait until their TTL has run out.",
        guard.owner
    ));
}

fn tell(guard: &Guard<'_>, session: &Session, made: &TlsMade, fit: &Fit, found: &mut Findings) {
    let at = session.address.ip();
    let leaf = made.chain.first();
    let subject = leaf.map_or_else(String::new, |leaf| shown(&leaf.shown.subject));
    let lines = lines_for(guard.host, guard.owner);
    match fit {
        Fit::Name => {
            let names = leaf.map_or_else(String::new, |leaf| shown(&leaf.shown.dns_names.join(", ")));
            found
                .add(
                    &ANCHOR_NAME,
                    guard.severity(),
                    format!("The certificate at {at} is below the trust anchor, but for {names}."),
                )
                .about(guard.name())
                .step(format!(
                    "Get a certificate for {}, or publish the record of the host's own key beside the anchor.",
                    guard.base
                ))
                .publish(lines);
        }
        Fit::Dates => {
            let ends = leaf.map_or_else(String::new, |leaf| calendar::minute(leaf.shown.not_after));
            found
                .add(
                    &ANCHOR_DATES,
                    guard.severity(),
                    format!("The certificate at {at} is below the trust anchor, and its leaf ends on {ends}."),
                )
                .about(guard.name())
                .step(
                    "Renew the certificate, or publish the record of the host's own key, for which dates do not count.",
                )
                .publish(lines);
        }
        _ => {
            let ignored =
                guard.records.iter().any(|record| leaf.is_some_and(|leaf| record.matches(&leaf.der.0, &leaf.spki.0)));
            let more = if ignored {
                " A record of a weaker digest would fit; it does not count beside one of a stronger digest."
            } else if guard.records.iter().any(|record| record.usage == 2) && made.chain.len() < 2 {
                " The host sends no certificate but its own; a trust anchor must be among those it sends."
            } else {
                ""
            };
            let seen =
                format!("The certificate at {at} ({subject}) fits no usable TLSA record at {}.{more}", guard.owner);
            found
                .add(&MISMATCH, guard.severity(), seen)
                .about(guard.name())
                .step(
                    "Publish the record below beside the present ones at once; when the old key is gone for good and the TTL has \
                     run out, take the others out. Next time publish the new record before the key changes.",
                )
                .publish(lines);
        }
    }
}

/// D-25, D-26: who delivers and who does not.
fn beside_sts(guard: &Guard<'_>, found: &mut Findings) {
    let passes = |session: &Session| session.outcome == TlsOutcome::Verified;
    let Some(session) = guard.host.sessions.iter().find(|session| passes(session)) else {
        return;
    };
    let seen = format!(
        "{} at {} shows a certificate that MTA-STS takes, and that fits none of its TLSA records. Postfix with strictmx or \
         postfix-tlspol, mox and Stalwart check DANE and do not deliver; postfix-mta-sts-resolver lets MTA-STS replace DANE and \
         delivers, as does everybody who knows MTA-STS alone.",
        guard.host.name,
        session.address.ip()
    );
    found
        .add(&BESIDE_STS, Severity::Warning, seen)
        .about(guard.host.name.to_string())
        .step("Mend the TLSA records: an MTA-STS policy cannot stand in for them.");
}
