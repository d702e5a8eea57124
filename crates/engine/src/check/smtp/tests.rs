//! One fault each in a host that is otherwise good.
mod hello;

use alloc::{sync::Arc, vec, vec::Vec};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::super::{
    Family, Finding, Intent, Observations, Severity,
    fixture::{DAY, NOW, cert, finding_ids, findings, found, healthy, host, is_well_formed, name, nx, session, tls},
    observations::{HelloSeen, HostSeen, Session, Timing, TlsMade, Trial, TrialResult, Way},
};
use super::is_named;
use crate::{
    fact::{CertFault, Dnssec, Seen, TlsOutcome, TlsaRecord},
    time::Timestamp,
};
use strictmx_proto::dane::Tlsa;

const MAIL: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 25);
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 26);

/// [`healthy`] with its host changed.
fn with(change: impl FnOnce(&mut HostSeen)) -> Observations {
    let mut seen = healthy();
    change(Arc::make_mut(&mut seen.hosts[0]));
    seen
}

/// [`healthy`] with the host's only session changed.
fn with_session(change: impl FnOnce(&mut Session)) -> Observations {
    with(|host| change(&mut host.sessions[0]))
}

fn with_tls(change: impl FnOnce(&mut TlsMade)) -> Observations {
    with_session(|session| {
        let made = session.tls.as_mut().unwrap();
        change(made);
        if let Some(fault) = made.fault.clone() {
            session.outcome = TlsOutcome::Certificate(fault);
        }
    })
}

fn ids(seen: &Observations) -> Vec<&'static str> {
    let mut ids = finding_ids(seen, &Intent::default(), Family::Smtp);
    ids.retain(|id| *id != "smtp.no-ipv6");
    ids
}

fn one(seen: &Observations, id: &str) -> Finding {
    let all = findings(seen, &Intent::default(), Family::Smtp);
    all.iter().find(|finding| finding.check.id == id).unwrap_or_else(|| panic!("no {id} in {all:#?}")).clone()
}

fn without_policy(mut seen: Observations) -> Observations {
    seen.sts.as_mut().unwrap().txt = nx();
    seen.policy_host.as_mut().unwrap().visits.clear();
    seen
}

/// The host's TLSA record fits what it shows.
fn with_dane(mut seen: Observations) -> Observations {
    let host = Arc::make_mut(&mut seen.hosts[0]);
    let spki = host.sessions[0].tls.as_ref().unwrap().chain[0].spki.0.clone();
    let owner = host.name.child("_25._tcp").unwrap();
    host.tlsa = Some(vec![(owner, found(vec![TlsaRecord(Tlsa::of_key(3, &spki))]))]);
    seen
}

fn unreachable(session: &mut Session, code: Option<u16>, timing: Timing) {
    session.outcome = TlsOutcome::Unreachable { detail: "by test".into() };
    (session.tls, session.refused_with, session.timing) = (None, code, timing);
}

const DEAD: Timing = Timing { connected: None, encrypted: None, done: Some(9) };
const TALKED: Timing = Timing { connected: Some(5), encrypted: None, done: Some(9) };

