//! TLS reports out (RFC 8460 §4, §5): counting by UTC day, composing, and when and how often to send.
//!
//! - [`day`]: UTC days · [`count`]: what is counted, and the counts of one domain and day
pub mod count;
pub mod day;

pub use count::{Bounds, Counts, Detail, DomainDay, Outcome, PolicyDay, PolicyKey, PolicyType, Scope, Tally};
pub use day::Day;
