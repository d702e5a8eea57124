//! How each family of senders reads one and the same policy.
//!
//! A profile is data and a few small pure functions, with the version it describes; see the book for how each was read.
use alloc::{string::String, vec::Vec};

use serde::Serialize;

use super::Context;

/// What one sender makes of the policy as published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reading {
    /// The sender, such as `mox`.
    pub sender: &'static str,
    /// The version described.
    pub version: &'static str,
    /// What it does.
    pub verdict: Reads,
    /// Live MX hosts that it would refuse to deliver to under this policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refuses: Vec<String>,
    /// What is worth knowing, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a sender does with a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reads")]
pub enum Reads {
    /// Takes it.
    Policy {
        /// `enforce`, `testing` or `none`.
        mode: &'static str,
        /// Seconds it is kept.
        kept: u64,
    },
    /// Behaves as if there were none.
    Rejects {
        /// Why, in a sentence.
        why: String,
    },
}

/// What every known sender makes of the policy; empty when there is none to read.
#[must_use]
pub fn readings(_context: &Context<'_>) -> Vec<Reading> {
    Vec::new()
}
