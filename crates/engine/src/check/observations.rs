//! Everything that was seen of one domain, in one value: the only thing the checks read.
//!
//! It is written to a file by `check --save` and judged again by `check --replay`; that file is the golden test and the bug
//! report. A part that is `None` was not looked at, which is another thing than being absent: the checks that need it are silent.
use alloc::{boxed::Box, collections::BTreeMap, string::String, sync::Arc, vec::Vec};
use core::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use strictmx_proto::name::Domain;

use crate::{
    fact::{AddrSeen, CertFault, CertSeen, CnameSeen, FetchFailure, MxSeen, Seen, TlsOutcome, TlsaSeen, Txt, TxtSeen},
    time::Timestamp,
};

/// The version of this form. A file of another version is refused.
pub const FORMAT: u32 = 1;

/// What was seen of one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Observations {
    /// [`FORMAT`].
    pub format: u32,
    /// The domain.
    pub domain: Domain,
    /// When it was looked at.
    pub at: Timestamp,
    /// Who answered DNS questions.
    pub resolver: ResolverSeen,
    /// The domain's zone and its servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneSeen>,
    /// TXT at the domain itself: where records are put by mistake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apex_txt: Option<TxtSeen>,
    /// `_mta-sts.<domain>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts: Option<RecordSeen>,
    /// `mta-sts.<domain>` and what it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_host: Option<PolicyHostSeen>,
    /// The policy's text where it was not fetched: `check --policy-file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_file: Option<Octets>,
    /// The domain's MX records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mx: Option<MailSeen>,
    /// The MX hosts, in the order of their preference. Shared by the domains that use them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Arc<HostSeen>>,
    /// `_smtp._tls.<domain>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlsrpt: Option<ReportSeen>,
    /// What earlier looks showed, from the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<Past>,
}

/// Who answered DNS questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResolverSeen {
    /// Servers asked.
    pub servers: Vec<String>,
    /// `trust-ad`, `validate` or `off`.
    pub dnssec: String,
    /// Whether its word on DNSSEC counts; `None`: not tested.
    pub validates: Option<bool>,
}

/// The zone that holds a domain, and its name servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ZoneSeen {
    /// Where the zone begins.
    pub apex: Domain,
    /// Its NS records.
    pub ns: Seen<Vec<Domain>>,
}

/// What one authoritative server says of a name, asked directly and without recursion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServerSaid<T> {
    /// The server's name.
    pub server: Domain,
    /// The address asked.
    pub address: IpAddr,
    /// Its answer to the question for the records.
    pub answer: Seen<T>,
    /// Its answer to the question for a CNAME record of the name; `None`: not asked.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub cname: Option<CnameSeen>,
}

const fn none<T>() -> Option<T> {
    None
}

/// A name that holds a TXT record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RecordSeen {
    /// The name.
    pub name: Domain,
    /// The resolver's answer.
    pub txt: TxtSeen,
    /// Its own CNAME record; `None`: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cname: Option<CnameSeen>,
    /// What the zone's servers say, at most eight of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerSaid<Vec<Txt>>>,
}

/// The policy host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyHostSeen {
    /// `mta-sts.<domain>`.
    pub name: Domain,
    /// Its addresses.
    pub addresses: AddrSeen,
    /// Its own CNAME record; `None`: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cname: Option<CnameSeen>,
    /// Addresses of a sibling name that nobody would have made: found when a wildcard answers. `None`: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sibling: Option<AddrSeen>,
    /// The relevant CAA record set (RFC 8659 §3): of the first name from the host upwards that has one. `None`: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caa: Option<CaaSeen>,
    /// One visit to each address, the policy asked for on each.
    pub visits: Vec<Visit>,
    /// Handshakes of other kinds with the first address that answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trials: Vec<Trial>,
}

/// The relevant CAA record set of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CaaSeen {
    /// The name that has it; `None`: none up to the top.
    pub at: Option<Domain>,
    /// The records, or why there is no answer.
    pub records: Seen<Vec<Caa>>,
}

/// One CAA record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caa {
    /// Flags; 128 is critical.
    pub flags: u8,
    /// Such as `issue`.
    pub tag: String,
    /// Such as `letsencrypt.org; validationmethods=dns-01`.
    pub value: String,
}

