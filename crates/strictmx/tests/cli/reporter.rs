//! The reporter as a whole: a daemon with a finished day, a mail server, an HTTPS endpoint, and the commands about reports.
#![allow(clippy::disallowed_methods, reason = "tests wait for another process")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
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

use crate::collector::{TOKEN, post};

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
        let spread = if more.contains("spread") { "" } else { "spread = \"0s\"\n" };
        format!(
            "[store]\nurl = \"{}\"\n[dns]\nservers = [\"{}\"]\nself_test = \"off\"\n[tls]\nextra_roots = [\"{folder}/ca.pem\"]\n\
             [fetch]\nallow_private = true\n[web]\nlisten = [\"{web}\"]\n[control]\nsocket = \"{folder}/control.sock\"\n\
             [reporter]\norganization = \"Example Ltd\"\ncontact = \"postmaster@sender.test\"\nsubmit = \"smtp://{}\"\n\
             {spread}{more}",
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

impl Site {
    /// One number of the store.
    fn asked(&self, sql: &str) -> i64 {
        let db = rusqlite::Connection::open(self.path("strictmx.db")).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Names in the store.
    fn names(&self, sql: &str) -> Vec<String> {
        let db = rusqlite::Connection::open(self.path("strictmx.db")).unwrap();
        let mut look = db.prepare(sql).unwrap();
        look.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// `report send`, whose end is not awaited.
    fn sending(&self, strictmx: &Strictmx, domains: &[&str]) {
        let mut send = Command::new(BINARY);
        send.args(["report", "send"]).args(domains).arg("--config").arg(strictmx.config_path());
        let mut child = send.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::spawn(move || child.wait());
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

#[test]
fn sessions_told_after_their_report_was_made_are_kept_and_whoever_tells_them_hears_of_it() {
    let site = Site::new();
    site.count(&[("example.test", "mailto:tls@reports.test")]);
    let web = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let collector = "[collector]\nsocket = \"./tlsrpt.sock\"\ntoken_file = \"./token\"\n";
    std::fs::write(site.path("token"), TOKEN).unwrap();
    let config = site.config(web, &format!("{}{collector}", site.keys()));
    let strictmx = Strictmx::start(BINARY, site.folder.path(), &config, web);
    until("the report is made", || lines(&strictmx, &["report", "list", "--state", "sent"]).len() == 1);
    let told = |domain: &str, count: u64| {
        format!(r#"{{"domain": "{domain}", "policy-type": "sts", "at": "{}T12:00:00Z", "count": {count}}}"#, site.day)
    };
    let all = [told("example.test", 3), told("new.test", 6)].join("\n");
    let answer = post(web, TOKEN, &all);
    assert_eq!(answer, (202, serde_json::json!({ "counted": 9, "late": 3 })), "the other has no report yet");
    until("the log says so", || {
        strictmx.stderr().contains("3 sessions were told of days whose reports are made already")
    });
    let (_, metrics) = strictmx.get("/metrics");
    assert!(metrics.contains("strictmx_collector_late_total 3"), "{metrics}");

    let mut emit = Command::new(BINARY);
    emit.args(["report", "emit", "--config"]).arg(strictmx.config_path()).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = emit.spawn().unwrap();
    child.stdin.take().unwrap().write_all(told("example.test", 2).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && error.contains("2 sessions are of days whose reports are made already"),
        "{error}"
    );

    let day = site.day.to_string();
    let shown = lines(&strictmx, &["report", "today", "--day", &day, "example.test"]).remove(0);
    let successes: u64 =
        shown["domains"][0]["policies"].as_array().unwrap().iter().map(|one| one["success"].as_u64().unwrap()).sum();
    assert_eq!(successes, 7 + 3 + 2, "{shown}");
    assert_eq!(
        lines(&strictmx, &["report", "show", "example.test"])[0]["report"]["policies"].as_array().unwrap().len(),
        1
    );
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
        // What was being sent waits for a while; somebody who does not want to wait asks for it.
        site.sending(&strictmx, &[]);
        assert!(kills < 40, "{} mails", site.mail.messages().len());
    }
    strictmx.kill();
    strictmx.restart();
    assert_eq!(said(&strictmx, &["report", "send"]).0, 0);
    // A command that found no daemon may still be sending by itself.
    until("all are sent", || lines(&strictmx, &["report", "list", "--state", "sent"]).len() == names.len());
    let messages = site.mail.messages();
    let to: BTreeSet<&String> = messages.iter().flat_map(|message| &message.to).collect();
    assert_eq!(to.len(), names.len());
    let doubled = messages.len() - names.len();
    // Eight mails are under way at a time.
    assert!(doubled <= 8 * (usize::try_from(kills).unwrap() + 1), "{doubled} of {kills} kills");
    for one in to {
        let same = site.mail.messages_for(one);
        assert!(same.iter().all(|message| message.text == same[0].text), "the same octets each time");
    }
}

/// D-58: due, composing, composed, sending, sent and not confirmed.
#[test]
fn a_daemon_killed_at_every_stage_goes_on_where_it_was() {
    const MANY: i64 = 3_000;
    let site = Site::new();
    let keys = site.keys();
    let names: Vec<String> = (0..MANY).map(|number| format!("d{number}.test")).collect();
    site.count(&names.iter().map(|name| (name.as_str(), "mailto:other@reports.test")).collect::<Vec<_>>());

    // Composing: some of the reports are there.
    let mut strictmx = site.start(&format!("{keys}spread = \"20h\"\n"));
    until("some are composed", || site.asked("SELECT count(*) FROM report") > 0);
    strictmx.kill();
    let some = site.asked("SELECT count(*) FROM report");
    assert!(some < MANY, "{some}");
    let sum =
        "SELECT coalesce(sum(seq * length(gzip) + unicode(substr(hex(gzip), 41, 1))), 0) FROM report WHERE seq <= ";
    let before = site.asked(&format!("{sum}{some}"));
    // Composed: all are, each once, and those that were there are what they were.
    strictmx.restart();
    until("all are composed", || site.asked("SELECT count(*) FROM report") == MANY);
    assert_eq!(site.asked("SELECT count(DISTINCT id) FROM report"), MANY);
    assert_eq!(site.asked(&format!("{sum}{some}")), before);
    strictmx.kill();
    strictmx.restart();
    // Those that leave last are ours to send.
    let late: Vec<String> = site.names("SELECT domain FROM report WHERE state = 'composed' ORDER BY due DESC LIMIT 3");
    let [first, second, third] = [&late[0], &late[1], &late[2]];
    let wants = |domain: &str, rua: &str| {
        site.dns.txt(&format!("_smtp._tls.{domain}"), &format!("v=TLSRPTv1; rua={rua}"));
    };
    wants(first, "mailto:first@reports.test");
    wants(second, "mailto:second@reports.test");
    wants(third, &format!("https://r.test:{}/v1", site.web.address().port()));
    let tries = |domain: &str| {
        let of = format!("SELECT seq FROM report WHERE domain = '{domain}'");
        site.asked(&format!("SELECT coalesce(sum(tries), 0) FROM destination WHERE report = ({of})"))
    };

    // Sending: the session has begun.
    site.mail.fail(Faults { pause: Duration::from_millis(700), ..Faults::default() });
    site.sending(&strictmx, &[first]);
    until("an attempt is noted", || tries(first) == 1);
    strictmx.kill();
    assert_eq!(site.mail.messages_for("first@reports.test").len(), 0);
    strictmx.restart();
    // Sent and not confirmed: the server has it, and has not said so.
    site.sending(&strictmx, &[second]);
    until("a mail is there", || site.mail.messages_for("second@reports.test").len() == 1);
    strictmx.kill();
    site.dns.a("r.test", "127.0.0.1".parse().unwrap());
    let endpoint = || https::Site::policy("ok").at("/v1");
    site.web.site("r.test", &site.ca.issue("r.test", Leaf::Good), endpoint().sending(https::Sending::Never));
    strictmx.restart();
    site.sending(&strictmx, &[third]);
    until("a post is there", || site.web.requests().len() == 1);
    strictmx.kill();

    site.mail.fail(Faults::default());
    site.web.change("r.test", endpoint());
    strictmx.restart();
    for (domain, to, mails) in [(first, "first", 1), (second, "second", 2), (third, "", 0)] {
        assert_eq!(tries(domain), 1, "{domain}: what may be on its way is not sent again at once");
        let outcome = lines(&strictmx, &["report", "send", domain]).remove(0);
        assert_eq!((&outcome["state"], &outcome["destinations"][0]["tries"]), (&"sent".into(), &2.into()), "{outcome}");
        let came = site.mail.messages_for(&format!("{to}@reports.test"));
        assert_eq!(came.len(), mails, "{domain}");
        assert!(came.iter().all(|mail| mail.text == came[0].text), "the same octets each time");
    }
    let posts = site.web.requests();
    assert_eq!((posts.len(), &posts[0].body), (2, &posts[1].body));
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
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    assert!(!site.start(&keys).stderr().contains("everybody on this machine"));
    std::fs::set_permissions(site.path("tlsrpt-rsa.pem"), mode(0o644)).unwrap();
    let told = site.start(&keys).stderr();
    assert!(told.contains("may read the secret in") && told.contains("tlsrpt-rsa.pem"), "{told}");
    std::fs::remove_file(site.path("tlsrpt-rsa.pem")).unwrap();
    let web = SocketAddr::from(([127, 0, 0, 1], free_port()));
    std::fs::write(site.path("strictmx.toml"), site.config(web, &keys)).unwrap();
    let config = site.path("strictmx.toml");
    let output = proc::run(BINARY.as_ref(), &["serve", "--config", config.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(70));
    assert!(String::from_utf8_lossy(&output.stderr).contains("tlsrpt-rsa.pem cannot be read"));
}
