//! Fetching policies from hosts that behave, or fail honestly.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use strictmx_engine::fact::{
    AddrSeen, CertFault, DnsFailure, DnsFailureKind, Dnssec, FetchFailure, FetchPhase, FetchSeen, FetchTrace, Seen,
};
use strictmx_io::fetch::{AllowPrivate, Fetcher, Options};
use strictmx_testbed::https::{Sending, Server, Site};
use strictmx_testbed::pki::{Ca, Leaf};

use crate::support::{addresses, localhost, name, trusting};

pub(crate) const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.test\r\nmax_age: 86400\r\n";
const HOST: &str = "mta-sts.example.test";

pub(crate) fn fetcher(ca: &Ca, port: u16, timeout: Duration) -> Fetcher {
    let options =
        Options { timeout, allow_private: AllowPrivate::Yes, port, user_agent: String::from("strictmx-test") };
    Fetcher::new(trusting(ca), options).unwrap()
}

pub(crate) async fn fetch(fetcher: &Fetcher, addresses: &AddrSeen) -> (FetchSeen, FetchTrace) {
    fetcher.policy(&name("example.test"), addresses, fetcher.deadline()).await
}

struct Bench {
    ca: Ca,
    server: Server,
    fetcher: Fetcher,
}

impl Bench {
    fn new() -> Self {
        Self::with_timeout(Duration::from_secs(5))
    }

    fn with_timeout(timeout: Duration) -> Self {
        let ca = Ca::new("ours");
        let server = Server::start("127.0.0.1:0");
        server.policy(&ca, "example.test", POLICY);
        let fetcher = fetcher(&ca, server.address().port(), timeout);
        Self { ca, server, fetcher }
    }

    async fn fetch(&self) -> (FetchSeen, FetchTrace) {
        fetch(&self.fetcher, &localhost()).await
    }

    async fn failure(&self, site: Site) -> FetchFailure {
        self.server.change(HOST, site);
        failed(self.fetch().await.0)
    }
}

pub(crate) fn failed(seen: FetchSeen) -> FetchFailure {
    match seen {
        FetchSeen::Failed(failure) => failure,
        FetchSeen::Body(body) => panic!("a policy of {} octets was taken", body.len()),
    }
}

// STS-3.2-1, STS-7.1-1, STS-7.1-2, STS-3.3-8
#[tokio::test]
async fn a_policy_is_fetched_with_one_plain_request() {
    let bench = Bench::new();
    let (seen, trace) = bench.fetch().await;
    assert_eq!(seen, FetchSeen::Body(POLICY.as_bytes().into()));
    let request = &bench.server.requests()[0];
    assert_eq!((request.sni.as_str(), request.line.as_str()), (HOST, "GET /.well-known/mta-sts.txt HTTP/1.1"));
    assert_eq!(request.header("user-agent"), Some("strictmx-test"));
    assert_eq!(request.header("host"), Some(format!("{HOST}:{}", bench.server.address().port()).as_str()));
    for absent in ["accept-encoding", "if-none-match", "if-modified-since", "cookie"] {
        assert_eq!(request.header(absent), None, "{absent}");
    }
    assert_eq!((trace.host.as_str(), trace.status, trace.body_len), (HOST, Some(200), Some(POLICY.len())));
    assert_eq!((trace.content_type.as_deref(), trace.tls_version.as_deref()), (Some("text/plain"), Some("TLSv1.3")));
    assert_eq!((trace.connected, trace.chain.len()), (Some(bench.server.address()), 2));
    assert_eq!(trace.tried.len(), 1);
    assert_eq!(trace.tried[0].error, None);
}

#[tokio::test]
async fn bodies_come_whole_chunked_and_slowly() {
    let bench = Bench::new();
    for sending in [Sending::Whole, Sending::Chunked, Sending::Drip(7, Duration::from_millis(5))] {
        bench.server.change(HOST, Site::policy(POLICY).sending(sending));
        assert_eq!(bench.fetch().await.0, FetchSeen::Body(POLICY.as_bytes().into()), "{sending:?}");
    }
}

