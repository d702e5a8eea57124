//! What a host shows to senders that send no server name, or the mail domain's (STS-7.1-5, DANE-8.1-2).
use alloc::format;

use super::{
    super::{
        Check, Family, Findings, Severity, Side,
        observations::{TlsMade, Trial, TrialResult, Way},
        shown::shown,
    },
    Host,
};

pub(super) static REQUIRED: Check = Check {
    id: "smtp.sni-required",
    family: Family::Smtp,
    title: "an MX host refuses clients that send no server name",
    why: "A mail server must not demand a server name: older senders send none, and for them the handshake fails.",
    requirement: "STS-7.1-5",
    side: Side::MxProvider,
};

pub(super) static WITHOUT: Check = Check {
    id: "smtp.sni-other-certificate",
    family: Family::Smtp,
    title: "an MX host shows a worse certificate to clients that send no server name",
    why: "Senders that send no server name and verify all the same see a certificate that does not hold, though others see a good \
          one.",
    requirement: "STS-7.1-5",
    side: Side::MxProvider,
};

pub(super) static MAIL_DOMAIN_REFUSED: Check = Check {
    id: "smtp.sni-mail-domain-refused",
    family: Family::Smtp,
    title: "an MX host refuses clients that name the mail domain",
    why: "Some senders send the recipient's domain as server name instead of the MX host's. A server that does not know a name \
          must answer with its usual certificate, not break off.",
    requirement: "STS-7.1-5",
    side: Side::MxProvider,
};

pub(super) static MAIL_DOMAIN: Check = Check {
    id: "smtp.sni-mail-domain-certificate",
    family: Family::Smtp,
    title: "an MX host shows a worse certificate to clients that name the mail domain",
    why: "Some senders send the recipient's domain as server name instead of the MX host's, and then compare the certificate with \
          the MX host. For them it does not hold.",
    requirement: "STS-7.1-5",
    side: Side::MxProvider,
};

pub(super) fn judge(host: &Host<'_>, found: &mut Findings) {
    let Some(usual) = host.seen.sessions.iter().find_map(|session| session.tls.as_ref()) else {
        return;
    };
    for trial in host.seen.trials.iter().filter(|trial| trial.way == Way::NoSni) {
        compare(host, usual, trial, "no server name", (&REQUIRED, &WITHOUT), found);
    }
    let named = host.context.seen.mx.iter().flat_map(|mail| &mail.named).filter(|(name, _)| *name == host.seen.name);
    for (_, trial) in named {
        if let Way::Sni(name) = &trial.way {
            let words = format!("the server name {name}");
            compare(host, usual, trial, &words, (&MAIL_DOMAIN_REFUSED, &MAIL_DOMAIN), found);
        }
    }
}

/// Compares a trial with the usual handshake. Only a certificate that is worse is worth a word.
fn compare(
    host: &Host<'_>,
    usual: &TlsMade,
    trial: &Trial,
    sent: &str,
    (refused, other): (&'static Check, &'static Check),
    found: &mut Findings,
) {
    let name = host.name();
    match &trial.result {
        TrialResult::Refused(why) => {
            let seen = format!("Sent {sent}, {name} breaks the handshake off: {}.", shown(why.trim_end_matches('.')));
            found.add(refused, Severity::Warning, seen).about(name).step(
                "Configure a fallback certificate, that of the MX host's name, for clients that send no server name or an \
                 unknown one.",
            );
        }
        TrialResult::Made(TlsMade { fault: Some(fault), .. }) if usual.fault.is_none() => {
            let seen = format!(
                "Sent {sent}, {name} shows a certificate that does not hold for it: {}.",
                shown(&format!("{fault}"))
            );
            found.add(other, Severity::Warning, seen).about(name.clone()).step(format!(
                "Make the certificate for {name} the server's fallback, shown to clients that send no server name or an unknown one."
            ));
        }
        TrialResult::Made(_) | TrialResult::Hello(_) | TrialResult::Unknown(_) => {}
    }
}
