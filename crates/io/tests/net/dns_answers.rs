//! What answers come to.
use std::net::{Ipv4Addr, Ipv6Addr};

use strictmx_engine::fact::{DnsFailureKind, Dnssec, Exchange, Seen};
use strictmx_io::dns::DnssecMode;
use strictmx_testbed::dns::{Answer, Data, Reply, Server};

use crate::support::{kind, name, stub, stub_with, texts};

// STS-3.1-10
#[tokio::test]
async fn the_strings_of_one_record_are_joined_and_records_kept_apart() {
    let server = Server::start("127.0.0.1:0");
    let two = vec![b"v=STSv1; i".to_vec(), b"d=abc".to_vec()];
    let records = vec![Data::Txt(two), Data::Txt(vec![b"other".to_vec()])];
    server.put("_mta-sts.example.test", "TXT", Answer::records(records));
    let seen = stub(&[server.address()]).txt(&name("_mta-sts.example.test")).await;
    assert_eq!(texts(&seen), ["v=STSv1; id=abc", "other"]);
}

#[tokio::test]
async fn the_ad_bit_makes_an_answer_secure_only_where_it_is_believed() {
    let server = Server::start("127.0.0.1:0");
    server.put("s.test", "TXT", Answer::txt(&["x"]).secure());
    server.put("i.test", "TXT", Answer::txt(&["x"]));
    let state = |seen| match seen {
        Seen::Found { dnssec, .. } => dnssec,
        other => panic!("{other:?}"),
    };
    let believing = stub(&[server.address()]);
    assert_eq!(state(believing.txt(&name("s.test")).await), Dnssec::Secure);
    assert_eq!(state(believing.txt(&name("i.test")).await), Dnssec::Insecure);
    let careless = stub_with(&[server.address()], DnssecMode::Off);
    assert_eq!(state(careless.txt(&name("s.test")).await), Dnssec::Insecure);
}

