//! Postfix's socketmap protocol, netstrings over TCP or a unix socket: a client, and a server of fixed answers.
//!
//! The client is blocking: in an asynchronous test whose runtime also runs the server asked, use a multi-threaded runtime
//! or `spawn_blocking`.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::rt::{self, Guard};

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A connection to a policy server.
pub struct Client {
    stream: BufReader<Box<dyn Stream>>,
}

impl Client {
    /// Connects over TCP.
    pub fn tcp(address: impl ToSocketAddrs) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { stream: BufReader::new(Box::new(stream)) })
    }

    /// Connects over a unix socket.
    pub fn unix(path: impl AsRef<Path>) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { stream: BufReader::new(Box::new(stream)) })
    }

    /// Asks map `map` for `key`; the payload of the answer as it came, for example `NOTFOUND ` with its space.
    pub fn ask(&mut self, map: &str, key: &str) -> io::Result<String> {
        self.send(&netstring(&format!("{map} {key}")))?;
        self.receive()
    }

    /// Sends all questions at once, then reads as many answers.
    pub fn ask_pipelined(&mut self, questions: &[(&str, &str)]) -> io::Result<Vec<String>> {
        let all: Vec<u8> = questions.iter().flat_map(|(map, key)| netstring(&format!("{map} {key}"))).collect();
        self.send(&all)?;
        questions.iter().map(|_| self.receive()).collect()
    }

    /// Sends octets as they are, for hostile frames.
    pub fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(octets)?;
        self.stream.get_mut().flush()
    }

    /// Reads one answer.
    pub fn receive(&mut self) -> io::Result<String> {
        let mut length = String::new();
        loop {
            match self.byte()? {
                b':' => break,
                digit @ b'0'..=b'9' if length.len() < 9 => length.push(char::from(digit)),
                other => {
                    return Err(broken(&format!("octet {other} in the length of a netstring")));
                }
            }
        }
        let mut payload = vec![0; length.parse().map_err(|_| broken("a netstring without length"))?];
        self.stream.read_exact(&mut payload)?;
        if self.byte()? != b',' {
            return Err(broken("a netstring without its comma"));
        }
        String::from_utf8(payload).map_err(|_| broken("an answer that is no UTF-8"))
    }

    /// Whether the server has closed the connection.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.byte(), Err(error) if error.kind() == io::ErrorKind::UnexpectedEof
            || error.kind() == io::ErrorKind::ConnectionReset)
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut one = [0];
        self.stream.read_exact(&mut one)?;
        Ok(one[0])
    }
}

/// One frame.
pub fn netstring(payload: &str) -> Vec<u8> {
    format!("{}:{payload},", payload.len()).into_bytes()
}

/// Asks once over a fresh TCP connection.
pub fn ask(address: impl ToSocketAddrs, map: &str, key: &str) -> io::Result<String> {
    Client::tcp(address)?.ask(map, key)
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// A policy server with fixed answers, to try a mail server without strictmx; stops when dropped.
pub struct Fixed {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _task: Guard,
}

impl Fixed {
    /// Starts on `address`. `answers` holds payloads by `map key`; all else is `NOTFOUND `.
    pub fn start(address: &str, answers: HashMap<String, String>) -> Self {
        let (listener, address) = rt::listen(address);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new((answers, asked.clone()));
        let task = async move {
            let mut connections = JoinSet::new();
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    connections.spawn(answer(stream, answers.clone()));
                }
            }
        };
        Self { address, asked, _task: Guard::spawn(task) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every question so far, as `map key`.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

type Answers = Arc<(HashMap<String, String>, Arc<Mutex<Vec<String>>>)>;

async fn answer(stream: tokio::net::TcpStream, answers: Answers) {
    let mut stream = tokio::io::BufReader::new(stream);
    loop {
        let mut length = Vec::new();
        let read = stream.read_until(b':', &mut length).await.unwrap_or(0);
        let length = std::str::from_utf8(&length[..read.saturating_sub(1)]).ok().and_then(|text| text.parse().ok());
        let Some(length @ 0..=100_000) = length else {
            return;
        };
        let mut payload: Vec<u8> = vec![0; length];
        if stream.read_exact(&mut payload).await.is_err() || stream.read_u8().await.ok() != Some(b',') {
            return;
        }
        let question = String::from_utf8_lossy(&payload).into_owned();
        let reply = netstring(answers.0.get(&question).map_or("NOTFOUND ", String::as_str));
        answers.1.lock().unwrap().push(question);
        if stream.write_all(&reply).await.is_err() {
            return;
        }
    }
}
