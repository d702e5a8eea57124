//! A disk that is really full: a small one, in a mount namespace of a child's own. Skipped, saying so, where the system allows no
//! such namespace.
use std::fs;
use std::path::Path;

use strictmx_io::store::{Batch, Error, open};

use crate::support::{again, row};

const PART: &str = "STRICTMX_TEST_FULL";

/// Plays its part on a file system of one mebibyte.
#[tokio::test]
async fn the_child_fills_its_disk() {
    let Some(disk) = std::env::var_os(PART) else { return };
    let disk = Path::new(&disk);
    let store = open(&format!("sqlite://{}/store.db", disk.display())).unwrap();
    store.write(Batch { puts: vec![row("first.example", "1", 1)], ..Batch::default() }).await.unwrap();
    fs::write(disk.join("ballast"), vec![0; 100_000]).unwrap();
    let mut kept = 0;
    let error = loop {
        let puts = (0..50).map(|number| row(&format!("d{number}-{kept}.example"), "1", 1)).collect();
        match store.write(Batch { puts, ..Batch::default() }).await {
            Ok(()) => kept += 50,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Full { .. }), "{error}");
    assert!(kept > 0);
    // Reading goes on meanwhile, and writing by itself as soon as there is room.
    assert_eq!(store.counts().await.unwrap().policies, kept + 1);
    fs::remove_file(disk.join("ballast")).unwrap();
    store.write(Batch { puts: vec![row("last.example", "1", 1)], ..Batch::default() }).await.unwrap();
    store.close().await;
    let store = open(&format!("sqlite://{}/store.db", disk.display())).unwrap();
    assert_eq!(store.counts().await.unwrap().policies, kept + 2);
    fs::write(disk.join("played"), "").unwrap();
    println!("the disk was filled");
}

#[test]
fn a_full_disk_loses_nothing_and_writing_goes_on_when_there_is_room() {
    if std::env::var_os(PART).is_some() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let inner = again("store_full::the_child_fills_its_disk", PART, "");
    let script =
        format!("mount -t tmpfs -o size=1m tmpfs '{0}' && {PART}='{0}' exec \"$0\" \"$@\"", directory.path().display());
    let output = std::process::Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &script])
        .arg(inner.get_program())
        .args(inner.get_args())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            assert!(String::from_utf8_lossy(&output.stdout).contains("the disk was filled"));
        }
        Ok(output) if !String::from_utf8_lossy(&output.stdout).contains("running 1 test") => {
            eprintln!("skipped: no mount namespace here: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => eprintln!("skipped: no unshare here: {error}"),
    }
}
