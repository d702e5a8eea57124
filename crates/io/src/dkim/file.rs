//! Keys in files.
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::{Key, KeyError};

/// Longest file that is read, octets: an RSA key of 16384 bits fits.
const MAX_FILE: u64 = 64 * 1024;
/// Characters of a line of PEM (RFC 7468 §2).
const LINE: usize = 64;

/// Why there is no key, or none was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// What the system said.
    #[error("the DKIM key {} cannot be {doing}: {source}", .path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What was being done with it.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is something already.
    #[error("{} is there already, and a key is never written over; choose another selector or folder, or move it away", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Not a PEM file with a private key.
    #[error("{} holds no private key in PEM; make one with `strictmx report keygen`", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// A key, but not one to sign with.
    #[error("the key in {} is of no use: {error}; make one with `strictmx report keygen`", .path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: KeyError,
    },
}

/// Reads a key from a PEM file. Blocks; meant for the start of the program and for reloads.
///
/// # Errors
/// [`KeyFileError`], nothing of the file's content in it.
pub fn load(path: &Path) -> Result<Key, KeyFileError> {
    let system = |source| KeyFileError::System { path: path.into(), doing: "read", source };
    if fs::metadata(path).map_err(system)?.len() > MAX_FILE {
        return Err(KeyFileError::NoKey { path: path.into() });
    }
    let pem = fs::read(path).map_err(system)?;
    let der = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| KeyFileError::NoKey { path: path.into() })?;
    Key::read(&der).map_err(|error| KeyFileError::Wrong { path: path.into(), error })
}

/// Writes a key into a new file that only our user may read.
///
/// # Errors
/// [`KeyFileError`]: there is a file already, or it cannot be written.
pub fn save(path: &Path, key: &Key) -> Result<(), KeyFileError> {
    let system = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.into() },
        _ => KeyFileError::System { path: path.into(), doing: "written", source },
    };
    let der = key.pkcs8().map_err(|error| KeyFileError::Wrong { path: path.into(), error })?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(system)?;
    file.write_all(pem(&der).as_bytes()).and_then(|()| file.sync_all()).map_err(system)
}

fn pem(der: &[u8]) -> String {
    let mut text = String::from("-----BEGIN PRIVATE KEY-----\n");
    for (index, c) in STANDARD.encode(der).chars().enumerate() {
        if index > 0 && index % LINE == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text.push_str("\n-----END PRIVATE KEY-----\n");
    text
}
