//! What `report today` tells, as JSON has it.
use serde::Serialize;
use strictmx_engine::report::{Arrivals, Counts, Detail};
use strictmx_proto::name::Domain;

/// A day.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Report {
    pub(super) day: String,
    #[serde(flatten)]
    pub(super) arrivals: Arrivals,
    /// Sessions of all recipient domains.
    pub(super) sessions: Counts,
    /// Recipient domains there are counts of.
    pub(super) domains_counted: usize,
    /// Those with failures first.
    pub(super) domains: Vec<OfDomain>,
    /// How many are left out.
    pub(super) more: usize,
    /// MX hosts with sessions under policies of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hosts: Vec<OfDomain>,
    /// Failures today, none the day before.
    pub(super) broke: Vec<Domain>,
    /// Failures the day before, none today.
    pub(super) mended: Vec<Domain>,
    /// Failures of our own look-ups that nobody asked to be told of.
    pub(super) not_reported: Vec<Unreported>,
    /// The newest of the day's datagrams that cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) quarantine: Vec<Unreadable>,
}

/// A datagram that cannot be read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Unreadable {
    pub(super) at: String,
    pub(super) why: String,
    /// Its first octets, as text.
    pub(super) begins: String,
}

/// One domain's part.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OfDomain {
    pub(super) domain: Domain,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) record: Option<Box<str>>,
    pub(super) policies: Vec<OfPolicy>,
}

/// One policy's part.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OfPolicy {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) policy_domain: Domain,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) policy_string: Box<[Box<str>]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) mx_host: Box<[Box<str>]>,
    pub(super) success: u64,
    pub(super) failure: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) failure_details: Vec<OfFailure>,
}

/// One kind of failure.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OfFailure {
    #[serde(flatten)]
    pub(super) detail: Detail,
    pub(super) sessions: u64,
}

/// Failures of ours about a domain without counts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Unreported {
    pub(super) domain: Domain,
    pub(super) result_type: String,
    pub(super) times: u64,
}
