//! What the store costs beside bare `SQLite` with the same settings: batches of policies, single writes that come together, reads
//! of one policy, and loading ten thousand.
#![allow(clippy::unwrap_used, reason = "a bench")]
use std::path::Path;
use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rusqlite::{Connection, params};
use strictmx_engine::lookup::{Entry, Known, TxtKnown};
use strictmx_engine::time::Timestamp;
use strictmx_io::store::{Batch, Row, Store, open};
use strictmx_proto::name::Domain;
use strictmx_proto::sts::Policy;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const ROWS: usize = 1000;
const LOADED: usize = 10_000;

fn main() {
    divan::main();
}

fn text(number: usize) -> String {
    format!("version: STSv1\nmode: enforce\nmx: mx.d{number}.example\nmx: *.mail.d{number}.example\nmax_age: 604800\n")
}

fn row(number: usize) -> Row {
    let policy = Arc::new(Policy::parse(text(number).as_bytes()).unwrap().policy);
    let entry =
        Entry { id: Some("20261101T000000".into()), policy, fetched: Timestamp(1), expires: Timestamp(604_801) };
    Row {
        domain: Domain::parse(&format!("d{number}.example")).unwrap(),
        known: Known {
            entry: Some(entry),
            txt: TxtKnown::Id("20261101T000000".into()),
            asked: Timestamp(1),
            txt_ttl: 300,
            backoff: None,
        },
        used: Timestamp(1),
    }
}

fn batch(rows: usize) -> Batch {
    Batch { puts: (0..rows).map(row).collect(), ..Batch::default() }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn store(directory: &Path) -> Arc<dyn Store> {
    open(&format!("sqlite://{}/store.db", directory.display())).unwrap()
}

/// Bare `SQLite`: the table without its other columns' meaning, the settings of the store.
fn bare(directory: &Path) -> Connection {
    let db = Connection::open(directory.join("bare.db")).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA cache_size = -1024;
         CREATE TABLE policy (domain TEXT NOT NULL PRIMARY KEY, id TEXT, policy TEXT NOT NULL, fetched INTEGER NOT NULL,
            expires INTEGER NOT NULL, txt_id TEXT, asked INTEGER NOT NULL, txt_ttl INTEGER NOT NULL, used INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
         CREATE INDEX policy_by_expiry ON policy (expires);",
    )
    .unwrap();
    db
}

fn put_bare(db: &mut Connection, rows: usize) {
    let work = db.transaction().unwrap();
    {
        let mut put = work
            .prepare_cached(
                "INSERT INTO policy VALUES (?1, ?2, ?3, 1, 604801, ?2, 1, 300, 1) ON CONFLICT (domain) DO UPDATE SET
                    id = excluded.id, policy = excluded.policy, fetched = excluded.fetched, expires = excluded.expires",
            )
            .unwrap();
        for number in 0..rows {
            put.execute(params![format!("d{number}.example"), "20261101T000000", text(number)]).unwrap();
        }
    }
    work.commit().unwrap();
}

/// Something prepared once, and the directory that goes with it.
struct Prepared<T>(T, #[allow(dead_code, reason = "held for its Drop")] TempDir);

fn prepared<T>(make: impl FnOnce(&Path) -> T) -> Prepared<T> {
    let directory = tempfile::tempdir().unwrap();
    Prepared(make(directory.path()), directory)
}

#[divan::bench]
fn write_a_batch_of_1000(bencher: Bencher<'_, '_>) {
    let (runtime, Prepared(store, _held)) = (runtime(), prepared(store));
    bencher.counter(ItemsCount::new(ROWS)).with_inputs(|| batch(ROWS)).bench_values(|batch| {
        runtime.block_on(store.write(batch)).unwrap();
    });
}

#[divan::bench]
fn write_a_batch_of_1000_bare(bencher: Bencher<'_, '_>) {
    let Prepared(mut db, _held) = prepared(bare);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| put_bare(&mut db, ROWS));
}

#[divan::bench]
fn write_64_that_come_together(bencher: Bencher<'_, '_>) {
    let (runtime, Prepared(store, _held)) = (runtime(), prepared(store));
    bencher
        .counter(ItemsCount::new(64_usize))
        .with_inputs(|| (0..64).map(|number| Batch { puts: vec![row(number)], ..Batch::default() }).collect::<Vec<_>>())
        .bench_values(|batches| {
            let writes = batches.into_iter().map(|batch| store.write(batch));
            runtime.block_on(futures_util::future::try_join_all(writes)).unwrap();
        });
}

#[divan::bench]
fn write_64_one_by_one_bare(bencher: Bencher<'_, '_>) {
    let Prepared(mut db, _held) = prepared(bare);
    bencher.counter(ItemsCount::new(64_usize)).bench_local(|| (0..64).for_each(|_| put_bare(&mut db, 1)));
}

#[divan::bench]
fn read_one_policy(bencher: Bencher<'_, '_>) {
    let (runtime, Prepared(store, _held)) = (runtime(), prepared(store));
    runtime.block_on(store.write(batch(LOADED))).unwrap();
    let domain = Domain::parse("d4711.example").unwrap();
    bencher.bench(|| black_box(runtime.block_on(store.policy(&domain)).unwrap()));
}

#[divan::bench]
fn read_one_policy_bare(bencher: Bencher<'_, '_>) {
    let Prepared(mut db, _held) = prepared(bare);
    put_bare(&mut db, LOADED);
    bencher.bench_local(|| {
        let mut find = db.prepare_cached("SELECT policy FROM policy WHERE domain = ?1").unwrap();
        black_box(find.query_row(["d4711.example"], |row| row.get::<_, String>(0)).unwrap())
    });
}

#[divan::bench]
fn load_10000_policies(bencher: Bencher<'_, '_>) {
    let (runtime, Prepared(store, _held)) = (runtime(), prepared(store));
    runtime.block_on(store.write(batch(LOADED))).unwrap();
    bencher.counter(ItemsCount::new(LOADED)).bench(|| {
        let (mut after, mut count) = (None, 0);
        loop {
            let page = runtime.block_on(store.load(after.as_ref(), ROWS)).unwrap();
            count += page.len();
            after = page.last().map(|row| row.domain.clone());
            if page.len() < ROWS {
                return count;
            }
        }
    });
}

#[divan::bench]
fn open_10000_policies(bencher: Bencher<'_, '_>) {
    let (runtime, Prepared(first, held)) = (runtime(), prepared(store));
    runtime.block_on(first.write(batch(LOADED))).unwrap();
    runtime.block_on(first.close());
    bencher.bench(|| runtime.block_on(store(held.path()).close()));
}
