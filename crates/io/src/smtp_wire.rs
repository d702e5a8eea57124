//! The stream below an SMTP conversation: replies are read from it one by one, whatever else comes with them.
use std::io;

use strictmx_proto::smtp::reply::Progress;
use strictmx_proto::smtp::{Reader, Reply};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Octets read at a time.
const CHUNK: usize = 2048;

/// A stream, and what came behind the last reply.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    pub(crate) stream: S,
    reader: Reader,
    pending: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// A stream on which nothing was said yet.
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, reader: Reader::new(), pending: Vec::new() }
    }

    /// The next reply. There is no time limit in here; of size there is the parser's.
    pub(crate) async fn reply(&mut self) -> io::Result<Reply> {
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
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the host closed the connection"));
            }
        }
    }

    /// The stream, unless octets have come behind the last reply: those were not sent by who holds the keys (R3207-4-3).
    pub(crate) fn into_stream(self) -> Option<S> {
        (self.pending.is_empty() && !self.reader.is_midway()).then_some(self.stream)
    }
}
