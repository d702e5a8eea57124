//! JSON (RFC 8259), as much of it as TLS reports and libtlsrpt's datagrams need: a bounded pull reader that takes no tree apart
//! and builds none, and the writer of strings.
//!
//! A tree of values would cost more than the whole datagram does, and it would hide what a report's reader has to know: that a
//! member came twice, or that a string was no Unicode. So the caller walks the text once, and says at each value what it may be.
//!
//! The reader is lenient where real senders are sloppy (octets that are no UTF-8, lone surrogates, raw control characters), and
//! remembers that it was; [`Reader::sloppy`] tells.
mod error;
mod number;
mod reader;
mod string;
mod swar;
mod writer;

pub use error::{Fault, JsonError, Kind, MAX_DEPTH};
pub use number::Number;
pub use reader::{Reader, Sloppy};
pub use writer::push_string;
