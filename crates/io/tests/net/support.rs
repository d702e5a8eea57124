//! What several of these tests need: names, stubs, scripted servers.
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::ServerConfig;
use strictmx_engine::fact::{AddrSeen, DnsFailureKind, Dnssec, Seen};
use strictmx_io::dns::{Dns, DnssecMode, Options};
use strictmx_io::tls::{ClientTls, Roots};
use strictmx_proto::name::Domain;
use strictmx_testbed::pki::{Ca, Identity};

pub(crate) fn name(text: &str) -> Domain {
    Domain::parse_lenient(text).unwrap()
}

/// A stub that believes AD and is quick to give up.
pub(crate) fn stub(servers: &[SocketAddr]) -> Dns {
    stub_with(servers, DnssecMode::TrustAd)
}

pub(crate) fn stub_with(servers: &[SocketAddr], dnssec: DnssecMode) -> Dns {
    let attempt_timeout = Duration::from_millis(250);
    Dns::new(Options { servers: servers.to_vec(), dnssec, attempt_timeout, attempts: 3 }).unwrap()
}

pub(crate) fn kind<T: std::fmt::Debug>(seen: &Seen<T>) -> DnsFailureKind {
    match seen {
        Seen::Failed(failure) => failure.kind,
        other => panic!("expected a failure, saw {other:?}"),
    }
}

pub(crate) fn texts(seen: &strictmx_engine::fact::TxtSeen) -> Vec<String> {
    match seen {
        Seen::Found { data, .. } => data.iter().map(|txt| String::from_utf8_lossy(&txt.0).into_owned()).collect(),
        other => panic!("expected records, saw {other:?}"),
    }
}

/// A UDP server that hands each question to `script` and sends what it gives back, in order.
pub(crate) fn udp(script: impl Fn(&[u8], SocketAddr) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((size, peer)) = socket.recv_from(&mut buffer) {
            for datagram in script(&buffer[..size], peer) {
                let _sent = socket.send_to(&datagram, peer);
            }
        }
    });
    address
}

/// A TCP server that says `script` to everybody, in pieces with a pause after each, and then waits for the other's end.
pub(crate) fn tcp(pieces: Vec<Vec<u8>>, pause: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, pieces) = (stream.unwrap(), pieces.clone());
            thread::spawn(move || {
                for piece in pieces {
                    if stream.write_all(&piece).is_err() {
                        return;
                    }
                    thread::sleep(pause);
                }
                let mut rest = [0; 1024];
                while stream.read(&mut rest).is_ok_and(|size| size > 0) {}
            });
        }
    });
    address
}

/// A TLS server that reads a request's head and then sends what `next` gives until it gives nothing, with a pause after each.
pub(crate) fn tls(
    identity: &Identity,
    pause: Duration,
    next: impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        builder.with_no_client_auth().with_single_cert(identity.chain().to_vec(), identity.private_key()).unwrap();
    let (config, next) = (Arc::new(config), Arc::new(next));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut socket, config, next) = (stream.unwrap(), Arc::clone(&config), Arc::clone(&next));
            thread::spawn(move || {
                let mut connection = rustls::ServerConnection::new(config).unwrap();
                let mut stream = rustls::Stream::new(&mut connection, &mut socket);
                let mut head = Vec::new();
                let mut octet = [0];
                while !head.ends_with(b"\r\n\r\n") {
                    if stream.read_exact(&mut octet).is_err() {
                        return;
                    }
                    head.push(octet[0]);
                }
                for turn in 0.. {
                    let Some(piece) = next(turn) else { break };
                    if stream.write_all(&piece).and_then(|()| stream.flush()).is_err() {
                        return;
                    }
                    thread::sleep(pause);
                }
                stream.conn.send_close_notify();
                let _flushed = stream.flush();
            });
        }
    });
    address
}

/// A client that trusts this authority and nobody else.
pub(crate) fn trusting(ca: &Ca) -> ClientTls {
    let mut roots = Roots::none();
    roots.add_pem(&PathBuf::from("test-root.pem"), ca.root_pem().as_bytes());
    let (tls, notices) = ClientTls::with_roots(roots).unwrap();
    assert_eq!(notices, []);
    tls
}

/// Addresses as DNS would give them.
pub(crate) fn addresses(of: &[IpAddr]) -> AddrSeen {
    let v4: Vec<_> = of.iter().filter_map(|ip| if let IpAddr::V4(ip) = ip { Some(*ip) } else { None }).collect();
    let v6: Vec<_> = of.iter().filter_map(|ip| if let IpAddr::V6(ip) = ip { Some(*ip) } else { None }).collect();
    AddrSeen { a: seen(v4), aaaa: seen(v6) }
}

fn seen<T>(data: Vec<T>) -> Seen<Vec<T>> {
    let (dnssec, ttl) = (Dnssec::Insecure, 300);
    if data.is_empty() { Seen::NoData { dnssec, ttl } } else { Seen::Found { data, aliases: Vec::new(), dnssec, ttl } }
}

pub(crate) fn localhost() -> AddrSeen {
    addresses(&[Ipv4Addr::LOCALHOST.into()])
}

/// A list shared with a script.
pub(crate) type Shared<T> = Arc<Mutex<Vec<T>>>;

//----------- DNS messages by hand -----------------------------------------

/// The header and question of `query` as an answer with these flags and counts (answer, authority), and what follows them.
pub(crate) fn reply(query: &[u8], flags: u16, counts: [u16; 2], rest: &[u8]) -> Vec<u8> {
    let end = question_end(query);
    let mut octets = query[..2].to_vec();
    octets.extend(flags.to_be_bytes());
    octets.extend(1_u16.to_be_bytes());
    octets.extend(counts[0].to_be_bytes());
    octets.extend(counts[1].to_be_bytes());
    octets.extend(0_u16.to_be_bytes());
    octets.extend(&query[12..end]);
    octets.extend(rest);
    octets
}

/// Flags of an ordinary answer: QR, RD, RA.
pub(crate) const OK: u16 = 0x8180;
pub(crate) const TXT: u16 = 16;
pub(crate) const CNAME: u16 = 5;

/// Where the question of a query ends.
pub(crate) fn question_end(query: &[u8]) -> usize {
    let mut at = 12;
    while query[at] != 0 {
        at += usize::from(query[at]) + 1;
    }
    at + 5
}

/// The name a query asks for.
pub(crate) fn question_name(query: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..=at + length]).into_owned());
        at += length + 1;
    }
    labels.join(".")
}

pub(crate) fn wire_name(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        octets.push(u8::try_from(label.len()).unwrap());
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets
}

/// One record, class IN.
pub(crate) fn record(owner: &[u8], rtype: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let mut octets = owner.to_vec();
    octets.extend(rtype.to_be_bytes());
    octets.extend(1_u16.to_be_bytes());
    octets.extend(ttl.to_be_bytes());
    octets.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    octets.extend(data);
    octets
}

/// One string, as TXT data.
pub(crate) fn string(text: &str) -> Vec<u8> {
    let mut octets = vec![u8::try_from(text.len()).unwrap()];
    octets.extend(text.as_bytes());
    octets
}

/// Points at the question's name.
pub(crate) const ASKED: [u8; 2] = [0xc0, 12];
