//! What the program needs to know, validated: nothing here is left to interpret.
//!
//! A service whose section is not in the config is `None`: it does not run.

mod monitor;
mod reporter;
mod watch;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use strictmx_engine::profile::{Override as Answer, Profile};
pub use strictmx_engine::report::HostScope;
use strictmx_engine::time::Timestamp;
pub use strictmx_engine::tls::PartialDane;
use strictmx_proto::name::Domain;

pub use monitor::{Domains, Expect, LookDepth, Monitor};
pub use reporter::{DkimKey, HttpsCertificates, Redact, Reporter, When};
pub use watch::Watch;

/// Everything a config says, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// `[store]`.
    pub store: Store,
    /// `[dns]`.
    pub dns: Dns,
    /// `[tls]`.
    pub tls: Tls,
    /// `[fetch]`.
    pub fetch: Fetch,
    /// `[policyd]`, when it is there.
    pub policyd: Option<Policyd>,
    /// `[web]`, when it is there.
    pub web: Option<Web>,
    /// `[control]`, when it is there.
    pub control: Option<Control>,
    /// `[reporter]`, when it is there.
    pub reporter: Option<Reporter>,
    /// `[monitor]`, when it is there.
    pub monitor: Option<Monitor>,
    /// `[collector]`, when it is there.
    pub collector: Option<Collector>,
    /// `[log]`.
    pub log: Log,
}

impl Settings {
    /// What holds without any config: a try-out on loopback, everything under `./strictmx-data`.
    pub fn tryout() -> Self {
        Self {
            store: Store { url: "sqlite://./strictmx-data/strictmx.db".to_owned() },
            control: Some(Control { socket: PathBuf::from("./strictmx-data/control.sock"), ..Control::default() }),
            // Nobody has said what to watch.
            monitor: None,
            collector: None,
            ..Self::every_service()
        }
    }

    /// Whether there is anything to run.
    pub fn start_something(&self) -> bool {
        let senders = self.policyd.is_some() || self.collector.is_some() || self.reporter.is_some();
        senders || self.web.is_some() || self.monitor.is_some()
    }

    /// Every setting with its default, of those services too that cannot run with their defaults alone.
    pub fn shown() -> Self {
        Self { reporter: Some(Reporter::default()), ..Self::every_service() }
    }

    /// Every service that can run with its defaults.
    pub fn every_service() -> Self {
        Self {
            policyd: Some(Policyd::default()),
            web: Some(Web::default()),
            control: Some(Control::default()),
            monitor: Some(Monitor::default()),
            collector: Some(Collector::default()),
            ..Self::default()
        }
    }
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// `sqlite:///absolute` or `sqlite://./relative`, as `io::store::open` takes it.
    pub url: String,
}

impl Default for Store {
    fn default() -> Self {
        Self { url: "sqlite:///var/lib/strictmx/strictmx.db".to_owned() }
    }
}

/// `[dns]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// Who is asked.
    pub servers: Servers,
    /// Whose word on DNSSEC counts.
    pub dnssec: Dnssec,
    /// Names that show whether a trusted server validates.
    pub self_test: SelfTest,
    /// Where validation in process begins.
    pub trust_anchor: TrustAnchor,
    /// For one attempt.
    pub timeout: Duration,
    /// Per question, over all servers.
    pub attempts: u32,
}

impl Default for Dns {
    fn default() -> Self {
        Self {
            servers: Servers::System,
            dnssec: Dnssec::TrustAdLoopback,
            self_test: SelfTest::Names {
                signed: TestName::Root,
                bogus: TestName::Domain("dnssec-failed.org".to_owned()),
            },
            trust_anchor: TrustAnchor::BuiltIn,
            timeout: Duration::from_secs(2),
            attempts: 3,
        }
    }
}

/// Which DNS servers are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Servers {
    /// Those of the system's resolv.conf.
    System,
    /// These, at least one.
    Listed(Vec<SocketAddr>),
}

/// Whose word on DNSSEC counts (DANE-2.1.1-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dnssec {
    /// The AD bit of servers on this machine; with any other server nothing counts as signed. What holds when nothing is said:
    /// trusting a server across a network is a decision that only the operator can take.
    TrustAdLoopback,
    /// The AD bit of every configured server.
    TrustAd,
    /// Signatures are checked in process.
    Validate,
    /// Nothing counts as signed.
    Off,
}

