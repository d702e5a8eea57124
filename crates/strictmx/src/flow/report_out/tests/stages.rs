//! Days, restarts, records that change.
use strictmx_engine::{
    report::{Scope, outcome::State},
    time::Timestamp,
};
use strictmx_io::store::outgoing::{ReportState, Reported};
use strictmx_testbed::dns::{Answer, Reply};

use super::super::{When, compose, plan, preview};
use super::world::{DAY, MORNING, World, name};

/// TLSRPT-4.1-1, TLSRPT-4.1-2
#[tokio::test]
async fn a_day_is_reported_when_it_is_over_and_its_last_sessions_are_counted() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let midnight = DAY.next().begin();
    let reporter = world.reporter(world.rules()).await;
    for moment in [Timestamp(midnight.0 - 1), midnight, midnight.plus(200)] {
        world.hand.set(moment);
        reporter.round().await;
        assert_eq!(world.store.reported_days().await.unwrap(), []);
    }
    world.hand.set(midnight.plus(310));
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
}

/// TLSRPT-4.1-2
#[tokio::test]
async fn reports_are_spread_over_the_hours_after_midnight() {
    let world = World::new();
    for number in 0..20 {
        world.wants(&format!("d{number}.test"), "mailto:a@reports.test").await;
    }
    let mut rules = world.rules();
    rules.spread = 14_400;
    world.hand.set(DAY.next().begin().plus(301));
    let reporter = world.reporter(rules).await;
    reporter.round().await;
    let early = world.mail.messages().len();
    assert!(early < 5, "{early}");
    world.hand.advance(7_200);
    reporter.round().await;
    let half = world.mail.messages().len();
    assert!((3..18).contains(&half), "{half}");
    world.hand.advance(7_300);
    reporter.round().await;
    assert_eq!(world.mail.messages().len(), 20);
}

#[tokio::test]
async fn days_of_a_long_downtime_are_caught_up_with_for_a_week() {
    let world = World::new();
    world.publish("example.test", "v=TLSRPTv1; rua=mailto:a@reports.test");
    for back in 0..10 {
        world.count(DAY.back(back), "example.test", 1, 0, None).await;
    }
    world.reporter(world.rules()).await.round().await;
    assert_eq!(world.mail.messages().len(), 7);
}

/// D-58
#[tokio::test]
async fn a_process_that_dies_between_any_two_steps_loses_nothing_and_doubles_nothing() {
    let world = World::new();
    for number in 0..3 {
        world.wants(&format!("d{number}.test"), "mailto:a@reports.test").await;
    }
    // Composed, then killed.
    compose::finished_days(&world.reporter(world.rules()).await.0).await.unwrap();
    let id = world.report("d0.test").await.id;
    let octets = world.store.report_octets(world.report("d0.test").await.number).await.unwrap();
    // Planned, then killed.
    let reporter = world.reporter(world.rules()).await;
    compose::finished_days(&reporter.0).await.unwrap();
    plan::all_due(&reporter.0).await.unwrap();
    assert_eq!(world.report("d0.test").await.state, ReportState::Sending);
    // What is left is done by the next.
    world.reporter(world.rules()).await.round().await;
    assert_eq!(world.mail.messages().len(), 3);
    assert_eq!(world.report("d0.test").await.id, id);
    assert_eq!(world.store.report_octets(world.report("d0.test").await.number).await.unwrap(), octets);
    world.reporter(world.rules()).await.round().await;
    assert_eq!(world.mail.messages().len(), 3);
}

#[tokio::test]
async fn domains_that_come_late_are_composed_within_the_hour_and_the_others_stay_as_they_are() {
    let world = World::new();
    world.wants("early.test", "mailto:a@reports.test").await;
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    world.wants("late.test", "mailto:a@reports.test").await;
    world.count(DAY, "early.test", 7, 0, None).await;
    world.hand.advance(3_601);
    reporter.round().await;
    assert_eq!(world.mail.messages().len(), 2);
    assert_eq!(world.report("early.test").await.sessions.success, 5);
}

#[tokio::test]
async fn the_record_of_the_moment_counts_and_the_recorded_one_when_there_is_no_answer() {
    let world = World::new();
    let recorded = Some("v=TLSRPTv1; rua=mailto:old@reports.test");
    for domain in ["changed.test", "gone.test", "broken.test", "unasked.test"] {
        world.count(DAY, domain, 1, 0, if domain == "unasked.test" { None } else { recorded }).await;
    }
    world.publish("changed.test", "v=TLSRPTv1; rua=mailto:new@reports.test");
    for domain in ["broken.test", "unasked.test"] {
        world.dns.put(&format!("_smtp._tls.{domain}"), "TXT", Answer::new(Reply::Code(2, None)));
    }
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    assert_eq!(world.mail.messages_for("new@reports.test").len(), 1);
    assert_eq!(world.mail.messages_for("old@reports.test").len(), 1, "for broken.test");
    let gone = world.report("gone.test").await;
    assert_eq!(gone.state, ReportState::Withheld);
    assert!(gone.why.unwrap().contains("no TLSRPT record"));
    let unasked = world.report("unasked.test").await;
    assert_eq!((unasked.state, unasked.tries), (ReportState::Composed, 1));
    world.publish("unasked.test", "v=TLSRPTv1; rua=mailto:found@reports.test");
    world.hand.advance(400);
    reporter.round().await;
    assert_eq!(world.mail.messages_for("found@reports.test").len(), 1);
}

