//! strictmx is killed, stopped, started again: no mail is lost and none is let through.

use std::time::Duration;

use strictmx_testbed::lab::{Fate, Lab, Zone};
use strictmx_testbed::pki::Leaf;

use crate::world::{Domain, Server, must_not_be_heard_of};

const MAILS: usize = 15;

/// A strictmx of its own, asked by Postfix 3.10 for everything below `<label>.insecure.test`.
fn own(label: &str) -> (&'static Lab, Server) {
    let lab = Lab::shared();
    let server = Server::trusting(lab, label);
    lab.postfix310().ask(&format!("{label}.insecure.test"), server.port, "postfix-3.10");
    (lab, server)
}

fn domain(lab: &'static Lab, label: &str, server: &str, leaf: Leaf) -> Domain {
    Domain::named(lab, Zone::Insecure, &format!("{label}.{server}.insecure.test")).leaf(leaf).enforce().publish()
}

// A-24, STS-3.3-13: what was cached before `kill -9` is in force after it, though the policy hosts are gone.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn killed_in_the_middle_of_deliveries_nothing_is_lost_and_nothing_let_through() {
    let (lab, mut server) = own("killed");
    let postfix = lab.postfix310();
    let mut good = domain(lab, "good", "killed", Leaf::Good);
    let mut bad = domain(lab, "bad", "killed", Leaf::SelfSigned);
    for domain in [&mut good, &mut bad] {
        assert!(server.ask("postfix-3.10", &domain.name).starts_with("OK secure "), "{}", server.strictmx.stderr());
        domain.policy_host = None;
        domain.change(&[format!("del _mta-sts.{}. TXT", domain.name)]);
    }
    for n in 0..MAILS {
        postfix.send(&good.user(&format!("u{n}")));
        postfix.send(&bad.user(&format!("u{n}")));
        if n == MAILS / 3 {
            server.strictmx.kill();
        }
        if n == 2 * MAILS / 3 {
            server.strictmx.restart();
        }
    }
    postfix.flush();
    for n in 0..MAILS {
        postfix.sent(&good.user(&format!("u{n}")), 60);
        let fate = postfix.fate(&bad.user(&format!("u{n}")), 60);
        assert!(matches!(fate, Fate::Deferred(_)), "{fate:?}");
    }
    assert_eq!(good.taken(), MAILS, "each message arrives once");
    postfix.holds(&format!("@{}", bad.name), MAILS);
    must_not_be_heard_of(&bad);
}

// While nobody answers, Postfix defers: it never falls back to weaker delivery.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn stopped_postfix_defers_and_delivers_once_it_is_back() {
    let (lab, mut server) = own("stopped");
    let postfix = lab.postfix310();
    let domain = domain(lab, "good", "stopped", Leaf::Good);
    let status = server.strictmx.terminate(Duration::from_secs(20));
    assert!(status.success(), "{status}\n{}", server.strictmx.stderr());
    let to = domain.user("a");
    let fate = postfix.deliver(&to);
    assert!(matches!(fate, Fate::Deferred(_)), "{fate:?}");
    assert!(postfix.is_queued(&to));
    must_not_be_heard_of(&domain);
    server.strictmx.restart();
    postfix.flush();
    postfix.sent(&to, 60);
    assert_eq!(domain.taken(), 1);
}
