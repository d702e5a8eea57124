use alloc::{string::ToString, vec, vec::Vec};

use super::*;
use crate::{
    fact::{DnsFailureKind, Txt},
    fixture::{addresses, json, name, servfail, tlsa_seen},
};

const SECURE: Dnssec = Dnssec::Secure;
const INSECURE: Dnssec = Dnssec::Insecure;

fn absent(dnssec: Dnssec) -> TlsaSeen {
    Seen::NxDomain { dnssec, ttl: 300 }
}

/// After the addresses of `mx.example.com`.
fn after(seen: AddrSeen) -> HostStep {
    match host(name("mx.example.com"), 25) {
        HostStep::Addresses(state) => {
            assert_eq!(state.name().as_str(), "mx.example.com");
            state.saw(seen)
        }
        other => panic!("addresses come first: {other:?}"),
    }
}

fn tlsa_step(step: HostStep, owner: &str) -> AwaitTlsa {
    match step {
        HostStep::Tlsa(state) => {
            assert_eq!(state.owner().as_str(), owner);
            state
        }
        other => panic!("TLSA is awaited, not {other:?}"),
    }
}

fn done(step: HostStep) -> HostVerdict {
    match step {
        HostStep::Done(verdict) => verdict,
        other => panic!("over, not {other:?}"),
    }
}

/// DANE-2.2.2-1, DANE-2.2.3-1, DANE-2.2-1
#[test]
fn a_signed_host_is_asked_for_tlsa_at_its_own_name() {
    let state = tlsa_step(after(addresses(SECURE, &[])), "_25._tcp.mx.example.com");
    let verdict = done(state.saw(tlsa_seen(&[3], SECURE)));
    let HostDane::Usable { base, records } = &verdict.dane else { panic!("{verdict:?}") };
    assert_eq!((base.as_str(), records.len()), ("mx.example.com", 1));
    assert_eq!(verdict.ttl, 400, "the least of 600, 500 and 400");
}

/// DANE-2.2.3-1
#[test]
fn the_port_of_the_route_is_the_one_asked_for() {
    let HostStep::Addresses(state) = host(name("mx.example.com"), 587) else { panic!("addresses") };
    drop(tlsa_step(state.saw(addresses(SECURE, &[])), "_587._tcp.mx.example.com"));
}

/// DANE-2.2.2-2, DANE-2.1.1-4
#[test]
fn an_unsigned_host_is_never_asked_for_tlsa() {
    let verdict = done(after(addresses(INSECURE, &[])));
    assert_eq!(verdict.dane, HostDane::NoTlsa { why: WhyNot::AddressInsecure });
}

/// DANE-2.2.2-3, DANE-2.2.3-2
#[test]
fn behind_a_signed_alias_the_expanded_name_comes_first_then_the_original_and_none_in_between() {
    let step = after(addresses(SECURE, &["between.example.net", "real.example.org"]));
    let state = tlsa_step(step, "_25._tcp.real.example.org");
    let verdict = done(state.clone().saw(tlsa_seen(&[3], SECURE)));
    assert!(matches!(&verdict.dane, HostDane::Usable { base, .. } if base.as_str() == "real.example.org"));

    let state = tlsa_step(state.saw(absent(SECURE)), "_25._tcp.mx.example.com");
    let verdict = done(state.clone().saw(tlsa_seen(&[2], SECURE)));
    assert!(matches!(&verdict.dane, HostDane::Usable { base, .. } if base.as_str() == "mx.example.com"));
    assert_eq!(done(state.saw(absent(SECURE))).dane, HostDane::NoTlsa { why: WhyNot::Absent });
}

/// DANE-2.2.2-3
#[test]
fn a_signed_alias_into_an_unsigned_zone_leaves_the_original_name() {
    let cname = |dnssec| Seen::Found { data: name("x.example.net"), aliases: Vec::new(), dnssec, ttl: 50 };
    let step = after(addresses(INSECURE, &["x.example.net"]));
    let HostStep::Alias(state) = step else { panic!("the alias is asked for: {step:?}") };
    assert_eq!(state.name().as_str(), "mx.example.com");

    let next = tlsa_step(state.clone().saw(cname(SECURE)), "_25._tcp.mx.example.com");
    let verdict = done(next.saw(tlsa_seen(&[3], SECURE)));
    assert!(matches!(verdict.dane, HostDane::Usable { .. }));
    assert_eq!(verdict.ttl, 50);

    let verdict = done(state.clone().saw(cname(INSECURE)));
    assert_eq!(verdict.dane, HostDane::NoTlsa { why: WhyNot::AddressInsecure });
    let verdict = done(state.saw(Seen::Failed(servfail())));
    assert!(matches!(verdict.dane, HostDane::Failed { question: "alias", .. }));
}

/// DANE-2.2-2, DANE-3.1.3-1
#[test]
fn secure_records_none_of_them_usable_are_told_apart() {
    let state = tlsa_step(after(addresses(SECURE, &[])), "_25._tcp.mx.example.com");
    let verdict = done(state.clone().saw(tlsa_seen(&[0, 1], SECURE)));
    assert!(matches!(verdict.dane, HostDane::Unusable { .. }));
    let verdict = done(state.saw(tlsa_seen(&[1, 3], SECURE)));
    assert!(matches!(verdict.dane, HostDane::Usable { .. }), "one of several is enough");
}

