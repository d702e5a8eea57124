//! TLS reporting (RFC 8460): the TXT record, report addresses, result types.
pub mod policy_type;
pub mod record;
pub mod result;
pub mod rua;

pub use policy_type::PolicyType;
pub use record::{NoRecord, Record, RecordError};
pub use result::ResultType;
pub use rua::{Rua, RuaError};