/// Whose word counts, the servers considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnssecUse {
    /// The servers' AD bit.
    TrustAd,
    /// Our own validation.
    Validate,
    /// Nobody's: as configured.
    Off,
    /// Nobody's: this server is not on this machine, and no one said that it is to be trusted.
    OffUntrusted(SocketAddr),
}

impl Dnssec {
    /// Whose word counts when these servers are asked (DANE-2.1.1-2).
    pub fn with(self, servers: &[SocketAddr]) -> DnssecUse {
        match self {
            Self::TrustAd => DnssecUse::TrustAd,
            Self::Validate => DnssecUse::Validate,
            Self::Off => DnssecUse::Off,
            Self::TrustAdLoopback => servers
                .iter()
                .find(|server| !server.ip().to_canonical().is_loopback())
                .map_or(DnssecUse::TrustAd, |server| DnssecUse::OffUntrusted(*server)),
        }
    }
}

/// The resolver self-test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelfTest {
    /// Never asked: the AD bit of each answer counts.
    Off,
    /// Asked at the start and every hour.
    Names {
        /// Must come back signed.
        signed: TestName,
        /// Must fail.
        bogus: TestName,
    },
}

/// A name of the self-test: any DNS name, the root included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestName {
    /// `.`
    Root,
    /// Any other, without its final dot.
    Domain(String),
}

impl fmt::Display for TestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("."),
            Self::Domain(name) => f.write_str(name),
        }
    }
}

/// Where validation begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustAnchor {
    /// The root's keys that the program carries.
    BuiltIn,
    /// A file with DS or DNSKEY records.
    File(PathBuf),
}

/// `[tls]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// PEM files, besides the system's roots.
    pub extra_roots: Vec<PathBuf>,
}

/// `[fetch]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Whether special addresses are connected to (D-11).
    pub allow_private: AllowPrivate,
    /// For a whole fetch.
    pub timeout: Duration,
    /// For an answer to a mail server (D-22).
    pub answer_deadline: Duration,
}

impl Default for Fetch {
    fn default() -> Self {
        Self {
            allow_private: AllowPrivate::No,
            timeout: Duration::from_mins(1),
            answer_deadline: Duration::from_secs(10),
        }
    }
}

/// Whether policy hosts on loopback, private and other special addresses are fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowPrivate {
    /// They are refused (D-11).
    No,
    /// They are not.
    Yes,
}

/// `[policyd]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policyd {
    /// Socketmap doors.
    pub listen: Vec<Listen>,
    /// Whether answers count.
    pub observe: Observe,
    /// How often testing-mode domains are probed (D-31).
    pub testing_probe: TestingProbe,
    /// What wins where DANE covers some hosts (D-26).
    pub partial_dane: PartialDane,
    /// Of unix sockets.
    pub socket_mode: Mode,
    /// Of unix sockets, a name or number; `None` leaves it.
    pub socket_owner: Option<String>,
    /// Of unix sockets, a name or number; `None` leaves it.
    pub socket_group: Option<String>,
    /// At a time.
    pub max_connections: usize,
    /// Domains in memory.
    pub cache_entries: usize,
    /// `tcp_table` doors.
    pub tcp_table: Vec<Listen>,
    /// In whose words those answer.
    pub tcp_table_map: Profile,
    /// Of MX hosts.
    pub smtp_port: u16,
    /// For the probe; `None`: this machine's host name.
    pub helo: Option<Domain>,
    /// Exceptions, expired ones included; at most one per domain.
    pub overrides: Vec<Override>,
}

impl Default for Policyd {
    fn default() -> Self {
        Self {
            listen: vec![loopback(8461)],
            observe: Observe::No,
            testing_probe: TestingProbe::Off,
            partial_dane: PartialDane::DaneOnly,
            // Every local user can ask on loopback as well; a socket the mail server may not open is the classic way to fail.
            socket_mode: Mode(0o666),
            socket_owner: None,
            socket_group: None,
            max_connections: 4096,
            cache_entries: 1_000_000,
            tcp_table: Vec::new(),
            tcp_table_map: Profile::Postfix,
            smtp_port: 25,
            helo: None,
            overrides: Vec::new(),
        }
    }
}

/// Whether deliveries follow the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observe {
    /// They do.
    No,
    /// Every answer is "not found"; what it would have been is logged.
    Yes,
}

