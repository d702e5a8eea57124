//! Each check of the MX records and of coverage: a domain that it speaks of, and the healthy one that it does not.
use alloc::{boxed::Box, format, sync::Arc, vec, vec::Vec};
use core::net::Ipv4Addr;

use crate::{
    check::{
        Family, Finding, Intent, Observations, Severity,
        fixture::{
            POLICY, address, findings, found, healthy, host, is_well_formed, mail, mx, name, none, nx, servers, visit,
        },
        observations::Octets,
    },
    fact::{AddrSeen, DnsFailure, DnsFailureKind, Dnssec, Exchange, Mx, Seen},
    fixture::servfail,
};

fn judged(seen: &Observations) -> Vec<Finding> {
    findings(seen, &Intent::default(), Family::Mx)
}

fn ids(seen: &Observations) -> Vec<&'static str> {
    judged(seen).iter().map(|finding| finding.check.id).collect()
}

fn only(seen: &Observations) -> Finding {
    let mut found = judged(seen);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

/// The healthy domain with these MX hosts, all of them with addresses.
fn with_mx(records: &[(u16, &str)]) -> Observations {
    let mut seen = healthy();
    seen.mx = Some(mail(records));
    let last = |index: usize| Ipv4Addr::new(192, 0, 2, u8::try_from(25 + index).unwrap());
    seen.hosts =
        records.iter().enumerate().map(|(index, (_, exchange))| Arc::new(host(exchange, last(index)))).collect();
    seen
}

/// The same, and a policy with these patterns.
fn covered(records: &[(u16, &str)], mode: &str, patterns: &[&str]) -> Observations {
    let mut seen = with_mx(records);
    let mut text = format!("version: STSv1\r\nmode: {mode}\r\nmax_age: 604800\r\n");
    patterns.iter().for_each(|pattern| text.push_str(&format!("mx: {pattern}\r\n")));
    seen.policy_host.as_mut().unwrap().visits = vec![visit([192, 0, 2, 1].into(), &text)];
    seen
}

fn answer(seen: &mut Observations, answer: Seen<Vec<Mx>>) {
    let mail = seen.mx.as_mut().unwrap();
    mail.servers = servers(&answer);
    mail.mx = answer;
    seen.hosts.clear();
}

#[test]
fn a_healthy_domain_gives_no_finding_and_neither_does_one_nobody_looked_at() {
    assert_eq!(ids(&healthy()), Vec::<&str>::new());
    let mut seen = healthy();
    seen.mx = None;
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

//----------- The record set ----------------------------------------------

/// R5321-5.1-1
#[test]
fn look_ups_that_fail_are_told_apart_by_whose_fault_they_are() {
    for (kind, id) in [
        (DnsFailureKind::Servfail, "mx.lookup-refused"),
        (DnsFailureKind::Refused, "mx.lookup-refused"),
        (DnsFailureKind::Bogus, "mx.lookup-bogus"),
        (DnsFailureKind::Timeout, "mx.lookup-unanswered"),
        (DnsFailureKind::Network, "mx.lookup-unanswered"),
    ] {
        let mut seen = healthy();
        answer(&mut seen, Seen::Failed(DnsFailure { kind, detail: "by test".into() }));
        assert_eq!((only(&seen).check.id, only(&seen).severity), (id, Severity::Error), "{kind:?}");
    }
}

/// R5321-5.1-1
#[test]
fn a_domain_that_does_not_exist_is_no_failure_of_a_look_up() {
    let mut seen = healthy();
    answer(&mut seen, nx());
    assert_eq!(only(&seen).check.id, "mx.no-domain");
}

/// R5321-5.1-2
#[test]
fn a_domain_with_addresses_alone_is_its_own_mx_host_and_has_to_be_covered() {
    let mut seen = healthy();
    answer(&mut seen, none());
    seen.mx.as_mut().unwrap().addresses = Some(address(Ipv4Addr::new(192, 0, 2, 1)));
    let found = judged(&seen);
    let ids: Vec<_> = found.iter().map(|finding| finding.check.id).collect();
    assert_eq!(ids, ["sts.policy.mx-uncovered", "mx.implicit", "sts.policy.mx-unmatched"]);
    assert_eq!(found[0].publish, "mx: example.com");
    assert_eq!(found[1].publish, "example.com. 3600 IN MX 10 example.com.");
}

/// R7505-3-1
#[test]
fn a_domain_that_takes_no_mail_is_asked_to_say_so() {
    let mut seen = healthy();
    answer(&mut seen, none());
    seen.mx.as_mut().unwrap().addresses = Some(AddrSeen { a: none(), aaaa: none() });
    assert_eq!((only(&seen).check.id, only(&seen).severity), ("mx.none", Severity::Warning));
    assert_eq!(only(&seen).publish, "example.com. 3600 IN MX 0 .");
    seen.sts.as_mut().unwrap().txt = nx();
    seen.policy_host = None;
    assert_eq!(only(&seen).severity, Severity::Info);
    seen.mx.as_mut().unwrap().addresses = Some(AddrSeen { a: Seen::Failed(servfail()), aaaa: none() });
    assert_eq!(ids(&seen), Vec::<&str>::new());
    seen.mx.as_mut().unwrap().addresses = None;
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

/// R7505-3-1 R7505-3-2
#[test]
fn a_null_mx_fits_neither_a_policy_nor_other_records() {
    let null = || Mx { preference: 0, exchange: Exchange::Null };
    let mut seen = healthy();
    answer(&mut seen, found(vec![null()]));
    assert_eq!((only(&seen).check.id, only(&seen).severity), ("mx.null-with-policy", Severity::Warning));
    let mut bare = seen.clone();
    bare.sts.as_mut().unwrap().txt = nx();
    bare.policy_host = None;
    assert_eq!(ids(&bare), Vec::<&str>::new());
    answer(&mut seen, found(vec![null(), mx(10, "mx.example.com")]));
    assert_eq!((only(&seen).check.id, only(&seen).severity), ("mx.null-beside-others", Severity::Error));
}

/// R5321-5.1-4
#[test]
fn an_mx_record_that_names_an_address_is_an_error_when_there_is_no_other() {
    let bad = || Mx { preference: 10, exchange: Exchange::Unusable("192.0.2.25".into()) };
    let mut seen = healthy();
    answer(&mut seen, found(vec![bad()]));
    assert_eq!((only(&seen).check.id, only(&seen).severity), ("mx.unusable", Severity::Error));
    answer(&mut seen, found(vec![bad(), mx(20, "mx.example.com")]));
    assert_eq!(only(&seen).severity, Severity::Warning);
}

#[test]
fn a_host_that_stands_there_twice_is_information() {
    let found = only(&with_mx(&[(10, "mx.example.com"), (20, "mx.example.com")]));
    assert_eq!((found.check.id, found.severity), ("mx.duplicate", Severity::Info));
    assert_eq!(found.seen, "mx.example.com stands there with the preferences 10, 20.");
}

#[test]
fn an_mx_host_that_was_not_declared_is_a_warning_and_a_declared_one_is_not() {
    let seen = covered(&[(10, "mx.example.com"), (20, "spy.example.net")], "enforce", &["mx.example.com"]);
    let intent = Intent { mx: vec![name("mx.example.com")], ..Intent::default() };
    let found = findings(&seen, &intent, Family::Mx);
    let ids: Vec<_> = found.iter().map(|finding| finding.check.id).collect();
    assert_eq!(ids, ["sts.policy.mx-uncovered", "mx.unapproved"]);
    assert!(found[0].next_step.starts_with("This host is not among the declared ones."));
    assert_eq!(findings(&healthy(), &intent, Family::Mx), []);
}

//----------- Servers and hosts -------------------------------------------

/// STS-8.1-1
#[test]
fn servers_that_give_different_records_are_a_warning_that_shows_each_answer() {
    let mut seen = healthy();
    seen.mx.as_mut().unwrap().servers[1].answer = found(vec![mx(10, "mx.example.com"), mx(20, "old.example.com")]);
    let finding = only(&seen);
    assert_eq!((finding.check.id, finding.severity), ("mx.servers-differ", Severity::Warning));
    assert_eq!(
        finding.seen,
        "ns1.example.com (192.0.2.53): 10 mx.example.com; ns2.example.net (192.0.2.54): 10 mx.example.com, 20 \
         old.example.com."
    );
}

#[test]
fn the_order_and_the_ttl_of_an_answer_make_no_difference() {
    let mut seen = covered(&[(10, "a.example.com"), (10, "b.example.com")], "enforce", &["*.example.com"]);
    let turned = vec![mx(10, "b.example.com"), mx(10, "a.example.com")];
    seen.mx.as_mut().unwrap().servers[1].answer =
        Seen::Found { data: turned, aliases: Vec::new(), dnssec: Dnssec::Insecure, ttl: 60 };
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

#[test]
fn a_server_that_fails_is_told_once_and_not_when_it_fails_for_the_record_too() {
    let mut seen = healthy();
    seen.mx.as_mut().unwrap().servers[1].answer = Seen::Failed(servfail());
    assert_eq!(only(&seen).check.id, "mx.server-failed");
    seen.sts.as_mut().unwrap().servers[1].answer = Seen::Failed(servfail());
    assert_eq!(ids(&seen), Vec::<&str>::new());
}

/// R2181-10.3
#[test]
fn an_mx_record_to_an_alias_is_a_warning_with_the_record_to_publish() {
    let mut seen = healthy();
    let mut alias = host("mx.example.com", Ipv4Addr::new(192, 0, 2, 25));
    alias.cname = Some(found(name("real.example.net")));
    seen.hosts = vec![Arc::new(alias)];
    let finding = only(&seen);
    assert_eq!((finding.check.id, finding.severity), ("mx.alias", Severity::Warning));
    assert_eq!(finding.publish, "example.com. 3600 IN MX 10 real.example.net.");
    assert!(finding.next_step.contains("add `mx: real.example.net` to the policy before"));
}

/// R5321-5.1-4
#[test]
fn a_host_without_address_is_an_error_alone_and_a_warning_beside_others() {
    let without = |records: &[(u16, &str)], addresses: AddrSeen| {
        let mut seen = covered(records, "enforce", &["*.example.com"]);
        let mut last = (*seen.hosts[records.len() - 1]).clone();
        last.addresses = Some(addresses);
        *seen.hosts.last_mut().unwrap() = Arc::new(last);
        judged(&seen).into_iter().find(|finding| finding.check.id.starts_with("mx.")).unwrap()
    };
    let sole = without(&[(10, "a.example.com")], AddrSeen { a: none(), aaaa: none() });
    assert_eq!((sole.check.id, sole.severity), ("mx.no-address", Severity::Error));
    let two = without(&[(10, "a.example.com"), (20, "b.example.com")], AddrSeen { a: nx(), aaaa: nx() });
    assert_eq!((two.severity, &*two.seen), (Severity::Warning, "b.example.com does not exist."));
    let failed = without(&[(10, "a.example.com")], AddrSeen { a: Seen::Failed(servfail()), aaaa: none() });
    assert_eq!(failed.check.id, "mx.address-refused");
    let timeout = DnsFailure { kind: DnsFailureKind::Timeout, detail: Box::default() };
    let silent = without(&[(10, "a.example.com")], AddrSeen { a: none(), aaaa: Seen::Failed(timeout) });
    assert_eq!(silent.check.id, "mx.address-unanswered");
}

//----------- Coverage ----------------------------------------------------

/// STS-4.1-1
#[test]
fn an_mx_host_that_no_line_matches_is_an_error_with_the_line_to_add() {
    let records = [(10, "mx.example.com"), (20, "mx2.example.net")];
    for mode in ["enforce", "testing"] {
        let found = only(&covered(&records, mode, &["mx.example.com"]));
        assert_eq!((found.check.id, found.severity), ("sts.policy.mx-uncovered", Severity::Error));
        assert_eq!((&*found.subject, &*found.publish), ("mx2.example.net", "mx: mx2.example.net"));
    }
    assert_eq!(ids(&covered(&records, "none", &["mx.example.com"])), Vec::<&str>::new());
    assert_eq!(ids(&covered(&records, "enforce", &["mx.example.com", "*.example.net"])), Vec::<&str>::new());
}

/// STS-4.1-1
#[test]
fn why_a_pattern_does_not_match_is_explained() {
    for (pattern, host, why) in [
        ("*.mx.microsoft", "contoso-com.o-v1.mx.microsoft", "has 2 before mx.microsoft"),
        ("mail.protection.outlook.com", "contoso-com.mail.protection.outlook.com", "without `*.`"),
        ("*.mx.example.com", "mx.example.com", "has none before mx.example.com"),
        ("*.in.example.com", "mail.example.com", "one level deeper"),
        ("mx1.example.com", "mx2.example.com", "a slip in one letter"),
    ] {
        let found = judged(&covered(&[(10, host)], "enforce", &[pattern]));
        assert_eq!(found[0].check.id, "sts.policy.mx-uncovered", "{pattern}");
        assert!(found[0].seen.contains(why), "{}", found[0].seen);
        assert!(found[0].next_step.starts_with("Put the line in the place of line 4"), "{}", found[0].next_step);
        // A leftover of another name is a cause of its own.
        assert_eq!(found.len(), if pattern == "mx1.example.com" { 2 } else { 1 }, "{found:#?}");
    }
}

/// STS-4.1-1
#[test]
fn the_line_to_add_is_the_providers_own_with_its_depth() {
    let found = judged(&covered(&[(0, "contoso-com.o-v1.mx.microsoft")], "enforce", &["*.mx.microsoft"]));
    assert_eq!(found[0].publish, "mx: *.o-v1.mx.microsoft");
    let found = judged(&covered(&[(1, "smtp.google.com")], "enforce", &["aspmx.l.google.com"]));
    assert_eq!(found[0].publish, "mx: smtp.google.com");
}

#[test]
fn when_no_host_is_covered_each_finding_says_so() {
    let found = judged(&covered(&[(10, "a.example.com"), (20, "b.example.com")], "enforce", &["mx.example.org"]));
    assert!(found[0].seen.ends_with("No other MX host is matched either."), "{}", found[0].seen);
    assert_eq!(found[1].check.id, "sts.policy.mx-uncovered");
}

#[test]
fn a_line_that_senders_do_not_read_covers_nothing_and_is_pointed_to() {
    let mut seen = with_mx(&[(10, "mx.example.com"), (20, "mx2.example.com")]);
    let text = format!("{POLICY}nmx: mx2.example.com\r\n");
    seen.policy_file = Some(Octets(text.into_bytes().into()));
    let found = only(&seen);
    assert_eq!(found.check.id, "sts.policy.mx-uncovered");
    assert!(found.next_step.starts_with("Line 5 is meant to name it"), "{}", found.next_step);
}

#[test]
fn a_host_in_a_line_of_several_is_pointed_to_and_so_is_a_slip_only_where_the_line_is_idle() {
    let mut seen = with_mx(&[(10, "mx1.example.com"), (20, "mx2.example.com")]);
    let text = POLICY.replace("mx.example.com", "mx1.example.com, mx2.example.com\r\nmx: mx1.example.com");
    seen.policy_file = Some(Octets(text.into_bytes().into()));
    let found = only(&seen);
    assert!(found.next_step.starts_with("Line 3 is meant to name it"), "{}", found.next_step);
    assert_eq!(found.seen, "No `mx` line matches mx2.example.com.");
}

#[test]
fn coverage_is_judged_in_a_text_that_is_no_valid_policy_too() {
    let mut seen = with_mx(&[(10, "mx.example.com"), (20, "mx2.example.com")]);
    seen.policy_file = Some(Octets(POLICY.replace("version", "vversionn").into_bytes().into()));
    assert_eq!(ids(&seen), ["sts.policy.mx-uncovered"]);
}

/// STS-10.4-1
#[test]
fn a_pattern_that_matches_no_host_is_a_warning_unless_a_server_or_the_owner_names_one() {
    let mut seen = covered(&[(10, "mx.example.com")], "enforce", &["mx.example.com", "*.old.example.net"]);
    let finding = only(&seen);
    assert_eq!((finding.check.id, finding.severity), ("sts.policy.mx-unmatched", Severity::Warning));
    assert_eq!(finding.subject, "line 5");
    assert!(finding.next_step.contains("within the last 7 days"), "{}", finding.next_step);
    let intent = Intent { mx: vec![name("mx.example.com"), name("a.old.example.net")], ..Intent::default() };
    assert_eq!(findings(&seen, &intent, Family::Mx), []);
    seen.mx.as_mut().unwrap().servers[1].answer = found(vec![mx(10, "mx.example.com"), mx(20, "a.old.example.net")]);
    assert_eq!(ids(&seen), ["mx.servers-differ"]);
}

#[test]
fn a_providers_host_named_one_by_one_is_information() {
    let seen = covered(
        &[(0, "contoso-com.mail.protection.outlook.com")],
        "enforce",
        &["contoso-com.mail.protection.outlook.com"],
    );
    let found = only(&seen);
    assert_eq!((found.check.id, found.severity), ("sts.policy.mx-provider-pattern", Severity::Info));
    assert_eq!(found.publish, "mx: *.mail.protection.outlook.com");
    let named =
        covered(&[(0, "contoso-com.mail.protection.outlook.com")], "enforce", &["*.mail.protection.outlook.com"]);
    assert_eq!(ids(&named), Vec::<&str>::new());
    let exact = covered(&[(10, "mail.protonmail.ch")], "enforce", &["mail.protonmail.ch"]);
    assert_eq!(ids(&exact), Vec::<&str>::new());
}

#[test]
fn a_host_with_an_underscore_cannot_be_named() {
    let mut seen = healthy();
    let odd = strictmx_proto::name::Domain::parse_lenient("my_mx.example.com").unwrap();
    answer(&mut seen, found(vec![Mx { preference: 10, exchange: Exchange::Host(odd) }]));
    let found = judged(&seen);
    assert_eq!((found[0].check.id, &*found[0].publish), ("sts.policy.mx-uncovered", ""));
    assert!(found[0].next_step.contains("underscore"));
}

#[test]
fn every_finding_says_what_to_do() {
    let mut seen =
        covered(&[(10, "a.example.com"), (10, "a.example.com"), (20, "b.example.com")], "enforce", &["x.example.com"]);
    seen.mx.as_mut().unwrap().servers[0].answer = none();
    seen.mx.as_mut().unwrap().servers[1].answer = Seen::Failed(servfail());
    for finding in judged(&seen) {
        assert!(!finding.next_step.is_empty(), "{finding:?}");
        let texts: [&str; 2] = [&finding.seen, &finding.next_step];
        assert!(texts.iter().all(|text| text.ends_with(['.', '`'])), "{finding:?}");
    }
}

#[test]
fn the_catalogue_is_well_formed() {
    is_well_formed(super::CHECKS, Family::Mx, &["mx.", "sts.policy."]);
}
