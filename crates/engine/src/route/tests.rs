use alloc::{vec, vec::Vec};

use strictmx_proto::sts::Mode;

use super::*;
use crate::{
    dane::{HostDane, HostVerdict, WhyNot},
    fact::{Dnssec, Exchange, Mx, MxSeen, Seen},
    fixture::{T0, addresses, json, name, policy, route, servfail},
};

fn mx(preference: u16, host: &str) -> Mx {
    Mx { preference, exchange: Exchange::Host(name(host)) }
}

fn found(data: Vec<Mx>) -> MxSeen {
    Seen::Found { data, aliases: Vec::new(), dnssec: Dnssec::Secure, ttl: 900 }
}

fn verdict(host: &str, dane: HostDane, ttl: u32) -> HostVerdict {
    HostVerdict { host: name(host), dane, addresses: addresses(Dnssec::Secure, &[]), ttl }
}

fn ranked(hosts: &Hosts) -> Vec<(u16, &str)> {
    let Hosts::Found { hosts, .. } = hosts else { panic!("{hosts:?}") };
    hosts.iter().map(|(preference, name)| (*preference, name.as_str())).collect()
}

/// DANE-2.2.1-1, R5321-5.1-5
#[test]
fn hosts_are_sorted_by_preference() {
    let hosts = hosts(
        &name("example.com"),
        &found(vec![mx(20, "c.example"), mx(10, "b.example"), mx(10, "a.example"), mx(20, "a.example")]),
    );
    assert_eq!(ranked(&hosts), [(10, "b.example"), (10, "a.example"), (20, "c.example")]);
    let Hosts::Found { dropped, .. } = &hosts else { panic!("found") };
    assert_eq!(dropped.len(), 1);
    assert_eq!((dropped[0].exchange.as_str(), dropped[0].why), ("a.example", WhyDropped::Twice));
}

/// R5321-5.1-2, R5321-5.1-3, R5321-5.1-4, A-7
#[test]
fn only_a_domain_without_mx_records_is_its_own_host() {
    let domain = name("example.com");
    for seen in [
        Seen::NoData { dnssec: Dnssec::Secure, ttl: 300 },
        Seen::Found { data: vec![], aliases: vec![], dnssec: Dnssec::Secure, ttl: 300 },
    ] {
        let hosts = hosts(&domain, &seen);
        assert_eq!(ranked(&hosts), [(0, "example.com")]);
        assert!(matches!(hosts, Hosts::Found { source: MxSource::Implicit(Dnssec::Secure), .. }));
    }
    let unusable = Mx { preference: 5, exchange: Exchange::Unusable("192.0.2.1".into()) };
    assert_eq!(ranked(&hosts(&domain, &found(vec![unusable]))), []);
}

/// R7505-3-1, R7505-3-2
#[test]
fn null_mx_counts_alone_and_is_ignored_beside_others() {
    let null = || Mx { preference: 0, exchange: Exchange::Null };
    assert_eq!(hosts(&name("example.com"), &found(vec![null()])), Hosts::Null { ttl: 900 });
    let mixed = hosts(&name("example.com"), &found(vec![null(), mx(10, "a.example")]));
    assert_eq!(ranked(&mixed), [(10, "a.example")]);
    let Hosts::Found { dropped, .. } = mixed else { panic!("found") };
    assert_eq!((dropped[0].exchange.as_str(), dropped[0].why), (".", WhyDropped::NullBesideOthers));
}

/// R5321-5.1-1, DANE-2.1.2-1
#[test]
fn no_domain_and_no_answer_are_told_apart() {
    let nx = Seen::NxDomain { dnssec: Dnssec::Secure, ttl: 60 };
    assert_eq!(hosts(&name("example.com"), &nx), Hosts::NoDomain { ttl: 60 });
    assert_eq!(hosts(&name("example.com"), &Seen::Failed(servfail())), Hosts::Failed(servfail()));
}

#[test]
fn a_flood_of_mx_records_is_cut() {
    let flood = (0..200_u16).map(|i| mx(i, &alloc::format!("h{i}.example"))).collect();
    let hosts = hosts(&name("example.com"), &found(flood));
    let Hosts::Found { hosts, dropped, .. } = hosts else { panic!("found") };
    assert_eq!((hosts.len(), dropped.len()), (MAX_HOSTS, 200 - MAX_HOSTS));
    assert!(dropped.iter().all(|dropped| dropped.why == WhyDropped::TooMany));
}

