//! What every store must do for the collector: counts that add up, within bounds, and survive a killed process.
use std::path::Path;
use std::sync::Arc;

use strictmx_engine::report::loss::Progress;
use strictmx_engine::report::{Arrivals, Counts, Day, Detail, DomainDay, PolicyDay, PolicyKey, PolicyType, Scope};
use strictmx_engine::time::Timestamp;
use strictmx_io::store::counting::{
    Added, DETAILS_PER_POLICY, Delta, POLICIES_PER_DOMAIN, QUARANTINE, QUARANTINE_OCTETS, Quarantined,
};
use strictmx_io::store::{Store, open, open_reading};

use crate::support::{Reaped, again, domain};

fn url(directory: &Path) -> String {
    format!("sqlite://{}/store.db", directory.display())
}

fn fresh() -> (Arc<dyn Store>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (open(&url(directory.path())).unwrap(), directory)
}

fn policy(text: &str) -> PolicyKey {
    let (text, mx) = ([text.into()].into(), ["mx.example.com".into()].into());
    PolicyKey { kind: PolicyType::Sts, domain: domain("example.com"), text, mx }
}

fn detail(host: &str) -> Detail {
    Detail {
        result_type: "certificate-expired".into(),
        sending_mta_ip: Some("192.0.2.1".into()),
        receiving_mx_hostname: Some(host.into()),
        receiving_mx_helo: None,
        receiving_ip: None,
        additional_information: None,
        failure_reason_code: None,
    }
}

fn day(number: u32, name: &str, policies: Vec<PolicyDay>) -> DomainDay {
    let record = Some("v=TLSRPTv1; rua=mailto:a@example.com".into());
    DomainDay { day: Day(number), domain: domain(name), scope: Scope::Domain, record, policies }
}

fn counted(text: &str, success: u64, failure: u64, details: &[(&str, u64)]) -> PolicyDay {
    let details = details.iter().map(|(host, sessions)| (detail(host), *sessions)).collect();
    PolicyDay { policy: policy(text), counts: Counts { success, failure }, details }
}

fn delta(domains: Vec<DomainDay>) -> Arc<Delta> {
    Arc::new(Delta { domains, ..Delta::default() })
}

// TLSRPT-4.1-1
#[tokio::test]
async fn deltas_add_up_by_day_domain_policy_and_failure() {
    let (store, _directory) = fresh();
    let first = day(7, "example.com", vec![counted("a", 2, 1, &[("mx1", 1)]), counted("b", 1, 0, &[])]);
    let mut second = day(7, "example.com", vec![counted("a", 1, 2, &[("mx1", 1), ("mx2", 1)])]);
    second.record = Some("v=TLSRPTv1; rua=mailto:b@example.com".into());
    let other = day(8, "example.com", vec![counted("a", 5, 0, &[])]);
    store.add_counts(delta(vec![first.clone()])).await.unwrap();
    store.add_counts(delta(vec![second, other.clone()])).await.unwrap();
    let found = store.domain_day(Day(7), &domain("example.com"), Scope::Domain).await.unwrap().unwrap();
    assert_eq!(found.record.as_deref(), Some("v=TLSRPTv1; rua=mailto:b@example.com"));
    let of = |text| found.policies.iter().find(|day| day.policy == policy(text)).unwrap();
    assert_eq!(*of("a"), counted("a", 3, 3, &[("mx1", 2), ("mx2", 1)]));
    assert_eq!(*of("b"), counted("b", 1, 0, &[]));
    assert_eq!(store.domain_days(Day(8), None, 10).await.unwrap(), [other]);
    assert_eq!(store.days().await.unwrap(), [(Day(7), 1), (Day(8), 1)]);
    assert_eq!(store.domain_day(Day(7), &domain("example.com"), Scope::Host).await.unwrap(), None);
    let sums = store.sums(Day(7), None, 10).await.unwrap();
    assert_eq!((sums[0].counts, sums[0].told), (Counts { success: 4, failure: 3 }, 3));
}

#[tokio::test]
async fn a_record_nobody_looked_for_does_not_hide_the_one_that_is_known() {
    let (store, _directory) = fresh();
    let known = day(7, "example.com", vec![counted("a", 1, 0, &[])]);
    store.add_counts(delta(vec![known.clone()])).await.unwrap();
    store.add_counts(delta(vec![DomainDay { record: None, ..known.clone() }])).await.unwrap();
    let found = store.domain_days(Day(7), None, 1).await.unwrap().remove(0);
    assert_eq!((found.record, found.policies[0].counts.success), (known.record, 2));
}

