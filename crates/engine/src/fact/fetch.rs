//! What fetching a policy came to (RFC 8461 §3.3).
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use serde::{Deserialize, Serialize, Serializer};

use super::dns::DnsFailure;
use crate::time::Timestamp;

/// What fetching a policy came to (RFC 8461 §3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchSeen {
    /// Status 200, the right media type, inside the bounds: the body.
    Body(Box<[u8]>),
    /// Anything else.
    Failed(FetchFailure),
}

impl Serialize for FetchSeen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Body(body) => {
                serializer.serialize_newtype_variant("FetchSeen", 0, "body", &String::from_utf8_lossy(body))
            }
            Self::Failed(failure) => serializer.serialize_newtype_variant("FetchSeen", 1, "failed", failure),
        }
    }
}

/// Why a fetch gave no body. Each variant is one cause that an operator would tell apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FetchFailure {
    /// The policy host's addresses could not be looked up.
    Dns(DnsFailure),
    /// The policy host has no address.
    NoAddress,
    /// Every address is one we refuse to connect to (D-11).
    AddressRefused {
        /// The refused addresses.
        addresses: Vec<IpAddr>,
    },
    /// No address took the connection.
    Connect {
        /// What the last one said.
        detail: Box<str>,
    },
    /// The certificate is not acceptable (`sts-webpki-invalid`).
    Certificate(CertFault),
    /// The TLS handshake failed for another reason.
    Tls {
        /// What TLS said.
        detail: Box<str>,
    },
    /// A status other than 200; a redirect is one of them (STS-3.3-6, STS-3.3-7).
    Status {
        /// The status.
        status: u16,
        /// `Location`, when there was one.
        location: Option<Box<str>>,
    },
    /// The media type is not `text/plain` (D-10).
    MediaType {
        /// What was sent, `None` without the header.
        sent: Option<Box<str>>,
    },
    /// More than 64 KiB (STS-3.3-10).
    TooLarge,
    /// Not done inside the time allowed; the phase it was in.
    Timeout {
        /// The phase.
        phase: FetchPhase,
    },
    /// The HTTP exchange broke.
    Http {
        /// How.
        detail: Box<str>,
    },
}

impl fmt::Display for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(failure) => write!(f, "the policy host's addresses could not be looked up: {failure}"),
            Self::NoAddress => f.write_str("the policy host has no address"),
            Self::AddressRefused { addresses } => {
                f.write_str("the policy host's addresses are special ones that strictmx does not connect to:")?;
                addresses.iter().try_for_each(|address| write!(f, " {address}"))
            }
            Self::Connect { detail } => write!(f, "the policy host takes no connection: {detail}"),
            Self::Certificate(fault) => write!(f, "the policy host's certificate is not acceptable: {fault}"),
            Self::Tls { detail } => {
                write!(f, "the TLS handshake with the policy host failed: {detail}")
            }
            Self::Status { status, location: Some(to) } => write!(
                f,
                "the policy host answered with status {status}, a redirect to {to}, and redirects are not followed"
            ),
            Self::Status { status, location: None } => {
                write!(f, "the policy host answered with status {status} instead of 200")
            }
            Self::MediaType { sent: Some(sent) } => {
                write!(f, "the policy is served as {sent} instead of text/plain")
            }
            Self::MediaType { sent: None } => f.write_str("the policy is served without a Content-Type"),
            Self::TooLarge => f.write_str("the policy is larger than 64 KiB"),
            Self::Timeout { phase } => {
                write!(f, "the fetch took too long ({} phase)", phase.as_str())
            }
            Self::Http { detail } => {
                write!(f, "the HTTP exchange with the policy host broke: {detail}")
            }
        }
    }
}

/// The phases of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum FetchPhase {
    Dns,
    Connect,
    Tls,
    Headers,
    Body,
}

impl FetchPhase {
    /// The word in logs, reports and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Headers => "headers",
            Self::Body => "body",
        }
    }
}

/// What is wrong with a certificate; each has its own RFC 8460 result type or reason code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CertFault {
    /// `notAfter` has passed (leaf or chain).
    Expired,
    /// `notBefore` is still to come.
    NotYetValid,
    /// No DNS-ID matches the name we asked for (R9525-6.3-1).
    NameMismatch,
    /// The chain ends at no root we trust; self-signed is one of these.
    UntrustedIssuer,
    /// Anything else about it.
    Other {
        /// What the verifier said.
        detail: Box<str>,
    },
}

impl fmt::Display for CertFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("it has expired"),
            Self::NotYetValid => f.write_str("it is not valid yet"),
            Self::NameMismatch => f.write_str("it is not for this host name"),
            Self::UntrustedIssuer => f.write_str("it comes from no issuer that is trusted here"),
            Self::Other { detail } => f.write_str(detail),
        }
    }
}

/// One certificate of a chain, as shown to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "X.509's own words")]
pub struct CertSeen {
    pub subject: String,
    pub issuer: String,
    pub dns_names: Vec<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// SHA-256 of the DER, lower-case hex.
    pub sha256: String,
}

/// The course of a fetch, for `explain`: what was tried and what was seen on the way, whatever came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FetchTrace {
    /// The policy host.
    pub host: String,
    /// Addresses in the order tried, each with what came of it.
    pub tried: Vec<Tried>,
    /// The address that was spoken with.
    pub connected: Option<SocketAddr>,
    /// Negotiated version, such as `TLSv1.3`.
    pub tls_version: Option<String>,
    /// The chain the host sent, leaf first.
    pub chain: Vec<CertSeen>,
    /// HTTP status.
    pub status: Option<u16>,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// Body octets read.
    pub body_len: Option<usize>,
    /// The whole, in milliseconds.
    pub elapsed_ms: u64,
}

/// One connection attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Where to.
    pub address: SocketAddr,
    /// `None`: connected.
    pub error: Option<String>,
}