/// D-33
#[test]
fn a_host_in_brackets_is_itself() {
    let hosts = configured(&name("relay.example"));
    assert_eq!(ranked(&hosts), [(0, "relay.example")]);
    assert!(MxSource::Configured.trusted());
}

/// DANE-2.2.1-2
#[test]
fn only_a_signed_or_configured_list_can_be_trusted() {
    for source in [MxSource::Mx(Dnssec::Secure), MxSource::Implicit(Dnssec::Secure), MxSource::Configured] {
        assert!(source.trusted());
    }
    for source in [MxSource::Mx(Dnssec::Insecure), MxSource::Implicit(Dnssec::Insecure)] {
        assert!(!source.trusted());
    }
}

#[test]
fn a_route_is_kept_for_its_weakest_ttl_within_bounds() {
    let none = || HostDane::NoTlsa { why: WhyNot::Absent };
    let hosts = hosts(&name("example.com"), &found(vec![mx(10, "a.example"), mx(20, "b.example")]));
    let kept = |a, b| {
        let verdicts = [verdict("b.example", none(), b), verdict("a.example", none(), a)];
        known(&hosts, &verdicts, T0).expires.since(T0)
    };
    assert_eq!(kept(1_000, 1_000), 900);
    assert_eq!(kept(1_000, 700), 700);
    assert_eq!(kept(5, 700), 60);
    let failed = HostDane::Failed { question: "tlsa", failure: servfail() };
    let route = known(&hosts, &[verdict("a.example", none(), 700), verdict("b.example", failed, 0)], T0);
    assert_eq!(route.expires.since(T0), 30);
    assert_eq!(route.hosts[1].dane, DaneState::Failed);
    assert!(route.fresh_at(T0.plus(29)) && !route.fresh_at(T0.plus(30)));
    assert!(!route.fresh_at(crate::time::Timestamp(T0.0 - 1)), "the clock was ahead");

    let route = known(&hosts, &[verdict("a.example", none(), 700)], T0);
    assert_eq!(route.hosts[1].dane, DaneState::Failed, "not asked counts as failed");
    assert_eq!(known(&Hosts::Null { ttl: 100_000 }, &[], T0).expires.since(T0), 3_600);
    assert_eq!(known(&Hosts::Failed(servfail()), &[], T0).expires.since(T0), 30);
    assert_eq!(known(&Hosts::NoDomain { ttl: 3 }, &[], T0).expires.since(T0), 60);
}

fn allowed(source: MxSource, state: DaneState, policy: Option<&strictmx_proto::sts::Policy>) -> Allowed {
    table(&route(source, &[state]), policy)[0].allowed
}

/// DANE-2.2-1 … DANE-2.2-4, D-25, STS-2-1, STS-4.1-1
#[test]
fn each_host_is_judged_by_dane_first_then_by_the_policy() {
    let signed = MxSource::Mx(Dnssec::Secure);
    let names = policy(Mode::Enforce, &["*.example.com"], 86_400);
    let other = policy(Mode::Enforce, &["mail.example.net"], 86_400);
    for (state, without, named, unnamed) in [
        (DaneState::Usable, Allowed::WithDane, Allowed::WithDane, Allowed::WithDane),
        (DaneState::Unusable, Allowed::WithTls, Allowed::WithCertificate, Allowed::NotInPolicy),
        (DaneState::None, Allowed::InAnyCase, Allowed::WithCertificate, Allowed::NotInPolicy),
        (DaneState::Failed, Allowed::LookupFailed, Allowed::LookupFailed, Allowed::LookupFailed),
        (DaneState::Dead, Allowed::NoAddress, Allowed::NoAddress, Allowed::NoAddress),
    ] {
        assert_eq!(allowed(signed, state, None), without);
        assert_eq!(allowed(signed, state, Some(&names)), named);
        assert_eq!(allowed(signed, state, Some(&other)), unnamed);
    }
}

