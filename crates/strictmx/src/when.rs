//! Moments for people and programs.
use jiff::Timestamp as Moment;
use strictmx_engine::time::Timestamp;

/// A moment as RFC 3339, UTC, whole seconds: `2026-11-22T00:00:00Z`.
pub fn rfc3339(moment: Timestamp) -> String {
    let seconds = i64::try_from(moment.0).unwrap_or(i64::MAX);
    Moment::from_second(seconds).unwrap_or(Moment::MAX).to_string()
}
