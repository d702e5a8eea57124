//! Each MX host over SMTP (RFC 3207, RFC 8461 §4): whether it answers, offers STARTTLS, and shows a certificate that holds.
//!
//! How bad a fault is depends on the policy: without one senders use TLS without looking at the certificate, under one they
//! refuse. Where DANE guards a host its senders look at TLSA records instead, which each finding says.
//!
//! Left out, since one look from one place cannot show it: STARTTLS stripped on the way, and whether routes are signed (RPKI).
mod certificate;
mod differ;
mod hello;
mod quality;
mod reach;
mod sni;
mod starttls;
#[cfg(test)]
mod tests;
mod versions;

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Check, Context, Findings, Severity, dane,
    observations::{HostSeen, Session},
};

pub(super) use certificate::{is_named, names_host};

/// The checks of this family.
pub(super) const CHECKS: &[&Check] = &[
    &reach::PORT_BLOCKED,
    &reach::NO_IPV6_HERE,
    &reach::HOST_UNREACHABLE,
    &reach::ADDRESS_UNREACHABLE,
    &reach::SPECIAL_ADDRESS,
    &reach::NO_GREETING,
    &reach::BUSY,
    &reach::REFUSED,
    &starttls::ABSENT,
    &starttls::REFUSED,
    &starttls::UNAVAILABLE,
    &starttls::HANDSHAKE,
    &certificate::SELF_SIGNED,
    &certificate::INTERMEDIATE_MISSING,
    &certificate::UNTRUSTED,
    &certificate::CN_ONLY,
    &certificate::NAME_MISMATCH,
    &certificate::EXPIRED,
    &certificate::NOT_YET_VALID,
    &certificate::UNUSABLE,
    &quality::EXPIRES_SOON,
    &quality::WEAK_KEY,
    &quality::WEAK_SIGNATURE,
    &versions::TOO_OLD,
    &versions::OLD_CIPHERS,
    &versions::NO_TLS13,
    &versions::SSLV3,
    &versions::TLS10,
    &versions::TLS11,
    &versions::CIPHER_NULL,
    &versions::CIPHER_EXPORT,
    &versions::CIPHER_RC4,
    &versions::CIPHER_DES,
    &versions::CIPHER_3DES,
    &versions::CIPHER_ANONYMOUS,
    &versions::CIPHER_WEAK,
    &hello::SSLV2,
    &hello::COMPRESSION,
    &hello::RENEGOTIATION,
    &hello::NO_MASTER_SECRET,
    &hello::EARLY_DATA,
    &hello::MUST_STAPLE,
    &sni::REQUIRED,
    &sni::WITHOUT,
    &sni::MAIL_DOMAIN_REFUSED,
    &sni::MAIL_DOMAIN,
    &differ::ADDRESSES,
    &differ::PTR_ABSENT,
    &differ::PTR_OTHER,
    &differ::NO_IPV6,
];

/// Judges this family.
pub(super) fn judge(context: &Context<'_>, found: &mut Findings) {
    let hosts: Vec<Host<'_>> = context.seen.hosts.iter().map(|host| Host::new(context, host)).collect();
    reach::judge(&hosts, found);
    for host in &hosts {
        starttls::judge(host, found);
        certificate::judge(host, found);
        quality::judge(host, found);
        versions::judge(host, found);
        hello::judge(host, found);
        sni::judge(host, found);
        differ::judge(host, found);
    }
    differ::ipv6(&hosts, found);
}

/// One host, and how its faults are to be weighed.
struct Host<'a> {
    context: &'a Context<'a>,
    seen: &'a HostSeen,
    /// Whether its TLSA records are signed, usable, and fit what it shows.
    guarded: bool,
}

impl<'a> Host<'a> {
    fn new(context: &'a Context<'a>, seen: &'a HostSeen) -> Self {
        Self { context, seen, guarded: dane::guards(context, seen) }
    }

    fn name(&self) -> String {
        self.seen.name.to_string()
    }

    /// How bad a certificate fault is: what DANE senders do not look at matters only to those who follow a policy.
    fn certificate_severity(&self) -> Severity {
        match self.context.by_state() {
            Severity::Error => Severity::Error,
            _ if self.guarded => Severity::Info,
            other => other,
        }
    }

    /// A sentence for what DANE changes about a certificate fault; empty where it changes nothing.
    fn beside_dane(&self) -> &'static str {
        match (self.guarded, self.context.by_state()) {
            (true, Severity::Error) => {
                " Its TLSA records fit, so senders that use DANE deliver all the same; those that only know MTA-STS do not."
            }
            (true, _) => " Its TLSA records fit, and senders that use DANE look at nothing else.",
            (false, _) => "",
        }
    }

    /// The sessions of which `pick` is true, and where they were, for a sentence: empty when it is all of them.
    fn at(&self, pick: impl Fn(&Session) -> bool) -> Option<String> {
        let picked: Vec<String> = self
            .seen
            .sessions
            .iter()
            .filter(|session| pick(session))
            .map(|session| session.address.ip().to_string())
            .collect();
        match (picked.len(), self.seen.sessions.len()) {
            (0, _) => None,
            (some, all) if some == all => Some(String::new()),
            _ => Some(format!(" at {}", picked.join(", "))),
        }
    }
}
