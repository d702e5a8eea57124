//! The lab without strictmx: real mail servers obey fixed policy answers as `reference` says they do.
//! What fails here is the lab's fault; what fails only in the tests of the binary is ours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::HashMap;
use std::process::Command;

use strictmx_testbed::lab::{Fate, Lab, Zone};
use strictmx_testbed::pki::Leaf;
use strictmx_testbed::smtp::Sink;
use strictmx_testbed::socketmap::Fixed;

/// A mail host `mx.<domain>` with a good certificate, and its MX record.
fn host(lab: &Lab, zone: Zone, domain: &str, leaf: Leaf) -> Sink {
    let (name, address) = (format!("mx.{domain}"), lab.address(2));
    let sink = Sink::start(&format!("{address}:25"), &name, Some(&lab.ca.issue(&name, leaf)));
    lab.update(zone, &[format!("add {domain}. 60 MX 10 {name}."), format!("add {name}. 60 A {address}")]);
    sink
}

fn secure(domain: &str) -> String {
    format!("OK secure match=mx.{domain} servername=hostname")
}

fn policies(port: u16, domains: &[(&str, &str)]) -> Fixed {
    let answers = domains.iter().map(|(map, domain)| (format!("{map} {domain}"), secure(domain)));
    Fixed::start(&format!("127.0.0.1:{port}"), answers.collect())
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn unbound_tells_secure_insecure_and_bogus_apart() {
    let _lab = Lab::shared();
    let ask = |server: &str, name: &str| {
        let output = Command::new("kdig").args([server, "+adflag", "+noall", "+header", name, "TXT"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(ask("@127.0.0.1", "secure.test").contains(" ad"), "{}", ask("@127.0.0.1", "secure.test"));
    let insecure = ask("@127.0.0.1", "insecure.test");
    assert!(insecure.contains("NOERROR") && !insecure.contains(" ad"), "{insecure}");
    assert!(ask("@127.0.0.1", "bogus.test").contains("SERVFAIL"));
    let trusting = ask("@127.0.0.2", "bogus.test");
    assert!(trusting.contains("NOERROR") && !trusting.contains(" ad"), "{trusting}");
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn postfix_delivers_to_a_good_host_and_defers_for_a_wrong_certificate() {
    let lab = Lab::shared();
    let domains = ["good.fixed310.insecure.test", "bad.fixed310.insecure.test"];
    let _policies = policies(9310, &domains.map(|domain| ("postfix-3.10", domain)));
    let postfix = lab.postfix310();
    assert!(postfix.version().starts_with("3.10"), "{}", postfix.version());
    postfix.ask("fixed310.insecure.test", 9310, "postfix-3.10");
    let good = host(lab, Zone::Insecure, domains[0], Leaf::Good);
    let bad = host(lab, Zone::Insecure, domains[1], Leaf::WrongName);
    assert_eq!(postfix.deliver("a@good.fixed310.insecure.test"), Fate::Sent);
    assert!(good.messages_for("a@good.fixed310.insecure.test")[0].tls.is_some());
    let fate = postfix.deliver("a@bad.fixed310.insecure.test");
    assert!(matches!(&fate, Fate::Deferred(line) if line.contains("4.7.5")), "{fate:?}");
    assert!(postfix.is_queued("a@bad.fixed310.insecure.test") && bad.messages().is_empty());
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn postfix_obeys_tlsa_records_of_a_secure_zone() {
    let lab = Lab::shared();
    let policies = Fixed::start("127.0.0.1:9311", HashMap::new());
    let postfix = lab.postfix310();
    postfix.ask("fixed311.secure.test", 9311, "postfix-3.10");
    for (domain, sent) in [("good.fixed311.secure.test", true), ("bad.fixed311.secure.test", false)] {
        let (name, address) = (format!("mx.{domain}"), lab.address(2));
        let identity = lab.ca.issue(&name, Leaf::SelfSigned);
        let sink = Sink::start(&format!("{address}:25"), &name, Some(&identity));
        let tlsa = if sent { identity.tlsa_311() } else { strictmx_testbed::pki::tlsa_311_of_nobody() };
        lab.update(
            Zone::Secure,
            &[
                format!("add {domain}. 60 MX 10 {name}."),
                format!("add {name}. 60 A {address}"),
                format!("add _25._tcp.{name}. 60 TLSA {tlsa}"),
            ],
        );
        let to = format!("a@{domain}");
        let fate = postfix.deliver(&to);
        assert_eq!(matches!(fate, Fate::Sent), sent, "{fate:?}");
        assert_eq!(sink.messages().len(), usize::from(sent));
        assert_eq!(postfix.is_queued(&to), !sent);
    }
    assert!(policies.asked().contains(&"postfix-3.10 good.fixed311.secure.test".to_owned()));
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn postfix_of_debian_12_obeys_too() {
    let lab = Lab::shared();
    let domains = ["good.fixed37.insecure.test", "bad.fixed37.insecure.test"];
    let _policies = policies(9370, &domains.map(|domain| ("postfix", domain)));
    let postfix = lab.postfix37();
    assert!(postfix.version().starts_with("3.7"), "{}", postfix.version());
    postfix.ask("fixed37.insecure.test", 9370, "postfix");
    let _good = host(lab, Zone::Insecure, domains[0], Leaf::Good);
    let bad = host(lab, Zone::Insecure, domains[1], Leaf::Expired);
    assert_eq!(postfix.deliver("a@good.fixed37.insecure.test"), Fate::Sent);
    assert!(matches!(postfix.deliver("a@bad.fixed37.insecure.test"), Fate::Deferred(_)));
    assert!(postfix.is_queued("a@bad.fixed37.insecure.test") && bad.messages().is_empty());
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn sendmail_with_feature_sts_obeys_too() {
    let lab = Lab::shared();
    let domains = ["good.fixedsm.insecure.test", "bad.fixedsm.insecure.test"];
    let policies = policies(9818, &domains.map(|domain| ("sts", domain)));
    let sendmail = lab.sendmail();
    let feature = "FEATURE(`sts', `socket -d5 -T<TMPF> inet:9818@127.0.0.1')dnl";
    let good = host(lab, Zone::Insecure, domains[0], Leaf::Good);
    let bad = host(lab, Zone::Insecure, domains[1], Leaf::WrongName);
    let said = sendmail.deliver("a@good.fixedsm.insecure.test", feature);
    assert_eq!(good.messages().len(), 1, "{said}\n{:?}", policies.asked());
    assert!(good.messages()[0].tls.is_some(), "{said}");
    let said = sendmail.deliver("a@bad.fixedsm.insecure.test", feature);
    assert!(bad.messages().is_empty(), "{said}");
    assert!(sendmail.queue().contains("bad.fixedsm.insecure.test"), "{said}\n{}", sendmail.queue());
}
