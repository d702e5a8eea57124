//! What can be typed, configured and read: help pages, config errors, generated pages, log lines, metrics. Goldens lie in
//! `snapshots/`; `INSTA_UPDATE=always cargo test -p strictmx --test cli` writes them anew, and the diff is then to be read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests"
)]

// What the binary prints and ends with.
mod check;
mod generated;
mod help;
mod reporter;
mod run;

// The config: mistakes, defaults, any octets at all.
mod any_config;
mod collector;
mod config_errors;
mod config_values;

// What the daemon tells.
mod log_lines;
mod metrics;
