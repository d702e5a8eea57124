//! Floor 0 of strictmx: the wire forms of MTA-STS, TLS reporting, DANE and the mail servers' policy protocols.
//!
//! Everything here parses bytes that a stranger sent, or emits bytes that a stranger will judge. There is no I/O, no clock
//! and no randomness; every parser is total, bounded and fuzzed (`fuzz/`).
//!
//! - [`name`]: domain names as A-labels, the only form the rest of the program handles
//! - [`tags`]: the `tag=value;` scanner that both TXT records share
//! - [`sts`]: MTA-STS (RFC 8461): the TXT record, the policy, its MX patterns
//! - [`tlsrpt`]: TLS reporting (RFC 8460): the TXT record, report addresses, result types, the report and its mail
//! - [`dane`]: TLSA records (RFC 6698, RFC 7671, RFC 7672)
//! - [`smtp`]: replies and EHLO keywords, as a client reads them
//! - [`tls`]: the first words of a handshake, for asking a server what it takes
//! - [`postfix`]: socketmap, tcp_table, the grammar of a TLS policy line, and what Postfix tells of its TLS sessions
//! - [`mail`]: addresses, header fields, MIME parts, DKIM signatures
//! - [`json`], [`gzip`], [`date`]: what reports are wrapped in
#![no_std]
extern crate alloc;

pub mod dane;
pub mod date;
pub mod gzip;
pub mod json;
pub mod mail;
pub mod name;
#[cfg(feature = "serde")]
mod name_serde;
pub mod postfix;
pub mod smtp;
pub mod sts;
pub mod tags;
pub mod tls;
pub mod tlsrpt;

mod hex;
mod shown;