/// DANE-2.2-3, DANE-2.1.1-5
#[test]
fn insecure_records_and_denials_are_no_tlsa() {
    let state = || tlsa_step(after(addresses(SECURE, &[])), "_25._tcp.mx.example.com");
    assert_eq!(done(state().saw(tlsa_seen(&[3], INSECURE))).dane, HostDane::NoTlsa { why: WhyNot::TlsaInsecure });
    for dnssec in [SECURE, INSECURE] {
        assert_eq!(done(state().saw(absent(dnssec))).dane, HostDane::NoTlsa { why: WhyNot::Absent });
        let empty = Seen::NoData { dnssec, ttl: 1 };
        assert_eq!(done(state().saw(empty)).dane, HostDane::NoTlsa { why: WhyNot::Absent });
    }
    assert_eq!(done(state().saw(tlsa_seen(&[], SECURE))).dane, HostDane::NoTlsa { why: WhyNot::Absent });
}

/// DANE-2.1.1-3, DANE-2.1.2-2, DANE-2.2-4
#[test]
fn a_failed_look_up_is_never_taken_for_no_record() {
    let bogus = DnsFailure { kind: DnsFailureKind::Bogus, detail: "".into() };
    let state = tlsa_step(after(addresses(SECURE, &[])), "_25._tcp.mx.example.com");
    let verdict = done(state.saw(Seen::Failed(bogus.clone())));
    assert_eq!(verdict.dane, HostDane::Failed { question: "tlsa", failure: bogus });
    assert_eq!(verdict.ttl, 0);

    // At the expanded name too: the original is not tried after an error.
    let state = tlsa_step(after(addresses(SECURE, &["x.example.net"])), "_25._tcp.x.example.net");
    assert!(matches!(done(state.saw(Seen::Failed(servfail()))).dane, HostDane::Failed { .. }));

    let both = AddrSeen { a: Seen::Failed(servfail()), aaaa: Seen::Failed(servfail()) };
    assert!(matches!(done(after(both)).dane, HostDane::Failed { question: "addresses", .. }));
}

/// D-30: SERVFAIL on one AAAA (a well-known case) must not stop a host whose A answer says all that is needed.
#[test]
fn one_failed_address_family_does_not_stop_a_host_that_has_the_other() {
    let mut seen = addresses(SECURE, &[]);
    seen.aaaa = Seen::Failed(servfail());
    drop(tlsa_step(after(seen), "_25._tcp.mx.example.com"));

    let mut seen = addresses(INSECURE, &[]);
    seen.aaaa = Seen::Failed(servfail());
    assert_eq!(done(after(seen)).dane, HostDane::NoTlsa { why: WhyNot::AddressInsecure });

    let half = |dnssec| AddrSeen { a: Seen::NoData { dnssec, ttl: 1 }, aaaa: Seen::Failed(servfail()) };
    assert!(matches!(done(after(half(SECURE))).dane, HostDane::Failed { question: "addresses", .. }));
    assert_eq!(done(after(half(INSECURE))).dane, HostDane::NoTlsa { why: WhyNot::AddressInsecure });
    let half = AddrSeen { a: Seen::Failed(servfail()), aaaa: Seen::NxDomain { dnssec: INSECURE, ttl: 1 } };
    assert_eq!(done(after(half)).dane, HostDane::NoAddress);
}

#[test]
fn a_host_without_any_address_is_left_out() {
    let seen = AddrSeen { a: Seen::NoData { dnssec: SECURE, ttl: 9 }, aaaa: Seen::NoData { dnssec: SECURE, ttl: 9 } };
    assert_eq!(done(after(seen)).dane, HostDane::NoAddress);
    let seen =
        AddrSeen { a: Seen::NxDomain { dnssec: INSECURE, ttl: 9 }, aaaa: Seen::NxDomain { dnssec: INSECURE, ttl: 9 } };
    assert_eq!(done(after(seen)).dane, HostDane::NoAddress);
}

#[test]
fn a_name_too_long_for_a_tlsa_owner_has_none() {
    let long = [["a"; 60].concat(), ["b"; 60].concat(), ["c"; 60].concat(), ["d"; 60].concat(), "com".into()].join(".");
    let HostStep::Addresses(state) = host(name(&long), 25) else { panic!("addresses") };
    assert_eq!(done(state.saw(addresses(SECURE, &[]))).dane, HostDane::NoTlsa { why: WhyNot::Absent });
    let HostStep::Addresses(state) = host(name("mx.example.com"), 25) else { panic!("addresses") };
    drop(tlsa_step(state.saw(addresses(SECURE, &[&long])), "_25._tcp.mx.example.com"));
}

#[test]
fn a_verdict_is_written_out_whole() {
    let state = tlsa_step(after(addresses(SECURE, &[])), "_25._tcp.mx.example.com");
    let text = json(&done(state.saw(tlsa_seen(&[3], SECURE))));
    assert!(text.starts_with(concat!(
        r#"{"host":"mx.example.com","dane":"usable","base":"mx.example.com","#,
        r#""records":["3 1 1 abababab"#
    )));
    assert!(text.ends_with(concat!(
        r#""addresses":{"a":{"status":"found","data":["127.0.0.1"],"dnssec":"secure","ttl":600},"#,
        r#""aaaa":{"status":"no-data","dnssec":"secure","ttl":500}},"ttl":400}"#
    )));
    assert_eq!(json(&Txt(vec![b'v', 0xff].into())), "[118,255]");
}

#[test]
fn every_outcome_is_a_sentence() {
    let failed = HostDane::Failed { question: "tlsa", failure: servfail() };
    assert_eq!(
        failed.to_string(),
        "its TLSA records could not be looked up: the name server answered SERVFAIL (by test)"
    );
    assert_eq!(
        HostDane::NoTlsa { why: WhyNot::AddressInsecure }.to_string(),
        "DANE does not apply: its address records are not signed by DNSSEC"
    );
}
