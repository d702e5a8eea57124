//! The domain checker: [`Observations`] in, a [`Verdict`] out. No check looks at the network.
//!
//! One family of checks is one small file, with its part of the catalogue at its top. The RFCs behind them are 8461, 8460 and
//! 7672; where senders differ, [`senders`] says who reads what.
pub mod context;
pub mod finding;
pub mod observations;

mod calendar;
mod dane;
#[cfg(test)]
pub(crate) mod fixture;
mod host;
pub mod incident;
mod lookup;
mod mx;
mod policy;
pub mod providers;
mod record;
pub mod senders;
mod shown;
mod smtp;
pub mod suggest;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod tlsrpt;
pub mod verdict;

pub use context::{Context, Intent, State};
pub use finding::{Check, Family, Finding, Findings, Severity, Side};
pub use observations::Observations;
pub use verdict::{Health, Verdict, judge};

/// Every check there is, family by family.
pub fn catalogue() -> impl Iterator<Item = &'static Check> {
    [
        record::CHECKS,
        host::CHECKS,
        policy::CHECKS,
        senders::CHECKS,
        mx::CHECKS,
        smtp::CHECKS,
        dane::CHECKS,
        tlsrpt::CHECKS,
        time::CHECKS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
