//! Sockets that the service manager opened for us (`sd_listen_fds(3)`).
use std::env;
use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener as StdUnix};

use listenfd::ListenFd;
use std::net::TcpListener as StdTcp;
use tokio::net::{TcpListener, UnixListener};

use super::{Address, Listener, Socket};

/// The sockets handed over and not yet asked for.
#[derive(Debug, Default)]
pub struct Handed(Vec<One>);

#[derive(Debug)]
struct One {
    name: String,
    address: Address,
    socket: Raw,
}

#[derive(Debug)]
enum Raw {
    Tcp(StdTcp),
    Unix(StdUnix),
    Datagram(UnixDatagram),
}

impl Handed {
    /// No sockets.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// What the environment names (`LISTEN_FDS`, `LISTEN_FDNAMES`). To be called once, at the very start: it takes the variables
    /// out of the environment, which is safe only while there is one thread.
    #[must_use]
    pub fn from_environment() -> Self {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':').map(ToOwned::to_owned);
        let mut fds = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..fds.len() {
            let name = names.next().filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".into());
            let Some(socket) = one_of_any_kind(&mut fds, index).transpose() else {
                continue;
            };
            match socket {
                Ok((address, socket)) => sockets.push(One { name, address, socket }),
                Err(error) => {
                    tracing::warn!("socket {index} (`{name}`) from the service manager cannot be used: {error}");
                }
            }
        }
        Self(sockets)
    }

    /// Takes the first socket with this address or, for `systemd:NAME`, this name.
    pub(super) fn take(&mut self, wanted: &Address) -> io::Result<Option<Listener>> {
        let of_streams = |one: &One| !matches!(one.socket, Raw::Datagram(_));
        let Some(One { address, socket, .. }) = self.find(wanted, of_streams) else {
            return Ok(None);
        };
        let socket = match socket {
            Raw::Datagram(_) => return Ok(None),
            Raw::Tcp(tcp) => {
                tcp.set_nonblocking(true)?;
                Socket::Tcp(TcpListener::from_std(tcp)?)
            }
            Raw::Unix(unix) => {
                unix.set_nonblocking(true)?;
                Socket::Unix(UnixListener::from_std(unix)?)
            }
        };
        Ok(Some(Listener { socket, address, traffic: std::sync::Arc::default(), _file: None }))
    }

    /// Likewise for a socket of datagrams (`ListenDatagram=`).
    pub(crate) fn take_datagram(&mut self, wanted: &Address) -> Option<(Address, UnixDatagram)> {
        match self.find(wanted, |one| matches!(one.socket, Raw::Datagram(_)))? {
            One { address, socket: Raw::Datagram(socket), .. } => Some((address, socket)),
            One { .. } => None,
        }
    }

    fn find(&mut self, wanted: &Address, kind: impl Fn(&One) -> bool) -> Option<One> {
        let fits = |one: &One| match wanted {
            Address::Handed(name) => one.name == *name,
            address => one.address == *address,
        };
        let at = self.0.iter().position(|one| kind(one) && fits(one))?;
        Some(self.0.remove(at))
    }

    /// Name and address of each socket that nobody asked for: connections to it would wait for ever, so this is worth a warning.
    #[must_use]
    pub fn left_over(&self) -> Vec<String> {
        self.0.iter().map(|one| format!("{} ({})", one.address, one.name)).collect()
    }

    pub(crate) fn describe(&self) -> String {
        if self.0.is_empty() { "none".into() } else { self.left_over().join(", ") }
    }
}

/// The socket of this number, whatever its kind; `None`: it has been taken.
fn one_of_any_kind(fds: &mut ListenFd, index: usize) -> io::Result<Option<(Address, Raw)>> {
    // A socket of another kind is an error, and left in its place for the next attempt.
    if let Ok(tcp) = fds.take_tcp_listener(index) {
        return tcp.map(|tcp| Ok((Address::Tcp(tcp.local_addr()?), Raw::Tcp(tcp)))).transpose();
    }
    if let Ok(unix) = fds.take_unix_listener(index) {
        return unix.map(|unix| Ok((unix_address(&unix.local_addr()?)?, Raw::Unix(unix)))).transpose();
    }
    let datagrams = fds.take_unix_datagram(index)?;
    datagrams.map(|socket| Ok((unix_address(&socket.local_addr()?)?, Raw::Datagram(socket)))).transpose()
}

fn unix_address(at: &SocketAddr) -> io::Result<Address> {
    at.as_pathname()
        .map(|path| Address::Unix(path.into()))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the unix socket has no path"))
}
