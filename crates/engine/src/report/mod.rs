//! TLS reports out (RFC 8460 §4, §5): counting by UTC day, composing, and when and how often to send.
//!
//! - [`day`]: UTC days · [`count`]: what is counted, and the counts of one domain and day
//! - [`intake`]: datagrams as counts, [`repeats`] those that come again · [`observe`]: what we see ourselves, likewise
//! - [`log`]: Postfix's log as sessions · [`loss`]: what a killed process has lost · [`health`]: whose TLS broke since the day before
//! - [`compose`]: a domain's day as a report, proven valid · [`schedule`]: when it leaves, when it is tried again
//! - [`published`]: does the published DKIM record fit
//! - [`endpoint`]: where it is posted to · [`outcome`]: what an attempt came to, which addresses are left in peace, the guard against endless reports
pub mod compose;
pub mod count;
pub mod day;
pub mod endpoint;
pub mod health;
pub mod intake;
pub mod log;
pub mod loss;
pub mod observe;
pub mod outcome;
pub mod published;
pub mod repeats;
pub mod schedule;

pub use count::{
    Bounds, Counts, Detail, DomainDay, Event, Kept, Outcome, PolicyDay, PolicyKey, PolicyType, Scope, Tally,
};
pub use day::Day;
pub use intake::{Arrivals, HostScope, Sessions};
