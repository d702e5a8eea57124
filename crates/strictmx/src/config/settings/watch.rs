//! What `strictmx check --watch` makes of a configuration: a daemon that watches these domains, and does nothing else.

use std::time::Duration;

use strictmx_engine::check::Family;
use strictmx_proto::name::Domain;

use super::{Domains, Expect, LookDepth, Monitor, Settings, TestingProbe};

/// What is watched instead of what `[monitor]` says. Who is told stays as it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The domains, each once.
    pub domains: Vec<Domain>,
    /// From one look at a domain to the next.
    pub every: Duration,
    /// What is looked at.
    pub families: Vec<Family>,
    /// How closely.
    pub depth: LookDepth,
    /// Warn when a certificate ends within so many days.
    pub certificate_days: u32,
    /// Warn when `testing` has lasted so many days.
    pub testing_days: u32,
    /// What the domains are meant to be.
    pub expect: Vec<Expect>,
}

impl Watch {
    /// Takes every service out of the settings but this one.
    pub fn narrow(&self, settings: &mut Settings) {
        let told = settings.monitor.take().unwrap_or_default();
        settings.monitor = Some(Monitor {
            domains: Domains::Listed(self.domains.clone()),
            every: self.every,
            families: self.families.clone(),
            depth: self.depth,
            certificate_days: self.certificate_days,
            testing_days: self.testing_days,
            expect: self.expect.clone(),
            ..told
        });
        settings.web = None;
        settings.control = None;
        settings.reporter = None;
        if let Some(policyd) = &mut settings.policyd {
            policyd.listen.clear();
            policyd.tcp_table.clear();
            policyd.testing_probe = TestingProbe::Off;
        }
    }
}