#[test]
fn a_good_host_gives_nothing_but_its_lack_of_ipv6() {
    assert_eq!(finding_ids(&healthy(), &Intent::default(), Family::Smtp), ["smtp.no-ipv6"]);
    let mut seen = with(|host| host.addresses.as_mut().unwrap().aaaa = found(vec![Ipv6Addr::LOCALHOST]));
    assert_eq!(finding_ids(&seen, &Intent::default(), Family::Smtp), Vec::<&str>::new());
    seen = with(|host| host.addresses.as_mut().unwrap().aaaa = Seen::Failed(crate::fixture::servfail()));
    assert_eq!(finding_ids(&seen, &Intent::default(), Family::Smtp), Vec::<&str>::new(), "not known is not lacking");
    seen.hosts.clear();
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

//----------- Reach -------------------------------------------------------

#[test]
fn when_nothing_answers_it_is_likely_this_network() {
    let seen = with_session(|session| unreachable(session, None, DEAD));
    assert_eq!(ids(&seen), ["smtp.port-25-blocked"]);
    assert_eq!(one(&seen, "smtp.port-25-blocked").severity, Severity::Warning);
}

/// R5321-5.1-6
#[test]
fn a_dead_host_beside_a_living_one_is_an_error_and_a_dead_address_a_warning() {
    let mut seen = healthy();
    let mut dead = host("mx2.example.com", OTHER);
    unreachable(&mut dead.sessions[0], None, DEAD);
    dead.trials.clear();
    seen.hosts.push(Arc::new(dead));
    assert_eq!(ids(&seen), ["smtp.host-unreachable"]);
    assert_eq!(one(&seen, "smtp.host-unreachable").subject, "mx2.example.com");
    let seen = with(|host| {
        host.sessions.push(session("mx.example.com", OTHER));
        unreachable(&mut host.sessions[1], None, DEAD);
    });
    assert_eq!(ids(&seen), ["smtp.address-unreachable"]);
}

#[test]
fn a_machine_without_ipv6_says_so_and_accuses_nobody() {
    let seen = with(|host| {
        host.addresses.as_mut().unwrap().aaaa = found(vec![Ipv6Addr::LOCALHOST]);
        host.sessions.push(session("mx.example.com", OTHER));
        host.sessions[1].address = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 25);
        unreachable(&mut host.sessions[1], None, DEAD);
    });
    assert_eq!(ids(&seen), ["smtp.no-ipv6-here"]);
}

/// D-11
#[test]
fn a_special_address_is_told_apart_from_a_dead_one() {
    let seen = with_session(|session| unreachable(session, None, Timing::default()));
    assert_eq!(ids(&seen), ["smtp.special-address"]);
    assert_eq!(one(&seen, "smtp.special-address").severity, Severity::Error);
}

/// DANE-A7
#[test]
fn greylisting_block_lists_and_silence_are_not_called_tls_trouble() {
    for (code, id) in [
        (Some(451), "smtp.refused-temporarily"),
        (Some(421), "smtp.refused-temporarily"),
        (Some(554), "smtp.refused"),
        (None, "smtp.no-greeting"),
    ] {
        let seen = with_session(|session| unreachable(session, code, TALKED));
        assert_eq!(ids(&seen), [id]);
    }
}

//----------- STARTTLS ----------------------------------------------------

/// STS-4-2
#[test]
fn no_starttls_is_an_error_under_a_policy_and_a_warning_without_one() {
    let seen = with_session(|session| (session.outcome, session.tls) = (TlsOutcome::NoStarttls, None));
    assert_eq!(ids(&seen), ["smtp.no-starttls"]);
    assert_eq!(one(&seen, "smtp.no-starttls").severity, Severity::Error);
    assert_eq!(one(&without_policy(seen), "smtp.no-starttls").severity, Severity::Warning);
}

/// R3207-4-1
#[test]
fn a_refusal_of_starttls_that_passes_is_told_apart_from_one_that_stays() {
    let refused = |code, reply: &str| {
        with_session(|session| {
            (session.outcome, session.tls) = (TlsOutcome::StarttlsRefused { reply: reply.into() }, None);
            session.refused_with = Some(code);
        })
    };
    assert_eq!(ids(&refused(454, "454 TLS not available")), ["smtp.starttls-unavailable"]);
    let seen = refused(554, "554 no");
    assert_eq!(ids(&seen), ["smtp.starttls-refused"]);
    assert!(one(&seen, "smtp.starttls-refused").seen.contains("554 no"));
}

#[test]
fn a_failed_handshake_is_told_once_for_all_addresses_alike() {
    let fail = |session: &mut Session| {
        (session.outcome, session.tls) = (TlsOutcome::Handshake { detail: "alert 40".into() }, None);
    };
    let seen = with(|host| {
        host.sessions.push(session("mx.example.com", OTHER));
        host.sessions.iter_mut().for_each(fail);
    });
    assert_eq!(ids(&seen), ["smtp.handshake-failed"]);
    assert_eq!(one(&seen, "smtp.handshake-failed").seen, "The handshake with mx.example.com fails: alert 40.");
}

