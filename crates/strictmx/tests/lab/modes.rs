//! `testing`, `none`, no policy, a policy host that is down, and a policy that changes: Postfix 3.10.

use std::time::{Duration, Instant};

use strictmx_testbed::https::Site;
use strictmx_testbed::lab::{Lab, Zone};
use strictmx_testbed::pki::Leaf;

use crate::world::{Domain, Server, must_arrive, must_stay, shared};

// STS-5-2, D-31
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_testing_policy_delivers_whatever_the_certificate() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "testing").leaf(Leaf::Expired);
    let domain = domain.policy("testing", &["mx1.testing.sts.insecure.test"], "first").publish();
    must_arrive(postfix, &domain, server);
    assert_eq!(server.ask("postfix-3.10", &domain.name), "NOTFOUND ");
}

// STS-5-3
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_policy_of_mode_none_delivers_whatever_the_host() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "none").host(None).policy("none", &[], "first").publish();
    must_arrive(postfix, &domain, server);
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_domain_without_policy_gets_its_mail_as_before() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "nothing").leaf(Leaf::SelfSigned).publish();
    must_arrive(postfix, &domain, server);
}

// STS-3.3-12
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_policy_host_that_is_down_at_first_contact_does_not_stop_the_mail() {
    let (lab, server, postfix) = shared();
    let mut domain = Domain::new(lab, Zone::Insecure, "downfirst").leaf(Leaf::WrongName).enforce().publish();
    domain.policy_host = None;
    must_arrive(postfix, &domain, server);
}

// STS-3.3-12: an invalid policy, a foreign certificate and a redirect are as if there were none.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_policy_that_cannot_be_had_does_not_stop_the_mail() {
    let (lab, server, postfix) = shared();
    let sites = [
        ("invalid", Site::policy("version: STSv1\nmode: Enforce\nmx: a.test\nmax_age: 1\n")),
        ("redirect", Site::policy("").status(301).header("Location", "https://elsewhere.insecure.test/")),
        ("missing", Site::policy("").status(404)),
    ];
    for (label, site) in sites {
        let domain = Domain::new(lab, Zone::Insecure, label).leaf(Leaf::WrongName).enforce().publish();
        let host = domain.policy_host.as_ref().unwrap();
        host.change(&format!("mta-sts.{}", domain.name), site);
        must_arrive(postfix, &domain, server);
        assert_eq!(host.asked(&format!("mta-sts.{}", domain.name)), 1, "asked once, followed nowhere");
    }
}

// STS-3.3-1: the policy host's own certificate is bad, so what it says is worth nothing.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_policy_host_with_a_bad_certificate_does_not_stop_the_mail() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "badhost").leaf(Leaf::WrongName).enforce();
    let host = format!("mta-sts.{}", domain.name);
    let text = format!("version: STSv1\nmode: enforce\nmx: mx1.{}\nmax_age: 604800\n", domain.name);
    let identity = lab.stranger.issue(&host, Leaf::Good);
    domain.policy_host.as_ref().unwrap().site(&host, &identity, Site::policy(&text));
    must_arrive(postfix, &domain.publish(), server);
}

// STS-3.3-13, D-20, D-21: the cached policy stays in force, for the good and for the bad host.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_cached_policy_outlives_its_host_and_its_record() {
    let (lab, server, postfix) = shared();
    let mut good = Domain::new(lab, Zone::Insecure, "cachedgood").leaf(Leaf::Good).enforce().publish();
    let mut bad = Domain::new(lab, Zone::Insecure, "cachedbad").leaf(Leaf::WrongName).enforce().publish();
    for domain in [&mut good, &mut bad] {
        assert!(server.ask("postfix-3.10", &domain.name).starts_with("OK secure "), "{}", server.strictmx.stderr());
        domain.policy_host = None;
        domain.change(&[format!("del _mta-sts.{}. TXT", domain.name)]);
    }
    must_arrive(postfix, &good, server);
    must_stay(postfix, &bad, server);
}

// D-24, STS-10.3-1, STS-5-4: the mail host moved, and so did the policy. The cached one fits no host any more, so the
// record is asked again at once, before Postfix gets an answer.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_new_policy_is_picked_up_at_once_when_the_old_one_fits_no_host() {
    let lab = Lab::shared();
    let mut server = Server::trusting(lab, "moved");
    let postfix = lab.postfix310();
    postfix.ask("moved.insecure.test", server.port, "postfix-3.10");
    let domain = Domain::named(lab, Zone::Insecure, "a.moved.insecure.test").leaf(Leaf::Good).enforce();
    let name = domain.name.clone();
    let identity = lab.ca.issue(&domain.next_host(), Leaf::Good);
    let domain = domain.bare_host(Some(&identity)).publish();
    assert!(server.ask("postfix-3.10", &name).contains(&format!("match=mx1.{name} ")));
    domain.change(&[format!("del {name}. MX"), format!("add {name}. 60 MX 10 mx2.{name}.")]);
    domain.replace_policy("enforce", &[&format!("mx2.{name}")], "second");
    // The restart forgets the MX records, which are kept for a minute, and keeps the policy.
    server.strictmx.terminate(Duration::from_secs(20));
    server.strictmx.restart();
    must_arrive(postfix, &domain, &server);
    assert_eq!(domain.sinks[1].messages().len(), 1);
}

// D-23: the record is older than a minute, so a delivery has it asked again; the next one has the new policy.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn a_changed_id_swaps_the_policy_while_running() {
    let (lab, server, postfix) = shared();
    let domain = Domain::new(lab, Zone::Insecure, "changed").leaf(Leaf::WrongName).leaf(Leaf::Good);
    let name = domain.name.clone();
    let domain = domain.policy("enforce", &[&format!("mx1.{name}"), &format!("mx2.{name}")], "first").publish();
    let old = server.ask("postfix-3.10", &name);
    assert!(old.contains(&format!("match=mx1.{name}:mx2.{name}")), "{old}");
    let asked = Instant::now();
    domain.replace_policy("enforce", &[&format!("mx1.{name}")], "second");
    while asked.elapsed() < Duration::from_secs(62) {
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(server.ask("postfix-3.10", &name), old, "the cached policy answers while the record is asked");
    let end = Instant::now() + Duration::from_secs(10);
    while server.ask("postfix-3.10", &name) == old {
        assert!(Instant::now() < end, "the new id is not picked up:\n{}", server.strictmx.stderr());
        std::thread::sleep(Duration::from_millis(100));
    }
    // The good host is no longer in the policy, the bad one still is.
    must_stay(postfix, &domain, server);
}