// STS-3.1-11, DANE-2.1.3-1
#[tokio::test]
async fn cnames_are_followed_told_in_order_and_lower_the_ttl() {
    let server = Server::start("127.0.0.1:0");
    let alias = |target: &str, ttl| Answer::records(vec![Data::Cname(target.to_owned())]).ttl(ttl).secure();
    server.put("_mta-sts.a.test", "CNAME", alias("b.test", 200));
    server.put("b.test", "CNAME", alias("c.test", 70));
    server.put("c.test", "TXT", Answer::txt(&["v=STSv1; id=1;"]).ttl(90).secure());
    match stub(&[server.address()]).txt(&name("_mta-sts.a.test")).await {
        Seen::Found { data, aliases, dnssec, ttl } => {
            assert_eq!(data.len(), 1);
            assert_eq!(aliases, [name("b.test"), name("c.test")]);
            assert_eq!((dnssec, ttl), (Dnssec::Secure, 70));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(server.total(), 1, "the whole chain came with one answer");
}

#[tokio::test]
async fn no_name_and_no_data_stay_apart_and_carry_the_soas_ttl() {
    let server = Server::start("127.0.0.1:0");
    server.put("there.test", "A", Answer::no_data());
    server.put("there.test", "TXT", Answer::no_data().ttl(33).secure());
    server.put("gone.test", "TXT", Answer::nx_domain().ttl(44));
    let dns = stub(&[server.address()]);
    let seen = dns.txt(&name("there.test")).await;
    assert_eq!(seen, Seen::NoData { dnssec: Dnssec::Secure, ttl: 33 });
    let seen = dns.txt(&name("gone.test")).await;
    assert_eq!(seen, Seen::NxDomain { dnssec: Dnssec::Insecure, ttl: 44 });
}

#[tokio::test]
async fn an_alias_to_nowhere_is_no_data_or_no_name() {
    let server = Server::start("127.0.0.1:0");
    server.cname("a.test", "there.test");
    server.put("there.test", "A", Answer::records(vec![Data::A(Ipv4Addr::LOCALHOST)]));
    server.cname("b.test", "gone.test");
    let dns = stub(&[server.address()]);
    assert!(matches!(dns.txt(&name("a.test")).await, Seen::NoData { .. }));
    assert!(matches!(dns.txt(&name("b.test")).await, Seen::NxDomain { .. }));
}

#[tokio::test]
async fn each_failure_has_its_kind() {
    let server = Server::start("127.0.0.1:0");
    let ede = |code| Answer::new(Reply::Code(2, Some((code, "why".to_owned()))));
    let cases = [
        ("servfail.test", Answer::servfail(), DnsFailureKind::Servfail),
        ("upstream.test", ede(22), DnsFailureKind::Servfail),
        ("bogus.test", Answer::bogus(), DnsFailureKind::Bogus),
        ("expired.test", ede(7), DnsFailureKind::Bogus),
        ("nsec.test", ede(12), DnsFailureKind::Bogus),
        ("refused.test", Answer::new(Reply::Code(5, None)), DnsFailureKind::Refused),
        ("notimp.test", Answer::new(Reply::Code(4, None)), DnsFailureKind::Rcode),
        ("silence.test", Answer::silence(), DnsFailureKind::Timeout),
    ];
    let dns = stub(&[server.address()]);
    for (owner, answer, expected) in cases {
        server.put(owner, "TXT", answer);
        assert_eq!(kind(&dns.txt(&name(owner)).await), expected, "{owner}");
    }
}

#[tokio::test]
async fn a_failure_says_who_answered_what_and_the_resolvers_reason() {
    let server = Server::start("127.0.0.1:0");
    server.put("bogus.test", "TLSA", Answer::bogus());
    let Seen::Failed(failure) = stub(&[server.address()]).tlsa(&name("bogus.test")).await else {
        panic!("a bogus answer was believed");
    };
    for part in [&server.address().to_string(), "TLSA bogus.test", "SERVFAIL", "signature is wrong"] {
        assert!(failure.detail.contains(part), "{part:?} is missing in {:?}", failure.detail);
    }
}

#[tokio::test]
async fn mx_records_tell_hosts_null_and_nonsense_apart() {
    let server = Server::start("127.0.0.1:0");
    let hosts = [(10, "MX1.example.test"), (20, "192.0.2.1"), (30, "under_score.example.test"), (0, ".")];
    server.put("example.test", "MX", Answer::mx(&hosts));
    let Seen::Found { data, .. } = stub(&[server.address()]).mx(&name("example.test")).await else {
        panic!("no answer");
    };
    let exchanges: Vec<_> = data.iter().map(|mx| (mx.preference, mx.exchange.clone())).collect();
    let expected = [
        (10, Exchange::Host(name("mx1.example.test"))),
        (20, Exchange::Unusable("192.0.2.1".into())),
        (30, Exchange::Host(name("under_score.example.test"))),
        (0, Exchange::Null),
    ];
    assert_eq!(exchanges, expected);
}

#[tokio::test]
async fn both_address_families_are_asked_and_stand_for_themselves() {
    let server = Server::start("127.0.0.1:0");
    server.a("host.test", Ipv4Addr::new(192, 0, 2, 7));
    server.put("host.test", "AAAA", Answer::servfail());
    server.a("dual.test", Ipv4Addr::new(192, 0, 2, 8));
    server.aaaa("dual.test", "2001:db8::8".parse::<Ipv6Addr>().unwrap());
    let dns = stub(&[server.address()]);
    let half = dns.addresses(&name("host.test")).await;
    assert!(matches!(half.a, Seen::Found { .. }));
    assert_eq!(kind(&half.aaaa), DnsFailureKind::Servfail);
    let both = dns.addresses(&name("dual.test")).await;
    assert!(matches!((both.a, both.aaaa), (Seen::Found { .. }, Seen::Found { .. })));
}

#[tokio::test]
async fn tlsa_records_come_whole_and_a_short_one_spoils_the_answer() {
    let server = Server::start("127.0.0.1:0");
    server.put("_25._tcp.mx.test", "TLSA", Answer::tlsa(&["3 1 1 0a0b", "2 0 0 ff"]).secure());
    server.put("_25._tcp.short.test", "TLSA", Answer::records(vec![Data::Raw(vec![3, 1])]));
    let dns = stub(&[server.address()]);
    let Seen::Found { data, .. } = dns.tlsa(&name("_25._tcp.mx.test")).await else { panic!("no answer") };
    let fields: Vec<_> = data.iter().map(|r| (r.0.usage, r.0.selector, r.0.matching, r.0.data.to_vec())).collect();
    assert_eq!(fields, [(3, 1, 1, vec![0x0a, 0x0b]), (2, 0, 0, vec![0xff])]);
    assert_eq!(kind(&dns.tlsa(&name("_25._tcp.short.test")).await), DnsFailureKind::Malformed);
}

// DANE-2.2.2-3
#[tokio::test]
async fn a_names_own_cname_is_told_without_following_it() {
    let server = Server::start("127.0.0.1:0");
    server.put("a.test", "CNAME", Answer::records(vec![Data::Cname("b.test".to_owned())]).secure());
    server.put("b.test", "CNAME", Answer::records(vec![Data::Cname("c.test".to_owned())]));
    let dns = stub(&[server.address()]);
    match dns.cname(&name("a.test")).await {
        Seen::Found { data, aliases, dnssec, .. } => {
            assert_eq!((data, aliases, dnssec), (name("b.test"), Vec::new(), Dnssec::Secure));
        }
        other => panic!("{other:?}"),
    }
    server.put("plain.test", "A", Answer::records(vec![Data::A(Ipv4Addr::LOCALHOST)]));
    assert!(matches!(dns.cname(&name("plain.test")).await, Seen::NoData { .. }));
}

#[tokio::test]
async fn a_large_answer_is_fetched_over_tcp() {
    let server = Server::start("127.0.0.1:0");
    let long = "x".repeat(4000);
    server.txt("large.test", &long);
    server.put("cut.test", "TXT", Answer::new(Reply::Truncated(vec![Data::Txt(vec![b"whole".to_vec()])])));
    let dns = stub(&[server.address()]);
    assert_eq!(texts(&dns.txt(&name("large.test")).await), [long]);
    assert_eq!(texts(&dns.txt(&name("cut.test")).await), ["whole"]);
    assert_eq!((server.total_tcp(), dns.stats().tcp), (2, 2));
}

#[tokio::test]
async fn the_self_tests_question_tells_vouched_answers_from_others_and_failures() {
    let server = Server::start("127.0.0.1:0");
    let soa = || Answer::records(vec![Data::Raw(vec![0; 22])]);
    server.put("signed.test", "SOA", soa().secure());
    server.put("plain.test", "SOA", soa());
    server.put("broken.test", "SOA", Answer::bogus());
    let dns = stub(&[server.address()]);
    let state = async |owner| match dns.soa(Some(&name(owner))).await {
        Seen::Found { dnssec, .. } => Some(dnssec),
        _ => None,
    };
    assert_eq!(state("signed.test").await, Some(Dnssec::Secure));
    assert_eq!(state("plain.test").await, Some(Dnssec::Insecure));
    assert_eq!(kind(&dns.soa(Some(&name("broken.test"))).await), DnsFailureKind::Bogus);
    assert!(matches!(dns.soa(None).await, Seen::NxDomain { .. }), "the root is asked for by its own name");
    assert_eq!(server.asked("", "SOA"), 1);
}
