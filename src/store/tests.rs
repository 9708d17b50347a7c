//! The store against real files.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::*;

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn row(table: Table, key: &str, payload: serde_json::Value) -> Row {
    Row { table, key: key.to_owned(), payload }
}

/// Changes the file with the means of an administrator.
fn sql(path: &Path, statement: &str) {
    Connection::open(path).unwrap().execute_batch(statement).unwrap();
}

#[test]
fn rows_come_back_as_they_went() {
    let directory = directory();
    let path = directory.path().join("state/notafter.db");
    let rows: Vec<Row> = Table::ALL
        .into_iter()
        .flat_map(|table| {
            [row(table, "a'; DROP TABLE mail; --", json!({"ä": [1, null]})), row(table, "b", json!({"n": 2}))]
        })
        .collect();
    let mut store = Store::open(&path).unwrap();
    assert_eq!(store.load().unwrap(), []);
    store.commit(&rows.iter().cloned().map(Operation::Put).collect::<Vec<_>>()).unwrap();
    drop(store);
    assert_eq!(Store::open(&path).unwrap().load().unwrap(), rows);
}

#[test]
fn put_replaces_insert_does_not_and_delete_takes_away() {
    let directory = directory();
    let mut store = Store::open(directory.path().join("x.db")).unwrap();
    let one = row(Table::Notice, "one", json!({"unknown": {"to": "us"}}));
    let two = row(Table::Notice, "two", json!({"n": 1}));
    store.commit(&[Operation::Insert(one.clone()), Operation::Put(two)]).unwrap();
    store
        .commit(&[
            Operation::Insert(row(Table::Notice, "one", json!({"lost": true}))),
            Operation::Put(row(Table::Notice, "two", json!({"n": 2}))),
            Operation::Delete { table: Table::Notice, key: "three".to_owned() },
            Operation::Delete { table: Table::Mail, key: "one".to_owned() },
        ])
        .unwrap();
    assert_eq!(store.load().unwrap(), [one, row(Table::Notice, "two", json!({"n": 2}))]);
    store.commit(&[Operation::Delete { table: Table::Notice, key: "two".to_owned() }]).unwrap();
    assert_eq!(store.load().unwrap().len(), 1);
}

#[test]
fn a_commit_is_all_or_nothing() {
    let directory = directory();
    let path = directory.path().join("x.db");
    let mut store = Store::open(&path).unwrap();
    sql(&path, "CREATE TRIGGER stop BEFORE INSERT ON mail BEGIN SELECT RAISE(ABORT, 'no mail today'); END");
    let good = Operation::Put(row(Table::Incident, "good", json!({})));
    let error = store.commit(&[good.clone(), Operation::Put(row(Table::Mail, "bad", json!({})))]).unwrap_err();
    assert!(error.to_string().contains("no mail today"), "{error}");
    assert_eq!(store.load().unwrap(), []);
    store.commit(&[good]).unwrap();
    assert_eq!(store.load().unwrap().len(), 1);
}

#[test]
fn a_second_daemon_is_refused_as_long_as_the_first_lives() {
    let directory = directory();
    let path = directory.path().join("x.db");
    let store = Store::open(&path).unwrap();
    let message = Store::open(&path).unwrap_err().to_string();
    let process = std::process::id();
    assert!(message.contains(path.to_str().unwrap()) && message.contains(&format!("process {process}")), "{message}");
    drop(store);
    Store::open(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn another_name_of_the_file_is_the_same_file() {
    let directory = directory();
    let [path, other] = ["x.db", "y.db"].map(|name| directory.path().join(name));
    let _store = Store::open(&path).unwrap();
    std::os::unix::fs::symlink(&path, &other).unwrap();
    assert!(matches!(Store::open(&other), Err(StoreError::InUse { .. })));
}

#[test]
fn the_schema_has_its_version_and_a_commit_reaches_the_disk() {
    let directory = directory();
    let store = Store::open(directory.path().join("x.db")).unwrap();
    let pragma = |name| store.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    let journal = store.connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0)).unwrap();
    assert_eq!((pragma("user_version"), pragma("synchronous")), (2, 2));
    assert_eq!(journal, "wal");
}

