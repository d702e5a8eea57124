//! The two loops: ask what the engine awaits, hand over what was seen, until it is done.
use futures_util::{StreamExt, stream};
use strictmx_engine::{
    dane::{self, HostStep, HostVerdict},
    fact::{
        AddrSeen, CnameSeen, Dnssec, FetchFailure, FetchPhase, FetchSeen, FetchTrace, MxSeen, Seen, TlsaSeen, TxtSeen,
    },
    lookup::{Done, Step},
    nexthop::{Kind, Route},
    route::{self, Hosts, RouteKnown},
};
use strictmx_io::{
    clock::Clock,
    dns::Dns,
    fetch::{self, Fetcher},
};
use strictmx_proto::name::Domain;

/// MX hosts of one domain asked about at the same time.
const HOSTS_AT_ONCE: usize = 8;

/// The adapters that questions go through. Cheap to clone.
#[derive(Clone)]
pub struct Senses {
    /// DNS.
    pub dns: Dns,
    /// Policy hosts.
    pub fetcher: Fetcher,
    /// The time.
    pub clock: Clock,
}

/// What was seen on the way to a policy.
#[derive(Debug, Default)]
pub(crate) struct PolicyTrail {
    /// The `_mta-sts` answer, when it was asked.
    pub(crate) txt: Option<TxtSeen>,
    /// The policy host's addresses, when they were asked.
    pub(crate) addresses: Option<AddrSeen>,
    /// The fetch, when there was one.
    pub(crate) fetch: Option<(FetchSeen, FetchTrace)>,
}

/// Follows a look-up from where it stands to its end.
pub(crate) async fn policy(senses: &Senses, domain: &Domain, mut step: Step) -> (Done, PolicyTrail) {
    let mut trail = PolicyTrail::default();
    loop {
        step = match step {
            Step::Txt(awaiting) => {
                let seen = sts_txt(senses, domain).await;
                trail.txt = Some(seen.clone());
                awaiting.saw(seen, senses.clock.now())
            }
            Step::Fetch(awaiting) => {
                let (addresses, seen, trace) = fetched(senses, domain).await;
                trail.addresses = addresses;
                trail.fetch = Some((seen.clone(), trace));
                awaiting.saw(seen, senses.clock.now())
            }
            Step::Done(done) => return (done, trail),
        }
    }
}

/// The `_mta-sts` TXT records of exactly this domain, never of a parent (STS-3.1-1, STS-3.4-2).
async fn sts_txt(senses: &Senses, domain: &Domain) -> TxtSeen {
    match domain.child("_mta-sts") {
        Some(owner) => senses.dns.txt(&owner).await,
        // The name grows past 253 octets: there can be no such record.
        None => Seen::NxDomain { dnssec: Dnssec::Insecure, ttl: 3600 },
    }
}

/// Fetches `https://mta-sts.<domain>/.well-known/mta-sts.txt` (STS-3.2-1) within one time allowance.
async fn fetched(senses: &Senses, domain: &Domain) -> (Option<AddrSeen>, FetchSeen, FetchTrace) {
    let failed = |failure, host: &str| {
        let trace = FetchTrace { host: host.to_owned(), ..FetchTrace::default() };
        (FetchSeen::Failed(failure), trace)
    };
    let deadline = senses.fetcher.deadline();
    let Some(host) = fetch::host(domain) else {
        let (seen, trace) = failed(FetchFailure::NoAddress, "");
        return (None, seen, trace);
    };
    let Ok(addresses) = tokio::time::timeout_at(deadline, senses.dns.addresses(&host)).await else {
        let (seen, trace) = failed(FetchFailure::Timeout { phase: FetchPhase::Dns }, host.as_str());
        return (None, seen, trace);
    };
    let (seen, trace) = senses.fetcher.policy(domain, &addresses, deadline).await;
    (Some(addresses), seen, trace)
}

/// What was seen on the way to a route's hosts.
#[derive(Debug)]
pub(crate) struct RouteTrail {
    /// The MX answer; `None` where none is asked (`[host]`).
    pub(crate) mx: Option<MxSeen>,
    /// The hosts it came to.
    pub(crate) hosts: Hosts,
    /// For each host what was asked and seen.
    pub(crate) looked_up: Vec<HostTrail>,
}

/// What was seen of one MX host.
#[derive(Debug)]
pub(crate) struct HostTrail {
    /// What it comes to, addresses included.
    pub(crate) verdict: HostVerdict,
    /// Its own CNAME record, where that had to be asked (DANE-2.2.2-3).
    pub(crate) alias: Option<CnameSeen>,
    /// TLSA answers, by owner name, in the order asked.
    pub(crate) tlsa: Vec<(Domain, TlsaSeen)>,
}

/// Finds a route's MX hosts and whether DANE binds each of them. Hosts are asked about side by side.
pub(crate) async fn route(senses: &Senses, route: &Route, smtp_port: u16) -> (RouteKnown, RouteTrail) {
    let (mx, hosts) = if route.kind == Kind::Host {
        (None, route::configured(&route.domain))
    } else {
        let seen = senses.dns.mx(&route.domain).await;
        let hosts = route::hosts(&route.domain, &seen);
        (Some(seen), hosts)
    };
    let port = route.smtp_port(smtp_port);
    let names: Vec<Domain> = match &hosts {
        Hosts::Found { hosts, .. } => hosts.iter().map(|(_, name)| name.clone()).collect(),
        _ => Vec::new(),
    };
    let looked_up: Vec<HostTrail> =
        stream::iter(names.into_iter().map(|name| host(senses, name, port))).buffered(HOSTS_AT_ONCE).collect().await;
    let verdicts: Vec<HostVerdict> = looked_up.iter().map(|host| host.verdict.clone()).collect();
    let known = route::known(&hosts, &verdicts, senses.clock.now());
    (known, RouteTrail { mx, hosts, looked_up })
}

/// Whether DANE binds one host: addresses first, TLSA only where it can matter (DANE-2.2.2-1, DANE-2.2.2-2).
pub(crate) async fn host(senses: &Senses, name: Domain, port: u16) -> HostTrail {
    let mut alias = None;
    let mut tlsa = Vec::new();
    let mut step = dane::host(name, port);
    let verdict = loop {
        step = match step {
            HostStep::Addresses(awaiting) => {
                let seen = senses.dns.addresses(awaiting.name()).await;
                awaiting.saw(seen)
            }
            HostStep::Alias(awaiting) => {
                let seen = senses.dns.cname(awaiting.name()).await;
                alias = Some(seen.clone());
                awaiting.saw(seen)
            }
            HostStep::Tlsa(awaiting) => {
                let owner = awaiting.owner().clone();
                let seen = senses.dns.tlsa(&owner).await;
                tlsa.push((owner, seen.clone()));
                awaiting.saw(seen)
            }
            HostStep::Done(verdict) => break verdict,
        };
    };
    HostTrail { verdict, alias, tlsa }
}
