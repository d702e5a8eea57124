//! What many domains have in common, looked at once per run: at the same time by single flight, later from a bounded cache.
use std::{future::Future, hash::Hash, net::IpAddr, sync::Arc};

use quick_cache::{Weighter, sync::Cache};
use strictmx_engine::{
    check::observations::{Destination, HostSeen, TlsMade, TrialResult, ZoneSeen},
    fact::AddrSeen,
};
use strictmx_io::task::Tasks;
use strictmx_proto::name::Domain;

use super::{super::flight::Flights, Depth, ProbeDestinations};

/// Octets that MX hosts may take in memory, by a rough count.
const HOSTS: u64 = 32 << 20;
/// Zones, name servers' addresses and report addresses kept, of each.
const OTHERS: u64 = 20_000;

/// How much of a host is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    /// DNS alone.
    Names,
    /// Sessions too.
    Sessions(Depth),
}

/// Everything that is shared.
pub(super) struct Common {
    /// MX hosts, by name and by how much of them is looked at.
    pub(super) hosts: Shared<(Domain, Reach), Arc<HostSeen>, ByOctets>,
    /// Zones, by a name in them.
    pub(super) zones: Shared<Domain, Option<Arc<Zone>>, ByNumber>,
    /// Report addresses.
    pub(super) destinations: Shared<(Box<str>, ProbeDestinations), Arc<Destination>, ByNumber>,
}

/// A zone and where its servers listen.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) seen: ZoneSeen,
    /// Name and address of each server that is asked.
    pub(super) servers: Vec<(Domain, IpAddr)>,
}

impl Common {
    pub(super) fn new(tasks: &Tasks) -> Self {
        Self {
            hosts: Shared::new("check an MX host", tasks, HOSTS, ByOctets),
            zones: Shared::new("find a zone", tasks, OTHERS, ByNumber),
            destinations: Shared::new("look at a report address", tasks, OTHERS, ByNumber),
        }
    }
}

/// Values by key, each made once.
pub(super) struct Shared<K, V, W: Weighter<K, V> + Clone> {
    flights: Flights<K, V>,
    known: Arc<Cache<K, V, W>>,
}

impl<K, V, W> Shared<K, V, W>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    W: Weighter<K, V> + Clone + Send + Sync + 'static,
{
    fn new(name: &'static str, tasks: &Tasks, capacity: u64, weighter: W) -> Self {
        Self {
            flights: Flights::new(name, tasks.clone()),
            known: Arc::new(Cache::with_weighter(1024, capacity, weighter)),
        }
    }

    /// The value of `key`: known, under way, or made now. `None`: the work ended without a result.
    pub(super) async fn find<F>(&self, key: &K, make: impl FnOnce() -> F) -> Option<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        if let Some(value) = self.known.get(key) {
            return Some(value);
        }
        let (known, name) = (Arc::clone(&self.known), key.clone());
        let work = || {
            let made = make();
            async move {
                let value = made.await;
                known.insert(name, value.clone());
                value
            }
        };
        self.flights.join(key, work).await
    }
}

/// One is as heavy as another.
#[derive(Clone)]
pub(super) struct ByNumber;

impl<K, V> Weighter<K, V> for ByNumber {
    fn weight(&self, _: &K, _: &V) -> u64 {
        1
    }
}

/// As heavy as its certificates, which is where the octets are.
#[derive(Clone)]
pub(super) struct ByOctets;

impl Weighter<(Domain, Reach), Arc<HostSeen>> for ByOctets {
    fn weight(&self, _: &(Domain, Reach), host: &Arc<HostSeen>) -> u64 {
        let sessions = host.sessions.iter().filter_map(|session| session.tls.as_ref());
        let trials = host.trials.iter().filter_map(|trial| match &trial.result {
            TrialResult::Made(made) => Some(made),
            TrialResult::Hello(_) | TrialResult::Refused(_) | TrialResult::Unknown(_) => None,
        });
        2048 + sessions.chain(trials).map(octets).sum::<u64>()
    }
}

fn octets(made: &TlsMade) -> u64 {
    made.chain.iter().map(|cert| 1024 + cert.der.0.len() as u64 + cert.spki.0.len() as u64).sum()
}

/// Every address of an answer, IPv6 first as a sender would, at most `most`.
pub(super) fn addresses(seen: &AddrSeen, most: usize) -> Vec<IpAddr> {
    let v6 = seen.aaaa.data().into_iter().flatten().copied().map(IpAddr::V6);
    let v4 = seen.a.data().into_iter().flatten().copied().map(IpAddr::V4);
    v6.chain(v4).take(most).collect()
}
