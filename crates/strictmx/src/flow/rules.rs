//! What the operator decided about answers: live, replaced whole on reload.
use std::{collections::HashMap, time::Duration};

use strictmx_engine::{profile::Override, time::Timestamp, tls};
use strictmx_proto::name::Domain;

/// Everything an answer depends on besides what was seen.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How DANE and MTA-STS combine.
    pub plan: tls::Settings,
    /// Whether answers are only computed and logged.
    pub observe: Observe,
    /// Per domain, what the operator said instead.
    pub overrides: HashMap<Domain, OverrideRule>,
    /// When an answer is given with what is known by then (D-22).
    pub answer_deadline: Duration,
    /// The port that mail is delivered to where a next hop names none; TLSA records are looked up for it.
    pub smtp_port: u16,
}

/// Whether answers bind the mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observe {
    /// They do.
    Enforce,
    /// They are computed, counted and logged; the mail server is told "not found".
    Observe,
}

/// One `[[policyd.override]]`.
#[derive(Debug, Clone)]
pub struct OverrideRule {
    /// What is answered instead.
    pub answer: Override,
    /// Why, in the operator's words.
    pub reason: String,
    /// When it stops to count; `None`: never.
    pub until: Option<Timestamp>,
}

impl Rules {
    /// The override for a domain, unless it has run out.
    pub(crate) fn override_for(&self, domain: &Domain, now: Timestamp) -> Option<&OverrideRule> {
        if self.overrides.is_empty() {
            return None;
        }
        self.overrides.get(domain).filter(|rule| rule.until.is_none_or(|until| now < until))
    }
}
