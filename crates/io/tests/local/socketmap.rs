//! The socketmap server, and with it the loop that pipelined protocols share.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use strictmx_io::listen::{Access, Address, Handed, Limits, bind};
use strictmx_io::socketmap::{Answers, serve};
use strictmx_io::task::Tasks;
use strictmx_proto::postfix::socketmap::{Reply, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;

use crate::support::{Raw, frame, loopback, soon, wide};

/// Map `fast` is answered at once, `slow` as soon as the test allows it, `panic` never.
#[derive(Clone, Default)]
struct Fake(Arc<Shared>);

struct Shared {
    allowed: Semaphore,
    at_once: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Default for Shared {
    fn default() -> Self {
        let (at_once, under_way, most_under_way) = Default::default();
        Self { allowed: Semaphore::new(0), at_once, under_way, most_under_way }
    }
}

/// Counts a slow answer for as long as it is wanted.
struct UnderWay<'a>(&'a Shared);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Answers for Fake {
    fn now(&self, request: Request<'_>, out: &mut Vec<u8>) -> bool {
        match request.map {
            "fast" => {
                self.0.at_once.fetch_add(1, Ordering::SeqCst);
                Reply::Ok(request.key).encode(out);
                true
            }
            "long" => {
                self.0.at_once.fetch_add(1, Ordering::SeqCst);
                Reply::Ok(&"x".repeat(50_000)).encode(out);
                true
            }
            "panic" => panic!("as planned"),
            _ => false,
        }
    }

    async fn later(&self, map: String, key: String) -> Vec<u8> {
        assert_eq!(map, "slow");
        let now = self.0.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most_under_way.fetch_max(now, Ordering::SeqCst);
        let _counted = UnderWay(&self.0);
        self.0.allowed.acquire().await.unwrap().forget();
        let mut out = Vec::new();
        Reply::Ok(&key).encode(&mut out);
        out
    }
}

/// A server on loopback.
struct Server {
    answers: Fake,
    tasks: Tasks,
    address: String,
}

fn server(limits: Limits) -> Server {
    let (listener, address) = loopback();
    let (answers, tasks) = (Fake::default(), Tasks::new());
    let (for_server, group) = (answers.clone(), tasks.clone());
    tasks.spawn("server", async move { serve(listener, limits, for_server, &group).await });
    Server { answers, tasks, address }
}

impl Server {
    async fn until_under_way(&self, count: usize) {
        soon(async {
            while self.answers.0.under_way.load(Ordering::SeqCst) != count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_question_is_answered() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    client.send(frame("fast example.com")).await;
    client.expect("14:OK example.com,").await;
    // A key may hold spaces, and may be empty.
    client.send(frame("fast a b")).await;
    client.expect("6:OK a b,").await;
}

#[tokio::test]
async fn replies_come_in_the_order_of_the_questions_however_long_each_takes() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    let questions = ["fast 1", "slow 2", "fast 3", "slow 4", "fast 5"].map(frame).concat();
    client.send(questions).await;
    client.expect("4:OK 1,").await;
    server.until_under_way(2).await;
    client.expect_silence().await;
    server.answers.0.allowed.add_permits(2);
    client.expect("4:OK 2,4:OK 3,4:OK 4,4:OK 5,").await;
    // And the way is free again.
    client.send(frame("fast 6")).await;
    client.expect("4:OK 6,").await;
}

#[tokio::test]
async fn a_frame_may_come_octet_by_octet() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    client.0.set_nodelay(true).unwrap();
    for octet in format!("{}{}", frame("fast 1"), frame("fast 2")).bytes() {
        client.send([octet]).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    client.expect("4:OK 1,4:OK 2,").await;
}

#[tokio::test]
async fn a_thousand_questions_in_one_go_get_a_thousand_replies() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    let (mut questions, mut replies) = (String::new(), String::new());
    for number in 0..1000 {
        questions += &frame(&format!("fast {number}"));
        replies += &frame(&format!("OK {number}"));
    }
    client.send(questions).await;
    client.expect(replies).await;
}

#[tokio::test]
async fn at_most_64_slow_answers_of_a_connection_are_under_way_and_none_is_lost() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    let (mut questions, mut replies) = (String::new(), String::new());
    for number in 0..200 {
        questions += &frame(&format!("slow {number}"));
        replies += &frame(&format!("OK {number}"));
    }
    client.send(questions).await;
    server.until_under_way(64).await;
    client.expect_silence().await;
    server.answers.0.allowed.add_permits(200);
    client.expect(replies).await;
    assert_eq!(server.answers.0.most_under_way.load(Ordering::SeqCst), 64);
}

#[tokio::test]
async fn the_slow_answers_of_different_connections_do_not_wait_for_each_other() {
    let server = server(wide());
    let mut waiting = Raw::connect(&server.address).await;
    waiting.send(frame("slow 1")).await;
    server.until_under_way(1).await;
    let mut other = Raw::connect(&server.address).await;
    other.send(frame("fast 2")).await;
    other.expect("4:OK 2,").await;
    server.answers.0.allowed.add_permits(1);
    waiting.expect("4:OK 1,").await;
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection_after_the_replies_before_it() {
    let server = server(wide());
    for nonsense in [
        "GET / HTTP/1.0\r\n\r\n",
        "-1:x,",
        "007:fast 1,",
        "6:fast 1;",
        "10001:",
        "99999999999999999999",
        "\0",
        ",",
        ":",
    ] {
        let mut client = Raw::connect(&server.address).await;
        client.send(frame("fast 1") + nonsense).await;
        client.expect("4:OK 1,").await;
        client.expect_end().await;
    }
    assert_eq!(server.tasks.panics(), 0);
}

#[tokio::test]
async fn a_frame_that_holds_no_question_is_refused_and_the_connection_goes_on() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    client.send("3:\u{ff}x,").await;
    let mut head = [0; 8];
    soon(client.0.read_exact(&mut head)).await.unwrap();
    assert!(String::from_utf8_lossy(&head).contains(":PERM "), "{head:?}");
    let mut client = Raw::connect(&server.address).await;
    client.send(frame("nokey") + &frame("fast 1")).await;
    let mut all = Vec::new();
    while !all.ends_with(b"4:OK 1,") {
        assert_ne!(soon(client.0.read_buf(&mut all)).await.unwrap(), 0);
    }
    assert!(String::from_utf8_lossy(&all).contains(":PERM "));
}

#[tokio::test]
async fn a_question_of_ten_thousand_octets_is_taken_and_one_more_is_not() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    let key = "k".repeat(10_000 - "fast ".len());
    client.send(frame(&format!("fast {key}"))).await;
    client.expect(frame(&format!("OK {key}"))).await;
    client.send(frame(&format!("fast {key}k"))).await;
    client.expect_end().await;
}