// STS-3.3-6, STS-3.3-7
#[tokio::test]
async fn only_status_200_counts_and_redirects_are_told_not_followed() {
    let bench = Bench::new();
    for status in [204, 206, 304, 404, 500, 503] {
        let failure = bench.failure(Site::policy(POLICY).status(status)).await;
        assert_eq!(failure, FetchFailure::Status { status, location: None });
    }
    for status in [301, 302, 303, 307, 308] {
        let site = Site::policy(POLICY).status(status).header("Location", "https://elsewhere.test/");
        let location = Some("https://elsewhere.test/".into());
        assert_eq!(bench.failure(site).await, FetchFailure::Status { status, location });
    }
    assert_eq!(bench.server.connections(), 11, "one connection each, and no second request");
}

// D-10, STS-3.2-2
#[tokio::test]
async fn the_media_type_must_be_plain_text() {
    let bench = Bench::new();
    let typed = |value| Site::policy(POLICY).header("Content-Type", value);
    for good in ["TEXT/PLAIN", "text/plain; charset=utf-8", "text/plain;x=y"] {
        bench.server.change(HOST, typed(good));
        assert!(matches!(bench.fetch().await.0, FetchSeen::Body(_)), "{good}");
    }
    let sent = Some("text/html".into());
    assert_eq!(bench.failure(typed("text/html")).await, FetchFailure::MediaType { sent });
    assert_eq!(bench.failure(typed("")).await, FetchFailure::MediaType { sent: None });
}

#[tokio::test]
async fn a_content_coding_is_refused() {
    let bench = Bench::new();
    let failure = bench.failure(Site::policy(POLICY).header("Content-Encoding", "gzip")).await;
    assert!(matches!(failure, FetchFailure::Http { detail } if detail.contains("gzip")));
    bench.server.change(HOST, Site::policy(POLICY).header("Content-Encoding", "identity"));
    assert!(matches!(bench.fetch().await.0, FetchSeen::Body(_)));
}

// STS-3.3-10
#[tokio::test]
async fn sixty_four_kibibytes_are_read_and_not_one_more() {
    let bench = Bench::new();
    for sending in [Sending::Whole, Sending::Chunked] {
        let full = "x".repeat(65_536);
        bench.server.change(HOST, Site::policy(&full).sending(sending));
        assert_eq!(bench.fetch().await.0, FetchSeen::Body(full.as_bytes().into()));
        let over = Site::policy(&"x".repeat(65_537)).sending(sending);
        assert_eq!(bench.failure(over).await, FetchFailure::TooLarge);
    }
}

// STS-3.3-1, R9525-6.6-1
#[tokio::test]
async fn a_bad_certificate_is_a_failure_of_its_own_and_no_request_is_made() {
    let bench = Bench::new();
    let cases = [
        (Leaf::Expired, CertFault::Expired),
        (Leaf::WrongName, CertFault::NameMismatch),
        (Leaf::SelfSigned, CertFault::UntrustedIssuer),
    ];
    for (leaf, fault) in cases {
        bench.server.site(HOST, &bench.ca.issue(HOST, leaf), Site::policy(POLICY));
        let (seen, trace) = bench.fetch().await;
        assert_eq!(failed(seen), FetchFailure::Certificate(fault));
        assert!(!trace.chain.is_empty(), "the refused chain is shown");
    }
    assert_eq!(bench.server.asked(HOST), 0);
    bench.server.remove(HOST);
    assert!(matches!(failed(bench.fetch().await.0), FetchFailure::Tls { .. }));
}

#[tokio::test]
async fn a_body_cut_in_the_middle_is_no_policy() {
    let bench = Bench::new();
    let failure = bench.failure(Site::policy(POLICY).sending(Sending::CutAfter(20))).await;
    assert!(matches!(failure, FetchFailure::Http { .. }), "{failure:?}");
}

