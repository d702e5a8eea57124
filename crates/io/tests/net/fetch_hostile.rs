//! Policy hosts that mean ill: bounded in time, size and number whatever they send.
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use strictmx_engine::fact::{FetchFailure, FetchPhase, FetchSeen};
use strictmx_testbed::pki::{Ca, Leaf};

use crate::fetch_policy::{POLICY, failed, fetch, fetcher};
use crate::support::{localhost, tcp, tls};

/// What a fetch comes to when the host sends `next(0)`, `next(1)`, … after the request's head.
async fn against(next: impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static) -> FetchSeen {
    let ca = Ca::new("ours");
    let server = tls(&ca.issue("mta-sts.example.test", Leaf::Good), Duration::ZERO, next);
    at(&ca, server, Duration::from_secs(20)).await
}

async fn at(ca: &Ca, server: SocketAddr, timeout: Duration) -> FetchSeen {
    fetch(&fetcher(ca, server.port(), timeout), &localhost()).await.0
}

fn once(text: &str) -> impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static {
    let octets = text.as_bytes().to_vec();
    move |turn| (turn == 0).then(|| octets.clone())
}

/// `first`, and then `more` for ever.
fn endless(first: &'static str, more: &'static str) -> impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static {
    move |turn| Some(if turn == 0 { first.into() } else { more.repeat(50).into_bytes() })
}

async fn is_cut(next: impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static) -> FetchFailure {
    let begun = Instant::now();
    let failure = failed(against(next).await);
    assert!(begun.elapsed() < Duration::from_secs(15), "not cut by its size: {failure:?}");
    failure
}

#[tokio::test]
async fn endless_headers_are_cut() {
    let failure = is_cut(endless("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n")).await;
    assert!(matches!(failure, FetchFailure::Http { .. }), "{failure:?}");
    let failure = is_cut(endless("HTTP/1.1 200 OK\r\nX: ", "xxxxxxxxxxxxxxxx")).await;
    assert!(matches!(failure, FetchFailure::Http { .. }), "{failure:?}");
}

#[tokio::test]
async fn endless_interim_responses_are_cut() {
    let failure = is_cut(endless("", "HTTP/1.1 100 Continue\r\n\r\n")).await;
    assert!(matches!(failure, FetchFailure::Http { .. }), "{failure:?}");
}

#[tokio::test]
async fn one_interim_response_is_passed_over() {
    let length = POLICY.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{POLICY}");
    let seen = against(once(&format!("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n{head}"))).await;
    assert_eq!(seen, FetchSeen::Body(POLICY.as_bytes().into()));
}

#[tokio::test]
async fn endless_bodies_are_too_large() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
    assert_eq!(is_cut(endless(head, "more and more of it\n")).await, FetchFailure::TooLarge);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(is_cut(endless(head, "5\r\nmore\n\r\n")).await, FetchFailure::TooLarge);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99999999999\r\n\r\n";
    assert_eq!(is_cut(endless(head, "more\n")).await, FetchFailure::TooLarge);
}

#[tokio::test]
async fn endless_chunk_extensions_and_trailers_are_cut() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
    let failure =
        is_cut(endless(head, "1;extension=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n")).await;
    assert!(matches!(failure, FetchFailure::Http { .. }), "{failure:?}");
    let trailers = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    let failure = is_cut(endless(trailers, "X-More: and more\r\n")).await;
    assert!(matches!(failure, FetchFailure::Http { .. }), "{failure:?}");
}

#[tokio::test]
async fn what_is_no_http_is_no_policy() {
    for junk in [
        POLICY,
        "\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 999999 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: -1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 50\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nbad header\u{0}: x\r\n\r\n",
        "",
    ] {
        let failure = failed(against(once(junk)).await);
        assert!(matches!(failure, FetchFailure::Http { .. }), "{junk:?}: {failure:?}");
    }
}

#[tokio::test]
async fn what_a_host_says_is_shown_bounded_and_without_control_characters() {
    let long =
        format!("HTTP/1.1 302 Found\r\nLocation: https://x/{}\u{1b}\r\nContent-Length: 0\r\n\r\n", "y".repeat(5000));
    match failed(against(once(&long.replace('\u{1b}', "\t"))).await) {
        FetchFailure::Status { status: 302, location: Some(location) } => {
            assert!(location.len() <= 512 && !location.contains(char::is_control));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_byte_a_while_is_cut_by_the_deadline_in_whatever_phase() {
    let ca = Ca::new("ours");
    let identity = ca.issue("mta-sts.example.test", Leaf::Good);
    let text = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{POLICY}");
    let octets = text.into_bytes();
    let drip = tls(&identity, Duration::from_millis(20), move |turn| octets.get(turn).map(|octet| vec![*octet]));
    let begun = Instant::now();
    let seen = failed(at(&ca, drip, Duration::from_millis(300)).await);
    assert_eq!(seen, FetchFailure::Timeout { phase: FetchPhase::Headers });
    // A TLS record announced, and then a byte a while of it.
    let drip = tcp(
        std::iter::once(vec![22, 3, 3, 64, 0]).chain((0..200).map(|_| vec![2])).collect(),
        Duration::from_millis(20),
    );
    let seen = failed(at(&ca, drip, Duration::from_millis(300)).await);
    assert_eq!(seen, FetchFailure::Timeout { phase: FetchPhase::Tls });
    assert!(begun.elapsed() < Duration::from_secs(2));
}
