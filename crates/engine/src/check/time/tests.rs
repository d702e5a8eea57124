//! History, plans and runways.
use alloc::{string::String, vec::Vec};

use super::super::{
    Family, Finding, Intent, Observations, Severity,
    fixture::{DAY, NOW, POLICY, findings, healthy, is_well_formed, nx, record, servers, visit},
    observations::{Octets, Past, Span},
};
use crate::{
    fact::{CertFault, Seen},
    time::Timestamp,
};

/// The id of the healthy domain.
const ID: &str = "20261122000000";

fn ago(days: u64) -> Timestamp {
    Timestamp(NOW.0 - days * DAY)
}

/// A span from so many days ago until so many days ago.
fn span(id: Option<&str>, text: Option<&str>, first: u64, last: u64) -> Span {
    Span { id: id.map(String::from), text: text.map(String::from), first: ago(first), last: ago(last) }
}

fn after(spans: &[Span], mut seen: Observations) -> Observations {
    seen.past = Some(Past { spans: spans.to_vec() });
    seen
}

/// The healthy domain with this policy instead.
fn serving(text: &str) -> Observations {
    let mut seen = healthy();
    seen.policy_host.as_mut().unwrap().visits[0].body = Some(Octets(text.as_bytes().into()));
    seen
}

/// The healthy domain with a policy host that answers 404.
fn without_policy() -> Observations {
    let mut seen = healthy();
    seen.policy_host.as_mut().unwrap().visits[0].status = Some(404);
    seen
}

/// Neither record nor policy.
fn removed() -> Observations {
    let mut seen = without_policy();
    let sts = seen.sts.as_mut().unwrap();
    (sts.servers, sts.txt) = (servers(&nx()), nx());
    seen
}

fn mode(mode: &str) -> String {
    POLICY.replace("enforce", mode)
}

fn judged_with(seen: &Observations, intent: &Intent) -> Vec<Finding> {
    findings(seen, intent, Family::Time)
}

fn judged(seen: &Observations) -> Vec<Finding> {
    judged_with(seen, &Intent::default())
}

fn is_with(seen: &Observations, intent: &Intent, id: &str, severity: Severity) -> Finding {
    let all = judged_with(seen, intent);
    assert_eq!(all.len(), 1, "{all:#?}");
    let finding = all.into_iter().next().unwrap();
    assert_eq!((finding.check.id, finding.severity), (id, severity), "{finding:#?}");
    assert!(
        !finding.next_step.is_empty() && finding.seen.ends_with('.') && !finding.subject.is_empty(),
        "{finding:#?}"
    );
    finding
}

fn is(seen: &Observations, id: &str, severity: Severity) -> Finding {
    is_with(seen, &Intent::default(), id, severity)
}

#[test]
fn the_catalogue_of_this_family_is_well_formed() {
    is_well_formed(super::CHECKS, Family::Time, &["time."]);
}

#[test]
fn a_steady_past_and_none_at_all_are_nothing_to_speak_of() {
    assert!(judged(&healthy()).is_empty());
    assert!(judged(&after(&[], healthy())).is_empty());
    assert!(judged(&after(&[span(Some(ID), Some(POLICY), 100, 0)], healthy())).is_empty());
    let good_change = [span(Some("old"), Some(&mode("testing")), 100, 10)];
    assert!(judged(&after(&good_change, healthy())).is_empty(), "id and text changed together");
    let body_first = [span(Some("old"), Some(&mode("testing")), 100, 2), span(Some("old"), Some(POLICY), 2, 1)];
    let ids: Vec<_> = judged(&after(&body_first, healthy())).iter().map(|finding| finding.check.id).collect();
    assert!(ids.is_empty(), "the text first and the id second is the right order: {ids:?}");
}

