//! Answers of the DNS, and their absence.
use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use strictmx_proto::{dane::Tlsa, name::Domain};

/// DNSSEC state of an answer that is not bogus (RFC 4035 §4.3); a bogus one is a failure (DANE-2.1.1-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dnssec {
    /// Validated from a trust anchor down, through every CNAME.
    Secure,
    /// Not signed, or nobody validated it.
    Insecure,
}

/// Why a question got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        if self.detail.is_empty() { self.kind.fmt(f) } else { write!(f, "{} ({})", self.kind, self.detail) }
    }
}

/// What a DNS question came back with. TTLs are seconds: of the answer's weakest record, or the negative TTL (RFC 2308).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Seen<T> {
    /// Records of the type asked for, at the end of `aliases` (CNAME targets in order; empty without CNAME).
    Found {
        /// The records.
        data: T,
        /// CNAME targets followed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
            Self::Found { dnssec, .. } | Self::NoData { dnssec, .. } | Self::NxDomain { dnssec, .. } => Some(*dnssec),
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

/// As text where it is UTF-8, otherwise as a list of its octets: nothing is lost on the way to a file and back.
impl Serialize for Txt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match core::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Txt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Octets(Vec<u8>),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::Text(text) => text.into_bytes().into(),
            Form::Octets(octets) => octets.into(),
        }))
    }
}

/// One TLSA record.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsaRecord(pub Tlsa);

impl fmt::Display for TlsaRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.0.usage, self.0.selector, self.0.matching)?;
        self.0.data.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
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

impl<'de> Deserialize<'de> for TlsaRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("no TLSA record: write usage selector matching hex"))
    }
}

/// One MX record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl<'de> Deserialize<'de> for Exchange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "." => Self::Null,
            name => Domain::parse(name).map_or_else(|_| Self::Unusable(name.into()), Self::Host),
        })
    }
}

/// Addresses of one host, both families asked at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddrSeen {
    /// A answer.
    pub a: ASeen,
    /// AAAA answer.
    pub aaaa: AaaaSeen,
}
