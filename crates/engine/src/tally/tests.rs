use alloc::{string::String, vec::Vec};

use strictmx_proto::sts::{Policy, RecordError};

use super::*;
use crate::{
    dane::WhyNot,
    fact::{DnsFailure, DnsFailureKind, FetchPhase},
    fixture::{json, name, servfail, tlsa},
};

fn shown(failure: &Failure) -> (&'static str, &str) {
    (failure.result.as_str(), &failure.reason)
}

/// STS-6-1: every cause is told apart.
#[test]
fn each_failed_fetch_has_its_type_and_reason() {
    let text = |text: &str| text.into();
    for (failure, result, reason) in [
        (FetchFailure::Dns(servfail()), "sts-policy-fetch-error", "dns-servfail"),
        (FetchFailure::NoAddress, "sts-policy-fetch-error", "no-address"),
        (FetchFailure::AddressRefused { addresses: Vec::new() }, "sts-policy-fetch-error", "special-address"),
        (FetchFailure::Connect { detail: text("x") }, "sts-policy-fetch-error", "connection-failed"),
        (FetchFailure::Certificate(CertFault::Expired), "sts-webpki-invalid", "certificate-expired"),
        (FetchFailure::Certificate(CertFault::NotYetValid), "sts-webpki-invalid", "certificate-not-yet-valid"),
        (FetchFailure::Certificate(CertFault::NameMismatch), "sts-webpki-invalid", "certificate-host-mismatch"),
        (FetchFailure::Certificate(CertFault::UntrustedIssuer), "sts-webpki-invalid", "certificate-not-trusted"),
        (FetchFailure::Certificate(CertFault::Other { detail: text("odd") }), "sts-webpki-invalid", "certificate: odd"),
        (FetchFailure::Tls { detail: text("alert 40") }, "sts-policy-fetch-error", "tls-handshake: alert 40"),
        (
            FetchFailure::Status { status: 301, location: Some(text("https://x")) },
            "sts-policy-fetch-error",
            "http-status-301, redirects are not followed",
        ),
        (FetchFailure::Status { status: 404, location: None }, "sts-policy-fetch-error", "http-status-404"),
        (FetchFailure::MediaType { sent: Some(text("text/html")) }, "sts-policy-fetch-error", "media-type: text/html"),
        (FetchFailure::MediaType { sent: None }, "sts-policy-fetch-error", "media-type-missing"),
        (FetchFailure::TooLarge, "sts-policy-fetch-error", "larger-than-64-kib"),
        (FetchFailure::Timeout { phase: FetchPhase::Body }, "sts-policy-fetch-error", "timeout-body"),
        (FetchFailure::Http { detail: text("early end") }, "sts-policy-fetch-error", "http: early end"),
    ] {
        assert_eq!(shown(&fetch_result(&failure)), (result, reason));
        assert!(!alloc::format!("{failure}").is_empty());
    }
}

#[test]
fn an_invalid_policy_is_reported_with_line_and_reason() {
    let error = Policy::parse(b"version: STSv1\nmode: Enforce\n").unwrap_err();
    let failure = policy_invalid(&error);
    assert_eq!(failure.result, ResultType::StsPolicyInvalid);
    assert!(failure.reason.starts_with("line 2: "), "{}", failure.reason);
}

/// TLSRPT-8-1: what strangers wrote is cut and made safe.
#[test]
fn reasons_are_bounded_and_without_control_characters() {
    let failure = fetch_result(&FetchFailure::MediaType { sent: Some(("a\r\nb".repeat(1_000)).into()) });
    assert_eq!(failure.reason.chars().count(), 200);
    assert!(!failure.reason.chars().any(char::is_control));
}

