//! From settings to the parts that flows run on.
use std::{collections::HashMap, fs, net::SocketAddr, path::Path};

use strictmx_engine::tls;
use strictmx_io::{
    clock::Clock,
    dns::{self, Dns, DnssecMode},
    fetch::{self, Fetcher},
    sys,
    tls::ClientTls,
};
use strictmx_proto::name::Domain;

use crate::{
    config::{self as settings, AllowPrivate, DnssecUse, Servers, Settings, TestName, TrustAnchor},
    flow::{OverrideRule, Rules, ask::Senses, probe::Prober, rules::Observe, self_test::SelfTest},
};

/// A file of PEM certificates or trust anchors is never longer than this, octets.
const MAX_FILE: u64 = 8 * 1024 * 1024;
/// Who judges signatures: the resolver.
const TRUST_AD: &str = "trust-ad";
/// Who judges signatures: nobody.
const OFF: &str = "off";

/// Why the parts cannot be built from these settings: a sentence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    /// A file that the configuration names.
    #[error("cannot read {path} ({what}): {source}")]
    File {
        /// Which.
        path: String,
        /// What it is for.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is too long to be what it should be.
    #[error("{path} ({what}) is longer than 8 MiB; that is not what it should be")]
    TooLong {
        /// Which.
        path: String,
        /// What it is for.
        what: &'static str,
    },
    /// A list of domains.
    #[error("{path}:{line}: {name:?} is no domain name: {why}; write one name a line")]
    Domains {
        /// The file.
        path: String,
        /// Which line, from 1.
        line: usize,
        /// What stands there.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// DNS.
    #[error(transparent)]
    Dns(#[from] dns::Error),
    /// Fetching.
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] strictmx_io::tls::Error),
}

/// The adapters that questions go through, and what the operator should hear about them.
pub(crate) struct Built {
    /// The adapters.
    pub senses: Senses,
    /// A TLS client of the same roots, for SMTP.
    pub tls: ClientTls,
    /// The DNS servers asked.
    pub servers: Vec<SocketAddr>,
    /// Who judges signatures, in one word.
    pub dnssec: &'static str,
    /// Sentences: what is weaker than it could be, and why.
    pub notices: Vec<String>,
}

/// Builds the adapters.
pub(crate) fn senses(settings: &Settings) -> Result<Built, BuildError> {
    let mut notices = Vec::new();
    let servers = match &settings.dns.servers {
        Servers::System => dns::system_servers()?,
        Servers::Listed(servers) => servers.clone(),
    };
    let (mode, dnssec) = dnssec_mode(&settings.dns, &servers, &mut notices)?;
    let dns = Dns::new(dns::Options {
        servers: servers.clone(),
        dnssec: mode,
        attempt_timeout: settings.dns.timeout,
        attempts: settings.dns.attempts,
    })?;
    let mut roots = Vec::new();
    for path in &settings.tls.extra_roots {
        roots.push((path.clone(), bounded(path, "extra roots")?));
    }
    let (tls, warnings) = ClientTls::new(&roots)?;
    notices.extend(warnings.iter().map(ToString::to_string));
    let fetcher = Fetcher::new(
        tls.clone(),
        fetch::Options {
            timeout: settings.fetch.timeout,
            allow_private: match settings.fetch.allow_private {
                AllowPrivate::No => fetch::AllowPrivate::No,
                AllowPrivate::Yes => fetch::AllowPrivate::Yes,
            },
            port: 443,
            user_agent: concat!("strictmx/", env!("CARGO_PKG_VERSION")).to_owned(),
        },
    )?;
    let senses = Senses { dns, fetcher, clock: Clock::system() };
    Ok(Built { senses, tls, servers, dnssec, notices })
}

fn dnssec_mode(
    dns: &settings::Dns,
    servers: &[SocketAddr],
    notices: &mut Vec<String>,
) -> Result<(DnssecMode, &'static str), BuildError> {
    Ok(match dns.dnssec.with(servers) {
        DnssecUse::TrustAd => (DnssecMode::TrustAd, TRUST_AD),
        DnssecUse::Off => (DnssecMode::Off, OFF),
        DnssecUse::Validate => {
            let anchors = match &dns.trust_anchor {
                TrustAnchor::BuiltIn => None,
                TrustAnchor::File(path) => Some(String::from_utf8_lossy(&bounded(path, "trust anchor")?).into_owned()),
            };
            (DnssecMode::Validate { anchors }, "validate")
        }
        // DANE-2.1.1-2: anybody between here and there could set the AD bit.
        DnssecUse::OffUntrusted(server) => {
            notices.push(format!(
                "DANE is off: the DNS server {} is not on this machine, so its word on DNSSEC does not count; write `dnssec = \"trust-ad\"` \
                 under [dns] if the way to it is safe, or `dnssec = \"validate\"`",
                server.ip()
            ));
            (DnssecMode::Off, OFF)
        }
    })
}

/// Reads a file that is not longer than it should be.
pub(crate) fn bounded(path: &Path, what: &'static str) -> Result<Vec<u8>, BuildError> {
    let shown = || path.display().to_string();
    let failed = |source| BuildError::File { path: shown(), what, source };
    if fs::metadata(path).map_err(failed)?.len() > MAX_FILE {
        return Err(BuildError::TooLong { path: shown(), what });
    }
    fs::read(path).map_err(failed)
}

/// The operator's rules. `dnssec` is who judges signatures in the end, see [`Built::dnssec`].
pub(crate) fn rules(settings: &Settings, dnssec: &str) -> Rules {
    let policyd = settings.policyd.clone().unwrap_or_default();
    Rules {
        plan: tls::Settings {
            partial_dane: policyd.partial_dane,
            dane: if dnssec == OFF { tls::DaneUse::Off } else { tls::DaneUse::On },
        },
        observe: match policyd.observe {
            settings::Observe::No => Observe::Enforce,
            settings::Observe::Yes => Observe::Observe,
        },
        overrides: overrides(&policyd.overrides),
        answer_deadline: settings.fetch.answer_deadline,
        smtp_port: policyd.smtp_port,
    }
}

fn overrides(list: &[settings::Override]) -> HashMap<Domain, OverrideRule> {
    list.iter()
        .map(|rule| {
            let settings::Override { domain, answer, reason, until } = rule.clone();
            (domain, OverrideRule { answer, reason, until: until.map(|until| until.end) })
        })
        .collect()
}

/// The names of the resolver's self-test; `None`: it is off, or nothing would follow from it.
pub(crate) fn self_test(settings: &Settings, dnssec: &str) -> Option<SelfTest> {
    // Where nobody or this process itself checks the signatures, nothing hangs on the resolver.
    if dnssec != TRUST_AD {
        return None;
    }
    match &settings.dns.self_test {
        settings::SelfTest::Off => None,
        settings::SelfTest::Names { signed, bogus } => Some(SelfTest { signed: owner(signed), bogus: owner(bogus) }),
    }
}

fn owner(name: &TestName) -> Option<Domain> {
    match name {
        TestName::Root => None,
        TestName::Domain(name) => Domain::parse_lenient(name).ok(),
    }
}

/// Makes the sessions of D-31.
pub(crate) fn prober(policyd: &settings::Policyd, built: &Built) -> Prober {
    let helo = policyd.helo.as_ref().map_or_else(sys::host_name, ToString::to_string);
    Prober { helo, tls: built.tls.clone() }
}
