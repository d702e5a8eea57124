//! Whether DANE applies to one MX host (RFC 7672 §2.2), as states that each take exactly the observation they await.
//!
//! Addresses first (DANE-2.2.2-1); no TLSA question into a zone that is not signed (DANE-2.2.2-2); behind an alias the
//! expanded name first, then the original, never one in between (DANE-2.2.2-3, DANE-2.2.3-2). A look-up that fails is a
//! failure of the host, never "no record" (DANE-2.1.1-3, DANE-2.1.2-2).
use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use serde::Serialize;
use strictmx_proto::name::Domain;

use crate::{
    as_text,
    fact::{AddrSeen, CnameSeen, DnsFailure, Dnssec, Seen, TlsaRecord, TlsaSeen},
};

/// Where the questions about one host stand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum HostStep {
    /// Ask for its A and AAAA records.
    Addresses(AwaitAddresses),
    /// Ask for its own CNAME record.
    Alias(AwaitAlias),
    /// Ask for TLSA records.
    Tlsa(AwaitTlsa),
    /// Over.
    Done(HostVerdict),
}

/// What DANE means for one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "dane", rename_all = "kebab-case")]
pub enum HostDane {
    /// At least one usable record, all of it secure: TLS, and a certificate that fits, or no delivery (DANE-2.2-1).
    Usable {
        /// The TLSA base domain: SNI and reference name (DANE-8.1-1).
        #[serde(serialize_with = "as_text::name")]
        base: Domain,
        /// All records.
        records: Box<[TlsaRecord]>,
    },
    /// Records, secure, none of them usable: TLS or no delivery (DANE-2.2-2, DANE-2.2.3-4).
    Unusable {
        /// The TLSA base domain.
        #[serde(serialize_with = "as_text::name")]
        base: Domain,
        /// All records.
        records: Box<[TlsaRecord]>,
    },
    /// DANE has no say (DANE-2.2-3).
    NoTlsa {
        /// Why.
        why: WhyNot,
    },
    /// A look-up failed: the host counts as unreachable (DANE-2.2-4).
    Failed {
        /// Which one: `addresses`, `alias` or `tlsa`.
        question: &'static str,
        /// How.
        failure: DnsFailure,
    },
    /// The host has no address: nothing can be delivered to it, and it is left out.
    NoAddress,
}

/// [`HostDane`] in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DaneState {
    /// Usable TLSA records.
    Usable,
    /// TLSA records, none usable.
    Unusable,
    /// DANE has no say.
    None,
    /// A look-up failed.
    Failed,
    /// No address: left out.
    Dead,
}

impl From<&HostDane> for DaneState {
    fn from(dane: &HostDane) -> Self {
        match dane {
            HostDane::Usable { .. } => Self::Usable,
            HostDane::Unusable { .. } => Self::Unusable,
            HostDane::NoTlsa { .. } => Self::None,
            HostDane::Failed { .. } => Self::Failed,
            HostDane::NoAddress => Self::Dead,
        }
    }
}

/// Why DANE has no say about a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyNot {
    /// Its address records are not signed by DNSSEC, so no TLSA record of it can be trusted either (DANE-2.2.2-2). That is an
    /// answer like any other, no error (DANE-2.1.1-4).
    AddressInsecure,
    /// Its TLSA records are not signed by DNSSEC (DANE-2.2-3).
    TlsaInsecure,
    /// It has no TLSA record.
    Absent,
}

/// What was found out about one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostVerdict {
    /// The host, as the MX record names it.
    #[serde(serialize_with = "as_text::name")]
    pub host: Domain,
    /// What DANE means for it.
    #[serde(flatten)]
    pub dane: HostDane,
    /// Its addresses, as they were seen.
    pub addresses: AddrSeen,
    /// Seconds this may be kept: the least TTL of what it rests on, zero after a failure.
    pub ttl: u32,
}

/// Begins the questions about one MX host. `port` is the one that mail goes to, 25 unless the route says otherwise
/// (DANE-2.2.3-1).
pub const fn host(name: Domain, port: u16) -> HostStep {
    HostStep::Addresses(AwaitAddresses { host: name, port })
}

