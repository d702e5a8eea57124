//! The writing thread: one transaction for all the batches that wait.
use std::fmt;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use strictmx_engine::time::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::super::{
    Batch, Covered, EXPIRED_LIFE, Error, FAILURES, FailureRow, HISTORY_IN_ALL, HISTORY_PER_DOMAIN, HistoryRow,
    PROBE_LIFE, ProbeRow, Result,
};
use super::{monitor, row};

/// Batches that share a commit at most.
const GROUP: usize = 128;
/// Rows that share a commit at most, where they come in several batches.
const GROUP_ROWS: usize = 5_000;

/// Changes something in a transaction of its own and answers whoever asked.
type Change = Box<dyn FnOnce(&mut Connection, &Path) + Send>;

/// What the writer can be told.
pub(super) enum Order {
    /// Write this, then answer.
    Write(Batch, oneshot::Sender<Result<()>>),
    /// Change something else, then answer.
    Change(Change),
    /// Remove what is too old at this time, then answer how much it was.
    Sweep(Timestamp, oneshot::Sender<Result<u64>>),
    /// Close the database, then answer.
    Close(oneshot::Sender<()>),
}

impl Order {
    /// All of `work` in one transaction, or nothing.
    pub(super) fn change<T: Send + 'static>(
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
        reply: oneshot::Sender<Result<T>>,
    ) -> Self {
        Self::Change(Box::new(move |db, path| {
            let outcome = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|open| {
                let value = work(&open)?;
                open.commit().map(|()| value)
            });
            tell(reply, outcome.map_err(|error| Error::of(path, &error)));
        }))
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Order")
    }
}

type Waiting = (Batch, oneshot::Sender<Result<()>>);

