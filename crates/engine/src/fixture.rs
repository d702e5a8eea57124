//! What tests build on.
use alloc::{boxed::Box, format, string::String, sync::Arc, vec, vec::Vec};
use core::net::Ipv4Addr;

use strictmx_proto::{
    dane::Tlsa,
    name::Domain,
    sts::{Mode, Policy},
};

use crate::{
    dane::DaneState,
    fact::{AddrSeen, DnsFailure, DnsFailureKind, Dnssec, FetchFailure, FetchSeen, Seen, TlsaRecord, Txt, TxtSeen},
    lookup::{Done, Entry, Known, Step, TxtKnown},
    route::{HostSummary, MxSource, RouteKnown, RouteSource},
    time::Timestamp,
};

pub(crate) const T0: Timestamp = Timestamp(1_800_000_000);

pub(crate) fn name(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

pub(crate) fn body(mode: Mode, mx: &[&str], max_age: u32) -> FetchSeen {
    let mut text = format!("version: STSv1\r\nmode: {mode}\r\nmax_age: {max_age}\r\n");
    mx.iter().for_each(|mx| text.push_str(&format!("mx: {mx}\r\n")));
    FetchSeen::Body(text.into_bytes().into())
}

pub(crate) fn policy(mode: Mode, mx: &[&str], max_age: u32) -> Arc<Policy> {
    let FetchSeen::Body(body) = body(mode, mx, max_age) else { panic!("a body") };
    Arc::new(Policy::parse(&body).unwrap().policy)
}

pub(crate) fn id(id: &str, ttl: u32) -> TxtSeen {
    let record = Txt(format!("v=STSv1; id={id}").into_bytes().into());
    Seen::Found { data: vec![record], aliases: Vec::new(), dnssec: Dnssec::Insecure, ttl }
}

pub(crate) fn servfail() -> DnsFailure {
    DnsFailure { kind: DnsFailureKind::Servfail, detail: "by test".into() }
}

pub(crate) fn refused() -> FetchSeen {
    FetchSeen::Failed(FetchFailure::Connect { detail: "connection refused".into() })
}

/// A cached enforce policy of id `a`, just fetched.
pub(crate) fn cached(max_age: u32) -> Known {
    Known {
        entry: Some(Entry {
            id: Some("a".into()),
            policy: policy(Mode::Enforce, &["mail.example.com"], max_age),
            fetched: T0,
            expires: T0.plus(u64::from(max_age)),
        }),
        txt: TxtKnown::Id("a".into()),
        asked: T0,
        txt_ttl: 300,
        backoff: None,
    }
}

/// Runs a step to its end in a world that says the same all the time.
pub(crate) fn drive(mut step: Step, txt: &TxtSeen, fetch: &FetchSeen, now: Timestamp) -> Done {
    loop {
        step = match step {
            Step::Txt(state) => state.saw(txt.clone(), now),
            Step::Fetch(state) => state.saw(fetch.clone(), now),
            Step::Done(done) => return done,
        };
    }
}

pub(crate) fn addresses(dnssec: Dnssec, aliases: &[&str]) -> AddrSeen {
    AddrSeen {
        a: Seen::Found {
            data: vec![Ipv4Addr::LOCALHOST],
            aliases: aliases.iter().map(|alias| name(alias)).collect(),
            dnssec,
            ttl: 600,
        },
        aaaa: Seen::NoData { dnssec, ttl: 500 },
    }
}

pub(crate) fn tlsa(usage: u8) -> TlsaRecord {
    TlsaRecord(Tlsa { usage, selector: 1, matching: 1, data: Box::new([0xab; 32]) })
}

pub(crate) fn tlsa_seen(usages: &[u8], dnssec: Dnssec) -> Seen<Vec<TlsaRecord>> {
    Seen::Found { data: usages.iter().map(|usage| tlsa(*usage)).collect(), aliases: Vec::new(), dnssec, ttl: 400 }
}

pub(crate) fn route(source: MxSource, states: &[DaneState]) -> RouteKnown {
    let host = |(index, dane): (usize, &DaneState)| HostSummary {
        name: name(&format!("mx{index}.example.com")),
        preference: 10,
        dane: *dane,
    };
    RouteKnown {
        source: RouteSource::Hosts(source),
        hosts: states.iter().enumerate().map(host).collect(),
        asked: T0,
        expires: T0.plus(300),
    }
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}
