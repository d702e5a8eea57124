//! Commands out, replies in, within limits of time and size.
use std::io;
use std::time::Duration;

use strictmx_proto::smtp::reply::Progress;
use strictmx_proto::smtp::{Reader, Reply};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

/// Octets read at a time.
const CHUNK: usize = 2048;
/// Octets of a message handed over at a time, each within the time for one reply.
const PIECE: usize = 64 * 1024;

/// A stream in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// An SMTP conversation, in the clear or inside TLS.
pub(super) struct Talk {
    stream: Box<dyn Stream>,
    reader: Reader,
    /// Octets that came behind the last reply.
    pending: Vec<u8>,
    patience: Duration,
}

impl Talk {
    /// A conversation in which nothing takes longer than `patience`, unless said otherwise.
    pub(super) fn new(stream: impl Stream + 'static, patience: Duration) -> Self {
        Self { stream: Box::new(stream), reader: Reader::new(), pending: Vec::new(), patience }
    }

    /// Sends one command (without line end) and awaits its reply; `name` stands for it in errors, which must never show an
    /// argument of AUTH. An error is a sentence for people.
    pub(super) async fn command(&mut self, name: &str, line: &str) -> Result<Reply, String> {
        self.send(name, format!("{line}\r\n").as_bytes()).await?;
        self.reply(name, self.patience).await
    }

    /// Awaits a reply for at most `patience`; `to` is what it answers.
    pub(super) async fn reply(&mut self, to: &str, patience: Duration) -> Result<Reply, String> {
        match timeout(patience, self.read_reply()).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => Err(format!("no reply to {to}: {error}")),
            Err(_) => Err(format!("no reply to {to} within {} s", patience.as_secs())),
        }
    }

    /// Sends octets, piece by piece.
    pub(super) async fn send(&mut self, name: &str, octets: &[u8]) -> Result<(), String> {
        for piece in octets.chunks(PIECE) {
            let written = async {
                self.stream.write_all(piece).await?;
                self.stream.flush().await
            };
            match timeout(self.patience, written).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(format!("the connection broke at {name}: {error}")),
                Err(_) => return Err(format!("the server took no data at {name} for {} s", self.patience.as_secs())),
            }
        }
        Ok(())
    }

    /// Takes leave, for politeness' sake: whatever comes back changes nothing.
    pub(super) async fn quit(mut self, patience: Duration) {
        self.patience = self.patience.min(patience);
        if let Err(detail) = self.command("QUIT", "QUIT").await {
            tracing::trace!(detail, "left without a farewell");
        }
    }

    /// The stream, unless octets have come behind the last reply: those were not sent by who holds the keys (R3207-4-3).
    pub(super) fn into_stream(self) -> Option<Box<dyn Stream>> {
        (self.pending.is_empty() && !self.reader.is_midway()).then_some(self.stream)
    }

    async fn read_reply(&mut self) -> io::Result<Reply> {
        loop {
            let octets = std::mem::take(&mut self.pending);
            match self.reader.feed(&octets).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))? {
                Progress::NeedMore => {}
                Progress::Done { reply, used } => {
                    self.pending.extend(octets.into_iter().skip(used));
                    return Ok(reply);
                }
            }
            self.pending.reserve(CHUNK);
            if self.stream.read_buf(&mut self.pending).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
        }
    }
}
