//! One fault each in a domain whose reports can arrive.
use alloc::{boxed::Box, format, sync::Arc, vec, vec::Vec};
use core::net::{IpAddr, Ipv4Addr};

use super::super::{
    Family, Finding, Intent, Observations, Severity,
    fixture::{finding_ids, findings, found, healthy, is_well_formed, mx, name, none, nx, record, txt, visit},
    observations::{Asked, Destination, ReportSeen},
};
use crate::fact::{CertFault, DnsFailure, DnsFailureKind, Exchange, FetchFailure, Mx, Seen, TlsOutcome, TlsaRecord};
use strictmx_proto::dane::Tlsa;

const OWNER: &str = "_smtp._tls.example.com";
const GOOD: &str = "v=TLSRPTv1; rua=mailto:tls@reports.example.net";

fn with(texts: &[&str]) -> Observations {
    let mut seen = healthy();
    let report = seen.tlsrpt.as_mut().unwrap();
    report.record = record(OWNER, texts);
    report.destinations.clear();
    seen
}

fn with_report(change: impl FnOnce(&mut ReportSeen)) -> Observations {
    let mut seen = healthy();
    change(seen.tlsrpt.as_mut().unwrap());
    seen
}

fn ids(seen: &Observations) -> Vec<&'static str> {
    finding_ids(seen, &Intent::default(), Family::Tlsrpt)
}

fn one(seen: &Observations, id: &str) -> Finding {
    let all = findings(seen, &Intent::default(), Family::Tlsrpt);
    all.iter().find(|finding| finding.check.id == id).unwrap_or_else(|| panic!("no {id} in {all:#?}")).clone()
}

