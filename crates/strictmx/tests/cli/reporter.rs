//! The reporter as a whole: a daemon with a finished day, a mail server, an HTTPS endpoint, and the commands about reports.
#![allow(clippy::disallowed_methods, reason = "tests wait for another process")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use strictmx_engine::report::{Counts, Day, DomainDay, PolicyDay, PolicyKey, PolicyType, Scope};
use strictmx_io::clock::Clock;
use strictmx_io::store::{self, counting::Delta};
use strictmx_proto::gzip::{self, Limits};
use strictmx_proto::name::Domain;
use strictmx_proto::tlsrpt::Report;
use strictmx_testbed::pki::{Ca, Leaf};
use strictmx_testbed::proc::{self, Strictmx, free_port};
use strictmx_testbed::smtp::{Faults, Sink};
use strictmx_testbed::{dns, https};

const BINARY: &str = env!("CARGO_BIN_EXE_strictmx");

/// Everybody but the daemon.
struct Site {
    ca: Ca,
    dns: dns::Server,
    web: https::Server,
    mail: Sink,
    folder: tempfile::TempDir,
    day: Day,
}

impl Site {
    fn new() -> Self {
        let (ca, folder) = (Ca::new("ours"), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("ca.pem"), ca.root_pem()).unwrap();
        let mail =
            Sink::start("127.0.0.1:0", "mail.sender.test", Some(&ca.issue("mail.sender.test", Leaf::SelfSigned)));
        // Yesterday is not over for the reporter within the first minutes of a day.
        let day = Day::of(Clock::system().now()).back(2);
        let (dns, web) = (dns::Server::start("127.0.0.1:0"), https::Server::start("127.0.0.1:0"));
        Self { ca, dns, web, mail, folder, day }
    }

    fn url(&self) -> String {
        format!("sqlite://{}/strictmx.db", self.folder.path().display())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Two keys, published.
    fn keys(&self) -> String {
        let folder = self.folder.path().to_str().unwrap();
        let output = proc::run(BINARY.as_ref(), &["report", "keygen", "--domain", "sender.test", "--out", folder]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        for line in text.lines().filter(|line| line.contains(" IN TXT ")) {
            let (name, strings) = line.split_once(". 3600 IN TXT (").unwrap();
            let value: String = strings.split('"').skip(1).step_by(2).collect();
            self.dns.txt(name, &value);
        }
        let (_, lines) = text.split_once("dkim = [").unwrap();
        format!("dkim = [{lines}")
    }

    /// A config; `more` goes below `[reporter]`.
    fn config(&self, web: SocketAddr, more: &str) -> String {
        let folder = self.folder.path().display();
        format!(
            "[store]\nurl = \"{}\"\n[dns]\nservers = [\"{}\"]\nself_test = \"off\"\n[tls]\nextra_roots = [\"{folder}/ca.pem\"]\n\
             [fetch]\nallow_private = true\n[web]\nlisten = [\"{web}\"]\n[control]\nsocket = \"{folder}/control.sock\"\n\
             [reporter]\norganization = \"Example Ltd\"\ncontact = \"postmaster@sender.test\"\nsubmit = \"smtp://{}\"\n\
             spread = \"0s\"\n{more}",
            self.url(),
            self.dns.address(),
            self.mail.address()
        )
    }

    fn start(&self, more: &str) -> Strictmx {
        let web = SocketAddr::from(([127, 0, 0, 1], free_port()));
        Strictmx::start(BINARY, self.folder.path(), &self.config(web, more), web)
    }

    /// Domains with sessions on the day, that want reports there.
    fn count(&self, domains: &[(&str, &str)]) {
        let days = domains.iter().map(|(name, rua)| {
            self.dns.txt(&format!("_smtp._tls.{name}"), &format!("v=TLSRPTv1; rua={rua}"));
            let domain = Domain::parse(name).unwrap();
            let policy = PolicyKey {
                kind: PolicyType::NoPolicyFound,
                domain: domain.clone(),
                text: Box::default(),
                mx: Box::default(),
            };
            let policies = vec![PolicyDay { policy, counts: Counts { success: 7, failure: 2 }, details: Vec::new() }];
            DomainDay { day: self.day, domain, scope: Scope::Domain, record: None, policies }
        });
        let delta = Delta { domains: days.collect(), ..Delta::default() };
        let url = self.url();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = store::open(&url).unwrap();
            store.add_counts(Arc::new(delta)).await.unwrap();
            store.close().await;
        });
    }
}