#[tokio::test]
async fn a_peer_that_ends_its_side_still_gets_its_replies() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    client.send(frame("fast 1") + &frame("slow 2") + &frame("fast 3")).await;
    soon(client.0.shutdown()).await.unwrap();
    client.expect("4:OK 1,").await;
    server.answers.0.allowed.add_permits(1);
    client.expect("4:OK 2,4:OK 3,").await;
    client.expect_end().await;
}

#[tokio::test]
async fn the_slow_answers_of_a_peer_that_broke_off_are_given_up() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    client.send([frame("slow 1"), frame("slow 2")].concat()).await;
    server.until_under_way(2).await;
    // Unread data or a zero linger makes the close abrupt.
    socket2::SockRef::from(&client.0).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    server.until_under_way(0).await;
    assert_eq!(server.tasks.panics(), 0);
}

#[tokio::test]
async fn a_peer_that_takes_no_replies_is_answered_no_further_until_it_does() {
    let server = server(wide());
    let mut client = Raw::connect(&server.address).await;
    let (questions, length) = (frame("long x").repeat(1000), frame(&format!("OK {}", "x".repeat(50_000))).len());
    client.send(questions).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let early = server.answers.0.at_once.load(Ordering::SeqCst);
    assert!(early < 500, "{early} replies of 50 kB were made for somebody who reads none");
    let mut read = 0;
    let mut buffer = vec![0; 1 << 20];
    while read < 1000 * length {
        let octets = soon(client.0.read(&mut buffer)).await.unwrap();
        assert_ne!(octets, 0);
        read += octets;
    }
    assert_eq!(server.answers.0.at_once.load(Ordering::SeqCst), 1000);
}

#[tokio::test]
async fn one_connection_too_many_waits_until_there_is_room() {
    let server = server(Limits { connections: 2, ..wide() });
    let mut first = Raw::connect(&server.address).await;
    let mut second = Raw::connect(&server.address).await;
    for client in [&mut first, &mut second] {
        client.send(frame("fast 1")).await;
        client.expect("4:OK 1,").await;
    }
    let mut third = Raw::connect(&server.address).await;
    third.send(frame("fast 3")).await;
    third.expect_silence().await;
    drop(first);
    third.expect("4:OK 3,").await;
}