// STS-3.1-3
#[test]
fn a_text_that_changes_under_the_same_id_stays_unseen() {
    let past = [span(Some(ID), Some(&mode("testing").replace("mx.", "old.")), 100, 1)];
    let finding = is(&after(&past, healthy()), "time.id-unchanged", Severity::Error);
    for words in
        ["the mode was testing and is enforce", "the mx old.example.com is gone", "the mx mx.example.com is new"]
    {
        assert!(finding.seen.contains(words), "{}", finding.seen);
    }
    assert_eq!(finding.publish, "_mta-sts.example.com. 3600 IN TXT \"v=STSv1; id=20270115080000;\"");
    let form = [span(Some(ID), Some(&POLICY.replace("\r\n", "\n")), 100, 1)];
    is(&after(&form, healthy()), "time.id-unchanged", Severity::Info);
}

// STS-3.1-3, STS-3.2-7
#[test]
fn a_text_that_no_cache_has_any_more_needs_no_new_id() {
    let past = |last, text: &str| after(&[span(Some(ID), Some(text), 100, last)], healthy());
    assert!(judged(&past(31, &mode("testing"))).is_empty(), "its max_age of 30 days is over");
    assert!(judged(&past(1, "<html>")).is_empty(), "nobody could read it");
}

// STS-8.1-2
#[test]
fn an_id_that_changes_alone_is_news_for_a_week() {
    let changed =
        |days| after(&[span(Some("old"), Some(POLICY), 100, days), span(Some(ID), Some(POLICY), days, 0)], healthy());
    let finding = is(&changed(2), "time.id-alone", Severity::Info);
    assert!(finding.seen.contains("before it was \"old\""), "{}", finding.seen);
    assert!(judged(&changed(8)).is_empty());
}

// STS-5-2
#[test]
fn testing_is_counted_over_ids_and_failures() {
    let seen = |first: u64| {
        let spans = [
            span(Some("a"), Some(&mode("testing")), first, 40),
            span(Some("a"), None, 40, 39),
            span(Some("b"), Some(&mode("testing").replace("2592000", "604800")), 39, 1),
        ];
        let mut now = serving(&mode("testing").replace("2592000", "86400"));
        now.sts = Some(record("_mta-sts.example.com", &["v=STSv1; id=c"]));
        after(&spans, now)
    };
    let finding = is(&seen(90), "time.testing-long", Severity::Warning);
    assert!(finding.seen.contains("2026-10-17") && finding.seen.contains("90 days"), "{}", finding.seen);
    assert!(judged(&seen(89)).is_empty());
    let short = Intent { testing_days: 30, ..Intent::default() };
    is_with(&seen(60), &short, "time.testing-long", Severity::Warning);
    let enforced_between = [span(Some("a"), Some(&mode("testing")), 200, 60), span(Some("b"), Some(POLICY), 60, 30)];
    assert!(judged(&after(&enforced_between, serving(&mode("testing")))).is_empty());
}

// STS-8.3-1
#[test]
fn a_policy_that_is_removed_while_senders_keep_it_is_told_with_the_way_out() {
    let past = |text: &str, days| after(&[span(Some("a"), Some(text), 100, days)], removed());
    let finding = is(&past(POLICY, 3), "time.removed-early", Severity::Warning);
    assert!(finding.seen.contains("2027-02-11"), "{}", finding.seen);
    assert_eq!(finding.publish, "version: STSv1\r\nmode: none\r\nmx: mx.example.com\r\nmax_age: 86400\r\n");
    is(&past(&mode("testing"), 3), "time.removed-early", Severity::Info);
    assert!(judged(&past(POLICY, 31)).is_empty());
    assert!(judged(&past(&mode("none"), 3)).is_empty());
    let too_soon = [span(Some("a"), Some(POLICY), 100, 5), span(Some("b"), Some(&mode("none")), 5, 1)];
    is(&after(&too_soon, removed()), "time.removed-early", Severity::Warning);
}

// STS-10.2-3
#[test]
fn a_policy_that_cannot_be_fetched_has_a_last_day() {
    let past = |days| after(&[span(Some(ID), Some(POLICY), 100, days)], without_policy());
    assert!(is(&past(3), "time.running-out", Severity::Warning).seen.contains("beyond 2027-02-11 08:00 UTC"));
    is(&past(31), "time.ran-out", Severity::Info);
    let was_none = after(&[span(Some(ID), Some(&mode("none")), 100, 3)], without_policy());
    assert!(judged(&was_none).is_empty());
}

