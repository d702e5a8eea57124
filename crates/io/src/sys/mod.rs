//! The process and its surroundings: signals, the service manager, limits.
mod limits;
mod service;
mod signals;

pub use limits::raise_open_files;
pub use service::{Service, Watchdog};
pub use signals::{Signal, Signals};
