//! Sockets: one question, one answer, over as many servers and attempts as allowed.
//!
//! A UDP socket and a random id per attempt (RFC 5452), TCP when the answer was cut (RFC 7766). A server that fails
//! (SERVFAIL, REFUSED, another error, garbage, unreachable) is passed over for the rest of the question; one that only
//! kept silent is asked again when its turn comes. The server that answered last is asked first.
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use domain::base::Message;
use domain::base::iana::{OptRcode, Rcode};
use domain::base::opt::ExtendedError;
use socket2::{Domain as Family, Protocol, Socket, Type};
use strictmx_engine::fact::{DnsFailure, DnsFailureKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::failure;
use super::query::{Answered, Query};

/// Questions under way at the same time; the next one waits. Each holds a socket.
const MAX_UNDER_WAY: usize = 2048;
/// How many times a single server that keeps silent is asked.
const ATTEMPTS_WITH_ONE: u32 = 2;
/// Room for a UDP answer. Larger than the payload we announce, since not every server keeps to it.
const UDP_ROOM: usize = 4096;
/// Octets of an Extended DNS Error's text that are kept.
const MAX_EDE_TEXT: usize = 200;

/// What went over the wire, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Questions, each counted once however often it was sent.
    pub questions: u64,
    /// Attempts that nobody answered in time.
    pub timeouts: u64,
    /// Answers fetched over TCP.
    pub tcp: u64,
    /// Datagrams that answered nothing we asked: late, forged or broken.
    pub strays: u64,
    /// Questions that failed for good.
    pub failures: u64,
}

#[derive(Debug, Default)]
struct Counters {
    questions: AtomicU64,
    timeouts: AtomicU64,
    tcp: AtomicU64,
    strays: AtomicU64,
    failures: AtomicU64,
}

/// The way to the resolvers.
#[derive(Debug)]
pub(super) struct Transport {
    servers: Box<[SocketAddr]>,
    attempt_timeout: Duration,
    attempts: u32,
    /// Index of the server that answered last.
    preferred: AtomicUsize,
    under_way: Semaphore,
    counters: Counters,
}

impl Transport {
    /// `servers` has at least one.
    pub(super) fn new(servers: Vec<SocketAddr>, attempt_timeout: Duration, attempts: u32) -> Self {
        Self {
            servers: servers.into(),
            attempt_timeout,
            attempts: attempts.max(1),
            preferred: AtomicUsize::new(0),
            under_way: Semaphore::new(MAX_UNDER_WAY),
            counters: Counters::default(),
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            questions: read(&self.counters.questions),
            timeouts: read(&self.counters.timeouts),
            tcp: read(&self.counters.tcp),
            strays: read(&self.counters.strays),
            failures: read(&self.counters.failures),
        }
    }

    /// Asks until a server answers NOERROR or NXDOMAIN; otherwise the most telling failure.
    pub(super) async fn exchange(&self, mut query: Query) -> Result<Message<Vec<u8>>, DnsFailure> {
        self.counted(self.rounds(&mut query)).await
    }

    /// The same with this server alone, whichever it is; the resolvers have no part in it.
    pub(super) async fn exchange_with(
        &self,
        server: SocketAddr,
        mut query: Query,
    ) -> Result<Message<Vec<u8>>, DnsFailure> {
        self.counted(self.insist(server, &mut query)).await
    }

    async fn counted(
        &self,
        question: impl Future<Output = Result<Message<Vec<u8>>, DnsFailure>>,
    ) -> Result<Message<Vec<u8>>, DnsFailure> {
        count(&self.counters.questions);
        let Ok(_permit) = self.under_way.acquire().await else {
            return Err(failure(DnsFailureKind::Network, "the resolver client is closed"));
        };
        let outcome = question.await;
        if outcome.is_err() {
            count(&self.counters.failures);
        }
        outcome
    }

    async fn insist(&self, server: SocketAddr, query: &mut Query) -> Result<Message<Vec<u8>>, DnsFailure> {
        for _ in 1..self.attempts.min(ATTEMPTS_WITH_ONE) {
            match self.attempt(server, query).await {
                Err(silent) if silent.kind == DnsFailureKind::Timeout => {}
                outcome => return outcome,
            }
        }
        self.attempt(server, query).await
    }

    async fn rounds(&self, query: &mut Query) -> Result<Message<Vec<u8>>, DnsFailure> {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut given_up = vec![false; self.servers.len()];
        let mut worst: Option<DnsFailure> = None;
        let mut turn = first;
        for _ in 0..self.attempts {
            let Some(index) = next_server(&given_up, turn) else {
                break;
            };
            turn = index.wrapping_add(1);
            let Some(server) = self.servers.get(index).copied() else {
                break;
            };
            match self.attempt(server, query).await {
                Ok(reply) => {
                    if index != first {
                        self.preferred.store(index, Ordering::Relaxed);
                    }
                    return Ok(reply);
                }
                // Another resolver may not validate: asking it would turn "bogus" into "insecure" (DANE-2.1.1-3).
                Err(bogus) if bogus.kind == DnsFailureKind::Bogus => return Err(bogus),
                Err(new) => {
                    let silent = new.kind == DnsFailureKind::Timeout;
                    if let Some(mark) = given_up.get_mut(index) {
                        *mark = !silent;
                    }
                    worst = Some(more_telling(worst, new));
                }
            }
        }
        Err(worst.unwrap_or_else(|| failure(DnsFailureKind::Network, "no DNS server is left to ask")))
    }

