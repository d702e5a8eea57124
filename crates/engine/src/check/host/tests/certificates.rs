//! Certificates and CAA records.
use alloc::{string::String, vec, vec::Vec};

use super::super::super::{
    Observations, Severity,
    fixture::{DAY, NOW, cert, found, name, none},
    observations::{Caa, CaaSeen, TlsMade},
};
use super::{is, judged, with_host, with_visit};
use crate::{
    fact::{CertFault, DnsFailure, DnsFailureKind, FetchFailure, Seen},
    time::Timestamp,
};

/// A domain whose policy host shows a certificate with this fault, changed in this way.
fn faulty(fault: CertFault, change: impl FnOnce(&mut TlsMade)) -> Observations {
    with_visit(|visit| {
        let tls = visit.tls.as_mut().unwrap();
        tls.fault = Some(fault);
        change(tls);
    })
}

// STS-3.3-1
#[test]
fn an_untrusted_certificate_is_told_by_its_kind() {
    let from = |subject: &'static str, issuer: &'static str| {
        faulty(CertFault::UntrustedIssuer, |tls| {
            tls.chain = vec![cert(subject, issuer, &["mta-sts.example.com"])];
            tls.chain[0].issuer_urls.clear();
        })
    };
    for (subject, issuer, words) in [
        ("CN=me", "CN=me", "signs itself"),
        ("CN=a", "O=(STAGING) Let's Encrypt, CN=(STAGING) Fake R1", "test authority"),
        ("CN=a", "O=Our own authority", "comes from O=Our own authority"),
    ] {
        let finding = is(&from(subject, issuer), "sts.host.certificate-untrusted", Severity::Error);
        assert!(finding.seen.contains(words), "{}", finding.seen);
    }
    let bare = with_visit(|visit| {
        visit.stopped = Some(FetchFailure::Certificate(CertFault::UntrustedIssuer));
        (visit.tls, visit.status, visit.body) = (None, None, None);
    });
    is(&bare, "sts.host.certificate-untrusted", Severity::Error);
}

// STS-3.3-1
#[test]
fn a_chain_without_the_issuer_is_told_with_where_it_lies() {
    let seen = faulty(CertFault::UntrustedIssuer, |tls| tls.chain.truncate(1));
    let finding = is(&seen, "sts.host.chain-incomplete", Severity::Error);
    assert!(finding.seen.contains("its own certificate alone") && finding.seen.contains("CN=E7"), "{}", finding.seen);
    assert!(finding.next_step.contains("http://e7.i.lencr.org/"));
    is(&faulty(CertFault::UntrustedIssuer, |_| {}), "sts.host.certificate-untrusted", Severity::Error);
}

// STS-8.2-2, STS-3.3-2, STS-3.3-3
#[test]
fn a_certificate_for_another_name_says_which() {
    let named = |names: &'static [&'static str]| {
        faulty(CertFault::NameMismatch, |tls| tls.chain[0] = cert("CN=x", "C=US, O=Let's Encrypt, CN=E7", names))
    };
    let finding = is(&named(&["www.example.com", "example.com"]), "sts.host.certificate-name", Severity::Error);
    assert!(finding.seen.contains("www.example.com, example.com, not for mta-sts.example.com"), "{}", finding.seen);
    let many = is(
        &named(&["a.de", "b.de", "c.de", "d.de", "e.de", "f.de", "g.de"]),
        "sts.host.certificate-name",
        Severity::Error,
    );
    assert!(many.seen.contains("e.de and 2 more"), "{}", many.seen);
    assert!(is(&named(&[]), "sts.host.certificate-name", Severity::Error).seen.contains("names no host"));
    let mut hosted = named(&["*.provider.example"]);
    hosted.policy_host.as_mut().unwrap().cname = Some(found(name("sts.provider.example")));
    assert!(judged(&hosted)[0].next_step.contains("Ask whoever runs sts.provider.example"));
}

// STS-3.3-1
#[test]
fn all_faults_of_a_certificate_are_told_at_once() {
    let seen = faulty(CertFault::UntrustedIssuer, |tls| {
        let mut leaf = cert("CN=me", "CN=me", &["www.example.com"]);
        leaf.shown.not_after = Timestamp(NOW.0 - DAY);
        tls.chain = vec![leaf];
    });
    let ids: Vec<_> = judged(&seen).iter().map(|finding| finding.check.id).collect();
    assert_eq!(ids, ["sts.host.certificate-untrusted", "sts.host.certificate-expired", "sts.host.certificate-name"]);
}

