//! `[monitor]`.

use std::path::PathBuf;
use std::time::Duration;

use strictmx_engine::check::{Family, Intent, Severity};
use strictmx_io::post::Url;
use strictmx_io::submit::{Host, Security, Server, Smtp};
use strictmx_proto::name::Domain;

/// `[monitor]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    /// Which domains are watched.
    pub domains: Domains,
    /// From one look at a domain to the next.
    pub every: Duration,
    /// What is looked at; never empty, each at most once.
    pub families: Vec<Family>,
    /// How closely.
    pub depth: LookDepth,
    /// Looks in a row that must have shown a finding.
    pub confirm: u32,
    /// The least severity that is told.
    pub alert_from: Severity,
    /// Where alerts are posted.
    pub webhook: Option<Url>,
    /// What holds the token for it.
    pub webhook_token_file: Option<PathBuf>,
    /// Who gets alerts by mail.
    pub mail_to: Vec<String>,
    /// Whom they come from; there whenever `mail_to` is not empty.
    pub mail_from: Option<String>,
    /// Who takes them.
    pub submit: Server,
    /// Warn when a certificate ends within so many days.
    pub certificate_days: u32,
    /// Warn when `testing` has lasted so many days.
    pub testing_days: u32,
    /// What single domains are meant to be; at most one for each.
    pub expect: Vec<Expect>,
}

impl Default for Monitor {
    fn default() -> Self {
        let intent = Intent::default();
        Self {
            domains: Domains::Listed(Vec::new()),
            every: Duration::from_hours(6),
            families: Family::ALL.into(),
            depth: LookDepth::Thorough,
            confirm: 2,
            alert_from: Severity::Error,
            webhook: None,
            webhook_token_file: None,
            mail_to: Vec::new(),
            mail_from: None,
            submit: Server::Smtp(Smtp {
                host: Host::Address(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
                port: 25,
                security: Security::Offered,
                login: None,
            }),
            certificate_days: intent.certificate_days,
            testing_days: intent.testing_days,
            expect: Vec::new(),
        }
    }
}

/// Which domains are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domains {
    /// These; each at most once.
    Listed(Vec<Domain>),
    /// Those of this file, one a line.
    File(PathBuf),
}

/// How closely a domain is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookDepth {
    /// Records, policy, one session with each address of each MX host.
    Quick,
    /// Everything.
    Thorough,
}

/// `[[monitor.expect]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// The domain.
    pub domain: Domain,
    /// MX hosts that may be there; empty: any.
    pub mx: Vec<Domain>,
    /// Where `mta-sts.<domain>` is to point by CNAME.
    pub policy_alias: Option<Domain>,
    /// A report address that the TLSRPT record must name.
    pub rua: Option<String>,
}