#[tokio::test]
async fn a_connection_without_questions_is_closed_in_the_end_and_one_with_a_slow_answer_is_not() {
    let brief = Limits { connections: 10, idle: Duration::from_millis(400), io_timeout: Duration::from_millis(400) };
    let server = server(brief);
    let mut idle = Raw::connect(&server.address).await;
    let mut half = Raw::connect(&server.address).await;
    let mut waiting = Raw::connect(&server.address).await;
    let mut busy = Raw::connect(&server.address).await;
    half.send("6:fas").await;
    waiting.send(frame("slow 1")).await;
    for _ in 0..8 {
        busy.send(frame("fast 2")).await;
        busy.expect("4:OK 2,").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    idle.expect_end().await;
    half.expect_end().await;
    server.answers.0.allowed.add_permits(1);
    waiting.expect("4:OK 1,").await;
    waiting.expect_end().await;
    busy.expect_end().await;
}

#[tokio::test]
async fn an_octet_now_and_then_does_not_keep_a_connection_open() {
    let brief = Limits { connections: 10, idle: Duration::from_secs(60), io_timeout: Duration::from_millis(300) };
    let server = server(brief);
    let mut client = Raw::connect(&server.address).await;
    let mut sent = 0;
    for octet in frame(&format!("fast {}", "k".repeat(100))).bytes() {
        if client.0.write_all(&[octet]).await.is_err() {
            break;
        }
        sent += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(sent < 60, "{sent} octets were waited for");
}

#[tokio::test]
async fn stopping_answers_what_was_asked_and_closes() {
    let server = server(wide());
    let mut idle = Raw::connect(&server.address).await;
    let mut waiting = Raw::connect(&server.address).await;
    idle.send(frame("fast 1")).await;
    idle.expect("4:OK 1,").await;
    waiting.send(frame("slow 2") + &frame("fast 3")).await;
    server.until_under_way(1).await;
    let drained = {
        let tasks = server.tasks.clone();
        async move { tasks.drain(Duration::from_secs(20)).await }
    };
    let check = async {
        idle.expect_end().await;
        assert!(tokio::net::TcpStream::connect(&server.address).await.is_err());
        server.answers.0.allowed.add_permits(1);
        waiting.expect("4:OK 2,4:OK 3,").await;
        waiting.expect_end().await;
    };
    assert_eq!(tokio::join!(drained, check).0, 0);
}

#[tokio::test]
async fn a_panic_over_one_question_costs_that_connection_alone() {
    let server = server(Limits { connections: 1, ..wide() });
    let mut unlucky = Raw::connect(&server.address).await;
    unlucky.send(frame("panic x")).await;
    unlucky.expect_end().await;
    let mut next = Raw::connect(&server.address).await;
    next.send(frame("fast 1")).await;
    next.expect("4:OK 1,").await;
    assert_eq!(server.tasks.panics(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_are_served() {
    assert!(strictmx_io::sys::raise_open_files(4096).unwrap() >= 3000, "this machine allows too few open files");
    let server = server(Limits { connections: 2000, ..wide() });
    let mut clients = Vec::new();
    for _ in 0..1000 {
        clients.push(Raw::connect(&server.address).await);
    }
    for round in 0..2 {
        for client in &mut clients {
            client.send(frame(&format!("fast {round}"))).await;
        }
        for client in &mut clients {
            client.expect(frame(&format!("OK {round}"))).await;
        }
    }
}

#[tokio::test]
async fn a_unix_socket_serves_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("policyd.sock");
    let listener = bind(&Address::Unix(path.clone()), &Access::mode(0o666), &mut Handed::none()).unwrap();
    let tasks = Tasks::new();
    let group = tasks.clone();
    tasks.spawn("server", async move { serve(listener, wide(), Fake::default(), &group).await });
    let mut client = soon(UnixStream::connect(&path)).await.unwrap();
    soon(client.write_all(frame("fast unix").as_bytes())).await.unwrap();
    let mut reply = [0; 10];
    soon(client.read_exact(&mut reply)).await.unwrap();
    assert_eq!(&reply, b"7:OK unix,");
    assert_eq!(tasks.drain(Duration::from_secs(20)).await, 0);
    assert!(!path.exists());
}