// STS-10.2-1
#[test]
fn a_gap_longer_than_max_age_is_told_when_it_is_over() {
    let gap = |failed_until: u64| {
        let text = POLICY.replace("2592000", "86400");
        let spans = [
            span(Some(ID), Some(&text), 100, 20),
            span(Some(ID), None, 20, failed_until),
            span(Some(ID), Some(&text), failed_until, 0),
        ];
        judged(&after(&spans, serving(&text)))
    };
    let told = gap(10);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!((told[0].check.id, told[0].severity), ("time.ran-out", Severity::Info));
    assert!(told[0].seen.contains("longer than its max_age of 24 hours"), "{}", told[0].seen);
    assert!(gap(19).is_empty(), "caches held out");
    let unwatched = [span(Some(ID), Some(POLICY), 200, 100), span(Some(ID), Some(POLICY), 10, 0)];
    assert!(judged(&after(&unwatched, healthy())).is_empty(), "nobody looked, so nobody knows");
}

// STS-8.3-1
#[test]
fn mode_none_is_told_how_long_it_must_stay() {
    let past = |days| after(&[span(Some("a"), Some(POLICY), 100, days)], serving(&mode("none")));
    assert!(is(&past(3), "time.none-until", Severity::Info).next_step.contains("until 2027-02-11"));
    assert!(is(&past(40), "time.none-until", Severity::Info).next_step.contains("may go"));
    assert!(judged(&serving(&mode("none"))).is_empty());
}

#[test]
fn what_cannot_be_looked_at_has_no_present_to_compare() {
    let past = [span(Some(ID), Some(&mode("testing")), 100, 1)];
    let failed = || Seen::Failed(super::super::fixture::servfail());
    let mut no_record = after(&past, healthy());
    no_record.sts.as_mut().unwrap().txt = failed();
    assert!(judged(&no_record).is_empty());
    let mut no_host = after(&past, healthy());
    let host = no_host.policy_host.as_mut().unwrap();
    host.visits.clear();
    host.addresses.a = Seen::Failed(super::super::fixture::servfail());
    assert!(judged(&no_host).is_empty());
    assert!(judged(&Observations { policy_host: None, ..after(&past, healthy()) }).is_empty());
}

#[test]
fn the_served_text_is_held_to_the_declared_one() {
    let declared = |text: &str| Intent { text: Some(text.into()), ..Intent::default() };
    assert!(judged_with(&healthy(), &declared(POLICY)).is_empty());
    is_with(&healthy(), &declared(&POLICY.replace("\r\n", "\n")), "time.not-intended", Severity::Warning);
    let intent = declared(&mode("testing"));
    let finding = is_with(&healthy(), &intent, "time.not-intended", Severity::Error);
    assert!(finding.seen.contains("line 2 is \"mode: enforce\" instead of \"mode: testing\""), "{}", finding.seen);
    assert_eq!(finding.publish, mode("testing"));
    let mut one_of_two = healthy();
    let visits = &mut one_of_two.policy_host.as_mut().unwrap().visits;
    visits.push(visit("2001:db8::1".parse().unwrap(), &mode("testing")));
    let finding = is_with(&one_of_two, &declared(POLICY), "time.not-intended", Severity::Error);
    assert!(finding.seen.contains("served at 2001:db8::1 is"), "{}", finding.seen);
    assert!(judged_with(&without_policy(), &declared(POLICY)).is_empty(), "the checks of the host speak of that");
}

fn plan(days: i64) -> Intent {
    Intent { change_at: Some(Timestamp(NOW.0.strict_add_signed(days * 86_400))), ..Intent::default() }
}

/// The healthy domain with a record of this TTL.
fn with_ttl(seconds: u32) -> Observations {
    let mut seen = healthy();
    let sts = seen.sts.as_mut().unwrap();
    if let Seen::Found { ttl, .. } = &mut sts.servers[1].answer {
        *ttl = seconds;
    }
    seen
}