/// What one address of a host answered to one HTTPS request. The certificate's faults are noted, not enforced, so that one
/// look shows everything that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Visit {
    /// Where to.
    pub address: SocketAddr,
    /// What stopped it, `None`: an answer of any status was read whole. Never [`FetchFailure::Certificate`], never
    /// [`FetchFailure::Status`] and never [`FetchFailure::MediaType`]: those are for the checks to say.
    pub stopped: Option<FetchFailure>,
    /// The handshake, `None`: it did not come to one.
    pub tls: Option<TlsMade>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Header fields, names in lower case, in order; at most 64, each value cut to 512 octets.
    pub headers: Vec<(String, String)>,
    /// The body, cut after 64 KiB and one octet.
    pub body: Option<Octets>,
    /// Milliseconds to each phase's end, from the beginning.
    pub timing: Timing,
}

/// Milliseconds from the beginning to the end of a phase; `None`: not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words say it")]
pub struct Timing {
    pub connected: Option<u32>,
    pub encrypted: Option<u32>,
    pub done: Option<u32>,
}

/// A handshake that came to its end, and the certificate it showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TlsMade {
    /// Such as `TLSv1.3`.
    pub version: String,
    /// Such as `TLS13_AES_256_GCM_SHA384`; empty when not known.
    pub cipher: String,
    /// What is wrong with the certificate for the name asked for, `None`: it holds.
    pub fault: Option<CertFault>,
    /// The chain as sent, leaf first, at most ten.
    pub chain: Vec<Cert>,
}

/// One certificate of a chain, with all that the checks need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cert {
    /// What people are shown.
    #[serde(flatten)]
    pub shown: CertSeen,
    /// Kind and size of the key, such as `EC P-256` or `RSA 2048`.
    pub key: String,
    /// The signature's algorithm, such as `ecdsa-with-SHA256`.
    pub signature: String,
    /// Whether subject and issuer are the same name.
    pub self_issued: bool,
    /// Where its issuer's certificate may be fetched (AIA), which no mail server does.
    pub issuer_urls: Vec<String>,
    /// Whether it demands that a certificate status is stapled to it (RFC 7633).
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub must_staple: bool,
    /// The certificate, DER, for TLSA records of selector 0.
    pub der: Octets,
    /// Its SubjectPublicKeyInfo, DER, for selector 1.
    pub spki: Octets,
}

/// A handshake tried in another way than the usual one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Trial {
    /// In which way.
    pub way: Way,
    /// What came of it.
    pub result: TrialResult,
}

/// Another way of shaking hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// No server name sent.
    NoSni,
    /// This server name sent, such as the mail domain's.
    Sni(Domain),
    /// Only this protocol version offered: `SSLv2`, `SSLv3`, `TLSv1`, `TLSv1.1`, `TLSv1.2` or `TLSv1.3`.
    Version(String),
    /// Only weak ciphers of these kinds offered, such as `NULL:EXPORT:RC4`.
    Ciphers(String),
    /// A hello of TLS 1.2 that offers compression and asks for what protects (RFC 5746, RFC 7627) and for a certificate status;
    /// after the server's half of the handshake leave is taken.
    Hello,
    /// A session, kept to be resumed: whether the host's tickets allow early data (RFC 8446 §4.2.10). Nothing is sent that way.
    EarlyData,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialResult {
    /// The handshake came to its end.
    Made(TlsMade),
    /// The host answered with its half of the handshake, and no more was wanted.
    Hello(HelloSeen),
    /// The host refused it.
    Refused(String),
    /// It could not be tried, or says nothing: why.
    Unknown(String),
}

impl TrialResult {
    /// The version and the cipher that the host agreed to, if it agreed.
    #[must_use]
    pub fn agreed(&self) -> Option<(&str, &str)> {
        match self {
            Self::Made(made) => Some((&made.version, &made.cipher)),
            Self::Hello(hello) => Some((&hello.version, &hello.cipher)),
            Self::Refused(_) | Self::Unknown(_) => None,
        }
    }
}

/// A server's half of a handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HelloSeen {
    /// Such as `SSLv3`.
    pub version: String,
    /// The cipher chosen, such as `TLS_RSA_WITH_AES_128_CBC_SHA`; for `SSLv2` those in common, of which there may be none.
    pub cipher: String,
    /// The compression chosen.
    pub compression: Compression,
    /// Whether the extended master secret was agreed on (RFC 7627).
    pub extended_master_secret: bool,
    /// Whether protected renegotiation was agreed on (RFC 5746).
    pub renegotiation_info: bool,
    /// Whether a certificate status was stapled to the certificate (RFC 6066 §8).
    pub stapled: bool,
}

/// How TLS was to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Not at all.
    None,
    /// By DEFLATE (RFC 3749).
    Deflate,
    /// In another way, of this number.
    Other(u8),
}