//----------- Certificates ------------------------------------------------

/// STS-4.2-2
#[test]
fn a_self_signed_certificate_weighs_by_policy_and_by_dane() {
    let seen = with_tls(|made| {
        made.fault = Some(CertFault::UntrustedIssuer);
        made.chain = vec![cert("CN=mx.example.com", "CN=mx.example.com", &["mx.example.com"])];
    });
    assert_eq!(ids(&seen), ["smtp.self-signed"]);
    assert_eq!(one(&seen, "smtp.self-signed").severity, Severity::Error);
    assert_eq!(one(&without_policy(seen.clone()), "smtp.self-signed").severity, Severity::Warning);
    let guarded = with_dane(seen.clone());
    let finding = one(&guarded, "smtp.self-signed");
    assert_eq!(finding.severity, Severity::Error);
    assert!(finding.seen.contains("senders that use DANE deliver all the same"), "{}", finding.seen);
    assert_eq!(one(&without_policy(guarded.clone()), "smtp.self-signed").severity, Severity::Info);
    let mut unsigned = without_policy(guarded);
    let Seen::Found { dnssec, .. } = &mut unsigned.mx.as_mut().unwrap().mx else { panic!("MX") };
    *dnssec = Dnssec::Insecure;
    assert_eq!(one(&unsigned, "smtp.self-signed").severity, Severity::Warning, "DANE cannot bind");
}

/// STS-4.2-2
#[test]
fn a_missing_intermediate_is_told_apart_from_an_unknown_authority() {
    let seen = with_tls(|made| {
        made.fault = Some(CertFault::UntrustedIssuer);
        made.chain.truncate(1);
    });
    assert_eq!(ids(&seen), ["smtp.intermediate-missing"]);
    assert!(one(&seen, "smtp.intermediate-missing").next_step.contains("CN=E7"));
    let seen = with_tls(|made| made.fault = Some(CertFault::UntrustedIssuer));
    assert_eq!(ids(&seen), ["smtp.untrusted"]);
}

/// STS-4.2-3, R9525-1.3-1
#[test]
fn the_subject_counts_for_nothing_and_the_mail_domain_neither() {
    let named = |names: &[&str]| {
        let leaf = cert("CN=mx.example.com", "CN=E7", names);
        with_tls(|made| {
            made.fault = Some(CertFault::NameMismatch);
            made.chain[0] = leaf;
        })
    };
    assert_eq!(ids(&named(&[])), ["smtp.cn-only"]);
    let seen = named(&["example.com", "*.mail.example.com"]);
    assert_eq!(ids(&seen), ["smtp.name-mismatch"]);
    assert!(
        one(&seen, "smtp.name-mismatch").seen.contains("for example.com, *.mail.example.com, not for mx.example.com")
    );
}

/// R9525-6.3-1, R9525-6.3-3
#[test]
fn a_name_of_a_certificate_covers_one_label_by_its_asterisk() {
    let host = name("mx.example.com");
    for good in ["mx.example.com", "MX.example.com", "*.example.com"] {
        assert!(is_named(good, &host), "{good}");
    }
    for bad in ["example.com", "*.com", "m*.example.com", "*", "", "*.mx.example.com", "x.mx.example.com"] {
        assert!(!is_named(bad, &host), "{bad}");
    }
}

