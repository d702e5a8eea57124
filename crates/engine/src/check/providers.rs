//! The big mail providers: which MX names are theirs and which patterns they publish or recommend, with dates and sources.
use strictmx_proto::name::Domain;

/// One provider.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// For people.
    pub name: &'static str,
    /// MX host names that are theirs end in one of these.
    pub suffixes: &'static [&'static str],
    /// Patterns for a customer's policy.
    pub patterns: &'static [&'static str],
    /// When this was read, `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// Where.
    pub source: &'static str,
}

/// The provider that an MX host belongs to.
#[must_use]
pub fn of(_host: &Domain) -> Option<&'static Provider> {
    None
}
