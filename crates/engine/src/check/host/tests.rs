//! One thing wrong with the policy host at a time.
mod answers;
mod certificates;
mod names;
mod reached;

use alloc::vec::Vec;
use core::net::IpAddr;

use super::super::{
    Family, Finding, Intent, Observations, Severity,
    fixture::{POLICY, findings, healthy, is_well_formed, nx, servers, visit},
    observations::{PolicyHostSeen, Visit},
};

fn judged(seen: &Observations) -> Vec<Finding> {
    findings(seen, &Intent::default(), Family::Host)
}

/// A domain whose policy host has been changed in this way.
fn with_host(change: impl FnOnce(&mut PolicyHostSeen)) -> Observations {
    let mut seen = healthy();
    change(seen.policy_host.as_mut().unwrap());
    seen
}

/// A domain where the only visit has been changed in this way.
fn with_visit(change: impl FnOnce(&mut Visit)) -> Observations {
    with_host(|host| change(&mut host.visits[0]))
}

/// A domain whose policy host has two addresses more, 192.0.2.2 and 2001:db8::1, that serve these policies.
fn with_visits(second: &str, third: &str) -> Observations {
    let (v4, v6): (IpAddr, IpAddr) = ("192.0.2.2".parse().unwrap(), "2001:db8::1".parse().unwrap());
    with_host(|host| host.visits.extend([visit(v4, second), visit(v6, third)]))
}

/// Without a record: nobody asks the policy host.
fn unannounced(mut seen: Observations) -> Observations {
    let sts = seen.sts.as_mut().unwrap();
    (sts.servers, sts.txt) = (servers(&nx()), nx());
    for visit in &mut seen.policy_host.as_mut().unwrap().visits {
        visit.status = Some(404);
    }
    seen
}

fn only_of(all: Vec<Finding>) -> Finding {
    assert_eq!(all.len(), 1, "{all:#?}");
    let finding = all.into_iter().next().unwrap();
    assert!(
        !finding.next_step.is_empty() && finding.seen.ends_with('.') && !finding.seen.ends_with(".."),
        "{finding:#?}"
    );
    assert!(!finding.subject.is_empty());
    finding
}

fn is(seen: &Observations, id: &str, severity: Severity) -> Finding {
    let finding = only_of(judged(seen));
    assert_eq!((finding.check.id, finding.severity), (id, severity), "{finding:#?}");
    finding
}

#[test]
fn the_catalogue_of_this_family_is_well_formed() {
    is_well_formed(super::CHECKS, Family::Host, &["sts.host."]);
}

#[test]
fn what_was_not_looked_at_is_not_judged() {
    assert!(judged(&Observations { policy_host: None, ..healthy() }).is_empty());
    let bare = with_host(|host| {
        (host.cname, host.sibling, host.caa) = (None, None, None);
        host.visits.clear();
        host.trials.clear();
    });
    assert!(judged(&bare).is_empty());
}

#[test]
fn three_good_addresses_are_nothing_to_speak_of() {
    assert!(judged(&with_visits(POLICY, POLICY)).is_empty());
}

#[test]
fn a_fault_of_several_addresses_is_told_once_with_those_that_have_it() {
    let mut seen = with_visits(POLICY, POLICY);
    for visit in &mut seen.policy_host.as_mut().unwrap().visits[..2] {
        visit.status = Some(500);
    }
    let finding = is(&seen, "sts.host.status", Severity::Error);
    assert_eq!(finding.subject, "mta-sts.example.com at 192.0.2.1, 192.0.2.2");
    for visit in &mut seen.policy_host.as_mut().unwrap().visits {
        visit.status = Some(500);
    }
    assert_eq!(is(&seen, "sts.host.status", Severity::Error).subject, "mta-sts.example.com");
}

#[test]
fn without_a_record_faults_are_warnings_on_a_host_of_its_own_and_nothing_behind_a_wildcard() {
    let own = unannounced(with_host(|_| {}));
    is(&own, "sts.host.status", Severity::Warning);
    let mut unknown = own.clone();
    unknown.policy_host.as_mut().unwrap().sibling = None;
    is(&unknown, "sts.host.status", Severity::Info);
    let mut wildcard = own;
    let host = wildcard.policy_host.as_mut().unwrap();
    host.sibling = Some(host.addresses.clone());
    is(&wildcard, "sts.host.wildcard", Severity::Info);
}
