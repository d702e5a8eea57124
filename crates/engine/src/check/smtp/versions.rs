//! Protocol versions and ciphers, as the trials showed them (STS-7.2-1, STS-7.2-2, R9325-3.1.1-1, R9325-3.1.1-2).
use alloc::format;

use strictmx_proto::tls::Weakness;

use super::{
    super::{
        Check, Family, Findings, Severity, Side,
        observations::{TrialResult, Way},
        shown::shown,
    },
    Host,
};

pub(super) static TOO_OLD: Check = Check {
    id: "smtp.tls-too-old",
    family: Family::Smtp,
    title: "an MX host speaks neither TLS 1.2 nor TLS 1.3",
    why: "MTA-STS and DANE ask for TLS 1.2 or better, and current mail servers offer nothing older. With such a host they cannot \
          agree on a version.",
    requirement: "STS-7.2-1",
    side: Side::MxProvider,
};

pub(super) static NO_TLS13: Check = Check {
    id: "smtp.no-tls-1-3",
    family: Family::Smtp,
    title: "an MX host does not speak TLS 1.3",
    why: "TLS 1.2 is enough for every sender today. TLS 1.3 is quicker and hides the certificate from those who listen.",
    requirement: "R9325-3.1.1-2",
    side: Side::MxProvider,
};

pub(super) static SSLV3: Check = old("smtp.sslv3", "an MX host still speaks SSL 3.0");
pub(super) static TLS10: Check = old("smtp.tls-1-0", "an MX host still speaks TLS 1.0");
pub(super) static TLS11: Check = old("smtp.tls-1-1", "an MX host still speaks TLS 1.1");

const fn old(id: &'static str, title: &'static str) -> Check {
    Check {
        id,
        family: Family::Smtp,
        title,
        why: "The old version has known weaknesses and is withdrawn. Senders that follow MTA-STS never use it, so that switching it \
              off costs only mail of very old servers, which then may come in the clear instead.",
        requirement: "R9325-3.1.1-1",
        side: Side::MxProvider,
    }
}

pub(super) static CIPHER_NULL: Check = cipher("smtp.cipher-null", "an MX host takes ciphers that do not encrypt");
pub(super) static CIPHER_EXPORT: Check = cipher("smtp.cipher-export", "an MX host takes ciphers weakened for export");
pub(super) static CIPHER_RC4: Check = cipher("smtp.cipher-rc4", "an MX host takes RC4");
pub(super) static CIPHER_DES: Check = cipher("smtp.cipher-des", "an MX host takes single DES");
pub(super) static CIPHER_3DES: Check = cipher("smtp.cipher-3des", "an MX host takes triple DES");
pub(super) static CIPHER_WEAK: Check = cipher("smtp.cipher-weak", "an MX host takes another weak cipher");

pub(super) static CIPHER_ANONYMOUS: Check = Check {
    id: "smtp.cipher-anonymous",
    family: Family::Smtp,
    title: "an MX host takes ciphers without a certificate",
    why: "Such a cipher is good against those who only listen. Senders that verify certificates do not offer it, so for MTA-STS it \
          changes nothing; Postfix has it on by default.",
    requirement: "STS-7.2-2",
    side: Side::MxProvider,
};

const fn cipher(id: &'static str, title: &'static str) -> Check {
    Check {
        id,
        family: Family::Smtp,
        title,
        why: "Mail sent with such a cipher can be read by those who record it. Current senders offer better ones first and never \
              need it.",
        requirement: "STS-7.2-2",
        side: Side::MxProvider,
    }
}

pub(super) static OLD_CIPHERS: Check = Check {
    id: "smtp.old-ciphers-only",
    family: Family::Smtp,
    title: "an MX host speaks TLS 1.2 with old ciphers only",
    why: "The host has no cipher with ECDHE and authenticated encryption, which are the only ones that RFC 9325 recommends for TLS 1.2. \
          Senders built on OpenSSL or GnuTLS (Postfix, Exim, sendmail) still deliver; those with a library that has dropped the old \
          ones (rustls: Stalwart, KumoMTA unless told otherwise) cannot. strictmx speaks rustls itself, so the host's certificate \
          could not be judged.",
    requirement: "STS-7.2-2",
    side: Side::MxProvider,
};

/// What a host speaks with which no session of today comes about.
enum Outdated<'a> {
    /// This version at most.
    Version(&'a str),
    /// TLS 1.2 with this suite.
    Suite(&'a str),
}

/// `None` when the host speaks what is spoken today, or when nothing shows what else it speaks.
fn outdated<'a>(host: &Host<'a>) -> Option<Outdated<'a>> {
    let is_refused = |version| matches!(in_version(host, version), Some(TrialResult::Refused(_)));
    let is_encrypted = host.seen.sessions.iter().any(|session| session.tls.is_some());
    if is_encrypted || !is_refused("TLSv1.2") || !is_refused("TLSv1.3") {
        return None;
    }
    let hello = host.seen.trials.iter().find(|trial| trial.way == Way::Hello).and_then(|trial| trial.result.agreed());
    match hello {
        // With such a suite the handshake failed for another reason.
        Some(("TLSv1.2" | "TLSv1.3", suite)) if is_of_today(suite) => return None,
        Some(("TLSv1.2" | "TLSv1.3", suite)) => return Some(Outdated::Suite(suite)),
        _ => {}
    }
    let old = ["TLSv1.1", "TLSv1", "SSLv3"].into_iter().filter_map(|version| in_version(host, version)?.agreed());
    let (version, _) = old.chain(hello).next()?;
    Some(Outdated::Version(version))
}

