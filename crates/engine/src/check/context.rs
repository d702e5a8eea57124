//! What every check may know beside the observations: what follows from them, worked out once.
use alloc::{string::String, vec::Vec};

use serde::Serialize;
use strictmx_proto::{
    name::Domain,
    sts::{Mode, NoRecord, Parsed, Policy, PolicyError, Record},
};

use super::{
    finding::Severity,
    observations::{HostSeen, Observations, Visit},
};
use crate::{
    fact::{DnsFailure, DnsFailureKind, Exchange, Seen},
    time::Timestamp,
};

/// What the owner of the domain intends, and where the checks draw their lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// MX hosts that may be there; empty: any.
    pub mx: Vec<Domain>,
    /// Where `mta-sts.<domain>` is to point by CNAME.
    pub policy_alias: Option<Domain>,
    /// A report address that the TLSRPT record must name.
    pub rua: Option<String>,
    /// The policy text that is meant to be served.
    pub text: Option<String>,
    /// When a change of MX or policy is planned.
    pub change_at: Option<Timestamp>,
    /// Warn when a certificate ends within so many days.
    pub certificate_days: u32,
    /// Warn when `testing` has lasted so many days.
    pub testing_days: u32,
}

impl Default for Intent {
    /// Nothing declared; 14 days of certificate, 90 days of testing.
    fn default() -> Self {
        Self {
            mx: Vec::new(),
            policy_alias: None,
            rua: None,
            text: None,
            change_at: None,
            certificate_days: 14,
            testing_days: 90,
        }
    }
}

/// How far a domain has come with MTA-STS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing published, and no sign that anything was meant to be.
    Absent,
    /// `mode: none`: switched off.
    None,
    /// `mode: testing`.
    Testing,
    /// `mode: enforce`.
    Enforce,
    /// Something is published that senders cannot use: no valid record, or no policy behind it.
    Broken,
    /// Not to be told: DNS or the network here failed.
    Unknown,
}

impl State {
    /// The word in JSON and in text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::None => "none",
            Self::Testing => "testing",
            Self::Enforce => "enforce",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

/// What the checks read.
#[derive(Debug)]
pub struct Context<'a> {
    /// What was seen.
    pub seen: &'a Observations,
    /// What is intended.
    pub intent: &'a Intent,
    /// The state.
    pub state: State,
    /// The `_mta-sts` record. `None`: not looked at, or the look-up failed.
    pub record: Option<Result<Record, NoRecord>>,
    /// The body that stands for the policy: of the policy file, or of the first visit that gave one with status 200.
    pub body: Option<&'a [u8]>,
    /// What that body says. `None`: no body.
    pub policy: Option<Result<Parsed, PolicyError>>,
}

impl<'a> Context<'a> {
    /// Works out what follows from the observations.
    #[must_use]
    pub fn new(seen: &'a Observations, intent: &'a Intent) -> Self {
        let record = seen.sts.as_ref().and_then(|sts| match &sts.txt {
            Seen::Found { data, .. } => Some(Record::select(data)),
            Seen::NoData { .. } | Seen::NxDomain { .. } => Some(Err(NoRecord::None)),
            Seen::Failed(_) => None,
        });
        let body = body(seen);
        let policy = body.map(Policy::parse);
        let mut context = Self { seen, intent, state: State::Unknown, record, body, policy };
        context.state = context.state();
        context
    }

    /// The policy, when it is one.
    #[must_use]
    pub fn parsed(&self) -> Option<&Policy> {
        self.policy.as_ref()?.as_ref().ok().map(|parsed| &parsed.policy)
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &'a Domain {
        &self.seen.domain
    }

    /// How bad something is that makes delivery fail once the policy is enforced: an error where a policy is published, or is
    /// meant to be (`testing` is on its way to `enforce`), a warning without one.
    #[must_use]
    pub const fn by_state(&self) -> Severity {
        match self.state {
            State::Enforce | State::Testing | State::Broken => Severity::Error,
            State::Unknown if matches!(self.record, Some(Ok(_))) => Severity::Error,
            State::Absent | State::None | State::Unknown => Severity::Warning,
        }
    }

