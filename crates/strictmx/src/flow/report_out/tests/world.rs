//! Receivers of reports on loopback, a store with a finished day, and a clock that tests move.
use std::{path::Path, sync::Arc, time::Duration};

use strictmx_engine::{
    report::{
        Counts, Day, Detail, DomainDay, PolicyDay, PolicyKey, PolicyType, Scope, compose,
        outcome::{Lists, State},
    },
    time::Timestamp,
};
use strictmx_io::{
    clock::{Clock, Hand},
    dkim::{Key, Keys},
    dns::{self, Dns, DnssecMode},
    fetch::{self, Certificates, Fetcher},
    store::{
        self, Store,
        counting::Delta,
        outgoing::{DestinationRow, ReportRow, Which},
    },
    submit::{self, Server as MailServer, Submitter},
    task::Tasks,
    tls::{ClientTls, Roots},
};
use strictmx_proto::{
    mail::{
        Address,
        dkim::{Algorithm, Selector},
    },
    name::Domain,
};
use strictmx_testbed::{dns::Server as DnsServer, https, pki::Ca, smtp::Sink};

use super::super::{Parts, Reporter, Rules, When};
use crate::{
    config::{Log, LogFormat, LogLevel},
    flow::ask::Senses,
    telemetry::{Reader, Telemetry, page::Page},
};

/// 2026-11-21.
pub(super) const DAY: Day = Day(20_778);
/// Ten o'clock in the morning after.
pub(super) const MORNING: Timestamp = Timestamp(20_779 * 86_400 + 36_000);

