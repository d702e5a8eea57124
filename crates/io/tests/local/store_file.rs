//! The `SQLite` file when something is wrong with it: a clear error, and nothing is touched.
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use strictmx_io::store::{Batch, Error, Store, open};

use crate::support::{domain, row};

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// The error of opening it, and a check that the file, and what lies beside it, stayed as they were.
fn refused(path: &Path) -> Error {
    let before = directory(path);
    let Err(error) = open(&url(path)) else { panic!("{} was opened", path.display()) };
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert!(directory(path) == before, "something was touched: {error}");
    error
}

/// All files of the file's directory with what is in them.
fn directory(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.is_file())
        .map(|file| (file.clone(), fs::read(&file).unwrap()))
        .collect();
    files.sort();
    files
}

/// A closed database with a few hundred policies.
async fn filled(path: &Path) {
    let store = open(&url(path)).unwrap();
    let puts = (0..500).map(|number| row(&format!("d{number}.example"), "1", 1)).collect();
    store.write(Batch { puts, ..Batch::default() }).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn directories_and_file_are_made_for_us_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/store.db");
    let store = open(&url(&path)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o007;
    assert_eq!(mode(&path), 0);
    assert_eq!(mode(&directory.path().join("a")), 0);
    assert_eq!(mode(&directory.path().join("a/b")), 0);
    store.close().await;
    drop(store);
    assert!(!directory.path().join("a/b/store.db-wal").exists());
}

#[test]
fn garbage_a_text_and_a_directory_are_not_taken_for_a_database() {
    let directory = tempfile::tempdir().unwrap();
    for garbage in [&b"\0"[..], b"SQLite format 3\0", b"domain,policy\nexample.com,enforce\n", &[0xa5; 4096]] {
        let path = directory.path().join("garbage.db");
        fs::write(&path, garbage).unwrap();
        assert!(matches!(refused(&path), Error::Foreign { .. }));
    }
    let path = directory.path().join("sub");
    fs::create_dir(&path).unwrap();
    assert!(matches!(open(&url(&path)), Err(Error::Foreign { .. })));
}

#[test]
fn the_database_of_another_program_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    for id in [0, 7] {
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch(&format!("PRAGMA application_id = {id}; CREATE TABLE IF NOT EXISTS policy (domain TEXT)"))
            .unwrap();
        other.close().unwrap();
        assert!(matches!(refused(&path), Error::Foreign { .. }));
    }
}

#[tokio::test]
async fn the_database_of_a_later_version_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    filled(&path).await;
    let later = Connection::open(&path).unwrap();
    later.execute_batch("CREATE TABLE tomorrow (a TEXT); PRAGMA user_version = 99").unwrap();
    later.close().unwrap();
    let error = refused(&path);
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn a_truncated_database_is_damaged_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    filled(&path).await;
    let whole = fs::read(&path).unwrap();
    for part in [10, 3, 2] {
        fs::write(&path, &whole[..whole.len() / part]).unwrap();
        let error = refused(&path);
        assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_database_with_torn_pages_is_damaged_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    filled(&path).await;
    let mut torn = fs::read(&path).unwrap();
    for page in torn.chunks_mut(4096).skip(1).step_by(2) {
        page[..200].fill(0xa5);
    }
    fs::write(&path, torn).unwrap();
    let error = refused(&path);
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn a_database_without_its_tables_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    filled(&path).await;
    let hand = Connection::open(&path).unwrap();
    hand.execute_batch("ALTER TABLE probe DROP COLUMN seen").unwrap();
    hand.close().unwrap();
    let Err(error) = open(&url(&path)) else { panic!("opened") };
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn a_log_that_lost_its_database_is_not_thrown_away() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    fs::write(directory.path().join("store.db-wal"), [1; 100]).unwrap();
    assert!(matches!(refused(&path), Error::Corrupt { .. }));
    fs::write(&path, "").unwrap();
    assert!(matches!(refused(&path), Error::Corrupt { .. }));
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    fs::write(&path, "").unwrap();
    filled(&path).await;
    let store = open(&url(&path)).unwrap();
    assert_eq!(store.counts().await.unwrap().policies, 500);
}

#[test]
fn a_place_that_cannot_be_written_says_so() {
    let directory = tempfile::tempdir().unwrap();
    // Root may write anywhere but here.
    let Err(error) = open("sqlite:///proc/strictmx/store.db") else { panic!("opened") };
    assert!(error.to_string().contains("/proc/strictmx/store.db"), "{error}");
    fs::write(directory.path().join("file"), "").unwrap();
    let Err(error) = open(&url(&directory.path().join("file/store.db"))) else { panic!("opened") };
    assert!(matches!(error, Error::Io { .. }), "{error}");
    let closed = directory.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    match open(&url(&closed.join("store.db"))) {
        Err(error) => assert!(matches!(error, Error::ReadOnly { .. }), "{error}"),
        Ok(_) => assert!(rustix::process::geteuid().is_root()),
    }
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_passed_over_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    filled(&path).await;
    let hand = Connection::open(&path).unwrap();
    hand.execute_batch(
        "UPDATE policy SET policy = 'version: STSv9' WHERE domain = 'd1.example';
         UPDATE policy SET domain = 'not a name' WHERE domain = 'd2.example';
         UPDATE policy SET policy = CAST(x'ff' AS TEXT) WHERE domain = 'd3.example';
         UPDATE policy SET txt_ttl = -1 WHERE domain = 'd4.example';
         UPDATE policy SET id = CAST(x'ff' AS TEXT) WHERE domain = 'd5.example';",
    )
    .unwrap();
    hand.close().unwrap();
    let store = open(&url(&path)).unwrap();
    assert_eq!(store.load(None, 1000).await.unwrap().len(), 495);
    // A page is full all the same, so that nobody takes it for the last.
    assert_eq!(store.load(None, 490).await.unwrap().len(), 490);
    assert_eq!(store.policy(&domain("d1.example")).await.unwrap(), None);
    assert_eq!(store.counts().await.unwrap().policies, 500);
}

#[tokio::test]
async fn two_processes_may_use_one_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let stores: [Arc<dyn Store>; 2] = [open(&url(&path)).unwrap(), open(&url(&path)).unwrap()];
    let writes = (0..100).map(|number| {
        let puts = vec![row(&format!("d{number}.example"), "1", 1)];
        stores[number % 2].write(Batch { puts, ..Batch::default() })
    });
    futures_util::future::try_join_all(writes).await.unwrap();
    for store in &stores {
        assert_eq!(store.counts().await.unwrap().policies, 100);
    }
}

#[tokio::test]
async fn a_write_waits_for_a_lock_but_not_for_ever_and_the_store_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = open(&url(&path)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let batch = || Batch { puts: vec![row("example.com", "1", 1)], ..Batch::default() };
    let locked = store.write(batch()).await.unwrap_err();
    assert!(matches!(locked, Error::Busy { .. }), "{locked}");
    assert!(locked.may_pass());
    // Readers never noticed.
    assert_eq!(store.counts().await.unwrap().policies, 0);
    other.execute_batch("ROLLBACK").unwrap();
    store.write(batch()).await.unwrap();
    assert_eq!(store.counts().await.unwrap().policies, 1);
}
