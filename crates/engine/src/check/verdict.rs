//! All checks over one set of observations.
use alloc::{string::String, vec::Vec};

use serde::Serialize;
use strictmx_proto::name::Domain;

use super::{
    Context, Family, Finding, Findings, Intent, Observations, Severity, State, dane, host, mx, policy, record, senders,
    smtp,
    suggest::{self, Suggestion},
    time, tlsrpt,
};
use crate::time::Timestamp;

/// What the checks say of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
    /// The domain.
    pub domain: Domain,
    /// When it was looked at.
    pub at: Timestamp,
    /// How far it has come.
    pub state: State,
    /// How well it is.
    pub health: Health,
    /// One sentence.
    pub summary: String,
    /// Families that were judged.
    pub families: Vec<Family>,
    /// Findings, worst first.
    pub findings: Vec<Finding>,
    /// What each family of senders makes of the policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub senders: Vec<senders::Reading>,
    /// What to publish instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Suggestion>,
}

/// How well a domain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// No finding worse than information.
    Healthy,
    /// Warnings, or errors that do not bite yet.
    AtRisk,
    /// Errors that lose mail or protection today.
    Broken,
    /// It could not be looked at.
    Unknown,
}

impl Health {
    /// The words in JSON and in text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::AtRisk => "at-risk",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

/// Judges these families, [`Family::ALL`] as a rule.
#[must_use]
pub fn judge(seen: &Observations, intent: &Intent, families: &[Family]) -> Verdict {
    let context = Context::new(seen, intent);
    let mut found = Findings::default();
    for family in families {
        let judge = match family {
            Family::Record => record::judge,
            Family::Host => host::judge,
            Family::Policy => policy::judge,
            Family::Mx => mx::judge,
            Family::Smtp => smtp::judge,
            Family::Dane => dane::judge,
            Family::Tlsrpt => tlsrpt::judge,
            Family::Time => time::judge,
        };
        judge(&context, &mut found);
        if *family == Family::Policy {
            senders::judge(&context, &mut found);
        }
    }
    let findings = found.sorted();
    let health = health(context.state, &findings);
    Verdict {
        domain: seen.domain.clone(),
        at: seen.at,
        state: context.state,
        health,
        summary: String::new(),
        families: families.into(),
        findings,
        senders: senders::readings(&context),
        suggestion: suggest::suggest(&context),
    }
}

/// Errors bite where a policy is enforced or senders cannot use what is published; in `testing` they are a risk.
fn health(state: State, findings: &[Finding]) -> Health {
    let worst = findings.iter().map(|finding| finding.severity).max();
    match (worst, state) {
        (_, State::Unknown) => Health::Unknown,
        (Some(Severity::Error), State::Enforce | State::Broken) => Health::Broken,
        (Some(Severity::Error | Severity::Warning), _) => Health::AtRisk,
        (Some(Severity::Info) | None, _) => Health::Healthy,
    }
}
