//! Mail as we write it, and as much of it as we must read (RFC 5322, RFC 2045, RFC 6376).
//!
//! What goes into a header field comes in types that cannot hold a line end, so a field cannot be smuggled into a message by
//! anything a stranger publishes.
//!
//! - [`address`]: mail addresses that need no quoting
//! - [`header`]: header fields, written folded, read bounded
//! - [`mime`]: parts and their encodings
//! - [`bounce`]: which mail of ours could not be delivered
//! - [`dkim`]: signatures, and the record that publishes a key
pub mod address;
pub mod bounce;
pub mod dkim;
pub mod header;
pub mod mime;

pub use address::{Address, AddressError};
pub use header::{Field, FieldError, Message};
