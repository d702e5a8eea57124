//! What is known about a route: small enough to keep, and all that a plan reads.
use alloc::boxed::Box;

use serde::Serialize;
use strictmx_proto::{
    name::Domain,
    sts::{Pattern, Policy},
};

use super::hosts::{Hosts, MxSource};
use crate::{
    dane::{DaneState, HostVerdict},
    fact::DnsFailureKind,
    time::Timestamp,
};

/// Bounds of how long a route is kept, seconds.
const TTL_FLOOR: u32 = 60;
const TTL_CEILING: u32 = 3_600;
/// How long one with a failed part is kept, seconds.
const TTL_FAILED: u32 = 30;

/// Hosts and what DANE means for each: all that [`crate::tls::plan`] reads, small enough to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteKnown {
    /// Where the hosts come from, or why there are none.
    pub source: RouteSource,
    /// Best preference first.
    pub hosts: Box<[HostSummary]>,
    /// When it was asked.
    pub asked: Timestamp,
    /// Until when it counts.
    pub expires: Timestamp,
}

/// Where the hosts of a route come from, or why there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteSource {
    /// From there.
    Hosts(MxSource),
    /// The domain takes no mail.
    Null,
    /// The domain does not exist.
    NoDomain,
    /// The MX look-up failed.
    Failed(DnsFailureKind),
}

/// One host of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostSummary {
    /// Its name, as the MX record has it.
    #[serde(serialize_with = "crate::as_text::name")]
    pub name: Domain,
    /// Lower is better.
    pub preference: u16,
    /// What DANE means for it.
    pub dane: DaneState,
}

impl RouteKnown {
    /// Whether it still counts. One from the future does not: the clock was wrong then or is now.
    #[must_use]
    pub const fn fresh_at(&self, now: Timestamp) -> bool {
        self.asked.0 <= now.0 && now.0 < self.expires.0
    }

    /// When it is to be asked again behind an answer, so that the next one need not wait: in the last eighth of its life.
    #[must_use]
    pub const fn renew_at(&self) -> Timestamp {
        Timestamp(self.expires.0.saturating_sub(self.expires.since(self.asked) / 8))
    }

    /// The same, with every host name that the policy spells out sharing its text: most policies name exactly the hosts of
    /// their domain, and where a hundred thousand of both are kept that is worth a tenth of the memory. `None`: nothing to share.
    #[must_use]
    pub fn sharing(&self, policy: &Policy) -> Option<Self> {
        let named = |host: &Domain| {
            policy.mx.iter().find_map(|pattern| match pattern {
                Pattern::Exact(name) if name == host && !core::ptr::eq(name.as_str(), host.as_str()) => Some(name),
                _ => None,
            })
        };
        self.hosts.iter().find(|host| named(&host.name).is_some())?;
        let mut shared = self.clone();
        for host in &mut shared.hosts {
            if let Some(name) = named(&host.name) {
                host.name = name.clone();
            }
        }
        Some(shared)
    }

    /// The hosts that mail could be delivered to.
    pub fn live(&self) -> impl Iterator<Item = &HostSummary> {
        self.hosts.iter().filter(|host| host.dane != DaneState::Dead)
    }
}

/// Puts together what was asked for. A host without a verdict counts as one whose look-up failed. Kept for the weakest TTL,
/// within a minute and an hour; half a minute with a failed part.
#[must_use]
pub fn known(hosts: &Hosts, verdicts: &[HostVerdict], now: Timestamp) -> RouteKnown {
    let (source, list, ttl) = match hosts {
        Hosts::Found { source, hosts, ttl, .. } => (RouteSource::Hosts(*source), hosts.as_slice(), *ttl),
        Hosts::Null { ttl } => (RouteSource::Null, [].as_slice(), *ttl),
        Hosts::NoDomain { ttl } => (RouteSource::NoDomain, [].as_slice(), *ttl),
        Hosts::Failed(failure) => (RouteSource::Failed(failure.kind), [].as_slice(), 0),
    };
    let mut ttl = ttl;
    let mut failed = matches!(source, RouteSource::Failed(_));
    let hosts = list
        .iter()
        .map(|(preference, name)| {
            let verdict = verdicts.iter().find(|verdict| verdict.host == *name);
            let dane = verdict.map_or(DaneState::Failed, |verdict| DaneState::from(&verdict.dane));
            failed |= dane == DaneState::Failed;
            ttl = ttl.min(verdict.map_or(0, |verdict| verdict.ttl));
            HostSummary { name: name.clone(), preference: *preference, dane }
        })
        .collect();
    let ttl = if failed { TTL_FAILED } else { ttl.clamp(TTL_FLOOR, TTL_CEILING) };
    RouteKnown { source, hosts, asked: now, expires: now.plus(u64::from(ttl)) }
}
