//! STARTTLS and its handshake (RFC 3207 §4, STS-4-2).
use alloc::{format, vec::Vec};

use super::{
    super::{Check, Family, Findings, Side, observations::Session, shown::shown},
    Host, versions,
};
use crate::fact::TlsOutcome;

pub(super) static ABSENT: Check = Check {
    id: "smtp.no-starttls",
    family: Family::Smtp,
    title: "an MX host does not offer STARTTLS",
    why: "Without STARTTLS mail travels in the clear, and a sender that follows an enforced policy does not deliver to the host \
          at all. A firewall on the way that cuts the offer out looks the same.",
    requirement: "STS-4-2",
    side: Side::MxProvider,
};

pub(super) static REFUSED: Check = Check {
    id: "smtp.starttls-refused",
    family: Family::Smtp,
    title: "an MX host offers STARTTLS and then refuses it",
    why: "For a sender this is as if there were no TLS: under an enforced policy it does not deliver, otherwise it may go on in \
          the clear.",
    requirement: "STS-4-2",
    side: Side::MxProvider,
};

pub(super) static UNAVAILABLE: Check = Check {
    id: "smtp.starttls-unavailable",
    family: Family::Smtp,
    title: "an MX host has no TLS for the moment",
    why: "A reply of the 400s to STARTTLS, such as 454, means that the server has TLS but cannot use it now, often because its \
          certificate or key cannot be read. Under an enforced policy senders wait and try again.",
    requirement: "R3207-4-1",
    side: Side::MxProvider,
};

pub(super) static HANDSHAKE: Check = Check {
    id: "smtp.handshake-failed",
    family: Family::Smtp,
    title: "the TLS handshake with an MX host fails",
    why: "The host agrees to STARTTLS, but no encrypted session comes of it. Senders that demand TLS do not deliver; others may \
          fall back to the clear.",
    requirement: "STS-4-2",
    side: Side::MxProvider,
};

pub(super) fn judge(host: &Host<'_>, found: &mut Findings) {
    let severity = host.context.by_state();
    if let Some(at) = host.at(|session| session.outcome == TlsOutcome::NoStarttls) {
        let name = host.name();
        found
            .add(&ABSENT, severity, format!("{name}{at} does not offer STARTTLS in its reply to EHLO."))
            .about(name)
            .step(
                "Give the server a certificate and switch STARTTLS on (Postfix: `smtpd_tls_security_level = may` and \
             `smtpd_tls_chain_files`). If it is on, look for a firewall that inspects SMTP and takes the offer out.",
            );
    }
    for session in &host.seen.sessions {
        refused(host, session, found);
    }
    handshake(host, found);
}

fn refused(host: &Host<'_>, session: &Session, found: &mut Findings) {
    let TlsOutcome::StarttlsRefused { reply } = &session.outcome else {
        return;
    };
    let temporary = matches!(session.refused_with, Some(400..=499));
    let check = if temporary { &UNAVAILABLE } else { &REFUSED };
    let seen = format!(
        "{} at {} answers STARTTLS with: {}.",
        host.name(),
        session.address.ip(),
        shown(reply.trim_end_matches('.'))
    );
    found.add(check, host.context.by_state(), seen).about(host.name()).step(if temporary {
        "See in the server's log why TLS is not available: most often the certificate or key file is missing, or cannot be \
         read by the server's user."
    } else {
        "Let every client use STARTTLS, or stop offering it. Some servers refuse it by a rule for certain clients."
    });
}

/// One finding for each way of failing, with the addresses it was seen at.
fn handshake(host: &Host<'_>, found: &mut Findings) {
    let mut told: Vec<&str> = Vec::new();
    // Where none succeeded, the trials were made at the first address that failed.
    let failed = host.seen.sessions.iter().find_map(|session| match &session.outcome {
        TlsOutcome::Handshake { detail } => Some(detail),
        _ => None,
    });
    if let Some(detail) = failed
        && versions::judge_outdated(host, found)
    {
        told.push(detail);
    }
    for session in &host.seen.sessions {
        let TlsOutcome::Handshake { detail } = &session.outcome else { continue };
        if told.contains(&detail.as_str()) {
            continue;
        }
        told.push(detail);
        let same =
            |other: &Session| matches!(&other.outcome, TlsOutcome::Handshake { detail: words } if words == detail);
        let at = host.at(same).unwrap_or_default();
        let seen = format!("The handshake with {}{at} fails: {}.", host.name(), shown(detail.trim_end_matches('.')));
        found.add(&HANDSHAKE, host.context.by_state(), seen).about(host.name()).step(format!(
            "Try `openssl s_client -starttls smtp -connect {0}:25 -servername {0}`. The server must speak TLS 1.2 or 1.3, with \
             a key that fits its certificate, and have a cipher in common with today's clients.",
            host.name()
        ));
    }
}
