//! What we see ourselves: handed over without waiting, looked up and counted behind the answers.
//!
//! Only a domain that wants reports is told: its TLSRPT record is looked up here, each once while its TTL lasts, and however many
//! observations wait for it. What nobody can be told stays in the store's failures, which `report today` shows.
use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use quick_cache::sync::Cache;
use strictmx_engine::{
    fact::{Seen as Answer, TxtSeen},
    report::observe::Observation,
    time::Timestamp,
};
use strictmx_io::task::Tasks;
use strictmx_proto::{name::Domain, tlsrpt::Record};
use tokio::sync::mpsc;

use crate::{
    flow::{desk::Desk, flight::Flights, observed},
    telemetry::Question,
};

/// Records looked up at the same time.
const AT_ONCE: usize = 16;
/// Records remembered.
const REMEMBERED: usize = 16_384;
/// Bounds of how long one is remembered, and how long it counts that none could be looked up.
const TTL: (u32, u32, u32) = (60, 86_400, 60);

/// Something to be counted for a domain with this record; `None`: it could not be looked up, which the reporter does again.
#[derive(Debug)]
pub struct Seen {
    /// What was seen.
    pub(super) what: Observation,
    /// The record.
    pub(super) record: Option<Arc<str>>,
}

/// A domain's record, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// It wants reports.
    Record(Arc<str>),
    /// It wants none.
    None,
    /// Nobody can say.
    Unknown,
}

/// Begins to look up what the desk sees from now on, and hands it to `counted`, until the tasks are to end.
pub fn start(desk: &Desk, counted: mpsc::Sender<Seen>, tasks: &Tasks) {
    let (watch, waiting) = observed::watch();
    let records = Arc::new(Records {
        desk: desk.clone(),
        known: Cache::new(REMEMBERED),
        flights: Flights::new("TLSRPT look-up", tasks.clone()),
    });
    let stop = tasks.stopping();
    tasks.spawn("observations", async move {
        let work = each(waiting).for_each_concurrent(AT_ONCE, |what| {
            let (records, counted) = (Arc::clone(&records), counted.clone());
            async move { count(&records, &counted, what).await }
        });
        tokio::select! {
            () = stop => {}
            () = work => {}
        }
    });
    desk.report_to(watch);
}

fn each(mut from: mpsc::Receiver<Observation>) -> impl futures_util::Stream<Item = Observation> {
    futures_util::stream::poll_fn(move |context| from.poll_recv(context))
}

async fn count(records: &Arc<Records>, counted: &mpsc::Sender<Seen>, what: Observation) {
    let record = match records.of(&what.domain).await {
        Known::Record(record) => Some(record),
        Known::Unknown => None,
        Known::None => return,
    };
    // Who counts ends after us; where it has ended early there is nothing to count for.
    if counted.send(Seen { what, record }).await.is_err() {
        tracing::debug!("an observation came after the end of the counting");
    }
}

struct Records {
    desk: Desk,
    known: Cache<Domain, (Known, Timestamp)>,
    flights: Flights<Domain, Known>,
}

impl Records {
    async fn of(self: &Arc<Self>, domain: &Domain) -> Known {
        let now = self.desk.0.now();
        if let Some((known, until)) = self.known.get(domain)
            && now < until
        {
            return known;
        }
        let (records, name) = (Arc::clone(self), domain.clone());
        self.flights.join(domain, || async move { records.look_up(&name).await }).await.unwrap_or(Known::Unknown)
    }

    /// Asks for `_smtp._tls.<domain>` (TLSRPT-3-1).
    async fn look_up(&self, domain: &Domain) -> Known {
        let inner = &*self.desk.0;
        let (known, ttl) = match domain.child("_smtp._tls") {
            Some(owner) => {
                let dns = inner.senses.load().dns.clone();
                let seen = dns.txt(&owner).await;
                inner.telemetry.asked(Question::Txt, &seen);
                (known(&seen), if seen.failure().is_some() { TTL.2 } else { seen.ttl().clamp(TTL.0, TTL.1) })
            }
            None => (Known::None, TTL.1),
        };
        let until = inner.now().plus(Duration::from_secs(u64::from(ttl)).as_secs());
        self.known.insert(domain.clone(), (known.clone(), until));
        known
    }
}

/// The one valid record there is (TLSRPT-3-15, TLSRPT-3-16), as it is written.
fn known(seen: &TxtSeen) -> Known {
    let records = match seen {
        Answer::Found { data, .. } => data,
        Answer::NoData { .. } | Answer::NxDomain { .. } => return Known::None,
        Answer::Failed(_) => return Known::Unknown,
    };
    let written = records.iter().find(|txt| Record::parse(txt.as_ref()).is_some());
    match (Record::select(records), written) {
        (Ok(_), Some(written)) => Known::Record(written.text().as_ref().into()),
        _ => Known::None,
    }
}

#[cfg(test)]
mod tests {
    use strictmx_engine::fact::{DnsFailure, DnsFailureKind, Dnssec, Txt};

    use super::*;

    fn found(records: &[&str]) -> TxtSeen {
        let data = records.iter().map(|text| Txt(text.as_bytes().into())).collect();
        Answer::Found { data, aliases: Vec::new(), dnssec: Dnssec::Insecure, ttl: 60 }
    }

    // TLSRPT-3-15, TLSRPT-3-16
    #[test]
    fn only_a_domain_with_one_valid_record_is_told() {
        let record = "v=TLSRPTv1; rua=mailto:a@example.com";
        assert_eq!(known(&found(&["v=spf1 -all", record])), Known::Record(record.into()));
        assert_eq!(known(&found(&[record, record])), Known::None);
        assert_eq!(known(&found(&["v=TLSRPTv1; rua=ftp://x"])), Known::None);
        assert_eq!(known(&found(&[])), Known::None);
        let failure = DnsFailure { kind: DnsFailureKind::Timeout, detail: Box::default() };
        assert_eq!(known(&Answer::Failed(failure)), Known::Unknown);
    }
}
