//! What sessions with MX hosts showed.
use alloc::{string::String, vec::Vec};
use core::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::fetch::{CertFault, CertSeen};

/// What a session with an MX host showed, without sending mail (D-31).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsSeen {
    /// The MX host, as the MX record names it.
    pub host: String,
    /// The address spoken with.
    pub address: Option<SocketAddr>,
    /// The local address used.
    pub local: Option<IpAddr>,
    /// The host's EHLO greeting name.
    pub helo: Option<String>,
    /// How far it came.
    pub outcome: TlsOutcome,
    /// Negotiated version.
    pub tls_version: Option<String>,
    /// The chain the host sent, leaf first.
    pub chain: Vec<CertSeen>,
}

/// How far a session came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TlsOutcome {
    /// STARTTLS, and the certificate is valid for the host.
    Verified,
    /// STARTTLS, and the certificate is not.
    Certificate(CertFault),
    /// STARTTLS is not offered (STS-4-2).
    NoStarttls,
    /// STARTTLS was answered with an error.
    StarttlsRefused {
        /// The reply.
        reply: String,
    },
    /// STARTTLS, and the certificate fits none of the host's usable TLSA records (D-51).
    TlsaMismatch,
    /// The handshake failed.
    Handshake {
        /// What TLS said.
        detail: String,
    },
    /// No session before TLS could be tried: nothing about TLS was learnt (DANE-A7).
    Unreachable {
        /// Why.
        detail: String,
    },
}
