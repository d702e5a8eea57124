//! The big mail providers: which MX names are theirs and which patterns a customer's policy names them by, with dates and
//! sources.
use alloc::vec::Vec;

use strictmx_proto::{name::Domain, sts::Pattern};

mod table;
#[cfg(test)]
mod tests;

pub use table::TABLE;

/// What stands in [`Provider::patterns`] for a label that differs from customer to customer.
const LABEL: &str = "<label>";

/// One provider.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// For people.
    pub name: &'static str,
    /// MX host names that are theirs are one of these, or end in one. Empty: only what a pattern matches is theirs.
    pub suffixes: &'static [&'static str],
    /// Patterns for a customer's policy. `<label>` stands for the customer's own label at that place, which a policy has to
    /// spell out.
    pub patterns: &'static [&'static str],
    /// When this was read, `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// Where.
    pub source: &'static str,
}

impl Provider {
    /// The pattern that stands for this host in a customer's policy; `None` when none of the provider's does.
    #[must_use]
    pub fn pattern(&self, host: &Domain) -> Option<Pattern> {
        self.patterns.iter().filter_map(|pattern| filled(pattern, host)).find(|pattern| pattern.matches(host))
    }

    fn owns(&self, host: &Domain) -> bool {
        let below = |suffix: &&str| {
            host.as_str().strip_suffix(*suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.suffixes.iter().any(below) || self.pattern(host).is_some()
    }
}

/// A pattern with the host's own labels where it leaves them open.
fn filled(pattern: &str, host: &Domain) -> Option<Pattern> {
    let own: Vec<&str> = host.labels().collect();
    let labels: Vec<&str> = pattern.split('.').collect();
    if own.len() != labels.len() {
        return None;
    }
    let labels: Vec<&str> =
        labels.into_iter().zip(own).map(|(label, own)| if label == LABEL { own } else { label }).collect();
    Pattern::parse(&labels.join(".")).ok().map(|(pattern, _)| pattern)
}

/// The provider that an MX host belongs to.
#[must_use]
pub fn of(host: &Domain) -> Option<&'static Provider> {
    TABLE.iter().find(|provider| provider.owns(host))
}
