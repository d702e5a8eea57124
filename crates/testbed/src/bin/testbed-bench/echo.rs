//! The floor: the least a tokio server can do that speaks the same frames.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

/// Serves until killed.
pub(crate) fn run(address: &str) {
    let runtime = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.expect("a free address");
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream));
            }
        }
    });
}

async fn connection(mut stream: TcpStream) {
    let _nodelay = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(4096);
    loop {
        match stream.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let whole = frames(&buffer);
        if stream.write_all(&buffer[..whole]).await.is_err() {
            return;
        }
        buffer.drain(..whole);
    }
}

/// How many octets at the front are whole netstrings.
fn frames(buffer: &[u8]) -> usize {
    let mut at = 0;
    while let Some(colon) = buffer[at..].iter().position(|octet| *octet == b':') {
        let length = buffer[at..at + colon].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
        let end = at + colon + 1 + length + 1;
        if end > buffer.len() {
            break;
        }
        at = end;
    }
    at
}