/// The mail side of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MailSeen {
    /// The resolver's answer.
    pub mx: MxSeen,
    /// What the zone's servers say, at most eight of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerSaid<Vec<crate::fact::Mx>>>,
    /// The domain's own addresses: asked when it has no MX records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<AddrSeen>,
    /// Handshakes with MX hosts that were sent the mail domain as server name, as some senders do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<(Domain, Trial)>,
}

/// One MX host. Nothing in it depends on which domain points to it, so that domains can share it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostSeen {
    /// Its name, as the MX record has it.
    pub name: Domain,
    /// Its addresses; `None` for a policy checked offline.
    pub addresses: Option<AddrSeen>,
    /// Its own CNAME record; `None`: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cname: Option<CnameSeen>,
    /// TLSA answers by the name asked for, in the order asked (DANE-2.2.2-3). `None`: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlsa: Option<Vec<(Domain, TlsaSeen)>>,
    /// `_smtp._tls.<host>`; `None`: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlsrpt: Option<TxtSeen>,
    /// Names that its addresses point back to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ptr: BTreeMap<IpAddr, Seen<Vec<Domain>>>,
    /// One session with each address. Empty: none was tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<Session>,
    /// Handshakes of other kinds with the first address that answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trials: Vec<Trial>,
}

/// One SMTP session up to STARTTLS and its handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Session {
    /// Where to.
    pub address: SocketAddr,
    /// How far it came.
    pub outcome: TlsOutcome,
    /// The code of the reply that ended it before TLS, where one did: 4xx passes, 5xx stays.
    pub refused_with: Option<u16>,
    /// The banner's first line.
    pub banner: Option<String>,
    /// The name in the EHLO reply.
    pub helo: Option<String>,
    /// EHLO keywords offered in the clear, at most 50.
    pub extensions: Vec<String>,
    /// The handshake, where it came to one.
    pub tls: Option<TlsMade>,
    /// Times.
    pub timing: Timing,
}

/// The TLS reporting record and its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReportSeen {
    /// `_smtp._tls.<domain>`.
    pub record: RecordSeen,
    /// `_mta-sts._tls.<domain>`, where one tool puts it by mistake; `None`: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misplaced: Option<TxtSeen>,
    /// Each address of the record, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<Destination>,
}

/// One address that reports go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Destination {
    /// The address as published.
    pub uri: String,
    /// For `mailto`: the MX records of its domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mx: Option<MxSeen>,
    /// For `mailto`: what its host said to RCPT TO; only asked on demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Asked>,
    /// For `https`: what a visit showed. A `POST` of a small report only on demand, otherwise `HEAD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Box<Visit>>,
    /// For `https`: whether a report was posted.
    #[serde(default)]
    pub posted: bool,
}

/// What a host said to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// This code and text.
    Reply(u16, String),
    /// Nothing: why.
    Unknown(String),
}

/// What earlier looks showed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Past {
    /// Each pair of record id and policy text that was seen, oldest first, at most 200.
    pub spans: Vec<Span>,
}

/// How long one pair of id and text was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Span {
    /// The record's id; `None`: no valid record.
    pub id: Option<String>,
    /// The policy's text as served; `None`: none could be fetched.
    pub text: Option<String>,
    /// Seen first.
    pub first: Timestamp,
    /// Seen last.
    pub last: Timestamp,
}

/// Octets: text in JSON where they are UTF-8, otherwise hexadecimal digits behind `hex:`. Text that begins so is written in
/// hexadecimal too, so that nothing is ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Octets(pub Box<[u8]>);

const HEX: &str = "hex:";

impl Serialize for Octets {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match core::str::from_utf8(&self.0) {
            Ok(text) if !text.starts_with(HEX) => serializer.serialize_str(text),
            _ => {
                let mut text = String::with_capacity(HEX.len() + 2 * self.0.len());
                text.push_str(HEX);
                for octet in &self.0 {
                    for digit in [octet >> 4, octet & 15] {
                        text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                    }
                }
                serializer.serialize_str(&text)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = String::deserialize(deserializer)?;
        let Some(digits) = text.strip_prefix(HEX) else {
            return Ok(Self(text.into_bytes().into()));
        };
        let nibble = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        digits
            .as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(nibble(high)? << 4 | nibble(low)?),
                _ => None,
            })
            .collect::<Option<Box<[u8]>>>()
            .map(Self)
            .ok_or_else(|| D::Error::custom("not hexadecimal digits"))
    }
}
