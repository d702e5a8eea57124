//! The policy host on every address, as a sender would meet it, and more.
use std::net::{IpAddr, SocketAddr};

use futures_util::{StreamExt, stream};
use strictmx_engine::{
    check::observations::{CaaSeen, PolicyHostSeen, Trial, Visit, Way},
    fact::{AddrSeen, CnameSeen, FetchFailure, Seen},
};
use strictmx_io::fetch::{self, Request};
use strictmx_proto::name::Domain;

use super::{Looker, Plan, shared::addresses};

/// Where the policy lies (STS-3.2-1).
const PATH: &str = "/.well-known/mta-sts.txt";
/// Addresses visited.
const MAX_ADDRESSES: usize = 16;
/// Addresses of one host visited at the same time.
const AT_ONCE: usize = 4;
/// A label that nobody would have made: it has an address where a wildcard answers.
const NOBODY: &str = "no-such-host-strictmx-check";
/// Labels climbed in search of CAA records (RFC 8659 §3).
const MAX_CLIMB: usize = 10;

impl Looker {
    /// Looks at the policy host of `domain`; `None`: its name would be too long.
    pub(super) async fn policy_host(&self, domain: &Domain, plan: &Plan) -> Option<PolicyHostSeen> {
        let name = fetch::host(domain)?;
        let seen = self.0.senses.dns.addresses(&name).await;
        let (visits, more) = tokio::join!(self.visits(&name, &seen), self.closer(domain, &name, plan));
        let (cname, sibling, caa) = more;
        let trials = if plan.is_thorough() { self.https_trials(&name, &visits).await } else { Vec::new() };
        Some(PolicyHostSeen { name, addresses: seen, cname, sibling, caa, visits, trials })
    }

    async fn visits(&self, name: &Domain, seen: &AddrSeen) -> Vec<Visit> {
        stream::iter(addresses(seen, MAX_ADDRESSES))
            .map(|address| self.visit(name, address))
            .buffered(AT_ONCE)
            .collect()
            .await
    }

    async fn visit(&self, name: &Domain, address: IpAddr) -> Visit {
        let _pass = self.0.gate.pass(address).await;
        let fetcher = &self.0.senses.fetcher;
        let address = SocketAddr::new(address, fetcher.port());
        fetcher.visit(name, address, Request::Get(PATH), fetcher.deadline()).await
    }

    async fn closer(
        &self,
        domain: &Domain,
        name: &Domain,
        plan: &Plan,
    ) -> (Option<CnameSeen>, Option<AddrSeen>, Option<CaaSeen>) {
        if !plan.is_thorough() {
            return (None, None, None);
        }
        let dns = &self.0.senses.dns;
        let sibling = async {
            match domain.child(NOBODY) {
                Some(name) => Some(dns.addresses(&name).await),
                None => None,
            }
        };
        let (cname, sibling, caa) = tokio::join!(dns.cname(name), sibling, self.caa(name));
        (Some(cname), sibling, Some(caa))
    }

    /// The relevant CAA record set: the first one from the name upwards.
    async fn caa(&self, name: &Domain) -> CaaSeen {
        let mut at = name.clone();
        for _ in 0..MAX_CLIMB {
            let records = self.0.senses.dns.caa(&at).await;
            match (&records, at.parent()) {
                (Seen::Found { .. } | Seen::Failed(_), _) => return CaaSeen { at: Some(at), records },
                (_, Some(parent)) => at = parent,
                (_, None) => return CaaSeen { at: None, records },
            }
        }
        CaaSeen { at: None, records: self.0.senses.dns.caa(&at).await }
    }

    async fn https_trials(&self, name: &Domain, visits: &[Visit]) -> Vec<Trial> {
        let encrypted = visits.iter().find(|visit| visit.tls.is_some());
        let failed = |visit: &&Visit| matches!(visit.stopped, Some(FetchFailure::Tls { .. }));
        let Some(address) = encrypted.or_else(|| visits.iter().find(failed)).map(|visit| visit.address) else {
            return Vec::new();
        };
        let version = |version: &str| Way::Version(version.to_owned());
        let mut trials = Vec::new();
        let mut ways = vec![Way::NoSni, version("TLSv1.3"), version("TLSv1.2"), version("TLSv1.1"), version("TLSv1")];
        if encrypted.is_none() {
            // Without suites in common with us it may speak TLS 1.2 all the same.
            ways.push(Way::Hello);
        }
        for way in ways {
            let _pass = self.0.gate.pass(address.ip()).await;
            let fetcher = &self.0.senses.fetcher;
            trials.push(fetcher.trial(name, address, &way, fetcher.deadline()).await);
        }
        trials
    }
}