/// STS-4.2-1
#[test]
fn an_expired_certificate_is_told_with_its_day_even_beside_another_fault() {
    let seen = with_tls(|made| {
        made.fault = Some(CertFault::NameMismatch);
        made.chain[0].shown.not_after = Timestamp(NOW.0 - DAY);
        made.chain[0].shown.dns_names = vec!["other.example".into()];
    });
    assert_eq!(ids(&seen), ["smtp.name-mismatch", "smtp.expired"]);
    assert!(one(&seen, "smtp.expired").seen.contains("2027-01-14"));
    let seen = with_tls(|made| {
        made.fault = Some(CertFault::Expired);
        made.chain[1].shown.not_after = Timestamp(NOW.0 - DAY);
    });
    assert!(one(&seen, "smtp.expired").seen.contains("the certificate of C=US, O=Let's Encrypt, CN=E7"));
    let seen = with_tls(|made| {
        made.fault = Some(CertFault::NotYetValid);
        made.chain[0].shown.not_before = NOW.plus(DAY);
    });
    assert_eq!(ids(&seen), ["smtp.not-yet-valid"]);
}

#[test]
fn a_fault_of_another_kind_is_shown_in_the_verifiers_words() {
    let seen = with_tls(|made| made.fault = Some(CertFault::Other { detail: "bad \u{1b}[31musage".into() }));
    assert_eq!(ids(&seen), ["smtp.certificate-unusable"]);
    assert!(!one(&seen, "smtp.certificate-unusable").seen.contains('\u{1b}'));
    let seen = with_session(|session| {
        (session.outcome, session.tls) = (TlsOutcome::Certificate(CertFault::Expired), None);
    });
    assert_eq!(ids(&seen), ["smtp.certificate-unusable"], "no chain was kept");
}

#[test]
fn the_days_before_the_end_are_those_of_the_intent() {
    let seen = with_tls(|made| made.chain[0].shown.not_after = NOW.plus(10 * DAY));
    assert_eq!(ids(&seen), ["smtp.expires-soon"]);
    assert!(one(&seen, "smtp.expires-soon").seen.contains("in 10 days"));
    let intent = Intent { certificate_days: 9, ..Intent::default() };
    assert!(!finding_ids(&seen, &intent, Family::Smtp).contains(&"smtp.expires-soon"));
}

