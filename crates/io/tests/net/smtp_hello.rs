//! Trials behind STARTTLS that end with the host's half of the handshake, and those of early data.
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use strictmx_engine::check::observations::{Compression, HelloSeen, TrialResult, Way};
use strictmx_io::smtp_out::{Limits, trial};
use strictmx_proto::tls::Weakness;
use strictmx_testbed::by_hand::{FirstWords, Flight, ssl2_server_hello};
use strictmx_testbed::https::Versions;
use strictmx_testbed::pki::{Ca, Leaf};
use strictmx_testbed::smtp::Sink;

use crate::support::{name, trusting};

const HOST: &str = "mx.example.test";
const QUICK: Limits =
    Limits { connect: Duration::from_secs(1), reply: Duration::from_millis(800), whole: Duration::from_secs(5) };

async fn attempt(ca: &Ca, address: SocketAddr, way: Way) -> TrialResult {
    let trial = trial(&name(HOST), address, "us.test", &trusting(ca), &way, QUICK).await;
    assert_eq!(trial.way, way);
    trial.result
}

fn version(text: &str) -> Way {
    Way::Version(text.to_owned())
}

fn weak(kinds: &[Weakness]) -> Way {
    Way::Ciphers(kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(":"))
}

fn good(ca: &Ca) -> Sink {
    Sink::start("127.0.0.1:0", HOST, Some(&ca.issue(HOST, Leaf::Good)))
}

async fn heard(ca: &Ca, sink: &Sink, way: Way) -> HelloSeen {
    match attempt(ca, sink.address(), way).await {
        TrialResult::Hello(seen) => seen,
        other => panic!("{other:?}"),
    }
}

// RFC 5746, RFC 7627
#[tokio::test]
async fn a_server_of_today_protects_and_does_not_compress() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    let seen = heard(&ca, &sink, Way::Hello).await;
    assert_eq!((seen.version.as_str(), seen.compression, seen.stapled), ("TLSv1.2", Compression::None, false));
    assert!(seen.extended_master_secret && seen.renegotiation_info, "{seen:?}");
    assert!(seen.cipher.starts_with("TLS_ECDHE_ECDSA_WITH_"), "{}", seen.cipher);
    sink.speak(Versions::Only13);
    let refused = attempt(&ca, sink.address(), Way::Hello).await;
    assert!(matches!(&refused, TrialResult::Refused(why) if why.contains("protocol_version")), "{refused:?}");
}

// R9325-3.1.1-1
#[tokio::test]
async fn a_server_of_today_answers_nothing_before_tls() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    for way in [version("SSLv2"), version("SSLv3"), version("TLSv1"), version("TLSv1.1"), weak(&Weakness::ALL)] {
        let result = attempt(&ca, sink.address(), way.clone()).await;
        assert!(matches!(result, TrialResult::Refused(_)), "{way:?}: {result:?}");
    }
    assert_eq!(sink.commands().len(), 10, "EHLO and STARTTLS, five times");
}

// R9325-3.1.1-1
#[tokio::test]
async fn old_versions_of_tls_are_found_where_they_are_spoken() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    for (words, number, text) in [(FirstWords::Tls10, 1, "TLSv1"), (FirstWords::Tls11, 2, "TLSv1.1")] {
        sink.answer(words, Flight { version: [3, number], ..Flight::default() }.octets());
        let seen = heard(&ca, &sink, version(text)).await;
        assert_eq!((seen.version.as_str(), seen.cipher.as_str()), (text, "TLS_RSA_WITH_AES_128_CBC_SHA"));
    }
    sink.answer(FirstWords::Tls11, Flight { version: [3, 1], ..Flight::default() }.octets());
    let other = attempt(&ca, sink.address(), version("TLSv1.1")).await;
    assert_eq!(other, TrialResult::Refused("the host answered with TLSv1".into()));
}