#[tokio::test]
async fn pages_follow_each_other_without_gap() {
    let (store, _directory) = fresh();
    let mut all: Vec<DomainDay> =
        (0..25).map(|number| day(7, &format!("d{number:02}.example"), vec![counted("a", number, 0, &[])])).collect();
    all.insert(5, DomainDay { scope: Scope::Host, record: None, ..all[4].clone() });
    store.add_counts(delta(all.clone())).await.unwrap();
    let (mut read, mut sums, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        sums.extend(store.sums(Day(7), after.clone(), 4).await.unwrap());
        let page = store.domain_days(Day(7), after, 4).await.unwrap();
        let last = page.len() < 4;
        after = page.last().map(|day| (day.domain.clone(), day.scope));
        read.extend(page);
        if last {
            break;
        }
    }
    assert_eq!(read, all);
    assert!(sums.iter().map(|sum| (&sum.domain, sum.scope)).eq(all.iter().map(|day| (&day.domain, day.scope))));
    assert_eq!(store.days().await.unwrap(), [(Day(7), 26)]);
}

#[tokio::test]
async fn what_goes_over_the_bounds_is_counted_in_the_rows_of_other() {
    let (store, _directory) = fresh();
    let many: Vec<PolicyDay> = (0..100).map(|number| counted(&format!("policy {number}"), 1, 0, &[])).collect();
    store.add_counts(delta(vec![day(7, "example.com", many.clone())])).await.unwrap();
    store.add_counts(delta(vec![day(7, "example.com", many)])).await.unwrap();
    let hosts: Vec<String> = (0..400).map(|number| format!("mx{number}")).collect();
    let hosts: Vec<(&str, u64)> = hosts.iter().map(|host| (host.as_str(), 2)).collect();
    store.add_counts(delta(vec![day(7, "example.com", vec![counted("policy 0", 0, 1, &hosts)])])).await.unwrap();
    let found = store.domain_days(Day(7), None, 1).await.unwrap().remove(0);
    let most = usize::try_from(POLICIES_PER_DOMAIN).unwrap();
    assert_eq!(found.policies.len(), most + 1);
    let other = found.policies.iter().find(|day| day.policy == policy("x").other()).unwrap();
    assert_eq!(other.counts.success, 2 * (100 - POLICIES_PER_DOMAIN));
    let first = found.policies.iter().find(|day| day.policy == policy("policy 0")).unwrap();
    assert_eq!(first.details.len(), usize::try_from(DETAILS_PER_POLICY).unwrap() + 1);
    assert_eq!(first.details.iter().map(|(_, sessions)| sessions).sum::<u64>(), 800);
}

#[tokio::test]
async fn arrivals_progress_and_quarantine_come_with_the_counts() {
    let (store, directory) = fresh();
    let arrivals = Arrivals { received: 5, malformed: 2, lost: 1, ..Arrivals::default() };
    let quarantined = |number: u64| Quarantined {
        at: Timestamp(number),
        reason: "no JSON".into(),
        octets: vec![b'x'; 2 * QUARANTINE_OCTETS],
    };
    let progress = Progress { run: u64::MAX - 3, events: 5, told: 9 };
    let whole = Delta {
        domains: vec![day(7, "example.com", vec![counted("a", 1, 0, &[])])],
        arrivals: vec![(Day(7), arrivals), (Day(9), arrivals)],
        quarantined: (0..2 * u64::try_from(QUARANTINE).unwrap()).map(quarantined).collect(),
        progress: Some(("tlsrpt.sock".into(), progress)),
    };
    store.add_counts(Arc::new(whole)).await.unwrap();
    store.close().await;
    // As `report today` reads beside a running daemon.
    let store = open_reading(&url(directory.path())).unwrap().unwrap();
    assert_eq!(store.arrivals(Day(7)).await.unwrap(), arrivals);
    assert_eq!(store.arrivals(Day(8)).await.unwrap(), Arrivals::default());
    assert_eq!(store.days().await.unwrap(), [(Day(7), 1), (Day(9), 0)]);
    assert_eq!(store.progress("tlsrpt.sock").await.unwrap(), Some(progress));
    assert_eq!(store.progress("another").await.unwrap(), None);
    let kept = store.quarantined(usize::MAX).await.unwrap();
    assert_eq!((kept.len(), kept[0].at, kept[0].octets.len()), (QUARANTINE, Timestamp(1999), QUARANTINE_OCTETS));
}

