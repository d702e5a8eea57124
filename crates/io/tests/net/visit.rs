//! One look at one address of a policy host: everything it shows is noted, nothing enforced.
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use strictmx_engine::check::observations::{Octets, TrialResult, Visit, Way};
use strictmx_engine::fact::{CertFault, FetchFailure, FetchPhase};
use strictmx_io::fetch::{AllowPrivate, Fetcher, Options, PATH, Request};
use strictmx_testbed::https::{Sending, Server, Site, Versions};
use strictmx_testbed::pki::{Ca, Leaf};
use tokio::time::Instant;

use crate::fetch_policy::{POLICY, fetcher};
use crate::support::{name, tls, trusting};

const HOST: &str = "mta-sts.example.test";

struct Bench {
    ca: Ca,
    server: Server,
    fetcher: Fetcher,
}

impl Bench {
    fn new() -> Self {
        let ca = Ca::new("ours");
        let server = Server::start("127.0.0.1:0");
        server.policy(&ca, "example.test", POLICY);
        let fetcher = fetcher(&ca, server.address().port(), Duration::from_secs(5));
        Self { ca, server, fetcher }
    }

    async fn visit(&self) -> Visit {
        self.ask(self.server.address(), Request::Get(PATH)).await
    }

    async fn ask(&self, address: SocketAddr, request: Request<'_>) -> Visit {
        self.fetcher.visit(&name(HOST), address, request, self.fetcher.deadline()).await
    }

    async fn visit_of(&self, site: Site) -> Visit {
        self.server.change(HOST, site);
        self.visit().await
    }
}

fn text(visit: &Visit) -> String {
    String::from_utf8(visit.body.as_ref().unwrap().0.to_vec()).unwrap()
}

#[tokio::test]
async fn a_good_host_shows_status_headers_body_handshake_and_times() {
    let bench = Bench::new();
    let visit = bench.visit().await;
    assert_eq!((visit.stopped.clone(), visit.status, text(&visit)), (None, Some(200), POLICY.to_owned()));
    let length = POLICY.len().to_string();
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(visit.headers, [field("content-type", "text/plain"), field("content-length", &length)]);
    let made = visit.tls.unwrap();
    assert_eq!((made.version.as_str(), made.fault), ("TLSv1.3", None));
    assert!(made.cipher.starts_with("TLS13_"), "{}", made.cipher);
    assert_eq!(made.chain.len(), 2);
    let times = [visit.timing.connected, visit.timing.encrypted, visit.timing.done].map(Option::unwrap);
    assert!(times.is_sorted(), "{times:?}");
    let request = &bench.server.requests()[0];
    assert_eq!(request.line, "GET /.well-known/mta-sts.txt HTTP/1.1");
    assert_eq!(request.header("user-agent"), Some("strictmx-test"));
}

#[tokio::test]
async fn any_status_and_media_type_is_read_with_its_body() {
    let bench = Bench::new();
    for status in [404, 500, 301] {
        let site = Site::policy("gone").status(status).header("Content-Type", "text/html").header("Location", "/x");
        let visit = bench.visit_of(site).await;
        assert_eq!((visit.stopped.clone(), visit.status, text(&visit)), (None, Some(status), "gone".to_owned()));
        assert!(visit.headers.contains(&("location".to_owned(), "/x".to_owned())));
    }
    assert_eq!(bench.server.connections(), 3, "redirects are not followed");
}

// STS-3.3-1: the fault is noted, and the rest is seen all the same.
#[tokio::test]
async fn a_bad_certificate_is_noted_and_the_body_read() {
    let bench = Bench::new();
    let cases = [
        (Leaf::Expired, CertFault::Expired),
        (Leaf::WrongName, CertFault::NameMismatch),
        (Leaf::SelfSigned, CertFault::UntrustedIssuer),
        (Leaf::NoIntermediate, CertFault::UntrustedIssuer),
    ];
    for (leaf, fault) in cases {
        bench.server.site(HOST, &bench.ca.issue(HOST, leaf), Site::policy(POLICY));
        let visit = bench.visit().await;
        let made = visit.tls.clone().unwrap();
        assert_eq!((made.fault, visit.status, text(&visit)), (Some(fault), Some(200), POLICY.to_owned()));
        assert_eq!(made.chain[0].self_issued, leaf == Leaf::SelfSigned);
    }
}

