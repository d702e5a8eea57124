//! DNS as a stub: questions to the configured resolvers over UDP and TCP, answers as facts.
//!
//! RFC 1035 messages, EDNS (RFC 6891, payload 1232), negative TTLs (RFC 2308), Extended DNS Errors (RFC 8914). An answer
//! counts when its id, question and source are those of the query, whose id and port are new each time (RFC 5452);
//! anything else that arrives is ignored until the deadline. NXDOMAIN, no data, SERVFAIL, REFUSED, bogus and timeouts
//! stay apart all the way up: mixing them up is how a policy gets lost.
//!
//! - `query`: the question on the wire, and whether a message answers it
//! - `transport`: sockets, time-outs, which server is asked next
//! - `walk`: from question name to records, through the CNAMEs of one answer
//! - `record`: the types we ask for
//! - `validate`: DNSSEC in process, by the validator of the `domain` crate
//! - `soa`: the question of the resolver's self-test
//! - `zone`: what surrounds a name: NS, CAA, PTR
//! - `direct`: one authoritative server, asked past the resolver
mod direct;
mod query;
mod record;
mod soa;
mod transport;
mod validate;
mod walk;
mod zone;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::base::Message;
use resolv_conf::ScopedIp;
use strictmx_engine::fact::{
    ASeen, AaaaSeen, AddrSeen, CnameSeen, DnsFailure, DnsFailureKind, Dnssec, MxSeen, Seen, TlsaSeen, TxtSeen,
};
use strictmx_proto::name::Domain;
use tokio::time::timeout;

pub use self::direct::Direct;
use self::query::{Edns, Query};
use self::record::Answer;
pub use self::transport::Stats;
use self::transport::Transport;
use self::validate::Validator;
use self::walk::{Read, Walk};

/// Where the system keeps its resolvers' addresses.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Questions one look-up may take when a server leaves the rest of a CNAME chain to be asked for.
const MAX_QUESTIONS: usize = 8;
/// A whole look-up, CNAMEs and DNSSEC keys included, may take so many times what one question may.
const WHOLE: u32 = 3;

/// Who judges DNSSEC signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnssecMode {
    /// The resolver: its AD bit is believed.
    TrustAd,
    /// This process, from the trust anchors down.
    Validate {
        /// Anchors as zone-file text of DS or DNSKEY records; `None`: the root's, built in.
        anchors: Option<String>,
    },
    /// Nobody: every answer counts as insecure.
    Off,
}

/// What a [`Dns`] is made of.
#[derive(Debug, Clone)]
pub struct Options {
    /// The resolvers, in order of preference.
    pub servers: Vec<SocketAddr>,
    /// Who judges signatures.
    pub dnssec: DnssecMode,
    /// How long one server is waited for.
    pub attempt_timeout: Duration,
    /// How many times a question is sent, over all servers.
    pub attempts: u32,
}

/// Why there is no resolver to work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system's resolver file cannot be read.
    #[error("cannot read the system's resolvers from {}: {source}; name them in the configuration instead", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system's resolver file makes no sense.
    #[error("cannot understand {}: {detail}; name the resolvers in the configuration instead", path.display())]
    Unparsable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// No resolver at all.
    #[error("no DNS resolver is configured; name at least one")]
    NoServers,
    /// The trust anchors cannot be used.
    #[error("cannot use the DNSSEC trust anchors: {0}; give DS or DNSKEY records in zone-file form")]
    Anchors(String),
}

/// The resolvers of `/etc/resolv.conf`, port 53. An empty file means the resolver on this host, as for the C library.
///
/// # Errors
/// The file cannot be read or understood.
pub fn system_servers() -> Result<Vec<SocketAddr>, Error> {
    let path = || PathBuf::from(RESOLV_CONF);
    let text = std::fs::read(RESOLV_CONF).map_err(|source| Error::Unreadable { path: path(), source })?;
    servers_of(&text).map_err(|detail| Error::Unparsable { path: path(), detail })
}

