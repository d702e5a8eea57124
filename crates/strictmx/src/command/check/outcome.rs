//! What came of one domain, how much is told of it, and the counts that the exit code rests on.
use std::collections::BTreeMap;

use serde::Serialize;
use strictmx_engine::{
    check::{Health, Observations, Severity, State, Verdict},
    fact::TxtSeen,
};

use crate::cli::Exit;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// What has to be done.
    Brief,
    /// `-v`: also why, and everything that was seen.
    Full,
}

/// What came of one line of input.
pub(super) enum Outcome {
    /// A domain was judged.
    Judged(Box<Judged>),
    /// The text is no domain name, or the look at it broke off.
    Failed(Failed),
}

/// A domain, judged.
pub(super) struct Judged {
    /// What was seen.
    pub(super) seen: Observations,
    /// What follows.
    pub(super) verdict: Verdict,
}

/// A line without a verdict. In JSON lines it stands where a verdict would.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Failed {
    /// The text as it stood.
    pub(super) domain: String,
    /// Why there is no verdict.
    pub(super) error: String,
    /// Whose fault that is.
    #[serde(skip)]
    pub(super) fault: Fault,
}

/// Why a line has no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no domain name.
    Name,
    /// The look at it broke off.
    Ours,
}

impl Judged {
    /// Whether the first answer that everything else rests on could not be had. What was not asked for is not missing.
    pub(super) fn is_unseen(&self) -> bool {
        let failed = |txt: &TxtSeen| txt.failure().is_some();
        self.verdict.state == State::Unknown
            && match (&self.seen.sts, &self.seen.tlsrpt, &self.seen.mx) {
                (Some(sts), _, _) => failed(&sts.txt) || self.seen.policy_host.is_some(),
                (None, Some(tlsrpt), _) => failed(&tlsrpt.record.txt),
                (None, None, Some(mail)) => mail.mx.failure().is_some(),
                (None, None, None) => false,
            }
    }
}

/// How many findings of a severity.
pub(super) fn count(verdict: &Verdict, severity: Severity) -> usize {
    verdict.findings.iter().filter(|finding| finding.severity == severity).count()
}

/// What the totals need of one outcome.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tally {
    /// A domain that was looked at.
    Judged {
        /// Its state.
        state: State,
        /// Its health.
        health: Health,
        /// Whether it has errors.
        errors: Errors,
        /// Whether the look failed.
        unseen: Unseen,
    },
    /// No verdict.
    Failed(Fault),
}

/// Whether a domain has error findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errors {
    Some,
    None,
}

/// Whether a domain could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unseen {
    Yes,
    No,
}

impl Outcome {
    /// What the totals need.
    pub(super) fn tally(&self) -> Tally {
        match self {
            Self::Failed(failed) => Tally::Failed(failed.fault),
            Self::Judged(judged) => Tally::Judged {
                state: judged.verdict.state,
                health: judged.verdict.health,
                errors: if count(&judged.verdict, Severity::Error) > 0 { Errors::Some } else { Errors::None },
                unseen: if judged.is_unseen() { Unseen::Yes } else { Unseen::No },
            },
        }
    }
}

/// Counts over all domains of a run.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// Domains judged.
    pub(super) judged: u64,
    /// Of them: with error findings.
    pub(super) with_errors: u64,
    /// Of them: could not be looked at.
    pub(super) unseen: u64,
    /// Lines that are no domain names.
    pub(super) invalid: u64,
    /// Domains whose look broke off.
    pub(super) broke_off: u64,
    states: BTreeMap<&'static str, u64>,
    healths: BTreeMap<&'static str, u64>,
}

impl Totals {
    /// Counts one more.
    pub(super) fn add(&mut self, tally: Tally) {
        match tally {
            Tally::Failed(Fault::Name) => self.invalid += 1,
            Tally::Failed(Fault::Ours) => self.broke_off += 1,
            Tally::Judged { state, health, errors, unseen } => {
                self.judged += 1;
                self.with_errors += u64::from(errors == Errors::Some);
                self.unseen += u64::from(unseen == Unseen::Yes);
                *self.states.entry(state.as_str()).or_default() += 1;
                *self.healths.entry(health.as_str()).or_default() += 1;
            }
        }
    }

    /// Lines told of.
    pub(super) fn all(&self) -> u64 {
        self.judged + self.invalid + self.broke_off
    }

    /// `3 domains: 1 enforce, 2 absent; 1 broken, 2 healthy`.
    pub(super) fn sentence(&self) -> String {
        let list = |counts: &BTreeMap<&'static str, u64>| {
            counts.iter().map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
        };
        let mut text = format!("{} domain{}", self.judged, if self.judged == 1 { "" } else { "s" });
        if self.judged > 0 {
            text.push_str(&format!(": {}; {}", list(&self.states), list(&self.healths)));
        }
        match self.invalid {
            0 => {}
            1 => text.push_str("; 1 line is no domain name"),
            count => text.push_str(&format!("; {count} lines are no domain names")),
        }
        if self.broke_off > 0 {
            text.push_str(&format!("; {} broke off", self.broke_off));
        }
        text
    }

    /// What the command ends with: 2 where a domain could not be looked at, 1 where one has errors.
    pub(super) fn exit(&self) -> Exit {
        if self.unseen > 0 || self.broke_off > 0 {
            Exit::NoLook
        } else if self.with_errors > 0 {
            Exit::Findings
        } else {
            Exit::Done
        }
    }
}
