//! Addresses to listen on, as the configuration writes them.
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// `127.0.0.1:8461`, `[::1]:8461`.
    Tcp(SocketAddr),
    /// `unix:/run/strictmx/policyd.sock`.
    Unix(PathBuf),
    /// `systemd:policyd`: a socket handed over under that name (`FileDescriptorName=`).
    Handed(String),
}

/// Why a text is no address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No form we know.
    #[error(
        "`{0}` is no address to listen on; write IP:PORT (such as 127.0.0.1:8461 or [::1]:8461), unix:/PATH or systemd:NAME"
    )]
    Unknown(String),
    /// The path of a unix socket is relative.
    #[error(
        "`{0}` names a unix socket by a relative path; write it from the root, such as unix:/run/strictmx/policyd.sock"
    )]
    Relative(String),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            return if path.is_absolute() { Ok(Self::Unix(path)) } else { Err(AddressError::Relative(text.into())) };
        }
        match text.strip_prefix("systemd:") {
            Some(name) if !name.is_empty() => Ok(Self::Handed(name.into())),
            Some(_) => Err(AddressError::Unknown(text.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| AddressError::Unknown(text.into())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Handed(name) => write!(f, "systemd:{name}"),
        }
    }
}

/// Who may connect to a unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Permission bits, such as `0o660`; connecting takes write permission.
    pub mode: u32,
    /// User name or number; `None` leaves the user we run as.
    pub owner: Option<String>,
    /// Group name or number; `None` leaves the group we run as.
    pub group: Option<String>,
}

impl Access {
    /// This mode, our own user and group.
    #[must_use]
    pub const fn mode(mode: u32) -> Self {
        Self { mode, owner: None, group: None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_form_reads_back_as_it_is_shown() {
        for text in ["127.0.0.1:8461", "[::1]:8461", "[::]:443", "unix:/run/strictmx/policyd.sock", "systemd:policyd"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for text in ["", "localhost:25", "127.0.0.1", "systemd:", "inet:1.2.3.4:5", ":8461"] {
            assert!(text.parse::<Address>().unwrap_err().to_string().contains("127.0.0.1:8461"), "{text}");
        }
        assert!(matches!("unix:run/x.sock".parse::<Address>(), Err(AddressError::Relative(_))));
        assert!(matches!("unix:".parse::<Address>(), Err(AddressError::Relative(_))));
    }
}
