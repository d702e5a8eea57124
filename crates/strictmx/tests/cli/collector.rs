//! The collector as a whole: datagrams and sessions in, `report today` out, and what is left after kills and a locked store.
#![allow(clippy::disallowed_methods, reason = "tests wait for another process")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use strictmx::config::{LogFormat, LogLevel};
use strictmx::flow::collect::{Collector, Options, Parts};
use strictmx::telemetry::Reader;
use strictmx_engine::report::{Day, HostScope};
use strictmx_engine::time::Timestamp;
use strictmx_io::clock::Clock;
use strictmx_io::listen::{Access, Address, Handed};
use strictmx_io::task::Tasks;
use strictmx_io::{datagram, store};
use strictmx_testbed::datagrams;
use strictmx_testbed::proc::{Strictmx, free_port};

/// What the file of the password holds.
pub(crate) const TOKEN: &str = "a-password-that-is-long-enough";

struct Running {
    strictmx: Strictmx,
    web: SocketAddr,
    folder: tempfile::TempDir,
}

impl Running {
    fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let web = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let path = folder.path().display();
        std::fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
        let config = format!(
            "[store]\nurl = \"sqlite://{path}/strictmx.db\"\n[dns]\nservers = [\"127.0.0.1:9\"]\nself_test = \"off\"\n\
             [web]\nlisten = [\"{web}\"]\n[collector]\nsocket = \"{path}/tlsrpt.sock\"\n{more}"
        );
        let strictmx = Strictmx::start(env!("CARGO_BIN_EXE_strictmx"), folder.path(), &config, web);
        Self { strictmx, web, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sender(&self) -> UnixDatagram {
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(self.path("tlsrpt.sock")).unwrap();
        sender
    }

    fn cli(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.strictmx.run(arguments);
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn today(&self) -> Value {
        let (code, json, error) = self.cli(&["report", "today", "--format", "json"]);
        assert_eq!(code, 0, "{error}");
        serde_json::from_str(&json).unwrap()
    }

    /// What was counted, once it is so many.
    fn today_with(&self, received: u64) -> Value {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let today = self.today();
            if today["received"].as_u64() >= Some(received) {
                return today;
            }
            assert!(Instant::now() < end, "{received} wanted: {today}\n{}", self.strictmx.stderr());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn post(&self, token: &str, body: &str) -> (u16, Value) {
        post(self.web, token, body)
    }
}

/// What `POST /v1/sessions` answers.
pub(crate) fn post(web: SocketAddr, token: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(web).unwrap();
    let head =
        format!("POST /v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    write!(stream, "{head}Authorization: Bearer {token}\r\n\r\n").unwrap();
    // A body that is refused may not be read to its end.
    let _refused = stream.write_all(body.as_bytes());
    let mut answer = String::new();
    let _reset = stream.read_to_string(&mut answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

fn datagram(domain: &str) -> String {
    let record = format!("v=TLSRPTv1; rua=mailto:tlsrpt@{domain}");
    format!(
        r#"{{"dpv": "1","d": "{domain}","pr": "{record}","policies":[{{"policy-type":9,"policy-domain": "{domain}","t":0,"f":0}}]}}"#
    )
}

/// Sessions by domain and type of policy: successes and failures.
type Table = BTreeMap<(String, String), (u64, u64)>;

fn table(today: &Value) -> Table {
    let mut table = Table::new();
    for domain in today["domains"].as_array().unwrap() {
        for policy in domain["policies"].as_array().unwrap() {
            let key = (domain["domain"].as_str().unwrap().to_owned(), policy["type"].as_str().unwrap().to_owned());
            let (success, failure) = table.entry(key).or_default();
            *success += policy["success"].as_u64().unwrap();
            *failure += policy["failure"].as_u64().unwrap();
        }
    }
    table
}

/// What the captured datagrams say, counted by other means than ours.
fn told(datagrams: &[(String, Vec<u8>)]) -> Table {
    let mut table = Table::new();
    for (name, octets) in datagrams {
        let told: Value =
            serde_json::from_str(&String::from_utf8_lossy(octets)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let domain = told["d"].as_str().unwrap().to_ascii_lowercase();
        let domain = domain.trim_end_matches('.');
        for policy in told["policies"].as_array().unwrap() {
            let kind = match policy["policy-type"].as_u64() {
                Some(1) => "tlsa",
                Some(2) => "sts",
                _ => "no-policy-found",
            };
            if !domain.is_empty() {
                let (success, failure) = table.entry((domain.to_owned(), kind.to_owned())).or_default();
                *(if policy["f"] == 0 { success } else { failure }) += 1;
            }
        }
    }
    table
}

// TLSRPT-4.2-1, TLSRPT-4.2-2, TLSRPT-4-2
#[test]
fn every_captured_datagram_is_counted_as_it_says() {
    let running = Running::start("");
    let all = datagrams::all();
    assert!(all.len() > 150, "{}", all.len());
    let sender = running.sender();
    for (_, octets) in &all {
        sender.send(octets).unwrap();
    }
    let today = running.today_with(all.len().try_into().unwrap());
    assert_eq!(table(&today), told(&all));
    // One of them names no domain; it is kept apart.
    let empty = all.iter().filter(|(name, _)| name.contains("empty-domain")).count();
    assert_eq!(today["malformed"], empty, "{today}");
    let helo = today.to_string();
    assert!(!helo.contains("250-"), "the whole reply to EHLO is no name");
    let metrics = running.strictmx.get("/metrics").1;
    assert!(metrics.contains(&format!("strictmx_collector_received_total {}", all.len())), "{metrics}");
}

#[test]
fn rubbish_is_put_into_quarantine_and_stops_nothing() {
    let running = Running::start("");
    let sender = running.sender();
    let rubbish: [&[u8]; 9] =
        [b"", b"{", b"null", b"[]", b"{}", &[0xff; 100], b"{\"d\": 7}", b"1e999", &[b'['; 100_000]];
    for (number, octets) in rubbish.iter().enumerate() {
        if number == 8 {
            // Two threads take datagrams in, so that only what came in another moment is newer.
            running.today_with(16);
        }
        sender.send(octets).unwrap();
        sender.send(datagram("good.example").as_bytes()).unwrap();
    }
    let today = running.today_with(18);
    assert_eq!((&today["malformed"], &today["received"]), (&9.into(), &18.into()));
    assert_eq!(table(&today)[&("good.example".into(), "no-policy-found".into())], (9, 0));
    let shown = today["quarantine"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[0]["begins"]), (5, &Value::from("[".repeat(200))), "the newest, cut short");
    let db = rusqlite::Connection::open(running.path("strictmx.db")).unwrap();
    let kept: i64 = db.query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 9);
}

#[test]
fn killed_amid_datagrams_it_loses_the_last_moments_and_says_how_much() {
    let mut running = Running::start("flush = \"300ms\"\n");
    let (mut sent, mut gap) = (0_u64, 0_u64);
    for round in 1..=4_u64 {
        let sender = running.sender();
        let text = datagram("killed.example");
        let end = Instant::now() + Duration::from_millis(250 + 170 * round);
        while Instant::now() < end {
            sender.send(text.as_bytes()).unwrap();
            sent += 1;
            // As fast as a build that is not optimised counts.
            std::thread::sleep(Duration::from_micros(50));
        }
        running.strictmx.kill();
        running.strictmx.restart();
        // What the kernel's queue held, and what was on its way to the counting, nobody can know.
        gap += 3000;
        let today = running.today();
        let (received, lost) = (today["received"].as_u64().unwrap(), today["lost"].as_u64().unwrap());
        assert!(received + lost <= sent, "round {round}: {received} + {lost} of {sent}");
        assert!(received + lost + gap >= sent, "round {round}: {received} + {lost} of {sent}");
        let counted = table(&today).get(&("killed.example".into(), "no-policy-found".into())).copied();
        assert_eq!(counted.unwrap_or_default(), (received, 0), "counts and numbers of one transaction agree");
    }
    let lost = running.today()["lost"].as_u64().unwrap();
    assert!(lost > 0, "four kills lose something");
    assert!(running.strictmx.stderr().contains("[events-lost]"), "{}", running.strictmx.stderr());
}

#[test]
fn stopped_in_an_orderly_way_it_loses_nothing() {
    let mut running = Running::start("flush = \"60s\"\n");
    let sender = running.sender();
    for _ in 0..500 {
        sender.send(datagram("calm.example").as_bytes()).unwrap();
    }
    assert!(running.strictmx.terminate(Duration::from_secs(20)).success());
    let today = running.today();
    assert_eq!((&today["received"], &today["lost"]), (&500.into(), &0.into()), "{}", running.strictmx.stderr());
    running.strictmx.restart();
    assert_eq!(running.today()["lost"], 0);
}

#[test]
fn a_locked_store_delays_the_counts_and_loses_none() {
    let running = Running::start("flush = \"100ms\"\n");
    let sender = running.sender();
    sender.send(datagram("before.example").as_bytes()).unwrap();
    running.today_with(1);
    let db = rusqlite::Connection::open(running.path("strictmx.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..2000 {
        sender.send(datagram("locked.example").as_bytes()).unwrap();
    }
    let end = Instant::now() + Duration::from_secs(20);
    while !running.strictmx.stderr().contains("[store-failed]") {
        assert!(Instant::now() < end, "the failure is told");
        std::thread::sleep(Duration::from_millis(50));
    }
    sender.send(datagram("locked.example").as_bytes()).unwrap();
    assert_eq!(running.today()["received"], 1);
    db.execute_batch("ROLLBACK").unwrap();
    let today = running.today_with(2002);
    assert_eq!(table(&today)[&("locked.example".into(), "no-policy-found".into())], (2001, 0));
    assert_eq!((&today["dropped"], &today["lost"]), (&0.into(), &0.into()));
}

#[test]
fn posted_sessions_are_counted_before_they_are_confirmed() {
    let mut running = Running::start("token_file = \"./token\"\nflush = \"60s\"\n");
    let token = TOKEN;
    let failure = r#"{"domain": "posted.example", "policy-type": "sts", "result-type": "certificate-expired"}"#;
    let success = r#"{"domain": "posted.example", "policy-type": "sts", "count": 5}"#;
    assert_eq!(running.post(token, &format!("[{failure},{success}]")), (202, serde_json::json!({ "counted": 6 })));
    let lines = format!("{}\n\n{failure}\n", datagram("posted.example"));
    assert_eq!(running.post(token, &lines).0, 202);
    running.strictmx.kill();
    running.strictmx.restart();
    let today = running.today();
    let of = |kind: &str| table(&today)[&("posted.example".to_owned(), kind.to_owned())];
    assert_eq!((of("sts"), of("no-policy-found")), ((5, 2), (1, 0)));
    assert_eq!(today["received"], 8);
    for (shown, body, status, says) in [
        ("", failure, 401, "Bearer"),
        ("another-password-of-some-length", failure, 401, "Bearer"),
        (token, "", 422, "no session"),
        (token, "[1", 422, "JSON"),
        (token, r#"{"domain": "posted.example", "at": "2999-01-01"}"#, 422, "future"),
        (
            token,
            &format!("{success}\n{{\"domain\": \"posted.example\", \"result-type\": \"expired\"}}"),
            422,
            "object 2",
        ),
        (token, &"x".repeat(5_000_000), 413, "send less"),
        (token, &format!("{success}\n").repeat(10_001), 413, "send less"),
    ] {
        let (code, answer) = running.post(shown, body);
        assert_eq!(code, status, "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(says), "{answer}");
    }
    assert_eq!(running.today()["received"], 8, "what is refused is not counted in part");
}

#[test]
fn without_a_password_nobody_may_post() {
    let running = Running::start("");
    assert_eq!(running.post("", "{}").0, 403);
}

#[test]
fn sessions_are_told_by_flags_by_lines_and_from_a_log() {
    let running = Running::start("flush = \"100ms\"\n");
    let flags =
        ["--policy", "tlsa", "--result", "certificate-expired", "--mx", "mx.flags.example", "--ip", "192.0.2.1"];
    let (code, _, error) = running.cli(&[&["report", "emit", "--domain", "flags.example"][..], &flags].concat());
    assert_eq!(code, 0, "{error}");
    let now = strictmx::when::rfc3339(Clock::system().now());
    let line = |rest: &str| format!("{now} out postfix/smtp[71]: {rest}\n");
    let log = [
        line("TLSRPT: status=success, domain=log.example, receiving_mx=mx.log.example[192.0.2.1]"),
        line("TLSRPT: status=failure, domain=log.example, receiving_mx=mx.log.example[192.0.2.1], failure_type=starttls_not_supported"),
        line("TLSRPT: status=perhaps"),
        line("connect to mx.log.example[192.0.2.1]:25: Connection refused"),
    ]
    .concat();
    std::fs::write(running.path("mail.log"), log).unwrap();
    let path = running.path("mail.log");
    let (code, _, error) = running.cli(&["report", "emit", "--postfix-log", path.to_str().unwrap()]);
    assert_eq!(code, 1, "one line cannot be read: {error}");
    assert!(error.contains("line 3") && error.contains("2 sessions told"), "{error}");
    let today = running.today_with(3);
    let table = table(&today);
    assert_eq!(table[&("flags.example".into(), "tlsa".into())], (0, 1));
    assert_eq!(table[&("log.example".into(), "no-policy-found".into())], (1, 1));
    let flags = today["domains"].as_array().unwrap().iter().find(|one| one["domain"] == "flags.example").unwrap();
    assert_eq!(flags["policies"][0]["policy-domain"], "mx.flags.example");
    assert_eq!(flags["policies"][0]["failure-details"][0]["receiving-ip"], "192.0.2.1");
    let (code, printed, _) = running.cli(&["report", "emit", "--print", "--domain", "flags.example"]);
    assert_eq!(code, 0);
    assert!(printed.starts_with(r#"{"dpv": "1","d": "flags.example""#), "{printed}");
}

#[test]
fn today_tells_whose_tls_broke_and_shows_no_more_than_it_is_asked_for() {
    let running = Running::start("token_file = \"./token\"\n");
    let yesterday = strictmx::when::rfc3339(Timestamp(Clock::system().now().0 - 86_400));
    let session = |domain: &str, at: &str, result: &str| format!(r#"{{"domain": "{domain}", "at": "{at}"{result}}}"#);
    let failed = r#", "result-type": "validation-failure""#;
    let today = strictmx::when::rfc3339(Clock::system().now());
    let told = [
        session("broke.example", &yesterday, ""),
        session("broke.example", &today, failed),
        session("mended.example", &yesterday, failed),
        session("mended.example", &today, ""),
        session("still.example", &yesterday, failed),
        session("still.example", &today, failed),
        session("well.example", &today, ""),
    ];
    assert_eq!(running.post(TOKEN, &told.join("\n")).0, 202);
    let today = running.today();
    assert_eq!(
        (&today["broke"], &today["mended"]),
        (&serde_json::json!(["broke.example"]), &serde_json::json!(["mended.example"]))
    );
    assert_eq!((&today["received"], &today["sessions"]["failure"]), (&4.into(), &2.into()));
    let (_, text, _) = running.cli(&["report", "today", "--limit", "1"]);
    assert!(text.contains("broke (failures, and none the day before): broke.example"), "{text}");
    assert!(text.contains("and 3 more"), "{text}");
    let (_, text, _) = running.cli(&["report", "today", "well.example"]);
    assert!(text.contains("well.example") && !text.contains("still.example"), "{text}");
    let day = Day::of(Timestamp(Clock::system().now().0 - 86_400)).to_string();
    let (_, json, _) = running.cli(&["report", "today", "--day", &day, "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["received"], &json["domains-counted"]), (&3.into(), &3.into()));
}

#[test]
fn without_a_store_today_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("strictmx.toml");
    std::fs::write(&config, format!("[store]\nurl = \"sqlite://{}/none.db\"\n", folder.path().display())).unwrap();
    let path = config.to_str().unwrap();
    let output =
        strictmx_testbed::proc::run(Path::new(env!("CARGO_BIN_EXE_strictmx")), &["report", "today", "--config", path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("[collector]"));
    assert!(!folder.path().join("none.db").exists());
}

// TLSRPT-4.1-1
#[tokio::test]
async fn a_session_belongs_to_the_day_it_came_on_and_a_stop_over_midnight_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tlsrpt.sock");
    let day: Day = "2026-11-22".parse().unwrap();
    let url = format!("sqlite://{}/strictmx.db", folder.path().display());
    for (number, offset, wait) in [(1_u64, 0, 0), (2, 0, 1), (3, 3600, 0)] {
        let (clock, hand) = Clock::fixed(Timestamp(day.end().0 + offset));
        let (telemetry, _, _) = crate::log_lines::telemetry(LogLevel::Error, LogFormat::Text, Reader::Plain);
        let (store, tasks) = (store::open(&url).unwrap(), Tasks::new());
        let options = Options {
            flush: Duration::from_millis(50),
            queue: 1024 * 1024,
            counts: 1024 * 1024,
            keep: 30,
            hosts: HostScope::Off,
            token: None,
            store_url: url.clone(),
        };
        let parts = Parts { store: store.clone(), telemetry, tasks: tasks.clone(), clock, options };
        let socket = datagram::bind(&Address::Unix(path.clone()), &Access::mode(0o600), &mut Handed::none()).unwrap();
        let (_collector, _seen) = Collector::start(socket, parts).await.unwrap();
        hand.advance(wait);
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(&path).unwrap();
        sender.send(datagram(&format!("d{number}.example")).as_bytes()).unwrap();
        assert_eq!(tasks.drain(Duration::from_secs(10)).await, 0);
        store.close().await;
    }
    let store = store::open(&url).unwrap();
    let of = |day| store.domain_days(day, None, 10);
    let names = |days: Vec<strictmx_engine::report::DomainDay>| -> Vec<String> {
        days.iter().map(|day| day.domain.to_string()).collect()
    };
    assert_eq!(names(of(day).await.unwrap()), ["d1.example"]);
    assert_eq!(names(of(day.next()).await.unwrap()), ["d2.example", "d3.example"]);
}
