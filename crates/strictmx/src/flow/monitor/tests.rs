//! A domain on loopback that breaks and is mended, and receivers that are not always there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use strictmx_engine::{
    check::{Family, Severity, observations::ResolverSeen},
    time::Timestamp,
};
use strictmx_io::{
    clock::{Clock, Hand},
    dns::{self, Dns, DnssecMode},
    fetch::{self, Fetcher},
    post::Poster,
    smtp_out,
    store::{
        self, Batch,
        monitor::{AlertState, Look, NewAlert},
    },
    submit::{self, Server},
    tls::{ClientTls, Roots},
};
use strictmx_testbed::{
    dns::Server as DnsServer,
    https::{self, Site},
    pki::{Ca, Leaf},
    smtp::{Faults, Sink, StartTls},
};

use super::*;
use crate::{
    config::{Log, LogFormat, LogLevel},
    flow::{
        ask::Senses,
        check::{Depth, LookOptions, ProbeDestinations},
    },
    telemetry::{Reader, page::Page},
};

const DOMAIN: &str = "example.test";
const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.test\r\nmax_age: 604800\r\n";

/// A domain with all its hosts, and both receivers.
struct World {
    ca: Ca,
    dns: DnsServer,
    policy_host: https::Server,
    mail_host: Sink,
    hook: https::Server,
    submission: Sink,
    folder: tempfile::TempDir,
    log: Page,
}

/// A monitor that runs, and what ends it.
struct Running {
    monitor: Monitor,
    store: Arc<dyn Store>,
    tasks: Tasks,
}

impl Running {
    /// As SIGTERM does.
    async fn stop(self) {
        assert_eq!(self.tasks.drain(Duration::from_secs(10)).await, 0);
        self.store.close().await;
    }
}

