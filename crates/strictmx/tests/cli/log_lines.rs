//! A golden log line for every event, as text and as JSON, and what keeps the log short.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strictmx::config::{Log, LogFormat, LogLevel};
use strictmx::telemetry::{Event, Reader, Receiver, ReportFate, Reporting, Standing, Telemetry};
use strictmx_engine::check::Health;
use strictmx_engine::fact::{CertFault, DnsFailureKind, FetchFailure};
use strictmx_engine::lookup::{Event as Happened, Trouble};
use strictmx_engine::profile::{Answer, Override};
use strictmx_engine::refresh::{Alert, Urgency};
use strictmx_engine::report::{Day, published::Misfit};
use strictmx_engine::time::Timestamp;
use strictmx_engine::trust::Trust;
use strictmx_io::clock::{Clock, Hand};
use strictmx_proto::name::Domain;
use strictmx_proto::sts::{Mode, Policy};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

pub(crate) fn telemetry(level: LogLevel, format: LogFormat, reader: Reader) -> (Telemetry, impl Fn() -> String, Hand) {
    let (clock, hand) = Clock::fixed(Timestamp(1_795_305_600));
    let page = Page::default();
    let out = page.clone();
    (Telemetry::new(clock, Log { level, format }, reader, Box::new(out)), move || page.text(), hand)
}

pub(crate) fn domain() -> Domain {
    Domain::parse("example.com").unwrap()
}

fn policy_events() -> Vec<Happened> {
    let id = |id: &str| Some(Box::from(id));
    let invalid = Policy::parse(b"version: STSv1\nmode: Enforce\nmax_age: 1\n").unwrap_err();
    vec![
        Happened::Found { id: id("1"), mode: Mode::Enforce, max_age: 86_400, findings: Box::default() },
        Happened::Changed {
            old_id: id("1"),
            old_mode: Mode::Testing,
            id: id("2"),
            mode: Mode::Enforce,
            max_age: 86_400,
            findings: Box::default(),
        },
        Happened::Changed {
            old_id: id("2"),
            old_mode: Mode::Enforce,
            id: id("3"),
            mode: Mode::None,
            max_age: 86_400,
            findings: Box::default(),
        },
        Happened::Refreshed { id: id("3"), mode: Mode::Enforce },
        Happened::UsedOnce { id: id("4"), mode: Mode::Enforce, findings: Box::default() },
        Happened::TxtTrouble {
            trouble: Trouble::Failed(DnsFailureKind::Servfail),
            cached: Mode::Enforce,
            again: false,
        },
        Happened::TxtBack { id: "4".into() },
        Happened::FetchFailed {
            id: id("5"),
            failure: FetchFailure::Certificate(CertFault::Expired),
            cached: Some(Mode::Enforce),
            count: 1,
        },
        Happened::PolicyInvalid { id: id("5"), error: invalid, cached: None, count: 2 },
        Happened::Expired { id: id("4"), mode: Mode::Enforce },
    ]
}

pub(crate) fn tell_everything(telemetry: &Telemetry) {
    let domain = &domain();
    let host = &Domain::parse("mx.example.com").unwrap();
    telemetry.emit(Event::ServiceStarted { config: "/etc/strictmx/strictmx.toml" });
    telemetry.emit(Event::Listening { service: "policyd", address: "127.0.0.1:8461" });
    telemetry.emit(Event::Notice { what: "no root certificate could be loaded from the system" });
    telemetry.emit(Event::Off { what: "tcp_table: [policyd] tcp_table is empty" });
    telemetry.emit(Event::ConfigWarning { what: "strictmx.toml:4:9: the override for example.com has expired" });
    telemetry.emit(Event::Ready { after: Duration::from_millis(12) });
    telemetry.emit(Event::PoliciesLoaded { count: 10_000 });
    telemetry.emit(Event::ConfigReloaded { config: "/etc/strictmx/strictmx.toml" });
    telemetry.emit(Event::ConfigRejected { why: "strictmx.toml:2:1: there is no key `lisen` in [policyd]" });
    telemetry.emit(Event::RestartNeeded { setting: "policyd.listen" });
    for happened in &policy_events() {
        telemetry.emit(Event::Policy { domain, happened });
    }
    telemetry.emit(Event::NoMxMatches { domain, hosts: &["mx.example.net", "mx2.example.net"] });
    for (urgency, left) in [(Urgency::Notice, 400_000), (Urgency::Pressing, 4000)] {
        telemetry
            .emit(Event::RefreshAlert { domain, alert: Alert { mode: Mode::Enforce, failures: 3, left, urgency } });
    }
    telemetry.emit(Event::AnswerObserved {
        domain,
        answer: &Answer::Line("secure match=mx.example.com servername=hostname".into()),
    });
    telemetry.emit(Event::OverrideUsed { domain, answer: &Override::Off, reason: "ticket 4711" });
    telemetry.emit(Event::OverrideExpired { domain });
    for trust in
        [Trust::Validates, Trust::DoesNotValidate { why: "it lies".into() }, Trust::Unknown { why: "no answer".into() }]
    {
        telemetry.emit(Event::ResolverTested { trust: &trust });
    }
    telemetry.emit(Event::StoreFailed { doing: "store a policy", error: "the disk is full" });
    telemetry.emit(Event::ProbeDone { domain, host, result: None });
    telemetry.emit(Event::ProbeDone { domain, host, result: Some("certificate-expired") });
    telemetry.emit(Event::CacheChanged { done: "purged", count: 2 });
    tell_of_the_monitor(telemetry, domain);
    tell_of_the_collector(telemetry);
    tell_of_the_reporter(telemetry, domain);
    telemetry.emit(Event::Stopping);
    telemetry.emit(Event::Stopped { left: 0 });
    telemetry.emit(Event::Stopped { left: 3 });
}

