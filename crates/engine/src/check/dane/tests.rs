//! One fault each beside a TLSA record that fits.
use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};

use super::super::{
    Family, Finding, Intent, Observations, Severity,
    fixture::{DAY, NOW, finding_ids, findings, found, healthy, host, is_well_formed, none},
    observations::HostSeen,
};
use crate::{
    fact::{CertFault, DnsFailure, DnsFailureKind, Dnssec, Seen, TlsOutcome, TlsaRecord, TlsaSeen},
    time::Timestamp,
};
use strictmx_proto::dane::Tlsa;

const LEAF: &[u8] = b"CN=mx.example.com";
const ISSUER: &[u8] = b"C=US, O=Let's Encrypt, CN=E7";
const OWNER: &str = "_25._tcp.mx.example.com";

fn with(records: &[Tlsa], change: impl FnOnce(&mut HostSeen)) -> Observations {
    answer(found(records.iter().cloned().map(TlsaRecord).collect()), change)
}

fn answer(seen: TlsaSeen, change: impl FnOnce(&mut HostSeen)) -> Observations {
    let mut all = healthy();
    let host = Arc::make_mut(&mut all.hosts[0]);
    let owner = host.name.child("_25._tcp").unwrap();
    host.tlsa = Some(vec![(owner, seen)]);
    change(host);
    all
}

fn pair() -> [Tlsa; 2] {
    [Tlsa::of_key(3, LEAF), Tlsa::of_key(3, b"the next key")]
}

fn ids(seen: &Observations) -> Vec<&'static str> {
    finding_ids(seen, &Intent::default(), Family::Dane)
}

fn one(seen: &Observations, id: &str) -> Finding {
    let all = findings(seen, &Intent::default(), Family::Dane);
    all.iter().find(|finding| finding.check.id == id).unwrap_or_else(|| panic!("no {id} in {all:#?}")).clone()
}

fn insecure<T>(seen: &mut Seen<T>) {
    match seen {
        Seen::Found { dnssec, .. } | Seen::NoData { dnssec, .. } | Seen::NxDomain { dnssec, .. } => {
            *dnssec = Dnssec::Insecure;
        }
        Seen::Failed(_) => {}
    }
}

