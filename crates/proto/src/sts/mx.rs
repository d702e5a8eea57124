//! MX patterns of a policy (STS-3.2-9, STS-3.2-10, STS-4.1-1, D-6, D-7).
use alloc::vec::Vec;
use core::fmt;

use crate::name::{Domain, NameError};

/// One `mx:` value: a host name, or `*.` and a name, where `*` stands for exactly one label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Exactly this host.
    Exact(Domain),
    /// Any host one label below this name.
    Wildcard(Domain),
}

/// How a good pattern was written worse than it should be (D-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternNote {
    /// It ended in a dot.
    TrailingDot,
    /// It held U-labels.
    ULabel,
}

/// Why an `mx:` value is no pattern (D-6).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// A `*` anywhere but as the whole first label.
    #[error("`*` may only stand as the whole first label")]
    Wildcard,
    /// An address.
    #[error("an IP address is no MX pattern")]
    Address,
    /// Not a name.
    #[error("{0}")]
    Name(#[from] NameError),
}

impl Pattern {
    /// Reads one value, surrounding white space already removed; capitals, U-labels and a trailing dot are normalised (D-7).
    ///
    /// # Errors
    /// [`PatternError`] says why the value is no pattern; the entry is then to be dropped (D-6).
    pub fn parse(text: &str) -> Result<(Self, Vec<PatternNote>), PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        let (name, build): (&str, fn(Domain) -> Self) = match text.strip_prefix("*.") {
            Some(rest) => (rest, Self::Wildcard),
            None => (text, Self::Exact),
        };
        if name.contains('*') {
            return Err(PatternError::Wildcard);
        }
        let domain = Domain::parse(name).map_err(|error| match error {
            NameError::Address => PatternError::Address,
            other => PatternError::Name(other),
        })?;
        let mut notes = Vec::new();
        if name.ends_with('.') {
            notes.push(PatternNote::TrailingDot);
        }
        if !name.is_ascii() {
            notes.push(PatternNote::ULabel);
        }
        Ok((build(domain), notes))
    }

    /// Whether the MX host name matches (STS-4.1-1): label by label, `*` for exactly one.
    #[must_use]
    pub fn matches(&self, host: &Domain) -> bool {
        match self {
            Self::Exact(name) => host == name,
            Self::Wildcard(base) => host.is_one_below(base),
        }
    }

    /// The name, without `*.`.
    #[must_use]
    pub fn name(&self) -> &Domain {
        match self {
            Self::Exact(name) | Self::Wildcard(name) => name,
        }
    }

    /// The form in the `match=` list of Postfix and sendmail, where a leading dot stands for `*.`.
    #[must_use]
    pub fn match_form(&self) -> MatchForm<'_> {
        MatchForm(self)
    }
}

/// Displays a pattern as an element of `match=`: `mail.example.com`, `.example.com`.
#[derive(Debug, Clone, Copy)]
pub struct MatchForm<'a>(&'a Pattern);

impl fmt::Display for MatchForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Pattern::Wildcard(_) = self.0 {
            f.write_str(".")?;
        }
        f.write_str(self.0.name().as_str())
    }
}

/// `mail.example.com`, `*.example.com`.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Wildcard(_) = self {
            f.write_str("*.")?;
        }
        f.write_str(self.name().as_str())
    }
}