fn name(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

impl World {
    fn new() -> Self {
        let ca = Ca::new("ours");
        let dns = DnsServer::start("127.0.0.1:0");
        dns.txt("_mta-sts.example.test", "v=STSv1; id=1;");
        dns.mx(DOMAIN, &[(10, "mx.example.test")]);
        for host in ["mta-sts.example.test", "mx.example.test"] {
            dns.a(host, "127.0.0.1".parse().unwrap());
        }
        let policy_host = https::Server::start("127.0.0.1:0");
        policy_host.policy(&ca, DOMAIN, POLICY);
        let mail_host = Sink::start("127.0.0.1:0", "mx.example.test", Some(&ca.issue("mx.example.test", Leaf::Good)));
        let hook = https::Server::start("127.0.0.1:0");
        hook.site("localhost", &ca.issue("localhost", Leaf::Good), Site::policy("").at("/hook"));
        let submission = Sink::start("127.0.0.1:0", "submission.example.test", None);
        let (folder, log) = (tempfile::tempdir().unwrap(), Page::default());
        Self { ca, dns, policy_host, mail_host, hook, submission, folder, log }
    }

    fn tls(&self) -> ClientTls {
        let mut roots = Roots::none();
        roots.add_pem(Path::new("test-root.pem"), self.ca.root_pem().as_bytes());
        ClientTls::with_roots(roots).unwrap().0
    }

    fn watching(&self, clock: &Clock, tasks: &Tasks) -> Watching {
        Watching {
            domains: vec![name(DOMAIN)],
            every: Duration::from_secs(1),
            plan: Plan {
                families: vec![Family::Record, Family::Policy, Family::Mx, Family::Smtp],
                depth: Depth::Quick,
                probe_destinations: ProbeDestinations::No,
            },
            rules: Rules { confirm: 2, from: Severity::Error },
            intent: Intent::default(),
            intents: HashMap::new(),
            looker: self.looker(clock, tasks),
            receivers: self.receivers(),
        }
    }

    fn looker(&self, clock: &Clock, tasks: &Tasks) -> FreshLooker {
        let (tls, tasks, clock) = (self.tls(), tasks.clone(), clock.clone());
        let (server, https, smtp_port) =
            (self.dns.address(), self.policy_host.address().port(), self.mail_host.address().port());
        Arc::new(move || {
            let (dnssec, attempt_timeout) = (DnssecMode::Off, Duration::from_secs(1));
            let dns = Dns::new(dns::Options { servers: vec![server], dnssec, attempt_timeout, attempts: 2 }).unwrap();
            let options = fetch::Options {
                timeout: Duration::from_secs(5),
                allow_private: fetch::AllowPrivate::Yes,
                port: https,
                user_agent: "strictmx/test".to_owned(),
            };
            let fetcher = Fetcher::new(tls.clone(), options).unwrap();
            let resolver = ResolverSeen { servers: Vec::new(), dnssec: "off".to_owned(), validates: None };
            let (helo, smtp) = ("us.example.test".to_owned(), smtp_out::Limits::default());
            let options = LookOptions { helo, smtp_port, smtp, per_address: 4, resolver };
            Looker::new(Senses { dns, fetcher, clock: clock.clone() }, tls.clone(), options, &tasks)
        })
    }

    fn receivers(&self) -> Receivers {
        let url = Url::parse(&format!("https://localhost:{}/hook", self.hook.address().port())).unwrap();
        let poster = Poster::new(self.tls(), "strictmx/test", Duration::from_secs(2));
        let server = Server::parse(&format!("smtp://{}", self.submission.address())).unwrap();
        let submitter = Submitter::new(server, self.tls(), "us.example.test", submit::Limits::default());
        let to = vec!["a@example.org".to_owned(), "b@example.org".to_owned()];
        Receivers {
            webhook: Some(Webhook { url, token: None, poster }),
            mail: Some(Mailing { from: "strictmx@example.org".to_owned(), to, submitter }),
        }
    }

    fn store(&self) -> Arc<dyn Store> {
        store::open(&format!("sqlite://{}/store.db", self.folder.path().display())).unwrap()
    }

    /// Starts a monitor over what an earlier one has left in the store.
    fn start(&self, clock: Clock, change: impl FnOnce(&mut Watching)) -> Running {
        let (store, tasks) = (self.store(), Tasks::new());
        let mut watching = self.watching(&clock, &tasks);
        change(&mut watching);
        let settings = Log { level: LogLevel::Debug, format: LogFormat::Text };
        let telemetry = Telemetry::new(clock.clone(), settings, Reader::Plain, Box::new(self.log.clone()));
        let parts = Parts { store: Arc::clone(&store), telemetry, tasks: tasks.clone(), clock };
        let monitor = Monitor::new(parts, watching);
        let (watch, stop) = (monitor.clone().watch_for_ever(), tasks.stopping());
        tasks.spawn("watching", async move {
            tokio::select! {
                () = stop => {}
                () = watch => {}
            }
        });
        tasks.spawn("telling", monitor.clone().tell());
        Running { monitor, store, tasks }
    }

    fn log(&self) -> String {
        self.log.text()
    }

    /// News and number of each letter that the webhook has got.
    fn letters(&self) -> Vec<(String, u64)> {
        let bodies = self.hook.requests().into_iter().map(|request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            assert_eq!(request.header("idempotency-key"), Some(&*body["number"].to_string()));
            (body["news"].as_str().unwrap().to_owned(), body["number"].as_u64().unwrap())
        });
        bodies.collect()
    }

    fn subjects(&self, to: &str) -> Vec<String> {
        let subject = |text: &str| {
            let (_, rest) = text.split_once("Subject: ").unwrap();
            rest.split_once("\r\nMessage-ID").unwrap().0.replace("\r\n ", " ")
        };
        self.submission.messages_for(to).iter().map(|message| subject(&message.text)).collect()
    }

    async fn until(&self, what: &str, mut reached: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !reached() {
            assert!(Instant::now() < end, "not within 20 s: {what}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn looks(&self) -> usize {
        self.log().matches("[domain-looked]").count()
    }

    async fn looked_again(&self, times: usize) {
        let before = self.looks();
        self.until("more looks", || self.looks() >= before + times).await;
    }
}

fn news(letters: &[(String, u64)]) -> Vec<&str> {
    letters.iter().map(|(news, _)| news.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_is_told_once_to_everybody_and_once_more_when_it_is_mended_whatever_is_restarted_between() {
    let world = World::new();
    let running = world.start(Clock::system(), |_| {});
    world.until("two looks", || world.looks() >= 2).await;
    assert_eq!((world.letters(), world.submission.messages().len()), (vec![], 0), "{}", world.log());
    world.mail_host.show(&world.ca.issue("mx.example.test", Leaf::Expired));
    world.until("an alert", || !world.letters().is_empty() && !world.subjects("b@example.org").is_empty()).await;
    running.stop().await;
    let running = world.start(Clock::system(), |_| {});
    world.looked_again(3).await;
    assert_eq!(news(&world.letters()), ["raised"], "{}", world.log());
    assert_eq!(world.log().matches("[incident-raised]").count(), 1);
    let subjects = world.subjects("a@example.org");
    assert_eq!((subjects.len(), &subjects), (1, &world.subjects("b@example.org")));
    assert!(subjects[0].starts_with("[strictmx] example.test: error: "), "{subjects:?}");
    world.mail_host.show(&world.ca.issue("mx.example.test", Leaf::Good));
    world.until("an all-clear", || world.letters().len() == 2 && world.subjects("b@example.org").len() == 2).await;
    world.looked_again(2).await;
    running.stop().await;
    let letters = world.letters();
    assert_eq!(news(&letters), ["raised", "all-clear"]);
    assert!(letters[0].1 < letters[1].1);
    assert_eq!(world.log().matches("[incident-over]").count(), 1);
    assert!(world.subjects("a@example.org")[1].contains("all clear: "));
    let spans = world.store().watched(&name(DOMAIN)).await.unwrap().spans;
    assert_eq!((spans.len(), spans[0].id.as_deref(), spans[0].text.as_deref()), (1, Some("1"), Some(POLICY)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shares_its_look_shares_its_mail() {
    let world = World::new();
    world.mail_host.show(&world.ca.issue("mx.example.test", Leaf::Expired));
    world.policy_host.change("mta-sts.example.test", Site::policy(&POLICY.replace("mx.example", "other.example")));
    let running = world.start(Clock::system(), |watching| watching.rules.confirm = 1);
    world.until("mails", || !world.subjects("b@example.org").is_empty()).await;
    running.stop().await;
    let (subjects, letters) = (world.subjects("a@example.org"), world.letters().len());
    assert!(letters >= 2, "{}", world.log());
    assert_eq!(subjects.len(), 1);
    assert!(subjects[0].contains(&format!("{letters} findings")), "{subjects:?}");
}

/// A clock that stands, and alerts for both receivers in the store, of looks at these times.
async fn waiting(world: &World, looks: &[u64]) -> (Clock, Hand) {
    let (clock, hand) = Clock::fixed(Timestamp(looks[0]));
    let store = world.store();
    let body = |at: u64| {
        serde_json::json!({
            "news": "raised", "domain": DOMAIN, "at": at.to_string(), "since": "then", "severity": "error",
            "id": "a.finding", "title": "something is wrong", "health": "broken", "summary": "It is broken."
        })
    };
    for at in looks {
        let alerts = ["webhook", "mailto:a@example.org", "mailto:b@example.org", "mailto:gone@example.org", "log"];
        let alert = |receiver: &str| NewAlert { receiver: receiver.to_owned(), body: body(*at).to_string() };
        let alerts = alerts.into_iter().map(alert).collect();
        let look = Look { domain: name(DOMAIN), at: Timestamp(*at), pair: None, incidents: Vec::new(), alerts };
        store.write(Batch { looks: vec![look], ..Batch::default() }).await.unwrap();
    }
    store.close().await;
    (clock, hand)
}

/// What has become of each alert, in the order they were decided.
async fn states(store: &Arc<dyn Store>) -> Vec<(String, AlertState)> {
    let mut rows = store.alerts_of(&name(DOMAIN), 100).await.unwrap();
    rows.reverse();
    rows.into_iter().map(|row| (row.receiver, row.state)).collect()
}

/// Whether it becomes so within a few seconds.
async fn eventually(reached: impl AsyncFn() -> bool) -> bool {
    for _ in 0..250 {
        if reached().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

fn nobody(watching: &mut Watching) {
    watching.domains.clear();
}

/// Watches, but does not look before the test is over.
fn quiet(watching: &mut Watching) {
    watching.every = Duration::from_hours(24 * 365);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_away_is_tried_again_later_and_told_in_order_under_the_same_numbers() {
    let world = World::new();
    let (clock, hand) = waiting(&world, &[1000, 1001]).await;
    hand.set(Timestamp(2000));
    world.hook.change("localhost", Site::policy("later").at("/hook").status(503));
    world.submission.fail(Faults { starttls: StartTls::NotOffered, ..Faults::reply("BANNER", "421 4.3.2 later") });
    let running = world.start(clock, quiet);
    world.until("failures", || world.log().matches("[alerts-wait]").count() == 2).await;
    // One attempt stands for both alerts.
    assert_eq!((world.letters().len(), world.submission.connections()), (1, 1));
    let due = |at| AlertState::Due(Timestamp(at));
    let of = |states: &[(String, AlertState)], receiver: &str| {
        let of = states.iter().filter(|(known, _)| known == receiver);
        of.map(|(_, state)| state.clone()).collect::<Vec<_>>()
    };
    let waits = async || of(&states(&running.store).await, "webhook") == [due(2030), due(2030)];
    assert!(eventually(waits).await, "{:?}", states(&running.store).await);
    assert_eq!(
        of(&states(&running.store).await, "log"),
        [AlertState::Told(Timestamp(2000)), AlertState::Told(Timestamp(2000))]
    );
    assert!(matches!(&of(&states(&running.store).await, "mailto:gone@example.org")[0], AlertState::GivenUp(..)));
    world.hook.change("localhost", Site::policy("").at("/hook").status(202));
    world.submission.fail(Faults::starttls(StartTls::NotOffered));
    hand.set(Timestamp(2031));
    running.monitor.0.to_tell.notify_one();
    world.until("told", || world.letters().len() == 3 && world.subjects("b@example.org").len() == 2).await;
    running.stop().await;
    let numbers: Vec<_> = world.letters().iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, [1, 1, 6]);
    let states = states(&world.store()).await;
    assert_eq!(of(&states, "webhook"), [AlertState::Told(Timestamp(2031)), AlertState::Told(Timestamp(2031))]);
    let unsettled = states.iter().filter(|(_, state)| matches!(state, AlertState::Due(_))).count();
    assert_eq!(unsettled, 0, "{states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_does_not_exist_is_given_up_and_the_others_are_told() {
    let world = World::new();
    let (clock, _hand) = waiting(&world, &[1000]).await;
    world.submission.say("RCPT", &["550 5.1.1 nobody here", "250 2.1.5 fine"]);
    let running = world.start(clock, quiet);
    world.until("told", || world.log().contains("nobody here") && !world.subjects("b@example.org").is_empty()).await;
    running.stop().await;
    let states = states(&world.store()).await;
    let of = |receiver: &str| states.iter().find(|(known, _)| known == receiver).unwrap().1.clone();
    assert!(matches!(of("mailto:a@example.org"), AlertState::GivenUp(_, why) if why.contains("550 5.1.1")));
    assert_eq!(of("mailto:b@example.org"), AlertState::Told(Timestamp(1000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_week_an_alert_is_given_up() {
    let world = World::new();
    let (clock, hand) = waiting(&world, &[1000]).await;
    world.hook.change("localhost", Site::policy("gone").at("/hook").status(410));
    hand.set(Timestamp(1000 + 7 * 86_400 + 1));
    let running = world.start(clock, quiet);
    world.until("given up", || world.log().contains("tried for a week")).await;
    running.stop().await;
    let states = states(&world.store()).await;
    assert!(matches!(&states[0], (_, AlertState::GivenUp(_, why)) if why.contains("answered 410 gone")), "{states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_watches_is_left_to_it_until_nobody_does() {
    let world = World::new();
    let (clock, hand) = waiting(&world, &[1000]).await;
    let running = world.start(clock, nobody);
    let waits = async |at| {
        running.monitor.0.to_tell.notify_one();
        let all = |states: Vec<(String, AlertState)>| {
            states.iter().all(|(_, state)| *state == AlertState::Due(Timestamp(at)))
        };
        eventually(async || all(states(&running.store).await)).await
    };
    assert!(waits(1000).await);
    hand.set(Timestamp(1000 + 3600));
    assert!(waits(1000 + 2 * 3600).await, "no longer in the way of others");
    hand.set(Timestamp(1000 + 7 * 86_400 + 1));
    running.monitor.0.to_tell.notify_one();
    world.until("given up", || world.log().matches("no longer watched").count() == 5).await;
    running.stop().await;
    assert_eq!((world.letters(), world.submission.connections()), (vec![], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_who_is_watched_and_who_is_told() {
    let world = World::new();
    let running = world.start(Clock::system(), nobody);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.looks(), 0);
    world.mail_host.show(&world.ca.issue("mx.example.test", Leaf::Expired));
    let mut watching = world.watching(&Clock::system(), &running.tasks);
    watching.receivers.webhook = None;
    running.monitor.replace(watching);
    world.until("a mail", || !world.subjects("b@example.org").is_empty()).await;
    assert_eq!(world.letters(), []);
    let mut nothing = world.watching(&Clock::system(), &running.tasks);
    nobody(&mut nothing);
    running.monitor.replace(nothing);
    world.until("the end of what was under way", || running.monitor.0.standing.lock().unwrap().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = world.looks();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(world.looks(), before);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_does_not_look_again_before_it_is_time() {
    let world = World::new();
    let running = world.start(Clock::system(), |watching| watching.every = Duration::from_secs(3600));
    world.until("a look", || world.looks() == 1).await;
    running.stop().await;
    let running = world.start(Clock::system(), |watching| watching.every = Duration::from_secs(3600));
    tokio::time::sleep(Duration::from_secs(3)).await;
    running.stop().await;
    assert_eq!(world.looks(), 1, "{}", world.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_could_not_see_ends_no_incident() {
    let world = World::new();
    world.mail_host.show(&world.ca.issue("mx.example.test", Leaf::Expired));
    let running = world.start(Clock::system(), |_| {});
    world.until("an alert", || !world.letters().is_empty()).await;
    let before = world.letters().len();
    world.mail_host.fail(Faults::reply("BANNER", "421 4.3.2 too busy"));
    world.looked_again(4).await;
    let over = world.letters().iter().filter(|(news, _)| news == "all-clear").count();
    assert_eq!(over, 0, "{before}: {}", world.log());
    running.stop().await;
}
