//! The daemon by itself: single flight, slow hosts, crashes, reloads, overrides, doors, the cache commands. DNS is the test's own,
//! so that every question can be counted and every answer changed.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use strictmx_testbed::dns::{self, Answer, Reply};
use strictmx_testbed::https;
use strictmx_testbed::lab::Lab;
use strictmx_testbed::pki::Leaf;
use strictmx_testbed::smtp::Sink;
use strictmx_testbed::socketmap::{self, Client};

use crate::world::Server;

/// A strictmx, the DNS server it asks, and one policy host for all its domains.
struct Alone {
    lab: &'static Lab,
    dns: dns::Server,
    host: https::Server,
    host_address: String,
    server: Server,
    config: String,
}

/// Further lines of the config: of `[fetch]`, of `[policyd]`, and sections of their own.
#[derive(Default)]
struct More<'a> {
    fetch: &'a str,
    policyd: &'a str,
}

impl Alone {
    fn start(name: &str) -> Self {
        Self::with(name, &More::default())
    }

    fn with(name: &str, more: &More<'_>) -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let lab = Lab::shared();
        let own = format!("127.0.77.{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let host_address = lab.address(1);
        let dns = dns::Server::start(&format!("{own}:53"));
        let host = https::Server::start(&format!("{host_address}:443"));
        // Questions are counted: on a machine that is busy none is asked twice for want of patience.
        let patient = "dnssec = \"trust-ad\"\nself_test = \"off\"\ntimeout = \"5s\"";
        let server = Server::start(lab, name, &format!("servers = [\"{own}:53\"]\n{patient}"));
        let plain = std::fs::read_to_string(server.strictmx.config_path()).unwrap();
        let config = plain
            .replace("[fetch]\n", &format!("[fetch]\n{}", more.fetch))
            .replace("[policyd]\n", &format!("[policyd]\n{}", more.policyd));
        let mut alone = Self { lab, dns, host, host_address, server, config };
        if alone.config != plain {
            alone.server.strictmx.write_config(&alone.config);
            alone.server.strictmx.restart();
        }
        alone
    }

    /// A domain whose policy names its one MX host.
    fn publish(&self, domain: &str, mode: &str) {
        self.dns.txt(&format!("_mta-sts.{domain}"), "v=STSv1; id=1;");
        self.dns.a(&format!("mta-sts.{domain}"), self.host_address.parse().unwrap());
        self.dns.mx(domain, &[(10, &format!("mx.{domain}"))]);
        self.dns.a(&format!("mx.{domain}"), "127.0.2.250".parse().unwrap());
        self.host.policy(&self.lab.ca, domain, &policy(domain, mode));
    }

    fn ask(&self, key: &str) -> String {
        self.server.ask("postfix", key)
    }

    fn lookups(&self, domain: &str) -> (usize, usize) {
        (self.dns.asked(&format!("_mta-sts.{domain}"), "TXT"), self.host.asked(&format!("mta-sts.{domain}")))
    }

    /// Lets nothing be learnt any more: the TXT fails, the policy host is gone.
    fn go_dark(&self, domain: &str) {
        self.dns.put(&format!("_mta-sts.{domain}"), "TXT", Answer::new(Reply::Code(2, None)));
        self.host.remove(&format!("mta-sts.{domain}"));
    }

    fn cli(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.server.strictmx.run(arguments);
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Waits for a line of the log: it comes through a pipe, a moment after what it tells of.
    fn logs(&self, words: &str) {
        self.until(words, || self.server.strictmx.stderr().contains(words));
    }

    fn until(&self, what: &str, mut reached: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !reached() {
            assert!(Instant::now() < end, "not within 20 s: {what}\n{}", self.server.strictmx.stderr());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn policy(domain: &str, mode: &str) -> String {
    format!("version: STSv1\r\nmode: {mode}\r\nmx: mx.{domain}\r\nmax_age: 604800\r\n")
}

fn secure(domain: &str) -> String {
    format!("OK secure match=mx.{domain} servername=hostname")
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn however_many_ask_at_once_the_record_and_the_policy_are_asked_for_once() {
    let alone = Alone::start("flight");
    alone.publish("flight.test", "enforce");
    alone.host.change(
        "mta-sts.flight.test",
        https::Site::policy(&policy("flight.test", "enforce")).delayed(Duration::from_millis(400)),
    );
    let port = alone.server.port;
    let askers: Vec<_> = (0..16)
        .map(|_| {
            std::thread::spawn(move || {
                let mut client = Client::tcp(("127.0.0.1", port)).unwrap();
                client.ask_pipelined(&[("postfix", "flight.test"); 20]).unwrap()
            })
        })
        .collect();
    for asker in askers {
        assert!(asker.join().unwrap().iter().all(|reply| *reply == secure("flight.test")));
    }
    assert_eq!(alone.lookups("flight.test"), (1, 1));
    assert_eq!(alone.dns.asked("flight.test", "MX"), 1);
}

// D-22
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_slow_policy_host_does_not_hold_up_the_answer_and_protects_the_next_mail() {
    let alone = Alone::with("slow", &More { fetch: "answer_deadline = \"1s\"\n", ..More::default() });
    alone.publish("slow.test", "enforce");
    alone.host.change(
        "mta-sts.slow.test",
        https::Site::policy(&policy("slow.test", "enforce")).delayed(Duration::from_secs(3)),
    );
    assert_eq!(alone.ask("slow.test"), "NOTFOUND ");
    alone.until("the policy that came late", || alone.ask("slow.test") == secure("slow.test"));
    assert_eq!(alone.lookups("slow.test"), (1, 1), "the look-up that was late is the one that counts");
}

// A-24, STS-3.3-13: an answered policy is on disk.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn killed_right_after_an_answer_the_policy_is_there_when_it_starts_again() {
    let mut alone = Alone::start("crash");
    for round in 0..5 {
        let domain = format!("crash{round}.test");
        alone.publish(&domain, "enforce");
        assert_eq!(alone.ask(&domain), secure(&domain));
        alone.server.strictmx.kill();
        alone.go_dark(&domain);
        alone.server.strictmx.restart();
        assert_eq!(alone.ask(&domain), secure(&domain), "{}", alone.server.strictmx.stderr());
    }
    assert_eq!(alone.cli(&["cache", "list"]).1.lines().count(), 6, "five policies and a heading");
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn in_observe_mode_the_answer_is_told_to_the_log_alone() {
    let alone = Alone::with("observe", &More { policyd: "observe = true\n", ..More::default() });
    alone.publish("observe.test", "enforce");
    assert_eq!(alone.ask("observe.test"), "NOTFOUND ");
    assert_eq!(alone.ask("observe.test"), "NOTFOUND ", "from the cache too");
    alone.logs("the answer would be secure match=mx.observe.test servername=hostname");
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn overrides_have_their_way_and_a_reload_brings_them_and_takes_them_away() {
    let alone = Alone::start("override");
    for domain in ["off.test", "line.test", "kept.test", "past.test"] {
        alone.publish(domain, "enforce");
    }
    assert_eq!(alone.ask("off.test"), secure("off.test"));
    let overrides = "\n[[policyd.override]]\ndomain = \"off.test\"\nanswer = \"off\"\nreason = \"ticket 4711\"\n\
                     [[policyd.override]]\ndomain = \"line.test\"\nanswer = \"encrypt\"\n\
                     [[policyd.override]]\ndomain = \"kept.test\"\nanswer = \"refresh-only\"\n\
                     [[policyd.override]]\ndomain = \"past.test\"\nanswer = \"off\"\nuntil = \"2020-01-01\"\n";
    alone.server.strictmx.write_config(&format!("{}{overrides}", alone.config));
    alone.server.strictmx.hangup();
    alone.until("the override", || alone.ask("off.test") == "NOTFOUND ");
    assert_eq!(alone.ask("line.test"), "OK encrypt");
    assert_eq!(alone.lookups("line.test"), (0, 0), "a literal line needs no look-up");
    assert_eq!(alone.ask("kept.test"), "NOTFOUND ");
    assert_eq!(alone.lookups("kept.test"), (1, 1), "its policy is kept fresh all the same");
    assert_eq!(alone.ask("past.test"), secure("past.test"), "one that has run out says nothing");
    alone.logs("ticket 4711");
    // A config with a mistake is refused, and what is in force stays.
    alone.server.strictmx.write_config(&format!("{}{overrides}\n[policydd]\n", alone.config));
    alone.server.strictmx.hangup();
    alone.logs("the old one stays in force");
    assert_eq!(alone.ask("off.test"), "NOTFOUND ");
    alone.server.strictmx.write_config(&alone.config);
    alone.server.strictmx.hangup();
    alone.until("the end of the override", || alone.ask("off.test") == secure("off.test"));
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn the_other_doors_give_the_same_answers() {
    let folder = Lab::shared().folder("doors-socket");
    let unix = format!("{}/policyd.sock", folder.display());
    let policyd = "tcp_table = [\"127.0.0.1:9999\"]\nsocket_mode = \"0600\"\n";
    let mut alone = Alone::with("doors", &More { policyd, ..More::default() });
    let tcp = format!("listen = [\"127.0.0.1:{}\"]", alone.server.port);
    let both = format!("listen = [\"127.0.0.1:{}\", \"unix:{unix}\"]", alone.server.port);
    alone.server.strictmx.write_config(&alone.config.replace(&tcp, &both));
    alone.server.strictmx.restart();
    alone.publish("doors.test", "enforce");
    assert_eq!(Client::unix(&unix).unwrap().ask("postfix", "doors.test").unwrap(), secure("doors.test"));
    assert_eq!(tcp_table("get doors.test\n"), "200 secure%20match=mx.doors.test%20servername=hostname\n");
    assert_eq!(tcp_table("get .doors.test\n").split(' ').next(), Some("500"));
    let (status, body) = alone.server.strictmx.get("/v1/policy/doors.test?map=sendmail");
    let json: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    assert_eq!(json["line"], "secure match=mx.doors.test servername=hostname");
    assert_eq!(
        (&json["level"], &json["mode"], &json["source"]),
        (&"secure".into(), &"enforce".into(), &"mta-sts".into())
    );
    assert!(
        json["cached-at"].is_string() && json["expires-at"].is_string() && json["mx"][0] == "mx.doors.test",
        "{json}"
    );
    assert!(!json["reasons"].as_array().unwrap().is_empty());
    assert_eq!(alone.server.strictmx.get("/v1/policy/doors.test?map=nosuch").0, 400);
    assert_eq!(alone.server.strictmx.get("/nothing").0, 404);
    assert_eq!(alone.server.strictmx.get("/healthz").0, 200);
    assert_eq!(alone.lookups("doors.test"), (1, 1));
}

/// One line to the tcp_table door, and one back; white space in values as `%20`, whichever way the server writes it.
fn tcp_table(request: &str) -> String {
    use std::io::{BufRead, BufReader, Write};
    let mut stream = std::net::TcpStream::connect("127.0.0.1:9999").unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    let (code, text) = line.trim_end().split_once(' ').unwrap();
    format!("{code} {}\n", text.replace(' ', "%20"))
}

// D-32, D-33, D-34, D-35
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn strange_keys_and_hostile_frames_get_a_safe_answer_and_the_daemon_lives() {
    let alone = Alone::start("hostile");
    alone.publish("xn--bcher-kva.test", "enforce");
    let port = alone.server.port;
    assert_eq!(alone.ask(".parent.test"), "NOTFOUND ");
    assert_eq!(alone.ask("[192.0.2.1]"), "NOTFOUND ");
    assert_eq!(alone.ask("localhost"), "NOTFOUND ");
    assert_eq!(alone.ask("bücher.test"), secure("xn--bcher-kva.test"));
    assert_eq!(alone.ask("BÜCHER.test.:25"), secure("xn--bcher-kva.test"));
    let unknown = alone.server.ask("nosuch", "a.test");
    assert!(unknown.starts_with("PERM ") && unknown.contains("postfix-3.10"), "{unknown}");
    for octets in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"99999999999:", b"5:abcdefgh,", b"\0\0\0\0", b"007:postfix,", &[0xff; 64]]
    {
        let mut client = Client::tcp(("127.0.0.1", port)).unwrap();
        client.send(octets).unwrap();
        assert!(client.is_closed(), "{octets:?}");
    }
    let mut nothing = Client::tcp(("127.0.0.1", port)).unwrap();
    nothing.send(b"0:,").unwrap();
    assert!(nothing.receive().unwrap().starts_with("PERM "));
    let mut half = Client::tcp(("127.0.0.1", port)).unwrap();
    half.send(b"20:postfix").unwrap();
    drop(half);
    assert_eq!(alone.ask("xn--bcher-kva.test"), secure("xn--bcher-kva.test"));
    assert!(
        alone
            .server
            .strictmx
            .get("/metrics")
            .1
            .contains("strictmx_policyd_connections_rejected_total{door=\"socketmap\"} 6")
    );
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn whatever_a_policy_host_serves_the_answer_is_safe_and_the_daemon_lives() {
    let alone = Alone::start("junk");
    let bodies: [(&str, &[u8]); 6] = [
        ("zeros.test", &[0; 4096]),
        ("html.test", b"<html>version: STSv1</html>"),
        ("braces.test", b"version: STSv1\nmode: enforce\nmx: } { policy_failure = x }\nmax_age: 1000\n"),
        ("nul.test", b"version: STSv1\nmode: enforce\nmx: a\0b.test\nmax_age: 1000\n"),
        ("utf8.test", b"version: STSv1\nmode: enforce\nmx: \xff\xfe\nmax_age: 1000\n"),
        ("empty.test", b""),
    ];
    for (domain, body) in bodies {
        alone.publish(domain, "enforce");
        let mut site = https::Site::policy("");
        site.body = body.to_vec();
        alone.host.change(&format!("mta-sts.{domain}"), site);
        assert_eq!(alone.ask(domain), "NOTFOUND ", "{domain}");
    }
    alone.publish("good.test", "enforce");
    let mixed =
        "version: STSv1\nmode: enforce\nmx: mx.good.test\nmx: a b} {c\nmx: *\nnote: {braces}\nmax_age: 1000\n\n";
    alone.host.change("mta-sts.good.test", https::Site::policy(mixed));
    assert_eq!(alone.ask("good.test"), secure("good.test"));
    let told = alone.server.ask("postfix-3.10", "good.test");
    assert!(
        told.contains("mx_host_pattern=mx.good.test") && !told.contains("braces") && !told.contains("{c"),
        "{told}"
    );
}

// D-11
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_policy_host_at_a_special_address_is_never_connected_to() {
    let mut alone = Alone::start("special");
    alone.server.strictmx.write_config(&alone.config.replace("allow_private = true", "allow_private = false"));
    alone.server.strictmx.restart();
    alone.publish("special.test", "enforce");
    assert_eq!(alone.ask("special.test"), "NOTFOUND ");
    assert_eq!(alone.host.connections(), 0);
    assert!(
        alone
            .server
            .strictmx
            .get("/metrics")
            .1
            .contains("strictmx_fetch_attempts_total{outcome=\"address-refused\"} 1")
    );
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn the_cache_commands_list_show_refresh_and_purge() {
    let alone = Alone::start("tend");
    alone.publish("kept.test", "enforce");
    alone.publish("other.test", "testing");
    assert_eq!(alone.cli(&["cache", "list"]).1, "no policy is kept\n");
    assert_eq!(alone.ask("kept.test"), secure("kept.test"));
    assert_eq!(alone.ask("other.test"), "NOTFOUND ");
    let (code, list, _) = alone.cli(&["cache", "list"]);
    assert_eq!(code, 0);
    assert!(list.contains("kept.test") && list.contains("enforce") && list.contains("other.test"), "{list}");
    let (_, json, _) = alone.cli(&["cache", "show", "kept.test", "--format", "json"]);
    let shown: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&shown["mode"], &shown["id"], &shown["mx"][0]),
        (&"enforce".into(), &"1".into(), &"mx.kept.test".into())
    );
    assert_eq!(shown["history"][0]["kind"], "found");
    // The text changes without a new id: only a refresh notices.
    alone.host.change("mta-sts.kept.test", https::Site::policy(&policy("kept.test", "none")));
    assert_eq!(alone.ask("kept.test"), secure("kept.test"));
    let (code, told, error) = alone.cli(&["cache", "refresh", "kept.test"]);
    assert_eq!((code, told.contains("none")), (0, true), "{told}{error}");
    assert_eq!(alone.ask("kept.test"), "NOTFOUND ");
    alone.logs("policy-downgraded");
    // A failed refresh keeps what there is.
    alone.go_dark("other.test");
    let (_, told, _) = alone.cli(&["cache", "refresh", "other.test"]);
    assert!(told.contains("not refreshed") && told.contains("the kept policy stays"), "{told}");
    assert_eq!(alone.cli(&["cache", "purge", "kept.test"]).0, 0);
    assert!(!alone.cli(&["cache", "list"]).1.contains("kept.test"));
    assert_eq!(alone.lookups("kept.test").1, 2, "a purge asks nobody");
    assert_eq!(alone.ask("kept.test"), "NOTFOUND ");
    assert_eq!(alone.lookups("kept.test").1, 3, "the next question does");
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn without_a_daemon_the_cache_commands_say_so() {
    let mut alone = Alone::start("nobody");
    alone.server.strictmx.kill();
    let (code, _, error) = alone.cli(&["cache", "list"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.starts_with("error: "), "{error}");
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn an_imported_cache_answers_before_anybody_could_be_asked() {
    let alone = Alone::start("import");
    let folder = alone.lab.folder("import-files");
    let export = folder.join("tlspol.txt");
    std::fs::write(&export, "old.test                     secure match=mx.old.test:.wild.test servername=hostname\ndane.test                    dane-only\n").unwrap();
    for domain in ["old.test", "row.test"] {
        alone.dns.mx(domain, &[(10, &format!("mx.{domain}"))]);
        alone.dns.a(&format!("mx.{domain}"), "127.0.2.250".parse().unwrap());
        alone.dns.put(&format!("_mta-sts.{domain}"), "TXT", Answer::new(Reply::Code(2, None)));
    }
    assert_eq!(alone.ask("row.test"), "NOTFOUND ", "asked before the import");
    let (code, told, error) = alone.cli(&["cache", "import", "--from", "tlspol", export.to_str().unwrap()]);
    assert_eq!(code, 0, "{error}");
    assert!(told.starts_with("1 policies taken over; the running daemon has them"), "{told}");
    assert_eq!(alone.ask("old.test"), "OK secure match=mx.old.test:.wild.test servername=hostname");
    let database = folder.join("resolver.db");
    let db = rusqlite::Connection::open(&database).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    db.execute_batch(&format!(
        "create table sts_policy_cache (domain text, ts integer, pol_id text, pol_body text);
         insert into sts_policy_cache values ('row.test', {now}, '7', '{{\"version\": \"STSv1\", \"mode\": \"enforce\", \"mx\": [\"mx.row.test\"], \"max_age\": 604800}}');"
    ))
    .unwrap();
    drop(db);
    let (code, told, error) = alone.cli(&["cache", "import", "--from", "mta-sts-resolver", database.to_str().unwrap()]);
    assert_eq!(code, 0, "{told}{error}");
    assert_eq!(alone.ask("row.test"), secure("row.test"));
    let (_, told, _) = alone.cli(&["cache", "import", "--from", "tlspol", export.to_str().unwrap()]);
    assert!(told.starts_with("0 policies") && told.contains("1 were known already"), "{told}");
}

// D-31
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_testing_domain_is_visited_and_what_its_hosts_show_is_kept() {
    let alone =
        Alone::with("probe", &More { policyd: "testing_probe = \"1m\"\nhelo = \"sender.test\"\n", ..More::default() });
    let (good, bad) = (alone.lab.address(2), alone.lab.address(2));
    alone.publish("probe.test", "testing");
    alone.dns.mx("probe.test", &[(10, "mx.probe.test"), (20, "stray.probe.test")]);
    alone.dns.a("mx.probe.test", good.parse().unwrap());
    alone.dns.a("stray.probe.test", bad.parse().unwrap());
    let expired =
        Sink::start(&format!("{good}:25"), "mx.probe.test", Some(&alone.lab.ca.issue("mx.probe.test", Leaf::Expired)));
    let stray = Sink::start(
        &format!("{bad}:25"),
        "stray.probe.test",
        Some(&alone.lab.ca.issue("stray.probe.test", Leaf::Good)),
    );
    assert_eq!(alone.ask("probe.test"), "NOTFOUND ", "nothing is enforced");
    let end = Instant::now() + Duration::from_secs(90);
    let shown = loop {
        let (_, json, _) = alone.cli(&["cache", "show", "probe.test", "--format", "json"]);
        let shown: Value = serde_json::from_str(&json).unwrap();
        if shown["sessions"].as_array().is_some_and(|sessions| sessions.len() >= 2) {
            break shown;
        }
        assert!(Instant::now() < end, "{json}\n{}", alone.server.strictmx.stderr());
        std::thread::sleep(Duration::from_millis(500));
    };
    let of = |host: &str| {
        shown["sessions"].as_array().unwrap().iter().find(|session| session["host"] == host).unwrap().clone()
    };
    assert_eq!(of("mx.probe.test")["result"], "certificate-expired");
    assert_eq!(
        (&of("stray.probe.test")["result"], &of("stray.probe.test")["reason"]),
        (&"validation-failure".into(), &"mx-not-in-policy".into())
    );
    for sink in [&expired, &stray] {
        let commands = sink.commands();
        assert!(commands.iter().any(|line| line == "EHLO sender.test"), "{commands:?}");
        assert!(
            commands.iter().any(|line| line == "QUIT") && commands.iter().all(|line| !line.starts_with("MAIL")),
            "{commands:?}"
        );
    }
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_store_that_is_no_database_is_refused_and_left_alone() {
    let mut alone = Alone::start("foreign");
    alone.server.strictmx.kill();
    let folder = alone.server.strictmx.config_path().parent().unwrap().to_owned();
    for leftover in ["strictmx.db-wal", "strictmx.db-shm"] {
        drop(std::fs::remove_file(folder.join(leftover)));
    }
    let database = folder.join("strictmx.db");
    std::fs::write(&database, "somebody's diary, not a database\n".repeat(200)).unwrap();
    let (code, _, error) = alone.cli(&["serve"]);
    assert_eq!(code, 70, "{error}");
    assert!(error.contains("strictmx.db"), "{error}");
    assert!(std::fs::read_to_string(&database).unwrap().starts_with("somebody's diary"));
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_port_that_is_taken_is_found_out_at_the_start() {
    let alone = Alone::start("taken");
    let (code, _, error) = alone.cli(&["serve"]);
    assert_ne!(code, 0);
    assert!(error.contains(&format!("127.0.0.1:{}", alone.server.port)) || error.contains("answers there"), "{error}");
    assert_eq!(
        socketmap::ask(("127.0.0.1", alone.server.port), "postfix", ".x").unwrap(),
        "NOTFOUND ",
        "the first goes on"
    );
}
