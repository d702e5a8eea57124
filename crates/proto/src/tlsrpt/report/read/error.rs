//! Why a text gives no report.
use crate::{json::JsonError, tlsrpt::report::MAX_LEN};

pub(super) type Result<T> = core::result::Result<T, ReadError>;

/// Why a text gives no report (D-56).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Over [`MAX_LEN`].
    #[error("the report is longer than {MAX_LEN} octets")]
    TooLong,
    /// No JSON object.
    #[error("the report is no JSON object: {0}")]
    Json(#[from] JsonError),
    /// The same member twice: nobody can tell which one is meant (TLSRPT-4-1).
    #[error("`{0}` stands twice in one object")]
    Twice(&'static str),
    /// No `date-range` that can be read.
    #[error("the report does not say which days it covers")]
    NoPeriod,
    /// No policy.
    #[error("the report has no policies")]
    NoPolicies,
    /// Policies, but not one count with them.
    #[error("the report counts no sessions")]
    NoCounts,
}
