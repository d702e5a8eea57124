//! The tests of the wire forms: the RFC's vectors, our decisions, properties, and the fuzzers' corpora.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

mod dane;
mod datagrams;
mod decisions;
mod dkim;
mod emitted;
mod frames;
mod gzip;
mod json;
mod lines;
mod log;
mod mail;
mod names;
mod properties;
mod replay;
#[allow(unreachable_pub, missing_docs, reason = "the fuzz crate's own source, public there")]
#[path = "../../../../fuzz/src/lib.rs"]
mod replay_entry;
mod report_properties;
mod reports;
mod smtp;
mod tls;
mod tlsrpt;
mod vectors;

use strictmx_proto::{name::Domain, sts::Policy};

/// A name that must be one.
fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

/// A policy that must be one.
fn policy(text: &str) -> Policy {
    Policy::parse(text.as_bytes()).unwrap().policy
}
