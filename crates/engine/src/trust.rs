//! Whether the resolver's word on DNSSEC counts (DANE-2.1.1-1, DANE-2.1.1-2): a self-test with one name that is signed and one
//! that is broken on purpose.
//!
//! The AD bit of a resolver that does not validate would never be set, and all DANE would silently be off; one that sets it
//! without validating would be worse. Where the names cannot be reached nothing has been shown, and the bit of each answer
//! counts as before.
use alloc::string::{String, ToString};
use core::fmt;

use serde::Serialize;

use crate::fact::{DnsFailure, DnsFailureKind, Dnssec, Seen};

/// What the question about a test name came back with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// Records.
    Records(Dnssec),
    /// The name, or what was asked for there, does not exist.
    Nothing(Dnssec),
    /// No answer.
    Failed(DnsFailure),
}

impl<T> From<&Seen<T>> for Probe {
    fn from(seen: &Seen<T>) -> Self {
        match seen {
            Seen::Found { dnssec, .. } => Self::Records(*dnssec),
            Seen::NoData { dnssec, .. } | Seen::NxDomain { dnssec, .. } => Self::Nothing(*dnssec),
            Seen::Failed(failure) => Self::Failed(failure.clone()),
        }
    }
}

/// What the self-test showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "trust", rename_all = "kebab-case")]
pub enum Trust {
    /// The resolver validates.
    Validates,
    /// It does not: DANE is off until it does (DANE-A4).
    DoesNotValidate {
        /// What showed it, a sentence.
        why: String,
    },
    /// Nothing was shown: the AD bit of each answer counts.
    Unknown {
        /// Why, a sentence.
        why: String,
    },
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Validates => f.write_str("the resolver validates DNSSEC"),
            Self::DoesNotValidate { why } | Self::Unknown { why } => f.write_str(why),
        }
    }
}

/// Judges the answers for the signed and the broken name.
#[must_use]
pub fn judge(signed: &Probe, bogus: &Probe) -> Trust {
    match (signed, bogus) {
        (Probe::Records(Dnssec::Insecure), _) => {
            no("the resolver does not confirm the signatures of a name that is signed")
        }
        (_, Probe::Records(_)) => {
            no("the resolver gives out the records of a name whose signatures are wrong on purpose")
        }
        (Probe::Records(Dnssec::Secure) | Probe::Nothing(Dnssec::Secure), Probe::Failed(failure)) => match failure.kind
        {
            DnsFailureKind::Servfail | DnsFailureKind::Bogus => Trust::Validates,
            _ => unknown(&alloc::format!("the test name with wrong signatures cannot be reached: {failure}")),
        },
        (Probe::Failed(failure), _) => unknown(&alloc::format!("the signed test name cannot be reached: {failure}")),
        (Probe::Nothing(Dnssec::Insecure), _) => unknown("the signed test name does not exist for this resolver"),
        (_, Probe::Nothing(_)) => unknown("the test name with wrong signatures does not exist for this resolver"),
    }
}

fn no(why: &str) -> Trust {
    Trust::DoesNotValidate { why: why.to_string() }
}

fn unknown(why: &str) -> Trust {
    Trust::Unknown { why: why.to_string() }
}

#[cfg(test)]
mod tests;
