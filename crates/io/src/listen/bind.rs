//! Opening a listening socket.
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{Group, User};
use socket2::{Domain, Protocol, SockAddr, Type};
use tokio::net::{TcpListener, UnixListener};

use super::{Access, Address, Handed, Listener, Socket};

/// Connections the kernel may hold ready for us; it cuts this to its own limit (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// Why a socket could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused.
    #[error("cannot listen on {address}: {source}{}", hint(source))]
    Io {
        /// Where to.
        address: Address,
        /// What the system said.
        source: io::Error,
    },
    /// A process answers on this unix socket.
    #[error("cannot listen on {0}: another process already answers there; stop it, or choose another path")]
    Taken(Address),
    /// Something that is no socket lies at the path.
    #[error(
        "cannot listen on {0}: the path holds something that is no socket, and it is left alone; move it away or choose another path"
    )]
    NotASocket(Address),
    /// A socket that nobody answers on belongs to somebody else.
    #[error(
        "cannot listen on {0}: a socket that nobody reads lies there, but it belongs to another user, and it is left alone; remove it \
         or choose another path"
    )]
    Foreign(Address),
    /// The socket's owner or group does not exist.
    #[error("cannot give {address} to the {what} `{name}`: there is none of that name on this system")]
    Nobody {
        /// The socket.
        address: Address,
        /// `user` or `group`.
        what: &'static str,
        /// The name asked for.
        name: String,
    },
    /// No socket of that name was handed over.
    #[error(
        "systemd handed over no socket named `{name}` (it handed over: {handed}); set FileDescriptorName={name} in the socket unit"
    )]
    NotHanded {
        /// The name asked for.
        name: String,
        /// What there was.
        handed: String,
    },
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; stop the program that listens there, or choose another port",
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need CAP_NET_BIND_SERVICE, a unix socket needs write permission on its directory"
        }
        io::ErrorKind::AddrNotAvailable => "; no interface of this machine has that address",
        io::ErrorKind::NotFound => "; create its directory first (systemd does so with RuntimeDirectory=)",
        io::ErrorKind::InvalidInput => "; the path of a unix socket may have at most 107 octets",
        _ => "",
    }
}

/// Opens the socket, or takes it from those systemd handed over when one of them has this address or name. `access` counts for
/// unix sockets that are made here; the mode of a handed one is systemd's business. Needs a running runtime.
///
/// # Errors
/// Each says what to do about it.
pub fn bind(address: &Address, access: &Access, handed: &mut Handed) -> Result<Listener, Error> {
    let io = |source| Error::Io { address: address.clone(), source };
    if let Some(listener) = handed.take(address).map_err(io)? {
        return Ok(listener);
    }
    match address {
        Address::Tcp(to) => tcp(*to).map_err(io),
        Address::Unix(path) => unix(path, address, access),
        Address::Handed(name) => Err(Error::NotHanded { name: name.clone(), handed: handed.describe() }),
    }
}

fn tcp(to: SocketAddr) -> io::Result<Listener> {
    let socket = socket2::Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // A restart must not wait for old connections in TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.bind(&to.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let address = Address::Tcp(listener.local_addr()?);
    Ok(Listener { socket: Socket::Tcp(listener), traffic: std::sync::Arc::default(), address, _file: None })
}

fn unix(path: &Path, address: &Address, access: &Access) -> Result<Listener, Error> {
    let io = |source| Error::Io { address: address.clone(), source };
    // Names are looked up before anything changes on the disk.
    let owner = Owner::find(address, access)?;
    make_room(path, address)?;
    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).map_err(io)?;
    socket.set_nonblocking(true).map_err(io)?;
    socket.bind(&SockAddr::unix(path).map_err(io)?).map_err(io)?;
    let file = SocketFile::of(path).map_err(io)?;
    // Until `listen` nobody can connect, so there is no moment with the wrong mode or owner.
    fs::set_permissions(path, fs::Permissions::from_mode(access.mode & 0o7777)).map_err(io)?;
    if owner.user.is_some() || owner.group.is_some() {
        chown(path, owner.user, owner.group).map_err(io)?;
    }
    socket.listen(BACKLOG).map_err(io)?;
    let listener = UnixListener::from_std(socket.into()).map_err(io)?;
    Ok(Listener {
        socket: Socket::Unix(listener),
        traffic: std::sync::Arc::default(),
        address: address.clone(),
        _file: Some(file),
    })
}

/// Removes a socket that nobody answers on.
fn make_room(path: &Path, address: &Address) -> Result<(), Error> {
    let io = |source| Error::Io { address: address.clone(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(error)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(Error::NotASocket(address.clone()));
        }
        Ok(_) => {}
    }
    let caller = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).map_err(io)?;
    // Not blocking: a living server with a full backlog would make us wait.
    caller.set_nonblocking(true).map_err(io)?;
    match caller.connect(&SockAddr::unix(path).map_err(io)?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(io),
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(io(error)),
        Ok(()) | Err(_) => Err(Error::Taken(address.clone())),
    }
}

/// Whom a socket is to belong to, as numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
}

impl Owner {
    /// Looks the names up.
    pub(crate) fn find(address: &Address, access: &Access) -> Result<Self, Error> {
        let find = |name: &Option<String>, what, look: fn(&str) -> Option<u32>| {
            name.as_deref().map(|name| look(name).ok_or_else(|| nobody(address, what, name))).transpose()
        };
        Ok(Self { user: find(&access.owner, "user", user)?, group: find(&access.group, "group", group)? })
    }
}

fn nobody(address: &Address, what: &'static str, name: &str) -> Error {
    Error::Nobody { address: address.clone(), what, name: name.into() }
}

fn user(name: &str) -> Option<u32> {
    name.parse().ok().or_else(|| Some(User::from_name(name).ok()??.uid.as_raw()))
}

fn group(name: &str) -> Option<u32> {
    name.parse().ok().or_else(|| Some(Group::from_name(name).ok()??.gid.as_raw()))
}

/// A unix socket that we made, removed in the end unless another has taken its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    /// The file that was made just now.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.into(), identity: identity(path)? })
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.identity)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::debug!("the socket {} could not be removed: {error}", self.path.display());
        }
    }
}
