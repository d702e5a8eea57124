//! Connecting to one of several addresses: families in turn, IPv6 first, each given a head start (RFC 8305 §4, §5).
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use strictmx_engine::fact::Tried;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// How long an address is alone before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

/// The addresses in the order to try them: families in turn, the first of `v6` first.
pub(super) fn in_turn(v6: Vec<SocketAddr>, v4: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut order = Vec::with_capacity(v6.len().saturating_add(v4.len()));
    let (mut v6, mut v4) = (v6.into_iter(), v4.into_iter());
    loop {
        let before = order.len();
        order.extend(v6.next());
        order.extend(v4.next());
        if order.len() == before {
            return order;
        }
    }
}

/// The first connection that stands. A refusal brings on the next address at once. `tried` tells what came of each.
pub(super) async fn connect(
    addresses: Vec<SocketAddr>,
    tried: &mut Vec<Tried>,
) -> Result<(TcpStream, SocketAddr), Box<str>> {
    let mut waiting = addresses.into_iter();
    let mut running = FuturesUnordered::new();
    let mut last = Box::from("there is no address to connect to");
    let mut start_another = true;
    loop {
        if start_another && let Some(address) = waiting.next() {
            tried.push(Tried { address, error: Some(String::from("had not answered when the attempts ended")) });
            running.push(attempt(address));
        }
        tokio::select! {
            ended = running.next() => match ended {
                Some((address, Ok(stream))) => {
                    note(tried, address, None);
                    return Ok((stream, address));
                }
                Some((address, Err(error))) => {
                    last = format!("{address}: {error}").into();
                    note(tried, address, Some(error.to_string()));
                    start_another = true;
                }
                None => return Err(last),
            },
            () = sleep(HEAD_START), if waiting.len() > 0 => start_another = true,
        }
    }
}

/// One connection.
pub(super) async fn attempt(address: SocketAddr) -> (SocketAddr, io::Result<TcpStream>) {
    let connected = TcpStream::connect(address).await;
    // A request in one small write gains nothing from waiting for more.
    (address, connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream)))
}

fn note(tried: &mut [Tried], address: SocketAddr, error: Option<String>) {
    if let Some(entry) = tried.iter_mut().find(|entry| entry.address == address) {
        entry.error = error;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::in_turn;

    #[test]
    fn families_take_turns_and_ipv6_begins() {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        let order = in_turn(parse(&["[::1]:1", "[::1]:2", "[::1]:3"]), parse(&["127.0.0.1:1"]));
        assert_eq!(order, parse(&["[::1]:1", "127.0.0.1:1", "[::1]:2", "[::1]:3"]));
    }
}
