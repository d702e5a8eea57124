//! Whole runs: what is shared, how politely it is asked, what a crash leaves behind, and what the command ends with.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use strictmx_testbed::dns::Answer;
use strictmx_testbed::pki::Leaf;
use strictmx_testbed::smtp::{Faults, Sink};

use super::domain::Domain;
use super::world::{World, ZONE, address, lines, wait_until};

/// `<prefix>0` … below the zone of the tests.
fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number}.{ZONE}")).collect()
}

/// A mail host of this name, with its address.
fn host(world: &World, name: &str) -> Sink {
    let at = address();
    world.dns.a(name, at);
    Sink::start(&format!("{at}:25"), name, Some(&world.ca.issue(name, Leaf::Good)))
}

#[test]
#[ignore = "needs a network namespace: cargo xtask test"]
fn an_mx_host_that_many_domains_share_is_looked_at_once() {
    let world = World::new();
    let sink = host(&world, "mx.shared.check.test");
    let domains = names("shares", 50);
    for domain in &domains {
        world.dns.mx(domain, &[(10, "mx.shared.check.test")]);
    }
    world.file("list", &domains.join("\n"));
    let verdicts = lines(&world.check(&["--from", "list", "--format", "jsonl", "-v"]));
    assert_eq!(verdicts.len(), 50);
    for verdict in &verdicts {
        assert_eq!(verdict["observations"]["hosts"][0]["sessions"][0]["outcome"]["outcome"], "verified", "{verdict:#}");
    }
    assert_eq!(sink.connections(), 1);
    assert_eq!(world.dns.asked("mx.shared.check.test", "A"), 1);
}

#[test]
#[ignore = "needs a network namespace: cargo xtask test"]
fn no_more_than_four_connections_at_a_time_reach_one_address_and_each_takes_its_leave() {
    let world = World::new();
    let sink = host(&world, "mx.many.check.test");
    sink.fail(Faults { pause: Duration::from_millis(10), ..Faults::default() });
    let domains = names("many", 40);
    for domain in &domains {
        let host = format!("mx.{domain}");
        let std::net::IpAddr::V4(at) = sink.address().ip() else { unreachable!("it was started on IPv4") };
        world.dns.a(&host, at);
        world.dns.mx(domain, &[(10, &host)]);
    }
    world.file("list", &domains.join("\n"));
    let output = world.check(&["--from", "list", "--thorough", "--only", "smtp", "--format", "jsonl"]);
    assert_eq!(lines(&output).len(), 40);
    assert!((2..=4).contains(&sink.most_at_once()), "{} at a time", sink.most_at_once());
    // The usual session, one without server name, one with the mail domain's, one for TLS 1.3, one for 1.2, one for its tickets; and
    // six that end in the middle of a handshake, where there is nobody to say QUIT to: four older versions, weak suites, a hello.
    assert_eq!(sink.connections(), 40 * (6 + 6));
    let commands = sink.commands();
    let count = |wanted: &str| commands.iter().filter(|line| line.as_str() == wanted).count();
    assert_eq!(count("EHLO checker.test"), 40 * (2 * 6 + 6));
    assert_eq!(count("QUIT"), 40 * 6, "somebody left without a word");
}

#[test]
#[ignore = "needs a network namespace: cargo xtask test"]
fn a_run_that_is_killed_goes_on_where_it_was_and_loses_or_repeats_nothing() {
    let world = World::new();
    let domains = names("resumed", 400);
    world
        .dns
        .otherwise(|name, _| name.contains("resumed").then(|| Answer::no_data().delayed(Duration::from_millis(20))));
    world.file("list", &domains.join("\n"));
    let arguments = ["--from", "list", "--only", "sts,tlsrpt", "--concurrency", "8", "--resume", "out.jsonl"];
    let mut kills = 0;
    for at_least in [20, 120] {
        let mut child = world.check_begun(&arguments);
        wait_until(|| std::fs::read_to_string(world.path("out.jsonl")).unwrap_or_default().lines().count() > at_least);
        // SIGKILL.
        child.kill().unwrap();
        let status = child.wait().unwrap();
        kills += usize::from(status.code().is_none());
    }
    assert_eq!(kills, 2, "it had come to its end before it was killed");
    let before = world.read("out.jsonl");
    let output = world.check(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let after = world.read("out.jsonl");
    let whole = before.rfind('\n').unwrap();
    assert!(after.starts_with(&before[..whole]), "what was written before was written again");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for line in after.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        *seen.entry(line["domain"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(seen.len(), 400);
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
}

#[test]
#[ignore = "needs a network namespace: cargo xtask test"]
fn a_name_server_that_fails_never_makes_anything_absent() {
    let world = World::new();
    for (label, answer) in [("servfail", Answer::servfail()), ("silent", Answer::silence()), ("bogus", Answer::bogus())]
    {
        let name = format!("{label}.{ZONE}");
        let ending = name.clone();
        world.dns.otherwise(move |asked, _| asked.ends_with(&ending).then(|| answer.clone()));
        let output = world.check(&[&name, "--format", "jsonl"]);
        let verdict = &lines(&output)[0];
        assert_eq!((verdict["state"].as_str(), verdict["health"].as_str()), (Some("unknown"), Some("unknown")));
        let ids: Vec<&str> =
            verdict["findings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        let absent =
            ["sts.record.absent", "sts.host.absent", "tlsrpt.absent", "mx.none", "mx.no-domain", "mx.no-address"];
        assert!(ids.iter().all(|id| !absent.contains(id)), "{label}: {ids:?}");
        assert_eq!(output.status.code(), Some(2), "{label}: {ids:?}");
    }
}

#[test]
#[ignore = "needs a network namespace: cargo xtask test"]
fn the_exit_code_tells_whether_there_are_errors_or_nothing_could_be_seen() {
    let world = World::new();
    let [good, bad, unseen] = ["good", "bad", "unseen"].map(|label| Domain::new(&world, &format!("exit-{label}")));
    bad.policy_leaf(Leaf::Expired);
    unseen.answer("_mta-sts", "TXT", Answer::servfail());
    let code = |domains: &[&Domain<'_>]| {
        let names: Vec<&str> = domains.iter().map(|domain| domain.name.as_str()).collect();
        world.check(&names).status.code()
    };
    assert_eq!(code(&[&good]), Some(0));
    assert_eq!(code(&[&bad]), Some(1));
    assert_eq!(code(&[&unseen]), Some(2));
    assert_eq!(code(&[&good, &bad]), Some(1));
    assert_eq!(code(&[&bad, &unseen]), Some(2));
}
