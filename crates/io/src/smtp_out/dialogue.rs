//! Commands out, replies in, within limits of time and size.
use std::time::Duration;

use strictmx_proto::smtp::Reply;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use crate::smtp_wire::Wire;

/// An SMTP conversation on one stream.
#[derive(Debug)]
pub(super) struct Dialogue<S> {
    wire: Wire<S>,
    per_reply: Duration,
    deadline: Instant,
    standing: Standing,
}

/// Whether both sides still know whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    /// A reply did not come, or was none.
    Lost,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    /// A conversation in which no reply takes longer than `per_reply`, and nothing goes on past `deadline`.
    pub(super) fn new(stream: S, per_reply: Duration, deadline: Instant) -> Self {
        Self { wire: Wire::new(stream), per_reply, deadline, standing: Standing::Good }
    }

    /// Sends one command (without line end) and awaits its reply. An error is a sentence for people.
    pub(super) async fn command(&mut self, line: &str) -> Result<Reply, String> {
        let verb = line.split(' ').next().unwrap_or_default();
        self.send(line).await?;
        self.reply(verb).await
    }

    /// Awaits a reply; `to` is what it answers.
    pub(super) async fn reply(&mut self, to: &str) -> Result<Reply, String> {
        let until = self.until(self.per_reply);
        self.standing = Standing::Lost;
        match timeout_at(until, self.wire.reply()).await {
            Ok(Ok(reply)) => {
                self.standing = Standing::Good;
                Ok(reply)
            }
            Ok(Err(error)) => Err(format!("no reply to {to}: {error}")),
            Err(_) => Err(format!("no reply to {to} in time")),
        }
    }

    /// Takes leave, for politeness' sake: whatever comes back changes nothing. Nobody is waited for who has lost the thread.
    pub(super) async fn quit(&mut self, patience: Duration) {
        self.per_reply = patience;
        let left = match self.standing {
            Standing::Good => self.command("QUIT").await.map(|_| ()),
            Standing::Lost => self.send("QUIT").await,
        };
        if let Err(detail) = left {
            tracing::trace!(detail, "left without a farewell");
        }
    }

    async fn send(&mut self, line: &str) -> Result<(), String> {
        let octets = [line.as_bytes(), b"\r\n"].concat();
        let verb = line.split(' ').next().unwrap_or_default();
        let until = self.until(self.per_reply);
        match timeout_at(until, self.wire.stream.write_all(&octets)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("the connection broke at {verb}: {error}")),
            Err(_) => Err(format!("the host took no data at {verb} in time")),
        }
    }

    /// The stream, unless octets have come behind the last reply: those were not sent by who holds the keys (R3207-4-3).
    pub(super) fn into_stream(self) -> Option<S> {
        self.wire.into_stream()
    }

    fn until(&self, patience: Duration) -> Instant {
        self.deadline.min(Instant::now() + patience)
    }
}
