use alloc::{format, string::ToString, sync::Arc, vec, vec::Vec};

use strictmx_proto::sts::{Mode, NoRecord};

use super::*;
use crate::{
    dane::DaneState,
    fact::{DnsFailureKind, Dnssec},
    fixture::{T0, json, policy, route},
    lookup::{NoPolicy, Verdict},
    route::{MxSource, RouteKnown, RouteSource, table},
};

const U: DaneState = DaneState::Usable;
const X: DaneState = DaneState::Unusable;
const N: DaneState = DaneState::None;
const F: DaneState = DaneState::Failed;
const D: DaneState = DaneState::Dead;

const SIGNED: MxSource = MxSource::Mx(Dnssec::Secure);
const UNSIGNED: MxSource = MxSource::Mx(Dnssec::Insecure);
const ON: Settings = Settings { partial_dane: PartialDane::DaneOnly, dane: DaneUse::On };
const OFF: Settings = Settings { partial_dane: PartialDane::DaneOnly, dane: DaneUse::Off };

fn enforce() -> Verdict {
    Verdict::Policy(policy(Mode::Enforce, &["*.example.com"], 86_400))
}

fn unenforced() -> [Verdict; 7] {
    [
        Verdict::Policy(policy(Mode::Testing, &["*.example.com"], 86_400)),
        Verdict::Policy(policy(Mode::None, &[], 86_400)),
        Verdict::None(NoPolicy::NoRecord(NoRecord::None)),
        Verdict::None(NoPolicy::Dns(DnsFailureKind::Timeout)),
        Verdict::None(NoPolicy::Fetch(crate::fact::FetchFailure::TooLarge)),
        Verdict::None(NoPolicy::Invalid(strictmx_proto::sts::Policy::parse(b"").unwrap_err())),
        Verdict::None(NoPolicy::Pending),
    ]
}

fn levels(route: Option<&RouteKnown>, settings: &Settings) -> (Level, Level) {
    let without: Vec<_> = unenforced().iter().map(|sts| plan(route, sts, settings).level).collect();
    assert!(without.iter().all(|level| *level == without[0]), "testing and none are as no policy: {without:?}");
    (plan(route, &enforce(), settings).level, without[0])
}

fn bare(source: RouteSource) -> RouteKnown {
    RouteKnown { source, hosts: [].into(), asked: T0, expires: T0 }
}

#[test]
fn with_dane_off_the_policy_decides_alone() {
    for states in [vec![U, U], vec![F], vec![X], vec![N], vec![]] {
        assert_eq!(levels(Some(&route(SIGNED, &states)), &OFF), (Level::Secure, Level::NotFound));
    }
    assert_eq!(levels(None, &OFF), (Level::Secure, Level::NotFound));
}

/// D-22, DANE-2.1.2-1
#[test]
fn an_unknown_route_is_no_reason_to_drop_dane_or_the_policy() {
    assert_eq!(levels(None, &ON), (Level::Temp, Level::Dane));
    let failed = bare(RouteSource::Failed(DnsFailureKind::Servfail));
    assert_eq!(levels(Some(&failed), &ON), (Level::Temp, Level::Dane));
}

/// A-18
#[test]
fn domains_without_hosts_leave_the_policy() {
    for source in [RouteSource::Null, RouteSource::NoDomain] {
        assert_eq!(levels(Some(&bare(source)), &ON), (Level::Secure, Level::NotFound));
    }
    for states in [vec![], vec![D, D]] {
        assert_eq!(levels(Some(&route(SIGNED, &states)), &ON), (Level::Secure, Level::NotFound));
    }
}

/// D-27, D-30, DANE-2.2.1-3
#[test]
fn through_unsigned_mx_records_dane_cannot_bind() {
    for source in [UNSIGNED, MxSource::Implicit(Dnssec::Insecure)] {
        for (states, without) in [
            (vec![U, U], Level::Dane),
            (vec![U, N], Level::Dane),
            (vec![X], Level::Dane),
            (vec![F, N], Level::Dane),
            (vec![N, N], Level::NotFound),
            (vec![N, D], Level::NotFound),
        ] {
            assert_eq!(levels(Some(&route(source, &states)), &ON), (Level::Secure, without), "{states:?}");
        }
    }
}

/// D-25, D-26, D-28, D-29
#[test]
fn through_signed_mx_records_the_table_holds() {
    for source in [SIGNED, MxSource::Implicit(Dnssec::Secure), MxSource::Configured] {
        for (states, enforced, without) in [
            (vec![U], Level::DaneOnly, Level::DaneOnly),
            (vec![U, U, D], Level::DaneOnly, Level::DaneOnly),
            (vec![U, N], Level::DaneOnly, Level::Dane),
            (vec![U, X], Level::DaneOnly, Level::Dane),
            (vec![U, F], Level::DaneOnly, Level::Dane),
            (vec![U, N, F], Level::DaneOnly, Level::Dane),
            (vec![F], Level::Temp, Level::Dane),
            (vec![F, N], Level::Temp, Level::Dane),
            (vec![F, X], Level::Temp, Level::Dane),
            (vec![X], Level::Secure, Level::Dane),
            (vec![X, N], Level::Secure, Level::Dane),
            (vec![N], Level::Secure, Level::NotFound),
        ] {
            assert_eq!(levels(Some(&route(source, &states)), &ON), (enforced, without), "{states:?}");
        }
    }
}

