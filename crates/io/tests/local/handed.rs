//! Sockets handed over by the service manager. The test starts itself again with a listening socket as descriptor 0.
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Stdio;

use strictmx_io::listen::{Access, Address, Handed, bind};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Reaped, again, soon};

const WANTED: &str = "STRICTMX_TEST_HANDED";
const CHILD: &str = "handed::the_child_answers_on_the_socket_it_was_given";

/// Plays the daemon when it was started by one of the tests below.
#[tokio::test]
async fn the_child_answers_on_the_socket_it_was_given() {
    let Ok(wanted) = std::env::var(WANTED) else {
        return;
    };
    let mut handed = Handed::from_environment();
    assert_eq!(handed.left_over().len(), 1);
    let wanted: Address = wanted.parse().unwrap();
    let listener = bind(&wanted, &Access::mode(0o600), &mut handed).unwrap();
    assert!(handed.left_over().is_empty());
    let mut stream = soon(listener.accept()).await;
    soon(stream.write_all(b"mine")).await.unwrap();
}

fn child(socket: OwnedFd, wanted: &str) -> Reaped {
    let child = again(CHILD, WANTED, wanted)
        .env("LISTEN_FDS", "1")
        .env("LISTEN_FDNAMES", "policyd")
        .env("LISTEN_FDS_FIRST_FD", "0")
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Reaped(child)
}

#[test]
fn a_tcp_socket_is_found_by_its_address() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut child = child(socket.into(), &address.to_string());
    let mut reply = String::new();
    TcpStream::connect(address).unwrap().read_to_string(&mut reply).unwrap();
    assert_eq!(reply, "mine");
    assert!(child.0.wait().unwrap().success());
}

#[test]
fn a_unix_socket_is_found_by_its_name_and_stays_when_we_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let mut child = child(socket.into(), "systemd:policyd");
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"?").unwrap();
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"mine");
    assert!(child.0.wait().unwrap().success());
    assert!(path.exists());
}
