//! For each host, whether a delivery to it would be allowed, and why not.
use alloc::{format, string::String, vec::Vec};
use core::fmt;

use serde::Serialize;
use strictmx_proto::{
    name::Domain,
    sts::{Mode, Policy},
};

use super::known::{HostSummary, RouteKnown, RouteSource};
use crate::dane::DaneState;

/// Whether a policy names a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cover {
    /// This pattern does, the first that does.
    By(String),
    /// None does (STS-4-1, STS-4.1-1).
    NoPattern,
    /// There is no policy that would have to (none, or of mode `none`).
    NoPolicy,
}

/// One host for people: what DANE and the policy say, and whether a delivery to it would be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostRow {
    /// The host.
    #[serde(serialize_with = "crate::as_text::name")]
    pub host: Domain,
    /// Lower is better.
    pub preference: u16,
    /// What DANE means for it.
    pub dane: DaneState,
    /// Whether the policy names it.
    pub cover: Cover,
    /// Whether a delivery would be allowed.
    pub allowed: Allowed,
}

/// Whether a delivery to a host would be allowed, judged host by host as the RFCs have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Allowed {
    /// With a certificate that fits a TLSA record.
    WithDane,
    /// With TLS, of whatever certificate: no TLSA record is usable.
    WithTls,
    /// With a certificate that is valid for the host.
    WithCertificate,
    /// In any case; TLS if the host offers it.
    InAnyCase,
    /// No: an enforced policy does not name it.
    NotInPolicy,
    /// No: a look-up failed, so it is not known what it demands.
    LookupFailed,
    /// No: it has no address.
    NoAddress,
}

impl Allowed {
    /// The reason in a plain sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::WithDane => "mail goes there only over TLS with a certificate that fits a TLSA record",
            Self::WithTls => {
                "mail goes there only over TLS; no TLSA record is usable, so the certificate is not judged"
            }
            Self::WithCertificate => "mail goes there only over TLS with a certificate that is valid for the host",
            Self::InAnyCase => "mail goes there, over TLS if the host offers it; nothing demands a valid certificate",
            Self::NotInPolicy => "no mail goes there: no mx pattern of the enforced policy matches the host",
            Self::LookupFailed => {
                "no mail goes there for now: a DNS look-up failed, so it is not known whether DANE applies"
            }
            Self::NoAddress => "no mail goes there: it has no address",
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// MX × policy × DANE, host by host.
#[must_use]
pub fn table(route: &RouteKnown, policy: Option<&Policy>) -> Vec<HostRow> {
    let enforced = policy.is_some_and(|policy| policy.mode == Mode::Enforce);
    let trusted = matches!(route.source, RouteSource::Hosts(source) if source.trusted());
    // DANE binds through a list of hosts that nobody could change (D-25). Through another one it is used where no policy is
    // enforced, for what it is worth (D-27, DANE-2.2.1-3).
    let binds = trusted || !enforced;
    let row = |host: &HostSummary| {
        let cover = cover(policy, &host.name);
        let allowed = match host.dane {
            DaneState::Dead => Allowed::NoAddress,
            DaneState::Usable if binds => Allowed::WithDane,
            DaneState::Failed if binds => Allowed::LookupFailed,
            _ if enforced && matches!(cover, Cover::By(_)) => Allowed::WithCertificate,
            _ if enforced => Allowed::NotInPolicy,
            DaneState::Unusable => Allowed::WithTls,
            DaneState::None | DaneState::Usable | DaneState::Failed => Allowed::InAnyCase,
        };
        HostRow { host: host.name.clone(), preference: host.preference, dane: host.dane, cover, allowed }
    };
    route.hosts.iter().map(row).collect()
}

/// Which pattern of the policy names the host.
#[must_use]
pub fn cover(policy: Option<&Policy>, host: &Domain) -> Cover {
    let Some(policy) = policy.filter(|policy| policy.mode != Mode::None) else {
        return Cover::NoPolicy;
    };
    match policy.mx.iter().find(|pattern| pattern.matches(host)) {
        Some(pattern) => Cover::By(format!("{pattern}")),
        None => Cover::NoPattern,
    }
}

/// Whether no host at all is named by the policy (D-24): its id is then to be looked at again at once (STS-5.1-3). A route
/// without hosts, and a policy of mode `none`, give no reason to.
#[must_use]
pub fn names_none(route: &RouteKnown, policy: &Policy) -> bool {
    policy.mode != Mode::None && route.live().next().is_some() && !route.live().any(|host| policy.covers(&host.name))
}
