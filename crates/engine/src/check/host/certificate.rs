//! The policy host's certificate (STS-3.3-1). A sender stops at the first fault; here all that can be seen are told, so that
//! one renewal mends them all.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::name::Domain;

use super::super::{
    Check, Family, Severity, Side,
    calendar::minute,
    observations::{Cert, PolicyHostSeen, TlsMade, Visit},
    shown::shown,
};
use super::gathered::Gathered;
use crate::{
    fact::{CertFault, FetchFailure},
    time::Timestamp,
};

pub(super) static UNTRUSTED: Check = Check {
    id: "sts.host.certificate-untrusted",
    family: Family::Host,
    title: "the policy host's certificate comes from no trusted issuer",
    why: "Senders trust the authorities that browsers trust. A certificate from any other, or one that signs itself, is refused, and \
          they deliver as if there were no policy.",
    requirement: "STS-3.3-1",
    side: Side::PolicyHost,
};

pub(super) static CHAIN_INCOMPLETE: Check = Check {
    id: "sts.host.chain-incomplete",
    family: Family::Host,
    title: "the policy host does not send its issuer's certificate",
    why: "Browsers fetch a missing intermediate certificate themselves, so the site looks good in them. Mail servers do not: for them \
          the certificate is not trusted, and they deliver as if there were no policy.",
    requirement: "STS-3.3-1",
    side: Side::PolicyHost,
};

pub(super) static WRONG_NAME: Check = Check {
    id: "sts.host.certificate-name",
    family: Family::Host,
    title: "the policy host's certificate is for another name",
    why: "The certificate must name the policy host of this very domain, also where the host is an alias of a provider's. Senders \
          refuse any other, and deliver as if there were no policy.",
    requirement: "STS-8.2-2",
    side: Side::PolicyHost,
};

pub(super) static EXPIRED: Check = Check {
    id: "sts.host.certificate-expired",
    family: Family::Host,
    title: "the policy host's certificate has expired",
    why: "Senders refuse an expired certificate. Those without the policy in their cache deliver as if there were none, and the \
          others join them when it runs out.",
    requirement: "STS-3.3-1",
    side: Side::PolicyHost,
};

pub(super) static NOT_YET_VALID: Check = Check {
    id: "sts.host.certificate-not-yet-valid",
    family: Family::Host,
    title: "the policy host's certificate is not valid yet",
    why: "Senders refuse a certificate before its first day, and deliver as if there were no policy.",
    requirement: "STS-3.3-1",
    side: Side::PolicyHost,
};

pub(super) static REFUSED: Check = Check {
    id: "sts.host.certificate-refused",
    family: Family::Host,
    title: "the policy host's certificate is not acceptable",
    why: "Senders refuse a certificate that breaks the rules for web certificates, and deliver as if there were no policy.",
    requirement: "STS-3.3-1",
    side: Side::PolicyHost,
};

/// Most names of a certificate that are shown.
const MAX_NAMES: usize = 5;

pub(super) fn judge(
    at: Timestamp,
    host: &PolicyHostSeen,
    visit: &Visit,
    weight: Severity,
    gathered: &mut Gathered<'_>,
) {
    let made = visit.tls.as_ref().and_then(|tls| tls.fault.as_ref());
    let ((Some(fault), _) | (None, Some(FetchFailure::Certificate(fault)))) = (made, &visit.stopped) else {
        return;
    };
    let chain = visit.tls.as_ref().map(|tls: &TlsMade| tls.chain.as_slice()).unwrap_or_default();
    let leaf = chain.first();
    let wrong_name = leaf.is_some_and(|leaf| !leaf.shown.dns_names.iter().any(|name| matches(name, &host.name)));
    let over = leaf.is_some_and(|leaf| leaf.shown.not_after < at);
    match fault {
        CertFault::UntrustedIssuer => untrusted(visit, chain, weight, gathered),
        CertFault::NotYetValid => {
            let seen = leaf.map_or_else(
                || String::from("The certificate is not valid yet."),
                |leaf| format!("The certificate is valid from {}.", minute(leaf.shown.not_before)),
            );
            let step = "Look at the clock of the host that got the certificate, or wait until that time.";
            gathered.note(visit, &NOT_YET_VALID, weight, seen, step);
        }
        CertFault::Other { detail } => {
            let seen = format!("The certificate is refused: {}.", shown(detail).trim_end_matches('.'));
            let step = format!("Get a new certificate for {} from a public authority.", host.name);
            gathered.note(visit, &REFUSED, weight, seen, step);
        }
        CertFault::Expired | CertFault::NameMismatch => {}
    }
    if over || *fault == CertFault::Expired {
        expired(at, visit, chain, weight, gathered);
    }
    if wrong_name || *fault == CertFault::NameMismatch {
        name(host, visit, leaf, weight, gathered);
    }
}

