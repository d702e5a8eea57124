//! Attempts are noted before they are made, and what they came to before anything more is sent: whatever the store, the clock and
//! other processes do.
use std::time::Duration;

use strictmx_engine::report::{Arrivals, Counts, DomainDay, PolicyDay, PolicyKey, PolicyType, Scope, outcome::State};
use strictmx_io::store::{
    counting::Delta,
    outgoing::{ReportState, Which},
};
use strictmx_testbed::smtp::{Faults, StartTls};

use super::world::{DAY, MORNING, World, name};

impl World {
    /// The database, beside the store.
    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("a.db")).unwrap()
    }
}

/// D-58
#[tokio::test]
async fn what_cannot_be_noted_does_not_go_out() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let reporter = world.reporter(world.rules()).await;
    let full = "CREATE TRIGGER full BEFORE UPDATE OF tries ON destination BEGIN SELECT RAISE(FAIL, 'disk full'); END";
    world.database().execute_batch(full).unwrap();
    for _ in 0..3 {
        reporter.round().await;
        world.hand.advance(60);
    }
    assert_eq!(world.mail.messages().len(), 0);
    assert!(world.log.text().contains("could not send reports"), "{}", world.log.text());
    world.database().execute_batch("DROP TRIGGER full").unwrap();
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
    assert_eq!(world.mail.messages().len(), 1);
}

/// D-58
#[tokio::test]
async fn what_was_sent_and_could_not_be_noted_is_noted_later_and_not_sent_again() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let reporter = world.reporter(world.rules()).await;
    let full = "CREATE TRIGGER full BEFORE UPDATE OF said ON destination BEGIN SELECT RAISE(FAIL, 'disk full'); END";
    world.database().execute_batch(full).unwrap();
    for _ in 0..20 {
        reporter.round().await;
        world.hand.advance(400);
    }
    assert_eq!(world.mail.messages().len(), 1);
    assert_eq!(world.report("example.test").await.state, ReportState::Sending);
    world.database().execute_batch("DROP TRIGGER full").unwrap();
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
    assert_eq!(world.mail.messages().len(), 1);
}

/// D-58
#[tokio::test]
async fn an_attempt_that_a_killed_process_made_is_made_again_with_the_same_mail_once_it_must_be_over() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let quick = || Faults::starttls(StartTls::NotOffered);
    world.mail.fail(Faults { pause: Duration::from_secs(1), ..quick() });
    let rules = world.rules();
    let killed = world.reporter(rules).await;
    let broken_off = tokio::time::timeout(Duration::from_millis(2_500), killed.round()).await;
    assert!(broken_off.is_err(), "in the middle of the session");
    world.mail.fail(quick());
    let next = world.reporter(world.rules()).await;
    next.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Due);
    assert_eq!(world.mail.messages().len(), 0, "it may be on its way still");
    world.hand.advance(1_801);
    next.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
    let destination = world.destinations("example.test").await.remove(0);
    assert_eq!((destination.tries, world.mail.messages().len()), (2, 1));
}

#[tokio::test]
async fn two_processes_over_one_store_send_each_report_once() {
    let world = World::new();
    for number in 0..40 {
        world.wants(&format!("d{number}.test"), "mailto:a@reports.test").await;
    }
    let (one, other) = (world.reporter(world.rules()).await, world.reporter(world.rules()).await);
    tokio::join!(one.round(), other.round());
    assert_eq!(world.mail.messages().len(), 40);
    let sent = Which { state: Some(ReportState::Sent), ..Which::default() };
    assert_eq!(world.store.reports(sent, 100).await.unwrap().len(), 40);
}

#[tokio::test]
async fn what_left_since_somebody_listed_it_is_not_sent_again_for_him() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let reporter = world.reporter(world.rules()).await;
    let waiting = reporter.waiting(None, &[]).await.unwrap();
    assert_eq!(waiting.len(), 1);
    reporter.round().await;
    let outcomes = reporter.send(waiting).await.unwrap();
    assert_eq!(outcomes[0].report.state, ReportState::Sent);
    assert_eq!(world.mail.messages().len(), 1);
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_up_no_report() {
    let world = World::new();
    let reporter = world.reporter(world.rules()).await;
    world.hand.set(MORNING.plus(400 * 86_400));
    reporter.round().await;
    world.hand.set(MORNING);
    world.wants("example.test", "mailto:a@reports.test").await;
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
}

/// A sender that our own mail server does not take is ours to mend: the reports wait for that, and no address suffers.
#[tokio::test]
async fn what_our_own_mail_server_has_against_us_silences_no_address() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    world.mail.say("MAIL", &["550 5.1.8 who is that?", "250 2.1.0 fine"]);
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    assert_eq!(world.fate("example.test").await, (State::Due, "550 5.1.8 who is that?".to_owned()));
    assert!(world.store.silence("mailto:a@reports.test").await.unwrap().is_none());
    world.hand.advance(400);
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
}

#[tokio::test]
async fn whom_somebody_resends_a_report_to_is_left_in_peace_no_longer() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    world.mail.say("RCPT", &["550 5.1.1 no such user", "250 2.1.5 there is now"]);
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Refused);
    let again = reporter.resend(DAY, &name("example.test")).await.unwrap();
    assert_eq!(again[0].report.state, ReportState::Sent);
    assert_eq!(world.mail.messages().len(), 1);
}

/// TLSRPT-3-8, D-54: otherwise the report about a host would be carried by a session with it, and so on for ever.
#[tokio::test]
async fn a_host_whose_only_sessions_carried_reports_is_not_reported_either() {
    let world = World::new();
    world.wants("example.test", "mailto:a@reports.test").await;
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    let policy =
        |host: &str| PolicyKey { kind: PolicyType::Tlsa, domain: name(host), text: Box::default(), mx: Box::default() };
    let day = |domain: &str, scope, host: &str, success| DomainDay {
        day: DAY.next(),
        domain: name(domain),
        scope,
        record: None,
        policies: vec![PolicyDay { policy: policy(host), counts: Counts { success, failure: 0 }, details: Vec::new() }],
    };
    // The mail that has just left, and somebody else's mail to another domain with a host of its own.
    let domains = vec![
        day("reports.test", Scope::Domain, "mx.reports.test", 1),
        day("mx.reports.test", Scope::Host, "mx.reports.test", 1),
        day("other.test", Scope::Domain, "mx.other.test", 1),
        day("mx.other.test", Scope::Host, "mx.other.test", 1),
    ];
    let arrivals = vec![(DAY.next(), Arrivals::default())];
    world.store.add_counts(Delta { domains, arrivals, ..Delta::default() }.into()).await.unwrap();
    for host in ["reports.test", "mx.reports.test", "mx.other.test"] {
        world.publish(host, "v=TLSRPTv1; rua=mailto:tls@reports.test");
    }
    world.hand.set(MORNING.plus(86_400));
    reporter.round().await;
    for (domain, state) in [
        ("reports.test", ReportState::Withheld),
        ("mx.reports.test", ReportState::Withheld),
        ("mx.other.test", ReportState::Sent),
    ] {
        assert_eq!(world.report(domain).await.state, state, "{domain}");
    }
}
