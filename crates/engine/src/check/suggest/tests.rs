//! What is suggested: that it parses without a finding, covers all live MX hosts, and is kept back where it mends nothing.
use alloc::{format, string::ToString, sync::Arc, vec, vec::Vec};

use strictmx_proto::sts::Record;

use super::*;
use crate::{
    check::{
        Family, Intent, Observations,
        fixture::{NOW, findings, healthy, host, mail, name, nx, txt, visit},
        observations::Octets,
        verdict::judge,
    },
    fact::{FetchFailure, Seen},
    fixture::servfail,
};

fn suggested(seen: &Observations) -> Option<Suggestion> {
    judge(seen, &Intent::default(), &Family::ALL).suggestion
}

/// The healthy domain with these MX hosts and this policy; no policy without a text.
fn domain(hosts: &[(u16, &str)], text: Option<&str>) -> Observations {
    let mut seen = healthy();
    seen.mx = Some(mail(hosts));
    seen.hosts = hosts.iter().map(|(_, exchange)| Arc::new(host(exchange, [192, 0, 2, 25].into()))).collect();
    match text {
        Some(text) => seen.policy_host.as_mut().unwrap().visits = vec![visit([192, 0, 2, 1].into(), text)],
        None => {
            seen.sts.as_mut().unwrap().txt = nx();
            let host = seen.policy_host.as_mut().unwrap();
            host.addresses.a = nx();
            host.addresses.aaaa = nx();
            host.visits.clear();
        }
    }
    seen
}

/// The suggestion parses without a finding of any kind, covers every live host, and gives no finding when it is published.
fn holds(seen: &Observations) -> Suggestion {
    let suggestion = suggested(seen).unwrap();
    let parsed = Policy::parse(suggestion.policy.as_bytes()).unwrap();
    assert_eq!(parsed.findings, [], "{}", suggestion.policy);
    let intent = Intent::default();
    let context = Context::new(seen, &intent);
    for (_, host) in context.live_mx() {
        assert!(parsed.policy.covers(host), "{host}: {}", suggestion.policy);
    }
    assert!(suggestion.policy.starts_with("version: STSv1\r\n") && suggestion.policy.ends_with("\r\n"));
    let record = suggestion.record.split('"').nth(1).unwrap();
    let id = Record::parse(record.as_bytes()).unwrap().unwrap().id;

    let mut published = seen.clone();
    published.policy_file = Some(Octets(suggestion.policy.clone().into_bytes().into()));
    published.sts.as_mut().unwrap().txt = txt(&[record]);
    for family in [Family::Policy, Family::Mx] {
        let found = findings(&published, &intent, family);
        let worse: Vec<_> = found.iter().filter(|finding| finding.severity > crate::check::Severity::Info).collect();
        assert!(worse.is_empty(), "{worse:#?}");
    }
    assert!(!id.is_empty());
    assert_eq!(suggested(&published).map(|again| again.policy), None);
    suggestion
}

#[test]
fn nothing_is_suggested_to_a_healthy_domain() {
    assert_eq!(suggested(&healthy()), None);
    let other_order = "version: STSv1\nmax_age: 604800\nmode: enforce\nmx: mx.example.com\nnote: x";
    assert_eq!(suggested(&domain(&[(10, "mx.example.com")], Some(other_order))), None);
}

#[test]
fn a_domain_without_a_policy_begins_with_testing_for_a_day() {
    let suggestion = holds(&domain(&[(10, "mx.example.com"), (20, "mx2.example.net")], None));
    assert_eq!(
        suggestion.policy,
        "version: STSv1\r\nmode: testing\r\nmx: mx.example.com\r\nmx: mx2.example.net\r\nmax_age: 86400\r\n"
    );
    assert_eq!(suggestion.record, "_mta-sts.example.com. 3600 IN TXT \"v=STSv1; id=20270115080000;\"");
    assert!(suggestion.because.iter().any(|why| why.contains("no policy yet")));
}

#[test]
fn the_mode_is_kept_and_a_host_that_is_missing_is_added() {
    let hosts = [(10, "mx.example.com"), (20, "mx2.example.com")];
    let text = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 1209600\r\n";
    let suggestion = holds(&domain(&hosts, Some(text)));
    assert_eq!(
        suggestion.policy,
        "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmx: mx2.example.com\r\nmax_age: 1209600\r\n"
    );
}

#[test]
fn a_wildcard_that_covers_live_hosts_is_kept() {
    let hosts = [(10, "a.mail.example.com"), (20, "b.mail.example.com")];
    let text = "version: STSv1\r\nmode: testing\r\n\r\nmx: *.mail.example.com\r\nmx: old.example.com\r\nmax_age: 0\r\n";
    let suggestion = holds(&domain(&hosts, Some(text)));
    assert_eq!(suggestion.policy, "version: STSv1\r\nmode: testing\r\nmx: *.mail.example.com\r\nmax_age: 86400\r\n");
    assert!(suggestion.because.iter().any(|why| why.contains("old.example.com") && why.contains("Keep it if")));
}

#[test]
fn providers_patterns_stand_for_their_hosts() {
    let hosts = [(0, "contoso-com.o-v1.mx.microsoft"), (10, "aspmx.l.google.com"), (20, "alt1.aspmx.l.google.com")];
    let suggestion = holds(&domain(&hosts, None));
    let lines: Vec<&str> = suggestion.policy.lines().filter(|line| line.starts_with("mx")).collect();
    assert_eq!(lines, ["mx: *.o-v1.mx.microsoft", "mx: aspmx.l.google.com", "mx: *.aspmx.l.google.com"]);
    assert!(suggestion.because.iter().any(|why| why.contains("Microsoft 365") && why.contains("as of 2026-")));
}

