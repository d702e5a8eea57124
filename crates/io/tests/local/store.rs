//! What every store must do, whatever is behind it.
use std::sync::Arc;

use strictmx_engine::lookup::{Backoff, Known, NoPolicy, TxtKnown};
use strictmx_engine::time::Timestamp;
use strictmx_io::store::{
    Batch, Counts, Covered, EXPIRED_LIFE, Error, FAILURES, FailureRow, HISTORY_PER_DOMAIN, HistoryRow, PROBE_LIFE,
    ProbeRow, Row, Store, open,
};
use strictmx_proto::name::Domain;
use strictmx_proto::sts::NoRecord;

use crate::support::{domain, row, soon};

/// A store, and the directory that goes with it.
struct Fresh(Arc<dyn Store>, tempfile::TempDir);

fn fresh() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&format!("sqlite://{}/new/store.db", directory.path().display())).unwrap();
    Fresh(store, directory)
}

fn puts(rows: impl IntoIterator<Item = Row>) -> Batch {
    Batch { puts: rows.into_iter().collect(), ..Batch::default() }
}

fn change(name: &str, at: u64, kind: &str) -> HistoryRow {
    HistoryRow { domain: domain(name), at: Timestamp(at), kind: kind.into(), detail: format!("{{\"at\":{at}}}") }
}

fn failure(name: &str, at: u64) -> FailureRow {
    FailureRow {
        domain: domain(name),
        at: Timestamp(at),
        result_type: "sts-policy-fetch-error".into(),
        reason: Some("status 404".into()),
        detail: "{}".into(),
    }
}

fn probe(name: &str, at: u64, covered: Covered) -> ProbeRow {
    ProbeRow {
        domain: domain(name),
        at: Timestamp(at),
        policy_id: Some("1".into()),
        host: format!("mx.{name}"),
        seen: "{\"outcome\":\"verified\"}".into(),
        covered,
        result_type: None,
        reason: None,
    }
}

#[tokio::test]
async fn a_policy_comes_back_as_it_was_put() {
    let Fresh(store, _directory) = fresh();
    let mut put = row("example.com", "20260101", 1000);
    put.known.backoff = Some(Box::new(Backoff {
        id: Some("20260102".into()),
        until: Timestamp(1300),
        count: 2,
        // Why it failed is in the history, not here.
        why: NoPolicy::Pending,
    }));
    store.write(puts([put.clone()])).await.unwrap();
    assert_eq!(store.policy(&domain("example.com")).await.unwrap(), Some(put));
    assert_eq!(store.policy(&domain("example.org")).await.unwrap(), None);
}

#[tokio::test]
async fn a_txt_answer_that_was_no_id_is_asked_again_after_a_restart() {
    let Fresh(store, _directory) = fresh();
    let mut put = row("example.com", "1", 1000);
    put.known.txt = TxtKnown::NoRecord(NoRecord::None);
    store.write(puts([put.clone()])).await.unwrap();
    let back = store.policy(&domain("example.com")).await.unwrap().unwrap();
    assert_eq!((back.known.txt, back.known.asked), (TxtKnown::Unasked, Timestamp(0)));
    assert_eq!(back.known.entry, put.known.entry);
}

#[tokio::test]
async fn an_imported_policy_without_an_id_is_kept() {
    let Fresh(store, _directory) = fresh();
    let mut put = row("example.com", "1", 1000);
    put.known.entry.as_mut().unwrap().id = None;
    put.known.txt = TxtKnown::Unasked;
    (put.known.asked, put.known.txt_ttl) = (Timestamp(0), 0);
    store.write(puts([put.clone()])).await.unwrap();
    assert_eq!(store.policy(&domain("example.com")).await.unwrap(), Some(put));
}

#[tokio::test]
async fn a_later_policy_takes_the_place_of_the_earlier_and_one_without_an_entry_removes_it() {
    let Fresh(store, _directory) = fresh();
    store.write(puts([row("a.example", "1", 1), row("b.example", "1", 1)])).await.unwrap();
    store.write(puts([row("a.example", "2", 2)])).await.unwrap();
    assert_eq!(store.policy(&domain("a.example")).await.unwrap(), Some(row("a.example", "2", 2)));
    let gone = Row { domain: domain("a.example"), known: Known::default(), used: Timestamp(3) };
    store.write(puts([gone])).await.unwrap();
    store.write(Batch { removes: vec![domain("b.example")], ..Batch::default() }).await.unwrap();
    assert_eq!(store.counts().await.unwrap(), Counts::default());
}

