//! The control socket, both sides of it.
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use strictmx_io::control::{Error, Gone, Handler, Limits, MAX_LINE, Replies, call, call_each, serve};
use strictmx_io::listen::{Access, Address, Handed, bind};
use strictmx_io::task::Tasks;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use crate::support::soon;

/// Replies with as many numbers as it is asked for, or with one line of a length.
#[derive(Clone)]
struct Counting;

impl Handler for Counting {
    async fn handle(&self, request: Value, replies: &mut Replies) -> Result<(), Gone> {
        for number in 0..request["count"].as_u64().unwrap_or(0) {
            replies.send(&json!(number)).await?;
        }
        if let Some(length) = request["length"].as_u64() {
            replies.send(&json!("x".repeat(usize::try_from(length).unwrap()))).await?;
        }
        Ok(())
    }
}

fn server(directory: &Path) -> (PathBuf, Tasks) {
    let path = directory.join("control.sock");
    let listener = bind(&Address::Unix(path.clone()), &Access::mode(0o600), &mut Handed::none()).unwrap();
    let tasks = Tasks::new();
    let group = tasks.clone();
    let limits = Limits { io_timeout: Duration::from_millis(500), ..Limits::default() };
    tasks.spawn("server", async move { serve(listener, limits, Counting, &group).await });
    (path, tasks)
}

#[tokio::test]
async fn a_command_gets_the_lines_of_its_reply() {
    let directory = tempfile::tempdir().unwrap();
    let (path, tasks) = server(directory.path());
    assert_eq!(soon(call(&path, &json!({ "count": 3 }))).await.unwrap(), [json!(0), json!(1), json!(2)]);
    assert!(soon(call(&path, &json!({ "count": 0 }))).await.unwrap().is_empty());
    assert_eq!(tasks.drain(Duration::from_secs(20)).await, 0);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_reply_may_have_more_lines_than_anybody_wants_to_hold() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _tasks) = server(directory.path());
    let mut next = 0;
    soon(call_each(&path, &json!({ "count": 100_000 }), |value| {
        assert_eq!(value, json!(next));
        next += 1;
    }))
    .await
    .unwrap();
    assert_eq!(next, 100_000);
}

#[tokio::test]
async fn lines_that_are_too_long_are_refused_on_both_ways() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _tasks) = server(directory.path());
    let long = soon(call(&path, &json!("x".repeat(70_000)))).await;
    assert!(matches!(long, Err(Error::TooLong)), "{long:?}");
    let reply = soon(call(&path, &json!({ "length": MAX_LINE }))).await.unwrap();
    assert!(reply[0]["error"].as_str().unwrap().contains("too long"));
    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all("x".repeat(65_537).as_bytes()).await.unwrap();
    let mut reply = String::new();
    soon(client.read_to_string(&mut reply)).await.unwrap();
    assert!(reply.contains("longer than 65536"), "{reply}");
}

#[tokio::test]
async fn nonsense_gets_an_error_and_silence_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let (path, tasks) = server(directory.path());
    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all(b"reload please\n").await.unwrap();
    let mut reply = String::new();
    soon(client.read_to_string(&mut reply)).await.unwrap();
    assert!(reply.contains("not one line of JSON") && reply.ends_with("\n\n"), "{reply}");
    let mut silent = UnixStream::connect(&path).await.unwrap();
    reply.clear();
    soon(silent.read_to_string(&mut reply)).await.unwrap();
    assert_eq!(reply, "");
    assert_eq!(tasks.panics(), 0);
}

#[tokio::test]
async fn a_reply_without_its_end_is_not_taken_for_a_whole_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sock");
    let dying = UnixListener::bind(&path).unwrap();
    for (said, whole) in [("1\n2\n", false), ("1\n2", false), ("", false), ("1\n\n", true)] {
        let answer = async {
            let (mut stream, _) = dying.accept().await.unwrap();
            let mut some = [0; 100];
            assert_ne!(stream.read(&mut some).await.unwrap(), 0);
            stream.write_all(said.as_bytes()).await.unwrap();
        };
        let (got, ()) = soon(async { tokio::join!(call(&path, &json!(null)), answer) }).await;
        assert_eq!(got.is_ok(), whole, "{said:?}: {got:?}");
    }
    let strange = async {
        let (mut stream, _) = dying.accept().await.unwrap();
        stream.write_all(b"220 mx.example.com ESMTP\n").await.unwrap();
        let mut some = [0; 100];
        assert_ne!(stream.read(&mut some).await.unwrap(), 0);
    };
    let (got, ()) = soon(async { tokio::join!(call(&path, &json!(null)), strange) }).await;
    assert!(matches!(got, Err(Error::NoReply { .. })), "{got:?}");
}

#[tokio::test]
async fn without_a_daemon_the_error_asks_whether_it_runs() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sock");
    let missing = soon(call(&path, &json!(null))).await.unwrap_err().to_string();
    assert!(missing.contains("is `strictmx serve` running"), "{missing}");
    drop(UnixListener::bind(&path).unwrap());
    let dead = soon(call(&path, &json!(null))).await.unwrap_err().to_string();
    assert!(dead.contains("is `strictmx serve` running"), "{dead}");
}
