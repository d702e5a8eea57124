//! A datagram as counts: what libtlsrpt tells of a session, in the one form that is counted (RFC 8460 §4.4).
//!
//! The same policy must always be the same row, however it was written: TLSA records are put into order and capitals, keys that
//! mean nothing for a kind of policy are dropped. MTA-STS lines stay as they came, a report shows them so.
use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use serde::{Deserialize, Serialize};
use strictmx_proto::{
    name::Domain,
    postfix::tlsrpt_datagram::{self as datagram, Code, Datagram, Failure, Name},
    tlsrpt,
};

use super::count::{Detail, Event, Kept, Outcome, PolicyKey, PolicyType, Scope, Tally};
use super::day::Day;

/// Whether MX hosts are told of the sessions under their own DANE policies, besides the recipient domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostScope {
    /// They are not.
    Off,
    /// They are, where they publish a TLSRPT record of their own.
    On,
}

/// The datagram names no recipient domain: nobody can be told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoDomain;

impl fmt::Display for NoDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the recipient domain, `d`, is no domain name")
    }
}

impl core::error::Error for NoDomain {}

/// Sessions by kind of policy and outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sessions([[u64; 2]; 3]);

/// What came on a day, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Arrivals {
    /// Told by mail servers: datagrams, sessions posted or taken from a log, whatever became of them.
    pub received: u64,
    /// Of these, not to be read, or naming no domain.
    pub malformed: u64,
    /// Of these, longer than any datagram that is read.
    pub truncated: u64,
    /// Of these, without a place: they came faster than they could be counted, or for more domains than are kept.
    pub dropped: u64,
    /// Received and then lost by a crash; not among `received`.
    pub lost: u64,
    /// Seen by ourselves: failed look-ups, sessions with MX hosts of `testing` domains.
    pub observed: u64,
}

/// Counts a datagram for its recipient domain, which a mail server that uses a smart host gives as that host's (TLSRPT-1.1-1), and
/// its UTC day (TLSRPT-4.1-1): one session under each of its policies (TLSRPT-4-2), a success (TLSRPT-4.2-1) or a failure
/// (TLSRPT-4.2-2).
///
/// A policy of a kind that nobody knows is passed over beside one that is known, and is no policy at all where it stands alone.
///
/// # Errors
/// [`NoDomain`]; nothing was counted.
pub fn count(
    tally: &mut Tally,
    day: Day,
    datagram: &Datagram<'_>,
    hosts: HostScope,
) -> Result<(Sessions, Kept), NoDomain> {
    count_times(tally, day, datagram, hosts, 1)
}

/// The same for so many datagrams that all say the same, in the time that one takes.
///
/// # Errors
/// [`NoDomain`]; nothing was counted.
pub fn count_times(
    tally: &mut Tally,
    day: Day,
    datagram: &Datagram<'_>,
    hosts: HostScope,
    times: u64,
) -> Result<(Sessions, Kept), NoDomain> {
    let domain = datagram.domain.domain().ok_or(NoDomain)?;
    let record = Some(&*datagram.record).filter(|record| !record.is_empty());
    let (mut sessions, mut kept) = (Sessions::default(), Kept::Yes);
    let mut add = |kind: PolicyType, policy: &datagram::Policy<'_>| {
        let key = key(kind, domain, policy);
        // What is neither 0 nor 1 is not the success that 0 is.
        let outcome = if policy.outcome == datagram::Outcome::Success { Outcome::Success } else { Outcome::Failure };
        let details = details(&policy.failures);
        let event = Event { day, domain, scope: Scope::Domain, record, policy: &key, outcome, details: &details };
        if tally.add_times(event, times) == Kept::No {
            kept = Kept::No;
            return;
        }
        sessions.add_times(kind, outcome, times);
        // TLSRPT-1.1-2: an MX host that is the recipient domain itself has been told already.
        if hosts == HostScope::On && kind == PolicyType::Tlsa && key.domain != *domain {
            let event = Event { domain: &key.domain, scope: Scope::Host, record: None, ..event };
            let told = tally.add_times(event, times);
            kept = if told == Kept::No { Kept::No } else { kept };
        }
    };
    let known = |policy: &datagram::Policy<'_>| policy.kind.known().map(PolicyType::from);
    for policy in &datagram.policies {
        if let Some(kind) = known(policy) {
            add(kind, policy);
        }
    }
    if let Some(first) = datagram.policies.first()
        && datagram.policies.iter().all(|policy| known(policy).is_none())
    {
        add(PolicyType::NoPolicyFound, first);
    }
    Ok((sessions, kept))
}

/// The policy in the form that is counted. Of DANE its domain is the MX host's TLSA base domain (TLSRPT-1.1-2).
fn key(kind: PolicyType, recipient: &Domain, policy: &datagram::Policy<'_>) -> PolicyKey {
    let named = policy.domain.as_ref().and_then(Name::domain).unwrap_or(recipient);
    let lines = policy.strings.iter().map(|line| line.trim_end());
    match kind {
        PolicyType::Tlsa => PolicyKey { text: tlsa(lines), ..PolicyKey::bare(kind, named) },
        PolicyType::Sts => {
            let mx = policy.mx.iter().map(|pattern| (&**pattern).into()).collect();
            PolicyKey { text: lines.map(Into::into).collect(), mx, ..PolicyKey::bare(kind, named) }
        }
        // TLSRPT §4.4: the domain of no policy is the recipient's.
        PolicyType::NoPolicyFound => PolicyKey::bare(kind, recipient),
    }
}

