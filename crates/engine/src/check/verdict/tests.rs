//! State, health and the one sentence.
use alloc::{sync::Arc, vec};

use crate::{
    check::{
        Family, Health, Intent, Observations, State, Verdict,
        fixture::{POLICY, healthy, host, mail, nx, txt, visit},
        judge,
        observations::Octets,
    },
    fact::{DnsFailure, DnsFailureKind, FetchFailure, Seen},
    fixture::servfail,
};

fn verdict(seen: &Observations) -> Verdict {
    judge(seen, &Intent::default(), &[Family::Record, Family::Policy, Family::Mx])
}

fn told(seen: &Observations) -> (State, Health, alloc::string::String) {
    let verdict = verdict(seen);
    (verdict.state, verdict.health, verdict.summary)
}

fn serving(text: &str) -> Observations {
    let mut seen = healthy();
    seen.policy_host.as_mut().unwrap().visits = vec![visit([192, 0, 2, 1].into(), text)];
    seen
}

fn with_two_hosts(text: &str) -> Observations {
    let mut seen = serving(text);
    seen.mx = Some(mail(&[(10, "mx.example.com"), (20, "mx2.example.com")]));
    seen.hosts = ["mx.example.com", "mx2.example.com"].map(|name| Arc::new(host(name, [192, 0, 2, 25].into()))).into();
    seen
}

#[test]
fn a_healthy_domain_is_told_in_one_sentence() {
    assert_eq!(told(&healthy()), (State::Enforce, Health::Healthy, "enforce, healthy: the MX host is covered".into()));
    let both = POLICY.replace("max_age", "mx: mx2.example.com\r\nmax_age");
    assert_eq!(told(&with_two_hosts(&both)).2, "enforce, healthy: all 2 MX hosts are covered");
}

/// STS-5-1
#[test]
fn an_error_under_enforce_is_broken_and_names_the_mail_that_is_lost() {
    assert_eq!(
        told(&with_two_hosts(POLICY)),
        (State::Enforce, Health::Broken, "enforce, broken: 1 error; mail to mx2.example.com would be refused".into())
    );
    let all = with_two_hosts(&POLICY.replace("mx.example.com", "mx.example.org"));
    assert_eq!(told(&all).2, "enforce, broken: 2 errors, 1 warning; all mail would be refused");
}

/// STS-5-2
#[test]
fn an_error_in_testing_is_a_risk() {
    let seen = with_two_hosts(&POLICY.replace("enforce", "testing"));
    assert_eq!(
        told(&seen),
        (
            State::Testing,
            Health::AtRisk,
            "testing, at risk: 1 error; mail to mx2.example.com would be refused under enforce".into()
        )
    );
    let good = told(&serving(&POLICY.replace("enforce", "testing")));
    assert_eq!(good.2, "testing, healthy: nothing stands against enforce");
}

#[test]
fn a_warning_is_a_risk_and_stands_in_the_sentence() {
    let short = told(&serving(&POLICY.replace("2592000", "86400")));
    assert_eq!(short.1, Health::AtRisk);
    assert_eq!(short.2, "enforce, at risk: 1 warning; max_age is short for enforce (line 4)");
}

#[test]
fn what_senders_cannot_use_is_broken() {
    let mut seen = serving(&POLICY.replace("version: STSv1", "version: 1"));
    let (state, health, summary) = told(&seen);
    assert_eq!((state, health), (State::Broken, Health::Broken));
    assert!(summary.starts_with("broken: ") && summary.contains("senders cannot use what is published"), "{summary}");

    seen = healthy();
    seen.sts.as_mut().unwrap().txt = txt(&["v=STSv1; id=a;", "v=STSv1; id=b;"]);
    assert_eq!((told(&seen).0, told(&seen).1), (State::Broken, Health::Broken));
}

