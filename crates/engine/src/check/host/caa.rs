//! Whether CAA records (RFC 8659) let the issuer of the present certificate renew it.
use alloc::{format, string::String, vec::Vec};

use super::super::{
    Check, Family, Findings, Severity, Side,
    lookup::cause,
    observations::{Caa, CaaSeen, Cert, PolicyHostSeen},
    shown::shown,
};
use super::{certificate::matches, issuer::caa_domains};
use crate::fact::{CertFault, DnsFailureKind, Seen};

pub(super) static FORBIDS: Check = Check {
    id: "sts.host.caa-forbids",
    family: Family::Host,
    title: "CAA records forbid the issuer of the policy host's certificate",
    why: "An authority must refuse to issue where CAA records name others only. The present certificate goes on, but its renewal \
          will fail, and when it ends senders can no longer fetch the policy.",
    requirement: "R8659-4.3-1",
    side: Side::Dns,
};

pub(super) static LOOKUP_FAILED: Check = Check {
    id: "sts.host.caa-lookup-failed",
    family: Family::Host,
    title: "the CAA records of the policy host cannot be looked up",
    why: "An authority that gets an error instead of an answer must not issue. The certificate cannot be renewed until the name \
          servers answer for CAA, be it with nothing.",
    requirement: "R8659-4.3-1",
    side: Side::NameServers,
};

/// Properties that authorities know; a critical one of any other name forbids all of them to issue (RFC 8659 §4.1).
const KNOWN: &[&str] = &["issue", "issuewild", "issuemail", "issuevmc", "iodef", "contactemail", "contactphone"];
const CRITICAL: u8 = 128;

pub(super) fn judge(host: &PolicyHostSeen, weight: Severity, found: &mut Findings) {
    let Some(caa) = &host.caa else {
        return;
    };
    let name = || String::from(host.name.as_str());
    let weight = weight.min(Severity::Warning);
    match &caa.records {
        Seen::Failed(failure) => {
            let here = matches!(failure.kind, DnsFailureKind::Timeout | DnsFailureKind::Network);
            found
                .add(
                    &LOOKUP_FAILED,
                    if here { Severity::Info } else { weight },
                    format!("The look-up of CAA for {} failed: {}.", host.name, cause(failure)),
                )
                .about(name())
                .step(format!(
                    "Ask each name server of the zone, `dig @SERVER {} CAA`: it must say NOERROR or NXDOMAIN.",
                    host.name
                ));
        }
        Seen::Found { data, .. } => {
            if let Some(unknown) = data.iter().find(|record| is_unknown_critical(record)) {
                found
                    .add(
                        &FORBIDS,
                        weight,
                        format!("The CAA record {} is critical, and no authority knows its kind.", told(unknown)),
                    )
                    .about(name())
                    .step("Remove it, or clear its critical flag (0 instead of 128).");
            }
            if let Some(leaf) = leaf(host) {
                issuer(host, caa, (data, leaf), weight, found);
            }
        }
        Seen::NoData { .. } | Seen::NxDomain { .. } => {}
    }
}

fn issuer(host: &PolicyHostSeen, caa: &CaaSeen, (data, leaf): (&[Caa], &Cert), weight: Severity, found: &mut Findings) {
    let by_name = |name: &String| !name.starts_with("*.") && matches(name, &host.name);
    let wanted = if leaf.shown.dns_names.iter().any(by_name) { Wanted::Name } else { Wanted::Wildcard };
    let (tag, limits) = limits(data, wanted);
    let domains = caa_domains(&leaf.shown.issuer);
    let Some(publish) = domains.first() else {
        // An issuer that is not in our table: nothing is known of its CAA names.
        return;
    };
    if limits.is_empty() || limits.iter().any(|record| domains.contains(&issuer_of(record).as_str())) {
        return;
    }
    let at = caa.at.as_ref().unwrap_or(&host.name);
    let others: Vec<String> = limits.iter().take(5).map(|record| told(record)).collect();
    found
        .add(
            &FORBIDS,
            weight,
            format!(
                "The certificate comes from {}; the CAA records at {at} are {}.",
                shown(&leaf.shown.issuer),
                others.join(", ")
            ),
        )
        .about(String::from(host.name.as_str()))
        .step("Add this record beside the others, or let an authority that they name issue the certificate.")
        .publish(format!("{at}. 3600 IN CAA 0 {tag} \"{publish}\""));
}

/// What the certificate covers the host by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Its own name.
    Name,
    /// A wildcard above it.
    Wildcard,
}

/// The properties that limit who may issue: `issuewild` takes the place of `issue` for wildcard names (R8659-4.3-1).
fn limits(data: &[Caa], wanted: Wanted) -> (&'static str, Vec<&Caa>) {
    let of = |tag: &str| data.iter().filter(|record| record.tag.eq_ignore_ascii_case(tag)).collect::<Vec<_>>();
    let for_wildcards = of("issuewild");
    if wanted == Wanted::Wildcard && !for_wildcards.is_empty() {
        ("issuewild", for_wildcards)
    } else {
        ("issue", of("issue"))
    }
}

/// The certificate whose renewal is in question: one that holds, or has merely expired.
fn leaf(host: &PolicyHostSeen) -> Option<&Cert> {
    let mut made = host.visits.iter().filter_map(|visit| visit.tls.as_ref());
    made.find(|tls| matches!(tls.fault, None | Some(CertFault::Expired)))?.chain.first()
}

fn issuer_of(record: &Caa) -> String {
    let domain = record.value.split(';').next().unwrap_or_default();
    domain.trim().trim_end_matches('.').to_ascii_lowercase()
}

fn is_unknown_critical(record: &Caa) -> bool {
    record.flags & CRITICAL != 0 && !KNOWN.iter().any(|known| record.tag.eq_ignore_ascii_case(known))
}

fn told(record: &Caa) -> String {
    shown(&format!("{} {} \"{}\"", record.flags, record.tag, record.value))
}
