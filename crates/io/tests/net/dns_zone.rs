//! What surrounds a name, and what one authoritative server says past the resolver.
use std::net::IpAddr;
use std::time::{Duration, Instant};

use strictmx_engine::check::observations::Caa;
use strictmx_engine::fact::{DnsFailureKind, Dnssec, Seen};
use strictmx_testbed::dns::{Answer, Data, Reply, Server};

use crate::support::{OK, Shared, TXT, kind, name, record, reply, string, stub, texts, udp};

fn found<T: std::fmt::Debug>(seen: Seen<Vec<T>>) -> Vec<T> {
    match seen {
        Seen::Found { data, .. } => data,
        other => panic!("expected records, saw {other:?}"),
    }
}

fn detail<T: std::fmt::Debug>(seen: Seen<T>) -> String {
    match seen {
        Seen::Failed(failure) => failure.detail.into(),
        other => panic!("expected a failure, saw {other:?}"),
    }
}

#[tokio::test]
async fn name_servers_are_told_in_order_and_names_that_are_none_left_out() {
    let server = Server::start("127.0.0.1:0");
    server.put("example.test", "NS", Answer::ns(&["NS2.example.net", ".", "ns1.example.net"]).secure());
    server.put("odd.test", "NS", Answer::ns(&["."]));
    let dns = stub(&[server.address()]);
    match dns.ns(&name("example.test")).await {
        Seen::Found { data, dnssec, .. } => {
            assert_eq!((data, dnssec), (vec![name("ns2.example.net"), name("ns1.example.net")], Dnssec::Secure));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(kind(&dns.ns(&name("odd.test")).await), DnsFailureKind::Malformed);
    assert!(matches!(dns.ns(&name("no.test")).await, Seen::NxDomain { .. }));
}

// RFC 8659 §4.1
#[tokio::test]
async fn caa_records_come_with_flags_tag_and_value() {
    let server = Server::start("127.0.0.1:0");
    let records = [(0, "issue", "ca.example; validationmethods=dns-01"), (128, "ISSUEWILD", ";"), (0, "iodef", "a\nb")];
    server.put("example.test", "CAA", Answer::caa(&records));
    let caa = |flags, tag: &str, value: &str| Caa { flags, tag: tag.to_owned(), value: value.to_owned() };
    let expected = [
        caa(0, "issue", "ca.example; validationmethods=dns-01"),
        caa(128, "issuewild", ";"),
        caa(0, "iodef", "a\u{fffd}b"),
    ];
    assert_eq!(found(stub(&[server.address()]).caa(&name("example.test")).await), expected);
}

#[tokio::test]
async fn a_caa_record_that_ends_too_soon_spoils_the_answer() {
    let server = Server::start("127.0.0.1:0");
    let dns = stub(&[server.address()]);
    for octets in [vec![], vec![0], vec![0, 6, b'i', b's'], vec![0, 255]] {
        server.put("example.test", "CAA", Answer::records(vec![Data::Raw(octets.clone())]));
        assert_eq!(kind(&dns.caa(&name("example.test")).await), DnsFailureKind::Malformed, "{octets:?}");
    }
}

#[tokio::test]
async fn addresses_of_both_families_are_asked_for_their_names() {
    let server = Server::start("127.0.0.1:0");
    server.put("7.2.0.192.in-addr.arpa", "PTR", Answer::ptr(&["mx.example.test", "Other.example.test"]));
    let v6 = "a.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    server.put(v6, "PTR", Answer::ptr(&["mx.example.test"]));
    let dns = stub(&[server.address()]);
    let names = async |address: &str| found(dns.ptr(address.parse::<IpAddr>().unwrap()).await);
    assert_eq!(names("192.0.2.7").await, [name("mx.example.test"), name("other.example.test")]);
    assert_eq!(names("2001:db8::1a").await, [name("mx.example.test")]);
    assert!(matches!(dns.ptr("192.0.2.8".parse().unwrap()).await, Seen::NxDomain { .. }));
}

// RFC 2317: reverse zones are delegated through CNAMEs.
#[tokio::test]
async fn a_reverse_name_may_be_an_alias() {
    let server = Server::start("127.0.0.1:0");
    server.cname("7.2.0.192.in-addr.arpa", "7.0-127.2.0.192.in-addr.arpa");
    server.put("7.0-127.2.0.192.in-addr.arpa", "PTR", Answer::ptr(&["mx.example.test"]));
    let names = found(stub(&[server.address()]).ptr("192.0.2.7".parse().unwrap()).await);
    assert_eq!(names, [name("mx.example.test")]);
}

#[tokio::test]
async fn two_servers_of_a_zone_are_each_told_for_themselves() {
    let (resolver, one, two) =
        (Server::start("127.0.0.1:0"), Server::start("127.0.0.1:0"), Server::start("127.0.0.1:0"));
    for (server, id) in [(&one, "1"), (&two, "2")] {
        server.authority(&["example.test"]);
        server.txt("_mta-sts.example.test", &format!("v=STSv1; id={id};"));
        server.mx("example.test", &[(10, "mx.example.test")]);
    }
    let dns = stub(&[resolver.address()]);
    let owner = name("_mta-sts.example.test");
    assert_eq!(texts(&dns.direct(one.address()).txt(&owner).await), ["v=STSv1; id=1;"]);
    assert_eq!(texts(&dns.direct(two.address()).txt(&owner).await), ["v=STSv1; id=2;"]);
    assert_eq!(found(dns.direct(one.address()).mx(&name("example.test")).await).len(), 1);
    assert!(matches!(dns.direct(one.address()).txt(&name("x.example.test")).await, Seen::NxDomain { .. }));
    assert!(matches!(dns.direct(one.address()).txt(&name("example.test")).await, Seen::NoData { .. }));
    assert_eq!(resolver.total(), 0, "the resolver has no part in it");
}

#[tokio::test]
async fn an_authority_is_asked_without_recursion_and_without_dnssec() {
    let asked = Shared::default();
    let questions = asked.clone();
    let server = udp(move |query, _| {
        questions.lock().unwrap().push(query.to_vec());
        // AA, no RA.
        vec![reply(query, 0x8400, [1, 0], &record(&crate::support::ASKED, TXT, 60, &string("own")))]
    });
    let dns = stub(&[server]);
    assert_eq!(texts(&dns.direct(server).txt(&name("x.test")).await), ["own"]);
    let query = asked.lock().unwrap()[0].clone();
    assert_eq!(query[2] & 1, 0, "RD is not set");
    assert_eq!(query[3] & 0x30, 0, "neither AD nor CD is set");
    let opt = &query[crate::support::question_end(&query)..];
    assert_eq!((opt[2], opt[7] & 0x80), (41, 0), "EDNS without DO");
}

#[tokio::test]
async fn a_server_that_does_not_serve_the_zone_is_a_failure_with_a_sentence() {
    let (refusing, resolver) = (Server::start("127.0.0.1:0"), Server::start("127.0.0.1:0"));
    refusing.authority(&["elsewhere.test"]);
    resolver.txt("x.test", "cached");
    let dns = stub(&[resolver.address()]);
    let seen = dns.direct(refusing.address()).txt(&name("x.test")).await;
    assert_eq!(kind(&seen), DnsFailureKind::Refused);
    let lacking = detail(dns.direct(resolver.address()).txt(&name("x.test")).await);
    assert!(lacking.contains("is not authoritative for x.test: its answer lacks the AA bit"), "{lacking}");
    let referring = udp(|query, _| {
        let ns = record(&crate::support::ASKED, 2, 60, &crate::support::wire_name("ns.test"));
        vec![reply(query, OK & !0x0180, [0, 1], &ns)]
    });
    let lame = detail(dns.direct(referring).txt(&name("x.test")).await);
    assert!(lame.contains("it refers to other servers"), "{lame}");
}

#[tokio::test]
async fn an_alias_out_of_the_zone_is_told_with_nothing_behind_it() {
    let server = Server::start("127.0.0.1:0");
    server.authority(&["example.test"]);
    server.cname("_mta-sts.example.test", "_mta-sts.provider.test");
    server.cname("inside.example.test", "target.example.test");
    server.txt("target.example.test", "here");
    let direct = stub(&[server.address()]).direct(server.address());
    match direct.txt(&name("_mta-sts.example.test")).await {
        Seen::Found { data, aliases, .. } => {
            assert_eq!((data.len(), aliases), (0, vec![name("_mta-sts.provider.test")]));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(texts(&direct.txt(&name("inside.example.test")).await), ["here"]);
    match direct.cname(&name("_mta-sts.example.test")).await {
        Seen::Found { data, .. } => assert_eq!(data, name("_mta-sts.provider.test")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(direct.cname(&name("target.example.test")).await, Seen::NoData { .. }));
}

#[tokio::test]
async fn a_cut_answer_of_an_authority_is_fetched_over_tcp() {
    let server = Server::start("127.0.0.1:0");
    server.authority(&["test"]);
    server.put("x.test", "TXT", Answer::new(Reply::Truncated(vec![Data::Txt(vec![b"whole".to_vec()])])));
    let direct = stub(&[server.address()]).direct(server.address());
    assert_eq!(texts(&direct.txt(&name("x.test")).await), ["whole"]);
    assert_eq!(server.total_tcp(), 1);
}

#[tokio::test]
async fn a_silent_authority_is_asked_twice_and_a_failing_one_once() {
    let server = Server::start("127.0.0.1:0");
    server.authority(&["test"]);
    server.put("silent.test", "TXT", Answer::silence());
    server.put("failing.test", "TXT", Answer::servfail());
    let direct = stub(&[server.address()]).direct(server.address());
    let begun = Instant::now();
    assert_eq!(kind(&direct.txt(&name("silent.test")).await), DnsFailureKind::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(kind(&direct.txt(&name("failing.test")).await), DnsFailureKind::Servfail);
    assert_eq!((server.asked("silent.test", "TXT"), server.asked("failing.test", "TXT")), (2, 1));
}
