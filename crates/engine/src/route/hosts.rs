//! Which hosts a next hop means (RFC 5321 §5.1, RFC 7505).
use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use serde::Serialize;
use strictmx_proto::name::Domain;

use crate::fact::{DnsFailure, Dnssec, Exchange, Mx, MxSeen, Seen};

/// Most hosts of one next hop that are looked at: the rest is dropped, worst preference first.
pub const MAX_HOSTS: usize = 64;
/// How long a configured host counts by itself, seconds; what is known about it runs out earlier.
const CONFIGURED_TTL: u32 = 3_600;

/// Where a list of hosts comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MxSource {
    /// MX records.
    Mx(Dnssec),
    /// There is no MX record: the domain itself (R5321-5.1-2, A-7). The state is that of the denial.
    Implicit(Dnssec),
    /// The mail server's own configuration names the host (`[host]`): no MX look-up.
    Configured,
}

impl MxSource {
    /// Whether nobody on the way could have changed the list: only then can DANE bind the domain (DANE-2.2.1-2).
    #[must_use]
    pub const fn trusted(self) -> bool {
        matches!(self, Self::Mx(Dnssec::Secure) | Self::Implicit(Dnssec::Secure) | Self::Configured)
    }
}

/// The hosts of a next hop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "route", rename_all = "kebab-case")]
pub enum Hosts {
    /// These, best preference first; possibly none that is usable.
    Found {
        /// Where they come from.
        source: MxSource,
        /// Preference and name.
        #[serde(serialize_with = "crate::as_text::ranked")]
        hosts: Vec<(u16, Domain)>,
        /// What was left out.
        dropped: Vec<Dropped>,
        /// Seconds.
        ttl: u32,
    },
    /// The domain takes no mail (R7505-3-1); wins over any policy.
    Null {
        /// Seconds.
        ttl: u32,
    },
    /// The domain does not exist.
    NoDomain {
        /// Seconds.
        ttl: u32,
    },
    /// The MX look-up failed (DANE-2.1.2-1).
    Failed(DnsFailure),
}

/// An MX record that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Its preference.
    pub preference: u16,
    /// Where it points, as it stood.
    pub exchange: String,
    /// Why.
    pub why: WhyDropped,
}

/// Why an MX record is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyDropped {
    /// It points at something that is no host name, such as an IP address (R5321-5.1-4).
    NotAHost,
    /// A `.` beside other records (R7505-3-2).
    NullBesideOthers,
    /// The same host with a worse preference.
    Twice,
    /// More hosts than are looked at.
    TooMany,
}

/// Reads an MX answer: sorted by preference (DANE-2.2.1-1), the order of the answer among equals; the domain itself where
/// there is no MX record, never where there is one (R5321-5.1-3). A domain that does not exist and a failed look-up are told
/// apart from both (R5321-5.1-1).
#[must_use]
pub fn hosts(domain: &Domain, mx: &MxSeen) -> Hosts {
    match mx {
        Seen::Failed(failure) => Hosts::Failed(failure.clone()),
        Seen::NxDomain { ttl, .. } => Hosts::NoDomain { ttl: *ttl },
        Seen::NoData { dnssec, ttl } => implicit(domain, *dnssec, *ttl),
        Seen::Found { data, dnssec, ttl, .. } if data.is_empty() => implicit(domain, *dnssec, *ttl),
        Seen::Found { data, ttl, .. } if data.iter().all(|mx| mx.exchange == Exchange::Null) => {
            Hosts::Null { ttl: *ttl }
        }
        Seen::Found { data, dnssec, ttl, .. } => listed(data, *dnssec, *ttl),
    }
}

/// The host that the mail server's configuration names in brackets. It holds until the answers about the host run out.
#[must_use]
pub fn configured(host: &Domain) -> Hosts {
    Hosts::Found {
        source: MxSource::Configured,
        hosts: Vec::from([(0, host.clone())]),
        dropped: Vec::new(),
        ttl: CONFIGURED_TTL,
    }
}

fn implicit(domain: &Domain, dnssec: Dnssec, ttl: u32) -> Hosts {
    Hosts::Found {
        source: MxSource::Implicit(dnssec),
        hosts: Vec::from([(0, domain.clone())]),
        dropped: Vec::new(),
        ttl,
    }
}

fn listed(data: &[Mx], dnssec: Dnssec, ttl: u32) -> Hosts {
    let mut sorted: Vec<&Mx> = data.iter().collect();
    sorted.sort_by_key(|mx| mx.preference);
    let mut hosts = Vec::new();
    let mut dropped = Vec::new();
    let mut known = BTreeSet::new();
    for mx in sorted {
        let why = match &mx.exchange {
            Exchange::Null => WhyDropped::NullBesideOthers,
            Exchange::Unusable(_) => WhyDropped::NotAHost,
            Exchange::Host(host) if known.contains(host) => WhyDropped::Twice,
            Exchange::Host(_) if hosts.len() >= MAX_HOSTS => WhyDropped::TooMany,
            Exchange::Host(host) => {
                known.insert(host);
                hosts.push((mx.preference, host.clone()));
                continue;
            }
        };
        dropped.push(Dropped { preference: mx.preference, exchange: format!("{}", mx.exchange), why });
    }
    Hosts::Found { source: MxSource::Mx(dnssec), hosts, dropped, ttl }
}