    /// The MX hosts with their preferences, in the order of the answer: of the MX records, or the domain itself where there are
    /// none but it has addresses (RFC 5321 §5.1).
    #[must_use]
    pub fn live_mx(&self) -> Vec<(u16, &'a Domain)> {
        let Some(mail) = &self.seen.mx else {
            return Vec::new();
        };
        match &mail.mx {
            Seen::Found { data, .. } => data
                .iter()
                .filter_map(|mx| match &mx.exchange {
                    Exchange::Host(host) => Some((mx.preference, host)),
                    Exchange::Null | Exchange::Unusable(_) => None,
                })
                .collect(),
            Seen::NoData { .. } if mail.addresses.as_ref().is_some_and(has_address) => {
                Vec::from([(0, &self.seen.domain)])
            }
            _ => Vec::new(),
        }
    }

    /// What was seen of one MX host.
    #[must_use]
    pub fn host(&self, name: &Domain) -> Option<&'a HostSeen> {
        self.seen.hosts.iter().map(|host| &**host).find(|host| host.name == *name)
    }

    fn state(&self) -> State {
        let file = self.seen.policy_file.is_some();
        match (&self.record, &self.policy) {
            (Some(Ok(_)), Some(Ok(parsed))) => of_mode(parsed.policy.mode),
            (_, Some(Ok(parsed))) if file => of_mode(parsed.policy.mode),
            (_, Some(Err(_))) if file => State::Broken,
            // The right order of publishing is the policy first, yet until the record follows it is for nothing.
            (Some(Err(NoRecord::None)), _) => {
                if self.is_attempted() {
                    State::Broken
                } else {
                    State::Absent
                }
            }
            (Some(Err(_)), _) | (Some(Ok(_)), Some(Err(_))) => State::Broken,
            (Some(Ok(_)), None) => {
                if self.is_visited() {
                    State::Broken
                } else {
                    State::Unknown
                }
            }
            (None, _) => State::Unknown,
        }
    }

    /// Whether what the policy host serves was meant to be a policy: many web servers answer every path with some page.
    fn is_attempted(&self) -> bool {
        self.body.is_some_and(|body| body.windows(VERSION.len()).any(|octets| octets == VERSION))
    }

    /// Whether it is known how the policy host answers, be it not at all; a resolver that gave no answer says nothing of it.
    fn is_visited(&self) -> bool {
        let Some(host) = &self.seen.policy_host else {
            return false;
        };
        let answered = |failure: Option<&DnsFailure>| {
            failure.is_none_or(|failure| !matches!(failure.kind, DnsFailureKind::Timeout | DnsFailureKind::Network))
        };
        !host.visits.is_empty()
            || !has_address(&host.addresses)
                && answered(host.addresses.a.failure())
                && answered(host.addresses.aaaa.failure())
    }
}

const VERSION: &[u8] = b"STSv1";

const fn of_mode(mode: Mode) -> State {
    match mode {
        Mode::None => State::None,
        Mode::Testing => State::Testing,
        Mode::Enforce => State::Enforce,
    }
}

/// Whether a host has any address.
#[must_use]
pub fn has_address(seen: &crate::fact::AddrSeen) -> bool {
    seen.a.data().is_some_and(|data| !data.is_empty()) || seen.aaaa.data().is_some_and(|data| !data.is_empty())
}

fn body(seen: &Observations) -> Option<&[u8]> {
    if let Some(file) = &seen.policy_file {
        return Some(&file.0);
    }
    let served = |visit: &&Visit| visit.status == Some(200) && visit.stopped.is_none();
    let host = seen.policy_host.as_ref()?;
    host.visits.iter().find(served).and_then(|visit| visit.body.as_ref()).map(|body| &*body.0)
}