#[test]
fn short_keys_and_broken_hashes_are_warned_of_but_not_in_a_root() {
    let seen = with_tls(|made| made.chain[0].key = "RSA 1024".into());
    assert_eq!(ids(&seen), ["smtp.weak-key"]);
    let seen = with_tls(|made| {
        made.chain[0].key = "RSA 2048".into();
        made.chain[1].signature = "sha1WithRSAEncryption".into();
    });
    assert_eq!(ids(&seen), ["smtp.weak-signature"]);
    let seen = with_tls(|made| {
        made.chain[1].signature = "sha1WithRSAEncryption".into();
        made.chain[1].self_issued = true;
    });
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

//----------- Trials ------------------------------------------------------

fn with_trial(way: Way, result: TrialResult) -> Observations {
    with(|host| {
        host.trials.retain(|trial| trial.way != way);
        host.trials.push(Trial { way, result });
    })
}

fn version(word: &str) -> Way {
    Way::Version(word.into())
}

fn made(cipher: &str) -> TrialResult {
    TrialResult::Made(TlsMade { cipher: cipher.into(), ..tls("mx.example.com") })
}

/// R9325-3.1.1-1
#[test]
fn each_old_version_is_a_finding_of_its_own() {
    for (word, id) in [("SSLv3", "smtp.sslv3"), ("TLSv1", "smtp.tls-1-0"), ("TLSv1.1", "smtp.tls-1-1")] {
        assert_eq!(ids(&with_trial(version(word), made(""))), [id]);
        assert_eq!(ids(&with_trial(version(word), TrialResult::Unknown("too long".into()))), Vec::<&str>::new());
    }
}

/// R9325-3.1.1-2
#[test]
fn tls_1_2_is_enough() {
    let no13 = with_trial(version("TLSv1.3"), TrialResult::Refused("alert".into()));
    assert_eq!(ids(&no13), ["smtp.no-tls-1-3"]);
}

/// A host whose handshake fails, in each of the versions of today too, and what else was tried.
fn with_failed(trials: Vec<Trial>) -> Observations {
    with(|host| {
        for session in &mut host.sessions {
            (session.outcome, session.tls) = (TlsOutcome::Handshake { detail: "alert 40".into() }, None);
        }
        host.trials.iter_mut().for_each(|trial| trial.result = TrialResult::Refused("alert".into()));
        host.trials.retain(|known| trials.iter().all(|trial| trial.way != known.way));
        host.trials.extend(trials);
    })
}

/// STS-7.2-1
#[test]
fn a_host_that_speaks_older_versions_alone_is_told_why_its_handshake_fails() {
    let seen = with_failed(vec![Trial { way: version("TLSv1"), result: made("TLS_RSA_WITH_AES_128_CBC_SHA") }]);
    assert_eq!(ids(&seen), ["smtp.tls-too-old"], "neither the handshake nor the version is told once more");
    assert_eq!(one(&seen, "smtp.tls-too-old").severity, Severity::Error);
    assert_eq!(ids(&with_failed(Vec::new())), ["smtp.handshake-failed"], "nothing shows why");
    let mut reached = seen;
    Arc::make_mut(&mut reached.hosts[0]).sessions.push(session("mx.example.com", OTHER));
    assert!(ids(&reached).contains(&"smtp.tls-1-0"), "where a session succeeds, the old version is told by itself");
}

/// STS-7.2-2
#[test]
fn a_host_of_old_ciphers_alone_is_told_apart_from_one_that_is_broken() {
    let hello = |version: &str, suite: &str| {
        let seen = HelloSeen { cipher: suite.into(), ..hello::hello(version) };
        vec![Trial { way: Way::Hello, result: TrialResult::Hello(seen) }]
    };
    let seen = with_failed(hello("TLSv1.2", "TLS_RSA_WITH_AES_256_CBC_SHA"));
    assert_eq!(ids(&seen), ["smtp.old-ciphers-only"]);
    let words = one(&seen, "smtp.old-ciphers-only").seen;
    assert_eq!(words, "mx.example.com speaks TLS 1.2 with TLS_RSA_WITH_AES_256_CBC_SHA, and refuses ciphers of today.");
    let seen = with_failed(hello("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"));
    assert_eq!(ids(&seen), ["smtp.handshake-failed"], "its ciphers are good");
    assert_eq!(ids(&with_failed(hello("TLSv1.1", "TLS_RSA_WITH_AES_256_CBC_SHA"))), ["smtp.tls-too-old"]);
}

/// STS-7.2-2
#[test]
fn weak_ciphers_are_told_by_their_kind() {
    let weak = Way::Ciphers("NULL:EXPORT:aNULL:RC4:3DES:DES:IDEA".into());
    for (cipher, id) in [
        ("TLS_RSA_WITH_NULL_SHA256", "smtp.cipher-null"),
        ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", "smtp.cipher-export"),
        ("TLS_DH_anon_WITH_AES_256_CBC_SHA", "smtp.cipher-anonymous"),
        ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", "smtp.cipher-rc4"),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "smtp.cipher-3des"),
        ("TLS_RSA_WITH_DES_CBC_SHA", "smtp.cipher-des"),
        ("TLS_RSA_WITH_IDEA_CBC_SHA", "smtp.cipher-weak"),
    ] {
        assert_eq!(ids(&with_trial(weak.clone(), made(cipher))), [id], "{cipher}");
        let seen = HelloSeen { cipher: cipher.into(), ..hello::hello("TLSv1.2") };
        assert_eq!(ids(&with_trial(weak.clone(), TrialResult::Hello(seen))), [id], "{cipher}");
    }
    assert_eq!(ids(&with_trial(weak, TrialResult::Refused("alert".into()))), Vec::<&str>::new());
}

/// STS-7.1-5, DANE-8.1-2
#[test]
fn a_host_that_needs_the_server_name_is_warned() {
    assert_eq!(ids(&with_trial(Way::NoSni, TrialResult::Refused("alert".into()))), ["smtp.sni-required"]);
    let worse = TlsMade { fault: Some(CertFault::NameMismatch), ..tls("fallback.example") };
    let seen = with_trial(Way::NoSni, TrialResult::Made(worse.clone()));
    assert_eq!(ids(&seen), ["smtp.sni-other-certificate"]);
    let mut seen = with_tls(|made| made.fault = Some(CertFault::NameMismatch));
    Arc::make_mut(&mut seen.hosts[0]).trials[0].result = TrialResult::Made(worse);
    assert!(!ids(&seen).contains(&"smtp.sni-other-certificate"), "no worse than the usual one");
}

/// STS-7.1-5
#[test]
fn the_mail_domain_as_server_name_is_compared_too() {
    let mut seen = healthy();
    seen.mx.as_mut().unwrap().named[0].1.result = TrialResult::Refused("unrecognized_name".into());
    assert_eq!(ids(&seen), ["smtp.sni-mail-domain-refused"]);
    let worse = TlsMade { fault: Some(CertFault::NameMismatch), ..tls("example.com") };
    seen.mx.as_mut().unwrap().named[0].1.result = TrialResult::Made(worse);
    assert_eq!(ids(&seen), ["smtp.sni-mail-domain-certificate"]);
    assert!(one(&seen, "smtp.sni-mail-domain-certificate").seen.contains("the server name example.com"));
}

//----------- Unevenness --------------------------------------------------

#[test]
fn addresses_of_one_host_that_differ_are_told_with_both_sides() {
    let seen = with(|host| {
        host.sessions.push(session("mx.example.com", OTHER));
        (host.sessions[1].outcome, host.sessions[1].tls) = (TlsOutcome::NoStarttls, None);
    });
    assert_eq!(ids(&seen), ["smtp.no-starttls", "smtp.addresses-differ"]);
    let words = one(&seen, "smtp.addresses-differ").seen;
    assert!(words.contains("a certificate that holds at 192.0.2.25") && words.contains("no STARTTLS at 192.0.2.26"));
    assert!(one(&seen, "smtp.no-starttls").seen.contains("mx.example.com at 192.0.2.26 does not offer"));
    let seen = with(|host| {
        host.sessions.push(session("mx.example.com", OTHER));
        host.sessions[1].tls.as_mut().unwrap().chain[0].shown.sha256 = "cd".repeat(32);
    });
    assert_eq!(one(&seen, "smtp.addresses-differ").severity, Severity::Info);
}

#[test]
fn names_in_reverse_are_information() {
    let seen = with(|host| drop(host.ptr.insert(IpAddr::V4(MAIL), nx())));
    assert_eq!(ids(&seen), ["smtp.ptr-absent"]);
    let seen = with(|host| drop(host.ptr.insert(IpAddr::V4(MAIL), found(vec![name("host25.isp.example")]))));
    assert_eq!(ids(&seen), ["smtp.ptr-other"]);
    let seen = with(|host| drop(host.ptr.insert(IpAddr::V4(MAIL), Seen::Failed(crate::fixture::servfail()))));
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

#[test]
fn every_finding_of_a_host_names_it_and_a_next_step() {
    let seen = with_tls(|made| made.fault = Some(CertFault::NameMismatch));
    for finding in findings(&seen, &Intent::default(), Family::Smtp) {
        assert!(!finding.next_step.is_empty() && finding.seen.ends_with('.'), "{finding:?}");
        assert!(finding.subject == "mx.example.com" || finding.check.id == "smtp.no-ipv6", "{finding:?}");
    }
}

#[test]
fn of_a_list_of_names_too_long_to_be_kept_only_the_verifier_knows() {
    let long = |fault: CertFault| {
        with_tls(|made| {
            made.fault = Some(fault);
            made.chain[0].shown.dns_names = vec!["other.example".into(); 100];
        })
    };
    assert_eq!(ids(&long(CertFault::UntrustedIssuer)), ["smtp.untrusted"]);
    assert_eq!(ids(&long(CertFault::NameMismatch)), ["smtp.name-mismatch"]);
}

#[test]
fn the_catalogue_of_this_family_is_well_formed() {
    is_well_formed(super::CHECKS, Family::Smtp, &["smtp."]);
}