/// STS-8.1-2
#[test]
fn a_policy_without_a_record_is_for_nothing_yet() {
    let mut seen = healthy();
    seen.sts.as_mut().unwrap().txt = nx();
    let (state, health, summary) = told(&seen);
    assert_eq!((state, health), (State::Broken, Health::Broken));
    assert!(summary.contains("no _mta-sts record tells senders of it"), "{summary}");
}

#[test]
fn a_domain_without_anything_is_absent_even_if_its_web_server_answers_every_path() {
    let mut seen = serving("<html>welcome</html>");
    seen.sts.as_mut().unwrap().txt = nx();
    assert_eq!(told(&seen).0, State::Absent);
    assert!(told(&seen).2.contains("no MTA-STS"));
    seen.policy_host = None;
    assert_eq!(told(&seen).0, State::Absent);
}

#[test]
fn what_could_not_be_looked_at_is_unknown_and_not_broken() {
    let mut seen = healthy();
    seen.sts.as_mut().unwrap().txt = Seen::Failed(servfail());
    assert_eq!((told(&seen).0, told(&seen).1), (State::Unknown, Health::Unknown));
    assert!(told(&seen).2.starts_with("unknown: "));

    let mut seen = healthy();
    let host = seen.policy_host.as_mut().unwrap();
    host.visits.clear();
    let timeout = || DnsFailure { kind: DnsFailureKind::Timeout, detail: "by test".into() };
    (host.addresses.a, host.addresses.aaaa) = (Seen::Failed(timeout()), Seen::Failed(timeout()));
    assert_eq!(told(&seen).0, State::Unknown);
}

/// STS-3.3-12
#[test]
fn a_policy_host_that_does_not_answer_or_does_not_exist_is_broken() {
    let mut seen = healthy();
    let visit = &mut seen.policy_host.as_mut().unwrap().visits[0];
    visit.stopped = Some(FetchFailure::Connect { detail: "refused".into() });
    (visit.status, visit.body) = (None, None);
    assert_eq!(told(&seen).0, State::Broken);

    let mut seen = healthy();
    let host = seen.policy_host.as_mut().unwrap();
    host.visits.clear();
    (host.addresses.a, host.addresses.aaaa) = (nx(), nx());
    assert_eq!(told(&seen).0, State::Broken);
}

#[test]
fn a_policy_on_its_own_is_judged_by_its_text() {
    let mut seen = healthy();
    (seen.sts, seen.policy_host) = (None, None);
    seen.policy_file = Some(Octets(POLICY.as_bytes().into()));
    assert_eq!((told(&seen).0, told(&seen).1), (State::Enforce, Health::Healthy));
    seen.policy_file = Some(Octets(b"version: STSv1".as_slice().into()));
    assert_eq!((told(&seen).0, told(&seen).1), (State::Broken, Health::Broken));
}

#[test]
fn a_partial_look_is_healthy_or_not_by_its_findings() {
    let mut seen = healthy();
    (seen.sts, seen.policy_host) = (None, None);
    let verdict = judge(&seen, &Intent::default(), &[Family::Mx]);
    assert_eq!((verdict.state, verdict.health), (State::Unknown, Health::Healthy));
}

/// STS-5-3
#[test]
fn a_none_policy_is_switched_off() {
    let (state, health, summary) = told(&serving(&POLICY.replace("enforce", "none")));
    assert_eq!((state, health), (State::None, Health::Healthy));
    assert_eq!(summary, "none, healthy: MTA-STS is switched off");
}

/// R5321-5.1-4
#[test]
fn an_mx_record_without_a_host_loses_mail_whatever_the_policy_says() {
    let mut seen = serving(&POLICY.replace("enforce", "testing"));
    let mut dead = host("mx.example.com", [192, 0, 2, 25].into());
    dead.addresses.as_mut().unwrap().a = nx();
    dead.addresses.as_mut().unwrap().aaaa = nx();
    seen.hosts = vec![Arc::new(dead)];
    assert_eq!(told(&seen).1, Health::Broken);
}