// STS-8.1-1
#[test]
fn a_planned_change_is_set_against_the_ttl_of_the_record() {
    let finding = is_with(&with_ttl(86_400), &plan(60), "time.record-ttl", Severity::Info);
    assert!(finding.next_step.contains("before 2027-03-15 08:00 UTC"), "{}", finding.next_step);
    assert!(finding.publish.contains(" 300 IN TXT \"v=STSv1; id=20261122000000;\""));
    let late: Vec<_> = judged_with(&with_ttl(200_000), &plan(1)).iter().map(|finding| finding.seen.clone()).collect();
    assert!(late.iter().any(|seen| seen.contains("lasts beyond the change")), "{late:?}");
    let past: Vec<_> = judged_with(&with_ttl(200_000), &plan(-1)).iter().map(|finding| finding.check.id).collect();
    assert_eq!(past, ["time.record-ttl", "time.max-age"]);
    assert!(judged_with(&healthy(), &plan(60)).is_empty(), "an hour is short enough");
    assert!(judged(&with_ttl(86_400)).is_empty(), "no change is planned");
    assert!(judged_with(&with_ttl(86_400), &plan(-60)).is_empty(), "the change is long past");
}

// STS-8.1-1
#[test]
fn a_planned_change_is_set_against_the_max_age() {
    let finding = is_with(&healthy(), &plan(10), "time.max-age", Severity::Warning);
    assert!(finding.next_step.contains("until 2027-02-24"), "{}", finding.next_step);
    is_with(&serving(&mode("testing")), &plan(10), "time.max-age", Severity::Info);
    is_with(&healthy(), &plan(-10), "time.max-age", Severity::Info);
    assert!(judged_with(&serving(&mode("none")), &plan(10)).is_empty());
    assert!(judged_with(&healthy(), &plan(31)).is_empty() && judged_with(&healthy(), &plan(-31)).is_empty());
}

// STS-3.2-7
#[test]
fn testing_wants_a_short_max_age() {
    is(&serving(&mode("testing").replace("2592000", "31557600")), "time.testing-max-age", Severity::Warning);
    assert!(judged(&serving(&mode("testing"))).is_empty());
    assert!(judged(&serving(&POLICY.replace("2592000", "31557600"))).is_empty());
}

/// The healthy domain with a certificate of so many days, so many of which are left.
fn certificate(days: u64, left: u64) -> Observations {
    let mut seen = healthy();
    let leaf = &mut seen.policy_host.as_mut().unwrap().visits[0].tls.as_mut().unwrap().chain[0].shown;
    leaf.not_after = NOW.plus(left * DAY);
    leaf.not_before = Timestamp(NOW.plus(left * DAY).0 - days * DAY);
    seen
}

// STS-3.3-1
#[test]
fn a_certificate_near_its_end_is_told_while_it_still_holds() {
    let finding = is(&certificate(90, 14), "time.certificate-ending", Severity::Warning);
    assert!(finding.seen.contains("ends at 2027-01-29 08:00 UTC, in 14 days"), "{}", finding.seen);
    assert!(judged(&certificate(90, 15)).is_empty());
    assert!(judged(&certificate(12, 3)).is_empty(), "a short one is renewed late");
    is(&certificate(12, 2), "time.certificate-ending", Severity::Warning);
    let early = Intent { certificate_days: 60, ..Intent::default() };
    is_with(&certificate(398, 50), &early, "time.certificate-ending", Severity::Warning);
    let mut expired = certificate(90, 0);
    expired.policy_host.as_mut().unwrap().visits[0].tls.as_mut().unwrap().fault = Some(CertFault::Expired);
    assert!(judged(&expired).is_empty(), "the checks of the host speak of that");
    let mut unannounced = removed();
    let leaf = &mut unannounced.policy_host.as_mut().unwrap().visits[0].tls.as_mut().unwrap().chain[0].shown;
    leaf.not_after = NOW.plus(DAY);
    assert!(judged(&unannounced).is_empty(), "nobody asks this host");
}
