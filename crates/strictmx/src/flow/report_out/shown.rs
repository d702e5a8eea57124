//! Reports and where they stand, as JSON: for the control socket and for the commands.
use serde_json::{Value, json};
use strictmx_engine::{report::Scope, time::Timestamp};
use strictmx_io::store::outgoing::{DestinationRow, ReportRow};

/// A report and its destinations.
#[must_use]
pub fn outcome(report: &ReportRow, destinations: &[DestinationRow]) -> Value {
    let scope = match report.scope {
        Scope::Domain => "domain",
        Scope::Host => "mx-host",
    };
    json!({
        "id": report.id,
        "day": report.day.to_string(),
        "domain": report.domain.as_str(),
        "scope": scope,
        "state": report.state.as_str(),
        "success": report.sessions.success,
        "failure": report.sessions.failure,
        "made": crate::when::rfc3339(report.made),
        "due": moment(report.due),
        "why": report.why,
        "record": report.record,
        "destinations": destinations.iter().map(destination).collect::<Vec<_>>(),
    })
}

fn destination(one: &DestinationRow) -> Value {
    json!({
        "uri": one.uri,
        "state": one.state.as_str(),
        "tries": one.tries,
        "first-due": crate::when::rfc3339(one.first),
        "next": moment(one.next),
        "last": moment(one.last),
        "said": one.said,
    })
}

fn moment(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| crate::when::rfc3339(at).into())
}
