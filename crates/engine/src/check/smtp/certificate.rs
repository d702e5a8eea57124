//! The certificate that an MX host shows: chain, name, dates (STS-4.2-1 … STS-4.2-3, R9525-6.3-1).
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::name::Domain;

use super::{
    super::{
        Check, Context, Family, Findings, Side, calendar,
        observations::{Cert, Session},
        shown::shown,
    },
    Host,
};
use crate::fact::{CertFault, TlsOutcome};

pub(super) static SELF_SIGNED: Check = Check {
    id: "smtp.self-signed",
    family: Family::Smtp,
    title: "an MX host shows a self-signed certificate",
    why: "Anybody can make such a certificate, so it proves nothing. Senders without a policy take it; senders that follow \
          MTA-STS refuse it.",
    requirement: "STS-4.2-2",
    side: Side::MxProvider,
};

pub(super) static INTERMEDIATE_MISSING: Check = Check {
    id: "smtp.intermediate-missing",
    family: Family::Smtp,
    title: "an MX host does not send its intermediate certificate",
    why: "Browsers fetch a missing link of the chain by themselves, mail servers do not: for them the chain ends nowhere, and \
          the certificate is not trusted.",
    requirement: "STS-4.2-2",
    side: Side::MxProvider,
};

pub(super) static UNTRUSTED: Check = Check {
    id: "smtp.untrusted",
    family: Family::Smtp,
    title: "an MX host's certificate comes from no public authority",
    why: "MTA-STS asks for a certificate that leads to a root which senders trust. One of a private or withdrawn authority is \
          refused by all of them.",
    requirement: "STS-4.2-2",
    side: Side::MxProvider,
};

pub(super) static CN_ONLY: Check = Check {
    id: "smtp.cn-only",
    family: Family::Smtp,
    title: "an MX host's certificate has its name in the subject only",
    why: "The common name of the subject is no longer looked at; only the list of alternative names counts. Some old servers \
          still accept it, which makes the fault easy to miss.",
    requirement: "STS-4.2-3",
    side: Side::MxProvider,
};

pub(super) static NAME_MISMATCH: Check = Check {
    id: "smtp.name-mismatch",
    family: Family::Smtp,
    title: "an MX host's certificate is for another name",
    why: "The name that counts is that of the MX record. A certificate for the mail domain, or for a name that the host is an \
          alias of, does not help.",
    requirement: "STS-4.2-3",
    side: Side::MxProvider,
};

pub(super) static EXPIRED: Check = Check {
    id: "smtp.expired",
    family: Family::Smtp,
    title: "an MX host's certificate has expired",
    why: "Senders that follow a policy refuse it from that second on. The usual cause is a certificate that was renewed on disk \
          and not loaded by the mail server.",
    requirement: "STS-4.2-1",
    side: Side::MxProvider,
};

pub(super) static NOT_YET_VALID: Check = Check {
    id: "smtp.not-yet-valid",
    family: Family::Smtp,
    title: "an MX host's certificate is not valid yet",
    why: "Senders that follow a policy refuse it until its time begins.",
    requirement: "STS-4.2-1",
    side: Side::MxProvider,
};

pub(super) static UNUSABLE: Check = Check {
    id: "smtp.certificate-unusable",
    family: Family::Smtp,
    title: "an MX host's certificate does not hold for another reason",
    why: "Senders that follow a policy verify certificates as web browsers do, and refuse one that breaks the rules for them.",
    requirement: "STS-4-2",
    side: Side::MxProvider,
};

/// As many names of one certificate are kept.
const MAX_NAMES: usize = 100;

/// What is wrong with one certificate.
struct Wrong {
    check: &'static Check,
    seen: String,
    step: String,
}