/// The host's addresses are awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct AwaitAddresses {
    host: Domain,
    port: u16,
}

/// What address answers say together.
enum Addresses {
    Found { dnssec: Dnssec, expanded: Option<Domain> },
    NoneKnown(HostDane),
}

impl AwaitAddresses {
    /// The host.
    #[must_use]
    pub const fn name(&self) -> &Domain {
        &self.host
    }

    /// Takes both address answers.
    pub fn saw(self, seen: AddrSeen) -> HostStep {
        let judged = judge(&seen);
        let asked = Asked { ttl: address_ttl(&seen), host: self.host, port: self.port, addresses: seen };
        match judged {
            Addresses::NoneKnown(dane) => asked.done(dane),
            Addresses::Found { dnssec: Dnssec::Secure, expanded } => {
                let original = asked.host.clone();
                match expanded {
                    Some(expanded) => asked.tlsa(expanded, Some(original)),
                    None => asked.tlsa(original, None),
                }
            }
            // The alias itself may be signed though its target is not (DANE-2.2.2-3).
            Addresses::Found { dnssec: Dnssec::Insecure, expanded: Some(_) } => HostStep::Alias(AwaitAlias { asked }),
            Addresses::Found { dnssec: Dnssec::Insecure, expanded: None } => {
                asked.done(HostDane::NoTlsa { why: WhyNot::AddressInsecure })
            }
        }
    }
}

/// The host's own CNAME record is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct AwaitAlias {
    asked: Asked,
}

impl AwaitAlias {
    /// The host.
    #[must_use]
    pub const fn name(&self) -> &Domain {
        &self.asked.host
    }

    /// Takes the answer for the CNAME record.
    pub fn saw(self, seen: CnameSeen) -> HostStep {
        let Self { mut asked } = self;
        asked.ttl = asked.ttl.min(seen.ttl());
        match seen {
            Seen::Failed(failure) => asked.done(HostDane::Failed { question: "alias", failure }),
            Seen::Found { dnssec, .. } | Seen::NoData { dnssec, .. } | Seen::NxDomain { dnssec, .. } => match dnssec {
                Dnssec::Secure => {
                    let original = asked.host.clone();
                    asked.tlsa(original, None)
                }
                Dnssec::Insecure => asked.done(HostDane::NoTlsa { why: WhyNot::AddressInsecure }),
            },
        }
    }
}

/// TLSA records are awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct AwaitTlsa {
    asked: Asked,
    base: Domain,
    owner: Domain,
    /// The name to try after this one.
    next: Option<Domain>,
}

impl AwaitTlsa {
    /// The owner name to ask for, `_<port>._tcp.<base>` (DANE-2.2.3-1).
    #[must_use]
    pub const fn owner(&self) -> &Domain {
        &self.owner
    }

    /// Takes the TLSA answer.
    pub fn saw(self, seen: TlsaSeen) -> HostStep {
        let Self { mut asked, base, next, .. } = self;
        asked.ttl = asked.ttl.min(seen.ttl());
        let why = match seen {
            Seen::Failed(failure) => {
                return asked.done(HostDane::Failed { question: "tlsa", failure });
            }
            // A CNAME at the owner name changes nothing about the base domain (DANE-2.2.3-3).
            Seen::Found { data, dnssec: Dnssec::Secure, .. } if !data.is_empty() => {
                let usable = data.iter().any(|record| record.0.usable().is_ok());
                let records = data.into_boxed_slice();
                return asked.done(if usable {
                    HostDane::Usable { base, records }
                } else {
                    HostDane::Unusable { base, records }
                });
            }
            Seen::Found { dnssec: Dnssec::Insecure, .. } => WhyNot::TlsaInsecure,
            Seen::Found { .. } | Seen::NoData { .. } | Seen::NxDomain { .. } => WhyNot::Absent,
        };
        match next {
            Some(original) => asked.tlsa(original, None),
            None => asked.done(HostDane::NoTlsa { why }),
        }
    }
}

