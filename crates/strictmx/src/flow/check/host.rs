//! One MX host: addresses, TLSA, a session with every address. Looked at once per run, whoever points to it.
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures_util::{StreamExt, stream};
use strictmx_engine::{
    check::observations::{HostSeen, Session, Trial, Way},
    fact::TlsOutcome,
};
use strictmx_io::smtp_out;
use strictmx_proto::{name::Domain, tls::Weakness};

use super::super::ask;
use super::{
    Depth, Looker,
    shared::{Reach, addresses},
};

/// Addresses of one host that are visited.
const MAX_ADDRESSES: usize = 16;
/// Addresses of one host visited at the same time.
const AT_ONCE: usize = 2;

impl Looker {
    /// What was seen of an MX host.
    pub(super) async fn host(&self, name: &Domain, reach: Reach) -> Option<Arc<HostSeen>> {
        let (looker, owner) = (self.clone(), name.clone());
        let look = || async move { Arc::new(looker.look_at_host(owner, reach).await) };
        self.0.common.hosts.find(&(name.clone(), reach), look).await
    }

    async fn look_at_host(&self, name: Domain, reach: Reach) -> HostSeen {
        let inner = &*self.0;
        let trail = ask::host(&inner.senses, name.clone(), inner.options.smtp_port).await;
        let addresses = addresses(&trail.verdict.addresses, MAX_ADDRESSES);
        let mut seen = HostSeen {
            name,
            addresses: Some(trail.verdict.addresses),
            cname: trail.alias,
            tlsa: Some(trail.tlsa),
            tlsrpt: None,
            ptr: std::collections::BTreeMap::new(),
            sessions: Vec::new(),
            trials: Vec::new(),
        };
        let Reach::Sessions(depth) = reach else {
            return seen;
        };
        let name = &seen.name;
        seen.sessions = stream::iter(addresses.clone())
            .map(|address| self.session(name, address))
            .buffered(AT_ONCE)
            .collect()
            .await;
        if depth == Depth::Thorough {
            self.closer_at_host(&mut seen, &addresses).await;
        }
        seen
    }

    async fn closer_at_host(&self, seen: &mut HostSeen, addresses: &[IpAddr]) {
        let dns = &self.0.senses.dns;
        if seen.cname.is_none() {
            seen.cname = Some(dns.cname(&seen.name).await);
        }
        if let Some(owner) = seen.name.child("_tls").and_then(|name| name.child("_smtp")) {
            seen.tlsrpt = Some(dns.txt(&owner).await);
        }
        for address in addresses {
            seen.ptr.insert(*address, dns.ptr(*address).await);
        }
        let Some(address) = encrypted(&seen.sessions).or_else(|| unencrypted(&seen.sessions)) else {
            return;
        };
        let version = |version: &str| Way::Version(version.to_owned());
        let ways = [
            Way::NoSni,
            version("TLSv1.3"),
            version("TLSv1.2"),
            version("TLSv1.1"),
            version("TLSv1"),
            version("SSLv3"),
            version("SSLv2"),
            Way::Hello,
            Way::EarlyData,
        ];
        for way in ways {
            seen.trials.push(self.smtp_trial(&seen.name, address, &way).await);
        }
        let weak = self.weak_suites(&seen.name, address).await;
        seen.trials.extend(weak);
    }

    /// Which kinds of weak suites a host takes. It chooses one of all that are offered; then those of that kind are left out and it is
    /// asked again. Most hosts refuse at the first try.
    async fn weak_suites(&self, name: &Domain, address: SocketAddr) -> Vec<Trial> {
        let (mut offered, mut trials) = (Weakness::ALL.to_vec(), Vec::new());
        while !offered.is_empty() {
            let words: Vec<&str> = offered.iter().map(|kind| kind.word()).collect();
            let trial = self.smtp_trial(name, address, &Way::Ciphers(words.join(":"))).await;
            let taken = trial.result.agreed().and_then(|(_, suite)| Weakness::of(suite));
            trials.push(trial);
            let before = offered.len();
            offered.retain(|kind| Some(*kind) != taken);
            if offered.len() == before {
                break;
            }
        }
        trials
    }

    async fn session(&self, name: &Domain, address: IpAddr) -> Session {
        let inner = &*self.0;
        let at = SocketAddr::new(address, inner.options.smtp_port);
        if let Some(why) = inner.senses.fetcher.refuses(address) {
            return refused(at, why);
        }
        let _pass = inner.gate.pass(address).await;
        smtp_out::session(name, at, &inner.options.helo, &inner.tls, inner.options.smtp).await
    }

    /// A handshake of another kind with a host.
    pub(super) async fn smtp_trial(&self, name: &Domain, address: SocketAddr, way: &Way) -> Trial {
        let inner = &*self.0;
        let _pass = inner.gate.pass(address.ip()).await;
        smtp_out::trial(name, address, &inner.options.helo, &inner.tls, way, inner.options.smtp).await
    }
}

/// The first address that a handshake came to its end with.
pub(super) fn encrypted(sessions: &[Session]) -> Option<SocketAddr> {
    sessions.iter().find(|session| session.tls.is_some()).map(|session| session.address)
}

/// The first address that went as far as a handshake, which failed.
fn unencrypted(sessions: &[Session]) -> Option<SocketAddr> {
    let failed = |session: &&Session| matches!(session.outcome, TlsOutcome::Handshake { .. });
    sessions.iter().find(failed).map(|session| session.address)
}

/// A special address, which is not connected to (D-11).
fn refused(address: SocketAddr, why: &str) -> Session {
    let detail = format!("{} is {why} address, which strictmx does not connect to", address.ip());
    Session {
        address,
        outcome: TlsOutcome::Unreachable { detail },
        refused_with: None,
        banner: None,
        helo: None,
        extensions: Vec::new(),
        tls: None,
        timing: strictmx_engine::check::observations::Timing::default(),
    }
}
