//! No mail: strictmx and two unbounds over signed, unsigned and broken zones.
//!
//! DANE-2.1.1-3, DANE-2.1.1-4, DANE-2.1.1-5, DANE-2.1.3-1: with a trusted resolver and validated in process, the same
//! names have the same state, for records, aliases, no such record and no such name.

use serde_json::Value;
use strictmx_testbed::lab::{Lab, NON_VALIDATING, VALIDATING, Zone};
use strictmx_testbed::pki::Leaf;

use crate::world::{Domain, Server, trust_ad};

const ZONES: [Zone; 3] = [Zone::Secure, Zone::Insecure, Zone::Bogus];

/// What `explain` says of one domain.
fn explain(server: &Server, domain: &str) -> Value {
    let output = server.strictmx.run(&["explain", domain, "--format", "json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{domain}: {error}\n{text}"))
}

/// Status and DNSSEC state of an answer: `found secure`, `failed bogus`, …
fn state(answer: &Value) -> String {
    let word = |key: &str| answer[key].as_str().unwrap_or("?").to_owned();
    let status = word("status");
    if status == "failed" { format!("{status} {}", word("kind")) } else { format!("{status} {}", word("dnssec")) }
}

/// Names below `<label>.<zone>`: `pos` has records, `alias` and `far` (to the next zone) lead to some, `nodata` has
/// another type, `none` has nothing.
fn publish(lab: &Lab, label: &str) {
    for (zone, next) in ZONES.into_iter().zip([Zone::Insecure, Zone::Secure, Zone::Secure]) {
        let base = format!("{label}.{}", zone.name());
        let far = format!("{label}.{}", next.name());
        let lines = [
            format!("add _mta-sts.pos.{base}. 60 TXT \"v=STSv1; id=1\""),
            format!("add pos.{base}. 60 MX 10 mx.{base}."),
            format!("add mx.{base}. 60 A 127.0.2.251"),
            format!("add _mta-sts.alias.{base}. 60 CNAME _mta-sts.pos.{base}."),
            format!("add _mta-sts.far.{base}. 60 CNAME _mta-sts.pos.{far}."),
            format!("add _mta-sts.nodata.{base}. 60 A 127.0.2.251"),
            format!("add nodata.{base}. 60 A 127.0.2.251"),
        ];
        lab.update(zone, &lines);
    }
}

/// Compares the TXT and MX states of all those names with what they must be.
fn compare(server: &Server, label: &str) {
    let mut wrong = Vec::new();
    for zone in ZONES {
        let (dnssec, broken) = match zone {
            Zone::Secure => ("secure", false),
            Zone::Insecure => ("insecure", false),
            Zone::Bogus => ("", true),
        };
        for (name, txt, mx) in [
            ("pos", "found", "found"),
            ("alias", "found", ""),
            ("nodata", "no-data", "no-data"),
            ("none", "nx-domain", "nx-domain"),
        ] {
            let domain = format!("{name}.{label}.{}", zone.name());
            let seen = explain(server, &domain);
            for (kind, status, answer) in [("TXT", txt, &seen["mta-sts"]["txt"]), ("MX", mx, &seen["mx"]["answer"])] {
                let expected = if broken { "failed bogus".to_owned() } else { format!("{status} {dnssec}") };
                if !status.is_empty() && state(answer) != expected {
                    wrong.push(format!("{kind} of {domain}: {} instead of {expected}: {answer}", state(answer)));
                }
            }
        }
        // One insecure link makes the rest insecure, whichever way round.
        let far = format!("far.{label}.{}", zone.name());
        let answer = explain(server, &far)["mta-sts"]["txt"].clone();
        let expected = if broken { "failed bogus" } else { "found insecure" };
        if state(&answer) != expected {
            wrong.push(format!("TXT of {far}: {} instead of {expected}: {answer}", state(&answer)));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), server.strictmx.stderr());
}

