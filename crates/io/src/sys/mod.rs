//! The process and its surroundings: signals, the service manager, limits, who may read files.
mod files;
mod limits;
mod service;
mod signals;

pub use files::{Readers, readers};
pub use limits::{datagram_queue, raise_open_files};
pub use service::{Service, Watchdog};
pub use signals::{Signal, Signals};

/// This machine's host name as the kernel has it, or `localhost` where that is no text.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_str().map_or_else(|_| "localhost".to_owned(), str::to_owned)
}
