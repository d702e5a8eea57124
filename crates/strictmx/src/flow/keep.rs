//! What comes of a look-up: first on disk, then in memory, then told (ADR 0003).
use std::{sync::Arc, time::Duration};

use strictmx_engine::{
    lookup::{Done, Event as Happened, Known},
    nexthop::Route,
    report::observe,
    route::{RouteKnown, names_none},
    tally,
    time::Timestamp,
};
use strictmx_io::store::{Batch, FailureRow, HistoryRow, Row};
use strictmx_proto::{name::Domain, tlsrpt::ResultType};

use super::{
    ask::{PolicyTrail, RouteTrail},
    card::{Card, Landed},
    inner::Inner,
};
use crate::telemetry::{Event, Question};

/// What the store has of a domain. A store that cannot be read counts as empty, and is told of: a policy fetched anew protects
/// better than none.
pub(super) async fn stored(inner: &Inner, domain: &Domain) -> Option<Known> {
    match inner.store.policy(domain).await {
        Ok(row) => row.map(|row| row.known),
        Err(error) => {
            inner.telemetry.emit(Event::StoreFailed { doing: "read a policy", error: &error.to_string() });
            None
        }
    }
}

/// Stores, caches and tells what a look-up came to.
pub(super) async fn keep(inner: &Inner, domain: &Domain, done: Done) -> Landed {
    let now = inner.now();
    let used = inner.policies.peek(domain).map_or(now, |card| card.used());
    if !done.events.is_empty() {
        let batch = batch(domain, &done, now, used);
        if let Err(error) = inner.store.write(batch).await {
            inner.telemetry.emit(Event::StoreFailed { doing: "store a policy", error: &error.to_string() });
        } else {
            inner.telemetry.stored();
        }
    }
    for failure in done.events.iter().filter_map(tally::event) {
        inner.saw(|| Some(observe::look_up(domain, done.known.policy_at(now).map(|policy| &**policy), &failure, now)));
    }
    let card = Arc::new(Card::new(domain.clone(), done.known, used));
    inner.policies.insert(domain.clone(), Arc::clone(&card));
    for happened in &done.events {
        inner.telemetry.emit(Event::Policy { domain, happened });
    }
    Landed { card, verdict: done.verdict }
}

/// The rows for what happened. Only policies are stored; that there is none is worth a TTL in memory, not a row.
fn batch(domain: &Domain, done: &Done, now: Timestamp, used: Timestamp) -> Batch {
    let mut batch = Batch::default();
    if done.known.entry.is_some() {
        batch.puts.push(Row { domain: domain.clone(), known: done.known.clone(), used });
    } else if done.events.iter().any(|happened| matches!(happened, Happened::Changed { .. } | Happened::Expired { .. }))
    {
        batch.removes.push(domain.clone());
    }
    for happened in &done.events {
        let detail = serde_json::to_string(happened).unwrap_or_default();
        if let Some(failure) = tally::event(happened) {
            batch.failures.push(FailureRow {
                domain: domain.clone(),
                at: now,
                result_type: failure.result.as_str().to_owned(),
                reason: Some(failure.reason.into_owned()),
                detail: detail.clone(),
            });
        }
        batch.history.push(HistoryRow { domain: domain.clone(), at: now, kind: happened.kind().to_owned(), detail });
    }
    batch
}

/// D-24: one clear warning that no MX host is covered by an enforced policy, and the fact for the report (D-50).
pub(super) async fn warn_of_mismatch(inner: &Inner, route: &Route, card: &Card, hosts: &RouteKnown) {
    let now = inner.now();
    let Some(policy) = card.known.policy_at(now) else { return };
    if !names_none(hosts, policy) {
        return;
    }
    let names: Vec<&str> = hosts.hosts.iter().map(|host| host.name.as_str()).collect();
    inner.telemetry.emit(Event::NoMxMatches { domain: &route.domain, hosts: &names });
    inner.saw(|| Some(observe::uncovered(&route.domain, policy, hosts.live().map(|host| &host.name), now)));
    let (result_type, reason) = (ResultType::ValidationFailure, "mx-not-in-policy"); // D-50
    let failure = FailureRow {
        domain: route.domain.clone(),
        at: now,
        result_type: result_type.as_str().to_owned(),
        reason: Some(reason.to_owned()),
        detail: serde_json::json!({ "event": "no-mx-matches", "hosts": names }).to_string(),
    };
    let batch = Batch { failures: vec![failure], ..Batch::default() };
    if let Err(error) = inner.store.write(batch).await {
        inner.telemetry.emit(Event::StoreFailed { doing: "store a failure", error: &error.to_string() });
    }
}

/// Counts the questions of a policy look-up.
pub(super) fn count_policy(inner: &Inner, trail: &PolicyTrail) {
    if let Some(txt) = &trail.txt {
        inner.telemetry.asked(Question::Txt, txt);
    }
    if let Some(addresses) = &trail.addresses {
        inner.telemetry.asked(Question::Address, &addresses.a);
        inner.telemetry.asked(Question::Address, &addresses.aaaa);
    }
    if let Some((seen, trace)) = &trail.fetch {
        inner.telemetry.fetched(seen, Duration::from_millis(trace.elapsed_ms));
    }
}

/// Counts the questions of a route look-up.
pub(super) fn count_route(inner: &Inner, trail: &RouteTrail) {
    if let Some(mx) = &trail.mx {
        inner.telemetry.asked(Question::Mx, mx);
    }
    for host in &trail.looked_up {
        inner.telemetry.asked(Question::Address, &host.verdict.addresses.a);
        inner.telemetry.asked(Question::Address, &host.verdict.addresses.aaaa);
        if let Some(alias) = &host.alias {
            inner.telemetry.asked(Question::Cname, alias);
        }
        for (_, answer) in &host.tlsa {
            inner.telemetry.asked(Question::Tlsa, answer);
        }
    }
}
