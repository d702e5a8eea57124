//! MX hosts × DANE × policy: which hosts a next hop means (RFC 5321 §5.1), what is known about them, and for each whether a
//! delivery to it would be allowed.
mod hosts;
mod known;
mod table;
#[cfg(test)]
mod tests;

pub use hosts::{Dropped, Hosts, MAX_HOSTS, MxSource, WhyDropped, configured, hosts};
pub use known::{HostSummary, RouteKnown, RouteSource, known};
pub use table::{Allowed, Cover, HostRow, cover, names_none, table};

pub use crate::dane::DaneState;
