//! All checks over one set of observations.
use alloc::{string::String, vec::Vec};

use serde::Serialize;
use strictmx_proto::name::Domain;

use super::{
    Context, Family, Finding, Findings, Intent, Observations, Severity, Side, State, dane, host, mx, policy, record,
    senders, smtp,
    suggest::{self, Suggestion},
    time, tlsrpt,
};
use crate::time::Timestamp;

mod summary;
#[cfg(test)]
mod tests;

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
    let health = health(&context, &findings);
    Verdict {
        domain: seen.domain.clone(),
        at: seen.at,
        state: context.state,
        health,
        summary: summary::summary(&context, health, &findings),
        families: families.into(),
        findings,
        senders: senders::readings(&context),
        suggestion: suggest::suggest(&context, policy::published_text(&context)),
    }
}

/// Errors bite where a policy is enforced or senders cannot use what is published; in `testing` they are a risk.
fn health(context: &Context<'_>, findings: &[Finding]) -> Health {
    let seen = context.seen;
    // Of `--only mx` the findings tell, though nothing is known of a policy.
    let looked = seen.sts.is_some() || seen.policy_host.is_some() || seen.policy_file.is_some();
    let worst = findings.iter().map(|finding| finding.severity).max();
    let bites = |finding: &Finding| finding.severity == Severity::Error && bites(context.state, finding);
    match (context.state, worst) {
        (State::Unknown, _) if looked => Health::Unknown,
        (State::Broken, _) => Health::Broken,
        _ if findings.iter().any(bites) => Health::Broken,
        (_, Some(Severity::Error | Severity::Warning)) => Health::AtRisk,
        (_, Some(Severity::Info) | None) => Health::Healthy,
    }
}

/// Whether an error loses mail or protection today.
fn bites(state: State, finding: &Finding) -> bool {
    match finding.check.family {
        // No mail waits for a report, and what lies here says nothing of the domain.
        Family::Tlsrpt => false,
        _ if finding.check.side == Side::Here => false,
        // A wrong TLSA record stops mail whatever MTA-STS says (STS-2-1), and so does an MX record without a host.
        Family::Dane => true,
        Family::Mx if finding.check.id.starts_with("mx.") => true,
        _ => state == State::Enforce,
    }
}
