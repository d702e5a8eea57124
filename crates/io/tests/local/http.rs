//! The HTTP server.
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use strictmx_io::http::{Limits, serve};
use strictmx_io::task::Tasks;
use tokio::io::AsyncReadExt as _;
use tokio::sync::Notify;

use crate::support::{Raw, loopback, soon};

struct Server {
    address: String,
    tasks: Tasks,
    slow: Arc<Notify>,
}

fn server(limits: Limits) -> Server {
    let (listener, address) = loopback();
    let (tasks, slow) = (Tasks::new(), Arc::new(Notify::new()));
    let (group, wait) = (tasks.clone(), Arc::clone(&slow));
    let router = Router::new().route("/", get(|| async { "hello" })).route(
        "/slow",
        get(move || async move {
            wait.notified().await;
            "at last"
        }),
    );
    tasks.spawn("server", async move { serve(listener, router, limits, &group).await });
    Server { address, tasks, slow }
}

async fn reply(client: &mut Raw) -> String {
    let mut all = Vec::new();
    soon(client.0.read_to_end(&mut all)).await.unwrap();
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn a_router_is_served_and_connections_are_kept() {
    let server = server(Limits::default());
    let mut client = Raw::connect(&server.address).await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        client.expect("HTTP/1.1 200 OK\r\n").await;
        let mut rest = Vec::new();
        while !rest.ends_with(b"hello") {
            assert_ne!(soon(client.0.read_buf(&mut rest)).await.unwrap(), 0);
        }
    }
}

#[tokio::test]
async fn nonsense_and_endless_headers_are_refused() {
    let server = server(Limits::default());
    for (request, status) in [
        ("fast example.com\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(40_000)), "431"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(100)), "431"),
    ] {
        let mut client = Raw::connect(&server.address).await;
        client.send(request).await;
        client.expect(format!("HTTP/1.1 {status}")).await;
    }
    assert_eq!(server.tasks.panics(), 0);
}

#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_and_an_unused_connection_are_cut_off() {
    let server = server(Limits { header_timeout: Duration::from_millis(300), ..Limits::default() });
    let mut half = Raw::connect(&server.address).await;
    half.send("GET / HTTP/1.1\r\nHost:").await;
    let mut unused = Raw::connect(&server.address).await;
    assert!(!reply(&mut half).await.contains("200"));
    assert!(!reply(&mut unused).await.contains("200"));
}

#[tokio::test]
async fn a_connection_ends_when_it_has_lived_its_time() {
    let server = server(Limits { lifetime: Duration::from_millis(300), ..Limits::default() });
    let mut client = Raw::connect(&server.address).await;
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(reply(&mut client).await.ends_with("hello"));
}

#[tokio::test]
async fn one_connection_too_many_waits_until_there_is_room() {
    let server = server(Limits { connections: 1, ..Limits::default() });
    let first = Raw::connect(&server.address).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut second = Raw::connect(&server.address).await;
    second.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    second.expect_silence().await;
    drop(first);
    assert!(reply(&mut second).await.ends_with("hello"));
}

#[tokio::test]
async fn stopping_finishes_the_exchange_under_way() {
    let server = server(Limits::default());
    let mut client = Raw::connect(&server.address).await;
    client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let drained = server.tasks.drain(Duration::from_secs(20));
    let finish = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.slow.notify_one();
        reply(&mut client).await
    };
    let (left, reply) = tokio::join!(drained, finish);
    assert_eq!(left, 0);
    assert!(reply.ends_with("at last"), "{reply}");
}