/// What every state after the first carries.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    host: Domain,
    port: u16,
    addresses: AddrSeen,
    ttl: u32,
}

impl Asked {
    /// Goes on to the TLSA question for the first base domain whose owner name fits into DNS.
    fn tlsa(self, base: Domain, next: Option<Domain>) -> HostStep {
        match (owner(&base, self.port), next) {
            (Some(owner), next) => HostStep::Tlsa(AwaitTlsa { asked: self, base, owner, next }),
            (None, Some(next)) => self.tlsa(next, None),
            (None, None) => self.done(HostDane::NoTlsa { why: WhyNot::Absent }),
        }
    }

    fn done(self, dane: HostDane) -> HostStep {
        HostStep::Done(HostVerdict { host: self.host, dane, addresses: self.addresses, ttl: self.ttl })
    }
}

fn owner(base: &Domain, port: u16) -> Option<Domain> {
    base.child("_tcp")?.child(&alloc::format!("_{port}"))
}

/// Judges both address answers together. An answer that names addresses counts before a failure of the other family: one
/// broken AAAA must not stop a host that works (D-30).
fn judge(seen: &AddrSeen) -> Addresses {
    let found = [found(&seen.a), found(&seen.aaaa)];
    let secure = found.iter().flatten().find(|(dnssec, _)| *dnssec == Dnssec::Secure);
    if let Some((dnssec, expanded)) = secure.or_else(|| found.iter().flatten().next()) {
        return Addresses::Found { dnssec: *dnssec, expanded: expanded.cloned() };
    }
    Addresses::NoneKnown(match (&seen.a, &seen.aaaa) {
        (Seen::Failed(failure), aaaa) => half(failure, aaaa),
        (a, Seen::Failed(failure)) => half(failure, a),
        _ => HostDane::NoAddress,
    })
}

/// One family failed, the other names no address.
fn half<T>(failure: &DnsFailure, other: &Seen<T>) -> HostDane {
    match other {
        Seen::NxDomain { .. } => HostDane::NoAddress, // the name does not exist, for no family
        // In a zone that is not signed DANE has no say, whatever the failed half would have been.
        Seen::NoData { dnssec: Dnssec::Insecure, .. } => HostDane::NoTlsa { why: WhyNot::AddressInsecure },
        _ => HostDane::Failed { question: "addresses", failure: failure.clone() },
    }
}

/// State and last alias of an answer that holds addresses.
fn found<T>(seen: &Seen<Vec<T>>) -> Option<(Dnssec, Option<&Domain>)> {
    match seen {
        Seen::Found { data, aliases, dnssec, .. } if !data.is_empty() => Some((*dnssec, aliases.last())),
        _ => None,
    }
}

/// The least TTL of the answers there are.
fn address_ttl(seen: &AddrSeen) -> u32 {
    match (&seen.a, &seen.aaaa) {
        (a, Seen::Failed(_)) => a.ttl(),
        (Seen::Failed(_), aaaa) => aaaa.ttl(),
        (a, aaaa) => a.ttl().min(aaaa.ttl()),
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddressInsecure => "its address records are not signed by DNSSEC",
            Self::TlsaInsecure => "its TLSA records are not signed by DNSSEC",
            Self::Absent => "it has no TLSA record",
        })
    }
}

impl fmt::Display for HostDane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usable { base, .. } => write!(f, "DANE applies: {base} has usable TLSA records"),
            Self::Unusable { base, .. } => {
                write!(
                    f,
                    "{base} has TLSA records, none of them usable: TLS is demanded, without a certificate that fits"
                )
            }
            Self::NoTlsa { why } => write!(f, "DANE does not apply: {why}"),
            Self::Failed { question, failure } => {
                let what = match *question {
                    "tlsa" => "TLSA records",
                    "alias" => "CNAME record",
                    _ => "addresses",
                };
                write!(f, "its {what} could not be looked up: {failure}")
            }
            Self::NoAddress => f.write_str("it has no address, so nothing can be delivered to it"),
        }
    }
}

#[cfg(test)]
mod tests;
