//! What was seen outside: the only things adapters report and decisions read.
//!
//! Each value says what happened, never what to do about it. They serialise, so that a set of them can be saved, sent to us
//! and judged again.
use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use serde::{Serialize, Serializer};
use strictmx_proto::{dane::Tlsa, name::Domain};

use crate::time::Timestamp;

//----------- DNS ---------------------------------------------------------

/// DNSSEC state of an answer that is not bogus (RFC 4035 §4.3); a bogus one is a failure (DANE-2.1.1-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dnssec {
    /// Validated from a trust anchor down, through every CNAME.
    Secure,
    /// Not signed, or nobody validated it.
    Insecure,
}

/// Why a question got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DnsFailureKind {
    /// RCODE SERVFAIL.
    Servfail,
    /// RCODE REFUSED.
    Refused,
    /// Any other error RCODE.
    Rcode,
    /// Signatures are wrong (validated in process, or Extended DNS Error 6–12 of the resolver).
    Bogus,
    /// No answer in time.
    Timeout,
    /// The servers could not be reached.
    Network,
    /// The answer could not be read, or its CNAMEs loop.
    Malformed,
}

/// A failed DNS look-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnsFailure {
    /// Which kind.
    pub kind: DnsFailureKind,
    /// What the resolver said, for people.
    pub detail: Box<str>,
}

impl DnsFailureKind {
    /// The one word that stands for it in logs, reports and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Servfail => "servfail",
            Self::Refused => "refused",
            Self::Rcode => "rcode",
            Self::Bogus => "bogus",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Malformed => "malformed",
        }
    }
}

impl fmt::Display for DnsFailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Servfail => "the name server answered SERVFAIL",
            Self::Refused => "the name server refused the question",
            Self::Rcode => "the name server answered with an error",
            Self::Bogus => "the DNSSEC signatures are wrong",
            Self::Timeout => "no name server answered in time",
            Self::Network => "no name server could be reached",
            Self::Malformed => "the answer could not be read",
        })
    }
}

impl fmt::Display for DnsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            self.kind.fmt(f)
        } else {
            write!(f, "{} ({})", self.kind, self.detail)
        }
    }
}

/// What a DNS question came back with. TTLs are seconds: of the answer's weakest record, or the negative TTL (RFC 2308).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case", bound = "T: Shown")]
pub enum Seen<T> {
    /// Records of the type asked for, at the end of `aliases` (CNAME targets in order; empty without CNAME).
    Found {
        /// The records.
        #[serde(serialize_with = "Shown::shown")]
        data: T,
        /// CNAME targets followed.
        #[serde(
            serialize_with = "crate::as_text::names",
            skip_serializing_if = "Vec::is_empty"
        )]
        aliases: Vec<Domain>,
        /// State of the whole answer, CNAMEs included (DANE-2.1.3-1).
        dnssec: Dnssec,
        /// Seconds.
        ttl: u32,
    },
    /// The name exists, without records of this type (NOERROR, empty).
    NoData {
        /// State of the denial.
        dnssec: Dnssec,
        /// Seconds.
        ttl: u32,
    },
    /// The name does not exist.
    NxDomain {
        /// State of the denial.
        dnssec: Dnssec,
        /// Seconds.
        ttl: u32,
    },
    /// No answer: see why.
    Failed(DnsFailure),
}

impl<T> Seen<T> {
    /// The records, `None` when there are none.
    #[must_use]
    pub const fn data(&self) -> Option<&T> {
        match self {
            Self::Found { data, .. } => Some(data),
            _ => None,
        }
    }

    /// How long the answer may be kept, seconds; zero for a failure.
    #[must_use]
    pub const fn ttl(&self) -> u32 {
        match self {
            Self::Found { ttl, .. } | Self::NoData { ttl, .. } | Self::NxDomain { ttl, .. } => *ttl,
            Self::Failed(_) => 0,
        }
    }

    /// DNSSEC state of the answer or the denial, `None` for a failure.
    #[must_use]
    pub const fn dnssec(&self) -> Option<Dnssec> {
        match self {
            Self::Found { dnssec, .. }
            | Self::NoData { dnssec, .. }
            | Self::NxDomain { dnssec, .. } => Some(*dnssec),
            Self::Failed(_) => None,
        }
    }

    /// The failure, when it is one.
    #[must_use]
    pub const fn failure(&self) -> Option<&DnsFailure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// The same answer without its records: what a summary needs.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Found { .. } => "found",
            Self::NoData { .. } => "no-data",
            Self::NxDomain { .. } => "nx-domain",
            Self::Failed(_) => "failed",
        }
    }
}