#[test]
fn a_good_record_gives_no_finding_and_nothing_is_said_of_what_was_not_looked_at() {
    assert_eq!(ids(&healthy()), Vec::<&str>::new());
    let mut seen = healthy();
    seen.tlsrpt = None;
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

//----------- Answers -----------------------------------------------------

/// TLSRPT-3-1
#[test]
fn an_absent_record_is_a_warning_beside_a_policy_and_comes_with_one_to_publish() {
    let mut seen = with_report(|report| {
        (report.record.txt, report.destinations) = (nx(), Vec::new());
        report.record.servers.clear();
    });
    assert_eq!(ids(&seen), ["tlsrpt.absent"]);
    let finding = one(&seen, "tlsrpt.absent");
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!(finding.publish, format!("{OWNER}. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@example.com;\""));
    let intent = Intent { rua: Some("https://r.example.net/v1".into()), ..Intent::default() };
    assert!(findings(&seen, &intent, Family::Tlsrpt)[0].publish.contains("rua=https://r.example.net/v1;"));
    seen.sts.as_mut().unwrap().txt = nx();
    seen.policy_host = None;
    assert_eq!(one(&seen, "tlsrpt.absent").severity, Severity::Info, "nothing is published at all");
}

#[test]
fn a_failed_look_up_is_never_called_absent() {
    for (kind, id) in [
        (DnsFailureKind::Servfail, "tlsrpt.lookup-failed"),
        (DnsFailureKind::Bogus, "tlsrpt.bogus"),
        (DnsFailureKind::Timeout, "tlsrpt.unanswered"),
    ] {
        let failure = Seen::Failed(DnsFailure { kind, detail: Box::default() });
        assert_eq!(ids(&with_report(|report| report.record.txt = failure)), [id]);
    }
}

#[test]
fn an_alias_is_information() {
    let mut seen = with(&[GOOD]);
    let report = seen.tlsrpt.as_mut().unwrap();
    let Seen::Found { aliases, .. } = &mut report.record.txt else { panic!("records") };
    aliases.push(name("example-com.reports.example.net"));
    for server in &mut report.record.servers {
        let Seen::Found { aliases, .. } = &mut server.answer else { panic!("records") };
        aliases.push(name("example-com.reports.example.net"));
    }
    assert_eq!(ids(&seen), ["tlsrpt.alias"]);
    assert!(one(&seen, "tlsrpt.alias").seen.contains("example-com.reports.example.net"));
}

#[test]
fn servers_that_differ_are_told_with_what_each_gives() {
    let seen = with_report(|report| report.record.servers[1].answer = nx());
    assert_eq!(ids(&seen), ["tlsrpt.servers-differ"]);
    let words = one(&seen, "tlsrpt.servers-differ").seen;
    assert!(
        words.contains("ns2.example.net gives no TLSRPT record")
            && words.contains("ns1.example.com gives \"v=TLSRPTv1")
    );
    let silent = Seen::Failed(crate::fixture::servfail());
    assert_eq!(ids(&with_report(|report| report.record.servers[1].answer = silent)), Vec::<&str>::new());
}

//----------- Text --------------------------------------------------------

/// TLSRPT-3-16
#[test]
fn two_records_are_as_good_as_none_and_are_merged() {
    let seen = with(&[GOOD, "v=TLSRPTv1; rua=https://r.example.net/v1"]);
    assert_eq!(ids(&seen), ["tlsrpt.many"]);
    let publish = one(&seen, "tlsrpt.many").publish;
    assert!(publish.contains("rua=mailto:tls@reports.example.net,https://r.example.net/v1;"), "{publish}");
}

/// TLSRPT-3-2, TLSRPT-3-15
#[test]
fn a_record_that_nearly_begins_right_is_shown_as_it_should_be() {
    for text in [
        "v=tlsrptv1; rua=mailto:tls@reports.example.net",
        "v=TLSRPTv1, rua=mailto:tls@reports.example.net",
        " v=TLSRPTv1; rua=mailto:tls@reports.example.net",
        "v=TLSRPT1; rua=mailto:tls@reports.example.net",
        "v = TLSRPTv1; rua=mailto:tls@reports.example.net",
        "rua=mailto:tls@reports.example.net",
    ] {
        let seen = with(&[text]);
        assert_eq!(ids(&seen), ["tlsrpt.version"], "{text}");
        let publish = one(&seen, "tlsrpt.version").publish;
        assert!(publish.contains("\"v=TLSRPTv1; rua=mailto:tls"), "{publish}");
    }
    let seen = with(&[GOOD, "v=spf1 -all", "a", "b", "c"]);
    assert_eq!(ids(&seen), ["tlsrpt.other-text"]);
    assert!(one(&seen, "tlsrpt.other-text").seen.contains("\"v=spf1 -all\", \"a\", \"b\" and 1 more"));
    assert_eq!(ids(&with(&["v=spf1 -all"])), ["tlsrpt.absent", "tlsrpt.other-text"]);
}

/// TLSRPT-3-3, TLSRPT-A7
#[test]
fn a_record_out_of_the_grammar_is_an_error_by_its_cause() {
    for (text, id) in [
        ("v=TLSRPTv1", "tlsrpt.no-rua"),
        ("v=TLSRPTv1; foo=bar", "tlsrpt.no-rua"),
        ("v=TLSRPTv1; rua=mailto:a@b.example,", "tlsrpt.empty-entry"),
        ("v=TLSRPTv1;; rua=mailto:a@b.example", "tlsrpt.malformed"),
        ("v=TLSRPTv1; rua =mailto:a@b.example", "tlsrpt.malformed"),
    ] {
        let seen = with(&[text]);
        assert_eq!(ids(&seen)[0], id, "{text}");
        let finding = one(&seen, id);
        assert_eq!(finding.severity, Severity::Error);
        // The addresses that can be told are kept.
        assert_eq!(finding.publish.contains("rua=mailto:a@b.example;"), text.contains("a@b.example"), "{finding:#?}");
    }
}

/// TLSRPT-A9, TLSRPT-3-20, TLSRPT-A7
#[test]
fn what_some_senders_mind_is_told() {
    assert_eq!(ids(&with(&["v=TLSRPTv1 ; rua=mailto:a@b.example"])), ["tlsrpt.space-before-semicolon"]);
    assert_eq!(ids(&with(&["v=TLSRPTv1; rua=mailto:a@b.example; ruf=mailto:a@b.example"])), ["tlsrpt.unknown-field"]);
    let twice = "v=TLSRPTv1; rua=mailto:a@b.example; rua=mailto:c@b.example;";
    assert_eq!(ids(&with(&[twice])), ["tlsrpt.repeated-field"]);
}

//----------- Addresses ---------------------------------------------------

/// TLSRPT-3-3, TLSRPT-3-14
#[test]
fn a_bad_address_is_an_error_when_there_is_no_other_and_comes_mended_where_that_is_plain() {
    for (rua, id, mended) in [
        ("http://r.example.net/v1", "tlsrpt.scheme", "https://r.example.net/v1"),
        ("tls@reports.example.net", "tlsrpt.scheme", "mailto:tls@reports.example.net"),
        ("ftp://r.example.net/", "tlsrpt.scheme", ""),
        ("mailto:tls@reports.example.net!10m", "tlsrpt.address", "mailto:tls@reports.example.net"),
        ("mailto:nobody", "tlsrpt.address", ""),
        ("mailto:%zz@reports.example.net", "tlsrpt.address", ""),
        ("https:/one-slash", "tlsrpt.address", ""),
    ] {
        let seen = with(&[&format!("v=TLSRPTv1; rua={rua}")]);
        assert_eq!(ids(&seen), [id], "{rua}");
        let finding = one(&seen, id);
        assert_eq!(finding.severity, Severity::Error);
        let publish =
            if mended.is_empty() { "".into() } else { format!("{OWNER}. 3600 IN TXT \"v=TLSRPTv1; rua={mended};\"") };
        assert_eq!(finding.publish, publish);
    }
    let seen = with(&["v=TLSRPTv1; rua=http://r.example.net/v1,mailto:a@b.example"]);
    let finding = one(&seen, "tlsrpt.scheme");
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.publish.contains("rua=https://r.example.net/v1,mailto:a@b.example;"));
    assert_eq!(ids(&with(&["v=TLSRPTv1; rua=mailto:a!b@c.example"])), ["tlsrpt.unescaped"]);
    assert_eq!(ids(&with(&["v=TLSRPTv1; rua=mailto:a%21b@c.example"])), Vec::<&str>::new());
}

