//! Listening sockets: TCP, unix sockets with mode, owner and group, and sockets that systemd hands over.
//!
//! A unix socket has its mode and owner before anybody can connect to it; one that a dead process left behind is replaced, one
//! that somebody answers on never is; ours is removed when we end. Accepting never fails and never spins: when the process runs
//! out of descriptors it waits.
mod accept;
mod address;
mod bind;
mod handed;
pub(crate) mod pipeline;
mod stream;
mod traffic;
mod watch;

pub use accept::serve_each;
pub use address::{Access, Address, AddressError};
pub use bind::{Error, bind};
pub(crate) use bind::{Owner, SocketFile};
pub use handed::Handed;
pub use pipeline::Limits;
pub use stream::Stream;
pub use traffic::Traffic;

use std::sync::Arc;

use tokio::net::{TcpListener, UnixListener};

/// A socket that takes connections. Dropping it closes it and removes the unix socket that [`bind`] made.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: Address,
    traffic: Arc<Traffic>,
    /// Held for its `Drop`.
    _file: Option<bind::SocketFile>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// Where it listens, with the port that the system chose when 0 was asked for.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Its counts, which outlive it.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }
}
