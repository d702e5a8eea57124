//! The database file: what may be opened, made, migrated, and what is left alone.
//!
//! The first hundred octets are looked at before `SQLite` sees the file, so that nothing is ever written to, or beside, a file
//! that is not ours. Format 1 is made with a rollback journal: the main file carries our mark from its first commit on,
//! whatever still lies in a write-ahead log later.
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::super::{Error, Result};

/// "SMXd", in the header of every database of ours (`PRAGMA application_id`).
const APPLICATION_ID: u32 = 0x534d_5864;
/// One file for each format, in order.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_policies.sql"),
    include_str!("migrations/002_monitor.sql"),
    include_str!("migrations/003_counts.sql"),
    include_str!("migrations/004_reports.sql"),
];
/// How long to wait for another process.
const PATIENCE: Duration = Duration::from_secs(5);
/// Octets of the header that are looked at: the magic words, the format at 60 and the application id at 68.
const HEADER: usize = 72;
const MAGIC: &[u8] = b"SQLite format 3\0";

/// What lies at the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Ours,
}

/// Opens the file for one writing and one reading connection.
pub(super) fn open(path: &Path) -> Result<(Connection, Connection)> {
    if inspect(path)? == Found::Nothing {
        create(path)?;
    }
    let failed = |error: rusqlite::Error| Error::of(path, &error);
    let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, 1024).map_err(failed)?;
    // Until it is known to be whole and of a format of ours, a log that was left behind is not moved into the file.
    writer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log(path)).map_err(failed)?;
    known(path, format(&writer).map_err(failed)?)?;
    check(&writer, path)?;
    writer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(failed)?;
    migrate(&mut writer).map_err(failed)?;
    prepare(&writer).map_err(failed)?;
    let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, 512).map_err(failed)?;
    verify(&reader).map_err(|error| Error::Corrupt { path: path.into(), detail: error.to_string() })?;
    Ok((writer, reader))
}

/// Opens the file for reading alone, and changes nothing. `None`: there is no file, or one of a format before ours.
pub(super) fn open_reading(path: &Path) -> Result<Option<Connection>> {
    if inspect(path)? == Found::Nothing {
        return Ok(None);
    }
    let failed = |error: rusqlite::Error| Error::of(path, &error);
    let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, 512).map_err(failed)?;
    let found = format(&reader).map_err(failed)?;
    known(path, found)?;
    if found < newest() {
        return Ok(None);
    }
    verify(&reader).map_err(|error| Error::Corrupt { path: path.into(), detail: error.to_string() })?;
    Ok(Some(reader))
}

/// Whether all tables are there, with the columns we know.
fn verify(db: &Connection) -> rusqlite::Result<()> {
    super::reader::verify(db)?;
    super::monitor::verify(db)?;
    super::counting::verify(db)?;
    super::outgoing::verify(db)
}

/// Whether a format is one we know.
fn known(path: &Path, found: i64) -> Result<()> {
    if found > newest() { Err(Error::Newer { path: path.into(), found, known: newest() }) } else { Ok(()) }
}

fn inspect(path: &Path) -> Result<Found> {
    let foreign = |detail: &str| Error::Foreign { path: path.into(), detail: detail.into() };
    let system = |error: io::Error| Error::system(path, &error);
    let length = match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(foreign("it is no file")),
        Ok(found) => found.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(system(error)),
    };
    if length == 0 {
        // A log that has lost its database holds somebody's data; a new database would destroy it.
        return if has_log(path) {
            Err(Error::Corrupt {
                path: path.into(),
                detail: "its write-ahead log is there, but the database itself is gone".into(),
            })
        } else {
            Ok(Found::Nothing)
        };
    }
    let mut header = [0; HEADER];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(foreign("it is no SQLite database"));
        }
        outcome => outcome.map_err(system)?,
    }
    if !header.starts_with(MAGIC) {
        return Err(foreign("it is no SQLite database"));
    }
    if number(&header, 68) != APPLICATION_ID {
        return Err(foreign("it is an SQLite database of another program"));
    }
    known(path, number(&header, 60).into())?;
    Ok(Found::Ours)
}

/// A number of the header (SQLite file format, section 1.3).
fn number(header: &[u8; HEADER], at: usize) -> u32 {
    header.get(at..).and_then(<[u8]>::first_chunk).copied().map_or(0, u32::from_be_bytes)
}

/// Whether a write-ahead log with something in it lies beside the file.
fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// The name of a file that `SQLite` keeps beside the database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes directories, file and first format.
fn create(path: &Path) -> Result<()> {
    let system = |error: io::Error| Error::system(path, &error);
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o750).create(directory).map_err(system)?;
    }
    // Made here for its mode; SQLite gives the files beside it the same.
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o640).open(path).map_err(system)?;
    let failed = |error: rusqlite::Error| Error::of(path, &error);
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, 64).map_err(failed)?;
    migrate(&mut db).map_err(failed)
}

fn connect(path: &Path, access: OpenFlags, cache_kib: i64) -> rusqlite::Result<Connection> {
    // Without the URI flag: a path is a path, whatever it contains.
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(PATIENCE)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // A statement stays planned as it is: SQLite would plan it anew for each value that is bound, which costs more than the look-up.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "cache_size", -cache_kib)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.pragma_update(None, "cell_size_check", true)?;
    Ok(db)
}

/// What holds for a writing connection. See the module's head for `synchronous`.
fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "full")?;
    // A burst of writes must not leave a huge log behind.
    db.pragma_update_and_check(None, "journal_size_limit", 4 * 1024 * 1024, |_| Ok(()))
}

fn format(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Looks through the whole file for damage.
fn check(db: &Connection, path: &Path) -> Result<()> {
    let said: String =
        db.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(|error| Error::of(path, &error))?;
    if said == "ok" { Ok(()) } else { Err(Error::Corrupt { path: path.into(), detail: said.replace('\n', "; ") }) }
}

/// Brings the database to the newest format: every step or none.
fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
    let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read inside the transaction: another process may have been quicker.
    let from = usize::try_from(format(&step)?).unwrap_or(usize::MAX);
    let missing = MIGRATIONS.get(from..).unwrap_or_default();
    if missing.is_empty() {
        return step.rollback();
    }
    for sql in missing {
        step.execute_batch(sql)?;
    }
    step.pragma_update(None, "application_id", APPLICATION_ID)?;
    step.pragma_update(None, "user_version", newest())?;
    step.commit()
}
