//! `explain` as people and programs see it: goldens of typical domains, with the times and fingerprints of the day taken out.

use strictmx_testbed::dns::{self, Answer, Data, Reply};
use strictmx_testbed::https;
use strictmx_testbed::lab::Lab;
use strictmx_testbed::pki::Leaf;

use crate::world::Server;

/// A strictmx that asks the test's own DNS.
fn start(name: &str, address: &str) -> (dns::Server, Server) {
    // The lab first: it brings the loopback interface up.
    let lab = Lab::shared();
    let dns = dns::Server::start(&format!("{address}:53"));
    let config = format!("servers = [\"{address}:53\"]\ndnssec = \"trust-ad\"\nself_test = \"off\"");
    (dns, Server::start(lab, name, &config))
}

fn explain(server: &Server, arguments: &[&str]) -> String {
    let output = server.strictmx.run(&[&["explain"], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    steady(&String::from_utf8(output.stdout).unwrap())
}

/// Takes out what differs from run to run: moments, milliseconds, digests.
fn steady(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", without_ms(&without_days(line)))).collect()
}

fn without_days(line: &str) -> String {
    let (mut out, mut word) = (String::new(), String::new());
    for c in line.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || c == '-' || c == ':' {
            word.push(c);
            continue;
        }
        let (end, digits) = (word.strip_suffix(':'), word.bytes().all(|b| b.is_ascii_digit()));
        out.push_str(match word.len() {
            20 if word.ends_with('Z') && word.as_bytes()[10] == b'T' => "MOMENT",
            64 if word.bytes().all(|b| b.is_ascii_hexdigit()) && !word.starts_with("000") => "DIGEST",
            10.. if digits && end.is_none() => "N",
            _ => &word,
        });
        word.clear();
        out.push(c);
    }
    out.truncate(out.len() - 1);
    out
}

fn without_ms(line: &str) -> String {
    if let Some((before, _)) = line.split_once("\"elapsed_ms\": ") {
        return format!("{before}\"elapsed_ms\": N");
    }
    match line.split_once(" ms") {
        Some((before, after)) => format!("{}N ms{after}", before.trim_end_matches(|c: char| c.is_ascii_digit())),
        None => line.to_owned(),
    }
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn an_enforced_domain_with_oddities_is_explained() {
    let lab = Lab::shared();
    let (dns, server) = start("explain-sts", "127.0.78.1");
    let host = https::Server::start("127.0.78.11:443");
    dns.put("_mta-sts.odd.test", "TXT", Answer::txt(&["v=spf1 -all", "v=STSv1; id=20261122;"]));
    dns.a("mta-sts.odd.test", "127.0.78.11".parse().unwrap());
    dns.mx("odd.test", &[(10, "mx1.odd.test"), (20, "stray.odd.test"), (30, "192.0.2.1")]);
    dns.a("mx1.odd.test", "192.0.2.25".parse().unwrap());
    dns.a("stray.odd.test", "192.0.2.26".parse().unwrap());
    let policy = "\u{feff}version: STSv1\r\nmode: enforce\r\n\r\nmx: MX1.odd.test.\r\nmx: *\r\nmax_age: 99999999\r\nmode: none\r\n";
    host.policy(&lab.ca, "odd.test", policy);
    insta::assert_snapshot!("explain-odd", explain(&server, &["odd.test"]));
    insta::assert_snapshot!("explain-odd-json", explain(&server, &["odd.test", "--format", "json"]));
    insta::assert_snapshot!("explain-odd-sendmail", explain(&server, &["odd.test", "--map", "sendmail"]));
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_domain_with_dane_is_explained() {
    let (dns, server) = start("explain-dane", "127.0.78.2");
    let digest = "0".repeat(64);
    dns.put("dane.test", "MX", Answer::mx(&[(10, "mx1.dane.test"), (20, "mx2.dane.test")]).secure());
    for (host, address) in [("mx1.dane.test", [192, 0, 2, 1]), ("mx2.dane.test", [192, 0, 2, 2])] {
        dns.put(host, "A", Answer::records(vec![Data::A(address.into())]).secure());
    }
    dns.put("_25._tcp.mx1.dane.test", "TLSA", Answer::tlsa(&[&format!("3 1 1 {digest}")]).secure());
    dns.put("_25._tcp.mx2.dane.test", "TLSA", Answer::new(Reply::Code(2, Some((6, "signature expired".to_owned())))));
    insta::assert_snapshot!("explain-dane", explain(&server, &["dane.test"]));
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_policy_host_with_a_bad_certificate_is_explained() {
    let lab = Lab::shared();
    let (dns, server) = start("explain-cert", "127.0.78.3");
    let host = https::Server::start("127.0.78.13:443");
    dns.txt("_mta-sts.cert.test", "v=STSv1; id=1;");
    dns.a("mta-sts.cert.test", "127.0.78.13".parse().unwrap());
    dns.put("cert.test", "MX", Answer::new(Reply::Code(2, None)));
    host.site("mta-sts.cert.test", &lab.ca.issue("mta-sts.cert.test", Leaf::Expired), https::Site::policy(""));
    insta::assert_snapshot!("explain-cert", explain(&server, &["cert.test"]));
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn what_has_no_policy_by_nature_is_said_at_once() {
    let (_dns, server) = start("explain-nothing", "127.0.78.4");
    let output = server.strictmx.run(&["explain", "[192.0.2.1]"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("an IP address has no policy"));
    insta::assert_snapshot!("explain-absent", explain(&server, &["absent.test"]));
}