// STS-3.3-10
#[tokio::test]
async fn a_body_that_is_too_large_is_cut_one_octet_behind_the_limit() {
    let bench = Bench::new();
    for sending in [Sending::Whole, Sending::Chunked] {
        let full = bench.visit_of(Site::policy(&"x".repeat(65_536)).sending(sending)).await;
        assert_eq!((full.stopped, full.body.unwrap().0.len()), (None, 65_536));
        let over = bench.visit_of(Site::policy(&"x".repeat(300_000)).sending(sending)).await;
        assert_eq!((over.stopped, over.body.unwrap().0.len()), (Some(FetchFailure::TooLarge), 65_537));
    }
}

#[tokio::test]
async fn what_stops_a_visit_is_told_beside_what_was_seen_before() {
    let bench = Bench::new();
    let cut = bench.visit_of(Site::policy(POLICY).sending(Sending::CutAfter(20))).await;
    assert!(matches!(cut.stopped, Some(FetchFailure::Http { .. })), "{cut:?}");
    assert_eq!((cut.status, cut.body, cut.timing.done), (Some(200), None, None));
    let deadline = Instant::now() + Duration::from_millis(300);
    bench.server.change(HOST, Site::policy(POLICY).sending(Sending::Never));
    let never = bench.fetcher.visit(&name(HOST), bench.server.address(), Request::Get(PATH), deadline).await;
    assert_eq!(never.stopped, Some(FetchFailure::Timeout { phase: FetchPhase::Headers }));
    assert!(never.tls.is_some() && never.timing.encrypted.is_some());
    bench.server.remove(HOST);
    let unknown = bench.visit().await;
    assert!(matches!(unknown.stopped, Some(FetchFailure::Tls { .. })), "{unknown:?}");
    assert_eq!((unknown.tls, unknown.status), (None, None));
    assert!(unknown.timing.connected.is_some());
    let nobody = bench.ask("127.0.0.1:1".parse().unwrap(), Request::Get(PATH)).await;
    assert!(matches!(nobody.stopped, Some(FetchFailure::Connect { .. })), "{nobody:?}");
    assert_eq!(nobody.timing.connected, None);
}

#[tokio::test]
async fn each_address_is_told_for_itself() {
    let bench = Bench::new();
    let port = bench.server.address().port();
    let second = Server::start(&format!("127.0.0.2:{port}"));
    second.site(HOST, &bench.ca.issue(HOST, Leaf::Expired), Site::policy("another"));
    assert_eq!(text(&bench.visit().await), POLICY);
    let visit = bench.ask(second.address(), Request::Get(PATH)).await;
    assert_eq!((text(&visit), visit.address), ("another".to_owned(), second.address()));
    assert_eq!(visit.tls.unwrap().fault, Some(CertFault::Expired));
}

#[tokio::test]
async fn reports_may_be_posted_and_heads_asked_for() {
    let bench = Bench::new();
    bench.server.change(HOST, Site::policy("taken").status(201).at("/v1/tlsrpt"));
    let (path, media) = ("/v1/tlsrpt", "application/tlsrpt+json");
    let body = Bytes::from_static(b"{}");
    let posted = bench.ask(bench.server.address(), Request::Post { path, media, body }).await;
    assert_eq!((posted.stopped.clone(), posted.status, text(&posted)), (None, Some(201), "taken".to_owned()));
    let head = bench.ask(bench.server.address(), Request::Head(path)).await;
    assert_eq!((head.stopped, head.status, head.body), (None, Some(201), Some(Octets::default())));
    let requests = bench.server.requests();
    assert_eq!(requests[0].line, "POST /v1/tlsrpt HTTP/1.1");
    assert_eq!((requests[0].header("content-type"), requests[0].body.as_slice()), (Some(media), &b"{}"[..]));
    assert_eq!(requests[1].line, "HEAD /v1/tlsrpt HTTP/1.1");
}

