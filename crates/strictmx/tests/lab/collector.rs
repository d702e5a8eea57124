//! The collector beside real Postfix 3.10: what it counts is what Postfix logged, and what Postfix cannot know is there too.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use strictmx_testbed::lab::{Lab, Postfix, Zone};
use strictmx_testbed::pki::{Leaf, tlsa_311_of_nobody};
use strictmx_testbed::smtp::StartTls;

use crate::world::{Domain, Server, trust_ad};

/// A strictmx with a collector, and the domains below `rpt.<zone>` that Postfix asks it about and tells it of.
fn telling(lab: &'static Lab, name: &str, below: &str, more: &str) -> (Server, &'static Postfix) {
    let postfix = lab.postfix310();
    let mut server = Server::start(lab, name, &trust_ad());
    let (socket, _) = postfix.tlsrpt_socket();
    let socket = if below.is_empty() { lab.folder(name).join("tlsrpt.sock") } else { socket };
    let plain = std::fs::read_to_string(server.strictmx.config_path()).unwrap();
    let config = plain.replace("[policyd]\n", &format!("[policyd]\n{more}"));
    server
        .strictmx
        .write_config(&format!("{config}[collector]\nsocket = \"{}\"\nflush = \"200ms\"\n", socket.display()));
    server.strictmx.restart();
    for zone in [Zone::Insecure, Zone::Secure] {
        if !below.is_empty() {
            postfix.tell(&format!("{below}.{}", zone.name()), server.port, "postfix-3.10");
        }
    }
    (server, postfix)
}

