//! The collector's socket: who may write to it, what becomes of an old one, and that nothing is lost on the way that need not be.
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use strictmx_engine::time::Timestamp;
use strictmx_io::clock::Clock;
use strictmx_io::datagram::{Batch, Batches, Limits, MAX_LEN, Sender, Socket, bind};
use strictmx_io::listen::{Access, Address, Error, Handed};
use strictmx_io::task::Tasks;

use crate::support::{Reaped, again, soon};

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tlsrpt.sock");
    (directory, path)
}

fn made(path: &Path) -> Result<Socket, Error> {
    bind(&Address::Unix(path.into()), &Access::mode(0o660), &mut Handed::none())
}

fn drained(socket: Socket, limits: Limits) -> (Batches, Tasks) {
    let tasks = Tasks::new();
    let clock = Clock::fixed(Timestamp(1_000_000)).0;
    (socket.drain(clock, limits, &tasks).unwrap(), tasks)
}

async fn gathered(batches: &mut Batches, wanted: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while all.len() < wanted {
        let batch: Batch = soon(batches.next()).await.unwrap();
        assert_eq!(batch.at(), Timestamp(1_000_000));
        all.extend(batch.iter().map(<[u8]>::to_vec));
    }
    all
}

#[test]
fn the_socket_has_its_mode_and_is_gone_in_the_end() {
    let (_directory, path) = place();
    let socket = made(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    drop(socket);
    assert!(!path.exists());
}

#[test]
fn a_dead_socket_of_ours_is_replaced_and_a_living_one_is_not() {
    let (_directory, path) = place();
    drop(UnixDatagram::bind(&path).unwrap());
    let living = made(&path).unwrap();
    assert!(matches!(made(&path), Err(Error::Taken(_))));
    drop(living);
    fs::write(&path, "a diary").unwrap();
    assert!(matches!(made(&path), Err(Error::NotASocket(_))));
    fs::remove_file(&path).unwrap();
    let stream = UnixListener::bind(&path).unwrap();
    let told = made(&path).unwrap_err();
    assert!(matches!(told, Error::Io { .. }), "a socket of another kind: {told}");
    drop(stream);
}

#[test]
fn a_dead_socket_of_somebody_else_is_left_alone() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (_directory, path) = place();
    drop(UnixDatagram::bind(&path).unwrap());
    std::os::unix::fs::chown(&path, Some(4711), None).unwrap();
    assert!(matches!(made(&path), Err(Error::Foreign(_))));
    let access = Access { owner: Some("4711".into()), ..Access::mode(0o600) };
    let socket = bind(&Address::Unix(path.clone()), &access, &mut Handed::none()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().uid(), 4711);
    drop(socket);
}

#[tokio::test]
async fn what_is_sent_comes_out_once() {
    let (_directory, path) = place();
    let (mut batches, tasks) = drained(made(&path).unwrap(), Limits::default());
    let sender = path.clone();
    let sending = std::thread::spawn(move || {
        let sender = Sender::connect(&sender).unwrap();
        (0..5000_u32).for_each(|number| sender.send(&number.to_ne_bytes()).unwrap());
    });
    let all = gathered(&mut batches, 5000).await;
    let mut numbers: Vec<u32> = all.iter().map(|octets| u32::from_ne_bytes(octets[..].try_into().unwrap())).collect();
    // Two threads take them, each in order.
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..5000));
    sending.join().unwrap();
    assert_eq!((batches.traffic().received(), batches.traffic().dropped()), (5000, 0));
    assert_eq!(tasks.drain(Duration::from_secs(5)).await, 0);
    assert!(!path.exists());
}