/// Records that can be written out, whatever they are made of.
pub trait Shown {
    /// Writes them to a serialiser.
    ///
    /// # Errors
    /// Those of the serialiser.
    fn shown<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl<T: Serialize> Shown for Vec<T> {
    fn shown<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl Shown for Domain {
    fn shown<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// TXT records, each joined from its strings without a separator (STS-3.1-10).
pub type TxtSeen = Seen<Vec<Txt>>;
/// MX records, in the order of the answer.
pub type MxSeen = Seen<Vec<Mx>>;
/// A records.
pub type ASeen = Seen<Vec<Ipv4Addr>>;
/// AAAA records.
pub type AaaaSeen = Seen<Vec<Ipv6Addr>>;
/// TLSA records.
pub type TlsaSeen = Seen<Vec<TlsaRecord>>;
/// The target of a name's own CNAME record.
pub type CnameSeen = Seen<Domain>;

/// One TXT record, joined.
#[derive(Clone, PartialEq, Eq)]
pub struct Txt(pub Box<[u8]>);

impl Txt {
    /// As text; octets that are no UTF-8 become U+FFFD.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl AsRef<[u8]> for Txt {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Txt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text(), f)
    }
}

impl Serialize for Txt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// One TLSA record.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsaRecord(pub Tlsa);

impl fmt::Display for TlsaRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} ",
            self.0.usage, self.0.selector, self.0.matching
        )?;
        self.0
            .data
            .iter()
            .try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for TlsaRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TlsaRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One MX record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mx {
    /// Lower is better.
    pub preference: u16,
    /// Where it points.
    pub exchange: Exchange,
}

/// Where an MX record points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// `.`: no mail is taken (R7505-3-1).
    Null,
    /// A host.
    Host(Domain),
    /// No host name at all, such as an IP address: the text as it stood.
    Unusable(Box<str>),
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("."),
            Self::Host(host) => f.write_str(host.as_str()),
            Self::Unusable(text) => f.write_str(text),
        }
    }
}

impl Serialize for Exchange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Addresses of one host, both families asked at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddrSeen {
    /// A answer.
    pub a: ASeen,
    /// AAAA answer.
    pub aaaa: AaaaSeen,
}

//----------- Policy fetch ------------------------------------------------

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
            Self::Body(body) => serializer.serialize_newtype_variant(
                "FetchSeen",
                0,
                "body",
                &String::from_utf8_lossy(body),
            ),
            Self::Failed(failure) => {
                serializer.serialize_newtype_variant("FetchSeen", 1, "failed", failure)
            }
        }
    }
}

/// Why a fetch gave no body. Each variant is one cause that an operator would tell apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
            Self::Dns(failure) => write!(
                f,
                "the policy host's addresses could not be looked up: {failure}"
            ),
            Self::NoAddress => f.write_str("the policy host has no address"),
            Self::AddressRefused { addresses } => {
                f.write_str("the policy host's addresses are special ones that strictmx does not connect to:")?;
                addresses
                    .iter()
                    .try_for_each(|address| write!(f, " {address}"))
            }
            Self::Connect { detail } => write!(f, "the policy host takes no connection: {detail}"),
            Self::Certificate(fault) => write!(
                f,
                "the policy host's certificate is not acceptable: {fault}"
            ),
            Self::Tls { detail } => {
                write!(f, "the TLS handshake with the policy host failed: {detail}")
            }
            Self::Status {
                status,
                location: Some(to),
            } => write!(
                f,
                "the policy host answered with status {status}, a redirect to {to}, and redirects are not followed"
            ),
            Self::Status {
                status,
                location: None,
            } => {
                write!(
                    f,
                    "the policy host answered with status {status} instead of 200"
                )
            }
            Self::MediaType { sent: Some(sent) } => {
                write!(f, "the policy is served as {sent} instead of text/plain")
            }
            Self::MediaType { sent: None } => {
                f.write_str("the policy is served without a Content-Type")
            }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CertFault {
    /// `notAfter` has passed (leaf or chain).
    Expired,
    /// `notBefore` is still to come.
    NotYetValid,
    /// No DNS-ID matches the name we asked for (R9525-6.3).
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Where to.
    pub address: SocketAddr,
    /// `None`: connected.
    pub error: Option<String>,
}

//----------- SMTP sessions -----------------------------------------------

/// What a session with an MX host showed, without sending mail (D-31).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
