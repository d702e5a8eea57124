//! The tcp_table server.
use strictmx_io::task::Tasks;
use strictmx_io::tcp_table::{Answers, serve};
use strictmx_proto::postfix::tcp_table::Reply;

use crate::support::{Raw, loopback, wide};

/// Knows `fast`; `slow` takes a turn of the scheduler.
#[derive(Clone)]
struct Fake;

impl Answers for Fake {
    fn now(&self, key: &str, out: &mut Vec<u8>) -> bool {
        match key {
            "slow" => return false,
            "fast" => Reply::Found("secure match=mx").encode(out),
            _ => Reply::NotFound.encode(out),
        }
        true
    }

    async fn later(&self, key: String) -> Vec<u8> {
        tokio::task::yield_now().await;
        let mut out = Vec::new();
        Reply::Temp(&key).encode(&mut out);
        out
    }
}

async fn client() -> (Raw, Tasks) {
    let (listener, address) = loopback();
    let tasks = Tasks::new();
    let group = tasks.clone();
    tasks.spawn("server", async move { serve(listener, wide(), Fake, &group).await });
    (Raw::connect(&address).await, tasks)
}

#[tokio::test]
async fn lines_are_answered_in_order() {
    let (mut client, _tasks) = client().await;
    client.send("get fast\nget slow\r\nget %6eone\nget fast\n").await;
    client.expect("200 secure%20match=mx\n400 slow\n500 not%20found\n200 secure%20match=mx\n").await;
}

#[tokio::test]
async fn a_line_that_is_no_request_is_a_temporary_error() {
    let (mut client, _tasks) = client().await;
    client.send("put a b\n").await;
    client.expect("400 ").await;
}

#[tokio::test]
async fn an_endless_line_ends_the_connection() {
    let (mut client, tasks) = client().await;
    client.send("get fast\nget ".to_owned() + &"k".repeat(5000)).await;
    client.expect("200 secure%20match=mx\n").await;
    client.expect_end().await;
    assert_eq!(tasks.panics(), 0);
}
