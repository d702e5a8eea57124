//! The domains to look up: each with an `enforce` policy, one MX host and a policy host with its own certificate.

use std::net::Ipv4Addr;

use strictmx_testbed::dns::{Answer, Data, Server as Dns};
use strictmx_testbed::https::{Server as Https, Site};
use strictmx_testbed::pki::{Ca, Leaf};
use strictmx_testbed::smtp::Sink;

use crate::load;

const POLICY_HOST: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);
const NOBODY: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 2);
const MAIL_HOST: Ipv4Addr = Ipv4Addr::new(127, 0, 2, 1);
/// Domains that begin so have an MX host of their own below this name, on one of so many addresses.
const CHECKED: &str = "check-";
const MAIL_HOSTS: &str = "mx.bench.test";
const MAIL_ADDRESSES: u8 = 64;

/// Serves until killed.
pub(crate) fn run(ca_file: &str, ahead: &[&str]) {
    let ca = Ca::new("bench");
    std::fs::write(ca_file, ca.root_pem()).expect("the root is written");
    let dns = Dns::start("127.0.0.1:53");
    dns.otherwise(|name, rtype| name.ends_with(".bench.test").then(|| records(name, rtype)));
    let https = Https::start("127.0.1.1:443");
    let identity = ca.issue(&format!("*.{MAIL_HOSTS}"), Leaf::Good);
    let _sinks: Vec<Sink> = (1..=MAIL_ADDRESSES)
        .map(|last| Sink::start(&format!("127.0.3.{last}:25"), MAIL_HOSTS, Some(&identity)))
        .collect();
    for set in ahead {
        let domains = load::domains(set);
        let hosts: Vec<String> = domains.iter().map(|domain| format!("mta-sts.{domain}")).collect();
        let identities = ca.issue_many(hosts.iter().map(String::as_str));
        for ((host, domain), identity) in hosts.iter().zip(&domains).zip(&identities) {
            https.site(host, identity, Site::policy(&policy(domain)));
        }
    }
    https.otherwise(move |host| {
        let domain = host.strip_prefix("mta-sts.")?.to_owned();
        Some((ca.issue_many([host]).pop()?, Site::policy(&policy(&domain))))
    });
    println!("ready");
    loop {
        std::thread::park();
    }
}

fn policy(domain: &str) -> String {
    format!("version: STSv1\r\nmode: enforce\r\nmx: {}\r\nmax_age: 604800\r\n", mail_host(domain))
}

fn mail_host(domain: &str) -> String {
    match domain.split_once('.') {
        Some((first, _)) if first.starts_with(CHECKED) => format!("{first}.{MAIL_HOSTS}"),
        _ => format!("mx.{domain}"),
    }
}

/// The address of `check-123.mx.bench.test`.
fn mail_address(first: &str) -> Ipv4Addr {
    let number: u64 = first.trim_start_matches(CHECKED).parse().unwrap_or(0);
    let last = u8::try_from(number % u64::from(MAIL_ADDRESSES)).expect("less than so many") + 1;
    Ipv4Addr::new(127, 0, 3, last)
}

fn records(name: &str, rtype: &str) -> Answer {
    let (first, rest) = name.split_once('.').expect("a name below bench.test");
    let answer = match (first, rtype) {
        ("_mta-sts", "TXT") => Answer::txt(&["v=STSv1; id=20261122;"]),
        ("mta-sts", "A") if rest.starts_with("refused-") => Answer::records(vec![Data::A(NOBODY)]),
        ("mta-sts", "A") => Answer::records(vec![Data::A(POLICY_HOST)]),
        ("mx", "A") => Answer::records(vec![Data::A(MAIL_HOST)]),
        (first, "A") if rest == MAIL_HOSTS => Answer::records(vec![Data::A(mail_address(first))]),
        (_, _) if rest == MAIL_HOSTS => Answer::no_data(),
        ("_smtp", "TXT") => Answer::txt(&["v=TLSRPTv1; rua=mailto:tls@bench.test;"]),
        ("mx" | "mta-sts" | "_mta-sts" | "_smtp" | "_25", _) => Answer::no_data(),
        (_, "MX") => Answer::mx(&[(10, &mail_host(name))]),
        _ => Answer::no_data(),
    };
    answer.ttl(3600)
}
