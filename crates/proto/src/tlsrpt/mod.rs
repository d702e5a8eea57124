//! TLS reporting (RFC 8460): the TXT record, report addresses, result types, the report and its mail.
pub mod mail;
pub mod policy_type;
pub mod record;
pub mod report;
pub mod report_id;
pub mod result;
pub mod rua;

pub use policy_type::PolicyType;
pub use record::{NoRecord, Record, RecordError};
pub use report::Report;
pub use report_id::{ReportId, Scope};
pub use result::ResultType;
pub use rua::{Rua, RuaError};
