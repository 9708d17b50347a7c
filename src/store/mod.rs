//! The state on disk: [`Store`], one SQLite file with one daemon on it, and [`Committer`], which writes to it so that
//! the keeper never waits.
//!
//! A [`Row`] is a key and a JSON payload in one of the few tables of [`Table`]; what is in it is the state machines'
//! affair. A commit is one transaction, on disk when it returns.

mod committer;
mod error;
mod lock;
mod schema;

use std::fs::{DirBuilder, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use self::lock::Lock;
use crate::incident::{Operation, Row, Table};

pub use self::committer::{Commit, Committer, Outcome, Outcomes};
pub use self::error::StoreError;

/// How long a commit waits for somebody else's, e.g. an administrator's `sqlite3` or a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The state in one SQLite file. It is locked against a second daemon for as long as this value lives.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    place: Place,
    _lock: Lock,
}

impl Store {
    /// Opens the state at this path, and makes it, and the directory it is in, if there is none.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        make_directory(path)?;
        make_file(path)?;
        let lock = Lock::take(path)?;
        let mut connection = connect(path).map_err(|error| StoreError::sqlite(path, error))?;
        schema::prepare(&mut connection, path)?;
        let place = Place::of(path).map_err(|source| StoreError::File { path: path.to_owned(), source })?;
        Ok(Self { connection, path: path.to_owned(), place, _lock: lock })
    }

    /// Every row of the state at this path as it is on disk now. It takes no lock and writes nothing: the state may be in
    /// use, and is not made if there is none.
    pub fn peek(path: impl AsRef<Path>) -> Result<Vec<Row>, StoreError> {
        let path = path.as_ref();
        let failed = |error| StoreError::sqlite(path, error);
        let connection = connect_to_read(path).map_err(failed)?;
        if schema::recognise(&connection, path)? == 0 {
            return Ok(Vec::new());
        }
        // One snapshot of all tables.
        let transaction = connection.unchecked_transaction().map_err(failed)?;
        load(&transaction, path)
    }

    /// Every row, by table and key.
    pub fn load(&self) -> Result<Vec<Row>, StoreError> {
        load(&self.connection, &self.path)
    }

    /// Does all of this or, on an error, nothing. When it returns, it is on disk, at the path.
    pub fn commit(&mut self, operations: &[Operation]) -> Result<(), StoreError> {
        let Self { connection, path, place, .. } = self;
        if Place::of(path).ok() != Some(*place) {
            // SQLite would go on writing to a file that nobody can open again.
            return Err(StoreError::Gone { path: path.clone() });
        }
        commit_all(connection, operations).map_err(|error| StoreError::sqlite(path, error))
    }
}

fn load(connection: &Connection, path: &Path) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for table in Table::ALL {
        for (key, payload) in pairs(connection, table).map_err(|error| StoreError::sqlite(path, error))? {
            let payload = serde_json::from_str(&payload).map_err(|error| StoreError::Payload {
                path: path.to_owned(),
                table: table.as_str(),
                key: key.clone(),
                detail: error.to_string(),
            })?;
            rows.push(Row { table, key, payload });
        }
    }
    Ok(rows)
}

fn pairs(connection: &Connection, table: Table) -> rusqlite::Result<Vec<(String, String)>> {
    let query = format!("SELECT key, payload FROM {} ORDER BY key", table.as_str());
    let mut statement = connection.prepare_cached(&query)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Which file a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place(u64, u64);

impl Place {
    #[cfg(unix)]
    fn of(path: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let data = std::fs::metadata(path)?;
        Ok(Self(data.dev(), data.ino()))
    }

    /// Elsewhere an open file cannot be taken away.
    #[cfg(not(unix))]
    fn of(_: &Path) -> std::io::Result<Self> {
        Ok(Self(0, 0))
    }
}

fn commit_all(connection: &mut Connection, operations: &[Operation]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    operations.iter().try_for_each(|operation| apply(&transaction, operation))?;
    transaction.commit()
}

fn apply(transaction: &Transaction<'_>, operation: &Operation) -> rusqlite::Result<()> {
    match operation {
        Operation::Put(row) => write(transaction, row, "DO UPDATE SET payload = excluded.payload"),
        Operation::Insert(row) => write(transaction, row, "DO NOTHING"),
        Operation::Delete { table, key } => {
            let delete = format!("DELETE FROM {} WHERE key = ?1", table.as_str());
            transaction.prepare_cached(&delete)?.execute([key]).map(drop)
        }
    }
}

fn write(transaction: &Transaction<'_>, row: &Row, on_conflict: &str) -> rusqlite::Result<()> {
    let table = row.table.as_str();
    let insert = format!("INSERT INTO {table} (key, payload) VALUES (?1, ?2) ON CONFLICT (key) {on_conflict}");
    transaction.prepare_cached(&insert)?.execute(params![row.key, row.payload.to_string()]).map(drop)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Opens what is there. Where the journal's index cannot be made, because nothing may be written there and nobody has the
/// state in use, the file alone is the state.
fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let answers = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    if answers.is_err() && path.exists() && !Path::new(&journal).exists() {
        let name = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let alone = format!("file:{name}?immutable=1");
        return Connection::open_with_flags(alone, flags | OpenFlags::SQLITE_OPEN_URI);
    }
    Ok(connection)
}

/// Makes the file's directory, one level of it: a longer path that is missing is more likely a mistake.
fn make_directory(path: &Path) -> Result<(), StoreError> {
    let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) else { return Ok(()) };
    if directory.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|source| StoreError::Directory { path: directory.to_owned(), source })
}

/// Makes the file ourselves, as SQLite would let everybody read it. Its journal and index inherit the mode.
fn make_file(path: &Path) -> Result<(), StoreError> {
    private().open(path).map(drop).map_err(|source| StoreError::File { path: path.to_owned(), source })
}

/// Opens for writing a file of ours, and makes it if need be so that nobody else may read it.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests;
