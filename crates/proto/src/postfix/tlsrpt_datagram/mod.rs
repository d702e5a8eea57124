//! The datagrams that libtlsrpt sends to a collector's socket: one per delivery attempt, hand-written JSON.
//!
//! Postfix 3.10+ sends one for each TLS handshake; other users of the library may put several policies and failures into one.
//! Nothing vouches for the sender, and the library checks neither encoding nor codes, so each part is bounded, codes we do not
//! know are kept as they are, and what had to be left out is told in [`Cut`].
//!
//! ```text
//! {"dpv": "1","d": "example.com","pr": "v=TLSRPTv1; rua=…","policies":[{"policy-type":2,"policy-domain": "example.com",
//!  "policy-string":["version: STSv1",…],"mx-host":["mx.example.com"],"failure-details":[{"c":204,"s": "192.0.2.1",
//!  "n": "mx.example.com","h": "250-mx.example.com …","r": "198.51.100.25","a": "…","f": "…"}],"t":1,"f":1}]}
//! ```
//!
//! Texts are borrowed from the datagram where they can be. A collector adds most of them to counts that exist already, so they
//! are looked at and never kept.
mod code;
mod emit;
mod host;
mod parse;

use alloc::{borrow::Cow, vec::Vec};
use core::net::IpAddr;

pub use code::{Code, Numbered};
pub use host::greeted_name;
pub(crate) use host::host;

use crate::{
    json::JsonError,
    name::Domain,
    tlsrpt::{PolicyType, ResultType},
};

/// Longest datagram that is read, octets. The kernel's default send buffer lets no more than 212 960 through.
pub const MAX_LEN: usize = 256 * 1024;
/// Most policies that are kept of a datagram.
pub const MAX_POLICIES: usize = 16;
/// Most failures that are kept of a policy.
pub const MAX_FAILURES: usize = 64;
/// Most lines, and most MX patterns, that are kept of a policy.
pub const MAX_STRINGS: usize = 1000;
/// Longest text that is kept, octets, the TXT record excepted.
pub const MAX_TEXT: usize = 1024;

/// What an MTA tells of one delivery attempt.
///
/// Each policy carries its own outcome, so an attempt that was held to two policies counts once under each (TLSRPT-4-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// The protocol's version, `dpv`.
    pub version: Version<'a>,
    /// The recipient domain, `d`: whom the report is for.
    pub domain: Name<'a>,
    /// The TLSRPT record as the MTA got it, `pr`, its strings joined. Empty when it was absent, or longer than a record may be:
    /// half a record is another record.
    pub record: Cow<'a, str>,
    /// At least one.
    pub policies: Vec<Policy<'a>>,
    /// What was left out.
    pub cut: Cut,
}

/// The version of the protocol. The key came with libtlsrpt 0.5.0; Debian 13 has a pre-release without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version<'a> {
    /// No version: the same as 1.
    Absent,
    /// `"1"`, or the number.
    One,
    /// Another one. The rest was understood all the same.
    Other(Cow<'a, str>),
}

/// A text that should be a domain name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name<'a> {
    /// It is: lower case, without trailing dot.
    Domain(Domain),
    /// It is none; this is the text.
    Other(Cow<'a, str>),
}

/// One policy, and how the session fared under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy<'a> {
    /// `policy-type`.
    pub kind: Code<PolicyType>,
    /// `policy-domain`: the recipient domain, or for DANE the TLSA base domain of the MX host (TLSRPT-1.1-2).
    pub domain: Option<Name<'a>>,
    /// `policy-string`: the lines of an MTA-STS policy as published, or one TLSA record each.
    pub strings: Vec<Cow<'a, str>>,
    /// `mx-host`: the MX patterns of an MTA-STS policy.
    pub mx: Vec<Cow<'a, str>>,
    /// `failure-details`: what went wrong, also on the way to a success.
    pub failures: Vec<Failure<'a>>,
    /// `f`: how it ended.
    pub outcome: Outcome,
}

/// How a session ended under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 0: a session that complies with the policy, whatever failed before it.
    Success,
    /// 1: none.
    Failure,
    /// Some other number, which the library passes on.
    Unknown(i64),
}

/// Something that went wrong. What is empty in the datagram is absent here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure<'a> {
    /// `c`.
    pub code: Code<ResultType>,
    /// `s`: our address.
    pub sending_ip: Option<IpAddr>,
    /// `n`: the MX host; lower case and without trailing dot.
    pub mx: Option<Cow<'a, str>>,
    /// `h`: the name in the MX host's reply to EHLO. Postfix sends the whole reply; the rest of it is dropped
    /// ([`greeted_name`]).
    pub helo: Option<Cow<'a, str>>,
    /// `r`: the MX host's address.
    pub receiving_ip: Option<IpAddr>,
    /// `a`: a URI with more about it.
    pub information: Option<Cow<'a, str>>,
    /// `f`: a code or short text.
    pub reason: Option<Cow<'a, str>>,
}

/// What was left out of a datagram, each a count; all zero for what real MTAs send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cut {
    /// Policies over [`MAX_POLICIES`].
    pub policies: u32,
    /// Failures over [`MAX_FAILURES`].
    pub failures: u32,
    /// Lines and MX patterns over [`MAX_STRINGS`].
    pub strings: u32,
    /// Texts shortened to [`MAX_TEXT`], and records that are too long to be one.
    pub texts: u32,
    /// Addresses that are none.
    pub addresses: u32,
}

/// Why a datagram is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatagramError {
    /// Over [`MAX_LEN`].
    #[error("the datagram is longer than {MAX_LEN} octets")]
    TooLong,
    /// No JSON, or a value of a kind that its key cannot have.
    #[error("the datagram cannot be read: {0}")]
    Json(#[from] JsonError),
    /// A number that is no whole number of 64 bits.
    #[error("`{0}` is no whole number")]
    NotWhole(&'static str),
    /// A key without which the rest means nothing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// The same key twice in an object: nobody can tell which one is meant.
    #[error("`{0}` stands twice in one object")]
    Twice(&'static str),
}

impl Name<'_> {
    /// The domain, if it is one.
    #[must_use]
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Self::Domain(domain) => Some(domain),
            Self::Other(_) => None,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Domain(domain) => domain.as_str(),
            Self::Other(text) => text,
        }
    }
}

impl Cut {
    /// Whether nothing was left out.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}
