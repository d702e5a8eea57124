//! Reads the `SQLite` cache of postfix-mta-sts-resolver: rows as they stand, nothing decided, nothing changed.
//!
//! Its one table is `sts_policy_cache (domain text, ts integer, pol_id text, pol_body text)`; the body is a JSON object. The
//! file is opened for reading only; where its program still runs, that goes on undisturbed.
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// Rows read at most: more than any cache of that program holds.
const MAX_ROWS: usize = 1_000_000;
/// Longest value that is read, octets; a policy has at most 64 KiB, and JSON may write a character as six octets.
const MAX_TEXT: usize = 512 * 1024;
/// How long to wait for its program.
const PATIENCE: Duration = Duration::from_secs(5);

/// One row as it stands; texts that are missing, too long or not UTF-8 are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolverRow {
    /// Its number in the file, from 1.
    pub number: usize,
    /// The policy domain.
    pub domain: Option<String>,
    /// When the policy was fetched or found unchanged, seconds since the epoch.
    pub ts: Option<i64>,
    /// The id of its TXT record.
    pub id: Option<String>,
    /// The policy, a JSON object.
    pub body: Option<String>,
}

/// Why the file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// There is no such file, or it may not be read.
    #[error("cannot read {}: {why}; give its path, and read permission on it and its folder", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// It is something else.
    #[error("{} is no cache of postfix-mta-sts-resolver: {why}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// Its program holds it.
    #[error("{} is locked by its program; stop that, or import a copy of the file", .path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Too large.
    #[error("{} has more than {MAX_ROWS} rows", .path.display())]
    TooMany {
        /// The file.
        path: PathBuf,
    },
}

/// Reads all rows, in the order of the file. Blocks: it is meant for a command, not for the daemon.
///
/// # Errors
/// [`ImportError`]: the file cannot be read, is something else, or is locked.
pub fn read(path: &Path) -> Result<Vec<ResolverRow>, ImportError> {
    let failed = |error: &rusqlite::Error| told(path, error);
    std::fs::File::open(path).map_err(|e| ImportError::Unreadable { path: path.into(), why: e.to_string() })?;
    let db = open(path).map_err(|e| failed(&e))?;
    let mut statement = db
        .prepare("SELECT domain, ts, pol_id, pol_body FROM sts_policy_cache ORDER BY rowid")
        .map_err(|e| failed(&e))?;
    let mut found = statement.query([]).map_err(|e| failed(&e))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(|e| failed(&e))? {
        if rows.len() >= MAX_ROWS {
            return Err(ImportError::TooMany { path: path.into() });
        }
        rows.push(ResolverRow {
            number: rows.len() + 1,
            domain: text(row.get_ref(0)),
            ts: row.get_ref(1).ok().and_then(|value| value.as_i64().ok()),
            id: text(row.get_ref(2)),
            body: text(row.get_ref(3)),
        });
    }
    Ok(rows)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // Without the URI flag: a path is a path, whatever it contains.
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(PATIENCE)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(db)
}

fn text(value: rusqlite::Result<ValueRef<'_>>) -> Option<String> {
    let text = value.ok()?.as_str().ok()?;
    (text.len() <= MAX_TEXT).then(|| text.to_owned())
}

fn told(path: &Path, error: &rusqlite::Error) -> ImportError {
    let path = path.to_path_buf();
    let why = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ImportError::Busy { path },
        Some(
            ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure,
        ) => ImportError::Unreadable { path, why },
        _ => ImportError::Foreign { path, why },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn cache(folder: &Path) -> PathBuf {
        let path = folder.join("cache.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(
            "PRAGMA journal_mode=WAL;
             CREATE TABLE sts_policy_cache (domain text, ts integer, pol_id text, pol_body text);
             CREATE UNIQUE INDEX sts_policy_domain ON sts_policy_cache (domain);
             INSERT INTO sts_policy_cache VALUES ('a.example', 1700000000, '2023', '{\"version\": \"STSv1\"}');
             INSERT INTO sts_policy_cache VALUES ('b.example', 'soon', NULL, x'ff00');",
        )
        .unwrap();
        path
    }

    #[test]
    fn rows_come_as_they_stand_and_odd_values_as_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let rows = read(&cache(folder.path())).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].domain.as_deref(), Some("a.example"));
        assert_eq!(rows[0].ts, Some(1_700_000_000));
        assert_eq!(rows[0].id.as_deref(), Some("2023"));
        assert_eq!((rows[1].ts, rows[1].id.as_deref(), rows[1].body.as_deref()), (None, None, None));
    }

    #[test]
    fn another_file_or_none_is_a_clear_error() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        std::fs::write(&text, "not a database, and longer than a header of one hundred octets. ".repeat(20)).unwrap();
        assert!(matches!(read(&text), Err(ImportError::Foreign { .. })));
        let other = folder.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(read(&other), Err(ImportError::Foreign { .. })));
        assert!(matches!(read(&folder.path().join("none")), Err(ImportError::Unreadable { .. })));
        assert!(!folder.path().join("none").exists());
    }
}
