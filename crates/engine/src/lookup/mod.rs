//! A domain's MTA-STS policy (RFC 8461 §3, §5.1), as states that each take exactly the observation they await.
//!
//! Three ways in, one course: [`start`] on a query, [`recheck`] in the background (D-23, D-24), [`refresh`] ahead of expiry
//! (STS-3.3-14). The caller does what a state asks for and hands in what was seen, until [`Step::Done`]:
//!
//! ```text
//! let mut step = lookup::start(cached, now);
//! let done = loop { step = match step {
//!     Step::Txt(s)   => s.saw(txt of _mta-sts.<domain>, now),
//!     Step::Fetch(s) => s.saw(GET https://mta-sts.<domain>/.well-known/mta-sts.txt, now),
//!     Step::Done(d)  => break d,
//! }};
//! ```
//!
//! Why a state machine: a failed look-up or fetch can only reach code that holds the cached policy, and that code has no way
//! to drop it before it expires (STS-3.3-13, D-20, D-21).
mod event;
mod known;
mod steps;
#[cfg(test)]
mod tests;

pub use event::{Event, Trouble};
pub use known::{Backoff, Entry, Known, NoPolicy, TxtKnown, Verdict};
pub use steps::{AwaitFetch, AwaitTxt, Done, Recheck, Step, recheck, refresh, start};