/// STS-3.2-11
#[test]
fn a_none_policy_keeps_its_mx_lines() {
    let text = "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n";
    let suggestion = holds(&domain(&[(10, "mx.example.com")], Some(text)));
    assert_eq!(suggestion.policy, "version: STSv1\r\nmode: none\r\nmx: mx.example.com\r\nmax_age: 86400\r\n");
}

#[test]
fn a_broken_text_is_written_anew_as_it_was_meant() {
    let text = "Version: STSv1\nMode: enforced\nnmx: mx.example.com.\nmax-age: 30d\n";
    let suggestion = holds(&domain(&[(10, "mx.example.com")], Some(text)));
    assert_eq!(suggestion.policy, "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 2592000\r\n");
}

/// STS-10.4-1
#[test]
fn a_wildcard_over_strangers_is_replaced_by_the_hosts() {
    let text = "version: STSv1\r\nmode: enforce\r\nmx: *.com\r\nmax_age: 604800\r\n";
    let suggestion = holds(&domain(&[(10, "example.com")], Some(text)));
    assert!(suggestion.policy.contains("mx: example.com\r\n"));
}

/// STS-3.1-3
#[test]
fn a_record_that_is_missing_or_bad_is_suggested_with_an_id_of_its_own() {
    let mut seen = healthy();
    seen.sts.as_mut().unwrap().txt = txt(&["v=STSv1; id=bad-id;"]);
    assert!(suggested(&seen).unwrap().record.contains("id=20270115080000;"));
    let taken = format!("v=STSv1; id={};", calendar::new_id(NOW));
    let mut seen = domain(&[(10, "mx.example.com"), (20, "b.example.com")], Some(crate::check::fixture::POLICY));
    seen.sts.as_mut().unwrap().txt = txt(&[&taken]);
    assert!(suggested(&seen).unwrap().record.contains("id=20270115080001;"));
}

/// TLSRPT-3-3
#[test]
fn a_report_address_is_suggested_where_there_is_none() {
    let mut seen = domain(&[(10, "mx.example.com")], None);
    assert_eq!(suggested(&seen).unwrap().tlsrpt, "");
    seen.tlsrpt.as_mut().unwrap().record.txt = nx();
    let own = "_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@example.com;\"";
    assert_eq!(suggested(&seen).unwrap().tlsrpt, own);
    let intent = Intent { rua: Some("https://reports.example.net/v1".to_string()), ..Intent::default() };
    let declared = judge(&seen, &intent, &Family::ALL).suggestion.unwrap();
    assert!(declared.tlsrpt.contains("rua=https://reports.example.net/v1;"));
    seen.tlsrpt.as_mut().unwrap().record.txt = Seen::Failed(servfail());
    assert_eq!(suggested(&seen).unwrap().tlsrpt, "");
}

#[test]
fn a_host_that_was_not_declared_is_not_let_in() {
    let seen = domain(&[(10, "mx.example.com"), (5, "spy.example.net")], None);
    let intent = Intent { mx: vec![name("mx.example.com")], ..Intent::default() };
    let suggestion = judge(&seen, &intent, &Family::ALL).suggestion.unwrap();
    assert!(!suggestion.policy.contains("spy"), "{}", suggestion.policy);
    assert!(suggestion.because.iter().any(|why| why.contains("spy.example.net") && why.contains("declared")));
}

#[test]
fn nothing_is_suggested_where_too_little_is_known() {
    let mut no_mx = healthy();
    no_mx.mx.as_mut().unwrap().mx = Seen::Failed(servfail());
    no_mx.sts.as_mut().unwrap().txt = nx();
    no_mx.policy_host.as_mut().unwrap().visits[0].body = None;
    assert_eq!(suggested(&no_mx), None);

    let mut unreachable = healthy();
    let visit = &mut unreachable.policy_host.as_mut().unwrap().visits[0];
    visit.stopped = Some(FetchFailure::Connect { detail: "refused".into() });
    (visit.status, visit.body) = (None, None);
    assert_eq!(suggested(&unreachable), None);

    let mut only_mx = healthy();
    (only_mx.sts, only_mx.policy_host) = (None, None);
    assert_eq!(suggested(&only_mx), None);
}

#[test]
fn max_age_stays_where_it_is_sane() {
    for (mode, published, wanted) in [
        (Mode::Enforce, None, WEEK),
        (Mode::Enforce, Some(DAY), WEEK),
        (Mode::Enforce, Some(MAX_MAX_AGE), MAX_MAX_AGE),
        (Mode::Testing, None, DAY),
        (Mode::Testing, Some(WEEK), WEEK),
        (Mode::Testing, Some(WEEK + 1), DAY),
        (Mode::None, Some(60), DAY),
    ] {
        assert_eq!(max_age(mode, published), wanted, "{mode} {published:?}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_published_what_is_suggested_is_read_alike_by_all_and_covers_every_host(
        lines in proptest::collection::vec(
            "(version|mode|max_age|mx|nmx|Mode|#| mx )(:|: |=|)(STSv1|enforce|testing|none|[0-9]{0,11}|(\\*\\.)?[a-z.]{0,12}|\\PC{0,8})",
            0..8,
        ),
        end in "(\r\n|\n|\r)",
        hosts in proptest::collection::vec("[a-z][a-z0-9-]{0,5}[a-z]\\.(example\\.com|mx\\.microsoft|mail\\.protection\\.outlook\\.com)", 1..4),
    ) {
        let hosts: Vec<(u16, &str)> = hosts.iter().map(|host| (10, host.as_str())).collect();
        let seen = domain(&hosts, Some(&lines.join(&end)));
        if suggested(&seen).is_some() {
            holds(&seen);
        }
    }
}
