//! What can go wrong with a store, in sentences: what, where, what to do.
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The result of asking a store.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a store could not do what was asked. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL names no store.
    #[error("the store URL `{url}` cannot be used: {why}")]
    Url {
        /// As configured.
        url: String,
        /// What is wrong, and what to write.
        why: &'static str,
    },
    /// The file belongs to another program, or is no database.
    #[error("{} is not a strictmx database ({detail}), and it is left alone; move it away or set another store.url", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        detail: String,
    },
    /// The database is damaged.
    #[error(
        "the database {} is damaged ({detail}), and it is left as it is; restore it from a backup, or move it away (with its -wal and \
         -shm files) to begin with an empty one",
        .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A later version of strictmx has changed the database.
    #[error(
        "the database {} is of format {found}, and this version of strictmx knows formats up to {known}; install the later version \
         again, or set another store.url",
        .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Another process holds the database for longer than we wait.
    #[error("the database {} is locked by another process; end it, or try again", .path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// No room.
    #[error("there is no room left for the database {}; free some disk space, writing then goes on by itself", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Not ours to write.
    #[error("the database {} cannot be written ({detail}); give the user that runs strictmx write permission on it and its directory", .path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The system failed us.
    #[error("cannot use the database {}: {detail}; check the disk, and that the user that runs strictmx may write its directory", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The store has been closed.
    #[error("the store has been closed")]
    Closed,
}

impl Error {
    /// Whether trying again later may well succeed with nothing repaired by hand but disk space.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Full { .. } | Self::Io { .. })
    }

    /// What `SQLite` said, in our words.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt { path, detail },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path, detail },
            _ => Self::Io { path, detail },
        }
    }

    /// What the file system said.
    pub(super) fn system(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let path = path.to_path_buf();
        match error.kind() {
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::ReadOnly { path, detail: error.to_string() },
            Kind::StorageFull | Kind::QuotaExceeded => Self::Full { path },
            _ => Self::Io { path, detail: error.to_string() },
        }
    }
}