/// TLSA records in one order and one spelling: four fields with single blanks, digits in capitals, each record once.
pub fn tlsa<'a>(records: impl Iterator<Item = &'a str>) -> Box<[Box<str>]> {
    let mut records: Vec<Box<str>> = records.map(spelled).collect();
    records.sort_unstable();
    records.dedup();
    records.into()
}

fn spelled(record: &str) -> Box<str> {
    let mut fields = record.split_ascii_whitespace();
    let numbers: [_; 3] = core::array::from_fn(|_| fields.next().filter(|field| field.parse::<u8>().is_ok()));
    let mut data: String = fields.collect();
    let digits = !data.is_empty() && data.bytes().all(|octet| octet.is_ascii_hexdigit());
    match numbers {
        [Some(usage), Some(selector), Some(matching)] if digits => {
            data.make_ascii_uppercase();
            [usage, selector, matching, &data].join(" ").into()
        }
        // Not a record as we know them: told as it is.
        _ => record.into(),
    }
}

/// What is told of the failures, each different one once: a row counts sessions (TLSRPT-4-4).
fn details(failures: &[Failure<'_>]) -> Vec<Detail> {
    let mut details: Vec<Detail> = Vec::with_capacity(failures.len());
    for failure in failures {
        let detail = detail(failure);
        if !details.contains(&detail) {
            details.push(detail);
        }
    }
    details
}

fn detail(failure: &Failure<'_>) -> Detail {
    let text = |text: &Option<alloc::borrow::Cow<'_, str>>| text.as_deref().map(Into::into);
    // In the form of RFC 5952 (R5952-4-1).
    let address = |address: Option<core::net::IpAddr>| address.map(|ip| ip.to_canonical().to_string().into());
    Detail {
        result_type: match failure.code {
            Code::Known(result) => result.as_str().into(),
            Code::Unknown(number) => number.to_string().into(),
        },
        sending_mta_ip: address(failure.sending_ip),
        receiving_mx_hostname: text(&failure.mx),
        receiving_mx_helo: text(&failure.helo),
        receiving_ip: address(failure.receiving_ip),
        additional_information: text(&failure.information),
        failure_reason_code: text(&failure.reason),
    }
}

impl From<tlsrpt::PolicyType> for PolicyType {
    fn from(kind: tlsrpt::PolicyType) -> Self {
        match kind {
            tlsrpt::PolicyType::Tlsa => Self::Tlsa,
            tlsrpt::PolicyType::Sts => Self::Sts,
            tlsrpt::PolicyType::NoPolicyFound => Self::NoPolicyFound,
        }
    }
}

impl PolicyKey {
    /// A policy of which nothing is known but kind and domain.
    #[must_use]
    pub fn bare(kind: PolicyType, domain: &Domain) -> Self {
        Self { kind, domain: domain.clone(), text: Box::default(), mx: Box::default() }
    }
}

impl Sessions {
    const KINDS: [PolicyType; 3] = [PolicyType::Tlsa, PolicyType::Sts, PolicyType::NoPolicyFound];
    const OUTCOMES: [Outcome; 2] = [Outcome::Success, Outcome::Failure];

    /// Counts one.
    pub fn add(&mut self, kind: PolicyType, outcome: Outcome) {
        self.add_times(kind, outcome, 1);
    }

    /// Counts so many.
    pub fn add_times(&mut self, kind: PolicyType, outcome: Outcome, times: u64) {
        for (cell, of) in self.cells() {
            if of == (kind, outcome) {
                *cell = cell.saturating_add(times);
            }
        }
    }

    /// Takes over the counts of `more`.
    pub fn append(&mut self, more: &Self) {
        for (cell, number) in self.0.iter_mut().flatten().zip(more.0.iter().flatten()) {
            *cell = cell.saturating_add(*number);
        }
    }

    /// Each kind and outcome with its number.
    pub fn iter(&self) -> impl Iterator<Item = (PolicyType, Outcome, u64)> {
        let of = Self::KINDS.into_iter().flat_map(|kind| Self::OUTCOMES.map(|outcome| (kind, outcome)));
        of.zip(self.0.iter().flatten()).map(|((kind, outcome), number)| (kind, outcome, *number))
    }

    fn cells(&mut self) -> impl Iterator<Item = (&mut u64, (PolicyType, Outcome))> {
        let of = Self::KINDS.into_iter().flat_map(|kind| Self::OUTCOMES.map(|outcome| (kind, outcome)));
        self.0.iter_mut().flatten().zip(of)
    }
}

impl Arrivals {
    /// Takes over the numbers of `more`.
    pub fn append(&mut self, more: &Self) {
        let Self { received, malformed, truncated, dropped, lost, observed } = more;
        for (sum, number) in [
            (&mut self.received, received),
            (&mut self.malformed, malformed),
            (&mut self.truncated, truncated),
            (&mut self.dropped, dropped),
            (&mut self.lost, lost),
            (&mut self.observed, observed),
        ] {
            *sum = sum.saturating_add(*number);
        }
    }

    /// Whether all of them are zero.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests;
