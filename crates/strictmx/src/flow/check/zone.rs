//! The zone of a name, and its servers, asked one by one (receiving.md 14, 77): a resolver shows only what one of them said.
use std::net::{IpAddr, SocketAddr};

use futures_util::{StreamExt, stream};
use strictmx_engine::{
    check::observations::{ServerSaid, ZoneSeen},
    fact::{CnameSeen, Seen},
};
use strictmx_io::dns::Direct;
use strictmx_proto::name::Domain;

use super::{
    Inner, Looker,
    shared::{Zone, addresses},
};

/// Servers of a zone that are asked.
const MAX_SERVERS: usize = 8;
/// Addresses of one server that are asked.
const ADDRESSES: usize = 2;
/// Labels climbed in search of the zone.
const MAX_CLIMB: usize = 8;
/// Where name servers listen.
const PORT: u16 = 53;

impl Looker {
    /// The zone that holds `name`, and its servers.
    pub(super) async fn zone(&self, name: &Domain) -> Option<std::sync::Arc<Zone>> {
        let (looker, at) = (self.clone(), name.clone());
        let find = || async move { looker.0.find_zone(at).await.map(std::sync::Arc::new) };
        self.0.common.zones.find(name, find).await.flatten()
    }

    /// What each server of the zone says of `name`, asked by `ask`.
    pub(super) async fn servers_say<T, F>(&self, zone: &Zone, name: &Domain, ask: F) -> Vec<ServerSaid<T>>
    where
        T: Send,
        F: AsyncFn(&Direct, &Domain) -> (Seen<T>, Option<CnameSeen>),
    {
        let mut said = Vec::new();
        for (server, address) in &zone.servers {
            let _pass = self.0.gate.pass(*address).await;
            let direct = self.0.senses.dns.direct(SocketAddr::new(*address, PORT));
            let (answer, cname) = ask(&direct, name).await;
            said.push(ServerSaid { server: server.clone(), address: *address, answer, cname });
        }
        said
    }
}

impl Inner {
    async fn find_zone(&self, name: Domain) -> Option<Zone> {
        let mut at = name;
        for _ in 0..MAX_CLIMB {
            let ns = self.senses.dns.ns(&at).await;
            match &ns {
                // An alias has no zone of its own; its answer is about another name.
                Seen::Found { data, aliases, .. } if aliases.is_empty() => {
                    let servers = self.servers(data).await;
                    return Some(Zone { seen: ZoneSeen { apex: at, ns }, servers });
                }
                Seen::Failed(_) => return Some(Zone { seen: ZoneSeen { apex: at, ns }, servers: Vec::new() }),
                _ => at = at.parent().filter(|parent| !parent.is_single_label())?,
            }
        }
        None
    }

    async fn servers(&self, names: &[Domain]) -> Vec<(Domain, IpAddr)> {
        stream::iter(names.iter().take(MAX_SERVERS).cloned())
            .map(|name| async move {
                let seen = self.senses.dns.addresses(&name).await;
                let found = addresses(&seen, usize::MAX).into_iter();
                let usable = found.filter(|address| self.senses.fetcher.refuses(*address).is_none());
                usable.take(ADDRESSES).map(|address| (name.clone(), address)).collect::<Vec<_>>()
            })
            .buffered(MAX_SERVERS)
            .flat_map(stream::iter)
            .collect()
            .await
    }
}