/// D-26
#[test]
fn the_operator_may_choose_what_partial_dane_means() {
    let choose = |partial_dane| Settings { partial_dane, dane: DaneUse::On };
    for (partial_dane, level) in [
        (PartialDane::DaneOnly, Level::DaneOnly),
        (PartialDane::Dane, Level::Dane),
        (PartialDane::Secure, Level::Secure),
    ] {
        assert_eq!(levels(Some(&route(SIGNED, &[U, N])), &choose(partial_dane)), (level, Level::Dane));
        // D-29: with a failure among the others the setting does not count, nor does it where DANE is everywhere.
        assert_eq!(levels(Some(&route(SIGNED, &[U, F])), &choose(partial_dane)), (Level::DaneOnly, Level::Dane));
        assert_eq!(levels(Some(&route(SIGNED, &[U])), &choose(partial_dane)), (Level::DaneOnly, Level::DaneOnly));
    }
}

fn all_routes() -> Vec<RouteKnown> {
    let mut all = Vec::new();
    for source in [
        SIGNED,
        UNSIGNED,
        MxSource::Implicit(Dnssec::Secure),
        MxSource::Implicit(Dnssec::Insecure),
        MxSource::Configured,
    ] {
        all.push(route(source, &[]));
        for a in [U, X, N, F, D] {
            all.push(route(source, &[a]));
            for b in [U, X, N, F, D] {
                all.push(route(source, &[a, b]));
                all.extend([U, X, N, F, D].map(|c| route(source, &[a, b, c])));
            }
        }
    }
    all
}

/// STS-2-1, STS-5-1, DANE-2.2-1, DANE-2.2-2, DANE-2.2-4, DANE-2.2.3-4: whatever the hosts are like, the one level that is
/// given makes the mail server demand of each at least what the RFCs demand of it.
#[test]
fn no_plan_falls_short_of_what_the_rfcs_want_of_any_host() {
    let verdicts = unenforced().into_iter().chain([enforce()]);
    for sts in verdicts {
        for route in all_routes() {
            let plan = plan(Some(&route), &sts, &ON);
            let policy = sts.policy().map(Arc::as_ref);
            for row in table(&route, policy).iter().filter(|row| row.dane != D) {
                let wanted = Require::from(row.allowed);
                let demanded = plan.level.demands(row.dane);
                // The policy's patterns are matched by the mail server: at `secure` a host outside of them is refused.
                assert!(demanded >= wanted, "{route:?} {sts:?}: {plan:?} demands {demanded:?} of {row:?}");
            }
        }
    }
}

#[test]
fn with_dane_on_an_enforced_policy_is_never_not_found() {
    for route in all_routes() {
        for partial_dane in [PartialDane::DaneOnly, PartialDane::Dane, PartialDane::Secure] {
            let settings = Settings { partial_dane, dane: DaneUse::On };
            assert_ne!(plan(Some(&route), &enforce(), &settings).level, Level::NotFound);
        }
    }
}

#[test]
fn combined_demands_are_at_least_as_strong_as_each() {
    let all = [
        Require::Nothing,
        Require::Encrypt,
        Require::Authenticated(By::Certificate),
        Require::Authenticated(By::Tlsa),
        Require::Refuse,
    ];
    assert!(all.is_sorted());
    for a in all {
        assert_eq!(a.and(a), a);
        assert_eq!(a.and(Require::Nothing), a);
        for b in all {
            assert_eq!(a.and(b), b.and(a));
            assert!(a.and(b) >= a && a.and(b) >= b);
            for c in all {
                assert_eq!(a.and(b).and(c), a.and(b.and(c)));
            }
        }
    }
}

#[test]
fn reasons_are_codes_and_sentences() {
    let plan = plan(Some(&route(UNSIGNED, &[N])), &enforce(), &ON);
    assert_eq!(
        plan.reasons.to_string(),
        concat!(
            "the MX records are not signed by DNSSEC, so DANE cannot bind here; ",
            "the enforced MTA-STS policy decides alone; the domain's MTA-STS policy is to be enforced"
        )
    );
    let text = json(&plan);
    assert!(
        text.starts_with(r#"{"level":"secure","reasons":[{"code":"mx-unsigned","sentence":"the MX records"#),
        "{text}"
    );
}

#[test]
fn every_plan_has_a_reason_for_its_level_and_one_for_the_policy() {
    for route in all_routes().iter().map(Some).chain([None]) {
        for sts in unenforced().iter().chain([&enforce()]) {
            for settings in [&ON, &OFF] {
                let reasons = plan(route, sts, settings).reasons;
                assert!((2..=3).contains(&reasons.iter().count()), "{reasons:?}");
                assert!(
                    reasons.iter().all(|reason| !reason.sentence().is_empty() && !format!("{reason}").ends_with('.'))
                );
            }
        }
    }
}
