//! What is counted: sessions by UTC day, domain, policy and failure (TLSRPT-4.2-1 … 4.4), in memory and within bounds.
//!
//! A [`Tally`] holds what came since it was last taken; whoever takes it adds it to what is kept. Nothing a sender of datagrams
//! or an owner of a domain can do makes it grow past its bounds: what no longer fits is still counted, in a row that says
//! `(other)`.
use alloc::{boxed::Box, vec::Vec};

use hashbrown::{HashMap, hash_map::Entry};
use serde::{Deserialize, Serialize};
use strictmx_proto::name::Domain;

use super::Day;

/// The reason code of the row that takes what does not fit.
pub const OTHER: &str = "(other)";

/// Whom a report is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The recipient domain.
    Domain,
    /// An MX host, for the DANE policies that are its own (TLSRPT-3-1 asks at the policy domain).
    Host,
}

/// The kind of a policy (RFC 8460 §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyType {
    /// DANE.
    Tlsa,
    /// MTA-STS.
    Sts,
    /// Neither was found.
    NoPolicyFound,
}

impl PolicyType {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tlsa => "tlsa",
            Self::Sts => "sts",
            Self::NoPolicyFound => "no-policy-found",
        }
    }
}

/// A policy as it was applied. Two texts are two policies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyKey {
    /// Its kind.
    pub kind: PolicyType,
    /// The policy domain: of `tlsa` the TLSA base domain, otherwise the recipient domain.
    pub domain: Domain,
    /// The policy's lines, or TLSA records, as they were received.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub text: Box<[Box<str>]>,
    /// MX patterns of an `sts` policy.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub mx: Box<[Box<str>]>,
}

impl PolicyKey {
    fn octets(&self) -> usize {
        ROW + self.text.iter().chain(&self.mx).map(|line| line.len() + size_of::<Box<str>>()).sum::<usize>()
    }

    /// The policy that stands for all further ones of this kind and domain.
    #[must_use]
    pub fn other(&self) -> Self {
        Self { kind: self.kind, domain: self.domain.clone(), text: Box::default(), mx: Box::default() }
    }
}

/// What is told of failed sessions (RFC 8460 §4.4 `failure-details`), without their number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the RFC's own words")]
pub struct Detail {
    /// A registered word, or the number of a code that nobody knows.
    pub result_type: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending_mta_ip: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving_mx_hostname: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving_mx_helo: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving_ip: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_information: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason_code: Option<Box<str>>,
}

impl Detail {
    fn octets(&self) -> usize {
        let Self { result_type: _, sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, .. } = self;
        let Self { receiving_ip, additional_information, failure_reason_code, .. } = self;
        let texts = [sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, receiving_ip];
        let texts = texts.into_iter().chain([additional_information, failure_reason_code]);
        ROW + texts.flatten().map(|text| text.len()).sum::<usize>()
    }

    /// The row that stands for all further ones of this result.
    #[must_use]
    pub fn other(&self) -> Self {
        Self {
            result_type: self.result_type.clone(),
            sending_mta_ip: None,
            receiving_mx_hostname: None,
            receiving_mx_helo: None,
            receiving_ip: None,
            additional_information: None,
            failure_reason_code: Some(OTHER.into()),
        }
    }
}

/// How a session ended under one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As the policy wants it.
    Success,
    /// Not.
    Failure,
    /// There was no session: a failure of ours, such as a policy that could not be fetched, whose details are told.
    None,
}

/// Sessions of one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the words say it")]
pub struct Counts {
    pub success: u64,
    pub failure: u64,
}

/// One policy's part of a domain's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyDay {
    /// The policy.
    pub policy: PolicyKey,
    /// Its sessions.
    pub counts: Counts,
    /// Failures told, each with the number of sessions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<(Detail, u64)>,
}

/// One domain's day, or what came to it since the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DomainDay {
    /// The day.
    pub day: Day,
    /// The domain whose owner is told.
    pub domain: Domain,
    /// As what it is told.
    pub scope: Scope,
    /// The TLSRPT record that was seen last; `None`: whoever counted did not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Box<str>>,
    /// Its policies.
    pub policies: Vec<PolicyDay>,
}

