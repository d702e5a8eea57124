//! Reports beside real Postfix 3.10: what they say is what Postfix logged, they arrive whatever their receiver's TLS is like, and
//! somebody else's verifier accepts their signatures. And a disk that is full while they are made.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use strictmx_proto::gzip::{self, Limits};
use strictmx_proto::tlsrpt::Report;
use strictmx_testbed::dns;
use strictmx_testbed::lab::{Lab, Postfix, Zone};
use strictmx_testbed::pki::Leaf;
use strictmx_testbed::proc;
use strictmx_testbed::smtp::{Message, Sink};

use crate::world::{Domain, Server, trust_ad};

/// The domains below this are told to a collector of our own.
const BELOW: &str = "out.insecure.test";
/// The submitter.
const SENDER: &str = "client.test";
/// Verifies every signature of a message with the records given, `name=text` each: True or False for each.
const VERIFY: &str = "\
import sys, dkim
records = dict(one.split('=', 1) for one in sys.argv[1:])
def dns(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    return records.get(name.rstrip('.'), '').encode()
message = sys.stdin.buffer.read()
verifier = dkim.DKIM(message)
head = message.split(b'\\r\\n\\r\\n')[0].lower().split(b'\\r\\n')
count = sum(1 for line in head if line.startswith(b'dkim-signature:'))
print(' '.join(str(verifier.verify(idx=index, dnsfunc=dns)) for index in range(count)))
";

fn verified(message: &str, records: &[String]) -> String {
    let folder = PathBuf::from(std::env::var_os("STRICTMX_LAB").unwrap());
    let python = folder.join("dkimpy-1.1.8/bin/python");
    let mut child = Command::new(&python);
    child.args(["-c", VERIFY]).args(records).stdin(Stdio::piped()).stdout(Stdio::piped());
    let there = |error| panic!("{}: {error}; `cargo xtask test` makes it", python.display());
    let mut child = child.spawn().unwrap_or_else(there);
    child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Two keys: the lines for the config, and what is to be published.
fn keys(folder: &Path) -> (String, Vec<String>) {
    let folder = folder.to_str().unwrap();
    let arguments = ["report", "keygen", "--domain", SENDER, "--out", folder];
    let output = proc::run(env!("CARGO_BIN_EXE_strictmx").as_ref(), &arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let record = |line: &str| {
        let (name, strings) = line.split_once(". 3600 IN TXT (").unwrap();
        format!("{name}={}", strings.split('"').skip(1).step_by(2).collect::<String>())
    };
    let records = text.lines().filter(|line| line.contains(" IN TXT ")).map(record).collect();
    let (_, lines) = text.split_once("dkim = [").unwrap();
    (format!("dkim = [{lines}"), records)
}

/// Lets everything that was counted have happened two days ago, as far as the store knows.
fn let_days_pass(store: &Path) {
    let db = rusqlite::Connection::open(store).unwrap();
    for table in ["count_day", "count_domain", "count_session", "count_detail", "count_policy"] {
        db.execute(&format!("UPDATE {table} SET day = day - 2"), []).unwrap();
    }
}

/// Sessions that Postfix logged with a domain: successes and failures.
fn logged(postfix: &Postfix, domain: &str) -> (u64, u64) {
    let log = postfix.log();
    let of = |status: &str| {
        let needles = [format!("TLSRPT: status={status}"), format!("domain={domain},")];
        log.lines().filter(|line| needles.iter().all(|needle| line.contains(needle))).count()
    };
    (u64::try_from(of("success")).unwrap(), u64::try_from(of("failure")).unwrap())
}

fn counted(server: &Server, domain: &str) -> (u64, u64) {
    let output = server.strictmx.run(&["report", "today", domain, "--format", "json"]);
    let today: Value = serde_json::from_slice(&output.stdout).unwrap();
    let domains = today["domains"].as_array().unwrap();
    let policies = domains.iter().flat_map(|one| one["policies"].as_array().unwrap().clone());
    policies.fold((0, 0), |(success, failure), policy| {
        (success + policy["success"].as_u64().unwrap(), failure + policy["failure"].as_u64().unwrap())
    })
}

fn until(what: &str, server: &Server, mut reached: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(90);
    while !reached() {
        assert!(Instant::now() < end, "not in time: {what}\n{}", server.strictmx.stderr());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The report that a mail carries.
fn report(message: &Message) -> Report {
    let (_, part) = message.text.split_once("Content-Type: application/tlsrpt+gzip").unwrap();
    let (_, body) = part.split_once("\r\n\r\n").unwrap();
    let (body, _) = body.split_once("\r\n--").unwrap();
    let mut base64 = Command::new("base64");
    let mut child = base64.arg("-d").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(body.replace("\r\n", "\n").as_bytes()).unwrap();
    let gzip = child.wait_with_output().unwrap().stdout;
    let read = Report::read(&gzip::inflate(&gzip, Limits::REPORT).unwrap()).unwrap();
    assert_eq!(read.notes, []);
    read.report
}

fn reporting(submit: &str, dkim: &str) -> String {
    format!(
        "[reporter]\norganization = \"Example Ltd\"\ncontact = \"postmaster@{SENDER}\"\nspread = \"0s\"\nsubmit = \"{submit}\"\n{dkim}"
    )
}

/// TLSRPT-3-7, TLSRPT-3-8, TLSRPT-3-9, TLSRPT-5.3.1-1, D-53, D-54
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn reports_say_what_postfix_logged_and_arrive_whatever_tls_their_receiver_has() {
    let lab = Lab::shared();
    let postfix = lab.postfix310();
    let mut server = Server::start(lab, "reporter", &trust_ad());
    let socket = postfix.tell_at(BELOW, server.port, "postfix-3.10", "run/out.sock");
    let plain = std::fs::read_to_string(server.strictmx.config_path()).unwrap();
    let collecting = format!("{plain}[collector]\nsocket = \"{}\"\nflush = \"200ms\"\n", socket.display());
    server.strictmx.write_config(&collecting);
    server.strictmx.restart();

    // Whoever gets the reports demands what its own mail host does not have: mail to it would be deferred for ever.
    let inbox = format!("inbox.{BELOW}");
    let record = |name: &str| format!("add _smtp._tls.{name}. 60 TXT \"v=TLSRPTv1; rua=mailto:tls@{inbox}\"");
    let wanting = |label: &str| {
        let name = format!("{label}.{BELOW}");
        Domain::named(lab, Zone::Insecure, &name).line(record(&name))
    };
    let receiver = wanting("inbox").leaf(Leaf::WrongName).enforce().publish();
    let good = wanting("good").leaf(Leaf::Good).enforce().publish();
    let expired = wanting("expired").leaf(Leaf::Expired).enforce().publish();
    for user in ["a", "b"] {
        postfix.send(&good.user(user));
        postfix.sent(&good.user(user), 40);
    }
    postfix.send(&expired.user("a"));
    postfix.fate(&expired.user("a"), 40);
    let told = |server: &Server| {
        let told = logged(postfix, &expired.name);
        counted(server, &expired.name) == told && counted(server, &good.name) == (2, 0)
    };
    until("both sides agree", &server, || told(&server));
    // Postfix goes on trying; what it tells nobody from here on is no part of the day.
    server.strictmx.terminate(Duration::from_secs(20));
    let last = counted(&server, &expired.name);
    let folder = lab.folder("reporter");
    let_days_pass(&folder.join("strictmx.db"));

    let (dkim, records) = keys(&folder);
    let submit = format!("sendmail:{}", postfix.sendmail().display());
    server.strictmx.write_config(&format!("{collecting}{}", reporting(&submit, &dkim)));
    server.strictmx.restart();
    let sink = &receiver.sinks[0];
    until("two reports arrive", &server, || sink.messages().len() >= 2);
    let messages = sink.messages();
    let of = |domain: &Domain| {
        let line = format!("TLS-Report-Domain: {}\r\n", domain.name);
        messages.iter().find(|message| message.text.contains(&line)).unwrap_or_else(|| panic!("{messages:?}"))
    };
    for (domain, counts) in [(&good, (2, 0)), (&expired, last)] {
        let message = of(domain);
        let entry = report(message).entries.remove(0);
        assert_eq!((entry.successful, entry.failed), counts, "{}", domain.name);
        assert_eq!(verified(&message.text, &records), "True True", "{}", message.text);
        let forged = message.text.replace("TLS-Report-Submitter: client.test", "TLS-Report-Submitter: other.test");
        assert_eq!(verified(&forged, &records), "False False");
    }
    assert!(last.1 > 0, "{last:?}");
    // With `TLS-Required: No` Postfix demands nothing for these mails, and tells nobody of their sessions.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(counted(&server, &inbox), (0, 0));
    assert_eq!(logged(postfix, &inbox), (0, 0), "{}", postfix.log());
}

/// D-58
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_full_disk_holds_reports_up_and_loses_and_doubles_none() {
    const DOMAINS: usize = 1_500;
    let lab = Lab::shared();
    let disk = lab.folder("reporter-disk");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(&disk).status().unwrap();
    assert!(mounted.success());
    let names = dns::Server::start("127.0.0.1:0");
    names.otherwise(|_, kind| (kind == "TXT").then(|| dns::Answer::txt(&["v=TLSRPTv1; rua=mailto:tls@reports.test"])));
    let resolver = format!("servers = [\"{}\"]\ndnssec = \"off\"\nself_test = \"off\"", names.address());
    let mut server = Server::start(lab, "reporter-full", &resolver);
    let sink = Sink::start(&format!("{}:2525", lab.address(2)), "mail.client.test", None);
    let (dkim, _) = keys(&lab.folder("reporter-full"));
    let plain = std::fs::read_to_string(server.strictmx.config_path()).unwrap();
    let (_, rest) = plain.split_once("[dns]").unwrap();
    let config = format!(
        "[store]\nurl = \"sqlite://{}/strictmx.db\"\n[dns]{rest}{}",
        disk.display(),
        reporting(&format!("smtp://{}", sink.address()), &format!("max_per_destination = 100000\n{dkim}"))
    );
    // Counted a while ago, by a daemon without a reporter.
    let without = config.split("[reporter]").next().unwrap().to_owned();
    server.strictmx.write_config(&without);
    server.strictmx.restart();
    server.strictmx.terminate(Duration::from_secs(20));
    let at = "2026-01-01T00:00:00Z";
    let line = |number: usize| format!("{{\"domain\": \"d{number}.test\", \"at\": \"{at}\"}}\n");
    let sessions: String = (0..DOMAINS).map(line).collect();
    let mut emit = Command::new(env!("CARGO_BIN_EXE_strictmx"));
    emit.args(["report", "emit", "--config"]).arg(server.strictmx.config_path());
    let mut child = emit.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(sessions.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let today = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 86_400;
    let db = rusqlite::Connection::open(disk.join("strictmx.db")).unwrap();
    for table in ["count_day", "count_domain", "count_session", "count_policy"] {
        db.execute(&format!("UPDATE {table} SET day = ?1"), [i64::try_from(today).unwrap() - 2]).unwrap();
    }
    drop(db);
    // Everything but a little is taken by somebody else.
    let taken = disk.join("somebody-else");
    let free = left(&disk) - 300 * 1024;
    std::fs::write(&taken, vec![0; usize::try_from(free).unwrap()]).unwrap();
    server.strictmx.write_config(&config);
    server.strictmx.restart();
    until("the full disk is told", &server, || server.strictmx.stderr().contains("there is no room left"));
    std::fs::remove_file(&taken).unwrap();
    let sent = |server: &Server| {
        let output = server.strictmx.run(&["report", "list", "--limit", "10000", "--state", "sent"]);
        String::from_utf8(output.stdout).unwrap().lines().count()
    };
    until("every report is sent", &server, || sent(&server) == DOMAINS);
    assert_eq!(sink.messages().len(), DOMAINS, "each once");
    assert!(server.strictmx.is_running());
    let _unmounted = Command::new("umount").args(["-l"]).arg(&disk).status();
}

/// Free octets of a file system.
fn left(folder: &Path) -> u64 {
    let output = Command::new("df").args(["--output=avail", "-B1"]).arg(folder).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().last().unwrap().trim().parse().unwrap()
}
