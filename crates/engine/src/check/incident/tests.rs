//! Courses of looks, and what is told of them.
use alloc::{borrow::Cow, string::String, vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::{
    check::{
        Check, Health, State,
        fixture::{self, healthy, name},
    },
    fact::{DnsFailure, DnsFailureKind, Seen, TlsOutcome},
};

static CERTIFICATE: Check = check("smtp.test-certificate", Family::Smtp, Side::MxProvider);
static RECORD: Check = check("sts.record.test", Family::Record, Side::Dns);
static POLICY: Check = check("sts.policy.test", Family::Policy, Side::Policy);
static COVERAGE: Check = check("mx.test", Family::Mx, Side::Policy);
static TLSA: Check = check("dane.test", Family::Dane, Side::MxProvider);
static HOST: Check = check("sts.host.test", Family::Host, Side::PolicyHost);
static REPORTS: Check = check("tlsrpt.test", Family::Tlsrpt, Side::Dns);
static NETWORK: Check = check("smtp.test-network", Family::Smtp, Side::Here);

const TWICE: Rules = Rules { confirm: 2, from: Severity::Warning };
const HOUR: u64 = 3600;

const fn check(id: &'static str, family: Family, side: Side) -> Check {
    Check { id, family, title: "", why: "", requirement: "", side }
}

fn finding(check: &'static Check, severity: Severity, subject: &'static str) -> Finding {
    let (next_step, publish) = (Cow::Borrowed("mend it"), Cow::Borrowed(""));
    Finding { check, severity, subject: Cow::Borrowed(subject), seen: "broken".into(), next_step, publish }
}

fn look(at: u64, findings: Vec<Finding>) -> Verdict {
    Verdict {
        domain: name("example.com"),
        at: Timestamp(at * HOUR),
        state: State::Enforce,
        health: Health::Healthy,
        summary: String::new(),
        families: Family::ALL.into(),
        findings,
        senders: Vec::new(),
        suggestion: None,
    }
}

/// A look that could see everything.
fn saw(incidents: &mut Incidents, verdict: &Verdict, rules: Rules) -> Vec<Alert> {
    incidents.saw(&healthy(), verdict, rules)
}

fn expired(severity: Severity) -> Vec<Finding> {
    vec![finding(&CERTIFICATE, severity, "mx.example.com")]
}

/// The news of each look in turn, `1` a look that shows an expired certificate, `0` one that does not, `?` one that is blind.
fn course(looks: &str, rules: Rules) -> Vec<(usize, News)> {
    let mut incidents = Incidents::default();
    let mut told = Vec::new();
    for (at, kind) in looks.chars().enumerate() {
        let mut verdict = look(at as u64, if kind == '1' { expired(Severity::Error) } else { Vec::new() });
        if kind == '?' {
            verdict.health = Health::Unknown;
        }
        told.extend(saw(&mut incidents, &verdict, rules).into_iter().map(|alert| (at, alert.news)));
    }
    told
}

#[test]
fn it_is_raised_once_when_two_looks_in_a_row_have_shown_it_and_cleared_once_when_two_have_not() {
    assert_eq!(course("0111100000", TWICE), [(2, News::Raised), (6, News::AllClear)]);
    assert_eq!(course("010101010", TWICE), []);
    assert_eq!(course("1", TWICE), []);
    assert_eq!(course("110111", TWICE), [(1, News::Raised)]);
}

#[test]
fn the_operator_chooses_how_many_looks_it_takes() {
    let rules = |confirm| Rules { confirm, ..TWICE };
    assert_eq!(course("1", rules(1)), [(0, News::Raised)]);
    assert_eq!(course("1", rules(0)), [(0, News::Raised)]);
    assert_eq!(course("11111", rules(4)), [(3, News::Raised)]);
}

#[test]
fn a_look_that_could_not_see_changes_nothing() {
    assert_eq!(course("1?1????0?0", TWICE), [(2, News::Raised), (9, News::AllClear)]);
    let mut incidents = Incidents::default();
    saw(&mut incidents, &look(0, expired(Severity::Error)), TWICE);
    assert_eq!(saw(&mut incidents, &look(1, expired(Severity::Error)), TWICE).len(), 1);
    for at in 2..10 {
        let mut blind = look(at, Vec::new());
        blind.families = vec![Family::Record, Family::Policy];
        assert_eq!(saw(&mut incidents, &blind, TWICE), [], "another family was looked at");
    }
    assert_eq!(incidents.iter().count(), 1);
}

#[test]
fn what_lies_here_is_no_incident_of_the_domain() {
    let mut incidents = Incidents::default();
    for at in 0..5 {
        assert_eq!(saw(&mut incidents, &look(at, vec![finding(&NETWORK, Severity::Error, "")]), TWICE), []);
    }
    assert_eq!(incidents.iter().count(), 0);
}

fn failed<T>() -> Seen<T> {
    Seen::Failed(DnsFailure { kind: DnsFailureKind::Servfail, detail: "".into() })
}

fn unreachable(seen: &mut Observations) {
    let host = alloc::sync::Arc::make_mut(&mut seen.hosts[0]);
    host.sessions[0].outcome = TlsOutcome::Unreachable { detail: String::new() };
}

#[test]
fn nothing_is_mended_because_its_part_could_not_be_looked_at() {
    type Break = fn(&mut Observations);
    let cases: [(&'static Check, &'static str, Break); 13] = [
        (&RECORD, "", |seen| seen.sts.as_mut().unwrap().txt = failed()),
        (&HOST, "mta-sts.example.com", |seen| seen.policy_host.as_mut().unwrap().addresses.a = failed()),
        (&HOST, "", |seen| {
            for visit in &mut seen.policy_host.as_mut().unwrap().visits {
                (visit.tls, visit.status) = (None, None);
            }
        }),
        (&POLICY, "line 3", |seen| seen.policy_host.as_mut().unwrap().visits.clear()),
        (&COVERAGE, "mx.example.com", |seen| seen.policy_host.as_mut().unwrap().visits.clear()),
        (&COVERAGE, "mx.example.com", |seen| seen.mx.as_mut().unwrap().mx = failed()),
        (&CERTIFICATE, "mx.example.com", |seen| seen.mx.as_mut().unwrap().mx = failed()),
        (&CERTIFICATE, "mx.example.com", unreachable),
        (&CERTIFICATE, "mx.example.com [192.0.2.25]", unreachable),
        (&CERTIFICATE, "", unreachable),
        (&TLSA, "_25._tcp.mx.example.com", |seen| {
            alloc::sync::Arc::make_mut(&mut seen.hosts[0]).tlsa.as_mut().unwrap()[0].1 = failed();
        }),
        (&REPORTS, "", |seen| seen.tlsrpt.as_mut().unwrap().record.txt = failed()),
        (&REPORTS, "", |seen| seen.tlsrpt = None),
    ];
    for (number, (check, subject, hide)) in cases.into_iter().enumerate() {
        let mut seen = healthy();
        if check.id == HOST.id && !subject.is_empty() {
            seen.policy_host.as_mut().unwrap().visits.clear();
        }
        hide(&mut seen);
        let mut incidents = Incidents::default();
        for at in 0..2 {
            saw(&mut incidents, &look(at, vec![finding(check, Severity::Error, subject)]), TWICE);
        }
        for at in 2..6 {
            assert_eq!(incidents.saw(&seen, &look(at, Vec::new()), TWICE), [], "{number}");
        }
        let mended: Vec<_> = (6..8).flat_map(|at| saw(&mut incidents, &look(at, Vec::new()), TWICE)).collect();
        assert_eq!(mended.len(), 1, "{number}");
    }
}

#[test]
fn another_host_that_is_out_of_reach_hides_nothing_of_this_one() {
    let mut seen = healthy();
    seen.hosts.push(alloc::sync::Arc::new(fixture::host("far.example.com", core::net::Ipv4Addr::new(192, 0, 2, 26))));
    unreachable(&mut seen);
    let mut incidents = Incidents::default();
    let of = |subject| finding(&CERTIFICATE, Severity::Error, subject);
    for at in 0..2 {
        saw(
            &mut incidents,
            &look(at, vec![of("mx.example.com"), of("far.example.com"), of("gone.example.com")]),
            TWICE,
        );
    }
    let mended: Vec<_> = (2..4).flat_map(|at| incidents.saw(&seen, &look(at, Vec::new()), TWICE)).collect();
    let subjects: Vec<_> = mended.iter().map(|alert| alert.key.subject.as_str()).collect();
    // Whatever else it is about, `gone` may have been renamed to the one that is out of reach.
    assert_eq!(subjects, ["far.example.com"]);
}

#[test]
fn a_policy_that_was_taken_away_takes_its_incidents_along() {
    let mut seen = healthy();
    seen.sts.as_mut().unwrap().txt = fixture::nx();
    seen.policy_host.as_mut().unwrap().visits.clear();
    let mut incidents = Incidents::default();
    for at in 0..2 {
        saw(&mut incidents, &look(at, vec![finding(&POLICY, Severity::Error, "line 3")]), TWICE);
    }
    let mended: Vec<_> = (2..4).flat_map(|at| incidents.saw(&seen, &look(at, Vec::new()), TWICE)).collect();
    assert_eq!(mended.len(), 1);
}

#[test]
fn what_a_look_shows_counts_even_where_it_saw_little_else() {
    let mut incidents = Incidents::default();
    let dark = |at| {
        let verdict = look(at, vec![finding(&RECORD, Severity::Error, "")]);
        Verdict { state: State::Unknown, health: Health::Unknown, ..verdict }
    };
    assert_eq!(saw(&mut incidents, &dark(0), TWICE), []);
    assert_eq!(saw(&mut incidents, &dark(1), TWICE).len(), 1);
}

#[test]
fn growing_worse_is_told_once_and_growing_better_is_not() {
    let mut incidents = Incidents::default();
    let mut told = Vec::new();
    for (at, severity) in ["W", "W", "E", "W", "E", "W"].into_iter().enumerate() {
        let severity = if severity == "E" { Severity::Error } else { Severity::Warning };
        let alerts = saw(&mut incidents, &look(at as u64, expired(severity)), TWICE);
        told.extend(alerts.into_iter().map(|alert| (at, alert.news, alert.severity)));
    }
    assert_eq!(told, [(1, News::Raised, Severity::Warning), (2, News::Worse, Severity::Error)]);
}

#[test]
fn what_is_less_grave_than_asked_for_is_not_told_and_sinking_below_it_is_an_end() {
    let rules = Rules { from: Severity::Error, ..TWICE };
    let mut incidents = Incidents::default();
    let mut see = |at, severity| {
        let alerts = saw(&mut incidents, &look(at, expired(severity)), rules);
        alerts.into_iter().map(|alert| alert.news).collect::<Vec<_>>()
    };
    assert_eq!((see(0, Severity::Warning), see(1, Severity::Warning)), (vec![], vec![]));
    assert_eq!((see(2, Severity::Error), see(3, Severity::Error)), (vec![], vec![News::Raised]));
    assert_eq!((see(4, Severity::Warning), see(5, Severity::Warning)), (vec![], vec![News::AllClear]));
}

#[test]
fn an_alert_says_since_when_and_what_was_seen() {
    let mut incidents = Incidents::default();
    saw(&mut incidents, &look(10, expired(Severity::Error)), TWICE);
    let raised = saw(&mut incidents, &look(11, expired(Severity::Error)), TWICE).pop().unwrap();
    assert_eq!((raised.since, raised.finding.unwrap().next_step), (Timestamp(10 * HOUR), Cow::Borrowed("mend it")));
    saw(&mut incidents, &look(12, Vec::new()), TWICE);
    let clear = saw(&mut incidents, &look(13, Vec::new()), TWICE).pop().unwrap();
    assert_eq!((clear.since, clear.finding, &*clear.seen), (Timestamp(10 * HOUR), None, "broken"));
    assert_eq!((&*clear.key.id, &*clear.key.subject), ("smtp.test-certificate", "mx.example.com"));
}

#[test]
fn what_keeps_coming_and_going_is_told_less_and_less_until_it_has_been_quiet_for_a_week() {
    let told = course(&"1100".repeat(30), TWICE);
    // Up and mended after two looks, up and not mended within two.
    assert_eq!(told, [(1, News::Raised), (3, News::AllClear), (5, News::Raised)]);
    let flapping = course("1100110000110000000011", TWICE).len();
    assert_eq!(flapping, 7, "mended after two, four and eight looks");
    let week = "0".repeat(200);
    assert_eq!(course(&["1100", &week, "1100"].concat(), TWICE).len(), 4);
}

#[test]
fn a_domain_that_shows_new_subjects_with_every_look_is_remembered_within_bounds() {
    let mut incidents = Incidents::default();
    let once = Rules { confirm: 1, ..TWICE };
    for at in 0..200_u64 {
        let fresh = (0..20).map(|number| {
            let subject = alloc::format!("mx{at}-{number}.example.com");
            Finding { subject: Cow::Owned(subject), ..finding(&CERTIFICATE, Severity::Error, "") }
        });
        saw(&mut incidents, &look(at, fresh.collect()), once);
        assert!(incidents.iter().count() <= MAX_INCIDENTS);
    }
    assert_eq!(saw(&mut incidents, &look(200, expired(Severity::Error)), once).len(), 1 + 20);
}

#[test]
fn an_incident_of_another_version_ends_with_the_next_looks() {
    let (first, second) = (look(0, Vec::new()), look(1, Vec::new()));
    let key = Key { id: "smtp.gone".into(), subject: String::new() };
    let incident = Incident {
        family: None,
        phase: Phase::Open { told: Severity::Error, missed: 0 },
        severity: Severity::Error,
        since: Timestamp(0),
        last: Timestamp(0),
        raised: 1,
        seen: String::new(),
    };
    let mut incidents: Incidents = [(key, incident)].into_iter().collect();
    assert_eq!(saw(&mut incidents, &first, TWICE), []);
    assert_eq!(saw(&mut incidents, &second, TWICE).pop().unwrap().news, News::AllClear);
}

#[derive(Debug, Clone)]
struct Step {
    findings: Vec<(bool, Severity, &'static str)>,
    blind: bool,
    families: Vec<Family>,
    pause: u64,
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(vec![Severity::Info, Severity::Warning, Severity::Error])
}

fn step() -> impl Strategy<Value = Step> {
    let finding = (any::<bool>(), severity(), prop::sample::select(vec!["", "a", "b"]));
    let families = prop::sample::subsequence(vec![Family::Smtp, Family::Record], 0..=2);
    let findings = prop::collection::vec(finding, 0..4);
    (findings, prop::bool::weighted(0.2), families, 0..500_u64).prop_map(|(findings, blind, families, pause)| Step {
        findings,
        blind,
        families,
        pause,
    })
}

proptest! {
    /// Whatever the looks show: never two raises without an all-clear between, never an all-clear of what was not raised, worse
    /// only while it is open and only when it is, no all-clear from a look that could not see.
    #[test]
    fn every_incident_is_told_once_and_ends_once(
        steps in prop::collection::vec(step(), 1..60),
        confirm in 0_u32..4,
        from in severity(),
    ) {
        let mut incidents = Incidents::default();
        let mut open: BTreeMap<Key, Severity> = BTreeMap::new();
        let mut at = 0;
        for step in steps {
            at += step.pause;
            let findings = step.findings.iter().filter_map(|(smtp, severity, subject)| {
                let check = if *smtp { &CERTIFICATE } else { &RECORD };
                step.families.contains(&check.family).then(|| finding(check, *severity, subject))
            });
            let mut findings: Vec<_> = findings.collect();
            findings.sort_by_key(|finding| core::cmp::Reverse(finding.severity));
            let health = if step.blind { Health::Unknown } else { Health::Broken };
            let verdict = Verdict { families: step.families.clone(), health, ..look(at, findings) };
            for alert in saw(&mut incidents, &verdict, Rules { confirm, from }) {
                let before = open.get(&alert.key).copied();
                match alert.news {
                    News::Raised => {
                        prop_assert_eq!(before, None);
                        prop_assert!(alert.severity >= from);
                        open.insert(alert.key, alert.severity);
                    }
                    News::Worse => {
                        prop_assert!(before.is_some_and(|before| before < alert.severity));
                        open.insert(alert.key, alert.severity);
                    }
                    News::AllClear => {
                        prop_assert!(before.is_some() && !step.blind && !step.families.is_empty());
                        open.remove(&alert.key);
                    }
                }
            }
            let kept = incidents.iter().filter(|(_, incident)| matches!(incident.phase, Phase::Open { .. })).count();
            prop_assert_eq!(kept, open.len());
        }
    }
}
