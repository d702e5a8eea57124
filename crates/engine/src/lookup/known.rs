//! What is known about one domain's MTA-STS: what the cache and the store hold.
use alloc::{boxed::Box, sync::Arc};
use core::fmt;

use strictmx_proto::sts::{Mode, NoRecord, Policy, PolicyError};

use crate::{
    fact::{DnsFailureKind, FetchFailure},
    time::Timestamp,
};

/// Least time between two fetches for one id after a failed one, seconds (STS-3.3-9).
pub(super) const BACKOFF: u64 = 300;

/// A cached policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The TXT id seen just before the fetch; `None` when it is not known, as for an imported policy.
    pub id: Option<Box<str>>,
    /// The policy.
    pub policy: Arc<Policy>,
    /// When it was fetched (STS-3.2-7: its life counts from here, not from the TXT look-up).
    pub fetched: Timestamp,
    /// The last second in which it is in force.
    pub expires: Timestamp,
}

impl Entry {
    /// Whether it is in force: its age is at most `max_age` (STS-5.1-1).
    #[must_use]
    pub const fn live_at(&self, now: Timestamp) -> bool {
        now.0 <= self.expires.0
    }
}

/// What the last TXT look-up said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TxtKnown {
    /// Never asked, as for an imported policy.
    #[default]
    Unasked,
    /// The id of the one valid record.
    Id(Box<str>),
    /// An answer, but no usable record in it (STS-3.1-7, STS-3.1-8).
    NoRecord(NoRecord),
    /// No answer.
    Failed(DnsFailureKind),
}

/// A failed fetch: no new one for this id before `until` (STS-3.3-9, A-25).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    /// The id the fetch was made for; `None` when no id was known.
    pub id: Option<Box<str>>,
    /// Until when.
    pub until: Timestamp,
    /// Failures in a row, whatever their ids.
    pub count: u32,
    /// What the last one failed of.
    pub why: NoPolicy,
}

/// All that is known about one domain's MTA-STS. `Default` knows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The policy, when one is cached.
    pub entry: Option<Entry>,
    /// The last TXT look-up.
    pub txt: TxtKnown,
    /// When that was.
    pub asked: Timestamp,
    /// How long its answer counts, seconds, already clamped.
    pub txt_ttl: u32,
    /// The last failed fetch since the last good one.
    pub backoff: Option<Box<Backoff>>,
}

/// The policy for one delivery, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This one, of whatever mode.
    Policy(Arc<Policy>),
    /// Deliver as if the domain had no MTA-STS (STS-3.3-12).
    None(NoPolicy),
}

impl Verdict {
    /// The policy, when it is one that is enforced.
    #[must_use]
    pub fn enforced(&self) -> Option<&Arc<Policy>> {
        self.policy().filter(|policy| policy.mode == Mode::Enforce)
    }

    /// The policy of whatever mode.
    #[must_use]
    pub const fn policy(&self) -> Option<&Arc<Policy>> {
        match self {
            Self::Policy(policy) => Some(policy),
            Self::None(_) => None,
        }
    }
}

/// Why there is no policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPolicy {
    /// DNS answered without a usable record.
    NoRecord(NoRecord),
    /// DNS did not answer (A-1: delivered without a policy).
    Dns(DnsFailureKind),
    /// There is a record, and the policy could not be fetched.
    Fetch(FetchFailure),
    /// It was fetched, and is not valid.
    Invalid(PolicyError),
    /// Nothing is known yet; the look-up goes on (D-22).
    Pending,
}

impl NoPolicy {
    /// The one word that stands for it in logs and JSON.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRecord(NoRecord::None) => "no-record",
            Self::NoRecord(NoRecord::Many(_)) => "many-records",
            Self::NoRecord(NoRecord::Invalid(_)) => "invalid-record",
            Self::Dns(_) => "dns-failure",
            Self::Fetch(_) => "fetch-failure",
            Self::Invalid(_) => "invalid-policy",
            Self::Pending => "pending",
        }
    }
}

impl fmt::Display for NoPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecord(NoRecord::None) => f.write_str("the domain has no MTA-STS record"),
            Self::NoRecord(NoRecord::Many(count)) => {
                write!(f, "the domain has {count} MTA-STS records where exactly one is allowed, which counts as none")
            }
            Self::NoRecord(NoRecord::Invalid(error)) => {
                write!(f, "the domain's MTA-STS record is not valid: {error}")
            }
            Self::Dns(kind) => write!(f, "the MTA-STS record could not be looked up: {kind}"),
            Self::Fetch(failure) => write!(f, "the MTA-STS policy could not be fetched: {failure}"),
            Self::Invalid(error) => write!(f, "the MTA-STS policy is not valid: {error}"),
            Self::Pending => f.write_str("the MTA-STS policy is not known yet; the look-up goes on"),
        }
    }
}

impl Known {
    /// The policy in force, if any.
    #[must_use]
    pub fn policy_at(&self, now: Timestamp) -> Option<&Arc<Policy>> {
        self.live_at(now).map(|entry| &entry.policy)
    }

    /// What a delivery at this moment is to be held to, from memory alone.
    #[must_use]
    pub fn verdict_at(&self, now: Timestamp) -> Verdict {
        if let Some(policy) = self.policy_at(now) {
            return Verdict::Policy(Arc::clone(policy));
        }
        Verdict::None(match &self.txt {
            TxtKnown::Unasked => NoPolicy::Pending,
            TxtKnown::NoRecord(why) => NoPolicy::NoRecord(why.clone()),
            TxtKnown::Failed(kind) => NoPolicy::Dns(*kind),
            TxtKnown::Id(id) => match &self.backoff {
                Some(backoff) if backoff.id.as_deref() == Some(id) => backoff.why.clone(),
                _ => NoPolicy::Pending,
            },
        })
    }

    /// Whether [`super::start`] would be done at once, with nothing to ask in the background either (D-23). Allocates nothing.
    #[must_use]
    pub fn fresh_at(&self, now: Timestamp) -> bool {
        if self.entry.as_ref().is_some_and(|entry| !entry.live_at(now)) || !self.txt_counts_at(now) {
            return false;
        }
        match &self.txt {
            TxtKnown::Unasked => false,
            TxtKnown::NoRecord(_) | TxtKnown::Failed(_) => true,
            TxtKnown::Id(id) => self.has(id) || self.held_back(Some(id), now),
        }
    }

    /// The entry, while it is in force.
    pub(crate) fn live_at(&self, now: Timestamp) -> Option<&Entry> {
        self.entry.as_ref().filter(|entry| entry.live_at(now))
    }

    /// Whether the last TXT answer is inside its TTL. One from the future is not: the clock was wrong then or is now.
    pub(super) const fn txt_counts_at(&self, now: Timestamp) -> bool {
        self.asked.0 <= now.0 && now.0 < self.asked.plus(self.txt_ttl as u64).0
    }

    /// Whether a fetch for this id is to wait (STS-3.3-9). A wait longer than any we set is a clock that was wrong.
    pub(super) fn held_back(&self, id: Option<&str>, now: Timestamp) -> bool {
        self.backoff.as_ref().is_some_and(|backoff| {
            let left = backoff.until.since(now);
            backoff.id.as_deref() == id && left > 0 && left <= BACKOFF
        })
    }

    /// Whether the cached policy is the one of this id (STS-3.1-4: equal or not, no order).
    fn has(&self, id: &str) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.id.as_deref() == Some(id))
    }
}