    async fn attempt(&self, server: SocketAddr, query: &mut Query) -> Result<Message<Vec<u8>>, DnsFailure> {
        let octets = match self.udp(server, query).await {
            Ok(Datagram::Whole(octets)) => Ok(octets),
            Ok(Datagram::Cut) => {
                count(&self.counters.tcp);
                tcp(server, query, Instant::now() + self.attempt_timeout).await
            }
            Err(error) => Err(error),
        };
        let octets = octets.map_err(|error| self.unanswered(server, query, &error))?;
        let reply = Message::from_octets(octets)
            .map_err(|_| failure(DnsFailureKind::Malformed, format!("{server} sent no DNS message")))?;
        judged(reply, server, query)
    }

    async fn udp(&self, server: SocketAddr, query: &mut Query) -> io::Result<Datagram> {
        let deadline = Instant::now() + self.attempt_timeout;
        let socket = connected(server)?;
        socket.send(query.renewed()).await?;
        let mut octets = Vec::with_capacity(UDP_ROOM);
        loop {
            octets.clear();
            timeout_at(deadline, socket.recv_buf(&mut octets)).await??;
            match query.answered(&octets) {
                // An answer that fills the buffer was cut by it.
                Answered::Truncated => return Ok(Datagram::Cut),
                Answered::Yes if octets.len() == octets.capacity() => return Ok(Datagram::Cut),
                Answered::Yes => return Ok(Datagram::Whole(octets)),
                Answered::No => count(&self.counters.strays),
            }
        }
    }

    fn unanswered(&self, server: SocketAddr, query: &Query, error: &io::Error) -> DnsFailure {
        let question = query.describe();
        match error.kind() {
            io::ErrorKind::TimedOut => {
                count(&self.counters.timeouts);
                let waited = self.attempt_timeout.as_secs_f32();
                let detail = format!("{server} did not answer {question} within {waited} s");
                failure(DnsFailureKind::Timeout, detail)
            }
            io::ErrorKind::InvalidData => {
                failure(DnsFailureKind::Malformed, format!("{server} answered {question} unreadably: {error}"))
            }
            _ => failure(DnsFailureKind::Network, format!("{server} cannot be asked for {question}: {error}")),
        }
    }
}

/// What came by UDP.
enum Datagram {
    Whole(Vec<u8>),
    /// More would come over TCP.
    Cut,
}

/// A UDP socket that takes datagrams of this server only, on a port the kernel picks at random.
fn connected(server: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Family::for_address(server), Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    socket.connect(&server.into())?;
    UdpSocket::from_std(socket.into())
}

async fn tcp(server: SocketAddr, query: &mut Query, deadline: Instant) -> io::Result<Vec<u8>> {
    timeout_at(deadline, tcp_unlimited(server, query)).await?
}

async fn tcp_unlimited(server: SocketAddr, query: &mut Query) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let octets = query.renewed();
    let length = u16::try_from(octets.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut framed = Vec::with_capacity(octets.len() + 2);
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(octets);
    stream.write_all(&framed).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    match query.answered(&answer) {
        Answered::Yes => Ok(answer),
        Answered::Truncated => Err(io::Error::new(io::ErrorKind::InvalidData, "cut short although it came over TCP")),
        Answered::No => Err(io::Error::new(io::ErrorKind::InvalidData, "it does not belong to the question")),
    }
}

/// The first server from `turn` on, round the ring, that has not been given up.
fn next_server(given_up: &[bool], turn: usize) -> Option<usize> {
    (0..given_up.len())
        .filter_map(|step| turn.checked_add(step)?.checked_rem(given_up.len()))
        .find(|index| given_up.get(*index) == Some(&false))
}

/// NOERROR and NXDOMAIN are answers; every other RCODE is a failure of its own kind.
fn judged(reply: Message<Vec<u8>>, server: SocketAddr, query: &Query) -> Result<Message<Vec<u8>>, DnsFailure> {
    let rcode = reply.opt_rcode();
    if rcode == OptRcode::NOERROR || rcode == OptRcode::NXDOMAIN {
        return Ok(reply);
    }
    let opt = reply.opt();
    let extended = opt.as_ref().and_then(|opt| opt.opt().extended_error());
    let kind = match reply.header().rcode() {
        Rcode::SERVFAIL if extended.as_ref().is_some_and(blames_dnssec) => DnsFailureKind::Bogus,
        Rcode::SERVFAIL => DnsFailureKind::Servfail,
        Rcode::REFUSED => DnsFailureKind::Refused,
        _ => DnsFailureKind::Rcode,
    };
    let because = extended.as_ref().map(explain).unwrap_or_default();
    Err(failure(kind, format!("{server} answered {} with {rcode}{because}", query.describe())))
}

/// Whether the resolver says that the failure is one of DNSSEC (RFC 8914 §4.2, 4.3, 4.6 to 4.13; 27 of RFC 9276).
fn blames_dnssec<Octs>(error: &ExtendedError<Octs>) -> bool {
    matches!(error.code().to_int(), 1 | 2 | 5..=12 | 27)
}

/// An Extended DNS Error in words; its text comes from afar, so only a bounded, printable part is kept.
pub(super) fn explain<Octs: AsRef<[u8]>>(error: &ExtendedError<Octs>) -> String {
    let text = error.text_slice().unwrap_or_default();
    let text: String = String::from_utf8_lossy(text)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_EDE_TEXT)
        .collect();
    let colon = if text.is_empty() { "" } else { ": " };
    format!(" (Extended DNS Error {}{colon}{text})", error.code())
}

/// The failure that tells an operator more.
fn more_telling(old: Option<DnsFailure>, new: DnsFailure) -> DnsFailure {
    let rank = |kind| match kind {
        DnsFailureKind::Timeout => 0,
        DnsFailureKind::Network => 1,
        DnsFailureKind::Malformed => 2,
        _ => 3,
    };
    match old {
        Some(old) if rank(old.kind) > rank(new.kind) => old,
        _ => new,
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
