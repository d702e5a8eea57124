//! Sockets that the service manager opened for us (`sd_listen_fds(3)`).
use std::env;
use std::io;
use std::os::unix::net::UnixListener as StdUnix;

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
            let socket = match (fds.take_tcp_listener(index), fds.take_unix_listener(index)) {
                (Ok(Some(tcp)), _) => tcp.local_addr().map(|at| (Address::Tcp(at), Raw::Tcp(tcp))),
                (_, Ok(Some(unix))) => unix_address(&unix).map(|at| (at, Raw::Unix(unix))),
                (Err(error), _) | (_, Err(error)) => Err(error),
                (Ok(None), Ok(None)) => continue,
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
        let fits = |one: &One| match wanted {
            Address::Handed(name) => one.name == *name,
            address => one.address == *address,
        };
        let Some(at) = self.0.iter().position(fits) else {
            return Ok(None);
        };
        let One { address, socket, .. } = self.0.remove(at);
        let socket = match socket {
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

    /// Name and address of each socket that nobody asked for: connections to it would wait for ever, so this is worth a warning.
    #[must_use]
    pub fn left_over(&self) -> Vec<String> {
        self.0.iter().map(|one| format!("{} ({})", one.address, one.name)).collect()
    }

    pub(super) fn describe(&self) -> String {
        if self.0.is_empty() { "none".into() } else { self.left_over().join(", ") }
    }
}

fn unix_address(socket: &StdUnix) -> io::Result<Address> {
    let at = socket.local_addr()?;
    at.as_pathname()
        .map(|path| Address::Unix(path.into()))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the unix socket has no path"))
}
