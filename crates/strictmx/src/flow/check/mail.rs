//! The MX records of a domain, and the hosts behind them.
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use strictmx_engine::{
    check::{
        Family,
        observations::{HostSeen, MailSeen, Trial, Way},
    },
    fact::{MxSeen, Seen},
    route::{self, Hosts},
};
use strictmx_proto::name::Domain;

use super::{
    Looker, Plan,
    host::encrypted,
    shared::{Reach, Zone},
};

/// MX hosts of one domain looked at at the same time.
const HOSTS_AT_ONCE: usize = 8;
/// MX hosts that are sent the mail domain as server name.
const NAMED: usize = 3;

impl Looker {
    /// Looks at the MX records, and at the hosts as far as the plan needs them.
    pub(super) async fn mail(
        &self,
        domain: &Domain,
        plan: &Plan,
        zone: Option<&Zone>,
    ) -> (MailSeen, Vec<Arc<HostSeen>>) {
        let dns = &self.0.senses.dns;
        let mx = dns.mx(domain).await;
        let addresses = match &mx {
            Seen::NoData { .. } => Some(dns.addresses(domain).await),
            _ => None,
        };
        let reach = if plan.any(&[Family::Smtp, Family::Dane]) { Reach::Sessions(plan.depth) } else { Reach::Names };
        let servers = async {
            match zone {
                Some(zone) => self.servers_say(zone, domain, async |direct, name| (direct.mx(name).await, None)).await,
                None => Vec::new(),
            }
        };
        let (hosts, servers) = tokio::join!(self.hosts(domain, &mx, reach), servers);
        let named = if plan.is_thorough() { self.named(domain, &hosts).await } else { Vec::new() };
        (MailSeen { mx, servers, addresses, named }, hosts)
    }

    async fn hosts(&self, domain: &Domain, mx: &MxSeen, reach: Reach) -> Vec<Arc<HostSeen>> {
        let names = match route::hosts(domain, mx) {
            Hosts::Found { hosts, .. } => hosts,
            Hosts::Null { .. } | Hosts::NoDomain { .. } | Hosts::Failed(_) => Vec::new(),
        };
        stream::iter(names)
            .map(|(_, name)| async move { self.host(&name, reach).await })
            .buffered(HOSTS_AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await
    }

    /// Shakes hands once more, the mail domain sent as server name (mox#206).
    async fn named(&self, domain: &Domain, hosts: &[Arc<HostSeen>]) -> Vec<(Domain, Trial)> {
        let mut named = Vec::new();
        for host in hosts.iter().filter(|host| host.name != *domain).take(NAMED) {
            if let Some(address) = encrypted(&host.sessions) {
                let trial = self.smtp_trial(&host.name, address, &Way::Sni(domain.clone())).await;
                named.push((host.name.clone(), trial));
            }
        }
        named
    }
}
