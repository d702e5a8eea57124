//! The id of a report of ours: `left@submitter`, of the form that the Subject wants (TLSRPT-5.3-5), and used in the report too
//! (TLSRPT-A10).
use alloc::{format, string::String};
use core::fmt;

use crate::{date::compact_day, mail::address::is_dot_atom, name::Domain};

/// Longest id that is read, octets: two names and a little more.
const MAX_LEN: usize = 600;

/// A report's id. There is no state in it: the same day, domain and scope always give the same id, so that a report that is made
/// again after a crash, or sent twice, can be told for the same one (TLSRPT-5.3-6).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportId(String);

/// Which sessions a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Those with a recipient domain's mail.
    Recipient,
    /// Those with an MX host that publishes a record of its own (TLSRPT-A16).
    MxHost,
}

impl ReportId {
    /// `20261121.example.com@submitter`, or `20261121-mx.mx.example.com@submitter` for an MX host; `day` is any second of it.
    #[must_use]
    pub fn new(day: u64, domain: &Domain, scope: Scope, submitter: &Domain) -> Self {
        let scope = match scope {
            Scope::Recipient => "",
            Scope::MxHost => "-mx",
        };
        Self(format!("{}{scope}.{domain}@{submitter}", compact_day(day)))
    }

    /// Reads an id of this form, without angle brackets. `None`: it could not stand in a Subject.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (left, right) = text.split_once('@')?;
        let right = Domain::parse_lenient(right).ok().filter(|domain| domain.as_str() == right);
        (text.len() <= MAX_LEN && is_dot_atom(left) && right.is_some()).then(|| Self(text.into()))
    }

    /// The id, without angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn left(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(left, _)| left)
    }

    /// What stands behind it: a domain.
    #[must_use]
    pub fn right(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, right)| right)
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