/// Carries out orders until there is nobody left to give any.
pub(super) fn run(mut db: Connection, path: &Path, mut orders: mpsc::Receiver<Order>) {
    let mut next = orders.blocking_recv();
    while let Some(order) = next.take() {
        match order {
            Order::Write(batch, reply) => {
                let mut rows = batch.len();
                let mut group = vec![(batch, reply)];
                while group.len() < GROUP && rows < GROUP_ROWS {
                    match orders.try_recv() {
                        Ok(Order::Write(batch, reply)) => {
                            rows += batch.len();
                            group.push((batch, reply));
                        }
                        Ok(other) => {
                            next = Some(other);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                write(&mut db, path, group);
            }
            Order::Change(change) => change(&mut db, path),
            Order::Sweep(now, reply) => tell(reply, sweep(&mut db, now).map_err(|error| Error::of(path, &error))),
            Order::Close(reply) => {
                // Whoever gave an order before has been served; whoever comes now learns that the store is closed.
                drop(orders);
                if let Err(error) = close(db) {
                    tracing::warn!("closing the database {}: {error}", path.display());
                }
                return tell(reply, ());
            }
        }
        if next.is_none() {
            next = orders.blocking_recv();
        }
    }
}

/// Moves the log into the database and closes it, which leaves one file.
fn close(db: Connection) -> rusqlite::Result<()> {
    // A reader that is still at it holds up the checkpoint; whoever opens the file next makes it then.
    match db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        Err(error) if !is_held_up(&error) => return Err(error),
        Ok(()) | Err(_) => {}
    }
    db.close().map_err(|(_, error)| error)
}

fn is_held_up(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Somebody who no longer waits needs no answer; the work stands.
fn tell<T>(reply: oneshot::Sender<T>, answer: T) {
    if reply.send(answer).is_err() {
        tracing::trace!("nobody waits for this answer of the store any more");
    }
}

/// Commits a group together or, where that fails for a reason that may lie in one of them, each by itself.
fn write(db: &mut Connection, path: &Path, group: Vec<Waiting>) {
    let alone = group.len() == 1;
    match commit(db, group.iter().map(|(batch, _)| batch)) {
        Ok(()) => group.into_iter().for_each(|(_, reply)| tell(reply, Ok(()))),
        Err(error) => {
            let error = Error::of(path, &error);
            for (batch, reply) in group {
                let outcome = match error {
                    // Waiting for the lock again for each of them would help nobody.
                    Error::Busy { .. } => Err(error.clone()),
                    _ if alone => Err(error.clone()),
                    _ => commit(db, std::iter::once(&batch)).map_err(|error| Error::of(path, &error)),
                };
                tell(reply, outcome);
            }
        }
    }
}

fn commit<'a>(db: &mut Connection, batches: impl Iterator<Item = &'a Batch>) -> rusqlite::Result<()> {
    let work = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for batch in batches {
        apply(&work, batch)?;
    }
    work.commit()
}

fn apply(db: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    let mut remove = db.prepare_cached("DELETE FROM policy WHERE domain = ?1")?;
    for domain in &batch.removes {
        remove.execute([domain.as_str()])?;
    }
    let mut put = db.prepare_cached(row::PUT)?;
    for row in &batch.puts {
        match &row.known.entry {
            Some(entry) => row::put(&mut put, row, entry)?,
            None => {
                remove.execute([row.domain.as_str()])?;
            }
        }
    }
    add_history(db, &batch.history)?;
    add_failures(db, &batch.failures)?;
    add_probes(db, &batch.probes)?;
    monitor::add_looks(db, &batch.looks)?;
    monitor::note(db, &batch.attempts)
}

fn add_history(db: &Transaction<'_>, rows: &[HistoryRow]) -> rusqlite::Result<()> {
    let mut add = db.prepare_cached("INSERT INTO history (domain, at, kind, detail) VALUES (?1, ?2, ?3, ?4)")?;
    let mut trim = db.prepare_cached(
        "DELETE FROM history WHERE domain = ?1 AND seq <=
            (SELECT seq FROM history WHERE domain = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
    )?;
    for HistoryRow { domain, at, kind, detail } in rows {
        add.execute(params![domain.as_str(), row::seconds(*at), kind, detail])?;
        trim.execute(params![domain.as_str(), row::count(HISTORY_PER_DOMAIN)])?;
    }
    Ok(())
}

fn add_failures(db: &Transaction<'_>, rows: &[FailureRow]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut add =
        db.prepare_cached("INSERT INTO failure (domain, at, result_type, reason, detail) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for FailureRow { domain, at, result_type, reason, detail } in rows {
        add.execute(params![domain.as_str(), row::seconds(*at), result_type, reason, detail])?;
    }
    // Numbers run without gaps, since only the oldest are ever removed.
    db.prepare_cached("DELETE FROM failure WHERE seq <= (SELECT max(seq) FROM failure) - ?1")?
        .execute([row::count(FAILURES)])
        .map(drop)
}

fn add_probes(db: &Transaction<'_>, rows: &[ProbeRow]) -> rusqlite::Result<()> {
    let mut add = db.prepare_cached(
        "INSERT INTO probe (domain, at, policy_id, host, seen, covered, result_type, reason)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for ProbeRow { domain, at, policy_id, host, seen, covered, result_type, reason } in rows {
        let (at, covered) = (row::seconds(*at), *covered == Covered::Yes);
        add.execute(params![domain.as_str(), at, policy_id, host, seen, covered, result_type, reason])?;
    }
    Ok(())
}

fn sweep(db: &mut Connection, now: Timestamp) -> rusqlite::Result<u64> {
    let work = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = |life: u64| row::seconds(Timestamp(now.0.saturating_sub(life)));
    let mut gone = work.execute("DELETE FROM policy WHERE expires < ?1", [before(EXPIRED_LIFE)])?;
    gone += work.execute("DELETE FROM probe WHERE at < ?1", [before(PROBE_LIFE)])?;
    gone += work.execute(
        "DELETE FROM history WHERE seq <= (SELECT seq FROM history ORDER BY seq DESC LIMIT 1 OFFSET ?1)",
        [row::count(HISTORY_IN_ALL)],
    )?;
    gone += monitor::sweep(&work, now)?;
    work.commit()?;
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}