pub(super) fn name(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

pub(super) struct World {
    pub(super) ca: Ca,
    pub(super) dns: DnsServer,
    pub(super) web: https::Server,
    pub(super) mail: Sink,
    pub(super) folder: tempfile::TempDir,
    pub(super) log: Page,
    pub(super) clock: Clock,
    pub(super) hand: Hand,
    pub(super) store: Arc<dyn Store>,
    pub(super) telemetry: Telemetry,
}

impl World {
    pub(super) fn new() -> Self {
        let dns = DnsServer::start("127.0.0.1:0");
        let web = https::Server::start("127.0.0.1:0");
        let mail = Sink::start("127.0.0.1:0", "submission.example.test", None);
        let folder = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::fixed(MORNING);
        let log = Page::default();
        let settings = Log { level: LogLevel::Debug, format: LogFormat::Text };
        let telemetry = Telemetry::new(clock.clone(), settings, Reader::Plain, Box::new(log.clone()));
        let store = store::open(&format!("sqlite://{}", folder.path().join("a.db").display())).unwrap();
        let ca = Ca::new("ours");
        Self { ca, dns, web, mail, folder, log, clock, hand, store, telemetry }
    }

    pub(super) fn senses(&self) -> Senses {
        let dns = Dns::new(dns::Options {
            servers: vec![self.dns.address()],
            dnssec: DnssecMode::Off,
            attempt_timeout: Duration::from_millis(500),
            attempts: 2,
        });
        let options = fetch::Options {
            timeout: Duration::from_secs(3),
            allow_private: fetch::AllowPrivate::Yes,
            port: 443,
            user_agent: "strictmx/test".to_owned(),
        };
        let fetcher = Fetcher::new(self.tls(), options).unwrap();
        Senses { dns: dns.unwrap(), fetcher, clock: self.clock.clone() }
    }

    fn tls(&self) -> ClientTls {
        let mut roots = Roots::none();
        roots.add_pem(Path::new("test-root.pem"), self.ca.root_pem().as_bytes());
        ClientTls::with_roots(roots).unwrap().0
    }

    /// What an operator would begin with, at once and with an Ed25519 key (an RSA key takes a second to make).
    pub(super) fn rules(&self) -> Rules {
        let key = (Selector::parse("ed").unwrap(), Key::generate(Algorithm::Ed25519Sha256).unwrap());
        let server = MailServer::parse(&format!("smtp://{}", self.mail.address())).unwrap();
        Rules {
            reporter: compose::Reporter {
                organization: "Example Ltd".to_owned(),
                contact: Address::parse("postmaster@sender.test").unwrap(),
                redact: compose::Redact::default(),
            },
            from: Address::parse("tlsrpt@sender.test").unwrap(),
            keys: Keys { keys: vec![key] },
            submitter: Submitter::new(server, self.tls(), "us.sender.test", submit::Limits::default()),
            spread: 0,
            keep: 30 * 86_400,
            when: When::Always,
            lists: Lists::default(),
            cap: 1000,
            certificates: Certificates::Valid,
            archive: None,
        }
    }

    pub(super) async fn reporter(&self, rules: Rules) -> Reporter {
        let (store, telemetry) = (Arc::clone(&self.store), self.telemetry.clone());
        let parts = Parts { store, telemetry, tasks: Tasks::new(), senses: self.senses() };
        Reporter::new(parts, rules).await.unwrap()
    }

    /// A domain publishes a TLSRPT record.
    pub(super) fn publish(&self, domain: &str, record: &str) {
        self.dns.txt(&format!("_smtp._tls.{domain}"), record);
    }

    /// A day of sessions with a domain.
    pub(super) async fn count(&self, day: Day, domain: &str, success: u64, failure: u64, record: Option<&str>) {
        let policy = PolicyKey {
            kind: PolicyType::Sts,
            domain: name(domain),
            text: ["version: STSv1".into(), "mode: enforce".into(), format!("mx: mx.{domain}").into()].into(),
            mx: [format!("mx.{domain}").into()].into(),
        };
        let detail = Detail {
            result_type: "certificate-expired".into(),
            sending_mta_ip: Some("192.0.2.1".into()),
            receiving_mx_hostname: Some(format!("mx.{domain}").into()),
            receiving_mx_helo: None,
            receiving_ip: Some("198.51.100.1".into()),
            additional_information: None,
            failure_reason_code: None,
        };
        let details = if failure > 0 { vec![(detail, failure)] } else { Vec::new() };
        let policies = vec![PolicyDay { policy, counts: Counts { success, failure }, details }];
        let one =
            DomainDay { day, domain: name(domain), scope: Scope::Domain, record: record.map(Into::into), policies };
        let delta = Delta { domains: vec![one], ..Delta::default() };
        self.store.add_counts(Arc::new(delta)).await.unwrap();
    }

    /// A domain with sessions yesterday that wants reports there.
    pub(super) async fn wants(&self, domain: &str, rua: &str) {
        self.publish(domain, &format!("v=TLSRPTv1; rua={rua}"));
        self.count(DAY, domain, 5, 1, None).await;
    }

    /// An HTTPS address of the test's own endpoint, under this host name.
    pub(super) fn https(&self, host: &str, path: &str) -> String {
        self.dns.a(host, "127.0.0.1".parse().unwrap());
        format!("https://{host}:{}{path}", self.web.address().port())
    }

    pub(super) async fn report(&self, domain: &str) -> ReportRow {
        let which = Which { domain: Some(name(domain)), ..Which::default() };
        self.store.reports(which, 10).await.unwrap().remove(0)
    }

    pub(super) async fn destinations(&self, domain: &str) -> Vec<DestinationRow> {
        let number = self.report(domain).await.number;
        self.store.destinations(number).await.unwrap()
    }

    /// The state of the one destination, once there is any.
    pub(super) async fn destinations_if_any(&self, domain: &str) -> Option<State> {
        let which = Which { domain: Some(name(domain)), ..Which::default() };
        let report = self.store.reports(which, 1).await.unwrap().pop()?;
        Some(self.store.destinations(report.number).await.unwrap().pop()?.state)
    }

    /// A fetcher that keeps out of our own network.
    pub(super) fn strict_fetcher(&self) -> Fetcher {
        let options = fetch::Options {
            timeout: Duration::from_secs(3),
            allow_private: fetch::AllowPrivate::No,
            port: 443,
            user_agent: "strictmx/test".to_owned(),
        };
        Fetcher::new(self.tls(), options).unwrap()
    }

    /// The state of the one destination.
    pub(super) async fn fate(&self, domain: &str) -> (State, String) {
        let one = self.destinations(domain).await.remove(0);
        (one.state, one.said.unwrap_or_default())
    }
}
