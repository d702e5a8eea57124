//! Rows of the database as values, and back. A row that can no longer be read is passed over with a warning, and stays in the
//! file: a later version may understand it, or somebody may repair it.
use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, Row as SqlRow, named_params};
use strictmx_engine::lookup::{Backoff, Entry, Known, NoPolicy, TxtKnown};
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;
use strictmx_proto::sts::Policy;

use super::super::{Covered, FailureRow, HistoryRow, ProbeRow, Row};

/// A time as the database holds it.
pub(super) fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// A number as the database holds it.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A row that was read, or the trouble with the database; nothing for a row that makes no sense.
pub(super) fn kept<T>(found: rusqlite::Result<T>) -> Option<rusqlite::Result<T>> {
    match found {
        Err(error) if error.sqlite_error().is_none() => {
            tracing::warn!("passed over a row of the store that cannot be read: {error}");
            None
        }
        found => Some(found),
    }
}

fn time(row: &SqlRow<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get(column).map(|seconds: i64| Timestamp(u64::try_from(seconds).unwrap_or(0)))
}

fn domain(row: &SqlRow<'_>) -> rusqlite::Result<Domain> {
    let text = row.get_ref("domain")?.as_str()?;
    Domain::parse_lenient(text)
        .map_err(|error| senseless(format!("`{}` is no domain name: {error}", text.escape_debug())))
}

fn senseless(why: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, why.into())
}

/// Writes a policy over the domain's earlier one.
pub(super) fn put(db: &Connection, row: &Row, entry: &Entry) -> rusqlite::Result<()> {
    let Known { txt, asked, txt_ttl, backoff, .. } = &row.known;
    // Only an id is worth keeping: after a restart everything else is better asked again.
    let (txt_id, asked, txt_ttl) = match txt {
        TxtKnown::Id(id) => (Some(&**id), *asked, *txt_ttl),
        TxtKnown::Unasked | TxtKnown::NoRecord(_) | TxtKnown::Failed(_) => (None, Timestamp(0), 0),
    };
    let mut statement = db.prepare_cached(
        "INSERT INTO policy (domain, id, policy, fetched, expires, txt_id, asked, txt_ttl, failed_id, failed_until, failed_count, used)
            VALUES (:domain, :id, :policy, :fetched, :expires, :txt_id, :asked, :txt_ttl, :failed_id, :failed_until, :failed_count, :used)
            ON CONFLICT (domain) DO UPDATE SET id = excluded.id, policy = excluded.policy, fetched = excluded.fetched,
                expires = excluded.expires, txt_id = excluded.txt_id, asked = excluded.asked, txt_ttl = excluded.txt_ttl,
                failed_id = excluded.failed_id, failed_until = excluded.failed_until, failed_count = excluded.failed_count,
                used = excluded.used",
    )?;
    statement
        .execute(named_params! {
            ":domain": row.domain.as_str(),
            ":id": entry.id.as_deref(),
            ":policy": entry.policy.text(),
            ":fetched": seconds(entry.fetched),
            ":expires": seconds(entry.expires),
            ":txt_id": txt_id,
            ":asked": seconds(asked),
            ":txt_ttl": txt_ttl,
            ":failed_id": backoff.as_ref().and_then(|backoff| backoff.id.as_deref()),
            ":failed_until": backoff.as_ref().map_or(0, |backoff| seconds(backoff.until)),
            ":failed_count": backoff.as_ref().map_or(0, |backoff| backoff.count),
            ":used": seconds(row.used),
        })
        .map(drop)
}

/// Reads a policy.
pub(super) fn policy(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let domain = domain(row)?;
    let policy = Policy::parse(row.get_ref("policy")?.as_bytes()?)
        .map_err(|error| senseless(format!("the policy of {domain} is not valid: {error}")))?
        .policy;
    let entry = Entry {
        id: row.get("id")?,
        policy: Arc::new(policy),
        fetched: time(row, "fetched")?,
        expires: time(row, "expires")?,
    };
    let backoff = match row.get("failed_count")? {
        0 => None,
        count => Some(Box::new(Backoff {
            id: row.get("failed_id")?,
            until: time(row, "failed_until")?,
            count,
            // What it failed of is in the history; nobody needs it to keep the pause.
            why: NoPolicy::Pending,
        })),
    };
    let known = Known {
        entry: Some(entry),
        txt: row.get::<_, Option<Box<str>>>("txt_id")?.map_or(TxtKnown::Unasked, TxtKnown::Id),
        asked: time(row, "asked")?,
        txt_ttl: row.get("txt_ttl")?,
        backoff,
    };
    Ok(Row { domain, known, used: time(row, "used")? })
}

/// Reads a change.
pub(super) fn history(row: &SqlRow<'_>) -> rusqlite::Result<HistoryRow> {
    Ok(HistoryRow { domain: domain(row)?, at: time(row, "at")?, kind: row.get("kind")?, detail: row.get("detail")? })
}

/// Reads a failure.
pub(super) fn failure(row: &SqlRow<'_>) -> rusqlite::Result<FailureRow> {
    Ok(FailureRow {
        domain: domain(row)?,
        at: time(row, "at")?,
        result_type: row.get("result_type")?,
        reason: row.get("reason")?,
        detail: row.get("detail")?,
    })
}

/// Reads a probe.
pub(super) fn probe(row: &SqlRow<'_>) -> rusqlite::Result<ProbeRow> {
    Ok(ProbeRow {
        domain: domain(row)?,
        at: time(row, "at")?,
        policy_id: row.get("policy_id")?,
        host: row.get("host")?,
        seen: row.get("seen")?,
        covered: if row.get("covered")? { Covered::Yes } else { Covered::No },
        result_type: row.get("result_type")?,
        reason: row.get("reason")?,
    })
}
