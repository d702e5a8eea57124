//! Making the socket, or taking it from the service manager.
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use rustix::fs::{Mode, fchmod};

use crate::listen::{Access, Address, Error, Handed, Owner, SocketFile};

/// A socket that takes datagrams. Dropping it removes the file that [`bind`] made.
#[derive(Debug)]
pub struct Socket {
    pub(super) socket: UnixDatagram,
    pub(super) address: Address,
    /// `None`: the service manager's, whose queue outlives us.
    pub(super) file: Option<SocketFile>,
}

impl Socket {
    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }
}

/// Opens the socket, or takes it from those systemd handed over (`ListenDatagram=`) when one of them has this address or name.
/// A socket that a dead process left behind is replaced where it belongs to us or to the owner it is to have.
///
/// # Errors
/// Each says what to do about it.
pub fn bind(address: &Address, access: &Access, handed: &mut Handed) -> Result<Socket, Error> {
    let io = |source| Error::Io { address: address.clone(), source };
    if let Some((address, socket)) = handed.take_datagram(address) {
        socket.set_nonblocking(true).map_err(io)?;
        return Ok(Socket { socket, address, file: None });
    }
    match address {
        Address::Unix(path) => make(path, address, access),
        Address::Handed(name) => Err(Error::NotHanded { name: name.clone(), handed: handed.describe() }),
        Address::Tcp(_) => Err(io(io::Error::new(io::ErrorKind::InvalidInput, "datagrams come over a unix socket"))),
    }
}

fn make(path: &Path, address: &Address, access: &Access) -> Result<Socket, Error> {
    let io = |source| Error::Io { address: address.clone(), source };
    // Names are looked up before anything changes on the disk.
    let owner = Owner::find(address, access)?;
    make_room(path, address, &owner)?;
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::DGRAM, None).map_err(io)?;
    socket.set_nonblocking(true).map_err(io)?;
    // The file gets the mode of the socket: there is no moment at which more people may write to it than shall.
    fchmod(&socket, Mode::from_raw_mode(access.mode & 0o777)).map_err(|errno| io(errno.into()))?;
    socket.bind(&socket2::SockAddr::unix(path).map_err(io)?).map_err(io)?;
    let file = SocketFile::of(path).map_err(io)?;
    // Once more by its name, since the process's umask took bits away.
    fs::set_permissions(path, fs::Permissions::from_mode(access.mode & 0o777)).map_err(io)?;
    if owner.user.is_some() || owner.group.is_some() {
        chown(path, owner.user, owner.group).map_err(io)?;
    }
    Ok(Socket { socket: socket.into(), address: address.clone(), file: Some(file) })
}

/// Removes a socket of ours that nobody reads.
fn make_room(path: &Path, address: &Address, owner: &Owner) -> Result<(), Error> {
    let io = |source| Error::Io { address: address.clone(), source };
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(io)?,
    };
    if !found.file_type().is_socket() {
        return Err(Error::NotASocket(address.clone()));
    }
    let caller = UnixDatagram::unbound().map_err(io)?;
    match caller.connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        // A living one, or one of another kind (EPROTOTYPE).
        Ok(()) => return Err(Error::Taken(address.clone())),
        Err(error) => return Err(io(error)),
    }
    let us = rustix::process::geteuid().as_raw();
    if found.uid() != us && Some(found.uid()) != owner.user {
        return Err(Error::Foreign(address.clone()));
    }
    fs::remove_file(path).map_err(io)
}