pub(super) fn judge(host: &Host<'_>, found: &mut Findings) {
    let mut told: Vec<(&'static str, String)> = Vec::new();
    for session in &host.seen.sessions {
        for wrong in wrongs(host, session) {
            let key = (wrong.check.id, wrong.seen.clone());
            if told.contains(&key) {
                continue;
            }
            let same =
                |other: &Session| wrongs(host, other).iter().any(|its| (its.check.id, &its.seen) == (key.0, &key.1));
            let at = host.at(same).unwrap_or_default();
            let seen = format!("{}{at} shows {}.{}", host.name(), wrong.seen, host.beside_dane());
            found.add(wrong.check, host.certificate_severity(), seen).about(host.name()).step(wrong.step);
            told.push(key);
        }
    }
}

fn wrongs(host: &Host<'_>, session: &Session) -> Vec<Wrong> {
    let (chain, fault) = match (&session.tls, &session.outcome) {
        (Some(made), _) => (made.chain.as_slice(), made.fault.as_ref()),
        (None, TlsOutcome::Certificate(fault)) => (&[][..], Some(fault)),
        (None, _) => return Vec::new(),
    };
    let Some(leaf) = chain.first() else {
        return fault.map(unusable).into_iter().collect();
    };
    let mut wrongs = Vec::new();
    wrongs.extend(untrusted(chain, leaf, fault));
    wrongs.extend(misnamed(host, leaf, fault));
    wrongs.extend(dates(host.context, chain, fault));
    if let Some(fault @ CertFault::Other { .. }) = fault {
        wrongs.push(unusable(fault));
    }
    wrongs
}

fn untrusted(chain: &[Cert], leaf: &Cert, fault: Option<&CertFault>) -> Option<Wrong> {
    let issuer = shown(&leaf.shown.issuer);
    if leaf.self_issued && fault.is_some() {
        let step = "Get a certificate from a public authority, such as Let's Encrypt, by ACME, and have the server send its chain.";
        return Some(wrong(
            &SELF_SIGNED,
            format!("a certificate that it signed itself ({})", shown(&leaf.shown.subject)),
            step,
        ));
    }
    if fault != Some(&CertFault::UntrustedIssuer) {
        return None;
    }
    // A lone leaf that says where its issuer is to be had is from an authority that a browser would find.
    if chain.len() == 1 && !leaf.issuer_urls.is_empty() {
        let step = format!(
            "Configure the full chain: the host's certificate followed by that of {issuer} (with certbot it is fullchain.pem, \
             not cert.pem), and reload the server."
        );
        return Some(wrong(
            &INTERMEDIATE_MISSING,
            format!("its own certificate alone, without that of its issuer {issuer}"),
            step,
        ));
    }
    let step = "Get a certificate from an authority that mail servers trust, and have the server send the whole chain up to its root.";
    Some(wrong(&UNTRUSTED, format!("a certificate of {issuer}, which leads to no trusted root"), step))
}

fn misnamed(host: &Host<'_>, leaf: &Cert, fault: Option<&CertFault>) -> Option<Wrong> {
    let name = &host.seen.name;
    // Of a very long list of names not all are kept, and then only the verifier knows.
    let missing = leaf.shown.dns_names.len() < MAX_NAMES && !names_host(leaf, name);
    if fault.is_none() || (fault != Some(&CertFault::NameMismatch) && !missing) {
        return None;
    }
    let step = format!(
        "Get a certificate whose subject alternative names hold {name}. If the host is known by another name too, both belong \
         into it."
    );
    if leaf.shown.dns_names.is_empty() {
        let subject = shown(&leaf.shown.subject);
        return Some(wrong(
            &CN_ONLY,
            format!("a certificate without subject alternative names (its subject is {subject})"),
            step,
        ));
    }
    let more = leaf.shown.dns_names.len().saturating_sub(5);
    let mut names: Vec<String> = leaf.shown.dns_names.iter().take(5).map(|name| shown(name)).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    Some(wrong(&NAME_MISMATCH, format!("a certificate for {}, not for {name}", names.join(", ")), step))
}

fn dates(context: &Context<'_>, chain: &[Cert], fault: Option<&CertFault>) -> Option<Wrong> {
    let now = context.seen.at;
    let words = |cert: &Cert| match chain.first() {
        Some(leaf) if leaf == cert => String::from("a certificate"),
        _ => format!("a chain with the certificate of {}", shown(&cert.shown.subject)),
    };
    let renew = "Renew the certificate, and reload the mail server after each renewal (for instance by a deploy hook).";
    if let Some(ended) = chain.iter().find(|cert| cert.shown.not_after < now && fault.is_some()) {
        let seen = format!("{} that ended on {}", words(ended), calendar::minute(ended.shown.not_after));
        return Some(wrong(&EXPIRED, seen, renew));
    }
    if let Some(early) = chain.iter().find(|cert| cert.shown.not_before > now && fault.is_some()) {
        let seen = format!("{} that begins on {}", words(early), calendar::minute(early.shown.not_before));
        return Some(wrong(
            &NOT_YET_VALID,
            seen,
            "See whether the clock is right where the certificate was made, and use the one before until then.",
        ));
    }
    match fault {
        Some(CertFault::Expired) => Some(wrong(&EXPIRED, "a certificate that has expired".into(), renew)),
        Some(CertFault::NotYetValid) => {
            Some(wrong(&NOT_YET_VALID, "a certificate that is not valid yet".into(), renew))
        }
        _ => None,
    }
}

fn unusable(fault: &CertFault) -> Wrong {
    let step = "Have the certificate made anew by a public authority, and see that the server shows the new one.";
    wrong(&UNUSABLE, format!("a certificate that does not hold: {}", shown(&format!("{fault}"))), step)
}

fn wrong(check: &'static Check, seen: String, step: impl Into<String>) -> Wrong {
    Wrong { check, seen, step: step.into() }
}

/// Whether a certificate is for this host: one of its DNS names is the host's, `*` standing for the whole first label
/// (R9525-6.3-1, R9525-6.3-3). The common name counts for nothing (R9525-1.3-1).
pub(in crate::check) fn names_host(leaf: &Cert, host: &Domain) -> bool {
    leaf.shown.dns_names.iter().any(|name| is_named(name, host))
}

/// Whether one name of a certificate stands for the host.
pub(in crate::check) fn is_named(name: &str, host: &Domain) -> bool {
    let (name, below) = name.strip_prefix("*.").map_or((name, false), |base| (base, true));
    let Ok(name) = Domain::parse_lenient(name) else {
        return false;
    };
    if below { host.is_one_below(&name) } else { *host == name }
}
