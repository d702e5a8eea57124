//! The TLS reporting record, and the addresses that reports go to.
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use strictmx_engine::{
    check::observations::{Asked, Destination, RecordSeen, ReportSeen, Timing, Visit},
    fact::{AddrSeen, FetchFailure, Seen, TxtSeen},
    report::Day,
    route::{self, Hosts},
    time::Timestamp,
};
use strictmx_io::{fetch::Request, smtp_out};
use strictmx_proto::{
    gzip,
    name::Domain,
    tlsrpt::{
        PolicyType, Record, Report, ReportId, Rua, Scope,
        mail::MEDIA_GZIP,
        report::{Entry, Period, Policy, Term},
    },
};

use super::{Looker, Plan, ProbeDestinations, shared::addresses};

/// Addresses of one record that are looked at.
const MAX_DESTINATIONS: usize = 8;

impl Looker {
    /// Looks at `_smtp._tls.<domain>`; `None`: the name would be too long.
    pub(super) async fn report(&self, domain: &Domain, record: RecordSeen, plan: &Plan) -> ReportSeen {
        let dns = &self.0.senses.dns;
        let misplaced = async {
            match domain.child("_tls").and_then(|name| name.child("_mta-sts")) {
                Some(name) if plan.is_thorough() => Some(dns.txt(&name).await),
                _ => None,
            }
        };
        let destinations =
            async { if plan.is_thorough() { self.destinations(&record.txt, plan).await } else { Vec::new() } };
        let (misplaced, destinations) = tokio::join!(misplaced, destinations);
        ReportSeen { record, misplaced, destinations }
    }

    async fn destinations(&self, txt: &TxtSeen, plan: &Plan) -> Vec<Destination> {
        let record = match txt {
            Seen::Found { data, .. } => Record::select(data).ok(),
            _ => None,
        };
        let addresses = record.map(|record| record.rua).unwrap_or_default();
        stream::iter(addresses.into_iter().take(MAX_DESTINATIONS))
            .map(|rua| self.shared_destination(rua, plan.probe_destinations))
            .buffered(MAX_DESTINATIONS)
            .filter_map(std::future::ready)
            .map(|destination| (*destination).clone())
            .collect()
            .await
    }

    async fn shared_destination(&self, rua: Rua, probe: ProbeDestinations) -> Option<Arc<Destination>> {
        let key = (rua.to_string().into_boxed_str(), probe);
        let looker = self.clone();
        let look = || async move { Arc::new(looker.destination(&rua, probe).await) };
        self.0.common.destinations.find(&key, look).await
    }

    async fn destination(&self, rua: &Rua, probe: ProbeDestinations) -> Destination {
        let mut seen = Destination { uri: rua.to_string(), mx: None, recipient: None, visit: None, posted: false };
        match rua {
            Rua::Mailto(mailbox) => self.mailbox(mailbox, probe, &mut seen).await,
            Rua::Https(uri) => self.endpoint(uri, probe, &mut seen).await,
        }
        seen
    }

    async fn mailbox(&self, mailbox: &str, probe: ProbeDestinations, seen: &mut Destination) {
        let Some(domain) = mailbox.rsplit_once('@').and_then(|(_, domain)| Domain::parse(domain).ok()) else {
            return;
        };
        let mx = self.0.senses.dns.mx(&domain).await;
        if probe == ProbeDestinations::Yes
            && let Hosts::Found { hosts, .. } = route::hosts(&domain, &mx)
        {
            seen.recipient = Some(match hosts.first() {
                Some((_, host)) => self.recipient(host, mailbox).await,
                None => Asked::Unknown("the domain has no mail host".to_owned()),
            });
        }
        seen.mx = Some(mx);
    }

    async fn recipient(&self, host: &Domain, mailbox: &str) -> Asked {
        let inner = &*self.0;
        let found = inner.senses.dns.addresses(host).await;
        let mut usable = addresses(&found, 16).into_iter();
        let Some(address) = usable.find(|address| inner.senses.fetcher.refuses(*address).is_none()) else {
            return Asked::Unknown(format!("{host} has no address to connect to"));
        };
        let _pass = inner.gate.pass(address).await;
        let at = SocketAddr::new(address, inner.options.smtp_port);
        smtp_out::recipient(at, &inner.options.helo, mailbox, inner.options.smtp).await
    }

    async fn endpoint(&self, uri: &str, probe: ProbeDestinations, seen: &mut Destination) {
        let Some((host, port, path)) = parts(uri) else {
            return;
        };
        let fetcher = &self.0.senses.fetcher;
        let found = self.0.senses.dns.addresses(&host).await;
        let Some(address) = addresses(&found, 1).first().copied() else {
            seen.visit = Some(Box::new(nowhere(&found, port)));
            return;
        };
        let _pass = self.0.gate.pass(address).await;
        let at = SocketAddr::new(address, port);
        let request = match probe {
            ProbeDestinations::No => Request::Head(&path),
            ProbeDestinations::Yes => {
                let body = test_report(&host, &self.0.options.helo, self.0.senses.clock.now());
                Request::Post { path: &path, media: MEDIA_GZIP, body }
            }
        };
        seen.posted = probe == ProbeDestinations::Yes;
        seen.visit = Some(Box::new(fetcher.visit(&host, at, request, fetcher.deadline()).await));
    }
}

/// A visit that came to nothing for want of an address.
fn nowhere(found: &AddrSeen, port: u16) -> Visit {
    let failure = found.a.failure().or_else(|| found.aaaa.failure());
    Visit {
        address: SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port),
        stopped: Some(failure.map_or(FetchFailure::NoAddress, |failure| FetchFailure::Dns(failure.clone()))),
        tls: None,
        status: None,
        headers: Vec::new(),
        body: None,
        timing: Timing::default(),
    }
}

/// A report that counts nothing, so that whoever takes it learns no wrong number.
fn test_report(domain: &Domain, helo: &str, now: Timestamp) -> Bytes {
    let submitter = Domain::parse(helo).unwrap_or_else(|_| domain.clone());
    let yesterday = Day::of(now).back(1);
    let report = Report {
        organization: "strictmx check: a test report that counts nothing".to_owned(),
        period: Period::day(yesterday.begin().0),
        contact: Some(format!("postmaster@{submitter}")),
        id: ReportId::new(yesterday.begin().0, domain, Scope::Recipient, &submitter).as_str().to_owned(),
        entries: vec![Entry {
            policy: Policy {
                kind: Term::Known(PolicyType::NoPolicyFound),
                strings: Vec::new(),
                domain: Some(domain.clone()),
                mx: Vec::new(),
            },
            successful: 0,
            failed: 0,
            failures: Vec::new(),
        }],
    };
    gzip::compress(report.emit().as_bytes()).into()
}

/// Host, port and path of an `https:` URI that the record reader has accepted.
fn parts(uri: &str) -> Option<(Domain, u16, String)> {
    let (_, rest) = uri.split_once("://")?;
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, 443),
    };
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Some((Domain::parse(host).ok()?, port, path))
}
