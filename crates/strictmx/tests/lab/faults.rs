//! An `enforce` policy and Postfix 3.10: what is good arrives, everything else stays in the queue.

use strictmx_testbed::lab::Zone;
use strictmx_testbed::pki::Leaf;
use strictmx_testbed::smtp::StartTls;

use crate::world::{Domain, must_arrive, must_stay, shared};

/// One bad host, named by the policy: nothing may reach it.
fn bad_leaf(label: &str, leaf: Leaf) {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, label).leaf(leaf).enforce().publish();
    must_stay(postfix, &domain, server);
}

fn bad_starttls(label: &str, starttls: StartTls) {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, label).faulty(starttls).enforce().publish();
    must_stay(postfix, &domain, server);
}

// STS-4-1, STS-4-2, STS-7.1-3: the host is in the policy, its certificate is good, and it saw its own name as SNI.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_good_host_gets_its_mail_over_tls() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "good").leaf(Leaf::Good).enforce().publish();
    must_arrive(postfix, &domain, server);
    let message = &domain.sinks[0].messages()[0];
    assert!(message.tls.is_some());
    assert_eq!(message.sni.as_deref(), Some("mx1.good.sts.insecure.test"));
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_wildcard_pattern_and_a_wildcard_certificate_stand_for_one_label() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "wild").leaf(Leaf::Wildcard);
    let domain = domain.policy("enforce", &["*.wild.sts.insecure.test"], "first").publish();
    must_arrive(postfix, &domain, server);
}

// STS-5-1, STS-4.2-3
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_certificate_for_another_name_keeps_the_mail_in_the_queue() {
    bad_leaf("wrongname", Leaf::WrongName);
}

// A-10 asks for more than a policy line can make Postfix do: it falls back to the subject where a certificate has no DNS name at
// all. Should a later Postfix stop doing so, this test says it.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_name_in_the_subject_alone_is_left_to_postfix_which_still_takes_it() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "cnonly").leaf(Leaf::CommonNameOnly).enforce().publish();
    must_arrive(postfix, &domain, server);
}

// STS-5-1, STS-4.2-1
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn an_expired_certificate_keeps_the_mail_in_the_queue() {
    bad_leaf("expired", Leaf::Expired);
}

// STS-5-1, STS-4.2-1
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_certificate_of_tomorrow_keeps_the_mail_in_the_queue() {
    bad_leaf("notyet", Leaf::NotYetValid);
}

// STS-5-1, STS-4.2-2
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_self_signed_certificate_keeps_the_mail_in_the_queue() {
    bad_leaf("selfsigned", Leaf::SelfSigned);
}

// STS-5-1, STS-4.2-2
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_missing_intermediate_keeps_the_mail_in_the_queue() {
    bad_leaf("nointermediate", Leaf::NoIntermediate);
}

// STS-5-1, STS-4.2-2
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_certificate_of_an_unknown_authority_keeps_the_mail_in_the_queue() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "stranger");
    let identity = lab.stranger.issue(&domain.next_host(), Leaf::Good);
    let domain = domain.host(Some(&identity)).enforce().publish();
    must_stay(postfix, &domain, server);
}

// STS-5-1, STS-4-2
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_host_without_starttls_keeps_the_mail_in_the_queue() {
    bad_starttls("nostarttls", StartTls::NotOffered);
}

// STS-5-1, STS-4-2, R3207-4-1
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_host_that_refuses_starttls_keeps_the_mail_in_the_queue() {
    bad_starttls("refused", StartTls::Refused);
}

// STS-5-1: no second attempt in the clear.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_broken_handshake_keeps_the_mail_in_the_queue() {
    bad_starttls("alert", StartTls::Alert);
}

// STS-7.2-2, R9325-3.1.1-1
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_host_that_knows_tls_1_0_alone_keeps_the_mail_in_the_queue() {
    bad_starttls("oldtls", StartTls::OldTls);
}

// STS-4-1, STS-5-1, D-24, D-38: the report attributes make Postfix drop hosts the policy does not name.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_host_the_policy_does_not_name_keeps_the_mail_in_the_queue() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "notlisted").leaf(Leaf::Good);
    let domain = domain.policy("enforce", &["mail.notlisted.sts.insecure.test"], "first").publish();
    must_stay(postfix, &domain, server);
}

// STS-5.1-2
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn the_second_host_gets_the_mail_when_the_first_is_bad() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "second").leaf(Leaf::WrongName).leaf(Leaf::Good).enforce().publish();
    must_arrive(postfix, &domain, server);
    assert!(domain.sinks[0].messages().is_empty());
}

// STS-4.1-1, STS-5-1: one of two hosts is not named by the policy; it gets nothing, though its certificate is good.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_better_host_outside_the_policy_is_passed_over() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "passed").leaf(Leaf::Good).leaf(Leaf::Good);
    let domain = domain.policy("enforce", &["mx2.passed.sts.insecure.test"], "first").publish();
    must_arrive(postfix, &domain, server);
    assert!(domain.sinks[0].messages().is_empty());
}

// STS-3.1-11, STS-7.1-2: record and policy host by CNAME, as domains hosted elsewhere have it.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_policy_reached_by_aliases_is_enforced() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "alias").leaf(Leaf::WrongName);
    let name = domain.name.clone();
    let address = lab.address(1);
    let host = strictmx_testbed::https::Server::start(&format!("{address}:443"));
    host.policy(&lab.ca, &name, &format!("version: STSv1\nmode: enforce\nmx: mx1.{name}\nmax_age: 604800\n"));
    let domain = domain
        .line(format!("add _mta-sts.{name}. 60 CNAME record.alias-target.insecure.test."))
        .line("add record.alias-target.insecure.test. 60 TXT \"v=STSv1; id=elsewhere\"".to_owned())
        .line(format!("add mta-sts.{name}. 60 CNAME host.alias-target.insecure.test."))
        .line(format!("add host.alias-target.insecure.test. 60 A {address}"))
        .publish();
    must_stay(postfix, &domain, server);
    assert_eq!(host.asked(&format!("mta-sts.{name}")), 1);
}
