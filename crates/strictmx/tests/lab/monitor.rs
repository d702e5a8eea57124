//! The monitor of the daemon: a domain that breaks and is mended while the daemon is killed, restarted and reloaded.

use std::time::{Duration, Instant};

use serde_json::Value;
use strictmx_testbed::dns;
use strictmx_testbed::https::{self, Site};
use strictmx_testbed::lab::Lab;
use strictmx_testbed::pki::Leaf;
use strictmx_testbed::smtp::Sink;

use crate::world::Server;

const DOMAIN: &str = "watched.test";
const RESOLVER: &str = "127.0.78.1:53";

/// A watched domain with all its hosts, and who is told of it.
struct Watched {
    lab: &'static Lab,
    _dns: dns::Server,
    _policy_host: https::Server,
    mail_host: Sink,
    hook: https::Server,
    submission: Sink,
    server: Server,
}

impl Watched {
    fn start() -> Self {
        let lab = Lab::shared();
        let (web, mail) = (lab.address(1), lab.address(2));
        let dns = dns::Server::start(RESOLVER);
        dns.txt(&format!("_mta-sts.{DOMAIN}"), "v=STSv1; id=1;");
        dns.mx(DOMAIN, &[(10, &format!("mx.{DOMAIN}"))]);
        dns.a(&format!("mta-sts.{DOMAIN}"), web.parse().unwrap());
        dns.a(&format!("mx.{DOMAIN}"), mail.parse().unwrap());
        let policy_host = https::Server::start(&format!("{web}:443"));
        let policy = format!("version: STSv1\r\nmode: enforce\r\nmx: mx.{DOMAIN}\r\nmax_age: 604800\r\n");
        policy_host.policy(&lab.ca, DOMAIN, &policy);
        let host = format!("mx.{DOMAIN}");
        let mail_host = Sink::start(&format!("{mail}:25"), &host, Some(&lab.ca.issue(&host, Leaf::Good)));
        let hook = https::Server::start("127.0.0.1:0");
        hook.site("localhost", &lab.ca.issue("localhost", Leaf::Good), Site::policy("").at("/hook"));
        let submission = Sink::start("127.0.0.1:0", "submission.test", None);
        let dns_section = format!("servers = [\"{RESOLVER}\"]\ndnssec = \"trust-ad\"\nself_test = \"off\"");
        let server = Server::start(lab, "monitor", &dns_section);
        let mut watched = Self { lab, _dns: dns, _policy_host: policy_host, mail_host, hook, submission, server };
        watched.configure();
        watched
    }

    /// Adds the section, and restarts: a monitor is not begun by a reload.
    fn configure(&mut self) {
        let plain = std::fs::read_to_string(self.server.strictmx.config_path()).unwrap();
        let folder = self.server.strictmx.config_path().parent().unwrap();
        std::fs::write(folder.join("token"), "a-token\n").unwrap();
        let section = format!(
            "[monitor]\ndomains = [\"{DOMAIN}\"]\nevery = \"1s\"\nfamilies = [\"record\", \"policy\", \"mx\", \"smtp\"]\n\
             depth = \"quick\"\nwebhook = \"https://localhost:{}/hook\"\nwebhook_token_file = \"{}/token\"\n\
             mail_to = [\"ops@example.org\"]\nmail_from = \"strictmx@example.org\"\nsubmit = \"smtp://{}\"\n",
            self.hook.address().port(),
            folder.display(),
            self.submission.address()
        );
        self.server.strictmx.write_config(&format!("{plain}{section}"));
        self.server.strictmx.restart();
    }

    fn show(&self, leaf: Leaf) {
        self.mail_host.show(&self.lab.ca.issue(&format!("mx.{DOMAIN}"), leaf));
    }

    /// What the webhook has been told, each number once.
    fn letters(&self) -> Vec<Value> {
        let mut letters: Vec<Value> = Vec::new();
        for request in self.hook.requests() {
            assert_eq!(request.header("authorization"), Some("Bearer a-token"));
            let letter: Value = serde_json::from_slice(&request.body).unwrap();
            if letters.iter().all(|known| known["number"] != letter["number"]) {
                letters.push(letter);
            }
        }
        letters
    }

    fn mails(&self) -> Vec<String> {
        self.submission.messages_for("ops@example.org").into_iter().map(|message| message.text).collect()
    }

    /// Looks at the domain so far, by its mail host's count of connections.
    fn look_again(&self) {
        let before = self.mail_host.connections();
        self.until("three more looks", || self.mail_host.connections() >= before + 3);
    }

    fn until(&self, what: &str, mut reached: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !reached() {
            assert!(Instant::now() < end, "not within 30 s: {what}\n{}", self.server.strictmx.stderr());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_watched_domain_is_told_of_once_when_it_breaks_and_once_when_it_is_mended_whatever_happens_to_the_daemon() {
    let mut watched = Watched::start();
    watched.look_again();
    assert_eq!((watched.letters().len(), watched.mails().len()), (0, 0), "{}", watched.server.strictmx.stderr());
    // The first look that shows it is the last of this process.
    watched.show(Leaf::Expired);
    let before = watched.mail_host.connections();
    watched.until("a look", || watched.mail_host.connections() > before);
    watched.server.strictmx.kill();
    watched.server.strictmx.restart();
    watched.until("an alert", || !watched.letters().is_empty() && !watched.mails().is_empty());
    watched.server.strictmx.kill();
    watched.server.strictmx.restart();
    watched.server.strictmx.hangup();
    watched.look_again();
    let letters = watched.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    let letter = &letters[0];
    assert_eq!(
        (&letter["news"], &letter["domain"], &letter["severity"]),
        (&"raised".into(), &DOMAIN.into(), &"error".into())
    );
    assert_eq!(letter["subject"], format!("mx.{DOMAIN}"));
    assert_eq!(letter["finding"]["id"], letter["id"]);
    let ids = |text: &str| text.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
    let mails = watched.mails();
    assert!(mails.iter().all(|mail| ids(mail) == ids(&mails[0])), "{mails:?}");
    assert!(
        mails[0].contains("Auto-Submitted: auto-generated\r\n") && mails[0].contains("Next step: "),
        "{}",
        mails[0]
    );
    watched.show(Leaf::Good);
    watched.until("an all-clear", || {
        watched.letters().len() == 2 && watched.mails().last().is_some_and(|mail| mail.contains("all clear"))
    });
    watched.look_again();
    let status = watched.server.strictmx.terminate(Duration::from_secs(15));
    assert!(status.success());
    let letters = watched.letters();
    assert_eq!(letters.len(), 2);
    assert_eq!((&letters[1]["news"], &letters[1]["id"]), (&"all-clear".into(), &letters[0]["id"]));
    watched.server.strictmx.restart();
    let (_, metrics) = watched.server.strictmx.get("/metrics");
    assert!(metrics.contains("strictmx_monitor_") && !metrics.contains(DOMAIN), "{metrics}");
    let said = watched.server.strictmx.stderr();
    assert!(said.contains("one domain every 1 s, told to the log, https://localhost:"), "{said}");
    assert!(!said.contains("a-token"));
}
