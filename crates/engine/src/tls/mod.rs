//! The plan: which TLS level a next hop demands, and why (D-25 … D-31).
//!
//! A mail server takes one level for all hosts of a domain, while the RFCs speak of each host. The table in [`plan`] picks the
//! one level that breaks neither RFC 7672 nor RFC 8461 for any host and is no harder than that needs. What the RFCs want of
//! each host is [`crate::route::table`]; that no plan falls short of it is a property test here.
mod plan;
mod reason;
mod require;
#[cfg(test)]
mod tests;

pub use plan::{DaneUse, Level, PartialDane, Plan, Settings, plan};
pub use reason::{Reason, Reasons};
pub use require::{By, Require};
