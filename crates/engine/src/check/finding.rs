//! What the checks say: findings, and the catalogue entry behind each.
use alloc::{borrow::Cow, string::String, vec::Vec};

use serde::Serialize;

/// How bad a finding is. Ordered: the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; nothing needs to be done.
    Info,
    /// Ought to be mended, though mail flows and is protected.
    Warning,
    /// Blocks `enforce`: with it mail is lost, stays unprotected, or the policy is not seen.
    Error,
}

impl Severity {
    /// The word in JSON and in text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Who can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Whoever edits the domain's zone.
    Dns,
    /// Whoever runs the zone's name servers.
    NameServers,
    /// Whoever writes the policy.
    Policy,
    /// Whoever runs the policy host.
    PolicyHost,
    /// Whoever runs the MX hosts.
    MxProvider,
    /// Whoever takes the reports.
    ReportReceiver,
    /// Whoever runs this check: the network or the resolver here.
    Here,
}

impl Side {
    /// For people: `the domain's DNS`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "the domain's DNS",
            Self::NameServers => "the name servers",
            Self::Policy => "the policy text",
            Self::PolicyHost => "the policy host",
            Self::MxProvider => "the MX provider",
            Self::ReportReceiver => "the report receiver",
            Self::Here => "this side: our network or resolver",
        }
    }
}

/// A group of checks; what `--only` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// The `_mta-sts` record.
    Record,
    /// The policy host.
    Host,
    /// The policy's text.
    Policy,
    /// The policy against the live MX records, and those records.
    Mx,
    /// Each MX host over SMTP.
    Smtp,
    /// DANE next to it.
    Dane,
    /// The TLS reporting record.
    Tlsrpt,
    /// What only time shows.
    Time,
}

impl Family {
    /// All of them, in the order they are judged and told.
    pub const ALL: [Self; 8] =
        [Self::Record, Self::Host, Self::Policy, Self::Mx, Self::Smtp, Self::Dane, Self::Tlsrpt, Self::Time];

    /// The word for `--only`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Host => "host",
            Self::Policy => "policy",
            Self::Mx => "mx",
            Self::Smtp => "smtp",
            Self::Dane => "dane",
            Self::Tlsrpt => "tlsrpt",
            Self::Time => "time",
        }
    }

    /// What it looks at, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Record => "the _mta-sts record",
            Self::Host => "the policy host",
            Self::Policy => "the policy text",
            Self::Mx => "the MX records and whether the policy covers them",
            Self::Smtp => "the MX hosts over SMTP",
            Self::Dane => "DANE beside MTA-STS",
            Self::Tlsrpt => "the _smtp._tls record",
            Self::Time => "changes over time",
        }
    }
}

/// One thing that can be found: an entry of the catalogue, which is also the generated reference.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// The stable id, such as `sts.policy.mx-uncovered`. Never changes its meaning.
    pub id: &'static str,
    /// Its group.
    pub family: Family,
    /// What is wrong, in a short line.
    pub title: &'static str,
    /// Why it matters, in one to three plain sentences.
    pub why: &'static str,
    /// The requirement behind it: an id of the ledger (`STS-3.2-9`, `D-7`), empty where it is practice alone.
    pub requirement: &'static str,
    /// Who can mend it.
    pub side: Side,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The entry of the catalogue.
    #[serde(flatten, serialize_with = "of_catalogue")]
    pub check: &'static Check,
    /// How bad it is here.
    pub severity: Severity,
    /// What it is about: a name, an address, `line 3`; empty for the whole domain.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub subject: Cow<'static, str>,
    /// What was seen, in a sentence, with the value.
    pub seen: String,
    /// What to do, in a sentence.
    pub next_step: Cow<'static, str>,
    /// The exact record or lines to publish, ready to be copied; empty where there is no such thing.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub publish: Cow<'static, str>,
}

fn of_catalogue<S: serde::Serializer>(check: &&'static Check, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct Shown {
        id: &'static str,
        family: Family,
        title: &'static str,
        side: Side,
        #[serde(skip_serializing_if = "str::is_empty")]
        requirement: &'static str,
    }
    Shown { id: check.id, family: check.family, title: check.title, side: check.side, requirement: check.requirement }
        .serialize(serializer)
}

/// The most findings of one domain; a policy of a thousand bad lines needs no thousand findings.
pub const MAX_FINDINGS: usize = 400;
/// The most findings of one check for one domain.
pub const MAX_OF_ONE: usize = 20;

/// Collects findings, within bounds.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Notes one: `check` at this severity, about `subject`. The rest is filled in by the builder's methods.
    pub fn add(&mut self, check: &'static Check, severity: Severity, seen: impl Into<String>) -> Draft<'_> {
        let same = self.list.iter().filter(|finding| finding.check.id == check.id).count();
        let full = same >= MAX_OF_ONE || self.list.len() >= MAX_FINDINGS;
        if !full {
            self.list.push(Finding {
                check,
                severity,
                subject: Cow::Borrowed(""),
                seen: seen.into(),
                next_step: Cow::Borrowed(""),
                publish: Cow::Borrowed(""),
            });
        }
        Draft(if full { None } else { self.list.last_mut() })
    }

    /// Whether this check has found anything.
    #[must_use]
    pub fn has(&self, check: &Check) -> bool {
        self.list.iter().any(|finding| finding.check.id == check.id)
    }

    /// All of them, worst first; of the same severity in the order of the families, then as found.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| (core::cmp::Reverse(finding.severity), finding.check.family));
        self.list
    }
}

/// A finding being written. Nothing, when the bounds are reached.
#[derive(Debug)]
pub struct Draft<'a>(Option<&'a mut Finding>);

impl Draft<'_> {
    /// What it is about.
    pub fn about(self, subject: impl Into<Cow<'static, str>>) -> Self {
        self.with(|finding| finding.subject = subject.into())
    }

    /// What to do.
    pub fn step(self, step: impl Into<Cow<'static, str>>) -> Self {
        self.with(|finding| finding.next_step = step.into())
    }

    /// The record or lines to publish.
    pub fn publish(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.with(|finding| finding.publish = text.into())
    }

    fn with(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = self.0.as_deref_mut() {
            change(finding);
        }
        self
    }
}