/// STS-6-1, STS-6-2
#[test]
fn record_trouble_counts_only_beside_a_cached_policy_that_is_not_none() {
    let trouble = |trouble, cached| event(&Event::TxtTrouble { trouble, cached, again: false });
    for (what, reason) in [
        (Trouble::NoRecord(NoRecord::None), "txt-record-missing"),
        (Trouble::NoRecord(NoRecord::Many(2)), "txt-record-not-unique"),
        (Trouble::NoRecord(NoRecord::Invalid(RecordError::MissingId)), "txt-record-invalid: there is no `id` field"),
        (Trouble::Failed(DnsFailureKind::Timeout), "txt-dns-timeout"),
    ] {
        for mode in [Mode::Enforce, Mode::Testing] {
            assert_eq!(shown(&trouble(what.clone(), mode).unwrap()), ("sts-policy-fetch-error", reason));
        }
        assert_eq!(trouble(what, Mode::None), None);
    }
    let fetch = |cached| event(&Event::FetchFailed { id: None, failure: FetchFailure::TooLarge, cached, count: 1 });
    assert!(fetch(None).is_some() && fetch(Some(Mode::Testing)).is_some());
    assert_eq!(fetch(Some(Mode::None)), None);
    let error = Policy::parse(b"").unwrap_err();
    let invalid = Event::PolicyInvalid { id: None, error, cached: None, count: 1 };
    assert_eq!(event(&invalid).unwrap().result, ResultType::StsPolicyInvalid);
    assert_eq!(event(&Event::TxtBack { id: "a".into() }), None);
}

/// STS-6-3, TLSRPT-4.3-1
#[test]
fn each_session_has_its_type_and_reason() {
    let text = String::from;
    for (outcome, result, reason) in [
        (TlsOutcome::NoStarttls, "starttls-not-supported", "starttls-not-offered"),
        (
            TlsOutcome::StarttlsRefused { reply: text("454 not now") },
            "starttls-not-supported",
            "starttls-refused: 454 not now",
        ),
        (TlsOutcome::Certificate(CertFault::Expired), "certificate-expired", "certificate-expired"),
        (TlsOutcome::Certificate(CertFault::NameMismatch), "certificate-host-mismatch", "certificate-host-mismatch"),
        (TlsOutcome::Certificate(CertFault::UntrustedIssuer), "certificate-not-trusted", "certificate-not-trusted"),
        (TlsOutcome::Certificate(CertFault::NotYetValid), "validation-failure", "certificate-not-yet-valid"),
        (TlsOutcome::Handshake { detail: text("alert 70") }, "validation-failure", "tls-handshake: alert 70"),
    ] {
        let Counted::Failure(failure) = session_result(&outcome, Covered::Yes) else { panic!("{outcome:?}") };
        assert_eq!(shown(&failure), (result, reason));
    }
    assert_eq!(session_result(&TlsOutcome::Verified, Covered::Yes), Counted::Success);
}

/// D-50, A-13
#[test]
fn a_host_outside_the_policy_fails_whatever_its_certificate() {
    for outcome in [TlsOutcome::Verified, TlsOutcome::NoStarttls] {
        let Counted::Failure(failure) = session_result(&outcome, Covered::No) else { panic!("{outcome:?}") };
        assert_eq!(shown(&failure), ("validation-failure", "mx-not-in-policy"));
    }
}

/// D-51
#[test]
fn a_certificate_that_fits_no_tlsa_record_is_a_validation_failure() {
    let Counted::Failure(failure) = session_result(&TlsOutcome::TlsaMismatch, Covered::Yes) else {
        panic!("a failure")
    };
    assert_eq!(shown(&failure), ("validation-failure", "tlsa-mismatch"));
}

/// TLSRPT-4.3.4-1, DANE-A7
#[test]
fn a_session_that_never_reached_tls_is_not_counted() {
    let outcome = TlsOutcome::Unreachable { detail: "timeout".into() };
    for covered in [Covered::Yes, Covered::No] {
        assert_eq!(session_result(&outcome, covered), Counted::Not);
    }
}

#[test]
fn dane_look_ups_have_their_types() {
    let unusable = HostDane::Unusable { base: name("mx.example.com"), records: [tlsa(1)].into() };
    assert_eq!(shown(&dane_result(&unusable).unwrap()), ("tlsa-invalid", "no-usable-tlsa-record"));
    let bogus = DnsFailure { kind: DnsFailureKind::Bogus, detail: "".into() };
    let failed = HostDane::Failed { question: "tlsa", failure: bogus };
    assert_eq!(shown(&dane_result(&failed).unwrap()), ("dnssec-invalid", "tlsa-bogus"));
    for dane in [HostDane::NoAddress, HostDane::NoTlsa { why: WhyNot::Absent }] {
        assert_eq!(dane_result(&dane), None);
    }
}

#[test]
fn a_failure_is_written_in_the_words_of_a_report() {
    assert_eq!(
        json(&fetch_result(&FetchFailure::TooLarge)),
        r#"{"result-type":"sts-policy-fetch-error","failure-reason-code":"larger-than-64-kib"}"#
    );
}