/// TLSRPT-3-18
#[test]
fn repeated_and_many_addresses_are_information() {
    assert_eq!(ids(&with(&["v=TLSRPTv1; rua=mailto:a@b.example,mailto:a@b.example"])), ["tlsrpt.repeated-address"]);
    let three = "v=TLSRPTv1; rua=mailto:a@b.example,mailto:b@b.example,https://c.example/";
    assert_eq!(ids(&with(&[three])), ["tlsrpt.many-addresses"]);
}

#[test]
fn the_intended_address_must_be_there_however_it_is_written() {
    let intent = |rua: &str| Intent { rua: Some(rua.into()), ..Intent::default() };
    let missing = |rua| finding_ids(&healthy(), &intent(rua), Family::Tlsrpt);
    assert_eq!(missing("mailto:tls@reports.example.net"), Vec::<&str>::new());
    assert_eq!(missing("MAILTO:tls@REPORTS.example.net"), Vec::<&str>::new());
    assert_eq!(missing("mailto:us@reports.example.net"), ["tlsrpt.rua-missing"]);
}

#[test]
fn a_long_record_is_cut_into_strings_that_dns_can_hold() {
    let long = format!("{}{}", super::VERSION, "x".repeat(300));
    let text = super::line("a.example", &long);
    assert!(text.contains("\" \"") && text.split('"').all(|part| part.len() <= 255), "{text}");
    assert_eq!(super::line("a.example", "a\"b\\\n"), "a.example. 3600 IN TXT \"a\\\"b\\\\\"");
}

//----------- Places ------------------------------------------------------

#[test]
fn a_record_in_the_wrong_place_is_moved() {
    let mut seen = with_report(|report| {
        (report.record.txt, report.destinations) = (nx(), Vec::new());
        report.record.servers.clear();
        report.misplaced = Some(txt(&[GOOD]));
    });
    assert_eq!(ids(&seen), ["tlsrpt.misplaced"]);
    assert!(one(&seen, "tlsrpt.misplaced").publish.starts_with(&format!("{OWNER}. 3600 IN TXT \"{GOOD};")));
    seen.tlsrpt.as_mut().unwrap().misplaced = None;
    seen.apex_txt = Some(txt(&["v=spf1 -all", GOOD]));
    assert_eq!(ids(&seen), ["tlsrpt.at-apex"]);
}

/// TLSRPT-1.1-2
#[test]
fn a_host_with_dane_is_asked_for_its_own_record() {
    let mut seen = healthy();
    let host = Arc::make_mut(&mut seen.hosts[0]);
    host.tlsa = Some(vec![(name("mx.example.com"), found(vec![TlsaRecord(Tlsa::of_key(3, b"key"))]))]);
    assert_eq!(ids(&seen), ["tlsrpt.host-absent"]);
    let finding = one(&seen, "tlsrpt.host-absent");
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.publish.starts_with("_smtp._tls.mx.example.com. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls@reports"));
    Arc::make_mut(&mut seen.hosts[0]).name = name("mx.provider.example");
    assert_eq!(one(&seen, "tlsrpt.host-absent").severity, Severity::Info);
    Arc::make_mut(&mut seen.hosts[0]).tlsrpt = Some(txt(&["v=TLSRPTv1;"]));
    assert_eq!(ids(&seen), ["tlsrpt.host-invalid"]);
    Arc::make_mut(&mut seen.hosts[0]).tlsrpt = Some(txt(&[GOOD]));
    assert_eq!(ids(&seen), Vec::<&str>::new());
    Arc::make_mut(&mut seen.hosts[0]).tlsrpt = None;
    assert_eq!(ids(&seen), Vec::<&str>::new(), "not asked");
}

