//! MTA-STS (RFC 8461): TXT record, policy, MX patterns.
pub mod finding;
pub mod limit;
pub mod mode;
pub mod mx;
pub mod policy;
pub mod record;

pub use finding::{Finding, FindingKind, PolicyError, PolicyErrorKind};
pub use mode::Mode;
pub use mx::Pattern;
pub use policy::{Parsed, Policy};
pub use record::{NoRecord, Record, RecordError};
