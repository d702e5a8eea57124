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
    Some(match found.family.as_str() {
        "record" => Cause::Record,
        "host" if is_one(DNS) => Cause::RetrievalDns,
        "host" if is_one(TCP) => Cause::RetrievalTcp,
        "host" if is_one(TLS) => Cause::RetrievalTls,
        "host" => Cause::RetrievalHttp,
        "policy" => Cause::Text,
        "mx" if found.id.starts_with("sts.policy.mx-") => Cause::Coverage,
        "mx" => Cause::MxOther,
        "smtp" if is_one(SMTP_OTHER) => Cause::MxOther,
        "smtp" => Cause::MxTls,
        _ => return None,
    })
}

const DNS: &[&str] = &[];
const TCP: &[&str] = &[];
const TLS: &[&str] = &[];
const SMTP_OTHER: &[&str] = &[];
