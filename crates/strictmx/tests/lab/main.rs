//! strictmx between real neighbours: knot and unbound for names, Postfix 3.10, Postfix 3.7 and sendmail for mail.
//!
//! Every test is ignored unless asked for: they need root and namespaces of their own. `cargo xtask test` gives them
//! both. A test has domains of its own below `secure.test` or `insecure.test`, so all may run at the same time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod check;
mod collector;
mod daemon;
mod dane;
mod explain;
mod faults;
mod modes;
mod monitor;
mod other_mtas;
mod report_https;
mod reports;
mod resolvers;
mod restarts;
mod world;
