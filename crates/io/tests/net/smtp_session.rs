//! Sessions with mail hosts as the checks see them, questions for mailboxes, and trials.
use std::net::SocketAddr;
use std::time::Duration;

use strictmx_engine::check::observations::{Asked, Session, TrialResult, Way};
use strictmx_engine::fact::{CertFault, TlsOutcome};
use strictmx_io::smtp_out::{Limits, recipient, session, trial};
use strictmx_testbed::https::Versions;
use strictmx_testbed::pki::{Ca, Leaf};
use strictmx_testbed::smtp::{Faults, Sink, StartTls};

use crate::support::{name, tcp, trusting};

const HOST: &str = "mx.example.test";
const OURS: &str = "probe.example.test";
const QUICK: Limits =
    Limits { connect: Duration::from_secs(1), reply: Duration::from_millis(500), whole: Duration::from_secs(3) };

async fn look(ca: &Ca, address: SocketAddr) -> Session {
    session(&name(HOST), address, OURS, &trusting(ca), QUICK).await
}

fn good(ca: &Ca) -> Sink {
    Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, Leaf::Good)))
}

fn last(sink: &Sink) -> Option<String> {
    sink.commands().pop()
}

// R3207-4-2, R3207-4.2-1
#[tokio::test]
async fn a_session_shows_banner_offers_handshake_and_times() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    let seen = look(&ca, sink.address()).await;
    assert_eq!((seen.outcome, seen.refused_with, seen.address), (TlsOutcome::Verified, None, sink.address()));
    assert_eq!(seen.banner.as_deref(), Some("mx.example.test ESMTP"));
    assert_eq!(seen.helo.as_deref(), Some(HOST));
    assert_eq!(seen.extensions, ["STARTTLS", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]);
    let made = seen.tls.unwrap();
    assert_eq!((made.version.as_str(), made.fault, made.chain.len()), ("TLSv1.3", None, 2));
    let times = [seen.timing.connected, seen.timing.encrypted, seen.timing.done].map(Option::unwrap);
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(sink.commands(), ["EHLO probe.example.test", "STARTTLS", "EHLO probe.example.test", "QUIT"]);
}

#[tokio::test]
async fn a_certificate_comes_with_key_signature_and_what_tlsa_records_are_made_of() {
    let ca = Ca::new("ours");
    let identity = ca.issue(HOST, Leaf::WrongName);
    let sink = Sink::start("127.0.0.1:0", HOST, Some(&identity));
    let seen = look(&ca, sink.address()).await;
    assert_eq!(seen.outcome, TlsOutcome::Certificate(CertFault::NameMismatch));
    let made = seen.tls.unwrap();
    assert_eq!(made.fault, Some(CertFault::NameMismatch));
    let leaf = &made.chain[0];
    assert_eq!((leaf.key.as_str(), leaf.signature.as_str()), ("EC P-256", "ecdsa-with-SHA256"));
    assert_eq!((leaf.self_issued, leaf.issuer_urls.len()), (false, 0));
    assert_eq!(&*leaf.der.0, identity.chain()[0].as_ref());
    assert!(identity.tlsa_311().ends_with(&hex(&sha256(&leaf.spki.0))));
    assert_eq!(leaf.shown.sha256, hex(&sha256(&leaf.der.0)));
    assert_eq!(leaf.shown.dns_names, ["elsewhere.invalid"]);
}

fn sha256(octets: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(octets).to_vec()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

// DANE-A7
#[tokio::test]
async fn a_reply_that_ends_the_session_before_tls_is_told_with_its_code() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    let cases = [
        ("BANNER", "554 go away", 554),
        ("BANNER", "421 too busy", 421),
        ("EHLO", "451 not now", 451),
        ("EHLO", "550 not you", 550),
    ];
    for (verb, reply, code) in cases {
        sink.fail(Faults::reply(verb, reply));
        let seen = look(&ca, sink.address()).await;
        assert!(matches!(seen.outcome, TlsOutcome::Unreachable { .. }), "{reply}");
        assert_eq!((seen.refused_with, seen.tls), (Some(code), None), "{reply}");
        assert_eq!(last(&sink).as_deref(), Some("QUIT"));
    }
    for (reply, code) in [("454 not now", 454), ("554 never", 554)] {
        sink.fail(Faults::reply("STARTTLS", reply));
        let seen = look(&ca, sink.address()).await;
        assert_eq!(
            (seen.outcome, seen.refused_with),
            (TlsOutcome::StarttlsRefused { reply: reply.into() }, Some(code))
        );
        assert_eq!(last(&sink).as_deref(), Some("QUIT"));
    }
    sink.fail(Faults::starttls(StartTls::NotOffered));
    let seen = look(&ca, sink.address()).await;
    assert_eq!((seen.outcome, seen.refused_with), (TlsOutcome::NoStarttls, None));
    assert_eq!(seen.extensions, ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]);
    sink.fail(Faults::reply("EHLO", "502 what is that?"));
    let seen = look(&ca, sink.address()).await;
    assert_eq!((seen.outcome, seen.refused_with), (TlsOutcome::NoStarttls, Some(502)));
}

