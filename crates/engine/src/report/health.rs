//! Outbound health: whose TLS broke since the day before, and whose is well again.
use alloc::vec::Vec;

use serde::Serialize;
use strictmx_proto::name::Domain;

use super::count::{Counts, Scope};

/// One domain's day in three numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The domain.
    pub domain: Domain,
    /// As what it is counted.
    pub scope: Scope,
    /// Its sessions, under all policies.
    pub counts: Counts,
    /// Failures told, also those of sessions that succeeded in the end and of look-ups without a session.
    pub told: u64,
}

impl Sum {
    /// Whether anything failed.
    #[must_use]
    pub const fn fails(&self) -> bool {
        self.counts.failure > 0 || self.told > 0
    }
}

/// What became of a domain from one day to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Failures, and none the day before: its sessions of that day succeeded, or there were none.
    Broke,
    /// Failures the day before; sessions today, and no failure.
    Mended,
}

/// What changed for one domain; `None`: nothing, or nothing can be said.
#[must_use]
pub fn change(before: Option<&Sum>, today: Option<&Sum>) -> Option<Change> {
    match (before.is_some_and(Sum::fails), today) {
        (false, Some(today)) if today.fails() => Some(Change::Broke),
        (true, Some(today)) if !today.fails() && today.counts.success > 0 => Some(Change::Mended),
        _ => None,
    }
}

/// The changes of a day against the one before, both in the order of domain and scope.
#[must_use]
pub fn changes(before: &[Sum], today: &[Sum]) -> Vec<(Domain, Change)> {
    let find = |sum: &Sum| {
        let key = |one: &Sum| (one.domain.clone(), one.scope);
        before.binary_search_by_key(&key(sum), key).ok().and_then(|at| before.get(at))
    };
    let of_domain = today.iter().filter(|sum| sum.scope == Scope::Domain);
    of_domain.filter_map(|sum| Some((sum.domain.clone(), change(find(sum), Some(sum))?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(domain: &str, success: u64, failure: u64) -> Sum {
        let domain = Domain::parse(domain).unwrap();
        Sum { domain, scope: Scope::Domain, counts: Counts { success, failure }, told: failure }
    }

    #[test]
    fn a_domain_that_fails_today_and_did_not_yesterday_broke() {
        let before = [sum("b.example", 5, 0), sum("c.example", 5, 1), sum("d.example", 0, 3), sum("e.example", 0, 1)];
        let today = [
            sum("a.example", 0, 1), // new, and fails
            sum("b.example", 5, 1), // broke
            sum("c.example", 9, 0), // mended
            sum("d.example", 1, 2), // fails as before
            sum("f.example", 9, 0), // new, and well
        ];
        let names: Vec<_> = changes(&before, &today);
        let of = |name: &str| names.iter().find(|(domain, _)| domain.as_str() == name).map(|(_, change)| *change);
        assert_eq!(of("a.example"), Some(Change::Broke));
        assert_eq!(of("b.example"), Some(Change::Broke));
        assert_eq!(of("c.example"), Some(Change::Mended));
        assert_eq!([of("d.example"), of("e.example"), of("f.example")], [None; 3]);
    }

    #[test]
    fn a_failure_that_was_overcome_counts_as_trouble() {
        let overcome = Sum { told: 1, ..sum("a.example", 3, 0) };
        assert_eq!(change(Some(&sum("a.example", 3, 0)), Some(&overcome)), Some(Change::Broke));
    }
}
