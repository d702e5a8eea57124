//! What must be so before mail goes to a host.
use serde::Serialize;

use crate::route::Allowed;

/// What must be so before mail goes to a host, weakest first. Two demands are combined with [`Require::and`], which can only
/// strengthen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Require {
    /// Nothing: TLS if the host offers it.
    Nothing,
    /// TLS, of whatever certificate.
    Encrypt,
    /// TLS, and a host that proves who it is.
    Authenticated(By),
    /// No mail goes there.
    Refuse,
}

/// How a host proves who it is. DANE ranks higher: a host that fails it is refused whatever else holds (STS-2-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A certificate that is valid for its name (RFC 8461 §4.2).
    Certificate,
    /// A certificate that fits a TLSA record (RFC 7672 §3).
    Tlsa,
}

impl Require {
    /// Both demands together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<Allowed> for Require {
    fn from(allowed: Allowed) -> Self {
        match allowed {
            Allowed::InAnyCase => Self::Nothing,
            Allowed::WithTls => Self::Encrypt,
            Allowed::WithCertificate => Self::Authenticated(By::Certificate),
            Allowed::WithDane => Self::Authenticated(By::Tlsa),
            Allowed::NotInPolicy | Allowed::LookupFailed | Allowed::NoAddress => Self::Refuse,
        }
    }
}