/// TLSRPT-3-16
#[tokio::test]
async fn two_records_or_an_invalid_one_mean_no_report() {
    let world = World::new();
    world.count(DAY, "two.test", 1, 0, None).await;
    world.count(DAY, "bad.test", 1, 0, None).await;
    let two = ["v=TLSRPTv1; rua=mailto:a@b.test", "v=TLSRPTv1; rua=mailto:c@b.test"];
    world.dns.put("_smtp._tls.two.test", "TXT", Answer::txt(&two));
    world.publish("bad.test", "v=TLSRPTv1; ru=mailto:a@b.test");
    world.reporter(world.rules()).await.round().await;
    for domain in ["two.test", "bad.test"] {
        assert_eq!(world.report(domain).await.state, ReportState::Withheld, "{domain}");
    }
}

/// TLSRPT-4.2-1
#[tokio::test]
async fn a_day_without_a_failure_is_reported_unless_only_failures_are_wanted() {
    let world = World::new();
    for (domain, failures) in [("good.test", 0), ("bad.test", 1)] {
        world.publish(domain, "v=TLSRPTv1; rua=mailto:a@reports.test");
        world.count(DAY, domain, 3, failures, None).await;
    }
    let mut rules = world.rules();
    rules.when = When::Failures;
    world.reporter(rules).await.round().await;
    assert_eq!(world.report("good.test").await.state, ReportState::Withheld);
    assert_eq!(world.report("bad.test").await.state, ReportState::Sent);
}

#[tokio::test]
async fn a_copy_lies_in_the_archive_under_the_name_it_has_in_the_mail() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let mut rules = world.rules();
    rules.archive = Some(world.folder.path().join("archive"));
    world.reporter(rules).await.round().await;
    let folder = world.folder.path().join("archive/2026-11-21");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let name = file.file_name().into_string().unwrap();
    assert!(
        name.starts_with("sender.test!example.test!1795219200!1795305599!") && name.ends_with(".json.gz"),
        "{name}"
    );
    assert!(world.mail.messages()[0].text.replace("\r\n ", "").contains(&name));
    let number = world.report("example.test").await.number;
    assert_eq!(std::fs::read(file.path()).unwrap(), world.store.report_octets(number).await.unwrap().unwrap());
}

#[tokio::test]
async fn what_people_send_leaves_now_and_what_they_resend_leaves_once_more() {
    let world = World::new();
    for domain in ["a.test", "b.test"] {
        world.wants(domain, "mailto:a@reports.test").await;
    }
    let mut rules = world.rules();
    rules.spread = 72_000;
    world.hand.set(DAY.next().begin().plus(301));
    let reporter = world.reporter(rules).await;
    let waiting = reporter.waiting(Some(DAY), &[name("a.test")]).await.unwrap();
    let outcomes = reporter.send(waiting).await.unwrap();
    assert_eq!((outcomes.len(), outcomes[0].report.state), (1, ReportState::Sent));
    assert_eq!(world.mail.messages().len(), 1);
    let again = reporter.resend(DAY, &name("a.test")).await.unwrap();
    assert_eq!(again[0].report.state, ReportState::Sent);
    let messages = world.mail.messages();
    let id = |text: &str| text.split_once("Message-ID:").unwrap().1.lines().next().unwrap().to_owned();
    assert_eq!(id(&messages[0].text), id(&messages[1].text));
    assert!(reporter.resend(DAY, &name("nobody.test")).await.is_err());
}

#[tokio::test]
async fn a_preview_is_what_would_be_sent_and_leaves_no_trace() {
    let world = World::new();
    let record = Some("v=TLSRPTv1; rua=https://r.test/v1,mailto:tls@reports.test");
    world.count(DAY, "example.test", 5, 1, record).await;
    let rules = world.rules();
    let shown = preview::preview(&*world.store, &rules, None, &name("example.test"), Scope::Domain).await.unwrap();
    assert_eq!(shown.report.id, "20261121.example.test@sender.test");
    let mail = String::from_utf8(shown.mail(&rules, MORNING).unwrap().emit()).unwrap();
    assert!(mail.starts_with("DKIM-Signature:") && mail.contains("\r\nTo: tls@reports.test\r\n"), "{mail}");
    let standing = world.store.standing(DAY, vec![(name("example.test"), Scope::Domain)]).await.unwrap();
    assert_eq!(standing[0].reported, Reported::No);
    let nothing = preview::preview(&*world.store, &rules, None, &name("other.test"), Scope::Domain).await;
    assert!(nothing.is_err());
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_told_and_met_again() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let reporter = world.reporter(world.rules()).await;
    world.store.close().await;
    reporter.round().await;
    assert!(world.log.text().contains("could not compose reports"), "{}", world.log.text());
    assert_eq!(world.mail.messages().len(), 0);
}
