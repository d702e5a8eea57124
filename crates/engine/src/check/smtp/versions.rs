//! Protocol versions and ciphers, as the trials showed them (STS-7.2-1, STS-7.2-2, R9325-3.1.1-1, R9325-3.1.1-2).
use alloc::format;

use super::{
    super::{
        Check, Family, Findings, Severity, Side,
        observations::{TlsMade, TrialResult, Way},
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

pub(super) fn judge(host: &Host<'_>, found: &mut Findings) {
    let result = |version: &str| {
        let of = |way: &Way| matches!(way, Way::Version(tried) if tried == version);
        host.seen.trials.iter().find(|trial| of(&trial.way)).map(|trial| &trial.result)
    };
    let refused = |version: &str| matches!(result(version), Some(TrialResult::Refused(_)));
    let name = host.name();
    if refused("TLSv1.2") && refused("TLSv1.3") {
        found
            .add(&TOO_OLD, host.context.by_state(), format!("{name} refuses both TLS 1.2 and TLS 1.3."))
            .about(name)
            .step("Update the mail server and its TLS library, and allow TLS 1.2 and 1.3.");
    } else if refused("TLSv1.3") {
        found
            .add(&NO_TLS13, Severity::Info, format!("{name} refuses TLS 1.3 and takes TLS 1.2."))
            .about(name)
            .step("Nothing needs to be done now; an update of the TLS library brings it.");
    }
    for (version, check) in [("SSLv3", &SSLV3), ("TLSv1", &TLS10), ("TLSv1.1", &TLS11)] {
        // SSL 3.0 is asked for by a hello alone.
        let agreed = match result(version) {
            Some(TrialResult::Made(made)) => &made.version,
            Some(TrialResult::Hello(hello)) => &hello.version,
            _ => continue,
        };
        found
            .add(check, Severity::Warning, format!("{} agreed to {}.", host.name(), shown(agreed)))
            .about(host.name())
            .step("Allow TLS 1.2 and newer only (Postfix: `smtpd_tls_protocols = >=TLSv1.2`).");
    }
    for trial in &host.seen.trials {
        if let (Way::Ciphers(_), TrialResult::Made(made)) = (&trial.way, &trial.result) {
            weak(host, made, found);
        }
    }
}

/// Which kind of weak cipher was agreed to; of a server's many only the one it likes best is seen.
fn weak(host: &Host<'_>, made: &TlsMade, found: &mut Findings) {
    let cipher = made.cipher.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| cipher.contains(word));
    let (check, severity) = if has(&["NULL"]) {
        (&CIPHER_NULL, Severity::Warning)
    } else if has(&["EXP"]) {
        (&CIPHER_EXPORT, Severity::Warning)
    } else if has(&["_ANON_", "ADH-", "AECDH-"]) {
        (&CIPHER_ANONYMOUS, Severity::Info)
    } else if has(&["RC4"]) {
        (&CIPHER_RC4, Severity::Warning)
    } else if has(&["3DES", "DES-CBC3"]) {
        (&CIPHER_3DES, Severity::Info)
    } else if has(&["DES"]) {
        (&CIPHER_DES, Severity::Warning)
    } else {
        (&CIPHER_WEAK, Severity::Info)
    };
    let seen = format!("Offered weak ciphers only, {} agreed to {}.", host.name(), shown(&made.cipher));
    found.add(check, severity, seen).about(host.name()).step(
        "Allow strong ciphers only (Postfix: `smtpd_tls_ciphers = medium` or better, and `smtpd_tls_exclude_ciphers = aNULL, \
         RC4, 3DES`).",
    );
}
