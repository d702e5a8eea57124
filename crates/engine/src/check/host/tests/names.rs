//! The policy host's name and addresses.
use core::net::Ipv4Addr;

use super::super::super::{
    Family, Finding, Intent, Observations, Severity,
    fixture::{address, findings, found, name, none, nx, servers},
};
use super::{is, judged, only_of, unannounced, with_host, with_visit};
use crate::fact::{AddrSeen, DnsFailure, DnsFailureKind, FetchFailure, Seen};

fn failed<T>(kind: DnsFailureKind) -> Seen<T> {
    Seen::Failed(DnsFailure { kind, detail: "by test".into() })
}

fn at(addresses: AddrSeen) -> Observations {
    with_host(|host| {
        host.addresses = addresses;
        host.visits.clear();
        host.trials.clear();
    })
}

// STS-3.2-1
#[test]
fn a_host_without_address_is_an_error_once_it_is_announced() {
    let finding = is(&at(AddrSeen { a: nx(), aaaa: nx() }), "sts.host.absent", Severity::Error);
    assert!(finding.seen.contains("does not exist (NXDOMAIN)"), "{}", finding.seen);
    let finding = is(&at(AddrSeen { a: none(), aaaa: none() }), "sts.host.absent", Severity::Error);
    assert!(finding.seen.contains("neither an A nor an AAAA"), "{}", finding.seen);
    let mut dangling = at(AddrSeen { a: nx(), aaaa: nx() });
    dangling.policy_host.as_mut().unwrap().cname = Some(found(name("gone.example.org")));
    assert!(is(&dangling, "sts.host.absent", Severity::Error).seen.contains("an alias of gone.example.org"));
    assert!(judged(&unannounced(at(AddrSeen { a: nx(), aaaa: nx() }))).is_empty());
}

// STS-3.3-12
#[test]
fn a_failed_lookup_is_told_by_its_cause_and_never_as_an_absent_host() {
    for (kind, id) in [
        (DnsFailureKind::Servfail, "sts.host.lookup-failed"),
        (DnsFailureKind::Bogus, "sts.host.bogus"),
        (DnsFailureKind::Timeout, "sts.host.lookup-unreachable"),
    ] {
        let finding = is(&at(AddrSeen { a: failed(kind), aaaa: none() }), id, Severity::Error);
        assert!(finding.seen.contains("look-up of A mta-sts.example.com"), "{}", finding.seen);
        let half = with_host(|host| host.addresses.aaaa = failed(kind));
        let finding = is(&half, id, Severity::Warning);
        assert!(finding.seen.contains("AAAA"), "{}", finding.seen);
        let both = is(&at(AddrSeen { a: failed(kind), aaaa: failed(kind) }), id, Severity::Error);
        assert!(both.seen.contains("It is the same with AAAA"), "{}", both.seen);
    }
}

/// D-11
#[test]
fn an_address_that_is_refused_is_not_for_the_internet() {
    let seen = with_visit(|visit| {
        visit.stopped = Some(FetchFailure::AddressRefused { addresses: [visit.address.ip()].into() });
        (visit.tls, visit.status, visit.body) = (None, None, None);
    });
    is(&seen, "sts.host.special-address", Severity::Error);
}

// STS-8.2-1
#[test]
fn a_wildcard_is_told_where_it_does_harm() {
    let wildcard = |change: fn(&mut Observations)| {
        let mut seen = with_host(|host| host.sibling = Some(host.addresses.clone()));
        change(&mut seen);
        judged(&seen)
    };
    assert!(wildcard(|_| {}).is_empty(), "a policy is served: the host was set up");
    let ids: alloc::vec::Vec<_> = wildcard(|seen| seen.policy_host.as_mut().unwrap().visits[0].status = Some(404))
        .iter()
        .map(|finding| (finding.check.id, finding.severity))
        .collect();
    assert_eq!(ids, [("sts.host.status", Severity::Error), ("sts.host.wildcard", Severity::Warning)]);
    let other = with_host(|host| host.sibling = Some(address(Ipv4Addr::new(192, 0, 2, 99))));
    assert!(judged(&other).is_empty(), "a wildcard that leads elsewhere");
}

// STS-8.2-1
#[test]
fn a_declared_alias_is_held_to() {
    let intent = Intent { policy_alias: Some(name("sts.example.net")), ..Intent::default() };
    let judge = |seen: &Observations| findings(seen, &intent, Family::Host);
    let points = |to: &str| with_host(|host| host.cname = Some(found(name(to))));
    assert!(judge(&points("sts.example.net")).is_empty());
    let told = |seen: &Observations| -> Finding {
        let finding = only_of(judge(seen));
        assert_eq!((finding.check.id, finding.severity), ("sts.host.alias-elsewhere", Severity::Warning));
        assert_eq!(finding.publish, "mta-sts.example.com. 3600 IN CNAME sts.example.net.");
        finding
    };
    assert!(told(&points("other.example.net")).seen.contains("is an alias of other.example.net"));
    assert!(told(&with_host(|_| {})).seen.contains("has its own addresses 192.0.2.1"));
    let followed = with_host(|host| {
        host.cname = Some(found(name("a.example.net")));
        if let Seen::Found { aliases, .. } = &mut host.addresses.a {
            aliases.extend([name("a.example.net"), name("sts.example.net")]);
        }
    });
    assert!(judge(&followed).is_empty());
    let mut absent = at(AddrSeen { a: nx(), aaaa: nx() });
    let sts = absent.sts.as_mut().unwrap();
    (sts.servers, sts.txt) = (servers(&nx()), nx());
    assert!(told(&absent).seen.contains("has no record"));
}
