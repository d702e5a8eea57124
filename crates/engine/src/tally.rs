//! The one map from facts to RFC 8460 result types (§4.3) and reason codes.
use alloc::{borrow::Cow, format};

use serde::Serialize;
use strictmx_proto::{
    sts::{Mode, NoRecord, PolicyError},
    tlsrpt::ResultType,
};

use crate::{
    dane::HostDane,
    fact::{CertFault, FetchFailure, TlsOutcome},
    lookup::{Event, Trouble},
};

/// Longest reason code, characters: it goes to strangers, and parts of it come from strangers.
const MAX_REASON: usize = 200;

/// A failure as it is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// `result-type`.
    #[serde(rename = "result-type", serialize_with = "crate::as_text::result")]
    pub result: ResultType,
    /// `failure-reason-code`.
    #[serde(rename = "failure-reason-code")]
    pub reason: Cow<'static, str>,
}

impl Failure {
    const fn fixed(result: ResultType, reason: &'static str) -> Self {
        Self { result, reason: Cow::Borrowed(reason) }
    }

    /// With text of others in the reason: cut, and control characters replaced.
    fn told(result: ResultType, reason: &str) -> Self {
        let safe = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        Self { result, reason: Cow::Owned(reason.chars().map(safe).take(MAX_REASON).collect()) }
    }
}

/// What a session means for a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// A success.
    Success,
    /// A failure.
    Failure(Failure),
    /// Neither: TLS was never reached (TLSRPT-4.3.4-1, DANE-A7).
    Not,
}

/// Whether the policy names the host of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Covered {
    /// A pattern matches.
    Yes,
    /// None does.
    No,
}

/// A policy that could not be fetched (STS-6-1).
#[must_use]
pub fn fetch_result(failure: &FetchFailure) -> Failure {
    let error = ResultType::StsPolicyFetchError;
    match failure {
        FetchFailure::Certificate(fault) => Failure { result: ResultType::StsWebpkiInvalid, ..certificate(fault) },
        FetchFailure::Dns(failure) => Failure::told(error, &format!("dns-{}", failure.kind.as_str())),
        FetchFailure::NoAddress => Failure::fixed(error, "no-address"),
        FetchFailure::AddressRefused { .. } => Failure::fixed(error, "special-address"),
        FetchFailure::Connect { .. } => Failure::fixed(error, "connection-failed"),
        FetchFailure::Tls { detail } => Failure::told(error, &format!("tls-handshake: {detail}")),
        FetchFailure::Status { status, location: Some(_) } => {
            Failure::told(error, &format!("http-status-{status}, redirects are not followed"))
        }
        FetchFailure::Status { status, location: None } => Failure::told(error, &format!("http-status-{status}")),
        FetchFailure::MediaType { sent: Some(sent) } => Failure::told(error, &format!("media-type: {sent}")),
        FetchFailure::MediaType { sent: None } => Failure::fixed(error, "media-type-missing"),
        FetchFailure::TooLarge => Failure::fixed(error, "larger-than-64-kib"),
        FetchFailure::Timeout { phase } => Failure::told(error, &format!("timeout-{}", phase.as_str())),
        FetchFailure::Http { detail } => Failure::told(error, &format!("http: {detail}")),
    }
}

/// A policy that was fetched and is not valid (STS-6-1): line and reason.
#[must_use]
pub fn policy_invalid(error: &PolicyError) -> Failure {
    Failure::told(ResultType::StsPolicyInvalid, &format!("{error}"))
}

/// What a report says about an event of a look-up, if anything: failed fetches whenever there is a record (STS-6-1), record
/// trouble only while a policy is cached (STS-6-2), nothing of either while that policy's mode is `none`.
#[must_use]
pub fn event(event: &Event) -> Option<Failure> {
    match event {
        Event::FetchFailed { cached: Some(Mode::None), .. }
        | Event::PolicyInvalid { cached: Some(Mode::None), .. }
        | Event::TxtTrouble { cached: Mode::None, .. } => None,
        Event::FetchFailed { failure, .. } => Some(fetch_result(failure)),
        Event::PolicyInvalid { error, .. } => Some(policy_invalid(error)),
        Event::TxtTrouble { trouble, .. } => Some(record_trouble(trouble)),
        _ => None,
    }
}

fn record_trouble(trouble: &Trouble) -> Failure {
    let error = ResultType::StsPolicyFetchError;
    match trouble {
        Trouble::NoRecord(NoRecord::None) => Failure::fixed(error, "txt-record-missing"),
        Trouble::NoRecord(NoRecord::Many(_)) => Failure::fixed(error, "txt-record-not-unique"),
        Trouble::NoRecord(NoRecord::Invalid(why)) => Failure::told(error, &format!("txt-record-invalid: {why}")),
        Trouble::Failed(kind) => Failure::told(error, &format!("txt-dns-{}", kind.as_str())),
    }
}

/// A session with an MX host, judged by an MTA-STS policy (STS-6-3). A host that the policy does not name fails whatever its
/// certificate is like (D-50).
#[must_use]
pub fn session_result(outcome: &TlsOutcome, covered: Covered) -> Counted {
    if let TlsOutcome::Unreachable { .. } = outcome {
        return Counted::Not;
    }
    if covered == Covered::No {
        return Counted::Failure(Failure::fixed(ResultType::ValidationFailure, "mx-not-in-policy"));
    }
    Counted::Failure(match outcome {
        TlsOutcome::Verified => return Counted::Success,
        TlsOutcome::Unreachable { .. } => return Counted::Not,
        TlsOutcome::Certificate(fault) => certificate(fault),
        TlsOutcome::NoStarttls => Failure::fixed(ResultType::StarttlsNotSupported, "starttls-not-offered"),
        TlsOutcome::StarttlsRefused { reply } => {
            Failure::told(ResultType::StarttlsNotSupported, &format!("starttls-refused: {reply}"))
        }
        TlsOutcome::TlsaMismatch => Failure::fixed(ResultType::ValidationFailure, "tlsa-mismatch"), // D-51
        TlsOutcome::Handshake { detail } => {
            Failure::told(ResultType::ValidationFailure, &format!("tls-handshake: {detail}"))
        }
    })
}

/// What DANE's own look-ups mean for the report about a host.
#[must_use]
pub fn dane_result(dane: &HostDane) -> Option<Failure> {
    match dane {
        HostDane::Unusable { .. } => Some(Failure::fixed(ResultType::TlsaInvalid, "no-usable-tlsa-record")),
        HostDane::Failed { question, failure } => {
            Some(Failure::told(ResultType::DnssecInvalid, &format!("{question}-{}", failure.kind.as_str())))
        }
        HostDane::Usable { .. } | HostDane::NoTlsa { .. } | HostDane::NoAddress => None,
    }
}

/// Result type and reason of a certificate of an MX host.
fn certificate(fault: &CertFault) -> Failure {
    match fault {
        CertFault::Expired => Failure::fixed(ResultType::CertificateExpired, "certificate-expired"),
        CertFault::NotYetValid => Failure::fixed(ResultType::ValidationFailure, "certificate-not-yet-valid"),
        CertFault::NameMismatch => Failure::fixed(ResultType::CertificateHostMismatch, "certificate-host-mismatch"),
        CertFault::UntrustedIssuer => Failure::fixed(ResultType::CertificateNotTrusted, "certificate-not-trusted"),
        CertFault::Other { detail } => {
            Failure::told(ResultType::CertificateNotTrusted, &format!("certificate: {detail}"))
        }
    }
}

#[cfg(test)]
mod tests;
