//! What will be wrong with a certificate soon, or is weak about it (R9325-3.1.1-1 and what follows there).
use alloc::{format, vec::Vec};

use super::{
    super::{Check, Family, Findings, Severity, Side, calendar, observations::Cert, shown::shown},
    Host,
};

pub(super) static EXPIRES_SOON: Check = Check {
    id: "smtp.expires-soon",
    family: Family::Smtp,
    title: "an MX host's certificate ends soon",
    why: "A renewal is usually made weeks before the end, so one that is this late may have failed. From the last day on, senders \
          that follow a policy do not deliver.",
    requirement: "STS-4.2-1",
    side: Side::MxProvider,
};

pub(super) static WEAK_KEY: Check = Check {
    id: "smtp.weak-key",
    family: Family::Smtp,
    title: "an MX host's certificate has a short key",
    why: "RSA keys below 2048 bits and the old DSA are no longer taken for safe. Many TLS libraries refuse them, and no public \
          authority signs them.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) static WEAK_SIGNATURE: Check = Check {
    id: "smtp.weak-signature",
    family: Family::Smtp,
    title: "a certificate in an MX host's chain is signed with a broken hash",
    why: "Signatures made with SHA-1 or MD5 can be forged. Current TLS libraries refuse them anywhere but in the root.",
    requirement: "",
    side: Side::MxProvider,
};

pub(super) fn judge(host: &Host<'_>, found: &mut Findings) {
    let mut told: Vec<&str> = Vec::new();
    for made in host.seen.sessions.iter().filter_map(|session| session.tls.as_ref()) {
        let Some(leaf) = made.chain.first().filter(|leaf| !told.contains(&leaf.shown.sha256.as_str())) else {
            continue;
        };
        told.push(&leaf.shown.sha256);
        ends_soon(host, leaf, found);
        weak(host, &made.chain, found);
    }
}

fn ends_soon(host: &Host<'_>, leaf: &Cert, found: &mut Findings) {
    let (now, end) = (host.context.seen.at, leaf.shown.not_after);
    let days = u64::from(host.context.intent.certificate_days);
    if end < now || end >= now.plus(days * calendar::DAY) {
        return;
    }
    let left = calendar::length(end.0.saturating_sub(now.0));
    let seen = format!("The certificate of {} ends on {}, in {left}.", host.name(), calendar::minute(end));
    let severity = if host.guarded { Severity::Info } else { Severity::Warning };
    found.add(&EXPIRES_SOON, severity, format!("{seen}{}", host.beside_dane())).about(host.name()).step(
        "Renew it now and reload the mail server; see in the log of the ACME client why it was not renewed by itself.",
    );
}

fn weak(host: &Host<'_>, chain: &[Cert], found: &mut Findings) {
    for (place, cert) in chain.iter().enumerate() {
        let whose = shown(&cert.shown.subject);
        if is_weak_key(&cert.key) {
            found
                .add(
                    &WEAK_KEY,
                    Severity::Warning,
                    format!("The certificate {whose} of {} has a key of {}.", host.name(), shown(&cert.key)),
                )
                .about(host.name())
                .step(if place == 0 {
                    "Make a new key, EC P-256 or RSA of 2048 bits or more, and get a certificate for it."
                } else {
                    "Have the server send the issuer's current certificates, which come with each renewal, and no others."
                });
        }
        // The signature of a root is never looked at.
        let hash = cert.signature.to_ascii_lowercase();
        if !cert.self_issued && (hash.contains("sha1") || hash.contains("sha-1") || hash.contains("md5")) {
            found
                .add(&WEAK_SIGNATURE, Severity::Warning, format!("The certificate {whose} of {} is signed with {}.", host.name(), shown(&cert.signature)))
                .about(host.name())
                .step("Get the certificate, or the intermediate that signed it, anew: every authority signs with SHA-256 or better today.");
        }
    }
}

/// `RSA 1024`, `DSA`.
fn is_weak_key(key: &str) -> bool {
    let bits = key.strip_prefix("RSA ").and_then(|bits| bits.parse::<u32>().ok());
    bits.is_some_and(|bits| bits < 2048) || key == "DSA"
}
