//! The control socket: our own commands ask the running daemon over a unix socket.
//!
//! One connection, one exchange: the request is one line of JSON, at most [`MAX_REQUEST`] octets; the reply is any number of
//! lines of JSON, at most [`MAX_LINE`] octets each, and then an empty line, without which the reply is not whole. Who may
//! connect is a matter of the socket's mode.
mod client;
mod server;

pub use client::{Error, call, call_each};
pub use server::{Gone, Handler, Limits, Replies, serve};

/// Longest request line, octets.
pub const MAX_REQUEST: usize = 64 * 1024;
/// Longest line of a reply, octets.
pub const MAX_LINE: usize = 1024 * 1024;
