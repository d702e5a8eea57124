//! The decisions on the hot paths, each beside a floor: the least that must be done with the same values.
//!
//! `cargo bench -p strictmx-engine`
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmarks")]

use std::collections::HashMap;

use divan::{Bencher, black_box};
use strictmx_engine::{
    fact::Dnssec,
    lookup::{self, Entry, Known, Step, TxtKnown, Verdict},
    nexthop::{self, Glance, NextHop},
    profile::{Answer, Profile, answer},
    route::{DaneState, HostSummary, MxSource, RouteKnown, RouteSource},
    time::Timestamp,
    tls::{Plan, Settings, plan},
};
use strictmx_proto::{name::Domain, sts::Policy};

const POLICY: &str = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.backup.example.com\nmax_age: 604800\n";
const KEY: &str = "example-company.com.au";
const NOW: Timestamp = Timestamp(1_800_000_000);

fn main() {
    divan::main();
}

fn policy() -> Policy {
    Policy::parse(POLICY.as_bytes()).unwrap().policy
}

fn cached() -> Known {
    Known {
        entry: Some(Entry {
            id: Some("20260101T000000Z".into()),
            policy: policy().into(),
            fetched: NOW,
            expires: NOW.plus(604_800),
        }),
        txt: TxtKnown::Id("20260101T000000Z".into()),
        asked: NOW,
        txt_ttl: 300,
        backoff: None,
    }
}

fn route() -> RouteKnown {
    let host = |name: &str| HostSummary { name: Domain::parse(name).unwrap(), preference: 10, dane: DaneState::None };
    RouteKnown {
        source: RouteSource::Hosts(MxSource::Mx(Dnssec::Secure)),
        hosts: [host("mail.example.com"), host("mx.backup.example.com")].into(),
        asked: NOW,
        expires: NOW.plus(300),
    }
}

mod planning {
    use super::*;

    #[divan::bench]
    fn plan_two_hosts_enforced(bencher: Bencher<'_, '_>) {
        let (route, sts, settings) = (route(), Verdict::Policy(policy().into()), Settings::default());
        bencher.bench_local(|| -> Plan { plan(Some(black_box(&route)), black_box(&sts), black_box(&settings)) });
    }

    #[divan::bench]
    fn floor_read_each_host(bencher: Bencher<'_, '_>) {
        let route = route();
        bencher.bench_local(|| black_box(&route).hosts.iter().filter(|host| host.dane == DaneState::Usable).count());
    }
}

mod key {
    use super::*;

    #[divan::bench]
    fn glance() -> Glance<'static> {
        nexthop::glance(black_box(KEY))
    }

    #[divan::bench]
    fn glance_parent() -> Glance<'static> {
        nexthop::glance(black_box(".com.au"))
    }

    #[divan::bench]
    fn parse() -> NextHop {
        nexthop::parse(black_box(KEY))
    }

    #[divan::bench]
    fn floor_is_ascii() -> bool {
        black_box(KEY).is_ascii()
    }

    #[divan::bench]
    fn floor_copy() -> Box<str> {
        black_box(KEY).into()
    }
}

mod fresh_entry {
    use super::*;

    #[divan::bench]
    fn fresh_at(bencher: Bencher<'_, '_>) {
        let known = cached();
        bencher.bench_local(|| black_box(&known).fresh_at(black_box(NOW)));
    }

    #[divan::bench]
    fn start(bencher: Bencher<'_, '_>) {
        bencher.with_inputs(cached).bench_local_values(|known| -> Step { lookup::start(Some(known), black_box(NOW)) });
    }

    #[divan::bench]
    fn floor_find_in_a_map(bencher: Bencher<'_, '_>) {
        let map: HashMap<String, u64> =
            (0..1_000).map(|i| (format!("{i}.example"), i)).chain([(KEY.to_owned(), 0)]).collect();
        bencher.bench_local(|| black_box(&map).get(black_box(KEY)).copied());
    }
}

mod answering {
    use super::*;

    #[divan::bench(args = Profile::ALL)]
    fn secure_line(bencher: Bencher<'_, '_>, profile: Profile) {
        let (domain, sts) = (Domain::parse(KEY).unwrap(), Verdict::Policy(policy().into()));
        let plan = plan(Some(&route()), &sts, &Settings::default());
        bencher.bench_local(|| -> Answer {
            answer(black_box(&plan), profile, black_box(&domain), sts.policy().map(AsRef::as_ref))
        });
    }

    #[divan::bench]
    fn floor_copy_of_the_line() -> String {
        black_box("secure match=mail.example.com:.backup.example.com servername=hostname").to_owned()
    }
}