// STS-7.2-2
#[tokio::test]
async fn weak_suites_are_found_where_they_are_taken() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    sink.answer(FirstWords::Weak(0x0005), Flight { suite: 0x0005, ..Flight::default() }.octets());
    sink.answer(FirstWords::Weak(0x000a), Flight { version: [3, 1], suite: 0x000a, ..Flight::default() }.octets());
    let seen = heard(&ca, &sink, weak(&Weakness::ALL)).await;
    assert_eq!((seen.version.as_str(), seen.cipher.as_str()), ("TLSv1.2", "TLS_RSA_WITH_RC4_128_SHA"));
    let seen = heard(&ca, &sink, weak(&[Weakness::Null, Weakness::TripleDes])).await;
    assert_eq!((seen.version.as_str(), seen.cipher.as_str()), ("TLSv1", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"));
    let none = attempt(&ca, sink.address(), weak(&[Weakness::Null])).await;
    assert!(matches!(none, TrialResult::Refused(_)), "{none:?}");
    sink.answer(FirstWords::Weak(0x0009), Flight { suite: 0xc02f, ..Flight::default() }.octets());
    let odd = attempt(&ca, sink.address(), weak(&[Weakness::Des])).await;
    assert!(matches!(&odd, TrialResult::Unknown(why) if why.contains("was not offered")), "{odd:?}");
}

#[tokio::test]
async fn what_nobody_can_try_is_unknown_and_says_so() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    for (way, word) in [(version("TLSv9"), "TLSv9"), (Way::Ciphers("RC4:LOW".into()), "LOW")] {
        let result = attempt(&ca, sink.address(), way).await;
        assert!(matches!(&result, TrialResult::Unknown(why) if why.contains(word)), "{result:?}");
    }
}

// R9325-3.1.1-1
#[tokio::test]
async fn versions_before_tls_are_found_where_they_are_spoken() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    sink.answer(FirstWords::Ssl2, ssl2_server_hello(&[[1, 0, 0x80], [7, 0, 0xc0]]));
    let flight = Flight { version: [3, 0], extensions: Vec::new(), ..Flight::default() };
    sink.answer(FirstWords::Ssl3, flight.octets());
    let seen = heard(&ca, &sink, version("SSLv2")).await;
    assert_eq!((seen.version.as_str(), seen.stapled), ("SSLv2", false));
    assert_eq!(seen.cipher, "SSL_CK_RC4_128_WITH_MD5, SSL_CK_DES_192_EDE3_CBC_WITH_MD5");
    let seen = heard(&ca, &sink, version("SSLv3")).await;
    assert_eq!((seen.version.as_str(), seen.cipher.as_str()), ("SSLv3", "TLS_RSA_WITH_AES_128_CBC_SHA"));
    sink.answer(FirstWords::Ssl3, Flight::default().octets());
    let other = attempt(&ca, sink.address(), version("SSLv3")).await;
    assert_eq!(other, TrialResult::Refused("the host answered with TLSv1.2".into()));
    assert!(matches!(heard(&ca, &sink, Way::Hello).await.version.as_str(), "TLSv1.2"), "the usual way is as before");
}

// RFC 9325 §3.3, §3.5; RFC 6066 §8
#[tokio::test]
async fn what_a_server_should_not_do_is_seen() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    let status = Some(vec![0x30; 40]);
    let bare = Flight { version: [3, 1], compression: 1, extensions: Vec::new(), status, ..Flight::default() };
    sink.answer(FirstWords::Compressing, bare.octets());
    let seen = heard(&ca, &sink, Way::Hello).await;
    let expected = HelloSeen {
        version: "TLSv1".into(),
        cipher: "TLS_RSA_WITH_AES_128_CBC_SHA".into(),
        compression: Compression::Deflate,
        extended_master_secret: false,
        renegotiation_info: false,
        stapled: true,
    };
    assert_eq!(seen, expected);
}

// RFC 8446 §4.2.10
#[tokio::test]
async fn early_data_is_a_matter_of_tickets_and_leave_is_taken_politely() {
    let ca = Ca::new("ours");
    let sink = good(&ca);
    assert!(matches!(attempt(&ca, sink.address(), Way::EarlyData).await, TrialResult::Refused(_)));
    sink.take_early_data(1024);
    match attempt(&ca, sink.address(), Way::EarlyData).await {
        TrialResult::Made(made) => assert_eq!((made.version.as_str(), made.fault), ("TLSv1.3", None)),
        other => panic!("{other:?}"),
    }
    assert_eq!(sink.commands().pop().as_deref(), Some("QUIT"));
    assert_eq!(sink.connections(), 2, "nothing is resumed");
    sink.speak(Versions::Only12);
    assert!(matches!(attempt(&ca, sink.address(), Way::EarlyData).await, TrialResult::Refused(_)));
}

