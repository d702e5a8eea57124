//! What happened in a look-up, for history, log, metrics and reports.
use alloc::boxed::Box;
use core::fmt;

use serde::Serialize;
use strictmx_proto::sts::{Finding, Mode, NoRecord, PolicyError};

use crate::{
    as_text,
    fact::{DnsFailureKind, FetchFailure},
};

/// One thing that happened. `cached` is the mode of the policy that stays in force all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A policy where none was cached.
    Found {
        /// Its id.
        id: Option<Box<str>>,
        /// Its mode.
        #[serde(serialize_with = "as_text::mode")]
        mode: Mode,
        /// Its life, seconds.
        max_age: u32,
        /// What was odd about its text (D-1 … D-8).
        #[serde(serialize_with = "as_text::findings", skip_serializing_if = "<[Finding]>::is_empty")]
        findings: Box<[Finding]>,
    },
    /// Another policy, or another id for the same, in the place of a cached one.
    Changed {
        /// The id before.
        old_id: Option<Box<str>>,
        /// The mode before.
        #[serde(serialize_with = "as_text::mode")]
        old_mode: Mode,
        /// The id now.
        id: Option<Box<str>>,
        /// The mode now.
        #[serde(serialize_with = "as_text::mode")]
        mode: Mode,
        /// Its life, seconds; zero: it was used once and is not kept (D-5).
        max_age: u32,
        /// What was odd about its text (D-1 … D-8).
        #[serde(serialize_with = "as_text::findings", skip_serializing_if = "<[Finding]>::is_empty")]
        findings: Box<[Finding]>,
    },
    /// The cached policy again, with a new life.
    Refreshed {
        /// Its id.
        id: Option<Box<str>>,
        /// Its mode.
        #[serde(serialize_with = "as_text::mode")]
        mode: Mode,
    },
    /// A policy with `max_age: 0` where none was cached: used for this delivery, not kept (D-5).
    UsedOnce {
        /// Its id.
        id: Option<Box<str>>,
        /// Its mode.
        #[serde(serialize_with = "as_text::mode")]
        mode: Mode,
        /// What was odd about its text.
        #[serde(serialize_with = "as_text::findings", skip_serializing_if = "<[Finding]>::is_empty")]
        findings: Box<[Finding]>,
    },
    /// The TXT record is gone, unusable or cannot be looked up, while a policy is cached (STS-6-2, D-21).
    TxtTrouble {
        /// What is wrong.
        trouble: Trouble,
        /// The policy that stays.
        #[serde(serialize_with = "as_text::mode")]
        cached: Mode,
        /// It was so at the last look-up already.
        again: bool,
    },
    /// The TXT record is back after trouble, while a policy is cached.
    TxtBack {
        /// Its id.
        id: Box<str>,
    },
    /// The policy could not be fetched (STS-6-1).
    FetchFailed {
        /// The id it was fetched for.
        id: Option<Box<str>>,
        /// Why.
        failure: FetchFailure,
        /// The policy that stays, if any.
        #[serde(serialize_with = "as_text::some_mode", skip_serializing_if = "Option::is_none")]
        cached: Option<Mode>,
        /// Failures in a row, this one included.
        count: u32,
    },
    /// The policy was fetched and is not valid (STS-6-1).
    PolicyInvalid {
        /// The id it was fetched for.
        id: Option<Box<str>>,
        /// Why.
        #[serde(serialize_with = "as_text::text")]
        error: PolicyError,
        /// The policy that stays, if any.
        #[serde(serialize_with = "as_text::some_mode", skip_serializing_if = "Option::is_none")]
        cached: Option<Mode>,
        /// Failures in a row, this one included.
        count: u32,
    },
    /// The cached policy reached the end of its life and is gone.
    Expired {
        /// Its id.
        id: Option<Box<str>>,
        /// Its mode.
        #[serde(serialize_with = "as_text::mode")]
        mode: Mode,
    },
}

/// What is wrong with a TXT record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "detail", rename_all = "kebab-case")]
pub enum Trouble {
    /// An answer without a usable record.
    NoRecord(#[serde(serialize_with = "as_text::text")] NoRecord),
    /// No answer.
    Failed(DnsFailureKind),
}

impl Event {
    /// The word that stands for it in history, logs and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Found { .. } => "found",
            Self::Changed { .. } => "changed",
            Self::Refreshed { .. } => "refreshed",
            Self::UsedOnce { .. } => "used-once",
            Self::TxtTrouble { .. } => "txt-trouble",
            Self::TxtBack { .. } => "txt-back",
            Self::FetchFailed { .. } => "fetch-failed",
            Self::PolicyInvalid { .. } => "policy-invalid",
            Self::Expired { .. } => "expired",
        }
    }

    /// Whether the domain is protected less than before: an operator wants to hear of it.
    #[must_use]
    pub fn weakens(&self) -> bool {
        match self {
            Self::Changed { old_mode, mode, max_age, .. } => {
                *old_mode == Mode::Enforce && (*mode != Mode::Enforce || *max_age == 0)
            }
            Self::Expired { mode, .. } => *mode == Mode::Enforce,
            _ => false,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecord(why) => why.fmt(f),
            Self::Failed(kind) => kind.fmt(f),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { id, mode, max_age, .. } => {
                write!(f, "found a policy, {}, id {}, for {max_age} s", mode.as_str(), shown(id))
            }
            Self::Changed { old_id, old_mode, id, mode, max_age, .. } => write!(
                f,
                "the policy changed from {}, id {}, to {}, id {}, for {max_age} s",
                old_mode.as_str(),
                shown(old_id),
                mode.as_str(),
                shown(id)
            ),
            Self::Refreshed { id, mode } => {
                write!(f, "the policy was fetched again unchanged, {}, id {}", mode.as_str(), shown(id))
            }
            Self::UsedOnce { id, mode, .. } => {
                write!(f, "used a policy with max_age 0 once, {}, id {}", mode.as_str(), shown(id))
            }
            Self::TxtTrouble { trouble, cached, .. } => {
                write!(f, "trouble with the MTA-STS record: {trouble}{}", stays(Some(*cached)))
            }
            Self::TxtBack { id } => write!(f, "the MTA-STS record is back, id {id}"),
            Self::FetchFailed { id, failure, cached, .. } => {
                write!(f, "fetching the policy of id {} failed: {failure}{}", shown(id), stays(*cached))
            }
            Self::PolicyInvalid { id, error, cached, .. } => {
                write!(f, "the policy of id {} is not valid: {error}{}", shown(id), stays(*cached))
            }
            Self::Expired { id, mode } => {
                write!(f, "the policy expired, {}, id {}", mode.as_str(), shown(id))
            }
        }
    }
}

fn shown(id: &Option<Box<str>>) -> &str {
    id.as_deref().unwrap_or("unknown")
}

fn stays(cached: Option<Mode>) -> &'static str {
    match cached {
        None => "",
        Some(Mode::Enforce) => "; the cached enforce policy stays in force",
        Some(Mode::Testing) => "; the cached testing policy stays",
        Some(Mode::None) => "; the cached policy of mode none stays",
    }
}