// STS-3.3-1
#[test]
fn expired_certificates_say_since_when_and_which() {
    let over =
        |index: usize| faulty(CertFault::Expired, |tls| tls.chain[index].shown.not_after = Timestamp(NOW.0 - DAY));
    assert!(is(&over(0), "sts.host.certificate-expired", Severity::Error).seen.contains("until 2027-01-14 08:00 UTC"));
    assert!(is(&over(1), "sts.host.certificate-expired", Severity::Error).seen.contains("of the issuer C=US"));
    is(&faulty(CertFault::Expired, |_| {}), "sts.host.certificate-expired", Severity::Error);
    let early = faulty(CertFault::NotYetValid, |tls| tls.chain[0].shown.not_before = NOW.plus(DAY));
    assert!(is(&early, "sts.host.certificate-not-yet-valid", Severity::Error).seen.contains("from 2027-01-16"));
    let other = faulty(CertFault::Other { detail: "unsupported critical extension".into() }, |_| {});
    assert!(is(&other, "sts.host.certificate-refused", Severity::Error).seen.contains("critical extension"));
}

fn caa(records: &[(u8, &str, &str)]) -> CaaSeen {
    let record = |(flags, tag, value): &(u8, &str, &str)| Caa {
        flags: *flags,
        tag: String::from(*tag),
        value: String::from(*value),
    };
    CaaSeen { at: Some(name("example.com")), records: found(records.iter().map(record).collect()) }
}

fn with_caa(records: &[(u8, &str, &str)]) -> Observations {
    with_host(|host| host.caa = Some(caa(records)))
}

// R8659-4.3-1
#[test]
fn caa_that_names_other_authorities_stops_the_renewal() {
    for records in [
        &[(0, "issue", "digicert.com")][..],
        &[(0, "issue", ";")],
        &[(0, "issue", "pki.goog"), (0, "issue", "ssl.com")],
    ] {
        let finding = is(&with_caa(records), "sts.host.caa-forbids", Severity::Warning);
        assert_eq!(finding.publish, "example.com. 3600 IN CAA 0 issue \"letsencrypt.org\"");
    }
    for records in [
        &[(0, "issue", "digicert.com"), (0, "issue", "LetsEncrypt.org; validationmethods=dns-01")][..],
        &[(0, "iodef", "mailto:a@example.com")],
        &[(0, "issuewild", ";"), (0, "issue", "letsencrypt.org")],
        &[(0, "issuewild", ";")],
        &[],
    ] {
        assert!(judged(&with_caa(records)).is_empty(), "{records:?}");
    }
}

// R8659-4.3-1, STS-3.3-3
#[test]
fn a_wildcard_certificate_goes_by_issuewild() {
    let mut seen = with_caa(&[(0, "issuewild", "digicert.com"), (0, "issue", "letsencrypt.org")]);
    assert!(judged(&seen).is_empty());
    seen.policy_host.as_mut().unwrap().visits[0].tls.as_mut().unwrap().chain[0].shown.dns_names =
        vec!["*.example.com".into()];
    let finding = is(&seen, "sts.host.caa-forbids", Severity::Warning);
    assert_eq!(finding.publish, "example.com. 3600 IN CAA 0 issuewild \"letsencrypt.org\"");
}

#[test]
fn a_critical_property_that_nobody_knows_forbids_all() {
    let finding = is(&with_caa(&[(128, "tbs", "x")]), "sts.host.caa-forbids", Severity::Warning);
    assert!(finding.seen.contains("128 tbs"));
    assert!(judged(&with_caa(&[(128, "issue", "letsencrypt.org"), (0, "tbs", "x")])).is_empty());
}

#[test]
fn caa_of_an_issuer_we_do_not_know_says_nothing() {
    let mut seen = with_caa(&[(0, "issue", "digicert.com")]);
    let tls = seen.policy_host.as_mut().unwrap().visits[0].tls.as_mut().unwrap();
    tls.chain[0].shown.issuer = "C=XX, O=Some Authority".into();
    assert!(judged(&seen).is_empty());
    let tls = seen.policy_host.as_mut().unwrap().visits[0].tls.as_mut().unwrap();
    (tls.chain[0].shown.issuer, tls.fault) = ("CN=me".into(), Some(CertFault::UntrustedIssuer));
    let ids: Vec<_> = judged(&seen).iter().map(|finding| finding.check.id).collect();
    assert_eq!(ids, ["sts.host.chain-incomplete"]);
}

#[test]
fn caa_lookups_that_fail_stop_the_renewal_too() {
    let failing = |kind| {
        let failure = DnsFailure { kind, detail: "by test".into() };
        with_host(|host| host.caa = Some(CaaSeen { at: None, records: Seen::Failed(failure) }))
    };
    is(&failing(DnsFailureKind::Servfail), "sts.host.caa-lookup-failed", Severity::Warning);
    is(&failing(DnsFailureKind::Timeout), "sts.host.caa-lookup-failed", Severity::Info);
    assert!(judged(&with_host(|host| host.caa = Some(CaaSeen { at: None, records: none() }))).is_empty());
}