fn tell_of_the_monitor(telemetry: &Telemetry, domain: &Domain) {
    let summary = "enforce, broken: one MX host cannot be delivered to";
    telemetry.emit(Event::DomainLooked {
        domain,
        health: Health::Broken,
        summary,
        incidents: 1,
        standing: Standing::New,
    });
    for (news, severity) in [("raised", "warning"), ("worse", "error"), ("all-clear", "error"), ("raised", "error")] {
        let heading = "the certificate has expired (mx.example.com)";
        let (id, seen, since) = ("smtp.certificate-expired", "It ended on 2026-11-21.", "2026-11-22T00:00:00Z");
        telemetry.emit(Event::Incident { domain, news, severity, id, heading, seen, since });
    }
    for receiver in [Receiver::Log, Receiver::Webhook, Receiver::Mail] {
        telemetry.emit(Event::AlertTold { domain, receiver });
    }
    let (receiver, why) = (Receiver::Webhook, "https://alerts.example.com answered 503");
    telemetry.emit(Event::AlertsWait { receiver, count: 2, why });
    telemetry.emit(Event::AlertGivenUp { domain, receiver: Receiver::Mail, why: "550 5.1.1 no such user" });
}

fn tell_of_the_collector(telemetry: &Telemetry) {
    telemetry.emit(Event::EventsLost { events: 17 });
    telemetry.emit(Event::DatagramRefused { why: "`d` is missing" });
    let why = "they came faster than they could be counted";
    telemetry.emit(Event::DatagramsDropped { count: 3, place: "queue", why });
    telemetry.emit(Event::DatagramsDropped { count: 4, place: "queue", why });
    telemetry.emit(Event::SessionsLate { sessions: 6 });
    telemetry.emit(Event::CountsKeptAgain { tries: 2 });
    telemetry.emit(Event::CountsAbandoned { events: 5 });
}

fn tell_of_the_reporter(telemetry: &Telemetry, domain: &Domain) {
    let tell = |event| telemetry.emit(Event::Reporting(event));
    let day = Day(20_778);
    for withheld in [0, 3] {
        tell(Reporting::Composed { day, reports: 1000, withheld, took: Duration::from_millis(1234) });
    }
    tell(Reporting::Withheld { domain, day, why: "the domain asks for no reports now: there is no TLSRPT record" });
    tell(Reporting::Capped { count: 7, cap: 1000 });
    for (fate, to, said) in [
        (ReportFate::Sent, "mailto:tls@reports.example", "250 2.0.0 Ok: queued as 4711"),
        (ReportFate::Deferred, "https://reports.example/v1", "status 503: come back later"),
        (ReportFate::Refused, "mailto:gone@reports.example", "550 5.1.1 no such user"),
        (ReportFate::Expired, "https://reports.example/v1", "no connection: refused"),
        (ReportFate::Skipped, "mailto:gone@reports.example", "left in peace: 550 5.1.1 no such user"),
        (ReportFate::Held, "mailto:tls@reports.example", "not tried: no DKIM key is configured"),
        (ReportFate::Bounced, "mailto:full@reports.example", "bounced: 5.2.2 over quota"),
    ] {
        tell(Reporting::Tried { domain, day, to, fate, said });
    }
    tell(Reporting::Unsigned);
    for misfit in [None, Some(&Misfit::Missing)] {
        tell(Reporting::KeyChecked { selector: "tlsrpt-ed", domain, misfit });
    }
    tell(Reporting::Trouble { what: "no copy of a report can be put into /var/lib/reports: the disk is full" });
}

#[test]
fn every_event_has_its_line() {
    for (name, format, reader) in [
        ("text", LogFormat::Text, Reader::Plain),
        ("colour", LogFormat::Text, Reader::Colour),
        ("journal", LogFormat::Text, Reader::Journal),
        ("json", LogFormat::Json, Reader::Plain),
    ] {
        let (telemetry, text, _) = telemetry(LogLevel::Debug, format, reader);
        tell_everything(&telemetry);
        insta::assert_snapshot!(format!("log-{name}"), text().replace('\u{1b}', "␛"));
    }
}

#[test]
fn lines_below_the_level_are_left_out_until_a_reload_says_otherwise() {
    let (telemetry, text, _) = telemetry(LogLevel::Error, LogFormat::Text, Reader::Plain);
    telemetry.emit(Event::Stopping);
    assert_eq!(text(), "");
    telemetry.set_log(Log { level: LogLevel::Info, format: LogFormat::Json });
    telemetry.emit(Event::Stopping);
    assert!(text().starts_with("{\""));
}

#[test]
fn a_trouble_that_repeats_itself_is_told_once_in_five_minutes_and_counted() {
    let (telemetry, text, hand) = telemetry(LogLevel::Info, LogFormat::Text, Reader::Plain);
    for _ in 0..1000 {
        telemetry.emit(Event::StoreFailed { doing: "store a policy", error: "the disk is full" });
    }
    assert_eq!(text().lines().count(), 1);
    hand.advance(301);
    telemetry.emit(Event::StoreFailed { doing: "store a policy", error: "the disk is full" });
    let text = text();
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("999 times more"), "{text}");
    assert!(telemetry.render().contains("strictmx_log_suppressed_total 999"));
    assert!(telemetry.render().contains("strictmx_store_errors_total{doing=\"store a policy\"} 1001"));
}
