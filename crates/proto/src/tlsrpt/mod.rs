//! TLS reporting (RFC 8460): the TXT record, report addresses, result types.
pub mod record;
pub mod result;
pub mod rua;

pub use record::{NoRecord, Record, RecordError};
pub use result::ResultType;
pub use rua::{Rua, RuaError};
