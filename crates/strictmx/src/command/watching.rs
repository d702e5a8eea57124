//! From settings to what the monitor watches and tells.
use std::{collections::HashSet, sync::Arc, time::Duration};

use strictmx_engine::{
    check::{Intent, incident::Rules, observations::ResolverSeen},
    trust::Trust,
};
use strictmx_io::{post::Poster, smtp_out, submit, submit::Submitter, sys, task::Tasks};
use strictmx_proto::name::Domain;

use super::build::{self, BuildError, Built};
use crate::{
    config::{self, Domains, Expect, LookDepth, Settings},
    flow::{
        Desk,
        check::{Depth, LookOptions, Looker, Plan, ProbeDestinations},
        monitor::{FreshLooker, Mailing, Receivers, Watching, Webhook},
    },
};

/// Connections to one address at a time.
const PER_ADDRESS: usize = 4;
/// Time for one session with an MX host: nobody waits for it, and some hosts greet late on purpose.
const SESSION: smtp_out::Limits = smtp_out::Limits {
    connect: Duration::from_secs(15),
    reply: Duration::from_secs(60),
    whole: Duration::from_secs(120),
};
/// Time for one letter to a webhook.
const LETTER: Duration = Duration::from_secs(30);
/// What we are called by those we tell.
const AGENT: &str = concat!("strictmx/", env!("CARGO_PKG_VERSION"));

/// What the settings say is to be watched. Without the section: nothing, and nobody is told.
pub(crate) fn watching(settings: &Settings, built: &Built, desk: &Desk, tasks: &Tasks) -> Result<Watching, BuildError> {
    let monitor = settings.monitor.clone().unwrap_or_default();
    let intent =
        Intent { certificate_days: monitor.certificate_days, testing_days: monitor.testing_days, ..Intent::default() };
    let intents = monitor.expect.iter().map(|expect| (expect.domain.clone(), intended(expect, &intent))).collect();
    Ok(Watching {
        domains: domains(&monitor.domains)?,
        every: monitor.every,
        plan: Plan {
            families: monitor.families.clone(),
            depth: match monitor.depth {
                LookDepth::Quick => Depth::Quick,
                LookDepth::Thorough => Depth::Thorough,
            },
            probe_destinations: ProbeDestinations::No,
        },
        rules: Rules { confirm: monitor.confirm, from: monitor.alert_from },
        intent,
        intents,
        looker: fresh_looker(settings, built, desk, tasks),
        receivers: receivers(&monitor, built, &helo(settings)),
    })
}

fn intended(expect: &Expect, intent: &Intent) -> Intent {
    Intent {
        mx: expect.mx.clone(),
        policy_alias: expect.policy_alias.clone(),
        rua: expect.rua.clone(),
        ..intent.clone()
    }
}

/// Our own name, as EHLO tells it.
fn helo(settings: &Settings) -> String {
    let configured = settings.policyd.as_ref().and_then(|policyd| policyd.helo.as_ref());
    configured.map_or_else(sys::host_name, ToString::to_string)
}

fn receivers(monitor: &config::Monitor, built: &Built, helo: &str) -> Receivers {
    let poster = || Poster::new(built.tls.clone(), AGENT, LETTER);
    let submitter = || Submitter::new(monitor.submit.clone(), built.tls.clone(), helo, submit::Limits::default());
    let token = &monitor.webhook_token_file;
    let webhook = monitor.webhook.clone().map(|url| Webhook { url, token: token.clone(), poster: poster() });
    let to = monitor.mail_to.clone();
    let from = monitor.mail_from.clone().filter(|_| !to.is_empty());
    Receivers { webhook, mail: from.map(|from| Mailing { from, to, submitter: submitter() }) }
}

fn fresh_looker(settings: &Settings, built: &Built, desk: &Desk, tasks: &Tasks) -> FreshLooker {
    let policyd = settings.policyd.clone().unwrap_or_default();
    let options = LookOptions {
        helo: helo(settings),
        smtp_port: policyd.smtp_port,
        smtp: SESSION,
        per_address: PER_ADDRESS,
        resolver: ResolverSeen {
            servers: built.servers.iter().map(ToString::to_string).collect(),
            dnssec: built.dnssec.to_owned(),
            validates: None,
        },
    };
    let (senses, tls, desk, tasks) = (built.senses.clone(), built.tls.clone(), desk.clone(), tasks.clone());
    Arc::new(move || {
        let validates = match &**desk.0.trust.load() {
            Trust::Validates => Some(true),
            Trust::DoesNotValidate { .. } => Some(false),
            Trust::Unknown { .. } => None,
        };
        let resolver = ResolverSeen { validates, ..options.resolver.clone() };
        Looker::new(senses.clone(), tls.clone(), LookOptions { resolver, ..options.clone() }, &tasks)
    })
}

/// The domains, each once.
fn domains(named: &Domains) -> Result<Vec<Domain>, BuildError> {
    let path = match named {
        Domains::Listed(domains) => return Ok(domains.clone()),
        Domains::File(path) => path,
    };
    let text = build::bounded(path, "domains to watch")?;
    let mut seen = HashSet::new();
    let mut domains = Vec::new();
    for (number, line) in String::from_utf8_lossy(&text).lines().enumerate() {
        let name = line.split('#').next().unwrap_or_default().trim();
        if name.is_empty() {
            continue;
        }
        let wrong = |error: strictmx_proto::name::NameError| BuildError::Domains {
            path: path.display().to_string(),
            line: number + 1,
            name: name.chars().take(100).collect(),
            why: error.to_string(),
        };
        let domain = Domain::parse(name).map_err(wrong)?;
        if seen.insert(domain.clone()) {
            domains.push(domain);
        }
    }
    Ok(domains)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let read = domains(&Domains::File(file.path().to_owned())).map_err(|error| error.to_string());
        read.map(|domains| domains.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_file_has_one_domain_a_line_and_comments() {
        let text = "# ours\nexample.com\n\n  Example.ORG.  # the other one\r\nexample.com\nbücher.example\n";
        assert_eq!(read(text).unwrap(), ["example.com", "example.org", "xn--bcher-kva.example"]);
        assert_eq!(read("").unwrap(), [""; 0]);
    }

    #[test]
    fn a_line_that_is_no_domain_is_named() {
        let error = read("example.com\nmail@example.com\n").unwrap_err();
        assert!(error.contains(":2: \"mail@example.com\" is no domain name"), "{error}");
        let none = domains(&Domains::File("/nonexistent/domains".into())).unwrap_err().to_string();
        assert!(none.contains("/nonexistent/domains (domains to watch)"), "{none}");
    }
}
