//! What is kept of the sessions that TLS reports tell: counts by UTC day, and how far each collector got.
use std::sync::Arc;

use futures_util::future::BoxFuture;
use strictmx_engine::report::health::Sum;
use strictmx_engine::report::loss::Progress;
use strictmx_engine::report::{Arrivals, Day, DomainDay, Scope};
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;

use super::Result;

/// Domains counted on one day; sessions of further ones are told as dropped.
pub const DOMAINS_PER_DAY: u64 = 2_000_000;
/// Policies of one domain and day that are counted apart; further ones share the row of
/// [`PolicyKey::other`](strictmx_engine::report::PolicyKey::other).
pub const POLICIES_PER_DOMAIN: u64 = 64;
/// Details of one policy, domain and day that are counted apart, likewise.
pub const DETAILS_PER_POLICY: u64 = 256;
/// Datagrams in quarantine; the oldest make room.
pub const QUARANTINE: usize = 1000;
/// Octets kept of each.
pub const QUARANTINE_OCTETS: usize = 4096;

/// What is to be added to what is kept: all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Sessions.
    pub domains: Vec<DomainDay>,
    /// What came, by day.
    pub arrivals: Vec<(Day, Arrivals)>,
    /// Datagrams that cannot be read.
    pub quarantined: Vec<Quarantined>,
    /// How far the collector of this name is with this.
    pub progress: Option<(Box<str>, Progress)>,
}

/// What became of sessions that were added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    /// Those that found no place, since there are too many domains on their day; they are counted among its dropped ones.
    pub without: u64,
    /// Those of a domain and day whose report is made already: they are kept, and no report will have them.
    pub late: u64,
}

/// A datagram that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// When it came.
    pub at: Timestamp,
    /// What is wrong with it.
    pub reason: String,
    /// Its octets, [`QUARANTINE_OCTETS`] at most.
    pub octets: Vec<u8>,
}

/// Keeps counts. Dropping one of these futures does not undo the work.
pub trait Counting: Send + Sync {
    /// Adds everything or, with an error, nothing; resolves after the commit.
    fn add_counts(&self, delta: Arc<Delta>) -> BoxFuture<'static, Result<Added>>;

    /// How far the collector of this name got.
    fn progress(&self, source: &str) -> BoxFuture<'static, Result<Option<Progress>>>;

    /// The days there is something of, oldest first, each with its number of domains (MX hosts included).
    fn days(&self) -> BoxFuture<'static, Result<Vec<(Day, u64)>>>;

    /// What came on a day.
    fn arrivals(&self, day: Day) -> BoxFuture<'static, Result<Arrivals>>;

    /// A page of a day's domains, whole, in the order of domain and scope. Fewer than `limit`: that was the last page.
    fn domain_days(
        &self,
        day: Day,
        after: Option<(Domain, Scope)>,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<DomainDay>>>;

    /// One domain's day.
    fn domain_day(&self, day: Day, domain: &Domain, scope: Scope) -> BoxFuture<'static, Result<Option<DomainDay>>>;

    /// A page of a day's domains in numbers, in the same order.
    fn sums(&self, day: Day, after: Option<(Domain, Scope)>, limit: usize) -> BoxFuture<'static, Result<Vec<Sum>>>;

    /// Datagrams in quarantine, newest first.
    fn quarantined(&self, limit: usize) -> BoxFuture<'static, Result<Vec<Quarantined>>>;

    /// Removes days before this one, at most `limit` domains at once, and returns how many those were: fewer than `limit` when
    /// it is done.
    fn forget_counts(&self, before: Day, limit: usize) -> BoxFuture<'static, Result<u64>>;
}
