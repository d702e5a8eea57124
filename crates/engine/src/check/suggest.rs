//! A policy that every sender reads alike and that covers the live MX hosts.
use alloc::string::String;

use serde::Serialize;

use super::Context;

/// A policy and a record to publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Suggestion {
    /// The policy's text, lines ending in CRLF.
    pub policy: String,
    /// The `_mta-sts` record in zone-file form, its id new.
    pub record: String,
    /// The `_smtp._tls` record in zone-file form; empty when there is a good one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tlsrpt: String,
    /// Why it looks as it does, in sentences.
    pub because: alloc::vec::Vec<String>,
}

/// Suggests a policy; `None` where the one published is as good, or there is no MX to cover.
#[must_use]
pub fn suggest(_context: &Context<'_>) -> Option<Suggestion> {
    None
}
