//! Telling a program elsewhere something by POST: what counts as told.
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use strictmx_io::post::{Letter, Posted, Poster, Url};
use strictmx_testbed::pki::{Ca, Leaf};

use crate::support::{Shared, tcp, tls, trusting};

fn poster(ca: &Ca) -> Poster {
    Poster::new(trusting(ca), "strictmx/test", Duration::from_secs(1))
}

fn letter() -> Letter<'static> {
    let body = Bytes::from_static(b"{\"news\":\"raised\"}");
    Letter { media: "application/json", bearer: None, key: "7", body }
}

/// An HTTP server that gives everybody this answer, and keeps what it was sent.
fn answering(answer: &'static str) -> (SocketAddr, Shared<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen: Shared<String> = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut text, mut chunk) = (String::new(), [0; 4096]);
            while !text.ends_with('}') {
                let read = stream.read(&mut chunk).unwrap();
                text.push_str(&String::from_utf8_lossy(&chunk[..read]));
            }
            keep.lock().unwrap().push(text);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, seen)
}

async fn posted(answer: &'static str) -> Posted {
    let (address, _) = answering(answer);
    poster(&Ca::new("ours")).post(&Url::parse(&format!("http://{address}/hook")).unwrap(), letter()).await
}

#[tokio::test]
async fn the_request_is_what_was_asked_for() {
    let (address, seen) = answering("HTTP/1.1 204 No Content\r\n\r\n");
    let url = Url::parse(&format!("http://{address}/a/hook?b=c")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "a-token\n").unwrap();
    let letter = Letter { bearer: Some(file.path()), ..letter() };
    assert_eq!(poster(&Ca::new("ours")).post(&url, letter).await, Posted::Taken(204));
    let request = seen.lock().unwrap().pop().unwrap().to_lowercase();
    assert!(request.starts_with("post /a/hook?b=c http/1.1\r\n"), "{request}");
    for field in [
        &format!("host: {address}"),
        "content-type: application/json",
        "authorization: bearer a-token",
        "idempotency-key: 7",
        "user-agent: strictmx/test",
        "content-length: 17",
    ] {
        assert!(request.contains(&format!("\r\n{field}\r\n")), "{field}: {request}");
    }
    assert!(request.ends_with("\r\n\r\n{\"news\":\"raised\"}"));
}

#[tokio::test]
async fn without_its_token_a_letter_is_not_sent() {
    let (address, seen) = answering("HTTP/1.1 204 No Content\r\n\r\n");
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    for content in [None, Some("\n"), Some("a\u{7f}b"), Some("")] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let posted = poster(&Ca::new("ours")).post(&url, Letter { bearer: Some(&file), ..letter() }).await;
        assert!(matches!(&posted, Posted::Failed(why) if why.contains("token file")), "{posted:?}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_an_answer_of_2xx_is_taken_and_no_redirect_is_followed() {
    assert_eq!(posted("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await, Posted::Taken(200));
    assert_eq!(posted("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\n").await, Posted::Taken(202));
    let redirect = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(posted(redirect).await, Posted::Refused(302, String::new()));
    let refused = posted("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nnot yours").await;
    assert_eq!(refused, Posted::Refused(403, "not yours".into()));
    assert!(matches!(posted("HTTP/1.1 500 Oops\r\n\r\n").await, Posted::Refused(500, _)));
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_gets_no_letter() {
    let (ca, other) = (Ca::new("ours"), Ca::new("theirs"));
    let answer = |turn| (turn == 0).then(|| b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec());
    let server = tls(&ca.issue("localhost", Leaf::Good), Duration::ZERO, answer);
    let url = Url::parse(&format!("https://localhost:{}/hook", server.port())).unwrap();
    assert_eq!(poster(&ca).post(&url, letter()).await, Posted::Taken(200));
    let refused = poster(&other).post(&url, letter()).await;
    assert!(matches!(&refused, Posted::Failed(why) if why.contains("does not hold")), "{refused:?}");
}

#[tokio::test]
async fn silence_and_endless_answers_end_in_time_and_within_bounds() {
    let begun = Instant::now();
    let endless_head = b"HTTP/1.1 200 OK\r\n".iter().copied().chain(b"X: y\r\n".repeat(100_000)).collect::<Vec<_>>();
    let endless_body = [&b"HTTP/1.1 500 Oops\r\n\r\n"[..], &vec![b'x'; 3_000_000]].concat();
    let cases = [Vec::new(), b"220 mail.example ESMTP\r\n".to_vec(), endless_head, endless_body];
    for (case, octets) in cases.into_iter().enumerate() {
        let server = tcp(vec![octets], Duration::ZERO);
        let url = Url::parse(&format!("http://{server}/secret")).unwrap();
        match poster(&Ca::new("ours")).post(&url, letter()).await {
            Posted::Failed(why) => assert!(!why.contains("secret"), "{why}"),
            Posted::Refused(500, said) => assert!(case == 3 && said.len() == 300),
            other => panic!("{case}: {other:?}"),
        }
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{nobody}/")).unwrap();
    let failed = poster(&Ca::new("ours")).post(&url, letter()).await;
    assert!(matches!(&failed, Posted::Failed(why) if why.contains("no connection")), "{failed:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}
