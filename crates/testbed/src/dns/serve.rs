//! The sockets of the DNS server.

use std::net::{SocketAddr, TcpListener as StdListener, UdpSocket as StdUdp};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

use super::answer::{Answer, Data, Reply};
use super::wire::{self, Message, Query};
use super::{Said, State, Transport, Voice};
use crate::rt::{self, Guard};

/// Binds UDP and TCP to one port and serves both.
pub(super) fn start(address: &str, state: &Arc<State>) -> (SocketAddr, [Guard; 2]) {
    let (tcp, udp) = bind(address);
    let (tcp, address) = rt::adopt(tcp);
    udp.set_nonblocking(true).expect("a non-blocking socket");
    let udp = {
        let _inside = rt::handle().enter();
        Arc::new(UdpSocket::from_std(udp).expect("a socket"))
    };
    (address, [Guard::spawn(serve_udp(udp, state.clone())), Guard::spawn(serve_tcp(tcp, state.clone()))])
}

/// With port 0 the port TCP got may be taken for UDP; then another is tried.
fn bind(address: &str) -> (StdListener, StdUdp) {
    for _ in 0..50 {
        let tcp = StdListener::bind(address).unwrap_or_else(|e| panic!("cannot listen on {address}: {e}"));
        if let Ok(udp) = StdUdp::bind(tcp.local_addr().expect("a bound address")) {
            return (tcp, udp);
        }
    }
    panic!("no port is free for both UDP and TCP on {address}");
}

async fn serve_udp(socket: Arc<UdpSocket>, state: Arc<State>) {
    let mut late = JoinSet::new();
    let mut buffer = [0; 4096];
    loop {
        let Ok((size, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        while late.try_join_next().is_some() {}
        let Some((answer, octets)) = respond(&buffer[..size], &state, Transport::Udp) else {
            continue;
        };
        if answer.delay.is_zero() {
            let _sent = socket.send_to(&octets, from).await;
        } else {
            let socket = socket.clone();
            late.spawn(async move {
                tokio::time::sleep(answer.delay).await;
                let _sent = socket.send_to(&octets, from).await;
            });
        }
    }
}

async fn serve_tcp(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(connection(stream, state.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(mut stream: TcpStream, state: Arc<State>) {
    while let Ok(size) = stream.read_u16().await {
        let mut query = vec![0; usize::from(size)];
        if stream.read_exact(&mut query).await.is_err() {
            return;
        }
        let Some((answer, octets)) = respond(&query, &state, Transport::Tcp) else {
            // Silence: keep the connection, say nothing.
            continue;
        };
        tokio::time::sleep(answer.delay).await;
        let size = u16::try_from(octets.len()).expect("an answer TCP can carry").to_be_bytes();
        if stream.write_all(&[&size[..], &octets].concat()).await.is_err() {
            return;
        }
    }
}

/// The answer and its octets; nothing where there is to be silence.
fn respond(message: &[u8], state: &State, transport: Transport) -> Option<(Answer, Vec<u8>)> {
    let query = Query::parse(message)?;
    let key = (query.name.clone(), query.rtype);
    state.note(&key, transport);
    let said = state.answer(&key);
    let answer = said.answer.clone();
    let octets = match &answer.reply {
        Reply::Silence => return None,
        Reply::Garbage(octets) => octets.clone(),
        Reply::Truncated(_) if transport == Transport::Udp => bare(&query).truncated().finish(),
        _ => write(&query, &said),
    };
    if transport == Transport::Udp && octets.len() > query.udp_size() {
        return Some((answer, bare(&query).truncated().finish()));
    }
    Some((answer, octets))
}

/// An answer with nothing in it.
fn bare(query: &Query) -> Message {
    let mut message = Message::new(query, 0, false);
    message.opt(query, None);
    message
}

fn write(query: &Query, said: &Said) -> Vec<u8> {
    let Said { aliases, owner, answer, voice } = said;
    let authentic = answer.secure && aliases.iter().all(|(_, alias)| alias.secure);
    let (rcode, records, error): (u8, &[Data], _) = match &answer.reply {
        Reply::NxDomain => (3, &[], None),
        Reply::Code(code, error) => (*code, &[], error.as_ref()),
        Reply::Records(records)
        | Reply::Truncated(records)
        | Reply::WrongId(records)
        | Reply::WrongQuestion(records) => (0, records, None),
        Reply::Silence | Reply::Garbage(_) => (0, &[], None),
    };
    let mut message = Message::new(query, rcode, authentic);
    for (owner, alias) in aliases {
        if let Some(target) = alias.alias_target() {
            message.record(owner, wire::type_code("CNAME"), alias.ttl, &Data::Cname(target));
        }
    }
    for data in records {
        message.record(owner, wire::own_type(data, query.rtype), answer.ttl, data);
    }
    // Behind an alias out of its zone an authority has nothing to say, not even that there is nothing.
    if records.is_empty() && matches!(rcode, 0 | 3) && *voice != Voice::AuthorityUpToAlias {
        message.soa(owner, answer.ttl);
    }
    message.opt(query, error);
    if *voice != Voice::Resolver {
        message = message.authoritative();
    }
    spoil(message.finish(), &answer.reply)
}

/// Turns a good message into one that must not be believed.
fn spoil(mut octets: Vec<u8>, reply: &Reply) -> Vec<u8> {
    match reply {
        Reply::WrongId(_) => octets[1] ^= 0xff,
        // The first letter of the first label of the question: another name.
        Reply::WrongQuestion(_) => octets[13] = if octets[13].eq_ignore_ascii_case(&b'x') { b'y' } else { b'x' },
        _ => {}
    }
    octets
}