/// The resolvers that the text of a `resolv.conf` names.
fn servers_of(text: &[u8]) -> Result<Vec<SocketAddr>, String> {
    let config = resolv_conf::Config::parse(text).map_err(|error| error.to_string())?;
    let mut servers: Vec<SocketAddr> = config.nameservers.iter().map(on_port_53).collect();
    if servers.is_empty() {
        servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 53));
        servers.push(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 53));
    }
    Ok(servers)
}

fn on_port_53(server: &ScopedIp) -> SocketAddr {
    match server {
        ScopedIp::V4(address) => SocketAddr::new((*address).into(), 53),
        ScopedIp::V6(address, None) => SocketAddr::new((*address).into(), 53),
        ScopedIp::V6(address, Some(zone)) => SocketAddrV6::new(*address, 53, 0, interface(zone)).into(),
    }
}

/// The number of a network interface, given as such or by name (RFC 4007 §11); 0, which means none, when there is no such.
fn interface(zone: &str) -> u32 {
    let number = |text: &str| text.trim().parse().ok();
    let by_name = || std::fs::read_to_string(format!("/sys/class/net/{zone}/ifindex")).ok();
    number(zone).or_else(|| number(&by_name()?)).unwrap_or(0)
}

/// A stub resolver. Clones share sockets' accounts, the preferred server and the validator's key cache.
#[derive(Clone)]
pub struct Dns {
    transport: Arc<Transport>,
    judge: Judge,
    /// For a whole look-up.
    limit: Duration,
}

/// Who says whether an answer is secure.
#[derive(Clone)]
enum Judge {
    Nobody,
    Resolver,
    Ourselves(Arc<Validator>),
}

impl Dns {
    /// A stub for these resolvers. No question is asked yet.
    ///
    /// # Errors
    /// No server is named, or the trust anchors cannot be read.
    pub fn new(options: Options) -> Result<Self, Error> {
        if options.servers.is_empty() {
            return Err(Error::NoServers);
        }
        let limit = options.attempt_timeout.saturating_mul(options.attempts.saturating_mul(WHOLE).max(1));
        let transport = Arc::new(Transport::new(options.servers, options.attempt_timeout, options.attempts));
        let judge = match options.dnssec {
            DnssecMode::Off => Judge::Nobody,
            DnssecMode::TrustAd => Judge::Resolver,
            DnssecMode::Validate { anchors } => {
                Judge::Ourselves(Arc::new(Validator::new(anchors.as_deref(), Arc::clone(&transport))?))
            }
        };
        Ok(Self { transport, judge, limit })
    }

    /// TXT records, the strings of each joined without separator (STS-3.1-10), CNAMEs followed (STS-3.1-11).
    pub async fn txt(&self, owner: &Domain) -> TxtSeen {
        self.ask(owner).await
    }

    /// MX records, in the order of the answer.
    pub async fn mx(&self, owner: &Domain) -> MxSeen {
        self.ask(owner).await
    }

    /// IPv4 addresses.
    pub async fn a(&self, owner: &Domain) -> ASeen {
        self.ask(owner).await
    }

    /// IPv6 addresses.
    pub async fn aaaa(&self, owner: &Domain) -> AaaaSeen {
        self.ask(owner).await
    }

    /// Addresses of both families, asked at the same time.
    pub async fn addresses(&self, owner: &Domain) -> AddrSeen {
        let (a, aaaa) = tokio::join!(self.a(owner), self.aaaa(owner));
        AddrSeen { a, aaaa }
    }

    /// TLSA records; `owner` is the whole name, such as `_25._tcp.mx.example.com`.
    pub async fn tlsa(&self, owner: &Domain) -> TlsaSeen {
        self.ask(owner).await
    }