#[tokio::test]
async fn the_largest_datagram_is_taken_whole_and_a_larger_one_is_counted() {
    let (_directory, path) = place();
    let (mut batches, _tasks) = drained(made(&path).unwrap(), Limits::default());
    let caller = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::DGRAM, None).unwrap();
    caller.set_send_buffer_size(4 * 1024 * 1024).unwrap();
    caller.connect(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    let large = vec![b'x'; 212_960];
    caller.send(&large).unwrap();
    assert_eq!(gathered(&mut batches, 1).await, [large]);
    // Only where the system lets it be sent at all.
    if caller.send(&vec![b'x'; MAX_LEN + 1]).is_ok() {
        caller.send(b"after it").unwrap();
        assert_eq!(gathered(&mut batches, 1).await, [b"after it"]);
        assert_eq!((batches.traffic().received(), batches.traffic().truncated()), (3, 1));
    }
}

#[tokio::test]
async fn what_finds_no_place_among_the_waiting_is_dropped_and_counted_and_never_waited_for() {
    let (_directory, path) = place();
    let limits = Limits { octets: 10_000, linger: Duration::ZERO };
    let (mut batches, _tasks) = drained(made(&path).unwrap(), limits);
    let (sender, traffic) = (Sender::connect(&path).unwrap(), batches.traffic());
    for _ in 0..50 {
        sender.send(&[b'x'; 1000]).unwrap();
    }
    soon(async {
        while traffic.received() < 50 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let dropped = usize::try_from(traffic.dropped()).unwrap();
    assert!((40..50).contains(&dropped), "{dropped}");
    assert!(traffic.most_waiting() <= 10_000);
    assert_eq!(gathered(&mut batches, 50 - dropped).await.len(), 50 - dropped);
    assert_eq!(traffic.waiting(), 0);
    sender.send(b"once more").unwrap();
    assert_eq!(gathered(&mut batches, 1).await, [b"once more"]);
}

#[tokio::test]
async fn what_the_kernel_holds_at_the_end_is_not_lost() {
    let (_directory, path) = place();
    let (socket, sender) = (made(&path).unwrap(), Sender::connect(&path).unwrap());
    for number in 0..8_u8 {
        sender.send(&[number]).unwrap();
    }
    let (mut batches, tasks) = drained(socket, Limits::default());
    tasks.stop();
    assert_eq!(gathered(&mut batches, 8).await.len(), 8);
    assert!(soon(batches.next()).await.is_none());
    assert_eq!(tasks.drain(Duration::from_secs(5)).await, 0);
}

const WANTED: &str = "STRICTMX_TEST_DATAGRAM";
const CHILD: &str = "datagram::the_child_takes_what_waits_in_the_socket_it_was_given";

/// Plays the daemon when it was started by the test below: tells what it took, and ends in an orderly way.
#[tokio::test]
async fn the_child_takes_what_waits_in_the_socket_it_was_given() {
    let Some(into) = std::env::var_os(WANTED) else {
        return;
    };
    let mut handed = Handed::from_environment();
    let socket = bind(&"systemd:tlsrpt".parse().unwrap(), &Access::mode(0o600), &mut handed).unwrap();
    assert!(handed.left_over().is_empty());
    let (mut batches, tasks) = drained(socket, Limits::default());
    let mut all = gathered(&mut batches, 3).await;
    all.sort_unstable();
    assert_eq!(tasks.drain(Duration::from_secs(5)).await, 0);
    fs::write(into, all.concat()).unwrap();
}

#[test]
fn a_socket_of_the_service_manager_keeps_what_comes_between_two_processes() {
    let (directory, path) = place();
    let socket = UnixDatagram::bind(&path).unwrap();
    let sender = Sender::connect(&path).unwrap();
    for round in ["one", "two"] {
        for part in ["a", "b", "c"] {
            sender.send(format!("{round}{part} ").as_bytes()).unwrap();
        }
        let into = directory.path().join(round);
        let mut child = Reaped(
            again(CHILD, WANTED, into.to_str().unwrap())
                .env("LISTEN_FDS", "1")
                .env("LISTEN_FDNAMES", "tlsrpt")
                .env("LISTEN_FDS_FIRST_FD", "0")
                .stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())))
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        );
        assert!(child.0.wait().unwrap().success());
        assert_eq!(fs::read_to_string(into).unwrap(), format!("{round}a {round}b {round}c "));
        assert!(path.exists(), "it is not ours to remove");
    }
}
