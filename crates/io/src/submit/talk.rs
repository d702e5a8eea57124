//! Commands out, replies in, within limits of time and size.
use std::time::Duration;

use strictmx_proto::smtp::Reply;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::smtp_wire::Wire;

/// Octets of a message handed over at a time, each within the time for one reply.
const PIECE: usize = 64 * 1024;

/// A stream in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// An SMTP conversation, in the clear or inside TLS.
pub(super) struct Talk {
    wire: Wire<Box<dyn Stream>>,
    patience: Duration,
}

impl Talk {
    /// A conversation in which nothing takes longer than `patience`, unless said otherwise.
    pub(super) fn new(stream: impl Stream + 'static, patience: Duration) -> Self {
        Self { wire: Wire::new(Box::new(stream)), patience }
    }

    /// Sends one command (without line end) and awaits its reply; `name` stands for it in errors, which must never show an
    /// argument of AUTH. An error is a sentence for people.
    pub(super) async fn command(&mut self, name: &str, line: &str) -> Result<Reply, String> {
        self.send(name, format!("{line}\r\n").as_bytes()).await?;
        self.reply(name, self.patience).await
    }

    /// Awaits a reply for at most `patience`; `to` is what it answers.
    pub(super) async fn reply(&mut self, to: &str, patience: Duration) -> Result<Reply, String> {
        match timeout(patience, self.wire.reply()).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => Err(format!("no reply to {to}: {error}")),
            Err(_) => Err(format!("no reply to {to} within {} s", patience.as_secs())),
        }
    }

    /// Sends octets, piece by piece.
    pub(super) async fn send(&mut self, name: &str, octets: &[u8]) -> Result<(), String> {
        for piece in octets.chunks(PIECE) {
            let written = async {
                self.wire.stream.write_all(piece).await?;
                self.wire.stream.flush().await
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
        self.wire.into_stream()
    }
}
