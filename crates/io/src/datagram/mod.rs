//! The socket that mail servers tell of their TLS sessions through libtlsrpt: one datagram each, no reply, no second try.
//!
//! The kernel's queue is short (`net.unix.max_dgram_qlen`, 10 unless somebody raised it), and what does not fit is dropped by the
//! sender without a word to us. So threads of their own do nothing but empty it: no disk, no parsing, no lock that a writer could
//! hold. What they take goes on in batches over a channel that is bounded in number and octets; where that is full, datagrams are
//! dropped here, and counted.
mod batch;
mod bind;
mod drain;
mod send;

pub use batch::Batch;
pub use bind::{Socket, bind};
pub use drain::{Batches, Limits, Traffic};
pub use send::{SendError, Sender};

/// The longest datagram that is taken whole, octets. The kernel's default send buffer lets 212 960 through.
pub const MAX_LEN: usize = 256 * 1024;
