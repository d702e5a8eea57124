use alloc::{string::ToString, vec::Vec};

use super::*;
use crate::fixture::json;

fn failed(kind: DnsFailureKind) -> Probe {
    Probe::Failed(DnsFailure { kind, detail: "".into() })
}

/// DANE-2.1.1-1
#[test]
fn a_resolver_that_confirms_the_good_and_refuses_the_bad_validates() {
    for kind in [DnsFailureKind::Servfail, DnsFailureKind::Bogus] {
        assert_eq!(judge(&Probe::Records(Dnssec::Secure), &failed(kind)), Trust::Validates);
        assert_eq!(judge(&Probe::Nothing(Dnssec::Secure), &failed(kind)), Trust::Validates);
    }
}

/// DANE-A4, DANE-2.1.1-2
#[test]
fn a_resolver_that_lets_the_bad_through_or_does_not_confirm_the_good_does_not_validate() {
    for bogus in [failed(DnsFailureKind::Servfail), failed(DnsFailureKind::Timeout), Probe::Nothing(Dnssec::Insecure)] {
        assert!(matches!(judge(&Probe::Records(Dnssec::Insecure), &bogus), Trust::DoesNotValidate { .. }));
    }
    for signed in [Probe::Records(Dnssec::Secure), failed(DnsFailureKind::Timeout)] {
        for dnssec in [Dnssec::Secure, Dnssec::Insecure] {
            assert!(matches!(judge(&signed, &Probe::Records(dnssec)), Trust::DoesNotValidate { .. }));
        }
    }
}

#[test]
fn names_that_cannot_be_reached_show_nothing() {
    let good = Probe::Records(Dnssec::Secure);
    for kind in [DnsFailureKind::Timeout, DnsFailureKind::Network, DnsFailureKind::Refused] {
        assert!(matches!(judge(&failed(kind), &failed(kind)), Trust::Unknown { .. }));
        assert!(matches!(judge(&good, &failed(kind)), Trust::Unknown { .. }));
    }
    assert!(matches!(
        judge(&failed(DnsFailureKind::Servfail), &failed(DnsFailureKind::Servfail)),
        Trust::Unknown { .. }
    ));
    assert!(matches!(judge(&good, &Probe::Nothing(Dnssec::Secure)), Trust::Unknown { .. }));
    assert!(matches!(
        judge(&Probe::Nothing(Dnssec::Insecure), &failed(DnsFailureKind::Servfail)),
        Trust::Unknown { .. }
    ));
}

#[test]
fn the_outcome_says_what_showed_it() {
    let trust = judge(&Probe::Records(Dnssec::Secure), &failed(DnsFailureKind::Timeout));
    assert_eq!(
        trust.to_string(),
        "the test name with wrong signatures cannot be reached: no name server answered in time"
    );
    assert_eq!(json(&Trust::Validates), r#"{"trust":"validates"}"#);
    assert!(json(&trust).starts_with(r#"{"trust":"unknown","why":"#));
}

#[test]
fn any_answer_makes_a_probe() {
    let seen: Seen<Vec<u8>> = Seen::NoData { dnssec: Dnssec::Secure, ttl: 1 };
    assert_eq!(Probe::from(&seen), Probe::Nothing(Dnssec::Secure));
    let seen = Seen::Found { data: (), aliases: Vec::new(), dnssec: Dnssec::Insecure, ttl: 1 };
    assert_eq!(Probe::from(&seen), Probe::Records(Dnssec::Insecure));
}
