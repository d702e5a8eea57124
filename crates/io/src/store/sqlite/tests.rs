//! A full disk, as far as `SQLite` can feign one: a database that may not grow. What a real one does is in `tests/local`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use std::sync::Arc;

use strictmx_engine::lookup::{Entry, Known};
use strictmx_engine::time::Timestamp;
use strictmx_proto::name::Domain;
use strictmx_proto::sts::Policy;

use super::super::{Batch, Error, Row, Store};
use super::{Sqlite, file};

fn row(number: u32) -> Row {
    let text = format!("version: STSv1\nmode: enforce\nmx: mx{}.example\nmax_age: 86400\n", "x".repeat(50));
    let policy = Arc::new(Policy::parse(text.as_bytes()).unwrap().policy);
    let entry = Entry { id: None, policy, fetched: Timestamp(1), expires: Timestamp(2) };
    let domain = Domain::parse(&format!("d{number}.example")).unwrap();
    Row { domain, known: Known { entry: Some(entry), ..Known::default() }, used: Timestamp(1) }
}

#[tokio::test]
async fn a_full_disk_fails_the_write_alone_and_writing_goes_on_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let (writer, reader) = file::open(&path).unwrap();
    let pages: i64 = writer.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    writer.pragma_update_and_check(None, "max_page_count", pages + 20, |_| Ok(())).unwrap();
    let store = Sqlite::over(&path, writer, reader).unwrap();
    let mut kept = Vec::new();
    let error = loop {
        let row = row(u32::try_from(kept.len()).unwrap());
        match store.write(Batch { puts: vec![row.clone()], ..Batch::default() }).await {
            Ok(()) => kept.push(row),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::Full { path: path.clone() });
    assert!(error.may_pass());
    assert!(kept.len() > 50);
    // Nothing of the failed write is there, everything before it is.
    assert_eq!(store.load(None, 1000).await.unwrap().len(), kept.len());
    // Batches that waited together do not suffer for the one that does not fit.
    let small = store.write(Batch { removes: vec![kept[0].domain.clone()], ..Batch::default() });
    let large = store.write(Batch { puts: (1000..2000).map(row).collect(), ..Batch::default() });
    let (large, small) = tokio::join!(large, small);
    assert_eq!((large, small), (Err(error), Ok(())));
    let removes = kept.iter().map(|row| row.domain.clone()).collect();
    store.write(Batch { removes, ..Batch::default() }).await.unwrap();
    store.write(Batch { puts: vec![row(7)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.load(None, 1000).await.unwrap(), [row(7)]);
}
