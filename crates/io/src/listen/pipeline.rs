//! The conversation that pipelined request–reply protocols share: requests are read as they come, replies leave in order.
//!
//! Shaped for two things at once, many requests a second and many idle connections:
//! - A request that can be answered at once is answered out of the buffer it was read into, on the stack, into a buffer that
//!   all connections of a thread share; both are free again when the reply has been written. An idle connection holds neither.
//! - A request that takes time becomes a place in a queue. Whatever is answered after it waits behind it.
//! - One timer a connection, looked at without polling it; no clock is read and no timer is set for a request.
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::watch::{State, Watch};
use super::{Listener, Stream, serve_each};
use crate::task::Tasks;

/// Octets read at a time.
const CHUNK: usize = 8 * 1024;
/// Replies waiting to be written; beyond this nothing more is read or answered until the peer takes some.
const MAX_OUT: usize = 256 * 1024;
/// Replies of one connection that wait for a slow one.
const MAX_QUEUE: usize = 64;
/// A shared buffer that grew beyond this is not kept.
const KEEP: usize = 64 * 1024;

/// Bounds of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at a time; more wait until one closes.
    pub connections: usize,
    /// A connection without a request is closed after this long, to a quarter.
    pub idle: Duration,
    /// A request must be complete, and a reply taken, within this long, to a quarter.
    pub io_timeout: Duration,
}

impl Default for Limits {
    /// 4096 connections; 102 seconds each, a little longer than Postfix's own limits, so that it is the one to hang up.
    fn default() -> Self {
        Self { connections: 4096, idle: Duration::from_secs(102), io_timeout: Duration::from_secs(102) }
    }
}

/// What the front of the input holds.
pub(crate) enum Taken {
    /// Not yet a whole request.
    NeedMore,
    /// A request of so many octets, answered: the reply has been appended.
    Now(usize),
    /// A request of so many octets; its reply comes later. Nothing has been appended.
    Later(usize, BoxFuture<'static, Vec<u8>>),
    /// No request at all. The connection cannot go on.
    Bad(String),
}

/// A protocol: how requests are told apart and answered.
pub(crate) trait Protocol: Clone + Send + Unpin + 'static {
    /// Takes one request off the front of `input`, which must be bounded: a prefix that is too long to become a request is `Bad`.
    fn take(&self, input: &[u8], out: &mut Vec<u8>) -> Taken;
}

/// Serves a protocol on a listener until the group is asked to stop.
pub(crate) async fn serve<P: Protocol + Sync>(
    listener: Listener,
    limits: Limits,
    protocol: P,
    tasks: &Tasks,
    name: &'static str,
) {
    let group = tasks.clone();
    let traffic = listener.traffic();
    serve_each(listener, limits.connections, tasks, name, move |stream| {
        let conversation = Conversation::new(stream, protocol.clone(), limits, group.clone());
        let traffic = Arc::clone(&traffic);
        async move {
            // It is counted before the connection is closed, which is when the peer hears of it.
            let mut conversation = pin!(conversation);
            match conversation.as_mut().await {
                End::Quiet => {}
                End::Bad { peer, why } => {
                    traffic.refuse();
                    tracing::debug!("{name}: closed the connection of {peer}: {why}");
                }
            }
        }
    })
    .await;
}

/// How a conversation ended.
enum End {
    /// The peer left, in whatever manner, or was quiet for too long, or we are stopping.
    Quiet,
    /// What the peer sent is not the protocol.
    Bad { peer: String, why: String },
}

/// One connection.
struct Conversation<P> {
    stream: Stream,
    protocol: P,
    /// The beginning of a request whose rest has not come, or requests there was no room to answer.
    input: Vec<u8>,
    /// Replies not yet written.
    out: Vec<u8>,
    /// Places for replies that take time and for those behind them.
    queue: Option<Box<FuturesOrdered<BoxFuture<'static, Vec<u8>>>>>,
    reading: Reading,
    /// Set while whole requests may lie in `input` for lack of room.
    crowded: bool,
    watch: Watch,
}

/// Whether the peer may still send.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Open,
    Over,
}

thread_local! {
    /// The output buffer that the connections of this thread share: whoever is polled takes it, and gives it back when
    /// everything in it has been written.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl<P: Protocol> Future for Conversation<P> {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let this = &mut *self;
        if this.out.capacity() == 0 {
            this.out = SPARE.take();
        }
        let mut end = this.poll_rounds(cx);
        if end.is_pending() && this.watch.has_expired(cx, this.state()) {
            end = Poll::Ready(End::Quiet);
        }
        if this.out.is_empty() && this.out.capacity() <= KEEP {
            SPARE.set(std::mem::take(&mut this.out));
        }
        end
    }
}

impl<P: Protocol> Conversation<P> {
    fn new(stream: Stream, protocol: P, limits: Limits, tasks: Tasks) -> Self {
        Self {
            stream,
            protocol,
            input: Vec::new(),
            out: Vec::new(),
            queue: None,
            reading: Reading::Open,
            crowded: false,
            watch: Watch::new(limits, tasks),
        }
    }