fn validating(lab: &Lab, servers: &str) -> String {
    let key = lab.root_key_file();
    format!("servers = [\"{servers}\"]\ndnssec = \"validate\"\ntrust_anchor = \"{}\"", key.display())
}

// DANE-2.1.1-2
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn the_ad_bit_of_a_trusted_resolver_tells_the_states_apart() {
    let lab = Lab::shared();
    let server = Server::start(lab, "r-trust", &trust_ad());
    publish(lab, "rtrust");
    compare(&server, "rtrust");
}

// DANE-2.1.1-1
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn validated_in_process_behind_a_resolver_that_does_not_the_states_are_the_same() {
    let lab = Lab::shared();
    let server = Server::start(lab, "r-validate", &validating(lab, NON_VALIDATING));
    publish(lab, "rvalidate");
    compare(&server, "rvalidate");
}

// CD is set, or the resolver would answer SERVFAIL before we could look.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn validated_in_process_behind_a_resolver_that_does_too_the_states_are_the_same() {
    let lab = Lab::shared();
    let server = Server::start(lab, "r-both", &validating(lab, VALIDATING));
    publish(lab, "rboth");
    compare(&server, "rboth");
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn switched_off_nothing_is_secure() {
    let lab = Lab::shared();
    let server = Server::start(lab, "r-off", &format!("servers = [\"{VALIDATING}\"]\ndnssec = \"off\""));
    publish(lab, "roff");
    let seen = explain(&server, "pos.roff.secure.test");
    assert_eq!(state(&seen["mta-sts"]["txt"]), "found insecure");
    assert_eq!(state(&seen["mx"]["answer"]), "found insecure");
}

/// The line of the metrics page that says so.
fn trust(state: &str) -> String {
    format!("strictmx_dns_trust{{state=\"{state}\"}} 1")
}

/// A domain with DANE, and a strictmx that tests its resolver with our own two names.
fn self_tested(label: &str, resolver: &str) -> (Server, Domain) {
    let lab = Lab::shared();
    let name = format!("{label}.secure.test");
    let domain = Domain::named(lab, Zone::Secure, &name);
    let identity = lab.ca.issue(&domain.next_host(), Leaf::Good);
    let domain = domain.host(Some(&identity)).tlsa(&identity.tlsa_311()).publish();
    let dns = format!(
        "servers = [\"{resolver}\"]\ndnssec = \"trust-ad\"\nself_test = {{ signed = \"secure.test\", bogus = \"bogus.test\" }}"
    );
    let server = Server::start(lab, label, &dns);
    // The self-test runs beside the start; its outcome is on the metrics page.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let known = |page: &str| ["validates", "does-not-validate"].iter().any(|state| page.contains(&trust(state)));
    while !known(&server.strictmx.get("/metrics").1) {
        assert!(std::time::Instant::now() < end, "no self-test within 10 s:\n{}", server.strictmx.stderr());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    (server, domain)
}

// DANE-2.1.1-1, DANE-A4
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn the_self_test_finds_a_validating_resolver_and_dane_is_on() {
    let (server, domain) = self_tested("selftest-good", VALIDATING);
    assert!(server.strictmx.get("/metrics").1.contains(&trust("validates")));
    assert_eq!(server.ask("postfix-3.10", &domain.name), "OK dane-only");
}

// DANE-2.1.1-1, DANE-A4: said loudly, counted, and no answer rests on DANE.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn the_self_test_finds_a_resolver_that_does_not_validate_and_dane_is_off() {
    let (server, domain) = self_tested("selftest-bad", NON_VALIDATING);
    assert!(server.strictmx.get("/metrics").1.contains(&trust("does-not-validate")));
    assert_eq!(server.ask("postfix-3.10", &domain.name), "NOTFOUND ");
    // The log comes through a pipe, a moment after what it tells of.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !server.strictmx.stderr().contains("DANE is off") {
        assert!(std::time::Instant::now() < end, "{}", server.strictmx.stderr());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
