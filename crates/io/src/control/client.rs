//! The command's side.
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::{MAX_LINE, MAX_REQUEST};

/// Lines that [`call`] takes at most.
const MAX_LINES: usize = 10_000;

/// Why the daemon could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection.
    #[error("cannot reach the daemon at {}: {source}{}", .path.display(), hint(.source))]
    Connect {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The request is over the limit.
    #[error("the request to the daemon is longer than {MAX_REQUEST} octets; ask for fewer things at once")]
    TooLong,
    /// The conversation broke.
    #[error("the conversation with the daemon at {} broke off: {source}; see the daemon's log", .path.display())]
    Broken {
        /// The socket.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// What came is no reply.
    #[error("what answers at {} is not strictmx, or not this version: {detail}", .path.display())]
    NoReply {
        /// The socket.
        path: PathBuf,
        /// What is wrong with the reply.
        detail: String,
    },
}

impl Error {
    /// Whether no daemon is there at all, rather than one that cannot be spoken with.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        let nobody =
            |source: &io::Error| matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused);
        matches!(self, Self::Connect { source, .. } if nobody(source))
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            "; is `strictmx serve` running, and with this [control] socket?"
        }
        io::ErrorKind::PermissionDenied => "; run this as root or as the user the daemon runs as",
        _ => "",
    }
}

/// Asks the daemon and collects the whole reply. For long ones use [`call_each`].
///
/// # Errors
/// When the daemon cannot be reached, or the reply is not whole.
pub async fn call(path: &Path, request: &Value) -> Result<Vec<Value>, Error> {
    let mut replies = Vec::new();
    call_each(path, request, |value| {
        if replies.len() < MAX_LINES {
            replies.push(value);
        }
    })
    .await?;
    Ok(replies)
}

/// Asks the daemon and hands over each line of the reply as it comes.
///
/// # Errors
/// When the daemon cannot be reached, or the reply is not whole; what was handed over before that is then a part of it.
pub async fn call_each(path: &Path, request: &Value, mut each: impl FnMut(Value)) -> Result<(), Error> {
    let broken = |source| Error::Broken { path: path.into(), source };
    let strange = |detail: String| Error::NoReply { path: path.into(), detail };
    let mut line = request.to_string();
    if line.len() >= MAX_REQUEST {
        return Err(Error::TooLong);
    }
    line.push('\n');
    let mut stream = UnixStream::connect(path).await.map_err(|source| Error::Connect { path: path.into(), source })?;
    stream.write_all(line.as_bytes()).await.map_err(broken)?;
    let mut from = BufReader::new(stream);
    let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    loop {
        let mut line = Vec::new();
        (&mut from).take(most).read_until(b'\n', &mut line).await.map_err(broken)?;
        match line.as_slice() {
            b"\n" => return Ok(()),
            [.., b'\n'] => {}
            [] => return Err(broken(io::ErrorKind::UnexpectedEof.into())),
            _ if line.len() >= MAX_LINE => {
                return Err(strange("a line of the reply is too long".into()));
            }
            _ => return Err(broken(io::ErrorKind::UnexpectedEof.into())),
        }
        each(serde_json::from_slice(&line).map_err(|error| strange(error.to_string()))?);
    }
}