#[test]
fn a_newer_schema_is_refused_and_not_touched() {
    let directory = directory();
    let path = directory.path().join("x.db");
    drop(Store::open(&path).unwrap());
    sql(&path, "PRAGMA user_version = 99; CREATE TABLE future (x)");
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, known: 2, .. }), "{error}");
    sql(&path, "DROP TABLE future; PRAGMA user_version = 2");
    Store::open(&path).unwrap();
}

#[test]
fn a_state_of_the_first_schema_is_brought_to_this_one() {
    let directory = directory();
    let path = directory.path().join("x.db");
    drop(Store::open(&path).unwrap());
    sql(&path, "DROP TABLE silence; PRAGMA user_version = 1; INSERT INTO meta VALUES ('x', '1')");
    let row = |table, key: &str| Row { table, key: key.to_owned(), payload: 1.into() };
    let mut store = Store::open(&path).unwrap();
    store.commit(&[Operation::Put(row(Table::Silence, "y"))]).unwrap();
    assert_eq!(store.load().unwrap(), [row(Table::Meta, "x"), row(Table::Silence, "y")]);
}

#[test]
fn the_database_of_another_program_is_refused() {
    let directory = directory();
    let path = directory.path().join("x.db");
    sql(&path, "CREATE TABLE theirs (x)");
    assert!(matches!(Store::open(&path), Err(StoreError::Foreign { .. })));
}

#[test]
fn a_damaged_file_is_named_with_the_mend() {
    let directory = directory();
    let path = directory.path().join("x.db");
    fs::write(&path, "this is no database, whatever its name may say".repeat(100)).unwrap();
    let message = Store::open(&path).unwrap_err().to_string();
    assert!(message.contains("x.db") && message.contains("damaged") && message.contains("backup"), "{message}");
}

#[test]
fn damage_within_is_found_at_the_start() {
    let directory = directory();
    let path = directory.path().join("x.db");
    let mut store = Store::open(&path).unwrap();
    let fill = |n: usize| Operation::Put(row(Table::Domain, &n.to_string(), json!({"x": "y".repeat(500)})));
    store.commit(&(0..200).map(fill).collect::<Vec<_>>()).unwrap();
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len();
    bytes[8192..end].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_row_that_is_not_json_is_named() {
    let directory = directory();
    let path = directory.path().join("x.db");
    let store = Store::open(&path).unwrap();
    sql(&path, "INSERT INTO incident VALUES ('a.example', '{')");
    let error = store.load().unwrap_err();
    assert!(matches!(&error, StoreError::Payload { table: "incident", key, .. } if key == "a.example"), "{error}");
}

#[test]
fn one_level_of_directory_is_made_and_no_more() {
    let directory = directory();
    let error = Store::open(directory.path().join("a/b/x.db")).unwrap_err();
    assert!(matches!(&error, StoreError::Directory { path, .. } if path.ends_with("a/b")), "{error}");
    assert!(error.to_string().contains("make it"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_takes_no_files_is_an_error_with_the_mend() {
    // Not even root makes a file here.
    let error = Store::open("/sys/notafter.db").unwrap_err();
    assert!(matches!(error, StoreError::File { .. }), "{error}");
    assert!(error.to_string().contains("must be allowed to write"), "{error}");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory();
    let path = directory.path().join("state/x.db");
    let mut store = Store::open(&path).unwrap();
    store.commit(&[Operation::Put(row(Table::Meta, "a", json!({})))]).unwrap();
    let modes: Vec<_> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777)
        .collect();
    assert_eq!(modes, [0o600; 4], "the file, its journal, index and lock");
}
