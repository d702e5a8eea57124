//! The reading thread, and what it can be asked.
use std::fmt;
use std::path::Path;

use rusqlite::{Connection, Row as SqlRow};
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;
use tokio::sync::{mpsc, oneshot};

use super::super::{Counts, Error, FailureRow, HistoryRow, ProbeRow, Result, Row};
use super::row::{self, rows};

/// Looks something up and answers whoever asked.
type Look = Box<dyn FnOnce(&Connection, &Path) + Send>;

/// Something to look up.
pub(super) enum Question {
    /// Look, then answer.
    Look(Look),
    /// Close the database, then answer.
    Close(oneshot::Sender<()>),
}

impl Question {
    pub(super) fn new<T: Send + 'static>(
        look: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        reply: oneshot::Sender<Result<T>>,
    ) -> Self {
        Self::Look(Box::new(move |db, path| {
            // Whoever no longer waits is not worth the work.
            if !reply.is_closed() && reply.send(look(db).map_err(|error| Error::of(path, &error))).is_err() {
                tracing::trace!("nobody waits for this answer of the store any more");
            }
        }))
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question")
    }
}

/// Answers questions until there is nobody left to ask any.
pub(super) fn run(db: Connection, path: &Path, mut questions: mpsc::Receiver<Question>) {
    while let Some(question) = questions.blocking_recv() {
        match question {
            Question::Look(look) => look(&db, path),
            Question::Close(reply) => {
                drop((questions, db));
                if reply.send(()).is_err() {
                    tracing::trace!("nobody waits for the store to close");
                }
                return;
            }
        }
    }
}

const POLICIES: &str =
    "SELECT domain, id, policy, fetched, expires, txt_id, asked, txt_ttl, failed_id, failed_until, failed_count, used
    FROM policy WHERE domain > ?1 ORDER BY domain";
const POLICY: &str =
    "SELECT domain, id, policy, fetched, expires, txt_id, asked, txt_ttl, failed_id, failed_until, failed_count, used
    FROM policy WHERE domain = ?1";
const HISTORY: &str = "SELECT domain, at, kind, detail FROM history WHERE domain = ?1 ORDER BY seq DESC";
const FAILURES: &str = "SELECT domain, at, result_type, reason, detail FROM failure WHERE at >= ?1 ORDER BY seq";
const PROBES: &str = "SELECT domain, at, policy_id, host, seen, covered, result_type, reason
    FROM probe WHERE at >= ?1 ORDER BY seq";
const PROBES_OF: &str = "SELECT domain, at, policy_id, host, seen, covered, result_type, reason
    FROM probe WHERE domain = ?1 ORDER BY seq DESC";

/// Whether the tables are there, with the columns we know.
pub(super) fn verify(db: &Connection) -> rusqlite::Result<()> {
    [POLICIES, POLICY, HISTORY, FAILURES, PROBES, PROBES_OF].iter().try_for_each(|sql| db.prepare(sql).map(drop))
}

/// A page of policies. Rows that can no longer be read are passed over, so a page is short only at the end.
pub(super) fn load(db: &Connection, after: Option<&Domain>, limit: usize) -> rusqlite::Result<Vec<Row>> {
    rows(db, POLICIES, [after.map_or("", Domain::as_str)], limit, row::policy)
}

/// One policy.
pub(super) fn policy(db: &Connection, domain: &Domain) -> rusqlite::Result<Option<Row>> {
    Ok(rows(db, POLICY, [domain.as_str()], 1, row::policy)?.pop())
}

/// A domain's changes, newest first.
pub(super) fn history(db: &Connection, domain: &Domain, limit: usize) -> rusqlite::Result<Vec<HistoryRow>> {
    rows(db, HISTORY, [domain.as_str()], limit, row::history)
}

/// Failures since a time, oldest first.
pub(super) fn failures(db: &Connection, since: Timestamp, limit: usize) -> rusqlite::Result<Vec<FailureRow>> {
    rows(db, FAILURES, [row::seconds(since)], limit, row::failure)
}

/// Probes since a time, oldest first.
pub(super) fn probes(db: &Connection, since: Timestamp, limit: usize) -> rusqlite::Result<Vec<ProbeRow>> {
    rows(db, PROBES, [row::seconds(since)], limit, row::probe)
}

/// A domain's probes, newest first.
pub(super) fn probes_of(db: &Connection, domain: &Domain, limit: usize) -> rusqlite::Result<Vec<ProbeRow>> {
    rows(db, PROBES_OF, [domain.as_str()], limit, row::probe)
}

/// Rows of every kind.
pub(super) fn counts(db: &Connection) -> rusqlite::Result<Counts> {
    let sql = "SELECT (SELECT count(*) FROM policy), (SELECT count(*) FROM history),
        (SELECT count(*) FROM failure), (SELECT count(*) FROM probe), (SELECT count(*) FROM look),
        (SELECT count(*) FROM span), (SELECT count(*) FROM incident), (SELECT count(*) FROM alert)";
    let number = |row: &SqlRow<'_>, column| row.get(column).map(|count: i64| u64::try_from(count).unwrap_or(0));
    db.prepare_cached(sql)?.query_row([], |row| {
        Ok(Counts {
            policies: number(row, 0)?,
            history: number(row, 1)?,
            failures: number(row, 2)?,
            probes: number(row, 3)?,
            watched: number(row, 4)?,
            spans: number(row, 5)?,
            incidents: number(row, 6)?,
            alerts: number(row, 7)?,
        })
    })
}
