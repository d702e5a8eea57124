//! Floor 1 of strictmx: the decisions. Facts go in, verdicts come out; every function is total.
//!
//! No I/O, no clock, no randomness, no logging: time is an argument ([`time::Timestamp`]), chance is a seed. A wrong
//! decision is therefore a unit test or a scenario file (`spec/scenarios/`) away from being caught for good.
//!
//! - [`fact`]: what was seen outside, as adapters report it
//! - [`lookup`]: a domain's MTA-STS policy, as states that each take exactly the observation they await
//! - [`refresh`]: which known policies are asked again, and when
//! - [`dane`]: whether DANE applies to an MX host, likewise as states
//! - [`route`]: MX hosts × DANE × policy, a reason for each one dropped
//! - [`tls`]: the plan: which TLS level a next hop demands, and why
//! - [`profile`]: the plan in the words of one kind of mail server
//! - [`nexthop`]: the keys that mail servers ask with
//! - [`tally`]: the one map from facts to RFC 8460 result types
//! - [`report`]: TLS reports out: counting by day, composing, when to send
//! - [`trust`]: whether the resolver's word on DNSSEC counts
//! - [`check`]: everything seen of a domain, judged for its owner: the findings of `strictmx check`
#![no_std]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic,
        clippy::too_many_lines,
        reason = "tests"
    )
)]
extern crate alloc;

mod as_text;
pub mod check;
pub mod dane;
pub mod fact;
#[cfg(test)]
mod fixture;
pub mod lookup;
pub mod nexthop;
pub mod profile;
pub mod refresh;
pub mod report;
pub mod route;
pub mod tally;
pub mod time;
pub mod tls;
pub mod trust;
