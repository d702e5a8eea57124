use alloc::{string::String, vec};

use super::super::count::{Bounds, Counts, DomainDay, PolicyDay};
use super::*;

const RECORD: &str = "v=TLSRPTv1; rua=mailto:tlsrpt@example.com";

fn counted(hosts: HostScope, datagrams: &[&str]) -> Vec<DomainDay> {
    let mut tally = Tally::new(Bounds::default());
    for datagram in datagrams {
        let datagram = Datagram::parse(datagram.as_bytes()).unwrap();
        assert_eq!(count(&mut tally, Day(1), &datagram, hosts).unwrap().1, Kept::Yes);
    }
    let mut days = tally.take();
    days.sort_by(|a, b| (&a.domain, a.scope).cmp(&(&b.domain, b.scope)));
    days
}

fn datagram(domain: &str, policies: &str) -> String {
    alloc::format!(r#"{{"dpv": "1","d": "{domain}","pr": "{RECORD}","policies":[{policies}]}}"#)
}

fn only(days: Vec<DomainDay>) -> PolicyDay {
    assert_eq!(days.len(), 1, "{days:?}");
    assert_eq!(days[0].policies.len(), 1, "{days:?}");
    days[0].policies[0].clone()
}

// TLSRPT-1.1-1, TLSRPT-4.2-1, TLSRPT-4.2-2
#[test]
fn successes_and_failures_of_one_policy_come_into_one_row() {
    let sts = |rest: &str| {
        let policy = r#""policy-type":2,"policy-domain": "example.com","policy-string":["version: STSv1","mode: enforce"],"mx-host":["mx.example.com"]"#;
        datagram("Example.COM.", &alloc::format!("{{{policy},{rest}}}"))
    };
    let failure =
        r#""failure-details":[{"c":204,"s": "192.0.2.10","n": "MX.example.com.","h": "mx.example.com"}],"t":1,"f":1"#;
    let days = counted(HostScope::Off, &[&sts(r#""t":0,"f":0"#), &sts(failure), &sts(failure)]);
    assert_eq!((days[0].domain.as_str(), days[0].record.as_deref()), ("example.com", Some(RECORD)));
    let policy = only(days);
    assert_eq!(policy.counts, Counts { success: 1, failure: 2 });
    assert_eq!(policy.policy.text, ["version: STSv1", "mode: enforce"].map(Into::into).into());
    let (detail, sessions) = &policy.details[0];
    assert_eq!((&*detail.result_type, *sessions), ("certificate-expired", 2));
    assert_eq!(detail.receiving_mx_hostname.as_deref(), Some("mx.example.com"));
}

// TLSRPT-1.1-2
#[test]
fn tlsa_records_are_one_policy_however_they_are_written() {
    let tlsa = |records: &str| {
        let policy = r#""policy-type":1,"policy-domain": "mx.example.com","mx-host":["mx.example.com"]"#;
        datagram("example.com", &alloc::format!(r#"{{{policy},"policy-string":[{records}],"t":0,"f":0}}"#))
    };
    let written = [tlsa(r#""3 1 1 abcd","3 1 1 00FF""#), tlsa(r#""3  1 1 00 ff","3 1 1 ABCD","3 1 1 abcd""#)];
    let policy = only(counted(HostScope::Off, &[&written[0], &written[1]]));
    assert_eq!(policy.policy.text, ["3 1 1 00FF", "3 1 1 ABCD"].map(Into::into).into());
    assert_eq!((policy.policy.domain.as_str(), policy.policy.mx.len()), ("mx.example.com", 0));
    assert_eq!(policy.counts.success, 2);
    assert_eq!(*tlsa_of(&["not a record"]), ["not a record".into()]);
}

fn tlsa_of(records: &[&str]) -> Box<[Box<str>]> {
    tlsa(records.iter().copied())
}

#[test]
fn an_mx_host_is_told_of_its_own_dane_policy_where_that_is_wanted() {
    let both = datagram(
        "example.com",
        r#"{"policy-type":1,"policy-domain": "mx.example.com","policy-string":["3 1 1 00"],"t":0,"f":1},{"policy-type":2,"t":0,"f":0}"#,
    );
    assert_eq!(counted(HostScope::Off, &[&both]).len(), 1);
    let days = counted(HostScope::On, &[&both]);
    let of: Vec<_> = days.iter().map(|day| (day.domain.as_str(), day.scope, day.policies.len())).collect();
    assert_eq!(of, [("example.com", Scope::Domain, 2), ("mx.example.com", Scope::Host, 1)]);
    assert_eq!(days[1].record, None, "the record is the domain's, not the host's");
}

// TLSRPT-4-2, TLSRPT-4-4
#[test]
fn each_policy_of_a_datagram_counts_by_itself_and_each_different_failure_once() {
    let failure = r#"{"c":203,"n": "mx.example.com"}"#;
    let two = datagram(
        "example.com",
        &alloc::format!(
            r#"{{"policy-type":2,"failure-details":[{failure},{failure},{{"c":999}}],"t":3,"f":0}},{{"policy-type":1,"t":0,"f":1}}"#
        ),
    );
    let day = counted(HostScope::Off, &[&two]).remove(0);
    let of = |kind| day.policies.iter().find(|day| day.policy.kind == kind).unwrap();
    let sts = of(PolicyType::Sts);
    assert_eq!(sts.counts, Counts { success: 1, failure: 0 }, "a failure that was overcome is told all the same");
    let mut told: Vec<_> = sts.details.iter().map(|(detail, sessions)| (&*detail.result_type, *sessions)).collect();
    told.sort_unstable();
    assert_eq!(told, [("999", 1), ("certificate-not-trusted", 1)]);
    assert_eq!(of(PolicyType::Tlsa).counts.failure, 1);
}

#[test]
fn unknown_kinds_and_outcomes_are_no_reason_to_lose_a_session() {
    let unknown = r#"{"policy-type":5,"policy-domain": "example.com","t":0,"f":2}"#;
    let policy = only(counted(HostScope::Off, &[&datagram("example.com", unknown)]));
    assert_eq!((policy.policy.kind, policy.counts.failure), (PolicyType::NoPolicyFound, 1));
    let beside = alloc::format!(r#"{unknown},{{"policy-type":9,"t":0,"f":0}}"#);
    let policy = only(counted(HostScope::Off, &[&datagram("example.com", &beside)]));
    assert_eq!(policy.counts, Counts { success: 1, failure: 0 });
}

#[test]
fn a_datagram_about_no_domain_is_refused() {
    let mut tally = Tally::new(Bounds::default());
    for domain in ["", "192.0.2.1", "a..b"] {
        let text = datagram(domain, r#"{"policy-type":9,"t":0,"f":0}"#);
        let read = Datagram::parse(text.as_bytes()).unwrap();
        assert_eq!(count(&mut tally, Day(1), &read, HostScope::Off), Err(NoDomain), "{domain}");
    }
    assert!(tally.is_empty());
}

#[test]
fn many_sessions_that_are_the_same_count_as_if_each_had_come() {
    let text = datagram(
        "example.com",
        r#"{"policy-type":1,"policy-domain": "mx.example.com","policy-string":["3 1 1 AA"],"failure-details":[{"c":203}],"t":1,"f":1}"#,
    );
    let parsed = Datagram::parse(text.as_bytes()).unwrap();
    let (mut once, mut each) = (Tally::default(), Tally::default());
    let (sessions, _) = count_times(&mut once, Day(1), &parsed, HostScope::On, 3).unwrap();
    for _ in 0..3 {
        count(&mut each, Day(1), &parsed, HostScope::On).unwrap();
    }
    let sorted = |mut days: Vec<DomainDay>| {
        days.sort_by_key(|day| day.scope);
        days
    };
    assert_eq!(sorted(once.take()), sorted(each.take()));
    assert!(
        sessions
            .iter()
            .any(|(kind, outcome, number)| (kind, outcome, number) == (PolicyType::Tlsa, Outcome::Failure, 3))
    );
}

#[test]
fn sessions_are_told_apart_by_kind_and_outcome() {
    let mut sessions = Sessions::default();
    sessions.add(PolicyType::Sts, Outcome::Failure);
    sessions.add(PolicyType::Sts, Outcome::Failure);
    sessions.add(PolicyType::Tlsa, Outcome::Success);
    sessions.add(PolicyType::Tlsa, Outcome::None);
    let mut sum = sessions;
    sum.append(&sessions);
    let told: Vec<_> = sum.iter().filter(|(_, _, number)| *number > 0).collect();
    assert_eq!(told, vec![(PolicyType::Tlsa, Outcome::Success, 2), (PolicyType::Sts, Outcome::Failure, 4)]);
}