/// Whether RFC 9325 §4.2 recommends the suite, or one like it.
fn is_of_today(suite: &str) -> bool {
    suite.starts_with("TLS_ECDHE_") && (suite.contains("_GCM_") || suite.contains("_CHACHA20_"))
}

fn in_version<'a>(host: &Host<'a>, version: &str) -> Option<&'a TrialResult> {
    let is_it = |way: &Way| matches!(way, Way::Version(tried) if tried == version);
    host.seen.trials.iter().find(|trial| is_it(&trial.way)).map(|trial| &trial.result)
}

/// Says why no session of today comes about, and whether that is known.
pub(super) fn judge_outdated(host: &Host<'_>, found: &mut Findings) -> bool {
    let name = host.name();
    let (check, seen, step) = match outdated(host) {
        None => return false,
        Some(Outdated::Version(version)) => (
            &TOO_OLD,
            format!("{name} refuses both TLS 1.2 and TLS 1.3, and speaks {}.", shown(version)),
            "Update the mail server and its TLS library, and allow TLS 1.2 and 1.3.",
        ),
        Some(Outdated::Suite(suite)) => (
            &OLD_CIPHERS,
            format!("{name} speaks TLS 1.2 with {}, and refuses ciphers of today.", shown(suite)),
            "Allow ciphers with ECDHE and AES-GCM or ChaCha20-Poly1305 (Postfix: `tls_high_cipherlist` and its kin as they come), and \
             update the TLS library where it has none.",
        ),
    };
    found.add(check, host.context.by_state(), seen).about(name).step(step);
    true
}

pub(super) fn judge(host: &Host<'_>, found: &mut Findings) {
    let takes_tls12 = in_version(host, "TLSv1.2").is_some_and(|result| result.agreed().is_some());
    if takes_tls12 && matches!(in_version(host, "TLSv1.3"), Some(TrialResult::Refused(_))) {
        let name = host.name();
        found
            .add(&NO_TLS13, Severity::Info, format!("{name} refuses TLS 1.3 and takes TLS 1.2."))
            .about(name)
            .step("Nothing needs to be done now; an update of the TLS library brings it.");
    }
    if !matches!(outdated(host), Some(Outdated::Version(_))) {
        old_versions(host, found);
    }
    for trial in &host.seen.trials {
        if let (Way::Ciphers(_), Some((_, suite))) = (&trial.way, trial.result.agreed()) {
            weak(host, suite, found);
        }
    }
}

fn old_versions(host: &Host<'_>, found: &mut Findings) {
    for (version, check) in [("SSLv3", &SSLV3), ("TLSv1", &TLS10), ("TLSv1.1", &TLS11)] {
        let Some((agreed, _)) = in_version(host, version).and_then(TrialResult::agreed) else {
            continue;
        };
        found
            .add(check, Severity::Warning, format!("{} agreed to {}.", host.name(), shown(agreed)))
            .about(host.name())
            .step("Allow TLS 1.2 and newer only (Postfix: `smtpd_tls_protocols = >=TLSv1.2`).");
    }
}

/// Which kind of weak cipher was agreed to. Each kind that a host takes shows itself in a trial of its own.
fn weak(host: &Host<'_>, suite: &str, found: &mut Findings) {
    let (check, severity) = match Weakness::of(suite) {
        Some(Weakness::Null) => (&CIPHER_NULL, Severity::Warning),
        Some(Weakness::Export) => (&CIPHER_EXPORT, Severity::Warning),
        Some(Weakness::Anonymous) => (&CIPHER_ANONYMOUS, Severity::Info),
        Some(Weakness::Rc4) => (&CIPHER_RC4, Severity::Warning),
        Some(Weakness::TripleDes) => (&CIPHER_3DES, Severity::Info),
        Some(Weakness::Des) => (&CIPHER_DES, Severity::Warning),
        Some(Weakness::Idea) | None => (&CIPHER_WEAK, Severity::Info),
    };
    let seen = format!("Offered weak ciphers only, {} agreed to {}.", host.name(), shown(suite));
    found.add(check, severity, seen).about(host.name()).step(
        "Allow strong ciphers only (Postfix: `smtpd_tls_ciphers = medium` or better, and `smtpd_tls_exclude_ciphers = aNULL, \
         RC4, 3DES`).",
    );
}
