use alloc::{string::ToString, sync::Arc, vec::Vec};

use strictmx_proto::sts::{Mode, NoRecord, Policy};

use super::*;
use crate::{
    fact::{DnsFailureKind, Dnssec, FetchFailure, FetchSeen, Seen, TxtSeen},
    fixture::{T0, body, cached, drive, id, json, policy, refused, servfail},
    time::Timestamp,
};

fn gone() -> TxtSeen {
    Seen::NxDomain { dnssec: Dnssec::Insecure, ttl: 300 }
}

fn enforce(mx: &str) -> FetchSeen {
    body(Mode::Enforce, &[mx], 604_800)
}

fn kinds(done: &Done) -> Vec<&'static str> {
    done.events.iter().map(Event::kind).collect()
}

/// STS-3.3-13, D-20
#[test]
fn a_changed_id_with_a_failed_fetch_keeps_the_cached_policy() {
    let now = T0.plus(300);
    let done = drive(recheck(cached(604_800), now), &id("b", 300), &refused(), now);
    assert_eq!(done.verdict, Verdict::Policy(policy(Mode::Enforce, &["mail.example.com"], 604_800)));
    assert_eq!(done.known.entry, cached(604_800).entry);
    let [Event::FetchFailed { id, cached, count, .. }] = done.events.as_slice() else { panic!("{:?}", done.events) };
    assert_eq!((id.as_deref(), *cached, *count), (Some("b"), Some(Mode::Enforce), 1));
}

/// STS-3.1-9, D-21
#[test]
fn no_trouble_with_the_record_touches_the_cached_policy() {
    let two = Seen::Found {
        data: [id("a", 1), id("b", 1)].iter().flat_map(|seen| seen.data().cloned().unwrap()).collect(),
        aliases: Vec::new(),
        dnssec: Dnssec::Insecure,
        ttl: 300,
    };
    for txt in [gone(), two, Seen::Failed(servfail()), id("not valid", 300)] {
        let now = T0.plus(300);
        let done = drive(recheck(cached(604_800), now), &txt, &refused(), now);
        assert_eq!(done.known.entry, cached(604_800).entry, "{txt:?}");
        assert_eq!(kinds(&done), ["txt-trouble"]);
    }
}

/// STS-3.1-7, STS-3.1-8
#[test]
fn without_one_valid_record_nothing_is_fetched() {
    let Step::Txt(state) = start(None, T0) else { panic!("TXT first") };
    let Step::Done(done) = state.saw(id("not valid", 300), T0) else { panic!("no fetch") };
    assert!(matches!(done.verdict, Verdict::None(NoPolicy::NoRecord(NoRecord::Invalid(_)))));
}

#[test]
fn trouble_that_goes_on_is_told_as_going_on() {
    let first = drive(recheck(cached(604_800), T0), &gone(), &refused(), T0);
    let second = drive(recheck(first.known, T0), &gone(), &refused(), T0);
    assert!(matches!(first.events.as_slice(), [Event::TxtTrouble { again: false, .. }]));
    assert!(matches!(second.events.as_slice(), [Event::TxtTrouble { again: true, .. }]));
}

/// STS-3.3-12
#[test]
fn a_failed_fetch_without_a_cached_policy_is_no_policy_and_an_event() {
    let done = drive(start(None, T0), &id("a", 300), &refused(), T0);
    assert!(matches!(done.verdict, Verdict::None(NoPolicy::Fetch(FetchFailure::Connect { .. }))));
    assert!(matches!(done.events.as_slice(), [Event::FetchFailed { cached: None, count: 1, .. }]));
    assert_eq!(done.recheck, Recheck::NotDue);
}

/// STS-3.3-9
#[test]
fn the_fetch_that_comes_next_says_which_id_it_is_for() {
    let Step::Txt(state) = start(None, T0) else { panic!("TXT first") };
    let Step::Fetch(state) = state.saw(id("a", 300), T0) else { panic!("then the policy") };
    assert_eq!(state.id(), Some("a"));
}

