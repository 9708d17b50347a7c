//! [`StoreError`]: why the state cannot be opened, read or written, and how to mend it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the state cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory is missing and cannot be made.
    #[error(
        "{}: cannot make the state's directory: {source}; make it, owned by the user we run as, or name another with `path` in [store]",
        path.display()
    )]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file cannot be made or opened for writing.
    #[error(
        "{}: cannot open the state for writing: {source}; the user we run as must be allowed to write to it and to its directory",
        path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process has it open.
    #[error(
        "{}: the state is in use by another notafter{} (lock {}); stop that one, or give this one its own `path` in [store]",
        path.display(),
        holder.map(|process| format!(", process {process}")).unwrap_or_default(),
        lock.display()
    )]
    InUse {
        /// The file.
        path: PathBuf,
        /// The file whose lock is held.
        lock: PathBuf,
        /// The process that holds it, as it says itself.
        holder: Option<u32>,
    },
    /// It is no SQLite database, or a damaged one.
    #[error(
        "{}: the state is damaged: {detail}; put back a backup, or move the file and its -wal and -shm away to begin anew (the first mail then sums up what is wrong)",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// It was taken away, or another put in its place, while we had it open.
    #[error(
        "{}: the state was deleted or replaced while in use, so nothing can be stored; put it back, or restart to begin with what is there",
        path.display()
    )]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// It is a database of another program.
    #[error("{}: this is another program's database; name a file of our own with `path` in [store]", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of us has written it.
    #[error(
        "{}: the state has schema version {found}, and this notafter knows up to {known}; run the newer version, or put back the backup made before the upgrade",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema's version.
        found: i64,
        /// The newest we know.
        known: i64,
    },
    /// A row holds no JSON.
    #[error("{}: row {key:?} of table {table} is not JSON: {detail}; put back a backup, or delete the row", path.display())]
    Payload {
        /// The file.
        path: PathBuf,
        /// The row's table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What the parser says.
        detail: String,
    },
    /// Whatever else SQLite reports: a full disk, a lock held by somebody for too long.
    #[error("{}: {source}; {}", path.display(), mend(source))]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl StoreError {
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path, detail: source.to_string() }
            }
            _ => Self::Sqlite { path, source },
        }
    }
}

fn mend(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "make room on the disk",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "close what else has it open, e.g. a sqlite3 shell"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "the user we run as must be allowed to write to it and to its directory"
        }
        Some(ErrorCode::SystemIoFailure) => "look at the disk and the system's log",
        _ => "if it stays, move the file and its -wal and -shm away to begin anew",
    }
}
