//! The daemon's side.
use std::future::Future;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, BufWriter, ReadHalf, WriteHalf, split,
};
use tokio::time::timeout;

use super::{MAX_LINE, MAX_REQUEST};
use crate::listen::{Listener, Stream, serve_each};
use crate::task::Tasks;

/// Bounds of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at a time.
    pub connections: usize,
    /// The request must have come within this long, and each line of the reply must be taken within it.
    pub io_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 32, io_timeout: Duration::from_secs(30) }
    }
}

/// Carries out commands. One clone serves each connection.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Carries out one command. Lines that cannot be delivered any more are no reason to leave it half done.
    fn handle(&self, request: Value, replies: &mut Replies) -> impl Future<Output = Result<(), Gone>> + Send;
}

/// The peer left, or does not read: there is nobody to reply to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the peer of the control socket has gone")]
pub struct Gone;

/// Takes the lines of a reply.
#[derive(Debug)]
pub struct Replies {
    to: BufWriter<WriteHalf<Stream>>,
    io_timeout: Duration,
}

impl Replies {
    /// Sends one line. A value that would be longer than a line may be is replaced by an error that says so.
    ///
    /// # Errors
    /// When the peer has gone or takes nothing.
    pub async fn send(&mut self, value: &Value) -> Result<(), Gone> {
        let mut line = value.to_string();
        if line.len() >= MAX_LINE {
            line = json!({ "error": "a line of the reply is too long to be sent" }).to_string();
        }
        line.push('\n');
        self.write(line.as_bytes()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        timeout(self.io_timeout, self.to.write_all(bytes)).await.map_err(|_| Gone)?.map_err(|_| Gone)
    }

    async fn finish(mut self) -> Result<(), Gone> {
        self.write(b"\n").await?;
        timeout(self.io_timeout, self.to.flush()).await.map_err(|_| Gone)?.map_err(|_| Gone)
    }
}

/// Serves until the group is asked to stop; commands under way are then finished.
pub async fn serve<H: Handler>(listener: Listener, limits: Limits, handler: H, tasks: &Tasks) {
    serve_each(listener, limits.connections, tasks, "control", move |stream| {
        let handler = handler.clone();
        async move {
            if let Err(Gone) = converse(stream, limits, handler).await {
                tracing::debug!("control: the peer left before its reply was whole");
            }
        }
    })
    .await;
}

async fn converse<H: Handler>(stream: Stream, limits: Limits, handler: H) -> Result<(), Gone> {
    let (from, to) = split(stream);
    let mut replies = Replies { to: BufWriter::new(to), io_timeout: limits.io_timeout };
    match timeout(limits.io_timeout, request(from)).await {
        Err(_) => return Ok(()),
        Ok(Ok(request)) => handler.handle(request, &mut replies).await?,
        Ok(Err(why)) => replies.send(&json!({ "error": why })).await?,
    }
    replies.finish().await
}

/// Reads the request line; `Err` says what is wrong with it.
async fn request(from: ReadHalf<Stream>) -> Result<Value, String> {
    let mut line = Vec::new();
    let most = u64::try_from(MAX_REQUEST).unwrap_or(u64::MAX).saturating_add(1);
    BufReader::new(from.take(most)).read_until(b'\n', &mut line).await.map_err(|error| error.to_string())?;
    if line.len() > MAX_REQUEST {
        return Err(format!("the request is longer than {MAX_REQUEST} octets"));
    }
    serde_json::from_slice(&line).map_err(|error| format!("the request is not one line of JSON: {error}"))
}