/// How much is kept apart before it goes into the rows of `(other)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Policies of one domain and day.
    pub policies: usize,
    /// Details of one policy.
    pub details: usize,
    /// Memory of all rows together, octets, roughly. At the bound no row is made any more, not even for a domain.
    pub octets: usize,
}

impl Default for Bounds {
    /// 64 policies, 256 details each, 64 MiB.
    fn default() -> Self {
        Self { policies: 64, details: 256, octets: 64 * 1024 * 1024 }
    }
}

/// Whether an event was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It was.
    Yes,
    /// It was not: there is no memory left for another domain.
    No,
}

/// What was counted since it was last taken.
#[derive(Debug, Default)]
pub struct Tally {
    bounds: Bounds,
    rows: HashMap<(Day, Scope, Domain), Row>,
    sessions: u64,
    octets: usize,
}

/// What a row of a domain, a policy or a detail takes beside its texts, octets, roughly.
const ROW: usize = 256;

#[derive(Debug, Default)]
struct Row {
    record: Option<Box<str>>,
    policies: HashMap<PolicyKey, (Counts, HashMap<Detail, u64>)>,
}

/// One thing to count.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "see `DomainDay` and `PolicyDay`")]
pub struct Event<'a> {
    pub day: Day,
    pub domain: &'a Domain,
    pub scope: Scope,
    pub record: Option<&'a str>,
    pub policy: &'a PolicyKey,
    pub outcome: Outcome,
    pub details: &'a [Detail],
}

impl Tally {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// Counts one session under one policy, or a failure without a session.
    pub fn add(&mut self, event: Event<'_>) -> Kept {
        self.add_times(event, 1)
    }

    /// Counts so many that are all the same, in the time that one takes.
    pub fn add_times(&mut self, event: Event<'_>, times: u64) -> Kept {
        let Self { bounds, rows, octets, .. } = self;
        let short = *octets >= bounds.octets;
        let row = match rows.entry((event.day, event.scope, event.domain.clone())) {
            Entry::Occupied(row) => row.into_mut(),
            Entry::Vacant(_) if short => return Kept::No,
            Entry::Vacant(place) => {
                *octets += ROW + event.domain.as_str().len();
                place.insert(Row::default())
            }
        };
        if let Some(record) = event.record
            && row.record.as_deref() != Some(record)
        {
            *octets += record.len();
            row.record = Some(record.into());
        }
        let full = short || row.policies.len() >= bounds.policies;
        let (counts, details) = match row.policies.get_mut(event.policy) {
            Some(known) => known,
            None if full => row.policies.entry(event.policy.other()).or_default(),
            None => {
                *octets += event.policy.octets();
                row.policies.entry(event.policy.clone()).or_default()
            }
        };
        match event.outcome {
            Outcome::Success => counts.success = counts.success.saturating_add(times),
            Outcome::Failure => counts.failure = counts.failure.saturating_add(times),
            Outcome::None => {}
        }
        for detail in event.details {
            let full = short || details.len() >= bounds.details;
            let number = match details.get_mut(detail) {
                Some(known) => known,
                None if full => details.entry(detail.other()).or_default(),
                None => {
                    *octets += detail.octets();
                    details.entry(detail.clone()).or_default()
                }
            };
            *number = number.saturating_add(times);
        }
        self.sessions = self.sessions.saturating_add(times);
        Kept::Yes
    }

