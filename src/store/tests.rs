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

/// Commits rows of some kilobytes until that fails; how many went in, and why no more.
fn fill(store: &mut Store) -> (usize, StoreError) {
    for n in 0..10_000 {
        let row = row(Table::Domain, &n.to_string(), json!("x".repeat(4000)));
        if let Err(error) = store.commit(&[Operation::Put(row)]) {
            return (n, error);
        }
    }
    panic!("the disk is never full");
}

#[test]
fn a_full_disk_takes_nothing_away_and_goes_on_once_there_is_room() {
    let directory = directory();
    let path = directory.path().join("x.db");
    let mut store = Store::open(&path).unwrap();
    store.connection.pragma_update(None, "max_page_count", 40).unwrap();
    let (before, error) = fill(&mut store);
    assert!(error.to_string().ends_with("make room on the disk"), "{error}");
    assert!(before > 10 && store.load().unwrap().len() == before, "{before}");
    // Smaller things may still fit, and nothing is half there.
    let both = ["a", "b"].map(|key| Operation::Put(row(Table::Notice, key, json!("x".repeat(100_000)))));
    store.commit(&both).unwrap_err();
    assert_eq!(store.load().unwrap().len(), before);
    store.connection.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    store.commit(&both).unwrap();
    drop(store);
    assert_eq!(Store::open(&path).unwrap().load().unwrap().len(), before + 2);
}

#[test]
fn a_store_that_may_only_be_read_says_so() {
    let directory = directory();
    let mut store = Store::open(directory.path().join("x.db")).unwrap();
    store.connection.pragma_update(None, "query_only", true).unwrap();
    let error = store.commit(&[Operation::Put(row(Table::Mail, "a", json!({})))]).unwrap_err().to_string();
    assert!(error.contains("the user we run as must be allowed to write to it"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_state_that_was_taken_away_is_missed_at_once_and_welcomed_back() {
    let directory = directory();
    let [path, aside] = ["x.db", "aside.db"].map(|name| directory.path().join(name));
    let mut store = Store::open(&path).unwrap();
    let put = |key: &str| [Operation::Put(row(Table::Mail, key, json!({})))];
    store.commit(&put("a")).unwrap();
    fs::rename(&path, &aside).unwrap();
    let error = store.commit(&put("b")).unwrap_err().to_string();
    assert!(error.contains("was deleted or replaced while in use"), "{error}");
    // Another in its place is not ours.
    fs::write(&path, "").unwrap();
    assert!(matches!(store.commit(&put("b")), Err(StoreError::Gone { .. })));
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    fs::rename(&aside, &path).unwrap();
    store.commit(&put("b")).unwrap();
    assert_eq!(store.load().unwrap().len(), 2);
}

#[test]
fn who_only_looks_sees_what_is_stored_and_disturbs_nobody() {
    let directory = directory();
    let path = directory.path().join("x%20?.db");
    assert!(Store::peek(&path).is_err() && !path.exists(), "none is made");
    let mut store = Store::open(&path).unwrap();
    let put = |key: &str| [Operation::Put(row(Table::Mail, key, json!({"n": key})))];
    store.commit(&put("a")).unwrap();
    assert_eq!(Store::peek(&path).unwrap(), store.load().unwrap());
    store.commit(&put("b")).unwrap();
    assert_eq!(Store::peek(&path).unwrap().len(), 2, "what is in the journal counts");
    drop(store);
    assert_eq!(Store::peek(&path).unwrap().len(), 2);
    sql(&path, "PRAGMA application_id = 7");
    assert!(matches!(Store::peek(&path), Err(StoreError::Foreign { .. })));
    fs::write(directory.path().join("empty.db"), "").unwrap();
    assert_eq!(Store::peek(directory.path().join("empty.db")).unwrap(), []);
}
