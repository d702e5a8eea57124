//! The adapters that ask: DNS, TLS, policy fetch, STARTTLS probe, against servers on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests"
)]

mod dns_answers;
mod dns_hostile;
mod dns_servers;
mod dns_zone;
mod fetch_hostile;
mod fetch_policy;
mod post;
mod smtp_hello;
mod smtp_probe;
mod smtp_session;
mod submit;
mod support;
mod tls_client;
mod visit;
