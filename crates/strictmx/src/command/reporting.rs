//! From settings to what the reporter decides by.
use std::{sync::Arc, time::Duration};

use strictmx_engine::report::{
    compose::{self, Redact, Withhold},
    outcome::Lists,
};
use strictmx_io::{
    dkim::{self, KeyFileError, Keys},
    fetch::Certificates,
    store::Store,
    submit::{Limits, Submitter},
    sys,
    task::Tasks,
};
use strictmx_proto::mail::{Address, AddressError};

use super::build::Built;
use crate::{
    config::{self, HttpsCertificates, Settings},
    flow::report_out::{self, Parts, Reporter, Rules, When},
    telemetry::Telemetry,
};

/// Whom mails come from, where nobody said so.
const SENDER: &str = "tlsrpt-noreply";
/// A mail server that takes a report has a minute for it: a longer silence is tried again.
const SUBMIT: Limits =
    Limits { connect: Duration::from_secs(30), reply: Duration::from_secs(60), taken: Duration::from_secs(300) };

/// Why there is no reporter: a sentence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReporterError {
    /// The section is not there.
    #[error("there is no [reporter] section in the config; `strictmx config default` shows one")]
    NoSection,
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The sender's address cannot be made up.
    #[error("there is no address for `from`: {0}; write one")]
    From(#[from] AddressError),
    /// The rest.
    #[error(transparent)]
    Reporter(#[from] report_out::Error),
}

/// What the settings say about reports.
pub(crate) fn rules(settings: &Settings, built: &Built) -> Result<Rules, ReporterError> {
    let section = settings.reporter.as_ref().ok_or(ReporterError::NoSection)?;
    let contact = section.contact.clone().ok_or(ReporterError::NoSection)?;
    let from = match &section.from {
        Some(from) => from.clone(),
        None => Address::new(SENDER, contact.domain().clone())?,
    };
    let mut keys = Vec::with_capacity(section.dkim.len());
    for key in &section.dkim {
        keys.push((key.selector.clone(), dkim::load(&key.key_file)?));
    }
    let helo = settings.policyd.as_ref().and_then(|policyd| policyd.helo.as_ref());
    let helo = helo.map_or_else(sys::host_name, ToString::to_string);
    let boxed = |all: &[String]| all.iter().map(|one| one.as_str().into()).collect();
    Ok(Rules {
        reporter: compose::Reporter { organization: section.organization.clone(), contact, redact: redact(section) },
        from,
        keys: Keys { keys },
        submitter: Submitter::new(section.submit.clone(), built.tls.clone(), helo, SUBMIT),
        spread: section.spread.as_secs(),
        keep: section.keep.as_secs(),
        when: match section.when {
            config::When::Always => When::Always,
            config::When::Failures => When::Failures,
        },
        lists: Lists {
            allow: boxed(&section.allow),
            deny: boxed(&section.deny),
            deny_domains: boxed(&section.deny_domains),
        },
        cap: section.max_per_destination,
        certificates: match section.https_certificates {
            HttpsCertificates::Valid => Certificates::Valid,
            HttpsCertificates::Any => Certificates::Any,
        },
        archive: section.archive.clone(),
    })
}

fn redact(section: &config::Reporter) -> Redact {
    let withhold = |what| if section.redact.contains(&what) { Withhold::Yes } else { Withhold::No };
    Redact { sending_ip: withhold(config::Redact::SendingIp), reason: withhold(config::Redact::Reason) }
}

/// A reporter over a store, which does nothing yet.
pub(crate) async fn reporter(
    settings: &Settings,
    built: &Built,
    store: &Arc<dyn Store>,
    telemetry: &Telemetry,
    tasks: &Tasks,
) -> Result<Reporter, ReporterError> {
    let rules = rules(settings, built)?;
    let parts = Parts {
        store: Arc::clone(store),
        telemetry: telemetry.clone(),
        tasks: tasks.clone(),
        senses: built.senses.clone(),
    };
    Ok(Reporter::new(parts, rules).await?)
}