fn untrusted(visit: &Visit, chain: &[Cert], weight: Severity, gathered: &mut Gathered<'_>) {
    let leaf = chain.first();
    if let Some(leaf) = leaf.filter(|leaf| lacks_issuer(leaf, chain)) {
        let seen = format!(
            "The host sends {}, but not the certificate of its issuer {}.",
            if chain.len() == 1 {
                String::from("its own certificate alone")
            } else {
                format!("{} certificates", chain.len())
            },
            shown(&leaf.shown.issuer)
        );
        let from = leaf.issuer_urls.first().map(|url| shown(url)).unwrap_or_default();
        let step = format!(
            "Have the web server send the whole chain: use the file that holds the certificate and its intermediates (often \
             `fullchain.pem`). The missing one is at {from}."
        );
        gathered.note(visit, &CHAIN_INCOMPLETE, weight, seen, step);
        return;
    }
    let (seen, step) = match leaf {
        Some(leaf) if leaf.self_issued => (
            format!("The certificate of {} signs itself.", shown(&leaf.shown.subject)),
            "Get a certificate from a public authority; ACME (such as Let's Encrypt) gives them free of charge.",
        ),
        Some(leaf) if leaf.shown.issuer.contains("STAGING") => (
            format!("The certificate comes from a test authority: {}.", shown(&leaf.shown.issuer)),
            "Switch the ACME client from the staging to the production directory, and get the certificate anew.",
        ),
        Some(leaf) => (
            format!(
                "The certificate comes from {}, which leads to no root that is trusted here.",
                shown(&leaf.shown.issuer)
            ),
            "Get a certificate from a public authority, and have the web server send its whole chain.",
        ),
        None => (
            String::from("The certificate leads to no root that is trusted here."),
            "Get a certificate from a public authority, and have the web server send its whole chain.",
        ),
    };
    gathered.note(visit, &UNTRUSTED, weight, seen, step);
}

/// Whether the chain lacks the leaf's issuer, which a browser would fetch from the address in the leaf.
fn lacks_issuer(leaf: &Cert, chain: &[Cert]) -> bool {
    !leaf.self_issued
        && !leaf.issuer_urls.is_empty()
        && !chain.iter().skip(1).any(|other| other.shown.subject == leaf.shown.issuer)
}

fn expired(at: Timestamp, visit: &Visit, chain: &[Cert], weight: Severity, gathered: &mut Gathered<'_>) {
    let over = chain.iter().enumerate().find(|(_, cert)| cert.shown.not_after < at);
    let (seen, step) = match over {
        Some((0, leaf)) => (
            format!("The certificate was valid until {}.", minute(leaf.shown.not_after)),
            "Renew the certificate, have the web server load it, and see why the automatic renewal did not do so.",
        ),
        Some((_, issuer)) => (
            format!(
                "The certificate of the issuer {} was valid until {}.",
                shown(&issuer.shown.subject),
                minute(issuer.shown.not_after)
            ),
            "Have the web server send the issuer's current certificates, which come with each renewal.",
        ),
        None => (
            String::from("The certificate, or one of its issuers, has expired."),
            "Renew the certificate, and have the web server load it.",
        ),
    };
    gathered.note(visit, &EXPIRED, weight, seen, step);
}

fn name(host: &PolicyHostSeen, visit: &Visit, leaf: Option<&Cert>, weight: Severity, gathered: &mut Gathered<'_>) {
    let names = leaf.map(|leaf| leaf.shown.dns_names.as_slice()).unwrap_or_default();
    let seen = match (leaf, names) {
        (Some(leaf), []) => format!(
            "The certificate names no host in its subjectAltName; its subject {}, which senders do not read, does not count.",
            shown(&leaf.shown.subject)
        ),
        _ => format!("The certificate is for {}, not for {}.", told(names), host.name),
    };
    let step = match alias(host) {
        Some(alias) => format!(
            "Ask whoever runs {alias} to set up {0}, with a certificate for that very name; a CAA record may stand in the way.",
            host.name
        ),
        None => format!("Get a certificate for {0}, and set up a site of that name in the web server.", host.name),
    };
    gathered.note(visit, &WRONG_NAME, weight, seen, step);
}

fn alias(host: &PolicyHostSeen) -> Option<&Domain> {
    host.cname.as_ref().and_then(crate::fact::Seen::data)
}

fn told(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_NAMES).map(|name| shown(name)).collect();
    match names.len().saturating_sub(MAX_NAMES) {
        0 if shown.is_empty() => String::from("another name"),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Whether a DNS-ID stands for the host (R9525-6.3-1, R9525-6.3-3, STS-3.3-3).
pub(super) fn matches(name: &str, host: &Domain) -> bool {
    match name.strip_prefix("*.") {
        Some(base) => Domain::parse(base).is_ok_and(|base| host.is_one_below(&base)),
        None => Domain::parse(name).is_ok_and(|name| name == *host),
    }
}