    /// Events counted since it was last taken.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.sessions
    }

    /// Domains and days with something new.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Memory that the rows take, octets, roughly.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets
    }

    /// Hands over what was counted, and begins anew.
    pub fn take(&mut self) -> Vec<DomainDay> {
        self.sessions = 0;
        self.octets = 0;
        let rows = core::mem::take(&mut self.rows);
        rows.into_iter()
            .map(|((day, scope, domain), row)| DomainDay {
                day,
                domain,
                scope,
                record: row.record,
                policies: row
                    .policies
                    .into_iter()
                    .map(|(policy, (counts, details))| PolicyDay {
                        policy,
                        counts,
                        details: details.into_iter().collect(),
                    })
                    .collect(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> PolicyKey {
        PolicyKey {
            kind: PolicyType::Sts,
            domain: Domain::parse("example.com").unwrap(),
            text: [text.into()].into(),
            mx: Box::default(),
        }
    }

    fn detail(host: &str) -> Detail {
        Detail {
            receiving_mx_hostname: Some(host.into()),
            failure_reason_code: None,
            ..detail_of("validation-failure")
        }
    }

    fn detail_of(result: &str) -> Detail {
        Detail { result_type: result.into(), failure_reason_code: None, ..empty() }
    }

    fn empty() -> Detail {
        Detail {
            result_type: Box::default(),
            sending_mta_ip: None,
            receiving_mx_hostname: None,
            receiving_mx_helo: None,
            receiving_ip: None,
            additional_information: None,
            failure_reason_code: None,
        }
    }

    fn add(tally: &mut Tally, policy: &PolicyKey, outcome: Outcome, details: &[Detail]) {
        let domain = Domain::parse("example.com").unwrap();
        let record = Some("v=TLSRPTv1; rua=mailto:a@example.com");
        let event = Event { day: Day(1), domain: &domain, scope: Scope::Domain, record, policy, outcome, details };
        assert_eq!(tally.add(event), Kept::Yes);
    }

    #[test]
    fn sessions_are_counted_by_policy_and_failures_by_their_details() {
        let mut tally = Tally::default();
        add(&mut tally, &policy("a"), Outcome::Success, &[]);
        add(&mut tally, &policy("a"), Outcome::Failure, &[detail("mx1"), detail("mx1"), detail("mx2")]);
        add(&mut tally, &policy("b"), Outcome::Success, &[detail("mx1")]); // a failure that was overcome is told all the same
        let taken = tally.take();
        assert_eq!(taken.len(), 1);
        let of = |text| taken[0].policies.iter().find(|day| day.policy == policy(text)).unwrap();
        assert_eq!(of("a").counts, Counts { success: 1, failure: 1 });
        assert_eq!(of("a").details.iter().find(|(told, _)| *told == detail("mx1")).unwrap().1, 2);
        assert_eq!(of("b").counts, Counts { success: 1, failure: 0 });
        assert!(tally.is_empty() && tally.events() == 0);
    }

    #[test]
    fn what_does_not_fit_is_counted_in_the_rows_of_other() {
        let mut tally = Tally::new(Bounds { policies: 2, details: 2, ..Bounds::default() });
        for text in ["a", "b", "c", "d", "c"] {
            add(&mut tally, &policy(text), Outcome::Success, &[]);
        }
        for host in ["mx1", "mx2", "mx3", "mx4"] {
            add(&mut tally, &policy("a"), Outcome::Failure, &[detail(host)]);
        }
        let taken = tally.take();
        let day = &taken[0];
        assert_eq!(day.policies.len(), 3);
        let other = day.policies.iter().find(|day| day.policy.text.is_empty()).unwrap();
        assert_eq!(other.counts.success, 3);
        let a = day.policies.iter().find(|day| day.policy == policy("a")).unwrap();
        assert_eq!(a.counts, Counts { success: 1, failure: 4 });
        assert_eq!(a.details.iter().map(|(_, number)| number).sum::<u64>(), 4);
        assert_eq!(a.details.iter().find(|(told, _)| told.failure_reason_code.as_deref() == Some(OTHER)).unwrap().1, 2);
    }

    #[test]
    fn at_the_bound_of_memory_known_domains_are_counted_and_new_ones_are_not() {
        let mut tally = Tally::new(Bounds { octets: 1, ..Bounds::default() });
        add(&mut tally, &policy("a"), Outcome::Success, &[]);
        let before = tally.octets();
        add(&mut tally, &policy("a"), Outcome::Failure, &[detail("mx1"), detail("mx2")]);
        add(&mut tally, &policy("b"), Outcome::Success, &[]);
        let (domain, policy) = (Domain::parse("other.example").unwrap(), policy("a"));
        let (day, scope, record) = (Day(1), Scope::Domain, None);
        let outcome = Outcome::Success;
        let event = Event { day, domain: &domain, scope, record, policy: &policy, outcome, details: &[] };
        assert_eq!(tally.add(event), Kept::No);
        assert_eq!((tally.octets(), tally.events(), tally.len()), (before, 3, 1));
        let taken = tally.take();
        assert_eq!(taken[0].policies.iter().map(|day| day.counts.success + day.counts.failure).sum::<u64>(), 3);
        assert_eq!(tally.octets(), 0);
    }
}
