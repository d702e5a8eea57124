//! Telling a collector of sessions as libtlsrpt does, one datagram each; and the floor, which takes them and does nothing else.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::sessions::{KINDS, datagram};

/// The longest datagram that libtlsrpt writes.
const LONGEST: usize = 256 * 1024;
/// What the sender makes up for at once when something held it up: a longer burst would not be the rate that is asked for.
const LATE: Duration = Duration::from_millis(2);
/// How long the floor waits for one more.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long it waits for the first.
const BEGIN: Duration = Duration::from_secs(60);

/// Sends so many datagrams about the domains in turn: at a rate, without ever waiting for the collector, as mail servers do; or,
/// where that is 0, as fast as the collector takes them. Sums up in one line.
pub(crate) fn run(socket: &str, domains: &[String], datagrams: usize, rate: u32) -> String {
    let all: Vec<Vec<u8>> = (0..KINDS)
        .flat_map(|number| domains.iter().map(move |domain| datagram(domain, number).into_bytes()))
        .take(datagrams)
        .collect();
    let to = UnixDatagram::unbound().expect("a socket");
    to.connect(socket).expect("a collector");
    to.set_nonblocking(rate > 0).expect("a socket that waits or not");
    let mut lost = 0_u64;
    let start = Instant::now();
    let mut begin = start;
    for (number, datagram) in all.iter().cycle().take(datagrams).enumerate() {
        if rate > 0 {
            let due = begin + Duration::from_secs(1) * u32::try_from(number).expect("not so many") / rate;
            wait_until(due);
            begin += due.elapsed().saturating_sub(LATE);
        }
        match to.send(datagram) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => lost += 1,
            Err(error) => panic!("the collector is gone: {error}"),
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let octets: usize = all.iter().map(Vec::len).sum::<usize>() / all.len();
    format!("sent={datagrams} lost={lost} seconds={seconds:.4} octets={octets}")
}

/// Sleeps in steps of a millisecond or so: what is due by then goes out in a row.
fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    if left > Duration::ZERO {
        std::thread::sleep(left.max(Duration::from_millis(1)));
    }
}

/// Takes datagrams until none has come for a second, and sums up in one line.
pub(crate) fn take(socket: &str) -> String {
    let from = UnixDatagram::bind(socket).expect("a free path");
    from.set_read_timeout(Some(BEGIN)).expect("a time");
    let mut buffer = vec![0; LONGEST];
    from.recv(&mut buffer).expect("a datagram");
    from.set_read_timeout(Some(PATIENCE)).expect("a time");
    let mut taken = 1_u64;
    while from.recv(&mut buffer).is_ok() {
        taken += 1;
    }
    format!("taken={taken}")
}