/// D-27, D-30
#[test]
fn through_an_unsigned_mx_an_enforced_policy_decides_alone() {
    let unsigned = MxSource::Mx(Dnssec::Insecure);
    let names = policy(Mode::Enforce, &["*.example.com"], 86_400);
    for state in [DaneState::Usable, DaneState::Unusable, DaneState::None, DaneState::Failed] {
        assert_eq!(allowed(unsigned, state, Some(&names)), Allowed::WithCertificate);
    }
    assert_eq!(allowed(unsigned, DaneState::Usable, None), Allowed::WithDane);
}

/// D-31, STS-5-3
#[test]
fn testing_and_none_demand_nothing() {
    for mode in [Mode::Testing, Mode::None] {
        let policy = policy(mode, &["mail.example.net"], 86_400);
        let source = MxSource::Mx(Dnssec::Insecure);
        assert_eq!(allowed(source, DaneState::None, Some(&policy)), Allowed::InAnyCase);
    }
}

/// D-24
#[test]
fn a_policy_that_names_no_host_is_noticed() {
    let route = route(MxSource::Mx(Dnssec::Secure), &[DaneState::None, DaneState::Dead]);
    assert!(names_none(&route, &policy(Mode::Enforce, &["mail.example.net"], 1)));
    assert!(names_none(&route, &policy(Mode::Testing, &["mail.example.net"], 1)));
    assert!(!names_none(&route, &policy(Mode::Enforce, &["mail.example.net", "mx0.example.com"], 1)));
    assert!(names_none(&route, &policy(Mode::Enforce, &["mx1.example.com"], 1)), "a dead host is none");
    assert!(!names_none(&route, &policy(Mode::None, &[], 1)));
    let empty = crate::fixture::route(MxSource::Mx(Dnssec::Secure), &[]);
    assert!(!names_none(&empty, &policy(Mode::Enforce, &["mail.example.net"], 1)));
}

#[test]
fn a_row_names_the_pattern_that_matched_first() {
    let policy = policy(Mode::Enforce, &["mail.example.net", "*.example.com", "mx0.example.com"], 1);
    let rows = table(&route(MxSource::Mx(Dnssec::Secure), &[DaneState::None]), Some(&policy));
    assert_eq!(
        json(&rows),
        concat!(
            r#"[{"host":"mx0.example.com","preference":10,"dane":"none","cover":{"by":"*.example.com"},"#,
            r#""allowed":"with-certificate"}]"#
        )
    );
}

#[test]
fn hosts_and_routes_are_written_out() {
    let hosts = hosts(&name("example.com"), &found(vec![mx(10, "a.example")]));
    assert_eq!(
        json(&hosts),
        r#"{"route":"found","source":{"mx":"secure"},"hosts":[[10,"a.example"]],"dropped":[],"ttl":900}"#
    );
    assert_eq!(
        json(&route(MxSource::Configured, &[DaneState::Usable])),
        concat!(
            r#"{"source":{"hosts":"configured"},"hosts":[{"name":"mx0.example.com","preference":10,"dane":"usable"}],"#,
            r#""asked":1800000000,"expires":1800000300}"#
        )
    );
}

#[test]
fn a_route_is_asked_again_in_the_last_eighth_of_its_life() {
    let hosts = hosts(&name("example.com"), &found(vec![mx(10, "a.example")]));
    let known = known(&hosts, &[verdict("a.example", HostDane::NoTlsa { why: WhyNot::Absent }, 800)], T0);
    assert_eq!(known.expires, T0.plus(800));
    assert_eq!(known.renew_at(), T0.plus(700));
}

#[test]
fn a_route_shares_the_names_that_its_policy_spells_out_and_stays_the_same() {
    let hosts = hosts(&name("example.com"), &found(vec![mx(10, "a.example"), mx(20, "b.example")]));
    let known = known(&hosts, &[], T0);
    let policy = policy(Mode::Enforce, &["a.example", "*.example"], 86_400);
    let shared = known.sharing(&policy).unwrap();
    assert_eq!(shared, known);
    let strictmx_proto::sts::Pattern::Exact(spelled) = &policy.mx[0] else { panic!("{policy:?}") };
    assert!(core::ptr::eq(shared.hosts[0].name.as_str(), spelled.as_str()));
    assert_eq!(shared.sharing(&policy), None, "once is enough");
}