#[tokio::test]
async fn policies_load_in_the_order_of_their_domains_page_by_page() {
    let Fresh(store, _directory) = fresh();
    let mut names: Vec<_> = (0..250).map(|number| format!("d{}.example", number * 7919 % 1000)).collect();
    store.write(puts(names.iter().map(|name| row(name, "1", 1)))).await.unwrap();
    names.sort();
    let (mut loaded, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = store.load(after.as_ref(), 100).await.unwrap();
        pages += 1;
        let last = page.len() < 100;
        loaded.extend(page.into_iter().map(|row| row.domain));
        after = loaded.last().cloned();
        if last {
            break;
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(loaded.iter().map(Domain::as_str).collect::<Vec<_>>(), names);
}

#[tokio::test]
async fn history_is_newest_first_and_keeps_200_changes_a_domain() {
    let Fresh(store, _directory) = fresh();
    let many = u64::try_from(HISTORY_PER_DOMAIN).unwrap() + 50;
    let history =
        (0..many).map(|at| change("busy.example", at, "changed")).chain([change("calm.example", 1, "found")]).collect();
    store.write(Batch { history, ..Batch::default() }).await.unwrap();
    store.write(Batch { history: vec![change("busy.example", many, "expired")], ..Batch::default() }).await.unwrap();
    let busy = store.history(&domain("busy.example"), 1000).await.unwrap();
    assert_eq!(busy.len(), HISTORY_PER_DOMAIN);
    assert_eq!(busy[0], change("busy.example", many, "expired"));
    assert_eq!(busy[1], change("busy.example", many - 1, "changed"));
    assert_eq!(busy.last().unwrap().at, Timestamp(51));
    assert_eq!(store.history(&domain("calm.example"), 10).await.unwrap(), [change("calm.example", 1, "found")]);
    assert_eq!(store.history(&domain("busy.example"), 2).await.unwrap().len(), 2);
}

#[tokio::test]
async fn failures_come_in_order_since_a_time_and_the_newest_are_kept() {
    let Fresh(store, _directory) = fresh();
    let failures = (0..10).map(|at| failure("example.com", at)).collect();
    store.write(Batch { failures, ..Batch::default() }).await.unwrap();
    let since = store.failures(Timestamp(7), 100).await.unwrap();
    assert_eq!(since, [failure("example.com", 7), failure("example.com", 8), failure("example.com", 9)]);
    assert_eq!(store.failures(Timestamp(0), 4).await.unwrap().len(), 4);
    for part in 0..11 {
        let failures = (0..10_000).map(|at| failure("example.org", 100 + part * 10_000 + at)).collect();
        store.write(Batch { failures, ..Batch::default() }).await.unwrap();
    }
    assert_eq!(store.counts().await.unwrap().failures, u64::try_from(FAILURES).unwrap());
    assert_eq!(store.failures(Timestamp(0), 1).await.unwrap()[0].at, Timestamp(10_100));
}

#[tokio::test]
async fn probes_come_back_by_time_by_domain_and_the_last_one_alone() {
    let Fresh(store, _directory) = fresh();
    let probes = vec![
        probe("a.example", 10, Covered::Yes),
        probe("b.example", 20, Covered::No),
        ProbeRow {
            result_type: Some("validation-failure".into()),
            reason: Some("not in policy".into()),
            ..probe("a.example", 30, Covered::No)
        },
    ];
    store.write(Batch { probes: probes.clone(), ..Batch::default() }).await.unwrap();
    assert_eq!(store.probes(Timestamp(20), 10).await.unwrap(), probes[1..]);
    assert_eq!(store.probes_of(&domain("a.example"), 10).await.unwrap(), [probes[2].clone(), probes[0].clone()]);
    assert_eq!(store.last_probe(&domain("a.example")).await.unwrap(), Some(probes[2].clone()));
    assert_eq!(store.last_probe(&domain("c.example")).await.unwrap(), None);
}

#[tokio::test]
async fn a_sweep_removes_what_has_outlived_its_time_and_leaves_history() {
    let Fresh(store, _directory) = fresh();
    let batch = Batch {
        puts: vec![row("old.example", "1", 0), row("new.example", "1", 100)],
        history: vec![change("old.example", 0, "found")],
        probes: vec![probe("old.example", 0, Covered::Yes), probe("new.example", 86_500, Covered::Yes)],
        ..Batch::default()
    };
    store.write(batch).await.unwrap();
    // The last second in which `old.example` is kept, and the first in which it is not.
    assert_eq!(PROBE_LIFE, EXPIRED_LIFE);
    assert_eq!(store.sweep(Timestamp(EXPIRED_LIFE)).await.unwrap(), 0);
    assert_eq!(store.sweep(Timestamp(86_400 + EXPIRED_LIFE)).await.unwrap(), 1);
    assert_eq!(store.sweep(Timestamp(86_401 + EXPIRED_LIFE)).await.unwrap(), 1);
    assert_eq!(store.counts().await.unwrap(), Counts { policies: 1, history: 1, probes: 1, ..Counts::default() });
}

#[tokio::test]
async fn many_writers_at_once_are_all_served() {
    let Fresh(store, _directory) = fresh();
    let writes = (0..500).map(|number| {
        let store = Arc::clone(&store);
        async move { store.write(puts([row(&format!("d{number}.example"), "1", 1)])).await }
    });
    soon(futures_util::future::try_join_all(writes)).await.unwrap();
    assert_eq!(store.counts().await.unwrap().policies, 500);
}

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_opening_again_and_a_closed_store_says_so() {
    let Fresh(store, directory) = fresh();
    let url = format!("sqlite://{}/new/store.db", directory.path().display());
    // Written by somebody who does not wait for it, just before the end.
    let unwaited = store.write(puts([row("b.example", "1", 1)]));
    let first = store.write(puts([row("a.example", "1", 1)]));
    let (first, unwaited, ()) = soon(async { tokio::join!(first, unwaited, store.close()) }).await;
    assert_eq!((first, unwaited), (Ok(()), Ok(())));
    assert_eq!(store.write(puts([row("c.example", "1", 1)])).await, Err(Error::Closed));
    assert_eq!(store.counts().await, Err(Error::Closed));
    soon(store.close()).await;
    let again = open(&url).unwrap();
    assert_eq!(again.load(None, 10).await.unwrap(), [row("a.example", "1", 1), row("b.example", "1", 1)]);
}

#[tokio::test]
async fn ten_thousand_policies_are_a_few_pages() {
    let Fresh(store, _directory) = fresh();
    for part in 0..10 {
        store.write(puts((0..1000).map(|number| row(&format!("d{part}-{number}.example"), "1", 1)))).await.unwrap();
    }
    let (mut after, mut count) = (None, 0);
    loop {
        let page = store.load(after.as_ref(), 2000).await.unwrap();
        count += page.len();
        after = page.last().map(|row| row.domain.clone());
        if page.len() < 2000 {
            break;
        }
    }
    assert_eq!(count, 10_000);
}
