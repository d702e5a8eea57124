//! The other end: telling a collector of a session, for programs that are no mail server.
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one datagram may wait for a place in the queue. A mail server would not wait at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends datagrams to one socket.
#[derive(Debug)]
pub struct Sender {
    socket: UnixDatagram,
    path: PathBuf,
}

/// Why nothing could be sent.
#[derive(Debug, thiserror::Error)]
#[error("cannot tell the collector at {}: {source}{}", .path.display(), hint(.source))]
pub struct SendError {
    /// The socket.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            "; is `strictmx serve` running, and with this [collector] socket?"
        }
        io::ErrorKind::PermissionDenied => "; [collector] mode, owner and group say who may write to it",
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "; its queue has been full for ten seconds",
        _ => "",
    }
}

impl Sender {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens, or we may not write.
    pub fn connect(path: &Path) -> Result<Self, SendError> {
        let failed = |source| SendError { path: path.into(), source };
        let socket = UnixDatagram::unbound().map_err(failed)?;
        socket.connect(path).map_err(failed)?;
        socket.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
        Ok(Self { socket, path: path.into() })
    }

    /// Sends one, and waits for a place in the queue where it is full. Blocks.
    ///
    /// # Errors
    /// When it cannot be sent; it may be tried again.
    pub fn send(&self, datagram: &[u8]) -> Result<(), SendError> {
        self.socket.send(datagram).map(drop).map_err(|source| SendError { path: self.path.clone(), source })
    }
}
