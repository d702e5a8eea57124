//! The domains to look up: each with an `enforce` policy, one MX host and a policy host with its own certificate.

use std::net::Ipv4Addr;

use strictmx_testbed::dns::{Answer, Data, Server as Dns};
use strictmx_testbed::https::{Server as Https, Site};
use strictmx_testbed::pki::Ca;

use crate::load;

const POLICY_HOST: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);
const NOBODY: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 2);
const MAIL_HOST: Ipv4Addr = Ipv4Addr::new(127, 0, 2, 1);

/// Serves until killed.
pub(crate) fn run(ca_file: &str, ahead: &[&str]) {
    let ca = Ca::new("bench");
    std::fs::write(ca_file, ca.root_pem()).expect("the root is written");
    let dns = Dns::start("127.0.0.1:53");
    dns.otherwise(|name, rtype| name.ends_with(".bench.test").then(|| records(name, rtype)));
    let https = Https::start("127.0.1.1:443");
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
    format!("version: STSv1\r\nmode: enforce\r\nmx: mx.{domain}\r\nmax_age: 604800\r\n")
}

fn records(name: &str, rtype: &str) -> Answer {
    let (first, rest) = name.split_once('.').expect("a name below bench.test");
    let answer = match (first, rtype) {
        ("_mta-sts", "TXT") => Answer::txt(&["v=STSv1; id=20261122;"]),
        ("mta-sts", "A") if rest.starts_with("refused-") => Answer::records(vec![Data::A(NOBODY)]),
        ("mta-sts", "A") => Answer::records(vec![Data::A(POLICY_HOST)]),
        ("mx", "A") => Answer::records(vec![Data::A(MAIL_HOST)]),
        ("mx" | "mta-sts" | "_mta-sts" | "_smtp" | "_25", _) => Answer::no_data(),
        (_, "MX") => Answer::mx(&[(10, &format!("mx.{name}"))]),
        _ => Answer::no_data(),
    };
    answer.ttl(3600)
}