/// DANE-4-1, DANE-3.1.1-1
#[test]
fn a_pair_of_records_of_which_one_fits_is_all_right() {
    assert_eq!(ids(&with(&pair(), |_| {})), Vec::<&str>::new());
    // Neither name nor dates matter to usage 3.
    let seen = with(&pair(), |host| {
        let made = host.sessions[0].tls.as_mut().unwrap();
        made.fault = Some(CertFault::Expired);
        made.chain[0].shown.dns_names.clear();
        made.chain[0].shown.not_after = Timestamp(NOW.0 - DAY);
        host.sessions[0].outcome = TlsOutcome::Certificate(CertFault::Expired);
    });
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

/// DANE-2.2-3
#[test]
fn a_signed_host_without_records_is_told_the_one_it_could_publish() {
    let finding = one(&healthy(), "dane.tlsa-absent");
    assert_eq!(finding.severity, Severity::Info);
    assert!(finding.publish.starts_with("_25._tcp.mx.example.com. 3600 IN TLSA 3 1 1 "));
    assert_eq!(ids(&with(&pair(), |host| host.tlsa = None)), Vec::<&str>::new(), "not asked for");
}

/// DANE-2.2.1-2
#[test]
fn unsigned_mx_records_keep_dane_away() {
    let mut seen = healthy();
    insecure(&mut seen.mx.as_mut().unwrap().mx);
    assert_eq!(ids(&seen), ["dane.mx-unsigned"]);
    assert_eq!(one(&seen, "dane.mx-unsigned").severity, Severity::Info);
    let mut seen = with(&pair(), |_| {});
    insecure(&mut seen.mx.as_mut().unwrap().mx);
    assert!(one(&seen, "dane.mx-unsigned").seen.contains("mx.example.com has TLSA records, which cannot count"));
    seen.policy_host = None;
    assert_eq!(one(&seen, "dane.mx-unsigned").severity, Severity::Warning);
    seen.hosts.clear();
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

/// DANE-2.2.2-2
#[test]
fn an_unsigned_host_is_information() {
    let mut seen = healthy();
    let host = Arc::make_mut(&mut seen.hosts[0]);
    insecure(&mut host.addresses.as_mut().unwrap().a);
    insecure(&mut host.addresses.as_mut().unwrap().aaaa);
    assert_eq!(ids(&seen), ["dane.host-unsigned"]);
}

#[test]
fn records_in_an_unsigned_zone_are_for_nothing() {
    let mut records = found(vec![TlsaRecord(Tlsa::of_key(3, b"another key"))]);
    insecure(&mut records);
    let seen = answer(records, |_| {});
    assert_eq!(ids(&seen), ["dane.tlsa-unsigned"]);
    assert_eq!(one(&seen, "dane.tlsa-unsigned").severity, Severity::Warning);
}

/// DANE-2.1.2-2, DANE-2.1.1-3
#[test]
fn a_failed_look_up_is_told_by_its_cause_and_never_as_no_record() {
    for (kind, id) in [
        (DnsFailureKind::Servfail, "dane.tlsa-lookup-failed"),
        (DnsFailureKind::Bogus, "dane.tlsa-bogus"),
        (DnsFailureKind::Timeout, "dane.tlsa-unanswered"),
    ] {
        let seen = answer(Seen::Failed(DnsFailure { kind, detail: Box::default() }), |_| {});
        assert_eq!(ids(&seen), [id]);
        assert!(one(&seen, id).seen.contains(OWNER));
    }
}

/// DANE-A4, DANE-2.1.1-1
#[test]
fn a_resolver_that_does_not_validate_ends_the_judgement() {
    let mut seen = with(&[Tlsa::of_key(3, b"another key")], |_| {});
    seen.resolver.validates = Some(false);
    assert_eq!(ids(&seen), ["dane.not-judged"]);
    seen.resolver.validates = None;
    assert!(ids(&seen).contains(&"dane.mismatch"));
    seen.resolver.dnssec = "off".into();
    assert_eq!(ids(&seen), ["dane.not-judged"]);
}

//----------- Records -----------------------------------------------------

/// DANE-3.1.3-1, DANE-2.2-2
#[test]
fn unusable_records_are_told_one_by_one_and_once_when_there_is_no_other() {
    let [good, next] = pair();
    let unusable = Tlsa { usage: 1, ..good.clone() };
    let short = Tlsa { data: [7; 31].as_slice().into(), ..good.clone() };
    assert_eq!(ids(&with(&[unusable.clone(), good, next], |_| {})), ["dane.tlsa-unusable"]);
    let seen = with(&[unusable, short], |_| {});
    assert_eq!(ids(&seen), ["dane.tlsa-unusable", "dane.tlsa-unusable", "dane.tlsa-none-usable"]);
    let finding = one(&seen, "dane.tlsa-none-usable");
    assert_eq!(finding.publish, alloc::format!("{OWNER}. 3600 IN TLSA {}", Tlsa::of_key(3, LEAF)));
}

#[test]
fn the_digest_of_nothing_is_an_error_whatever_its_kind() {
    let nothing = Tlsa::of_key(3, b"");
    assert!(alloc::format!("{nothing}").starts_with("3 1 1 e3b0c442"));
    let [good, next] = pair();
    assert_eq!(ids(&with(&[nothing.clone(), good, next], |_| {})), ["dane.tlsa-of-nothing"]);
    let foreign = Tlsa { usage: 1, ..nothing };
    assert!(ids(&with(&[foreign], |_| {})).contains(&"dane.tlsa-of-nothing"));
    let long: Tlsa = alloc::format!(
        "3 0 2 cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce{}",
        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
    )
    .parse()
    .unwrap();
    assert!(ids(&with(&[long], |_| {})).contains(&"dane.tlsa-of-nothing"));
}

/// DANE-4-1
#[test]
fn a_lone_record_matters_when_the_renewal_is_near() {
    let seen = with(&[Tlsa::of_key(3, LEAF)], |_| {});
    assert_eq!(ids(&seen), ["dane.tlsa-alone"]);
    let finding = one(&seen, "dane.tlsa-alone");
    assert_eq!(
        (finding.severity, finding.publish),
        (Severity::Info, alloc::format!("{OWNER}. 3600 IN TLSA {}", Tlsa::of_key(2, ISSUER)).into())
    );
    let near = with(&[Tlsa::of_key(3, LEAF)], |host| {
        host.sessions[0].tls.as_mut().unwrap().chain[0].shown.not_after = NOW.plus(10 * DAY);
    });
    assert_eq!(one(&near, "dane.tlsa-alone").severity, Severity::Warning);
}

//----------- Fit ---------------------------------------------------------

/// DANE-3.2-1, STS-2-1, D-25
#[test]
fn a_mismatch_is_an_error_with_the_record_to_publish_and_who_obeys_it() {
    let seen = with(&[Tlsa::of_key(3, b"the old key")], |_| {});
    assert_eq!(ids(&seen), ["dane.mismatch", "dane.fails-while-sts-passes"]);
    let finding = one(&seen, "dane.mismatch");
    assert_eq!(finding.severity, Severity::Error);
    assert_eq!(finding.publish, alloc::format!("{OWNER}. 3600 IN TLSA {}", Tlsa::of_key(3, LEAF)));
    let both = with(&[Tlsa::of_key(3, b"the old key")], |host| {
        host.sessions[0].outcome = TlsOutcome::Certificate(CertFault::UntrustedIssuer);
    });
    assert_eq!(ids(&both), ["dane.mismatch"]);
}

/// DANE-2.2.1-3, D-27
#[test]
fn behind_unsigned_mx_records_a_mismatch_is_a_warning() {
    let mut seen = with(&[Tlsa::of_key(3, b"the old key")], |_| {});
    insecure(&mut seen.mx.as_mut().unwrap().mx);
    assert_eq!(one(&seen, "dane.mismatch").severity, Severity::Warning);
}

/// DANE-5-1
#[test]
fn a_record_of_a_weaker_digest_does_not_count_and_the_finding_says_so() {
    let stronger = Tlsa { usage: 3, selector: 1, matching: 2, data: [9; 64].as_slice().into() };
    let seen = with(&[Tlsa::of_key(3, LEAF), stronger], |_| {});
    assert!(one(&seen, "dane.mismatch").seen.contains("weaker digest"));
}

/// DANE-2.2.3-4
#[test]
fn records_without_working_tls_are_an_error() {
    for outcome in [
        TlsOutcome::NoStarttls,
        TlsOutcome::StarttlsRefused { reply: "454 no".into() },
        TlsOutcome::Handshake { detail: "alert".into() },
    ] {
        let seen = with(&pair(), |host| (host.sessions[0].outcome, host.sessions[0].tls) = (outcome, None));
        assert_eq!(ids(&seen), ["dane.no-tls"]);
    }
    let away = with(&pair(), |host| {
        (host.sessions[0].outcome, host.sessions[0].tls) = (TlsOutcome::Unreachable { detail: "451".into() }, None);
    });
    assert_eq!(ids(&away), Vec::<&str>::new(), "nothing was learnt");
}

/// DANE-3.1.2-1, DANE-3.2.2-1, DANE-3.2.3-1
#[test]
fn below_an_anchor_names_and_dates_count() {
    let anchor = [Tlsa::of_key(2, ISSUER)];
    assert_eq!(ids(&with(&anchor, |_| {})), Vec::<&str>::new());
    let named = |names: &[&str]| {
        with(&anchor, |host| {
            let leaf = &mut host.sessions[0].tls.as_mut().unwrap().chain[0];
            leaf.shown.dns_names = names.iter().map(|name| (*name).into()).collect();
        })
    };
    assert_eq!(ids(&named(&["example.com"])), Vec::<&str>::new(), "the mail domain counts too");
    assert_eq!(ids(&named(&[])), Vec::<&str>::new(), "the common name counts where there is no other");
    assert!(ids(&named(&["other.example"])).contains(&"dane.anchor-name"));
    let ended = with(&anchor, |host| {
        let made = host.sessions[0].tls.as_mut().unwrap();
        made.chain[0].shown.not_after = Timestamp(NOW.0 - DAY);
        host.sessions[0].outcome = TlsOutcome::Certificate(CertFault::Expired);
    });
    assert_eq!(ids(&ended), ["dane.anchor-dates"]);
    let alone = with(&anchor, |host| host.sessions[0].tls.as_mut().unwrap().chain.truncate(1));
    assert!(one(&alone, "dane.mismatch").seen.contains("sends no certificate but its own"));
}

/// DANE-A5
#[test]
fn an_anchor_given_whole_need_not_be_sent_and_is_not_judged() {
    let whole = Tlsa { usage: 2, selector: 0, matching: 0, data: [0x30, 1, 5].as_slice().into() };
    assert_eq!(ids(&with(&[whole], |_| {})), Vec::<&str>::new());
}

/// DANE-2.2.3-2
#[test]
fn of_two_names_the_first_with_signed_records_counts() {
    let seen = with(&pair(), |host| {
        let expanded = crate::fixture::name("real.example.net");
        let owner = expanded.child("_25._tcp").unwrap();
        host.tlsa.as_mut().unwrap().insert(0, (owner, none()));
    });
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

/// D-26
#[test]
fn records_at_some_hosts_only_are_told_with_the_missing_ones() {
    let mut seen = with(&pair(), |_| {});
    seen.hosts.push(Arc::new(host("mx2.example.com", core::net::Ipv4Addr::new(192, 0, 2, 26))));
    assert_eq!(ids(&seen), ["dane.partial", "dane.tlsa-absent"]);
    let finding = one(&seen, "dane.partial");
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.publish.starts_with("_25._tcp.mx2.example.com. 3600 IN TLSA 3 1 1 "));
    seen.sts = None;
    assert_eq!(one(&seen, "dane.partial").severity, Severity::Info);
    insecure(&mut seen.mx.as_mut().unwrap().mx);
    assert!(!ids(&seen).contains(&"dane.partial"));
}

#[test]
fn the_catalogue_of_this_family_is_well_formed() {
    is_well_formed(super::CHECKS, Family::Dane, &["dane."]);
}