#[tokio::test]
async fn old_days_go_a_part_at_a_time_and_take_their_policies_along() {
    let (store, directory) = fresh();
    for number in [5, 6, 7] {
        let own = format!("policy of {number}");
        let all = (0..10).map(|name| {
            day(
                number,
                &format!("d{name}.example"),
                vec![counted("shared", 1, 1, &[("mx", 1)]), counted(&own, 1, 0, &[])],
            )
        });
        store.add_counts(delta(all.collect())).await.unwrap();
    }
    let mut steps = Vec::new();
    while steps.last().is_none_or(|gone| *gone == 8) {
        steps.push(store.forget_counts(Day(7), 8).await.unwrap());
    }
    assert_eq!(steps, [8, 8, 4]);
    assert_eq!(store.days().await.unwrap(), [(Day(7), 10)]);
    assert_eq!(store.domain_days(Day(7), None, 99).await.unwrap().len(), 10);
    store.close().await;
    let db = rusqlite::Connection::open(directory.path().join("store.db")).unwrap();
    for (table, left) in [("count_policy", 2), ("count_session", 20), ("count_detail", 10), ("count_domain", 10)] {
        let rows: i64 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, left, "{table}");
    }
}

#[tokio::test]
async fn two_collectors_add_to_one_day() {
    let (store, directory) = fresh();
    let second = open(&url(directory.path())).unwrap();
    for _ in 0..20 {
        let one = || delta(vec![day(7, "example.com", vec![counted("a", 1, 1, &[("mx", 1)])])]);
        let (a, b) = tokio::join!(store.add_counts(one()), second.add_counts(one()));
        assert_eq!((a.unwrap(), b.unwrap()), (Added::default(), Added::default()));
    }
    let found = store.domain_days(Day(7), None, 1).await.unwrap().remove(0);
    assert_eq!(found.policies, [counted("a", 40, 40, &[("mx", 40)])]);
}

const PART: &str = "STRICTMX_TEST_COUNT";
const EACH: u64 = 10;

/// Adds until it is killed; progress goes with the counts.
#[tokio::test]
async fn the_child_counts_until_it_is_killed() {
    let Some(directory) = std::env::var_os(PART) else {
        return;
    };
    let store = open(&url(Path::new(&directory))).unwrap();
    let before = store.progress("test").await.unwrap().unwrap_or_default();
    for round in 1.. {
        let whole = Delta {
            domains: vec![day(7, "example.com", vec![counted("a", EACH, 0, &[])])],
            arrivals: vec![(Day(7), Arrivals { received: EACH, ..Arrivals::default() })],
            quarantined: Vec::new(),
            progress: Some(("test".into(), Progress { events: before.events + round * EACH, ..before })),
        };
        store.add_counts(Arc::new(whole)).await.unwrap();
    }
}

#[tokio::test]
async fn a_killed_process_leaves_counts_and_progress_that_agree() {
    if std::env::var_os(PART).is_some() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    drop(open(&url(directory.path())).unwrap());
    for round in 1..=5 {
        let test = "store_counting::the_child_counts_until_it_is_killed";
        let child = Reaped(again(test, PART, directory.path().to_str().unwrap()).spawn().unwrap());
        crate::support::soon(async {
            loop {
                let store = open_reading(&url(directory.path())).unwrap().unwrap();
                if store.progress("test").await.unwrap().is_some_and(|progress| progress.events >= round * 50) {
                    return;
                }
            }
        })
        .await;
        drop(child);
        let store = open(&url(directory.path())).unwrap();
        let progress = store.progress("test").await.unwrap().unwrap();
        let found = store.domain_days(Day(7), None, 1).await.unwrap().remove(0);
        assert_eq!(found.policies[0].counts.success, progress.events);
        assert_eq!(store.arrivals(Day(7)).await.unwrap().received, progress.events);
        store.close().await;
    }
}
