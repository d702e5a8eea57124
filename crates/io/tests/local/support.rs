//! What several of these tests need.
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use strictmx_engine::lookup::{Entry, Known, TxtKnown};
use strictmx_engine::time::Timestamp;
use strictmx_io::listen::{Access, Handed, Limits, Listener, bind};
use strictmx_io::store::Row;
use strictmx_proto::name::Domain;
use strictmx_proto::sts::Policy;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Waits for something that must happen soon.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("this takes far too long")
}

/// A listener on a free port of loopback, and its address.
pub(crate) fn loopback() -> (Listener, String) {
    let listener = bind(&"127.0.0.1:0".parse().unwrap(), &Access::mode(0o600), &mut Handed::none()).unwrap();
    let address = listener.address().to_string();
    (listener, address)
}

/// Bounds that a test does not reach by accident.
pub(crate) fn wide() -> Limits {
    Limits { connections: 100, idle: Duration::from_secs(60), io_timeout: Duration::from_secs(60) }
}

/// A client that sends and expects octets.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    pub(crate) async fn connect(address: &str) -> Self {
        Self(soon(TcpStream::connect(address)).await.unwrap())
    }

    pub(crate) async fn send(&mut self, octets: impl AsRef<[u8]>) {
        soon(self.0.write_all(octets.as_ref())).await.unwrap();
    }

    /// Reads exactly as much as is expected, and compares.
    pub(crate) async fn expect(&mut self, octets: impl AsRef<[u8]>) {
        let mut got = vec![0; octets.as_ref().len()];
        soon(self.0.read_exact(&mut got)).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(octets.as_ref()));
    }

    /// The server closes without another octet; a reset is one way to do so.
    pub(crate) async fn expect_end(&mut self) {
        let mut rest = Vec::new();
        match soon(self.0.read_to_end(&mut rest)).await {
            Ok(_) => assert_eq!(String::from_utf8_lossy(&rest), ""),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }

    /// Nothing comes for a while.
    pub(crate) async fn expect_silence(&mut self) {
        let mut one = [0];
        let read = tokio::time::timeout(Duration::from_millis(200), self.0.read(&mut one)).await;
        assert!(read.is_err(), "expected silence, got {read:?}");
    }
}

/// A netstring.
pub(crate) fn frame(payload: &str) -> String {
    format!("{}:{payload},", payload.len())
}

/// Starts this test program again, for the one test named, with a variable that tells it to play its part.
pub(crate) fn again(test: &str, variable: &str, value: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--include-ignored"]).env(variable, value);
    command
}

/// Ends a child in the end, whatever comes.
pub(crate) struct Reaped(pub(crate) Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(crate) fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

/// A cached enforce policy with one MX host.
pub(crate) fn row(name: &str, id: &str, fetched: u64) -> Row {
    let text = format!("version: STSv1\nmode: enforce\nmx: mx.{name}\nmx: *.mail.{name}\nmax_age: 86400\n");
    let policy = Arc::new(Policy::parse(text.as_bytes()).unwrap().policy);
    let fetched = Timestamp(fetched);
    Row {
        domain: domain(name),
        known: Known {
            entry: Some(Entry { id: Some(id.into()), policy, fetched, expires: fetched.plus(86_400) }),
            txt: TxtKnown::Id(id.into()),
            asked: fetched,
            txt_ttl: 300,
            backoff: None,
        },
        used: fetched,
    }
}
