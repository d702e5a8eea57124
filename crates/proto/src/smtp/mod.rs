//! SMTP as a client reads it: replies, EHLO keywords (RFC 5321 §4.2, RFC 3207).
pub mod ehlo;
pub mod reply;

pub use ehlo::Ehlo;
pub use reply::{Reader, Reply, ReplyError};