//
#[tokio::test]
async fn the_deadline_covers_every_phase_and_says_which() {
    let bench = Bench::with_timeout(Duration::from_millis(400));
    let begun = Instant::now();
    let never = bench.failure(Site::policy(POLICY).sending(Sending::Never)).await;
    assert_eq!(never, FetchFailure::Timeout { phase: FetchPhase::Headers });
    let drip = Site::policy(POLICY).sending(Sending::Drip(1, Duration::from_millis(50)));
    assert_eq!(bench.failure(drip).await, FetchFailure::Timeout { phase: FetchPhase::Body });
    assert!(begun.elapsed() < Duration::from_secs(2));
    // Time that DNS took is gone already.
    let (seen, trace) = bench.fetcher.policy(&name("example.test"), &localhost(), tokio::time::Instant::now()).await;
    assert!(matches!(failed(seen), FetchFailure::Timeout { .. }));
    assert!(trace.elapsed_ms >= 400);
}

// D-11
#[tokio::test]
async fn special_addresses_are_refused_before_any_packet() {
    let ca = Ca::new("ours");
    let server = Server::start("127.0.0.1:0");
    server.policy(&ca, "example.test", POLICY);
    let options = Options {
        timeout: Duration::from_secs(2),
        allow_private: AllowPrivate::No,
        port: server.address().port(),
        user_agent: String::new(),
    };
    let fetcher = Fetcher::new(trusting(&ca), options).unwrap();
    let inside: Vec<IpAddr> =
        vec![Ipv6Addr::LOCALHOST.into(), "::ffff:127.0.0.1".parse().unwrap(), Ipv4Addr::LOCALHOST.into()];
    let (seen, trace) = fetch(&fetcher, &addresses(&inside)).await;
    assert_eq!(failed(seen), FetchFailure::AddressRefused { addresses: inside });
    assert_eq!((trace.tried.len(), server.connections()), (3, 0));
    assert!(trace.tried[0].error.as_ref().unwrap().contains("loopback"));
}

#[tokio::test]
async fn without_addresses_the_reason_is_told() {
    let fetcher = fetcher(&Ca::new("ours"), 1, Duration::from_secs(2));
    assert_eq!(failed(fetch(&fetcher, &addresses(&[])).await.0), FetchFailure::NoAddress);
    let why = DnsFailure { kind: DnsFailureKind::Servfail, detail: "so".into() };
    let half = AddrSeen { a: Seen::NoData { dnssec: Dnssec::Insecure, ttl: 0 }, aaaa: Seen::Failed(why.clone()) };
    assert_eq!(failed(fetch(&fetcher, &half).await.0), FetchFailure::Dns(why));
}

// RFC 8305
#[tokio::test]
async fn a_dead_address_gives_way_to_the_next_at_once() {
    let bench = Bench::new();
    let begun = Instant::now();
    let dead: Vec<IpAddr> =
        vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::new(127, 0, 0, 99).into(), Ipv4Addr::LOCALHOST.into()];
    let (seen, trace) = fetch(&bench.fetcher, &addresses(&dead)).await;
    assert!(matches!(seen, FetchSeen::Body(_)));
    assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
    let outcomes: Vec<bool> = trace.tried.iter().map(|tried| tried.error.is_none()).collect();
    assert_eq!(outcomes, [false, false, true]);
    assert!(trace.tried[0].address.is_ipv6());
}

#[tokio::test]
async fn when_nobody_listens_the_last_refusal_is_told() {
    let fetcher = fetcher(&Ca::new("ours"), 1, Duration::from_secs(2));
    let failure = failed(fetch(&fetcher, &localhost()).await.0);
    assert!(matches!(failure, FetchFailure::Connect { detail } if detail.contains("127.0.0.1:1")));
}