fn said(strictmx: &Strictmx, arguments: &[&str]) -> (i32, String, String) {
    let output = strictmx.run(arguments);
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn lines(strictmx: &Strictmx, arguments: &[&str]) -> Vec<Value> {
    let (code, text, error) = said(strictmx, &[arguments, &["--format", "json"]].concat());
    assert_eq!(code, 0, "{arguments:?} {error}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !reached() {
        assert!(Instant::now() < end, "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// TLSRPT-3-6, TLSRPT-3-9, TLSRPT-3-18, TLSRPT-5.4-1
#[test]
fn a_finished_day_leaves_by_mail_and_https_and_every_command_tells_of_it() {
    let site = Site::new();
    let keys = site.keys();
    site.dns.a("r.test", "127.0.0.1".parse().unwrap());
    site.web.site("r.test", &site.ca.issue("r.test", Leaf::Good), https::Site::policy("ok").at("/v1"));
    let both = format!("mailto:tls@reports.test,https://r.test:{}/v1", site.web.address().port());
    site.count(&[("example.test", both.as_str()), ("silent.test", "mailto:a@denied.test")]);
    let mut strictmx =
        site.start(&format!("{keys}deny = [\"denied.test\"]\narchive = \"{}\"\n", site.path("archive").display()));
    let mail = site.mail.wait_for("tls@reports.test", Duration::from_secs(30)).expect("a mail");
    assert!(mail.text.contains("a=rsa-sha256") && mail.text.contains("a=ed25519-sha256"), "{}", mail.text);
    assert!(mail.tls.is_some() && mail.from.starts_with("tlsrpt-noreply+b."), "{mail:?}");
    until("the post", || site.web.asked("r.test") == 1);
    let posted = gzip::inflate(&site.web.requests()[0].body, Limits::REPORT).unwrap();
    let report = Report::read(&posted).unwrap().report;
    assert_eq!((report.entries[0].successful, report.entries[0].failed), (7, 2));
    let sent = || lines(&strictmx, &["report", "list", "--state", "sent"]).len() == 1;
    until("sent", sent);

    let day = site.day.to_string();
    let (code, text, _) = said(&strictmx, &["report", "list", "--day", &day]);
    assert_eq!(code, 0);
    assert!(text.contains("sent      example.test: 7 ok, 2 failed; https://r.test"), "{text}");
    assert!(text.contains("failed    silent.test") && text.contains("mailto:a@denied.test skipped"), "{text}");
    let shown = lines(&strictmx, &["report", "show", "example.test"]).remove(0);
    assert_eq!(shown["id"].as_str(), Some(report.id.as_str()));
    assert_eq!(shown["report"]["policies"][0]["summary"]["total-successful-session-count"], 7);
    assert_eq!(shown["destinations"].as_array().unwrap().len(), 2);
    let (code, text, _) = said(&strictmx, &["report", "show", &report.id]);
    assert!(code == 0 && text.contains("250 2.0.0 taken"), "{text}");
    let (code, preview, _) = said(&strictmx, &["report", "preview", "example.test", "--format", "json"]);
    assert_eq!((code, preview.trim_end().as_bytes()), (0, posted.as_slice()), "what would be sent is what was sent");
    let (code, mail, _) = said(&strictmx, &["report", "preview", "example.test", "--format", "mail"]);
    assert!(code == 0 && mail.starts_with("DKIM-Signature:"), "{mail}");
    assert_eq!(lines(&strictmx, &["report", "send"]).len(), 0, "nothing waits");
    let again = lines(&strictmx, &["report", "resend", "example.test", "--day", &day]);
    assert_eq!(again[0]["state"], "sent");
    assert_eq!(site.mail.messages_for("tls@reports.test").len(), 2);
    assert_eq!(said(&strictmx, &["report", "show", "nobody.test"]).0, 2);
    let archived = std::fs::read_dir(site.path("archive").join(&day)).unwrap().count();
    assert_eq!(archived, 2);
    let (_, metrics) = strictmx.get("/metrics");
    assert!(metrics.contains("strictmx_reporter_composed_total 2"), "{metrics}");
    assert!(metrics.contains("strictmx_reporter_attempts_total{way=\"https\",outcome=\"sent\"} 2"), "{metrics}");
    until("the keys are looked up", || strictmx.stderr().contains("tlsrpt-ed._domainkey.sender.test is published"));

    // Without a daemon the command does it by itself.
    strictmx.terminate(Duration::from_secs(20));
    let again = lines(&strictmx, &["report", "resend", "example.test", "--day", &day]);
    assert_eq!((again[0]["state"].as_str(), site.mail.messages_for("tls@reports.test").len()), (Some("sent"), 3));
}

/// D-58
#[test]
fn a_daemon_killed_again_and_again_sends_every_report_and_doubles_only_what_it_was_sending() {
    let site = Site::new();
    let keys = site.keys();
    let names: Vec<(String, String)> =
        (0..120).map(|number| (format!("d{number}.test"), format!("mailto:r{number}@reports.test"))).collect();
    site.count(&names.iter().map(|(name, rua)| (name.as_str(), rua.as_str())).collect::<Vec<_>>());
    site.mail.fail(Faults { pause: Duration::from_millis(15), ..Faults::default() });
    let mut strictmx = site.start(&keys);
    let mut kills = 0;
    while site.mail.messages().len() < 100 {
        std::thread::sleep(Duration::from_millis(300 + 70 * kills));
        strictmx.kill();
        kills += 1;
        strictmx.restart();
        assert!(kills < 40, "{} mails", site.mail.messages().len());
    }
    until("all are sent", || lines(&strictmx, &["report", "list", "--state", "sent"]).len() == names.len());
    let messages = site.mail.messages();
    let to: BTreeSet<&String> = messages.iter().flat_map(|message| &message.to).collect();
    assert_eq!(to.len(), names.len());
    let doubled = messages.len() - names.len();
    // Eight mails are under way at a time.
    assert!(doubled <= 8 * usize::try_from(kills).unwrap(), "{doubled} of {kills} kills");
    for one in to {
        let same = site.mail.messages_for(one);
        assert!(same.iter().all(|message| message.text == same[0].text), "the same octets each time");
    }
}

#[test]
fn a_bounce_silences_its_address_with_the_daemon_and_without() {
    let site = Site::new();
    let keys = site.keys();
    site.count(&[("one.test", "mailto:a@reports.test"), ("two.test", "mailto:b@reports.test")]);
    let mut strictmx = site.start(&keys);
    for (to, daemon) in [("a@reports.test", true), ("b@reports.test", false)] {
        let sender = site.mail.wait_for(to, Duration::from_secs(30)).expect("a mail").from;
        if !daemon {
            strictmx.terminate(Duration::from_secs(20));
        }
        let bounce = |recipient: &str| {
            let mut child = Command::new(BINARY)
                .args(["report", "bounce", "--to", recipient, "--config"])
                .arg(strictmx.config_path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mail =
                b"Content-Type: multipart/report; report-type=delivery-status\n\nAction: failed\nStatus: 5.1.1\n";
            child.stdin.take().unwrap().write_all(mail).unwrap();
            let output = child.wait_with_output().unwrap();
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        };
        let (code, told) = bounce(&sender);
        assert!(code == Some(0) && told.contains("left in peace"), "{told}");
        let (code, told) = bounce("tlsrpt-noreply+b.guessedguessed@sender.test");
        assert!(code == Some(0) && told.contains("names no report of ours"), "{told}");
    }
    let (_, text, _) = said(&strictmx, &["report", "list"]);
    assert_eq!(text.matches(" failed    ").count(), 2, "{text}");
}

#[test]
fn keys_are_never_written_over_and_a_missing_one_stops_the_start() {
    let site = Site::new();
    let keys = site.keys();
    let folder = site.folder.path().to_str().unwrap().to_owned();
    let again = proc::run(BINARY.as_ref(), &["report", "keygen", "--domain", "sender.test", "--out", &folder]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("never written over"));
    std::fs::remove_file(site.path("tlsrpt-rsa.pem")).unwrap();
    let web = SocketAddr::from(([127, 0, 0, 1], free_port()));
    std::fs::write(site.path("strictmx.toml"), site.config(web, &keys)).unwrap();
    let config = site.path("strictmx.toml");
    let output = proc::run(BINARY.as_ref(), &["serve", "--config", config.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(70));
    assert!(String::from_utf8_lossy(&output.stderr).contains("tlsrpt-rsa.pem cannot be read"));
}