/// STS-3.2-7, D-22: a fetch may take a minute; the life of a policy counts from its end, and an entry may end meanwhile.
#[test]
fn a_policy_that_expires_during_the_fetch_is_not_used() {
    let Step::Txt(state) = recheck(cached(600), T0.plus(590)) else { panic!("TXT") };
    let Step::Fetch(state) = state.saw(id("b", 300), T0.plus(595)) else { panic!("fetch") };
    let Step::Done(done) = state.saw(refused(), T0.plus(650)) else { panic!("done") };
    assert_eq!(kinds(&done), ["expired", "fetch-failed"]);
    assert!(matches!(done.verdict, Verdict::None(NoPolicy::Fetch(_))));
    assert_eq!(done.known.entry, None);
}

/// D-23: the background look is for start alone; no way through a look-up ends in another one.
#[test]
fn a_look_up_that_took_long_asks_for_no_other() {
    let Step::Txt(state) = start(None, T0) else { panic!("TXT") };
    let Step::Fetch(state) = state.saw(id("a", 0), T0) else { panic!("fetch") };
    let Step::Done(done) = state.saw(enforce("mail.example.com"), T0.plus(61)) else { panic!("done") };
    assert_eq!(done.recheck, Recheck::NotDue);
    let Step::Done(done) = start(Some(done.known), T0.plus(61)) else { panic!("cached") };
    assert_eq!(done.recheck, Recheck::Due);
}

#[test]
fn an_imported_policy_answers_at_once_and_its_id_is_learnt_behind_it() {
    let mut known = cached(604_800);
    known.txt = TxtKnown::Unasked;
    known.txt_ttl = 0;
    if let Some(entry) = &mut known.entry {
        entry.id = None;
    }
    let Step::Done(done) = start(Some(known), T0) else { panic!("answers at once") };
    assert!(matches!(done.verdict, Verdict::Policy(_)));
    assert_eq!(done.recheck, Recheck::Due);
    let done = drive(recheck(done.known, T0), &id("a", 300), &enforce("mail.example.com"), T0);
    assert_eq!(kinds(&done), ["refreshed"]);
    assert_eq!(done.known.entry.unwrap().id.as_deref(), Some("a"));
}

/// A-12, A-25
#[test]
fn a_refresh_without_a_record_keeps_the_last_known_id() {
    let now = T0.plus(86_400);
    let done = drive(refresh(cached(604_800), now), &gone(), &enforce("mail.example.com"), now);
    let entry = done.known.entry.unwrap();
    assert_eq!((entry.id.as_deref(), entry.fetched), (Some("a"), now));
    let failed = drive(refresh(cached(604_800), now), &gone(), &refused(), now);
    assert_eq!(failed.known.backoff.unwrap().id.as_deref(), Some("a"));
}

#[test]
fn an_unchanged_policy_is_held_in_memory_once() {
    let known = cached(604_800);
    let before = Arc::clone(known.policy_at(T0).unwrap());
    let text = before.text().replace('\n', "\r\n");
    let done = drive(refresh(known, T0), &id("a", 300), &FetchSeen::Body(text.into_bytes().into()), T0);
    assert!(Arc::ptr_eq(&before, done.known.policy_at(T0).unwrap()));
    assert_eq!(kinds(&done), ["refreshed"]);
}

#[test]
fn a_refresh_at_the_very_end_puts_the_policy_away() {
    let Step::Done(done) = refresh(cached(600), T0.plus(600)) else { panic!("nothing to ask") };
    assert_eq!(kinds(&done), ["expired"]);
    assert_eq!(done.known.entry, None);
}

#[test]
fn a_refresh_of_nothing_is_a_look_up() {
    let done = drive(refresh(Known::default(), T0), &id("a", 300), &enforce("mail.example.com"), T0);
    assert_eq!(kinds(&done), ["found"]);
    let done = drive(refresh(Known::default(), T0), &gone(), &enforce("mail.example.com"), T0);
    assert_eq!(kinds(&done), [""; 0]);
}

#[test]
fn a_clock_that_was_ahead_leaves_no_answer_that_never_ages() {
    let mut known = cached(604_800);
    known.asked = T0.plus(1_000_000);
    assert!(!known.fresh_at(T0));
    known.backoff = Some(alloc::boxed::Box::new(Backoff {
        id: Some("b".into()),
        until: T0.plus(1_000_000),
        count: 1,
        why: NoPolicy::Pending,
    }));
    let done = drive(recheck(known, T0), &id("b", 300), &enforce("new.example.com"), T0);
    assert_eq!(kinds(&done), ["changed"], "the wait was none of ours");
}

