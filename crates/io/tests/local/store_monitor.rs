//! What every store must do for the monitor: spans, incidents, and alerts that wait until they are told.
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use strictmx_engine::check::incident::{Incident, Key, Phase};
use strictmx_engine::check::observations::Span;
use strictmx_engine::check::{Family, Severity};
use strictmx_engine::time::Timestamp;
use strictmx_io::store::monitor::{
    ALERT_LIFE, AlertRow, AlertState, Attempt, Look, NewAlert, Pair, SPANS_PER_DOMAIN, WATCH_LIFE, Watched,
};
use strictmx_io::store::{Batch, Counts, Error, Store, open, open_reading};

use crate::support::{domain, row};

const NAME: &str = "example.com";

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn fresh() -> (Arc<dyn Store>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (open(&url(&directory.path().join("store.db"))).unwrap(), directory)
}

fn look(at: u64) -> Look {
    Look { domain: domain(NAME), at: Timestamp(at), pair: None, incidents: Vec::new(), alerts: Vec::new() }
}

fn pair(id: &str, text: Option<&str>) -> Option<Pair> {
    Some(Pair { id: Some(id.into()), text: text.map(Into::into) })
}

fn alerts(receivers: &[&str]) -> Vec<NewAlert> {
    let alert = |receiver: &&str| NewAlert { receiver: (*receiver).into(), body: "{\"news\":\"raised\"}".into() };
    receivers.iter().map(alert).collect()
}

async fn write(store: &Arc<dyn Store>, looks: Vec<Look>) {
    store.write(Batch { looks, ..Batch::default() }).await.unwrap();
}

async fn note(store: &Arc<dyn Store>, number: u64, state: AlertState) {
    store.write(Batch { attempts: vec![Attempt { number, state }], ..Batch::default() }).await.unwrap();
}

async fn due(store: &Arc<dyn Store>, now: u64) -> Vec<AlertRow> {
    store.alerts_due(Timestamp(now), 100).await.unwrap()
}

async fn spans(store: &Arc<dyn Store>) -> Vec<(Option<String>, Option<String>, u64, u64)> {
    let spans = store.watched(&domain(NAME)).await.unwrap().spans;
    spans.into_iter().map(|Span { id, text, first, last }| (id, text, first.0, last.0)).collect()
}

#[tokio::test]
async fn a_span_goes_on_while_the_same_pair_is_seen_and_another_begins_with_another() {
    let (store, _directory) = fresh();
    let some = |text: &str| Some(text.to_owned());
    for (at, pair) in [
        (10, pair("1", Some("a"))),
        (20, pair("1", Some("a"))),
        (30, None),
        (40, pair("1", None)),
        (50, pair("1", Some("a"))),
        (60, Some(Pair { id: None, text: None })),
        (70, Some(Pair { id: None, text: None })),
    ] {
        write(&store, vec![Look { pair, ..look(at) }]).await;
    }
    let expected = [
        (some("1"), some("a"), 10, 20),
        (some("1"), None, 40, 40),
        (some("1"), some("a"), 50, 50),
        (None, None, 60, 70),
    ];
    assert_eq!(spans(&store).await, expected);
    assert_eq!(store.watched(&domain(NAME)).await.unwrap().at, Some(Timestamp(70)));
    assert_eq!(store.watched(&domain("example.org")).await.unwrap(), Watched::default());
}

#[tokio::test]
async fn a_clock_that_goes_back_does_not_shorten_a_span() {
    let (store, _directory) = fresh();
    write(&store, [100, 50].map(|at| Look { pair: pair("1", None), ..look(at) }).into()).await;
    assert_eq!(spans(&store).await, [(Some("1".into()), None, 100, 100)]);
}

#[tokio::test]
async fn the_newest_200_spans_of_a_domain_are_kept() {
    let (store, _directory) = fresh();
    let many = u64::try_from(SPANS_PER_DOMAIN).unwrap() + 30;
    write(&store, (0..many).map(|at| Look { pair: pair(&at.to_string(), None), ..look(at) }).collect()).await;
    write(&store, vec![Look { domain: domain("example.org"), pair: pair("1", None), ..look(0) }]).await;
    let spans = spans(&store).await;
    assert_eq!((spans.len(), spans[0].2, spans.last().unwrap().2), (SPANS_PER_DOMAIN, 30, many - 1));
    assert_eq!(store.watched(&domain("example.org")).await.unwrap().spans.len(), 1);
}

#[tokio::test]
async fn incidents_come_back_as_they_were_put_and_later_ones_take_their_place() {
    let (store, _directory) = fresh();
    let incident = |subject: &str, family, phase| {
        let key = Key { id: "smtp.certificate".into(), subject: subject.into() };
        let (since, last) = (Timestamp(1), Timestamp(2));
        (key, Incident { family, phase, severity: Severity::Warning, since, last, raised: 3, seen: "ü".into() })
    };
    let all = vec![
        incident("", Some(Family::Smtp), Phase::Suspected(1)),
        incident("a", Some(Family::Time), Phase::Open { told: Severity::Error, missed: 2 }),
        incident("b", None, Phase::Over),
    ];
    write(&store, vec![Look { incidents: all.clone(), ..look(1) }]).await;
    assert_eq!(store.watched(&domain(NAME)).await.unwrap().incidents, all);
    write(&store, vec![Look { incidents: all[1..2].to_vec(), ..look(2) }]).await;
    assert_eq!(store.watched(&domain(NAME)).await.unwrap().incidents, all[1..2]);
    assert_eq!(store.watched(&domain("example.org")).await.unwrap().incidents, []);
}