// D-11
#[tokio::test]
async fn special_addresses_are_not_visited() {
    let bench = Bench::new();
    let options = Options {
        timeout: Duration::from_secs(2),
        allow_private: AllowPrivate::No,
        port: 443,
        user_agent: String::new(),
    };
    let strict = Fetcher::new(trusting(&bench.ca), options).unwrap();
    let (host, address) = (name(HOST), bench.server.address());
    let visit = strict.visit(&host, address, Request::Get(PATH), strict.deadline()).await;
    assert_eq!(visit.stopped, Some(FetchFailure::AddressRefused { addresses: vec![address.ip()] }));
    let trial = strict.trial(&host, address, &Way::NoSni, strict.deadline()).await;
    assert!(matches!(trial.result, TrialResult::Unknown(why) if why.contains("127.0.0.1")));
    assert_eq!(bench.server.connections(), 0);
}

#[tokio::test]
async fn what_a_host_writes_into_its_headers_is_bounded() {
    let ca = Ca::new("ours");
    let fields = format!("X-Long: {}\r\nX-Odd: a\tb\r\n", "y".repeat(5000));
    let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n").into_bytes();
    let server = tls(&ca.issue(HOST, Leaf::Good), Duration::ZERO, move |turn| (turn == 0).then(|| head.clone()));
    let fetcher = fetcher(&ca, server.port(), Duration::from_secs(5));
    let visit = fetcher.visit(&name(HOST), server, Request::Get(PATH), fetcher.deadline()).await;
    assert_eq!((visit.stopped, visit.headers[0].1.len()), (None, 512));
    assert_eq!(visit.headers[1], ("x-odd".to_owned(), "a\u{fffd}b".to_owned()));
}

#[tokio::test]
async fn a_path_that_is_none_is_refused_before_any_packet() {
    let bench = Bench::new();
    let visit = bench.ask(bench.server.address(), Request::Get("/a b\r\nX: y")).await;
    assert!(matches!(visit.stopped, Some(FetchFailure::Http { .. })), "{visit:?}");
    assert_eq!(bench.server.connections(), 0);
}

#[tokio::test]
async fn trials_show_what_other_senders_would_see() {
    let bench = Bench::new();
    let (other, default) = (name("example.test"), bench.ca.issue("default.example.test", Leaf::Good));
    let trial = async |way: Way| {
        let (host, address) = (name(HOST), bench.server.address());
        bench.fetcher.trial(&host, address, &way, bench.fetcher.deadline()).await.result
    };
    assert!(matches!(trial(Way::NoSni).await, TrialResult::Refused(_)));
    bench.server.site("", &default, Site::policy("default"));
    for way in [Way::NoSni, Way::Sni(other)] {
        let TrialResult::Made(made) = trial(way.clone()).await else { panic!("{way:?} was refused") };
        assert_eq!(made.chain[0].shown.dns_names, ["default.example.test"], "{way:?}");
        assert_eq!(made.fault, Some(CertFault::NameMismatch), "the host's own name is what counts");
    }
    for version in ["TLSv1.2", "TLSv1.3"] {
        let TrialResult::Made(made) = trial(Way::Version(version.to_owned())).await else { panic!("{version}") };
        assert_eq!((made.version.as_str(), made.fault), (version, None));
    }
    assert!(bench.server.requests().is_empty(), "nothing is asked in a trial");
}

// RFC 8996, R9325-3.1.1-2
#[tokio::test]
async fn a_version_the_host_does_not_speak_is_refused() {
    let ca = Ca::new("ours");
    for (spoken, tried) in [(Versions::Only12, "TLSv1.3"), (Versions::Only13, "TLSv1.2")] {
        let server = Server::start_with("127.0.0.1:0", spoken);
        server.policy(&ca, "example.test", POLICY);
        let fetcher = fetcher(&ca, server.address().port(), Duration::from_secs(5));
        let way = Way::Version(tried.to_owned());
        let trial = fetcher.trial(&name(HOST), server.address(), &way, fetcher.deadline()).await;
        assert_eq!(trial.way, way);
        assert!(matches!(&trial.result, TrialResult::Refused(why) if why.contains("no TLS version")), "{trial:?}");
    }
}
