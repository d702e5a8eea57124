//! D-31: one validated session a day to each MX host of a domain in `testing` mode. STARTTLS, judged, QUIT; no mail.
//!
//! Nothing is enforced for such a domain, and what Postfix would report of it is success whatever the certificate. These
//! sessions are what a truthful report about it can rest on; they are stored until a reporter takes them.
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use strictmx_engine::{
    fact::{AddrSeen, TlsOutcome, TlsSeen},
    lookup::Known,
    nexthop::Route,
    report::observe,
    route::HostSummary,
    tally::{self, Counted},
    time::Timestamp,
};
use strictmx_io::{
    smtp_out::{self, Limits},
    store::{Batch, Covered, ProbeRow},
    tls::ClientTls,
};
use strictmx_proto::{
    name::Domain,
    sts::{Mode, Policy},
};

use super::desk::Desk;
use crate::telemetry::Event;

/// Domains probed at the same time.
const DOMAINS_AT_ONCE: usize = 4;
/// Hosts of one domain that are visited.
const MAX_HOSTS: usize = 8;
/// How often domains that are due are looked for.
const ROUND: Duration = Duration::from_secs(60);

/// Makes one session.
#[derive(Clone)]
pub struct Prober {
    /// Our own name, as EHLO tells it.
    pub helo: String,
    /// Judges certificates.
    pub tls: ClientTls,
}

/// How the sessions are made.
#[derive(Clone)]
pub struct Probing {
    /// Makes them.
    pub prober: Prober,
    /// From one to the next of the same domain.
    pub every: Duration,
    /// Where MX hosts listen.
    pub port: u16,
}

/// Visits `testing` domains, for ever.
pub async fn probe_for_ever(desk: Desk, probing: Probing) {
    loop {
        tokio::time::sleep(ROUND.min(probing.every)).await;
        probe_due(&desk, &probing).await;
    }
}

async fn probe_due(desk: &Desk, probing: &Probing) {
    let testing = testing_now(desk);
    stream::iter(testing)
        .for_each_concurrent(DOMAINS_AT_ONCE, |domain| async move {
            let now = desk.0.now();
            let last = match desk.0.store.last_probe(&domain).await {
                Ok(last) => last,
                Err(error) => {
                    desk.0
                        .telemetry
                        .emit(Event::StoreFailed { doing: "read the last session", error: &error.to_string() });
                    return;
                }
            };
            if last.is_none_or(|last| now.since(last.at) >= probing.every.as_secs()) {
                probe(desk, probing, &domain).await;
            }
        })
        .await;
}

fn testing_now(desk: &Desk) -> Vec<Domain> {
    let inner = &*desk.0;
    let now = inner.now();
    inner
        .policies
        .iter()
        .filter(|(_, card)| card.known.policy_at(now).is_some_and(|policy| policy.mode == Mode::Testing))
        .map(|(domain, _)| domain)
        .collect()
}

/// Visits the MX hosts of one domain and stores what they showed.
async fn probe(desk: &Desk, probing: &Probing, domain: &Domain) {
    let inner = &*desk.0;
    let route = Route::from(domain.clone());
    let (Some(card), Some(hosts)) = (inner.policies.peek(domain), desk.hosts(&route).await) else { return };
    let now = inner.now();
    let Some(policy) = card.known.policy_at(now) else { return };
    let mut batch = Batch::default();
    for host in hosts.hosts.iter().take(MAX_HOSTS) {
        let seen = visit(desk, probing, host).await;
        let row = judged(domain, &card.known, policy, &host.name, &seen, now);
        inner.saw(|| observe::session(domain, policy, covered(policy, &host.name), &seen, now));
        inner.telemetry.emit(Event::ProbeDone { domain, host: &host.name, result: row.result_type.as_deref() });
        batch.probes.push(row);
    }
    if let Err(error) = inner.store.write(batch).await {
        inner.telemetry.emit(Event::StoreFailed { doing: "store a session", error: &error.to_string() });
    }
}

/// One session, with the first of the host's addresses that takes a connection.
async fn visit(desk: &Desk, probing: &Probing, host: &HostSummary) -> TlsSeen {
    let senses = desk.0.senses.load_full();
    let addresses = senses.dns.addresses(&host.name).await;
    let mut last = None;
    for ip in all(&addresses).filter(|ip| senses.fetcher.refuses(*ip).is_none()).take(2) {
        let Prober { helo, tls } = &probing.prober;
        let seen = smtp_out::probe(&host.name, SocketAddr::new(ip, probing.port), helo, tls, Limits::default()).await;
        if !matches!(seen.outcome, TlsOutcome::Unreachable { .. }) {
            return seen;
        }
        last = Some(seen);
    }
    last.unwrap_or_else(|| TlsSeen {
        host: host.name.to_string(),
        address: None,
        local: None,
        helo: None,
        outcome: TlsOutcome::Unreachable { detail: "the host has no address that may be connected to".to_owned() },
        tls_version: None,
        chain: Vec::new(),
    })
}

/// A host's addresses, IPv6 first.
fn all(seen: &AddrSeen) -> impl Iterator<Item = IpAddr> {
    let v6 = seen.aaaa.data().into_iter().flatten().copied().map(IpAddr::V6);
    v6.chain(seen.a.data().into_iter().flatten().copied().map(IpAddr::V4))
}

fn covered(policy: &Policy, host: &Domain) -> tally::Covered {
    if policy.covers(host) { tally::Covered::Yes } else { tally::Covered::No }
}

fn judged(domain: &Domain, known: &Known, policy: &Policy, host: &Domain, seen: &TlsSeen, now: Timestamp) -> ProbeRow {
    let failure = match tally::session_result(&seen.outcome, covered(policy, host)) {
        Counted::Failure(failure) => Some(failure),
        Counted::Success | Counted::Not => None,
    };
    ProbeRow {
        domain: domain.clone(),
        at: now,
        policy_id: known.entry.as_ref().and_then(|entry| entry.id.as_deref()).map(str::to_owned),
        host: host.as_str().to_owned(),
        seen: serde_json::to_string(seen).unwrap_or_default(),
        covered: match covered(policy, host) {
            tally::Covered::Yes => Covered::Yes,
            tally::Covered::No => Covered::No,
        },
        result_type: failure.as_ref().map(|failure| failure.result.as_str().to_owned()),
        reason: failure.map(|failure| failure.reason.into_owned()),
    }
}
