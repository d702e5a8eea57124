//! Everything of `io` that needs nothing but this machine: sockets on loopback, files in directories of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests"
)]
mod control;
mod datagram;
mod handed;
mod http;
mod listen;
mod shortage;
mod socketmap;
mod store;
mod store_counting;
mod store_file;
mod store_full;
mod store_kill;
mod store_monitor;
mod store_reports;
mod support;
mod tcp_table;
