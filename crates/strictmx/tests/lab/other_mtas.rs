//! Postfix 3.7 with its map name and sendmail with `FEATURE(sts)`: one good and one bad delivery each.

use strictmx_testbed::lab::{Fate, Lab, Zone};
use strictmx_testbed::pki::{Leaf, tlsa_311_of_nobody};

use crate::world::{Domain, Server, must_arrive, must_not_be_heard_of, must_stay, shared};

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn postfix_3_7_delivers_to_the_good_host_and_keeps_the_mail_for_the_bad_one() {
    let lab = Lab::shared();
    let server = Server::trusting(lab, "postfix37");
    let postfix = lab.postfix37();
    postfix.ask("p37.insecure.test", server.port, "postfix");
    postfix.ask("p37.secure.test", server.port, "postfix");
    let domain = |zone: Zone, label: &str| Domain::named(lab, zone, &format!("{label}.p37.{}", zone.name()));
    let good = domain(Zone::Insecure, "good").leaf(Leaf::Good).enforce().publish();
    let bad = domain(Zone::Insecure, "bad").leaf(Leaf::Expired).enforce().publish();
    let dane = domain(Zone::Secure, "dane").leaf(Leaf::Good).tlsa(&tlsa_311_of_nobody()).publish();
    must_arrive(postfix, &good, &server);
    must_stay(postfix, &bad, &server);
    must_stay(postfix, &dane, &server);
}

#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn sendmail_delivers_to_the_good_host_and_keeps_the_mail_for_the_bad_one() {
    let (lab, server, _) = shared();
    let sendmail = lab.sendmail();
    // As an administrator would: what `serve` says on start is pasted into sendmail.mc.
    let said = server.strictmx.stderr();
    let feature = said.lines().map(str::trim).find(|line| line.starts_with("FEATURE(")).expect(&said);
    let good = Domain::new(lab, Zone::Insecure, "smgood").leaf(Leaf::Good).enforce().publish();
    let bad = Domain::new(lab, Zone::Insecure, "smbad").leaf(Leaf::WrongName).enforce().publish();
    let said = sendmail.deliver(&good.user("a"), feature);
    assert_eq!(good.taken(), 1, "{said}\n{}", server.strictmx.stderr());
    assert!(good.sinks[0].messages()[0].tls.is_some(), "{said}");
    let said = sendmail.deliver(&bad.user("a"), feature);
    // sendmail looks at the certificate's names before RCPT, so the host has heard of the sender, but of nobody else.
    assert!(bad.sinks[0].commands().iter().all(|line| !line.to_ascii_uppercase().starts_with("RCPT")), "{said}");
    assert_eq!(bad.taken(), 0);
    assert!(sendmail.queue().contains(&bad.name), "{said}\n{}", sendmail.queue());
}

// D-37, D-38: the map name for 3.10 has report attributes, the one for 3.4 to 3.9 has none; Postfix 3.7 given the
// former refuses the line and defers, which is why the names differ.
#[test]
#[ignore = "needs the lab of real neighbours: cargo xtask test"]
fn postfix_3_7_given_the_map_of_3_10_defers() {
    let lab = Lab::shared();
    let server = Server::trusting(lab, "mismatch");
    let postfix = lab.postfix37();
    postfix.ask("mismatch.insecure.test", server.port, "postfix-3.10");
    let domain = Domain::named(lab, Zone::Insecure, "good.mismatch.insecure.test").leaf(Leaf::Good).enforce().publish();
    let fate = postfix.deliver(&domain.user("a"));
    assert!(matches!(fate, Fate::Deferred(_)), "{fate:?}");
    must_not_be_heard_of(&domain);
}