#[test]
fn time_at_its_end_does_no_harm() {
    let end = Timestamp(u64::MAX);
    let done = drive(start(None, end), &id("a", u32::MAX), &enforce("mail.example.com"), end);
    assert!(matches!(done.verdict, Verdict::Policy(_)));
}

#[test]
fn a_verdict_from_memory_says_why_there_is_none() {
    let known = drive(start(None, T0), &id("a", 300), &refused(), T0).known;
    assert!(matches!(known.verdict_at(T0), Verdict::None(NoPolicy::Fetch(_))));
    assert_eq!(Known::default().verdict_at(T0), Verdict::None(NoPolicy::Pending));
    let known = drive(start(None, T0), &Seen::Failed(servfail()), &refused(), T0).known;
    assert_eq!(known.verdict_at(T0), Verdict::None(NoPolicy::Dns(DnsFailureKind::Servfail)));
}

#[test]
fn findings_travel_with_the_event() {
    let text = "version: STSv1\n\nmode: enforce\nmx: mail.example.com.\nmx: *\nmax_age: 86400\n";
    let done = drive(start(None, T0), &id("a", 300), &FetchSeen::Body(text.as_bytes().into()), T0);
    let [Event::Found { findings, .. }] = done.events.as_slice() else { panic!("{:?}", done.events) };
    assert_eq!(findings.len(), 3);
}

#[test]
fn an_event_tells_when_a_domain_is_protected_less() {
    let to = |fetch| drive(recheck(cached(604_800), T0), &id("b", 300), &fetch, T0).events;
    for (fetch, weakens) in [
        (body(Mode::Testing, &["mail.example.com"], 86_400), true),
        (body(Mode::None, &[], 86_400), true),
        (body(Mode::Enforce, &["mail.example.com"], 0), true),
        (body(Mode::Enforce, &["new.example.com"], 86_400), false),
        (refused(), false),
    ] {
        assert_eq!(to(fetch).iter().any(Event::weakens), weakens);
    }
}

#[test]
fn events_are_written_as_history_needs_them() {
    let done = drive(recheck(cached(604_800), T0), &id("b", 300), &body(Mode::None, &[], 86_400), T0);
    assert_eq!(
        json(&done.events),
        r#"[{"event":"changed","old-id":"a","old-mode":"enforce","id":"b","mode":"none","max-age":86400}]"#
    );
    let done = drive(recheck(cached(604_800), T0), &gone(), &refused(), T0);
    assert_eq!(
        json(&done.events),
        concat!(
            r#"[{"event":"txt-trouble","trouble":{"kind":"no-record","detail":"no TXT record begins with v=STSv1;"},"#,
            r#""cached":"enforce","again":false}]"#
        )
    );
    let done = drive(start(None, T0), &id("a", 300), &refused(), T0);
    assert_eq!(
        json(&done.events),
        concat!(
            r#"[{"event":"fetch-failed","id":"a","failure":{"cause":"connect","detail":"connection refused"},"#,
            r#""count":1}]"#
        )
    );
    let done = drive(start(None, T0), &id("a", 300), &FetchSeen::Body(b"mode: x\n"[..].into()), T0);
    assert!(json(&done.events).starts_with(r#"[{"event":"policy-invalid","id":"a","error":"line 1: "#));
}

#[test]
fn events_and_reasons_are_sentences() {
    let done = drive(recheck(cached(604_800), T0), &id("b", 300), &refused(), T0);
    assert_eq!(
        done.events.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [concat!(
            "fetching the policy of id b failed: the policy host takes no connection: connection refused; ",
            "the cached enforce policy stays in force"
        )]
    );
    assert_eq!(
        NoPolicy::NoRecord(NoRecord::Many(2)).to_string(),
        "the domain has 2 MTA-STS records where exactly one is allowed, which counts as none"
    );
}

/// 100 000 cached policies are to fit into 110 MiB, with the cache's own tables and the domain names.
#[test]
fn a_known_policy_is_small() {
    let known = cached(604_800);
    let policy = known.policy_at(T0).unwrap();
    let patterns: usize =
        policy.mx.iter().map(|pattern| size_of_val(pattern) + 16 + pattern.name().as_str().len()).sum();
    let all = size_of::<Known>() + 16 + size_of::<Policy>() + policy.text().len() + patterns + 16;
    assert!(size_of::<Known>() <= 128, "Known: {}", size_of::<Known>());
    assert!(all <= 400, "all: {all}");
}
