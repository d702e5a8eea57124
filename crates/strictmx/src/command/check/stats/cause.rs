//! Which stage a finding belongs to.
use super::Found;

/// The stages, in the order a sender goes through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// The `_mta-sts` record is not valid.
    Record,
    /// The policy host has no usable address.
    RetrievalDns,
    /// It takes no connection.
    RetrievalTcp,
    /// Its handshake or certificate fails.
    RetrievalTls,
    /// It answers with something else than a policy.
    RetrievalHttp,
    /// The policy's text is not valid.
    Text,
    /// The policy does not name the live MX hosts.
    Coverage,
    /// An MX host's STARTTLS or certificate fails.
    MxTls,
    /// Anything else about the MX hosts: no address, no answer.
    MxOther,
}

impl Cause {
    /// All of them.
    pub(super) const ALL: [Self; 9] = [
        Self::Record,
        Self::RetrievalDns,
        Self::RetrievalTcp,
        Self::RetrievalTls,
        Self::RetrievalHttp,
        Self::Text,
        Self::Coverage,
        Self::MxTls,
        Self::MxOther,
    ];

    /// Its key in JSON.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::RetrievalDns => "retrieval-dns",
            Self::RetrievalTcp => "retrieval-tcp",
            Self::RetrievalTls => "retrieval-tls",
            Self::RetrievalHttp => "retrieval-http",
            Self::Text => "policy-text",
            Self::Coverage => "mx-coverage",
            Self::MxTls => "mx-tls",
            Self::MxOther => "mx-other",
        }
    }

    /// For people.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Record => "DNS record",
            Self::RetrievalDns => "policy retrieval: DNS",
            Self::RetrievalTcp => "policy retrieval: TCP",
            Self::RetrievalTls => "policy retrieval: TLS",
            Self::RetrievalHttp => "policy retrieval: HTTP",
            Self::Text => "policy text",
            Self::Coverage => "MX not covered by the policy",
            Self::MxTls => "MX TLS",
            Self::MxOther => "MX otherwise",
        }
    }
}

/// The stage of an error; `None`: it belongs to none of them (DANE, TLS reporting, changes over time).
pub(super) fn of(found: &Found) -> Option<Cause> {
    let is_one = |ids: &[&str]| ids.contains(&found.id.as_str());
    // A port that is blocked where the list was checked says nothing of the domains.
    if found.side == HERE {
        return None;
    }
    Some(match found.family.as_str() {
        "record" => Cause::Record,
        "host" if is_one(DNS) => Cause::RetrievalDns,
        "host" if is_one(TCP) => Cause::RetrievalTcp,
        "host" if is_one(TLS) => Cause::RetrievalTls,
        "host" => Cause::RetrievalHttp,
        // It follows from another fault, often of the record; that one is counted.
        "policy" if is_one(&[CONSEQUENCE]) => return None,
        "policy" => Cause::Text,
        "mx" if found.id.starts_with("sts.policy.mx-") => Cause::Coverage,
        "mx" => Cause::MxOther,
        "smtp" if is_one(SMTP_OTHER) => Cause::MxOther,
        "smtp" => Cause::MxTls,
        _ => return None,
    })
}

/// The side of whoever ran the check.
const HERE: &str = "here";
/// That senders read the policy differently.
const CONSEQUENCE: &str = "sts.policy.senders-disagree";
/// No address of the policy host is to be had, or only such as nobody connects to.
const DNS: &[&str] = &[
    "sts.host.absent",
    "sts.host.bogus",
    "sts.host.lookup-failed",
    "sts.host.lookup-unreachable",
    "sts.host.special-address",
];
/// No connection comes about, or it does not come to its end in time.
const TCP: &[&str] = &["sts.host.unreachable", "sts.host.address-unreachable", "sts.host.timeout"];
/// The handshake fails, or the certificate does.
const TLS: &[&str] = &[
    "sts.host.handshake",
    "sts.host.certificate-expired",
    "sts.host.certificate-name",
    "sts.host.certificate-not-yet-valid",
    "sts.host.certificate-refused",
    "sts.host.certificate-untrusted",
    "sts.host.chain-incomplete",
    "sts.host.old-tls-only",
    "sts.host.sni-needed",
];
/// The MX host was not spoken with, so nothing is known of its TLS.
const SMTP_OTHER: &[&str] = &[
    "smtp.address-unreachable",
    "smtp.host-unreachable",
    "smtp.no-greeting",
    "smtp.refused",
    "smtp.refused-temporarily",
    "smtp.special-address",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strictmx_engine::check::{Side, catalogue};

    use super::*;

    #[test]
    fn every_id_that_is_sorted_by_name_is_in_the_catalogue() {
        let known: BTreeSet<&str> = catalogue().map(|check| check.id).collect();
        for id in [DNS, TCP, TLS, SMTP_OTHER, &[CONSEQUENCE]].into_iter().flatten() {
            assert!(known.contains(id), "{id}");
        }
    }

    #[test]
    fn every_check_of_the_stages_has_one() {
        for check in catalogue() {
            let family = check.family.as_str();
            let side = if check.side == Side::Here { HERE } else { "dns" };
            let found = Found {
                id: check.id.to_owned(),
                family: family.to_owned(),
                severity: "error".to_owned(),
                side: side.to_owned(),
            };
            let none = ["dane", "tlsrpt", "time"].contains(&family) || check.id == CONSEQUENCE || side == HERE;
            assert_eq!(of(&found).is_none(), none, "{}", check.id);
        }
    }
}
