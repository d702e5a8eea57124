//! `[reporter]`.

use std::path::PathBuf;
use std::time::Duration;

use strictmx_io::submit::{Host, Security, Server, Smtp};
use strictmx_proto::mail::{Address, dkim::Selector};

/// `[reporter]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reporter {
    /// Who reports; there whenever the section was read.
    pub organization: String,
    /// Who answers for the reports; its domain is the submitter. There whenever the section was read.
    pub contact: Option<Address>,
    /// Whom the mails come from; `None`: `tlsrpt-noreply` at the contact's domain.
    pub from: Option<Address>,
    /// Who takes the mails.
    pub submit: Server,
    /// Keys that sign them; each selector at most once.
    pub dkim: Vec<DkimKey>,
    /// Over how long a day's reports are spread.
    pub spread: Duration,
    /// How long reports are kept that are settled.
    pub keep: Duration,
    /// Which days are reported.
    pub when: When,
    /// What is left out of the reports.
    pub redact: Vec<Redact>,
    /// When not empty, only these addresses get reports.
    pub allow: Vec<String>,
    /// Addresses that never get any.
    pub deny: Vec<String>,
    /// Domains about which there are none.
    pub deny_domains: Vec<String>,
    /// Most reports for one destination and day.
    pub max_per_destination: u64,
    /// Whether certificates of HTTPS endpoints must hold.
    pub https_certificates: HttpsCertificates,
    /// A folder for copies.
    pub archive: Option<PathBuf>,
}

impl Default for Reporter {
    fn default() -> Self {
        Self {
            organization: String::new(),
            contact: None,
            from: None,
            submit: Server::Smtp(Smtp {
                host: Host::Address(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
                port: 25,
                security: Security::Offered,
                login: None,
            }),
            dkim: Vec::new(),
            spread: Duration::from_hours(4),
            keep: Duration::from_hours(30 * 24),
            when: When::Always,
            redact: Vec::new(),
            allow: Vec::new(),
            deny: Vec::new(),
            deny_domains: Vec::new(),
            max_per_destination: 1000,
            https_certificates: HttpsCertificates::Valid,
            archive: None,
        }
    }
}

/// One of `reporter.dkim`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimKey {
    /// Where its public half is published: `selector._domainkey.<submitter>`.
    pub selector: Selector,
    /// The file with the key.
    pub key_file: PathBuf,
}

/// Which days are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// All that had sessions.
    Always,
    /// Those with a failure.
    Failures,
}

/// Something left out of the reports (TLSRPT-8-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redact {
    /// `sending-mta-ip`.
    SendingIp,
    /// `failure-reason-code`, where the RFC does not ask for it.
    Reason,
}

/// Whether certificates of HTTPS endpoints must hold (TLSRPT-3-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpsCertificates {
    /// They must.
    Valid,
    /// Any will do.
    Any,
}