    /// Does all that can be done without waiting.
    fn poll_rounds(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            if let Err(why) = self.answer_kept() {
                return Poll::Ready(self.refuse(cx, why));
            }
            self.collect(cx);
            let was_full = self.out.len() >= MAX_OUT;
            match self.poll_write(cx) {
                Poll::Ready(Err(_)) => return Poll::Ready(End::Quiet),
                // Everything is written, so those that had to wait for room have some.
                Poll::Ready(Ok(())) if was_full || (self.crowded && self.has_room()) => continue,
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
            if self.reading == Reading::Over || self.watch.is_stopping() {
                let done = self.out.is_empty() && self.queue.is_none() && !self.crowded;
                return if done { Poll::Ready(End::Quiet) } else { Poll::Pending };
            }
            if !self.has_room() {
                return Poll::Pending;
            }
            match ready!(self.poll_read(cx)) {
                Ok(()) => {}
                Err(end) => return Poll::Ready(end),
            }
        }
    }

    /// Whether one more request may be answered.
    fn has_room(&self) -> bool {
        self.out.len() < MAX_OUT && self.queue.as_ref().is_none_or(|queue| queue.len() < MAX_QUEUE)
    }

    /// Answers what `input` holds while there is room; returns how much of it was used up.
    fn answer(&mut self, input: &[u8]) -> Result<usize, String> {
        let mut used = 0;
        self.crowded = false;
        while let Some(rest) = input.get(used..).filter(|rest| !rest.is_empty()) {
            if !self.has_room() {
                self.crowded = true;
                break;
            }
            used += match self.take(rest) {
                Taken::NeedMore => break,
                Taken::Now(octets) => octets,
                Taken::Later(octets, reply) => {
                    self.queue.get_or_insert_default().push_back(reply);
                    octets
                }
                Taken::Bad(why) => return Err(why),
            };
            self.watch.progress();
        }
        Ok(used)
    }

    /// Takes one request; an immediate reply goes to the output or, behind a slow one, to the end of the queue.
    fn take(&mut self, input: &[u8]) -> Taken {
        let Some(queue) = &mut self.queue else {
            return self.protocol.take(input, &mut self.out);
        };
        let mut reply = Vec::new();
        let taken = self.protocol.take(input, &mut reply);
        if let Taken::Now(_) = taken {
            queue.push_back(Box::pin(std::future::ready(reply)));
        }
        taken
    }

    /// Answers what was kept for lack of room.
    fn answer_kept(&mut self) -> Result<(), String> {
        if !self.crowded || !self.has_room() {
            return Ok(());
        }
        let mut input = std::mem::take(&mut self.input);
        let used = self.answer(&input)?;
        input.drain(..used);
        self.keep(input);
        Ok(())
    }

    /// Keeps unused input; an empty buffer is given up, since this connection may now be idle for long.
    fn keep(&mut self, input: Vec<u8>) {
        self.input = if input.is_empty() { Vec::new() } else { input };
    }

    /// Moves replies that have become ready to the output.
    fn collect(&mut self, cx: &mut Context<'_>) {
        while let Some(queue) = &mut self.queue
            && self.out.len() < MAX_OUT
        {
            match queue.poll_next_unpin(cx) {
                Poll::Ready(Some(reply)) => self.out.extend_from_slice(&reply),
                Poll::Ready(None) => self.queue = None,
                Poll::Pending => return,
            }
        }
    }

    /// Writes what waits to be written.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.watch.progress();
            self.out.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once and answers what came. `Ok`: something was read, or the peer has ended its side.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let mut chunk = [const { MaybeUninit::uninit() }; CHUNK];
        let mut buffer = ReadBuf::uninit(&mut chunk);
        if ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).is_err() {
            return Poll::Ready(Err(End::Quiet));
        }
        let came = buffer.filled();
        if came.is_empty() {
            self.reading = Reading::Over;
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(self.digest(came).map_err(|why| self.refuse(cx, why)))
    }

    /// Answers what came, together with what was kept, and keeps the rest.
    fn digest(&mut self, came: &[u8]) -> Result<(), String> {
        if self.input.is_empty() {
            let used = self.answer(came)?;
            let rest = came.get(used..).unwrap_or_default();
            if !rest.is_empty() {
                // The time for completing a request begins with its first octet.
                self.watch.progress();
                self.input.extend_from_slice(rest);
            }
            return Ok(());
        }
        let mut input = std::mem::take(&mut self.input);
        input.extend_from_slice(came);
        let used = self.answer(&input)?;
        input.drain(..used);
        self.keep(input);
        Ok(())
    }

    /// Ends the conversation over what the peer sent; replies to what came before are given a chance.
    fn refuse(&mut self, cx: &mut Context<'_>, why: String) -> End {
        if let Poll::Ready(Err(error)) = self.poll_write(cx) {
            tracing::trace!("the peer did not wait for its replies: {error}");
        }
        End::Bad { peer: self.stream.peer(), why }
    }

    fn state(&self) -> State {
        if !self.out.is_empty() || (!self.input.is_empty() && !self.crowded) {
            State::Midway
        } else if self.queue.is_some() {
            State::Working
        } else {
            State::Idle
        }
    }
}
