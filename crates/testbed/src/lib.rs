//! Development only: what the tests of strictmx talk to.
//!
//! Two halves. The first is programmable and needs nothing but loopback:
//!
//! * [`pki`]: an own certificate authority that also issues every kind of bad certificate,
//! * [`dns`]: a DNS server that answers per name and type, and can lie, stall or break off,
//! * [`https`]: policy hosts, told apart by SNI,
//! * [`smtp`]: mail hosts with chosen faults, that keep what they took,
//! * [`datagrams`]: what libtlsrpt and real Postfix have sent to a collector,
//! * [`socketmap`]: the client half of Postfix's look-up protocol,
//! * [`proc`]: the built `strictmx` binary, started, signalled, killed.
//!
//! The second, [`lab`], runs the real neighbours (knot, unbound, Postfix, sendmail). It needs root and a
//! network namespace of its own; `cargo xtask test` makes one.
//!
//! Every server runs on one runtime owned by this crate, so `start` may be called from a plain test as well
//! as from an asynchronous one, and a server lives until its value is dropped. Nothing here is careful about
//! errors: a failure in a test tool is a failed test, said at the place where it happened.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    reason = "test tools: a failure here is a failed test, and the house rules bind production code"
)]

pub mod by_hand;
pub mod datagrams;
pub mod dns;
pub mod https;
pub mod lab;
pub mod pki;
pub mod proc;
pub mod smtp;
pub mod socketmap;

mod rt;
