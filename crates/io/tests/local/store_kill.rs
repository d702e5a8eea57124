//! Killing the process in the midst of writing loses nothing that was acknowledged. The test starts itself again, and kills it.
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use strictmx_engine::time::Timestamp;
use strictmx_io::store::{Batch, HistoryRow, open};

use crate::support::{Reaped, again, domain, row};

const PART: &str = "STRICTMX_TEST_KILL";

fn url(directory: &Path) -> String {
    format!("sqlite://{}/store.db", directory.display())
}

/// Writes until it is killed; every acknowledged write leaves its number in a file.
#[tokio::test]
async fn the_child_writes_until_it_is_killed() {
    let Some(directory) = std::env::var_os(PART) else {
        return;
    };
    let directory = Path::new(&directory);
    let store = open(&url(directory)).unwrap();
    let mut acknowledged = OpenOptions::new().append(true).create(true).open(directory.join("acknowledged")).unwrap();
    let first = store.counts().await.unwrap().policies;
    for number in first.. {
        let name = format!("d{number}.example");
        let history = vec![HistoryRow {
            domain: domain(&name),
            at: Timestamp(number),
            kind: "found".into(),
            detail: "{}".into(),
        }];
        store.write(Batch { puts: vec![row(&name, "1", number)], history, ..Batch::default() }).await.unwrap();
        writeln!(acknowledged, "{number}").unwrap();
    }
}

fn acknowledged(directory: &Path) -> Vec<u64> {
    let mut text = String::new();
    let Ok(mut file) = File::open(directory.join("acknowledged")) else {
        return Vec::new();
    };
    file.read_to_string(&mut text).unwrap();
    // A last line without its end was cut off by the kill.
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.parse().ok()).collect()
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_acknowledged() {
    if std::env::var_os(PART).is_some() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for round in 1..=5 {
        let before = acknowledged(directory.path()).len();
        let test = "store_kill::the_child_writes_until_it_is_killed";
        let child = Reaped(again(test, PART, directory.path().to_str().unwrap()).spawn().unwrap());
        crate::support::soon(async {
            while acknowledged(directory.path()).len() < before + 20 * round {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        })
        .await;
        drop(child);
        let store = open(&url(directory.path())).unwrap();
        let done = acknowledged(directory.path());
        for number in &done {
            let name = format!("d{number}.example");
            assert_eq!(store.policy(&domain(&name)).await.unwrap(), Some(row(&name, "1", *number)));
            // All of a batch or none: its history came with it.
            assert_eq!(store.history(&domain(&name), 9).await.unwrap().len(), 1);
        }
        let counts = store.counts().await.unwrap();
        assert_eq!(counts.policies, counts.history);
        store.close().await;
    }
}