/// How often domains in mode `testing` are probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestingProbe {
    /// Never.
    Off,
    /// Once in this time.
    Every(Duration),
}

/// `[[policyd.override]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The next hop.
    pub domain: Domain,
    /// What it gets.
    pub answer: Answer,
    /// Why; empty where nobody said.
    pub reason: String,
    /// The day after which it no longer holds, as written.
    pub until: Option<Until>,
}

impl Override {
    /// Whether it holds at this moment.
    pub fn active_at(&self, now: Timestamp) -> bool {
        self.until.as_ref().is_none_or(|until| now < until.end)
    }
}

/// A last day, UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Until {
    /// As written: `2026-12-24`.
    pub date: String,
    /// The first moment after that day.
    pub end: Timestamp,
}

/// `[web]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// HTTP doors.
    pub listen: Vec<Listen>,
}

impl Default for Web {
    fn default() -> Self {
        Self { listen: vec![loopback(8480)] }
    }
}

/// `[control]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// A path.
    pub socket: PathBuf,
    /// Its permissions.
    pub mode: Mode,
}

impl Default for Control {
    fn default() -> Self {
        Self { socket: PathBuf::from("/run/strictmx/control.sock"), mode: Mode(0o600) }
    }
}

/// `[collector]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    /// A path.
    pub socket: PathBuf,
    /// Its permissions.
    pub mode: Mode,
    /// A name or number; `None` leaves it.
    pub owner: Option<String>,
    /// A name or number; `None` leaves it.
    pub group: Option<String>,
    /// The password of those who post sessions; `None`: nobody may.
    pub token_file: Option<PathBuf>,
    /// From one write to the next.
    pub flush: Duration,
    /// How long counts are kept: whole days.
    pub keep: Duration,
    /// Whether MX hosts are told of the sessions under their own policies.
    pub mx_host_scope: HostScope,
    /// For datagrams that wait.
    pub queue_mib: usize,
    /// For counts that wait.
    pub counts_mib: usize,
}

impl Default for Collector {
    fn default() -> Self {
        Self {
            socket: PathBuf::from("/run/strictmx/tlsrpt.sock"),
            // Mail servers run under users of their own, and one that may not write tells nobody.
            mode: Mode(0o666),
            owner: None,
            group: None,
            token_file: None,
            flush: Duration::from_secs(1),
            keep: Duration::from_hours(30 * 24),
            mx_host_scope: HostScope::Off,
            queue_mib: 64,
            counts_mib: 64,
        }
    }
}

/// `[log]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// The least grave lines that are written.
    pub level: LogLevel,
    /// How.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: LogLevel::Info, format: LogFormat::Text }
    }
}

/// How grave a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something does not work.
    Error,
    /// Somebody should look.
    Warn,
    /// What happens.
    Info,
    /// How it happens.
    Debug,
    /// Every detail.
    Trace,
}

impl LogLevel {
    /// One level more.
    #[must_use]
    pub fn more(self) -> Self {
        match self {
            Self::Error => Self::Warn,
            Self::Warn => Self::Info,
            Self::Info => Self::Debug,
            Self::Debug | Self::Trace => Self::Trace,
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// TCP.
    Tcp(SocketAddr),
    /// A unix socket at this path.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Permissions of a file; shows itself as `0660`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode(pub u32);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

fn loopback(port: u16) -> Listen {
    Listen::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// DANE-2.1.1-2
    #[test]
    fn the_ad_bit_of_a_server_elsewhere_counts_only_when_the_operator_said_so() {
        let near = SocketAddr::from(([127, 0, 0, 53], 53));
        let mapped = SocketAddr::from(([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1], 53));
        let far = SocketAddr::from(([192, 0, 2, 1], 53));
        let unset = Dnssec::TrustAdLoopback;
        assert_eq!(unset.with(&[near, mapped]), DnssecUse::TrustAd);
        assert_eq!(unset.with(&[near, far]), DnssecUse::OffUntrusted(far));
        assert_eq!(Dnssec::TrustAd.with(&[far]), DnssecUse::TrustAd);
        assert_eq!(Dnssec::Validate.with(&[far]), DnssecUse::Validate);
        assert_eq!(Dnssec::Off.with(&[near]), DnssecUse::Off);
    }
}
