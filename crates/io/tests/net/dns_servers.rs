//! Which server is asked, how often, and with what.
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use strictmx_engine::fact::{DnsFailureKind, Seen};
use strictmx_io::dns::{Dns, DnssecMode, Error, Options};
use strictmx_testbed::dns::{Answer, Reply, Server};

use crate::support::{ASKED, OK, Shared, TXT, kind, name, record, reply, string, stub, stub_with, texts, udp};

/// An address where nothing listens.
fn nobody() -> SocketAddr {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_failing_server_is_passed_over_and_the_one_that_answers_is_remembered() {
    for answer in [
        Answer::servfail(),
        Answer::silence(),
        Answer::new(Reply::Code(5, None)),
        Answer::new(Reply::Garbage(vec![1; 40])),
    ] {
        let (bad, good) = (Server::start("127.0.0.1:0"), Server::start("127.0.0.1:0"));
        bad.put("x.test", "TXT", answer.clone());
        good.txt("x.test", "found");
        let dns = stub(&[bad.address(), good.address()]);
        assert_eq!(texts(&dns.txt(&name("x.test")).await), ["found"], "{answer:?}");
        assert_eq!(texts(&dns.txt(&name("x.test")).await), ["found"], "{answer:?}");
        assert_eq!((bad.total(), good.total()), (1, 2), "{answer:?}");
    }
}

#[tokio::test]
async fn an_unreachable_server_costs_no_time() {
    let good = Server::start("127.0.0.1:0");
    good.txt("x.test", "found");
    let begun = Instant::now();
    assert_eq!(texts(&stub(&[nobody(), good.address()]).txt(&name("x.test")).await), ["found"]);
    assert!(begun.elapsed() < Duration::from_millis(200));
    assert_eq!(kind(&stub(&[nobody()]).txt(&name("x.test")).await), DnsFailureKind::Network);
}

/// DANE-2.1.1-3: the next resolver may not validate, and would call bogus data insecure.
#[tokio::test]
async fn a_bogus_answer_is_final() {
    let (first, second) = (Server::start("127.0.0.1:0"), Server::start("127.0.0.1:0"));
    first.put("x.test", "TXT", Answer::bogus());
    second.txt("x.test", "forged");
    let dns = stub(&[first.address(), second.address()]);
    assert_eq!(kind(&dns.txt(&name("x.test")).await), DnsFailureKind::Bogus);
    assert_eq!(second.total(), 0);
}

#[tokio::test]
async fn a_silent_server_is_asked_as_often_as_allowed_and_a_failing_one_once() {
    let server = Server::start("127.0.0.1:0");
    server.put("quiet.test", "TXT", Answer::silence());
    server.put("broken.test", "TXT", Answer::servfail());
    let dns = stub(&[server.address()]);
    assert_eq!(kind(&dns.txt(&name("quiet.test")).await), DnsFailureKind::Timeout);
    assert_eq!(server.asked("quiet.test", "TXT"), 3);
    assert_eq!(kind(&dns.txt(&name("broken.test")).await), DnsFailureKind::Servfail);
    assert_eq!(server.asked("broken.test", "TXT"), 1);
    assert_eq!((dns.stats().timeouts, dns.stats().failures, dns.stats().questions), (3, 2, 2));
}

#[tokio::test]
async fn the_more_telling_failure_is_told() {
    let (broken, quiet) = (Server::start("127.0.0.1:0"), Server::start("127.0.0.1:0"));
    broken.put("x.test", "TXT", Answer::servfail());
    quiet.put("x.test", "TXT", Answer::silence());
    let dns = stub(&[broken.address(), quiet.address()]);
    assert_eq!(kind(&dns.txt(&name("x.test")).await), DnsFailureKind::Servfail);
}

// RFC 5452
#[tokio::test]
async fn every_question_has_an_id_and_a_port_of_its_own() {
    let asked: Shared<(u16, u16)> = Arc::default();
    let list = Arc::clone(&asked);
    let server = udp(move |query, peer| {
        list.lock().unwrap().push((u16::from_be_bytes([query[0], query[1]]), peer.port()));
        vec![reply(query, OK, [1, 0], &record(&ASKED, TXT, 60, &string("x")))]
    });
    let dns = stub(&[server]);
    for _ in 0..64 {
        assert_eq!(texts(&dns.txt(&name("x.test")).await), ["x"]);
    }
    let asked = asked.lock().unwrap();
    let ids: HashSet<_> = asked.iter().map(|(id, _)| *id).collect();
    let ports: HashSet<_> = asked.iter().map(|(_, port)| *port).collect();
    assert!(ids.len() > 60 && ports.len() > 56, "{} ids, {} ports", ids.len(), ports.len());
    let steps: HashSet<_> = asked.windows(2).map(|pair| pair[1].0.wrapping_sub(pair[0].0)).collect();
    assert!(steps.len() > 50, "the ids are not random");
}

#[tokio::test]
async fn the_question_says_what_is_wanted_of_the_resolver() {
    let asked: Shared<Vec<u8>> = Arc::default();
    let list = Arc::clone(&asked);
    let server = udp(move |query, _| {
        list.lock().unwrap().push(query.to_vec());
        vec![reply(query, OK, [1, 0], &record(&ASKED, TXT, 60, &string("x")))]
    });
    for mode in [DnssecMode::TrustAd, DnssecMode::Off, DnssecMode::Validate { anchors: None }] {
        let _seen = stub_with(&[server], mode).txt(&name("x.test")).await;
    }
    let asked = asked.lock().unwrap();
    let flags = |query: &[u8]| (query[2] & 1, query[3] & 0x20, query[3] & 0x10);
    let opt = |query: &[u8]| query[query.len() - 10..].to_vec();
    // RD, AD, CD; then OPT's class (payload 1232), TTL (DO) and length.
    assert_eq!(flags(&asked[0]), (1, 0x20, 0));
    assert_eq!(opt(&asked[0]), [0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0][..]);
    assert_eq!(flags(&asked[1]), (1, 0, 0));
    assert_eq!(opt(&asked[1]), [0, 41, 4, 208, 0, 0, 0, 0, 0, 0][..]);
    assert_eq!(flags(&asked[2]), (1, 0, 0x10));
    assert_eq!(opt(&asked[2]), [0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0][..]);
}

#[test]
fn a_stub_needs_servers_and_readable_anchors() {
    let options = |servers, dnssec| Options { servers, dnssec, attempt_timeout: Duration::from_secs(2), attempts: 3 };
    assert!(matches!(Dns::new(options(Vec::new(), DnssecMode::Off)), Err(Error::NoServers)));
    let anchors = DnssecMode::Validate { anchors: Some(String::from("no zone file, this")) };
    assert!(matches!(Dns::new(options(vec![nobody()], anchors)), Err(Error::Anchors(_))));
    let none = DnssecMode::Validate { anchors: Some(String::from("; only a comment\n")) };
    assert!(matches!(Dns::new(options(vec![nobody()], none)), Err(Error::Anchors(_))));
    assert!(Dns::new(options(vec![nobody()], DnssecMode::Validate { anchors: None })).is_ok());
}

#[tokio::test]
async fn a_thousand_questions_at_once_all_get_their_own_answer() {
    let server = Server::start("127.0.0.1:0");
    server.otherwise(|owner, _| Some(Answer::txt(&[owner])));
    let dns = Dns::new(Options {
        servers: vec![server.address()],
        dnssec: DnssecMode::TrustAd,
        attempt_timeout: Duration::from_secs(5),
        attempts: 3,
    })
    .unwrap();
    let asking = (0..1000).map(|number| {
        let dns = dns.clone();
        async move {
            let owner = name(&format!("n{number}.test"));
            let seen = dns.txt(&owner).await;
            assert!(matches!(&seen, Seen::Found { data, .. } if *data[0].0 == *owner.as_str().as_bytes()), "{seen:?}");
        }
    });
    futures_util::future::join_all(asking).await;
}