#[tokio::test]
async fn no_more_than_fifty_offers_are_kept() {
    let offers: String = (0..80).map(|number| format!("250-X{number}\r\n")).collect();
    let script = format!("220 hello\r\n250-{HOST}\r\n{offers}250 END\r\n221 bye\r\n");
    let server = tcp(vec![script.into_bytes()], Duration::ZERO);
    let seen = look(&Ca::new("ours"), server).await;
    assert_eq!((seen.extensions.len(), seen.extensions[49].as_str()), (50, "X49"));
}

async fn ask(sink: &Sink, mailbox: &str) -> Asked {
    recipient(sink.address(), OURS, mailbox, QUICK).await
}

#[tokio::test]
async fn a_mailbox_is_asked_for_without_any_message() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    assert_eq!(ask(&sink, "tlsrpt@example.test").await, Asked::Reply(250, "2.1.5 fine".into()));
    let expected =
        ["EHLO probe.example.test", "MAIL FROM:<>", "RCPT TO:<tlsrpt@example.test>", "RSET", "QUIT"].map(String::from);
    assert_eq!(sink.commands(), expected);
    assert!(sink.messages().is_empty());
}

#[tokio::test]
async fn greylisting_and_refusal_are_told_with_code_and_text() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    sink.say("RCPT", &["451 4.7.1 come back later", "250 2.1.5 fine"]);
    assert_eq!(ask(&sink, "a@example.test").await, Asked::Reply(451, "4.7.1 come back later".into()));
    assert_eq!(ask(&sink, "a@example.test").await, Asked::Reply(250, "2.1.5 fine".into()));
    sink.say("RCPT", &["550-5.1.1 no such\r\n550 user"]);
    assert_eq!(ask(&sink, "a@example.test").await, Asked::Reply(550, "5.1.1 no such / user".into()));
}

#[tokio::test]
async fn what_prevents_the_question_is_no_answer() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    for (verb, reply) in [("BANNER", "554 go away"), ("EHLO", "550 not you"), ("MAIL", "530 5.7.0 STARTTLS first")] {
        sink.fail(Faults::reply(verb, reply));
        let asked = ask(&sink, "a@example.test").await;
        assert!(matches!(&asked, Asked::Unknown(why) if why.contains(reply)), "{asked:?}");
        assert_eq!(last(&sink).as_deref(), Some("QUIT"));
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(recipient(nobody, OURS, "a@example.test", QUICK).await, Asked::Unknown(_)));
}

#[tokio::test]
async fn a_mailbox_cannot_smuggle_a_command() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    let long = format!("{}@example.test", "a".repeat(300));
    for mailbox in ["a@b.test>\r\nDATA", "a@b.test> x", "a b@c.test", "<a@b.test>", "@b.test", "a@", "é@b.test", &long]
    {
        assert!(matches!(ask(&sink, mailbox).await, Asked::Unknown(_)), "{mailbox:?}");
    }
    assert_eq!(sink.connections(), 0);
}

async fn attempt(ca: &Ca, sink: &Sink, way: Way) -> TrialResult {
    let trial = trial(&name(HOST), sink.address(), OURS, &trusting(ca), &way, QUICK).await;
    assert_eq!(trial.way, way);
    trial.result
}

#[tokio::test]
async fn trials_show_the_certificates_of_other_names_and_leave_politely() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    sink.show_to(HOST, &ca.issue(HOST, Leaf::Good));
    sink.show_to("example.test", &ca.issue("example.test", Leaf::Good));
    sink.show(&ca.issue(HOST, Leaf::Expired));
    let cases = [
        (Way::NoSni, Some(CertFault::Expired)),
        (Way::Sni(name(HOST)), None),
        (Way::Sni(name("example.test")), Some(CertFault::NameMismatch)),
        (Way::Version("TLSv1.2".into()), None),
        (Way::Version("TLSv1.3".into()), None),
    ];
    for (way, fault) in cases {
        match attempt(&ca, &sink, way.clone()).await {
            TrialResult::Made(made) => assert_eq!(made.fault, fault, "{way:?}"),
            other => panic!("{way:?}: {other:?}"),
        }
        assert_eq!(last(&sink).as_deref(), Some("QUIT"), "{way:?}");
    }
    sink.speak(Versions::Only12);
    assert!(matches!(attempt(&ca, &sink, Way::Version("TLSv1.3".into())).await, TrialResult::Refused(_)));
    sink.speak(Versions::Only13);
    assert!(matches!(attempt(&ca, &sink, Way::Version("TLSv1.2".into())).await, TrialResult::Refused(_)));
}

#[tokio::test]
async fn a_trial_that_comes_to_no_handshake_is_unknown() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    for (faults, part) in [
        (Faults::starttls(StartTls::NotOffered), "does not offer STARTTLS"),
        (Faults::starttls(StartTls::Refused), "454"),
        (Faults::starttls(StartTls::Hang), "too long"),
        (Faults::reply("BANNER", "421 too busy"), "421"),
    ] {
        sink.fail(faults);
        let result = attempt(&ca, &sink, Way::NoSni).await;
        assert!(matches!(&result, TrialResult::Unknown(why) if why.contains(part)), "{result:?}");
    }
    sink.fail(Faults::starttls(StartTls::Alert));
    assert!(matches!(attempt(&ca, &sink, Way::NoSni).await, TrialResult::Refused(_)));
}
