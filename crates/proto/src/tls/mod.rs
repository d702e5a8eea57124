//! The first words of SSL and TLS: a client's hello, and what a server answers to it before anything is encrypted.
//!
//! This is for asking a server what it takes, including what no TLS library of today would speak. Nothing here agrees on keys, and
//! no handshake comes to its end: the client hears the server's half, takes leave and closes.
//!
//! - [`hello`]: the hellos of SSL 3.0 (RFC 6101 §5.6.1.2), TLS 1.0 and 1.1, and TLS 1.2 (RFC 5246 §7.4.1.2)
//! - [`Weakness`]: which kinds of cipher suites a server should not take
//! - [`Reader`]: records, alerts and handshake messages up to ServerHelloDone (RFC 5246 §6.2.1, §7.2, §7.3)
//! - [`ssl2`]: the hello of SSL 2.0 and its answer
mod alert;
mod answer;
mod cipher;
mod cursor;
pub mod hello;
pub mod ssl2;
mod weakness;

use alloc::{format, string::String};

pub use alert::{farewell, name as alert_name};
pub use answer::{Answer, AnswerError, MAX_ANSWER, Progress, Reader};
pub use cipher::name as cipher_name;
pub use weakness::Weakness;

/// SSL 3.0 on the wire.
pub const SSL3: u16 = 0x0300;
/// TLS 1.0 on the wire.
pub const TLS10: u16 = 0x0301;
/// TLS 1.1 on the wire.
pub const TLS11: u16 = 0x0302;
/// TLS 1.2 on the wire.
const TLS12: u16 = 0x0303;

/// What a protocol version is called: `SSLv3`, `TLSv1`, `TLSv1.1`, `TLSv1.2`, `TLSv1.3`; its number where it has no name.
#[must_use]
pub fn version_name(version: u16) -> String {
    let name = match version {
        SSL3 => "SSLv3",
        TLS10 => "TLSv1",
        TLS11 => "TLSv1.1",
        TLS12 => "TLSv1.2",
        0x0304 => "TLSv1.3",
        other => return format!("0x{other:04x}"),
    };
    String::from(name)
}
