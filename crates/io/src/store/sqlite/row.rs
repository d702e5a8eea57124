//! Rows of the database as values, and back. A row that can no longer be read is passed over with a warning, and stays in the
//! file: a later version may understand it, or somebody may repair it.
use std::sync::Arc;

use rusqlite::types::{FromSql, Type, ValueRef};
use rusqlite::{Connection, Params, Row as SqlRow, Statement, params};
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
fn kept<T>(found: rusqlite::Result<T>) -> Option<rusqlite::Result<T>> {
    match found {
        Err(error) if error.sqlite_error().is_none() => {
            tracing::warn!("passed over a row of the store that cannot be read: {error}");
            None
        }
        found => Some(found),
    }
}

/// At most `limit` rows that can be read. The database is stepped, not told the limit, since rows may be passed over.
pub(super) fn rows<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    limit: usize,
    read: fn(&SqlRow<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = db.prepare_cached(sql)?;
    statement.query_map(params, read)?.filter_map(kept).take(limit).collect()
}

/// The columns of a row, taken from left to right: by number they cost a tenth of what they cost by name.
pub(super) struct Columns<'a> {
    row: &'a SqlRow<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    /// The columns of this row.
    pub(super) const fn of(row: &'a SqlRow<'a>) -> Self {
        Self { row, next: 0 }
    }

    fn raw(&mut self) -> rusqlite::Result<ValueRef<'a>> {
        let column = self.next;
        self.next += 1;
        self.row.get_ref(column)
    }

    /// The next column.
    pub(super) fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.get(column)
    }

    /// The next column, a time.
    pub(super) fn time(&mut self) -> rusqlite::Result<Timestamp> {
        self.take().map(|seconds: i64| Timestamp(u64::try_from(seconds).unwrap_or(0)))
    }

    /// The next column, a name.
    pub(super) fn domain(&mut self) -> rusqlite::Result<Domain> {
        let text = self.raw()?.as_str()?;
        Domain::parse_lenient(text)
            .map_err(|error| senseless(format!("`{}` is no domain name: {error}", text.escape_debug())))
    }
}

/// A row that makes no sense.
pub(super) fn senseless(why: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, why.into())
}

/// Puts a policy over the domain's earlier one; [`put`] binds the values.
pub(super) const PUT: &str = "INSERT INTO policy
        (domain, id, policy, fetched, expires, txt_id, asked, txt_ttl, failed_id, failed_until, failed_count, used)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    ON CONFLICT (domain) DO UPDATE SET id = excluded.id, policy = excluded.policy, fetched = excluded.fetched,
        expires = excluded.expires, txt_id = excluded.txt_id, asked = excluded.asked, txt_ttl = excluded.txt_ttl,
        failed_id = excluded.failed_id, failed_until = excluded.failed_until, failed_count = excluded.failed_count,
        used = excluded.used";

/// Carries out [`PUT`].
pub(super) fn put(statement: &mut Statement<'_>, row: &Row, entry: &Entry) -> rusqlite::Result<()> {
    let Known { txt, asked, txt_ttl, backoff, .. } = &row.known;
    // Only an id is worth keeping: after a restart everything else is better asked again.
    let (txt_id, asked, txt_ttl) = match txt {
        TxtKnown::Id(id) => (Some(&**id), *asked, *txt_ttl),
        TxtKnown::Unasked | TxtKnown::NoRecord(_) | TxtKnown::Failed(_) => (None, Timestamp(0), 0),
    };
    let backoff = backoff.as_deref();
    statement
        .execute(params![
            row.domain.as_str(),
            entry.id.as_deref(),
            entry.policy.text(),
            seconds(entry.fetched),
            seconds(entry.expires),
            txt_id,
            seconds(asked),
            txt_ttl,
            backoff.and_then(|backoff| backoff.id.as_deref()),
            backoff.map_or(0, |backoff| seconds(backoff.until)),
            backoff.map_or(0, |backoff| backoff.count),
            seconds(row.used),
        ])
        .map(drop)
}

/// Reads a policy, from the columns in the order of [`PUT`].
pub(super) fn policy(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let mut columns = Columns::of(row);
    let domain = columns.domain()?;
    let id = columns.take()?;
    let policy = Policy::parse(columns.raw()?.as_bytes()?)
        .map_err(|error| senseless(format!("the policy of {domain} is not valid: {error}")))?
        .policy;
    let entry = Entry { id, policy: Arc::new(policy), fetched: columns.time()?, expires: columns.time()? };
    let txt = columns.take::<Option<Box<str>>>()?.map_or(TxtKnown::Unasked, TxtKnown::Id);
    let (asked, txt_ttl) = (columns.time()?, columns.take()?);
    let (id, until, count) = (columns.take()?, columns.time()?, columns.take()?);
    // What it failed of is in the history; nobody needs it to keep the pause.
    let backoff = (count > 0).then(|| Box::new(Backoff { id, until, count, why: NoPolicy::Pending }));
    Ok(Row { domain, known: Known { entry: Some(entry), txt, asked, txt_ttl, backoff }, used: columns.time()? })
}

/// Reads a change: domain, at, kind, detail.
pub(super) fn history(row: &SqlRow<'_>) -> rusqlite::Result<HistoryRow> {
    let mut columns = Columns::of(row);
    Ok(HistoryRow { domain: columns.domain()?, at: columns.time()?, kind: columns.take()?, detail: columns.take()? })
}

/// Reads a failure: domain, at, result type, reason, detail.
pub(super) fn failure(row: &SqlRow<'_>) -> rusqlite::Result<FailureRow> {
    let mut columns = Columns::of(row);
    Ok(FailureRow {
        domain: columns.domain()?,
        at: columns.time()?,
        result_type: columns.take()?,
        reason: columns.take()?,
        detail: columns.take()?,
    })
}

/// Reads a probe: domain, at, policy id, host, what was seen, covered, result type, reason.
pub(super) fn probe(row: &SqlRow<'_>) -> rusqlite::Result<ProbeRow> {
    let mut columns = Columns::of(row);
    Ok(ProbeRow {
        domain: columns.domain()?,
        at: columns.time()?,
        policy_id: columns.take()?,
        host: columns.take()?,
        seen: columns.take()?,
        covered: if columns.take()? { Covered::Yes } else { Covered::No },
        result_type: columns.take()?,
        reason: columns.take()?,
    })
}
