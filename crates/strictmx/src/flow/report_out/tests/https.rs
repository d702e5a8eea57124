//! By HTTPS.
use strictmx_engine::report::outcome::State;
use strictmx_io::{fetch::Certificates, store::outgoing::ReportState};
use strictmx_proto::{
    gzip::{self, Limits},
    tlsrpt::Report,
};
use strictmx_testbed::{
    https::{Sending, Site},
    pki::Leaf,
};

use super::world::World;

fn accepting(path: &str) -> Site {
    Site::policy("thanks").at(path).status(201)
}

/// TLSRPT-5.4-0, TLSRPT-5.4-1, TLSRPT-3-4, TLSRPT-5.4-3
#[tokio::test]
async fn a_report_is_posted_as_it_is_and_any_2xx_is_acceptance() {
    let world = World::new();
    world.web.site("r.test", &world.ca.issue("r.test", Leaf::Good), accepting("/v1?tenant=%2C7"));
    world.wants("example.test", &world.https("r.test", "/v1?tenant=%2C7")).await;
    world.reporter(world.rules()).await.round().await;
    assert_eq!(world.fate("example.test").await, (State::Sent, "status 201: thanks".to_owned()));
    let request = world.web.requests().remove(0);
    assert_eq!(request.line, "POST /v1?tenant=%2C7 HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/tlsrpt+gzip"));
    assert_eq!(request.header("content-encoding"), None);
    let json = gzip::inflate(&request.body, Limits::REPORT).unwrap();
    assert_eq!(Report::read(&json).unwrap().report.id, "20261121.example.test@sender.test");
}

/// TLSRPT-5.4-3, TLSRPT-5.5-2
#[tokio::test]
async fn a_5xx_is_tried_again_with_the_same_octets_and_a_4xx_is_not() {
    let world = World::new();
    let identity = world.ca.issue("r.test", Leaf::Good);
    world.web.site("r.test", &identity, accepting("/v1").status(503));
    world.wants("example.test", &world.https("r.test", "/v1")).await;
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Due);
    assert_eq!(world.report("example.test").await.state, ReportState::Sending);
    world.web.change("r.test", accepting("/v1"));
    world.hand.advance(400);
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
    let requests = world.web.requests();
    assert_eq!((requests.len(), &requests[0].body), (2, &requests[1].body));
    world.wants("other.test", &world.https("gone.test", "/v1")).await;
    world.web.site("gone.test", &world.ca.issue("gone.test", Leaf::Good), accepting("/v1").status(410));
    world.hand.advance(3_700);
    reporter.round().await;
    assert_eq!(world.fate("other.test").await.0, State::Refused);
    assert_eq!(world.store.silences(world.clock.now(), 10).await.unwrap().len(), 1);
}

/// TLSRPT-5.5-1
#[tokio::test]
async fn after_a_day_of_trying_a_report_expires_and_its_address_is_left_in_peace() {
    let world = World::new();
    world.web.site("r.test", &world.ca.issue("r.test", Leaf::Good), accepting("/v1").status(500));
    world.wants("example.test", &world.https("r.test", "/v1")).await;
    let reporter = world.reporter(world.rules()).await;
    let mut rounds = 0;
    while world.destinations_if_any("example.test").await.is_none_or(|state| state == State::Due) {
        reporter.round().await;
        world.hand.advance(900);
        rounds += 1;
        assert!(rounds < 200, "for ever");
    }
    assert_eq!(world.fate("example.test").await.0, State::Expired);
    assert_eq!(world.report("example.test").await.state, ReportState::Failed);
    assert!((5..30).contains(&world.web.requests().len()), "{}", world.web.requests().len());
}

#[tokio::test]
async fn a_redirect_is_followed_where_it_keeps_the_method_and_no_more_than_thrice() {
    let world = World::new();
    let site = |path: &str, status, to: &str| accepting(path).status(status).header("Location", to);
    for (host, answer) in [
        ("a.test", site("/v1", 307, &world.https("b.test", "/v2"))),
        ("b.test", site("/v2", 308, &world.https("c.test", "/v3"))),
        ("c.test", accepting("/v3")),
        ("get.test", site("/v1", 302, "/v2")),
        ("plain.test", site("/v1", 307, "http://c.test/v3")),
        ("loop.test", site("/v1", 307, "/v1")),
    ] {
        world.web.site(host, &world.ca.issue(host, Leaf::Good), answer);
    }
    for host in ["a.test", "get.test", "plain.test", "loop.test"] {
        world.wants(&format!("of-{host}"), &world.https(host, "/v1")).await;
    }
    world.reporter(world.rules()).await.round().await;
    assert_eq!(world.fate("of-a.test").await.0, State::Sent);
    for (host, asked) in [("get.test", 1), ("plain.test", 1), ("loop.test", 4)] {
        assert_eq!(world.fate(&format!("of-{host}")).await.0, State::Due, "{host}");
        assert_eq!(world.web.asked(host), asked, "{host}");
    }
}

/// TLSRPT-3-5
#[tokio::test]
async fn a_bad_certificate_gets_no_octet_of_a_report_unless_any_will_do() {
    let world = World::new();
    world.web.site("r.test", &world.ca.issue("r.test", Leaf::Expired), accepting("/v1"));
    world.wants("example.test", &world.https("r.test", "/v1")).await;
    let reporter = world.reporter(world.rules()).await;
    reporter.round().await;
    let (state, said) = world.fate("example.test").await;
    assert_eq!(state, State::Due);
    assert!(said.contains("certificate"), "{said}");
    assert_eq!(world.web.requests().len(), 0);
    let mut rules = world.rules();
    rules.certificates = Certificates::Any;
    reporter.replace(world.senses(), rules);
    world.hand.advance(400);
    reporter.round().await;
    assert_eq!(world.fate("example.test").await.0, State::Sent);
}

#[tokio::test]
async fn an_endpoint_that_never_answers_holds_up_nobody() {
    let world = World::new();
    world.web.site("slow.test", &world.ca.issue("slow.test", Leaf::Good), accepting("/v1").sending(Sending::Never));
    world.web.site("good.test", &world.ca.issue("good.test", Leaf::Good), accepting("/v1"));
    for number in 0..4 {
        world.wants(&format!("s{number}.test"), &world.https("slow.test", "/v1")).await;
        world.wants(&format!("g{number}.test"), &world.https("good.test", "/v1")).await;
    }
    let began = std::time::Instant::now();
    world.reporter(world.rules()).await.round().await;
    assert!(began.elapsed().as_secs() < 8, "one time-out, not four: {:?}", began.elapsed());
    for number in 0..4 {
        assert_eq!(world.fate(&format!("g{number}.test")).await.0, State::Sent);
        assert_eq!(world.fate(&format!("s{number}.test")).await.0, State::Due);
    }
}
