//! The report of RFC 8460 §4 as a value: emit it as the RFC wants it, read it as senders write it, check it before it leaves.
//!
//! - [`Report::emit`] writes canonical JSON: the RFC's order of keys, arrays where arrays belong, nothing that is not known.
//! - [`Report::read`] takes what real senders send, and notes every leniency it needed (D-55); what is of no use at all is
//!   refused with the reason (D-56).
//! - [`Report::check`] holds a report of ours to the RFC's schema; one with a violation must not leave.
//!
//! A report of ours, emitted and read, is equal to itself and gives no note.
mod check;
mod emit;
mod limit;
mod note;
mod read;

use alloc::{string::String, vec::Vec};
use core::{fmt, net::IpAddr};

pub use check::{Fault, Violation};
pub use limit::{MAX_COUNT, MAX_FAILURES, MAX_LEN, MAX_NOTES, MAX_POLICIES, MAX_STRINGS, MAX_TEXT};
pub use note::{Instead, Note, Oddity, Place};
pub use read::{Read, ReadError};

use super::{PolicyType, ResultType};
use crate::{date::DAY, name::Domain};

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// `organization-name`: who reports.
    pub organization: String,
    /// `date-range`.
    pub period: Period,
    /// `contact-info`: the address of whoever answers for the report. Some senders leave it out.
    pub contact: Option<String>,
    /// `report-id`. Of any form when read; a [`super::ReportId`] when it is ours (TLSRPT-A10).
    pub id: String,
    /// `policies`, at least one.
    pub entries: Vec<Entry>,
}

/// What a report covers, in seconds since the epoch, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// `start-datetime`.
    pub start: u64,
    /// `end-datetime`.
    pub end: u64,
}

/// One policy and the sessions held to it (an element of `policies`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `policy`.
    pub policy: Policy,
    /// `total-successful-session-count` (TLSRPT-4.2-1).
    pub successful: u64,
    /// `total-failure-session-count` (TLSRPT-4.2-2).
    pub failed: u64,
    /// `failure-details`: their counts need not sum up to `failed` (TLSRPT-4-2).
    pub failures: Vec<Failure>,
}

/// A policy as reported.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Policy {
    /// `policy-type`.
    pub kind: Term<PolicyType>,
    /// `policy-string`: one line of an MTA-STS policy, or one TLSA record, each (TLSRPT-A1). Empty when there was none.
    pub strings: Vec<String>,
    /// `policy-domain`. Some senders leave it out.
    pub domain: Option<Domain>,
    /// `mx-host`: the MX patterns of an MTA-STS policy, empty for other kinds (TLSRPT-A2).
    pub mx: Vec<String>,
}

/// One set of failures that are alike in everything (TLSRPT-4-4). What is not known is absent (TLSRPT-A4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `result-type`.
    pub result: Term<ResultType>,
    /// `sending-mta-ip`.
    pub sending_ip: Option<IpAddr>,
    /// `receiving-mx-hostname`.
    pub mx: Option<String>,
    /// `receiving-mx-helo`.
    pub helo: Option<String>,
    /// `receiving-ip`.
    pub receiving_ip: Option<IpAddr>,
    /// `failed-session-count`.
    pub sessions: u64,
    /// `additional-information`: a URI. Never fetched (TLSRPT-7-2).
    pub information: Option<String>,
    /// `failure-reason-code`: a code or short text (TLSRPT-4.3-1).
    pub reason: Option<String>,
}

/// A word that should be one of the RFC's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Term<T> {
    /// It is.
    Known(T),
    /// Any other word; kept as written.
    Other(String),
}

impl Period {
    /// The UTC day that begins at `start`, up to its last second (TLSRPT-4.1-1, TLSRPT-A11).
    #[must_use]
    pub fn day(start: u64) -> Self {
        Self { start, end: start.saturating_add(DAY - 1) }
    }
}

impl Failure {
    /// A failure of which no more is known than its type: what a policy that cannot be fetched gives.
    #[must_use]
    pub fn new(result: ResultType, sessions: u64) -> Self {
        let result = Term::Known(result);
        Self {
            result,
            sending_ip: None,
            mx: None,
            helo: None,
            receiving_ip: None,
            sessions,
            information: None,
            reason: None,
        }
    }
}

impl<T: Copy> Term<T> {
    /// The word, if it is one of the RFC's.
    #[must_use]
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(word) => Some(*word),
            Self::Other(_) => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Term<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(word) => word.fmt(f),
            Self::Other(word) => f.pad(word),
        }
    }
}