#[tokio::test]
async fn alerts_wait_until_they_are_told_or_given_up() {
    let (store, _directory) = fresh();
    write(&store, vec![Look { alerts: alerts(&["webhook", "mailto:a@example.com", "log"]), ..look(100) }]).await;
    assert_eq!(due(&store, 99).await, []);
    let waiting = due(&store, 100).await;
    let expected = AlertRow {
        number: 1,
        domain: domain(NAME),
        at: Timestamp(100),
        receiver: "webhook".into(),
        body: "{\"news\":\"raised\"}".into(),
        tries: 0,
        state: AlertState::Due(Timestamp(100)),
    };
    assert_eq!((waiting.len(), &waiting[0]), (3, &expected));
    assert_eq!(store.alerts_due(Timestamp(100), 2).await.unwrap().len(), 2);
    note(&store, 1, AlertState::Due(Timestamp(160))).await;
    note(&store, 2, AlertState::Told(Timestamp(101))).await;
    note(&store, 3, AlertState::GivenUp(Timestamp(102), "nobody there".into())).await;
    assert_eq!(due(&store, 159).await, []);
    assert_eq!(due(&store, 160).await[0].tries, 1);
    // What is settled stays settled.
    note(&store, 2, AlertState::Due(Timestamp(0))).await;
    let states: Vec<_> = store.alerts_of(&domain(NAME), 10).await.unwrap().into_iter().map(|row| row.state).collect();
    let given_up = AlertState::GivenUp(Timestamp(102), "nobody there".into());
    assert_eq!(states, [given_up, AlertState::Told(Timestamp(101)), AlertState::Due(Timestamp(160))]);
}

#[tokio::test]
async fn a_sweep_removes_old_alerts_and_forgotten_domains_and_no_number_comes_again() {
    let (store, _directory) = fresh();
    let of =
        |name: &str, at| Look { domain: domain(name), pair: pair("1", None), alerts: alerts(&["log"]), ..look(at) };
    write(&store, vec![of("old.example", 0), of("new.example", WATCH_LIFE)]).await;
    assert_eq!(store.sweep(Timestamp(ALERT_LIFE)).await.unwrap(), 0);
    assert_eq!(store.sweep(Timestamp(ALERT_LIFE + 1)).await.unwrap(), 1);
    assert_eq!(store.sweep(Timestamp(WATCH_LIFE + 1)).await.unwrap(), 2);
    let left = Counts { watched: 1, spans: 1, alerts: 1, ..Counts::default() };
    assert_eq!(store.counts().await.unwrap(), left);
    assert_eq!(store.sweep(Timestamp(2 * WATCH_LIFE)).await.unwrap(), 1);
    write(&store, vec![of("new.example", 3 * WATCH_LIFE)]).await;
    assert_eq!(due(&store, u64::from(u32::MAX)).await[0].number, 3);
}

#[tokio::test]
async fn a_store_that_is_only_read_changes_nothing_beside_one_that_writes() {
    let (store, directory) = fresh();
    let path = directory.path().join("store.db");
    write(&store, vec![Look { pair: pair("1", None), ..look(1) }]).await;
    let reading = open_reading(&url(&path)).unwrap().unwrap();
    assert_eq!(reading.watched(&domain(NAME)).await.unwrap().spans.len(), 1);
    write(&store, vec![Look { pair: pair("2", None), ..look(2) }]).await;
    assert_eq!(reading.watched(&domain(NAME)).await.unwrap().spans.len(), 2);
    let puts = vec![row("example.com", "1", 1)];
    assert_eq!(reading.write(Batch { puts, ..Batch::default() }).await, Err(Error::Closed));
    reading.close().await;
    assert_eq!(store.counts().await.unwrap().policies, 0);
    assert!(open_reading(&url(&directory.path().join("none.db"))).unwrap().is_none());
    assert!(!directory.path().join("none.db").exists());
    assert!(open_reading("sqlite:nothing").is_err());
}

#[tokio::test]
async fn a_database_of_the_first_format_keeps_what_it_holds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../src/store/sqlite/migrations/001_policies.sql")).unwrap();
    old.execute_batch(
        "PRAGMA application_id = 0x534d5864; PRAGMA user_version = 1;
         INSERT INTO history (domain, at, kind, detail) VALUES ('example.com', 1, 'found', '{}');",
    )
    .unwrap();
    old.close().unwrap();
    assert!(open_reading(&url(&path)).unwrap().is_none(), "not taken over yet");
    let store = open(&url(&path)).unwrap();
    assert_eq!(store.history(&domain(NAME), 10).await.unwrap().len(), 1);
    write(&store, vec![look(1)]).await;
    assert_eq!(store.counts().await.unwrap(), Counts { history: 1, watched: 1, ..Counts::default() });
}