    /// The name's own CNAME record, not followed (DANE-2.2.2-3).
    pub async fn cname(&self, owner: &Domain) -> CnameSeen {
        one_alias(self.ask(owner).await)
    }

    /// What went over the wire so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.transport.stats()
    }

    async fn ask<T: Answer>(&self, owner: &Domain) -> Seen<Vec<T>> {
        match timeout(self.limit, self.walk(owner)).await {
            Ok(outcome) => outcome.unwrap_or_else(Seen::Failed),
            Err(_) => {
                let waited = self.limit.as_secs_f32();
                let detail = format!("the look-up of {owner} was not done within {waited} s");
                Seen::Failed(failure(DnsFailureKind::Timeout, detail))
            }
        }
    }

    async fn walk<T: Answer>(&self, owner: &Domain) -> Result<Seen<Vec<T>>, DnsFailure> {
        let mut walk = Walk::new(owner.clone());
        for _ in 0..MAX_QUESTIONS {
            let query = Query::new(walk.at(), T::TYPE, self.edns())?;
            let reply = self.transport.exchange(query).await?;
            let (reply, dnssec) = self.judged(reply, walk.at()).await?;
            match walk.read(&reply, dnssec)? {
                Read::Done(seen) => return Ok(seen),
                Read::AskOn => {}
            }
        }
        Err(failure(DnsFailureKind::Malformed, format!("{owner}: the CNAMEs lead on and on")))
    }

    const fn edns(&self) -> Edns {
        match self.judge {
            Judge::Nobody => Edns::Plain,
            Judge::Resolver => Edns::Dnssec,
            Judge::Ourselves(_) => Edns::CheckingDisabled,
        }
    }

    async fn judged(&self, reply: Message<Vec<u8>>, owner: &Domain) -> Result<(Message<Vec<u8>>, Dnssec), DnsFailure> {
        match &self.judge {
            Judge::Nobody => Ok((reply, Dnssec::Insecure)),
            Judge::Resolver => {
                let dnssec = if reply.header().ad() { Dnssec::Secure } else { Dnssec::Insecure };
                Ok((reply, dnssec))
            }
            Judge::Ourselves(validator) => validator.judge(reply, owner).await,
        }
    }
}

/// The one CNAME record of a name; a second one would be ignored (RFC 1034 §3.6.2 allows none).
fn one_alias(seen: Seen<Vec<record::Target>>) -> CnameSeen {
    match seen {
        Seen::Found { data, aliases, dnssec, ttl } => match data.into_iter().next() {
            Some(record::Target(target)) => Seen::Found { data: target, aliases, dnssec, ttl },
            None => Seen::NoData { dnssec, ttl },
        },
        Seen::NoData { dnssec, ttl } => Seen::NoData { dnssec, ttl },
        Seen::NxDomain { dnssec, ttl } => Seen::NxDomain { dnssec, ttl },
        Seen::Failed(failure) => Seen::Failed(failure),
    }
}

/// A failure of this kind, in these words.
fn failure(kind: DnsFailureKind, detail: impl Into<Box<str>>) -> DnsFailure {
    DnsFailure { kind, detail: detail.into() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::servers_of;

    #[test]
    fn resolv_conf_names_the_servers_in_order() {
        let text =
            b"# here\nnameserver 192.0.2.53\nsearch example.test\nnameserver 2001:db8::53\nnameserver fe80::53%7\n";
        let servers: Vec<String> = servers_of(text).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["192.0.2.53:53", "[2001:db8::53]:53", "[fe80::53%7]:53"]);
    }

    #[test]
    fn without_a_server_the_one_on_this_host_is_meant() {
        let servers: Vec<String> =
            servers_of(b"search example.test\n").unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["127.0.0.1:53", "[::1]:53"]);
    }

    #[test]
    fn an_unreadable_resolv_conf_says_what_is_wrong() {
        assert!(servers_of(b"nameserver not.an.address\n").is_err());
    }
}
