//! What goes on behind the answers: loading the store, refreshing ahead of expiry, testing the resolver, tidying up.
use std::{
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use strictmx_engine::{refresh, time::Timestamp, trust::Trust};
use strictmx_proto::name::Domain;

use super::{
    card::Card,
    desk::{Desk, Errand},
    self_test::SelfTest,
};
use crate::telemetry::{DaneOff, Event};

/// Rows loaded from the store at a time.
const PAGE: usize = 1000;
/// Policies refreshed at the same time: behind the answers, so never many.
const REFRESHES_AT_ONCE: usize = 16;
/// How often due refreshes are looked for.
const REFRESH_ROUND: Duration = Duration::from_secs(60);
/// How often the resolver is tested (D: hourly).
const SELF_TEST_ROUND: Duration = Duration::from_secs(3600);
/// How often the store is tidied.
const SWEEP_ROUND: Duration = Duration::from_secs(24 * 3600);
/// A domain that nobody asked about for this long is no longer refreshed, seconds.
const FORGET_AFTER: u64 = 180 * 86_400;

/// Loads what the store has, and tells how much that was.
pub async fn load(desk: Desk) {
    let count = warm(&desk).await;
    desk.0.telemetry.emit(Event::PoliciesLoaded { count });
}

/// Loads every stored policy into memory, up to the cache's ceiling. Questions are answered meanwhile: a miss reads the store.
pub async fn warm(desk: &Desk) -> usize {
    let inner = &*desk.0;
    let mut after: Option<Domain> = None;
    let mut loaded = 0;
    loop {
        let page = match inner.store.load(after.as_ref(), PAGE).await {
            Ok(page) => page,
            Err(error) => {
                inner.telemetry.emit(Event::StoreFailed { doing: "load the policies", error: &error.to_string() });
                return loaded;
            }
        };
        let whole = page.len() == PAGE;
        after = page.last().map(|last| last.domain.clone());
        for row in page {
            // What a look-up has put there meanwhile is newer.
            if inner.policies.peek(&row.domain).is_none_or(|card| card.known.entry.is_none()) {
                let card = Card::new(row.domain.clone(), row.known, row.used);
                inner.policies.insert(row.domain, Arc::new(card));
                loaded += 1;
            }
        }
        if !whole {
            return loaded;
        }
    }
}

/// Refreshes policies ahead of expiry, for ever (STS-3.3-14, STS-10.2-2).
pub async fn refresh_for_ever(desk: Desk) {
    loop {
        tokio::time::sleep(REFRESH_ROUND).await;
        refresh_due(&desk).await;
    }
}

/// One round: everything that is due now.
async fn refresh_due(desk: &Desk) {
    let due = due_now(desk);
    stream::iter(due)
        .for_each_concurrent(REFRESHES_AT_ONCE, |domain| async move {
            let Some(landed) = desk.run(&domain, Errand::Refresh).await else { return };
            let now = desk.0.now();
            if let Some(alert) = refresh::alert(&landed.card.known, now) {
                desk.0.telemetry.emit(Event::RefreshAlert { domain: &domain, alert });
            }
        })
        .await;
}

fn due_now(desk: &Desk) -> Vec<Domain> {
    let inner = &*desk.0;
    let now = inner.now();
    inner.policies.iter().filter(|(domain, card)| is_due(domain, card, now)).map(|(domain, _)| domain).collect()
}

fn is_due(domain: &Domain, card: &Card, now: Timestamp) -> bool {
    now.since(card.used()) < FORGET_AFTER && refresh::next_due(&card.known, seed(domain)).is_some_and(|due| due <= now)
}

/// A number that stays the same for a domain, so that refreshes spread over time and stay where they are.
fn seed(domain: &Domain) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    domain.hash(&mut hasher);
    hasher.finish()
}

/// Tests the resolver, for ever: now, every hour, and when the configuration has changed.
pub async fn self_test_for_ever(desk: Desk) {
    loop {
        match desk.0.self_test.load_full() {
            Some(names) => self_test(&desk, &names).await,
            None => desk.0.trust.store(Arc::new(Trust::Unknown { why: "the self-test is switched off".to_owned() })),
        }
        // Either way it is time for another round.
        drop(tokio::time::timeout(SELF_TEST_ROUND, desk.0.retest.notified()).await);
    }
}

/// Tests the resolver once; from then on answers follow what it showed.
async fn self_test(desk: &Desk, names: &SelfTest) {
    let inner = &*desk.0;
    let dns = inner.senses.load().dns.clone();
    let trust = Arc::new(names.run(&dns).await);
    // Answers follow it before anybody is told.
    inner.trust.store(Arc::clone(&trust));
    let off = matches!(*trust, Trust::DoesNotValidate { .. });
    inner.telemetry.dane_off(if off { DaneOff::Yes } else { DaneOff::No });
    inner.telemetry.emit(Event::ResolverTested { trust: &trust });
}

/// Tidies the store once a day: policies long expired, facts nobody will report any more.
pub async fn sweep_for_ever(desk: Desk) {
    loop {
        tokio::time::sleep(SWEEP_ROUND).await;
        let now = desk.0.now();
        if let Err(error) = desk.0.store.sweep(now).await {
            desk.0.telemetry.emit(Event::StoreFailed { doing: "tidy the store", error: &error.to_string() });
        }
    }
}
