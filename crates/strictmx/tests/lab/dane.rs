//! DANE beside MTA-STS: Postfix 3.10 obeys TLSA records, and a policy never stands in their way.

use strictmx_testbed::lab::{Fate, Zone};
use strictmx_testbed::pki::{Leaf, tlsa_311_of_nobody};

use crate::world::{Domain, must_arrive, must_not_be_heard_of, must_stay, shared};

/// A host with a self-signed certificate, which DANE-EE does not mind.
fn with_tlsa(label: &str, matching: bool) -> Domain {
    let (lab, ..) = shared();
    let domain = Domain::new(lab, Zone::Secure, label);
    let identity = lab.ca.issue(&domain.next_host(), Leaf::SelfSigned);
    let data = if matching { identity.tlsa_311() } else { tlsa_311_of_nobody() };
    domain.host(Some(&identity)).tlsa(&data)
}

// DANE-2.2-1, DANE-2.2.2-1
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_certificate_that_matches_its_tlsa_record_gets_the_mail() {
    let (_, server, postfix) = shared();
    let domain = with_tlsa("danegood", true).publish();
    assert_eq!(server.ask("postfix-3.10", &domain.name), "OK dane-only");
    must_arrive(postfix, &domain, server);
}

// DANE-2.2-1
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_certificate_that_does_not_match_keeps_the_mail_in_the_queue() {
    let (_, server, postfix) = shared();
    must_stay(postfix, &with_tlsa("danebad", false).publish(), server);
}

// STS-2-1, D-25: PKIX would be content, TLSA is not.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn an_enforced_policy_never_overrides_a_failed_tlsa_check() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Secure, "danefirst").leaf(Leaf::Good).tlsa(&tlsa_311_of_nobody());
    let domain = domain.enforce().publish();
    assert_eq!(server.ask("postfix-3.10", &domain.name), "OK dane-only");
    must_stay(postfix, &domain, server);
}

// D-25: TLSA is content, PKIX would not be; DANE decides alone.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_matching_tlsa_record_suffices_beside_an_enforced_policy() {
    let (_, server, postfix) = shared();
    must_arrive(postfix, &with_tlsa("danesuffices", true).enforce().publish(), server);
}

// D-26: one host has TLSA, the other only PKIX; the answer that breaks neither RFC is `dane-only`.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn with_tlsa_at_one_host_of_two_only_that_one_gets_the_mail() {
    let (_, server, postfix) = shared();
    let domain = with_tlsa("danepartial", true).leaf(Leaf::Good).enforce().publish();
    assert_eq!(server.ask("postfix-3.10", &domain.name), "OK dane-only");
    must_arrive(postfix, &domain, server);
    assert!(domain.sinks[1].messages().is_empty());
}

// D-30, DANE-2.2.1-2: the MX RRset is unsigned, so DANE cannot bind and the policy decides.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn an_unsigned_mx_record_leaves_the_policy_in_charge() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "daneunsigned").leaf(Leaf::WrongName).enforce();
    let domain = domain.tlsa(&tlsa_311_of_nobody()).publish();
    assert!(server.ask("postfix-3.10", &domain.name).starts_with("OK secure "));
    must_stay(postfix, &domain, server);
}

// A signed zone without TLSA: the policy decides (DANE-2.2-3).
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_signed_zone_without_tlsa_leaves_the_policy_in_charge() {
    let (lab, server, postfix) = shared();
    let good = Domain::new(lab, Zone::Secure, "signedgood").leaf(Leaf::Good).enforce().publish();
    let bad = Domain::new(lab, Zone::Secure, "signedbad").leaf(Leaf::SelfSigned).enforce().publish();
    must_arrive(postfix, &good, server);
    must_stay(postfix, &bad, server);
}

// DANE-2.1.1-3, DANE-2.1.2-1: nothing can be known of a bogus zone, so nothing is delivered, and nothing is lost.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn mail_for_a_bogus_zone_stays_in_the_queue() {
    let (lab, server, postfix) = shared();
    postfix.ask("sts.bogus.test", server.port, "postfix-3.10");
    let domain = Domain::new(lab, Zone::Bogus, "bogus").leaf(Leaf::Good).publish();
    let to = domain.user("a");
    let fate = postfix.deliver(&to);
    assert!(matches!(fate, Fate::Deferred(_)), "{fate:?}");
    assert!(postfix.is_queued(&to));
    must_not_be_heard_of(&domain);
}
