//! A look at mail hosts: each way STARTTLS can end (D-31).
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use strictmx_engine::fact::{CertFault, TlsOutcome, TlsSeen};
use strictmx_io::smtp_out::{Limits, probe};
use strictmx_testbed::pki::{Ca, Leaf};
use strictmx_testbed::smtp::{Faults, Sink, StartTls};

use crate::support::{name, tcp, trusting};

const HOST: &str = "mx.example.test";
const QUICK: Limits =
    Limits { connect: Duration::from_secs(1), reply: Duration::from_millis(500), whole: Duration::from_secs(3) };

async fn look(ca: &Ca, address: SocketAddr) -> TlsSeen {
    probe(&name(HOST), address, "probe.example.test", &trusting(ca), QUICK).await
}

// R3207-4-2, R3207-4.2-1, R3207-4.2-3: the handshake follows the 220, EHLO is said anew, STARTTLS once.
#[tokio::test]
async fn a_good_host_is_verified_and_left_politely() {
    let ca = Ca::new("ours");
    let sink = Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, Leaf::Good)));
    let seen = look(&ca, sink.address()).await;
    assert_eq!(seen.outcome, TlsOutcome::Verified);
    assert_eq!((seen.host.as_str(), seen.address), (HOST, Some(sink.address())));
    assert_eq!((seen.tls_version.as_deref(), seen.chain.len()), (Some("TLSv1.3"), 2));
    assert_eq!((seen.helo.as_deref(), seen.local), (Some(HOST), Some("127.0.0.1".parse().unwrap())));
    let commands = sink.commands();
    assert_eq!(commands, ["EHLO probe.example.test", "STARTTLS", "EHLO probe.example.test", "QUIT"]);
    assert!(sink.messages().is_empty());
}

// STS-4.2-1 … STS-4.2-3
#[tokio::test]
async fn each_certificate_fault_is_told_after_a_whole_session() {
    let ca = Ca::new("ours");
    let cases = [
        (Leaf::Expired, CertFault::Expired),
        (Leaf::NotYetValid, CertFault::NotYetValid),
        (Leaf::WrongName, CertFault::NameMismatch),
        (Leaf::SelfSigned, CertFault::UntrustedIssuer),
        (Leaf::NoIntermediate, CertFault::UntrustedIssuer),
    ];
    for (leaf, fault) in cases {
        let sink = Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, leaf)));
        let seen = look(&ca, sink.address()).await;
        assert_eq!(seen.outcome, TlsOutcome::Certificate(fault), "{leaf:?}");
        assert!(!seen.chain.is_empty());
        assert_eq!(sink.commands().last().map(String::as_str), Some("QUIT"));
    }
}

// STS-4-2, R9325-3.1.3-1
#[tokio::test]
async fn each_way_starttls_fails_is_told() {
    let ca = Ca::new("ours");
    let sink = Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, Leaf::Good)));
    let outcome = async |starttls| {
        sink.fail(Faults::starttls(starttls));
        look(&ca, sink.address()).await.outcome
    };
    assert_eq!(outcome(StartTls::NotOffered).await, TlsOutcome::NoStarttls);
    assert_eq!(sink.commands().last().map(String::as_str), Some("QUIT"));
    assert!(
        matches!(outcome(StartTls::Refused).await, TlsOutcome::StarttlsRefused { reply } if reply.starts_with("454"))
    );
    assert_eq!(sink.commands().last().map(String::as_str), Some("QUIT"));
    for broken in [StartTls::DropAfter220, StartTls::Alert, StartTls::OldTls, StartTls::Hang] {
        let before = sink.connections();
        let seen = outcome(broken).await;
        assert_eq!(sink.connections(), before + 1, "{broken:?}: no second try, and none with an older version");
        assert!(matches!(&seen, TlsOutcome::Handshake { .. }), "{broken:?}: {seen:?}");
    }
}

// R3207-4-3
#[tokio::test]
async fn octets_behind_the_reply_to_starttls_are_an_attack() {
    let ca = Ca::new("ours");
    let sink = Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, Leaf::Good)));
    sink.fail(Faults::starttls(StartTls::Injected));
    let outcome = look(&ca, sink.address()).await.outcome;
    assert!(matches!(&outcome, TlsOutcome::Handshake { detail } if detail.contains("in the clear")), "{outcome:?}");
}

// DANE-A7
#[tokio::test]
async fn what_fails_before_starttls_says_nothing_about_tls() {
    let ca = Ca::new("ours");
    let sink = Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, Leaf::Good)));
    for (verb, reply) in
        [("BANNER", "554 go away"), ("BANNER", "421 too busy"), ("EHLO", "451 not now"), ("EHLO", "550 not you")]
    {
        sink.fail(Faults::reply(verb, reply));
        let outcome = look(&ca, sink.address()).await.outcome;
        assert!(matches!(&outcome, TlsOutcome::Unreachable { detail } if detail.contains(reply)), "{outcome:?}");
        assert_eq!(sink.commands().last().map(String::as_str), Some("QUIT"));
    }
    sink.fail(Faults::reply("EHLO", "502 what is that?"));
    assert_eq!(look(&ca, sink.address()).await.outcome, TlsOutcome::NoStarttls);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(look(&ca, nobody).await.outcome, TlsOutcome::Unreachable { .. }));
}

#[tokio::test]
async fn endless_banners_and_silence_end_in_time() {
    let ca = Ca::new("ours");
    let begun = Instant::now();
    for server in [
        tcp(vec!["220-and another line\r\n".repeat(100_000).into_bytes()], Duration::ZERO),
        tcp(vec![vec![b'2'; 1_000_000]], Duration::ZERO),
        tcp(vec![b"220-one\r\n".to_vec(); 1000], Duration::from_millis(100)),
        tcp(vec![b"junk\r\n".to_vec()], Duration::ZERO),
        tcp(Vec::new(), Duration::ZERO),
    ] {
        let outcome = look(&ca, server).await.outcome;
        assert!(matches!(outcome, TlsOutcome::Unreachable { .. }), "{outcome:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(12));
}

#[tokio::test]
async fn our_own_name_cannot_smuggle_a_command() {
    let ca = Ca::new("ours");
    let sink = Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, Leaf::Good)));
    let seen = probe(&name(HOST), sink.address(), "a.test\r\nMAIL FROM:<>", &trusting(&ca), QUICK).await;
    assert_eq!(seen.outcome, TlsOutcome::Verified);
    assert_eq!(sink.commands()[0], "EHLO a.testMAILFROM:<>");
}