//----------- Destinations ------------------------------------------------

fn to(destination: Destination) -> Observations {
    with_report(|report| report.destinations = vec![destination])
}

fn mailbox() -> Destination {
    Destination {
        uri: "mailto:tls@reports.example.net".into(),
        mx: Some(found(vec![mx(10, "mx.reports.example.net")])),
        recipient: None,
        visit: None,
        posted: false,
    }
}

/// TLSRPT-3-6
#[test]
fn a_mail_domain_that_takes_no_mail_is_an_error() {
    let null = found(vec![Mx { preference: 0, exchange: Exchange::Null }]);
    for (mx, id) in [
        (nx(), "tlsrpt.mail-no-domain"),
        (none(), "tlsrpt.mail-no-mx"),
        (null, "tlsrpt.mail-null-mx"),
        (Seen::Failed(crate::fixture::servfail()), "tlsrpt.mail-unanswered"),
    ] {
        assert_eq!(ids(&to(Destination { mx: Some(mx), ..mailbox() })), [id]);
    }
    assert_eq!(ids(&to(Destination { mx: None, ..mailbox() })), Vec::<&str>::new());
}

#[test]
fn a_mailbox_is_judged_by_what_its_host_says() {
    for (asked, expected) in [
        (Asked::Reply(250, "ok".into()), &[][..]),
        (Asked::Reply(550, "5.1.1 no such user".into()), &["tlsrpt.mail-refused"]),
        (Asked::Reply(450, "greylisted".into()), &["tlsrpt.mail-later"]),
        (Asked::Unknown("no connection".into()), &["tlsrpt.mail-unknown"]),
    ] {
        assert_eq!(ids(&to(Destination { recipient: Some(asked), ..mailbox() })), expected);
    }
}

/// TLSRPT-3-7
#[test]
fn reports_through_the_own_hosts_are_a_warning_when_those_fail() {
    let own = || Destination { mx: Some(found(vec![mx(10, "mx.example.com")])), ..mailbox() };
    let mut seen = to(own());
    assert_eq!(one(&seen, "tlsrpt.same-hosts").severity, Severity::Info);
    Arc::make_mut(&mut seen.hosts[0]).sessions[0].outcome = TlsOutcome::NoStarttls;
    assert_eq!(one(&seen, "tlsrpt.same-hosts").severity, Severity::Warning);
    seen.tlsrpt.as_mut().unwrap().destinations.push(mailbox());
    assert_eq!(ids(&seen), Vec::<&str>::new(), "another way is there");
}

/// TLSRPT-5.4-2, TLSRPT-3-5
#[test]
fn an_https_address_is_judged_by_its_answer() {
    let endpoint = |posted, status, stopped: Option<FetchFailure>, fault| {
        let mut visit = visit(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)), "");
        (visit.status, visit.stopped) = (status, stopped);
        visit.tls.as_mut().unwrap().fault = fault;
        let uri = "https://r.example.net/v1".into();
        ids(&to(Destination { uri, mx: None, recipient: None, visit: Some(Box::new(visit)), posted }))
    };
    let stopped = Some(FetchFailure::Connect { detail: "refused".into() });
    assert_eq!(endpoint(false, None, stopped, None), ["tlsrpt.https-unreachable"]);
    assert_eq!(endpoint(false, Some(200), None, Some(CertFault::Expired)), ["tlsrpt.https-certificate"]);
    for status in [200, 204, 400, 405, 415, 501] {
        assert_eq!(endpoint(false, Some(status), None, None), Vec::<&str>::new(), "{status}");
    }
    for status in [301, 403, 404, 503] {
        assert_eq!(endpoint(false, Some(status), None, None), ["tlsrpt.https-status"], "{status}");
    }
    assert_eq!(endpoint(true, Some(201), None, None), Vec::<&str>::new());
    assert_eq!(endpoint(true, Some(405), None, None), ["tlsrpt.https-status"]);
    assert_eq!(endpoint(false, Some(200), Some(FetchFailure::TooLarge), None), Vec::<&str>::new());
}

#[test]
fn the_catalogue_of_this_family_is_well_formed() {
    is_well_formed(super::CHECKS, Family::Tlsrpt, &["tlsrpt."]);
}