/// What a host does after it has answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Close,
    Listen,
}

/// A host that goes as far as STARTTLS, answers any hello with these octets, and gives back what it heard after the hello.
fn host(answer: Vec<u8>, then: Then) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        stream.write_all(b"220 hello\r\n").unwrap();
        for reply in ["250-mx\r\n250 STARTTLS\r\n", "220 go ahead\r\n"] {
            lines.read_line(&mut String::new()).unwrap();
            stream.write_all(reply.as_bytes()).unwrap();
        }
        let hello = lines.fill_buf().unwrap().len();
        lines.consume(hello);
        // Whoever has heard enough closes.
        let _sent = stream.write_all(&answer);
        let mut rest = Vec::new();
        if then == Then::Listen {
            let _read = lines.read_to_end(&mut rest);
        }
        rest
    });
    (address, heard)
}

// RFC 5246 §7.2.1
#[tokio::test]
async fn leave_is_taken_with_alerts() {
    let ca = Ca::new("ours");
    let ssl3 = Flight { version: [3, 0], extensions: Vec::new(), ..Flight::default() };
    let cases: [(Way, Vec<u8>, &[u8]); 3] = [
        (Way::Hello, Flight::default().octets(), &[21, 3, 3, 0, 2, 1, 90, 21, 3, 3, 0, 2, 1, 0]),
        (version("SSLv3"), ssl3.octets(), &[21, 3, 0, 0, 2, 1, 0]),
        (version("SSLv2"), ssl2_server_hello(&[]), &[0x80, 3, 0, 0, 1]),
    ];
    for (way, answer, farewell) in cases {
        let (address, heard) = host(answer, Then::Listen);
        let result = attempt(&ca, address, way.clone()).await;
        assert!(matches!(result, TrialResult::Hello(_)), "{way:?}: {result:?}");
        assert_eq!(heard.join().unwrap(), farewell, "{way:?}");
    }
}

#[tokio::test]
async fn whatever_a_host_sends_instead_the_trial_comes_to_an_end() {
    let ca = Ca::new("ours");
    let flight = Flight::default().octets();
    // A record of CertificateRequests, again and again behind a ServerHello.
    let chatter = [&[22, 3, 3, 0x40, 0][..], &[&[13, 0, 0, 60][..], &[0; 60]].concat().repeat(256)].concat();
    let hello_alone = [&[22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    let endless = [hello_alone.clone(), chatter.repeat(20)].concat();
    let unknown = [
        (b"500 5.5.1 what was that?\r\n".to_vec(), Then::Listen, "not TLS"),
        (flight[..300].to_vec(), Then::Listen, "took too long"),
        (Vec::new(), Then::Listen, "took too long"),
        (hello_alone, Then::Close, "broke off"),
        (endless, Then::Listen, "longer than"),
        (vec![22, 3, 3, 0, 4, 14, 0, 0, 0], Then::Listen, "does not begin with"),
    ];
    for (answer, then, words) in unknown {
        let (address, _heard) = host(answer, then);
        let result = attempt(&ca, address, Way::Hello).await;
        assert!(matches!(&result, TrialResult::Unknown(why) if why.contains(words)), "{words}: {result:?}");
    }
    let refused = [
        (vec![21, 3, 3, 0, 2, 2, 40], Then::Listen, "handshake_failure"),
        (Vec::new(), Then::Close, "closed the connection"),
    ];
    for (answer, then, words) in refused {
        for way in [Way::Hello, version("SSLv3"), version("SSLv2")] {
            let (address, _heard) = host(answer.clone(), then);
            let result = attempt(&ca, address, way).await;
            assert!(matches!(&result, TrialResult::Refused(why) if why.contains(words)), "{words}: {result:?}");
        }
    }
}
