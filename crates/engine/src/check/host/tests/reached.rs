//! Connections, handshakes and time.
use alloc::vec::Vec;

use super::super::super::{
    Observations, Severity,
    fixture::POLICY,
    observations::{Timing, TrialResult, Visit, Way},
};
use super::{is, judged, unannounced, with_host, with_visit, with_visits};
use crate::fact::{CertFault, FetchFailure, FetchPhase};

fn stop(visit: &mut Visit, stopped: FetchFailure) {
    visit.stopped = Some(stopped);
    (visit.tls, visit.status, visit.body) = (None, None, None);
    visit.timing = Timing::default();
}

fn refused(visit: &mut Visit) {
    let detail = alloc::format!("{}: Connection refused (os error 111)", visit.address);
    stop(visit, FetchFailure::Connect { detail: detail.into() });
}

fn some_refuse(which: &[usize]) -> Observations {
    let mut seen = with_visits(POLICY, POLICY);
    for index in which {
        refused(&mut seen.policy_host.as_mut().unwrap().visits[*index]);
    }
    seen
}

// STS-3.3-12
#[test]
fn a_host_that_takes_no_connection_is_one_finding_for_all_its_addresses() {
    let finding = is(&some_refuse(&[0, 1, 2]), "sts.host.unreachable", Severity::Error);
    assert_eq!(finding.subject, "mta-sts.example.com");
    assert!(finding.seen.contains("port 443: Connection refused"), "{}", finding.seen);
    let seen = with_visit(|visit| stop(visit, FetchFailure::Timeout { phase: FetchPhase::Connect }));
    is(&seen, "sts.host.unreachable", Severity::Error);
    is(&unannounced(some_refuse(&[0, 1, 2])), "sts.host.unreachable", Severity::Warning);
}

#[test]
fn a_single_dead_address_is_named() {
    let finding = is(&some_refuse(&[2]), "sts.host.address-unreachable", Severity::Error);
    assert_eq!(finding.subject, "mta-sts.example.com at 2001:db8::1");
    assert!(finding.next_step.contains("AAAA"));
    let finding = is(&some_refuse(&[0, 1]), "sts.host.address-unreachable", Severity::Error);
    assert_eq!(finding.subject, "mta-sts.example.com at 192.0.2.1, 192.0.2.2");
}

#[test]
fn a_machine_without_ipv6_blames_itself() {
    let mut seen = with_visits(POLICY, POLICY);
    let detail = "[2001:db8::1]:443: Network is unreachable (os error 101)".into();
    stop(&mut seen.policy_host.as_mut().unwrap().visits[2], FetchFailure::Connect { detail });
    is(&seen, "sts.host.ipv6-untested", Severity::Info);
}

// STS-3.3-11
#[test]
fn a_host_that_keeps_senders_waiting_is_told_in_which_phase() {
    for (phase, words) in
        [(FetchPhase::Tls, "handshake"), (FetchPhase::Headers, "no answer"), (FetchPhase::Body, "body")]
    {
        let seen = with_visit(|visit| stop(visit, FetchFailure::Timeout { phase }));
        assert!(is(&seen, "sts.host.timeout", Severity::Error).seen.contains(words));
    }
}

// STS-3.3-1
#[test]
fn a_handshake_that_fails_shows_what_was_said() {
    let seen = with_visit(|visit| stop(visit, FetchFailure::Tls { detail: "192.0.2.1:443: alert \u{7}40.".into() }));
    let finding = is(&seen, "sts.host.handshake", Severity::Error);
    assert_eq!(finding.seen, "The handshake fails: alert \u{fffd}40.");
    assert!(finding.next_step.contains("-servername mta-sts.example.com"));
}

// STS-3.3-11
#[test]
fn more_than_four_seconds_are_slow() {
    let timed = |connected, encrypted, done| {
        with_visit(|visit| {
            visit.timing = Timing { connected: Some(connected), encrypted: Some(encrypted), done: Some(done) }
        })
    };
    assert!(judged(&timed(10, 30, 4000)).is_empty());
    let finding = is(&timed(10, 4030, 4950), "sts.host.slow", Severity::Warning);
    assert_eq!(finding.seen, "The policy took 4.9 seconds, most of them for the TLS handshake.");
}

fn trial(way: &Way, result: &TrialResult) -> Observations {
    with_host(|host| {
        for trial in &mut host.trials {
            if trial.way == *way {
                trial.result = result.clone();
            }
        }
    })
}

fn made() -> TrialResult {
    TrialResult::Made(super::super::super::fixture::tls("mta-sts.example.com"))
}

// STS-7.2-1
#[test]
fn a_host_with_old_tls_alone_is_no_use_to_senders() {
    let mut seen = trial(&Way::Version("TLSv1".into()), &made());
    let host = seen.policy_host.as_mut().unwrap();
    for trial in &mut host.trials {
        if matches!(&trial.way, Way::Version(version) if version.starts_with("TLSv1.")) {
            trial.result = TrialResult::Refused("alert".into());
        }
    }
    stop(&mut host.visits[0], FetchFailure::Tls { detail: "alert protocol version".into() });
    is(&seen, "sts.host.old-tls-only", Severity::Error);
    seen.policy_host.as_mut().unwrap().trials.retain(|trial| trial.way != Way::Version("TLSv1".into()));
    is(&seen, "sts.host.handshake", Severity::Error);
}

// R9325-3.1.1-1
#[test]
fn old_tls_beside_new_is_worth_a_word() {
    let finding = is(&trial(&Way::Version("TLSv1.1".into()), &made()), "sts.host.old-tls", Severity::Info);
    assert!(finding.seen.contains("TLSv1.1"));
    let unknown = trial(&Way::Version("TLSv1.1".into()), &TrialResult::Unknown("not built in".into()));
    assert!(judged(&unknown).is_empty());
}

// STS-7.1-4
#[test]
fn a_host_may_depend_on_the_name_it_is_sent() {
    is(&trial(&Way::NoSni, &TrialResult::Refused("alert".into())), "sts.host.sni-needed", Severity::Info);
    let TrialResult::Made(mut tls) = made() else { panic!("made") };
    tls.fault = Some(CertFault::NameMismatch);
    is(&trial(&Way::NoSni, &TrialResult::Made(tls)), "sts.host.sni-needed", Severity::Info);
    let broken = with_host(|host| {
        host.trials[0].result = TrialResult::Refused("alert".into());
        stop(&mut host.visits[0], FetchFailure::Tls { detail: "alert".into() });
    });
    let ids: Vec<_> = judged(&broken).iter().map(|finding| finding.check.id).collect();
    assert_eq!(ids, ["sts.host.handshake"], "where nothing works, the name makes no difference");
}