fn today(server: &Server) -> Value {
    let output = server.strictmx.run(&["report", "today", "--format", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A domain that wants reports.
fn wanting(lab: &'static Lab, zone: Zone, label: &str) -> Domain {
    let name = format!("{label}.rpt.{}", zone.name());
    Domain::named(lab, zone, &name).line(format!("add _smtp._tls.{name}. 60 TXT \"v=TLSRPTv1; rua=mailto:tls@{name}\""))
}

/// How often: by domain, by `success` or the type of failure.
type Told = BTreeMap<(String, String), u64>;

/// What Postfix has logged of the domains below `rpt`.
fn logged(postfix: &Postfix) -> (u64, Told) {
    let (mut lines, mut told) = (0, Told::new());
    for line in postfix.log().lines().filter(|line| line.contains("TLSRPT: status=") && line.contains(".rpt.")) {
        let field = |name: &str| {
            let (_, rest) = line.split_once(name)?;
            Some(rest.split([',', ' ']).next().unwrap().to_owned())
        };
        lines += 1;
        let what = field("failure_type=").unwrap_or_else(|| field("status=").unwrap());
        *told.entry((field("domain=").unwrap(), what.replace('_', "-"))).or_default() += 1;
    }
    (lines, told)
}

/// The same from `report today`, but for what strictmx saw itself.
fn counted(today: &Value) -> Told {
    let mut told = Told::new();
    for domain in today["domains"].as_array().unwrap() {
        let name = domain["domain"].as_str().unwrap();
        for policy in domain["policies"].as_array().unwrap() {
            let success = policy["success"].as_u64().unwrap();
            if success > 0 {
                *told.entry((name.to_owned(), "success".to_owned())).or_default() += success;
            }
            for failure in policy["failure-details"].as_array().into_iter().flatten() {
                let result = failure["result-type"].as_str().unwrap();
                if !result.starts_with("sts-policy") && failure["failure-reason-code"] != "mx-not-in-policy" {
                    let key = (name.to_owned(), result.to_owned());
                    *told.entry(key).or_default() += failure["sessions"].as_u64().unwrap();
                }
            }
        }
    }
    told
}

// TLSRPT-4.2-1, TLSRPT-4.2-2, TLSRPT-4.3-1, D-37, D-50
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn what_is_counted_is_what_postfix_logged_number_by_number() {
    let lab = Lab::shared();
    let (mut server, postfix) = telling(lab, "collector", "rpt", "");
    let good = wanting(lab, Zone::Insecure, "good").leaf(Leaf::Good).enforce().publish();
    let expired = wanting(lab, Zone::Insecure, "expired").leaf(Leaf::Expired).enforce().publish();
    let wrong = wanting(lab, Zone::Insecure, "wrongname").leaf(Leaf::WrongName).enforce().publish();
    let bare = wanting(lab, Zone::Insecure, "nostarttls").faulty(StartTls::NotOffered).enforce().publish();
    let none = wanting(lab, Zone::Insecure, "nopolicy").leaf(Leaf::Good).publish();
    let two = wanting(lab, Zone::Insecure, "twohosts").leaf(Leaf::Expired).leaf(Leaf::Good).enforce().publish();
    let dane_good = wanting(lab, Zone::Secure, "danegood");
    let identity = lab.ca.issue(&dane_good.next_host(), Leaf::Good);
    let dane_good = dane_good.host(Some(&identity)).tlsa(&identity.tlsa_311()).publish();
    let dane_bad = wanting(lab, Zone::Secure, "danebad").leaf(Leaf::Good).tlsa(&tlsa_311_of_nobody()).publish();
    let down = wanting(lab, Zone::Insecure, "down").leaf(Leaf::Good).enforce().publish();
    down.policy_host.as_ref().unwrap().remove(&format!("mta-sts.{}", down.name));
    let stray = wanting(lab, Zone::Insecure, "stray").leaf(Leaf::Good);
    let stray = stray.policy("enforce", &["elsewhere.example"], "first").publish();
    let all = [&good, &expired, &wrong, &bare, &none, &two, &dane_good, &dane_bad, &down, &stray];
    for domain in all {
        postfix.send(&domain.user("a"));
    }
    for domain in [&good, &none, &dane_good] {
        postfix.sent(&domain.user("a"), 40);
        postfix.send(&domain.user("b"));
        postfix.sent(&domain.user("b"), 40);
    }
    for domain in [&expired, &wrong, &bare, &dane_bad, &stray] {
        postfix.fate(&domain.user("a"), 40);
    }
    // The deferred ones are tried again and again, so both sides move: they must agree at some moment.
    let end = Instant::now() + Duration::from_secs(60);
    let (lines, told, day) = loop {
        let (lines, told) = logged(postfix);
        std::thread::sleep(Duration::from_millis(700));
        let day = today(&server);
        if logged(postfix).0 == lines && day["received"] == lines {
            break (lines, told, day);
        }
        assert!(Instant::now() < end, "{lines} logged, {} received\n{}", day["received"], server.strictmx.stderr());
    };
    assert!(lines >= 10, "{told:?}");
    assert_eq!(counted(&day), told, "{}", postfix.log());
    let of = |domain: &Domain, what: &str| told.get(&(domain.name.clone(), what.to_owned())).copied().unwrap_or(0);
    assert!(of(&good, "success") == 2 && of(&dane_good, "success") == 2 && of(&none, "success") == 2, "{told:?}");
    assert!(of(&expired, "certificate-expired") > 0 && of(&bare, "starttls-not-supported") > 0, "{told:?}");
    must_be_ours(&day, &down, "sts-policy-fetch-error", None);
    must_be_ours(&day, &stray, "validation-failure", Some("mx-not-in-policy"));
    assert_eq!((&day["malformed"], &day["lost"], &day["dropped"]), (&0.into(), &0.into(), &0.into()));
    // Killed while Postfix goes on, it starts again at the same socket and goes on counting.
    server.strictmx.kill();
    server.strictmx.restart();
    postfix.send(&good.user("c"));
    postfix.sent(&good.user("c"), 40);
    let end = Instant::now() + Duration::from_secs(20);
    while counted(&today(&server)).get(&(good.name.clone(), "success".to_owned())) != Some(&3) {
        assert!(Instant::now() < end, "{}", today(&server));
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A failure that only strictmx can know stands among the domain's.
fn must_be_ours(day: &Value, domain: &Domain, result: &str, reason: Option<&str>) {
    let found = day["domains"].as_array().unwrap().iter().find(|one| one["domain"] == domain.name.as_str());
    let found = found.unwrap_or_else(|| panic!("{} is not among {day}", domain.name));
    let policies = found["policies"].as_array().unwrap().iter().filter(|policy| policy["type"] == "sts");
    let failures: Vec<_> =
        policies.flat_map(|policy| policy["failure-details"].as_array().cloned().unwrap_or_default()).collect();
    let fits = |failure: &Value| {
        failure["result-type"] == result && reason.is_none_or(|reason| failure["failure-reason-code"] == reason)
    };
    assert!(failures.iter().any(fits), "{result} is not among {failures:?}");
    assert_eq!(found["record"], format!("v=TLSRPTv1; rua=mailto:tls@{}", domain.name), "our own look-up");
}

// D-31
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn the_sessions_with_hosts_of_a_testing_domain_are_counted_under_its_policy() {
    let lab = Lab::shared();
    let (server, _) = telling(lab, "collector-probe", "", "testing_probe = \"1m\"\n");
    let domain = wanting(lab, Zone::Insecure, "testing").leaf(Leaf::Good).leaf(Leaf::Expired);
    let patterns = [format!("mx1.{}", domain.name), format!("mx2.{}", domain.name)];
    let domain = domain.policy("testing", &[&patterns[0], &patterns[1]], "first").publish();
    let silent = Domain::named(lab, Zone::Insecure, "silent.rpt.insecure.test").leaf(Leaf::Expired);
    let silent = silent.policy("testing", &["mx1.silent.rpt.insecure.test"], "first").publish();
    for domain in [&domain, &silent] {
        assert_eq!(server.ask("postfix-3.10", &domain.name), "NOTFOUND ", "nothing is enforced");
    }
    let end = Instant::now() + Duration::from_secs(100);
    let day = loop {
        let day = today(&server);
        if day["observed"].as_u64() >= Some(2) {
            break day;
        }
        assert!(Instant::now() < end, "{day}\n{}", server.strictmx.stderr());
        std::thread::sleep(Duration::from_millis(500));
    };
    let told = counted(&day);
    let of = |what: &str| told.get(&(domain.name.clone(), what.to_owned())).copied();
    assert_eq!((of("success"), of("certificate-expired")), (Some(1), Some(1)), "{day}");
    must_be_ours(&day, &domain, "certificate-expired", None);
    assert_eq!(day["received"], 0, "nobody told us");
    assert!(!day["domains"].to_string().contains("silent"), "it wants no reports");
}
