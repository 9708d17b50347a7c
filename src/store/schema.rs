//! The schema of the state, and how an older one becomes it. Migrations only go forward.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// `nota` in ASCII: tells our file from another program's, in SQLite's own header field for it.
const APPLICATION_ID: i64 = 0x6e6f_7461;

/// What leads from one version to the next: the first makes version 1 of an empty file.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE meta     (key TEXT PRIMARY KEY, payload TEXT NOT NULL) STRICT;
    CREATE TABLE domain   (key TEXT PRIMARY KEY, payload TEXT NOT NULL) STRICT;
    CREATE TABLE incident (key TEXT PRIMARY KEY, payload TEXT NOT NULL) STRICT;
    CREATE TABLE notice   (key TEXT PRIMARY KEY, payload TEXT NOT NULL) STRICT;
    CREATE TABLE mail     (key TEXT PRIMARY KEY, payload TEXT NOT NULL) STRICT;
",
    "CREATE TABLE silence (key TEXT PRIMARY KEY, payload TEXT NOT NULL) STRICT;",
];

/// Makes sure that this is our database, whole, and of this version's schema.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::sqlite(path, error);
    let version = recognise(connection, path)?;
    configure(connection).map_err(failed)?;
    migrate(connection, version).map_err(failed)?;
    check(connection, path)
}

/// The schema's version; 0 of an empty file.
pub(super) fn recognise(connection: &Connection, path: &Path) -> Result<usize, StoreError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables = || connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let failed = |error| StoreError::sqlite(path, error);
    let (application, version) = (pragma("application_id").map_err(failed)?, pragma("user_version").map_err(failed)?);
    let is_empty = (application, version, tables().map_err(failed)?) == (0, 0, 0);
    if application != APPLICATION_ID && !is_empty {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let known = MIGRATIONS.len();
    usize::try_from(version).ok().filter(|version| *version <= known).ok_or_else(|| StoreError::Newer {
        path: path.to_owned(),
        found: version,
        known: known as i64,
    })
}

/// A commit is on disk before it counts: with `synchronous=NORMAL` a power cut may take the last ones of a WAL back.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")
}

fn migrate(connection: &mut Connection, from: usize) -> rusqlite::Result<()> {
    for (done, migration) in MIGRATIONS.iter().enumerate().skip(from) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", done as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let answer = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match answer.map_err(|error| StoreError::sqlite(path, error))? {
        answer if answer == "ok" => Ok(()),
        detail => Err(StoreError::Damaged { path: path.to_owned(), detail }),
    }
}
