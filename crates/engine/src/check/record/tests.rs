//! One thing wrong with the record at a time.
use alloc::{string::ToString, vec, vec::Vec};

use super::super::{
    Family, Finding, Intent, Observations, Severity,
    fixture::{findings, found, healthy, name, none, nx, record, servers, txt},
    observations::RecordSeen,
};
use crate::fact::{DnsFailure, DnsFailureKind, Dnssec, Seen, TxtSeen};

const GOOD: &str = "v=STSv1; id=20261122000000;";

fn judged(seen: &Observations) -> Vec<Finding> {
    findings(seen, &Intent::default(), Family::Record)
}

/// A domain whose record is this.
fn with(texts: &[&str]) -> Observations {
    Observations { sts: Some(record("_mta-sts.example.com", texts)), ..healthy() }
}

/// A domain where the record's name has been changed in this way.
fn changed(change: impl FnOnce(&mut RecordSeen)) -> Observations {
    let mut seen = healthy();
    change(seen.sts.as_mut().unwrap());
    seen
}

fn failed<T>(kind: DnsFailureKind) -> Seen<T> {
    Seen::Failed(DnsFailure { kind, detail: "by test".into() })
}

/// The only finding.
fn only(seen: &Observations) -> Finding {
    let all = judged(seen);
    assert_eq!(all.len(), 1, "{all:#?}");
    let finding = all.into_iter().next().unwrap();
    assert!(!finding.next_step.is_empty() && finding.seen.ends_with(['.', '?']), "{finding:#?}");
    finding
}

fn is(seen: &Observations, id: &str, severity: Severity) -> Finding {
    let finding = only(seen);
    assert_eq!((finding.check.id, finding.severity), (id, severity), "{finding:#?}");
    finding
}

#[test]
fn a_good_record_is_nothing_to_speak_of() {
    for text in [GOOD, "v=STSv1;id=a", "v=STSv1; id=a ;"] {
        assert!(judged(&with(&[text])).is_empty(), "{text}");
    }
}

// STS-3.1-1
#[test]
fn a_failed_lookup_is_an_error_of_its_cause_and_never_an_absent_record() {
    for (kind, id) in [
        (DnsFailureKind::Servfail, "sts.record.lookup-failed"),
        (DnsFailureKind::Refused, "sts.record.lookup-failed"),
        (DnsFailureKind::Rcode, "sts.record.lookup-failed"),
        (DnsFailureKind::Malformed, "sts.record.lookup-failed"),
        (DnsFailureKind::Bogus, "sts.record.bogus"),
        (DnsFailureKind::Timeout, "sts.record.unreachable"),
        (DnsFailureKind::Network, "sts.record.unreachable"),
    ] {
        let finding = is(&changed(|sts| sts.txt = failed(kind)), id, Severity::Error);
        assert!(finding.seen.contains(&kind.to_string()), "{}", finding.seen);
        assert!(finding.seen.contains("2 of 2 name servers answered"), "{}", finding.seen);
    }
}

// STS-3.1-1
#[test]
fn without_a_record_it_is_told_whether_the_name_exists() {
    let absent = |answer: TxtSeen| {
        let mut seen = changed(|sts| (sts.servers, sts.txt) = (servers(&answer), answer.clone()));
        seen.policy_host = None;
        seen
    };
    let finding = is(&absent(nx()), "sts.record.absent", Severity::Info);
    assert!(finding.seen.contains("NXDOMAIN"));
    assert_eq!(finding.publish, "_mta-sts.example.com. 3600 IN TXT \"v=STSv1; id=20270115080000;\"");
    let finding = is(&absent(none()), "sts.record.absent", Severity::Info);
    assert!(finding.seen.contains("exists, but has no TXT"));
    let mut gone = absent(nx());
    gone.apex_txt = Some(nx());
    assert!(only(&gone).seen.contains("The domain example.com does not exist"));
}

#[test]
fn a_policy_without_a_record_is_a_mistake() {
    let seen = changed(|sts| (sts.servers, sts.txt) = (servers(&nx()), nx()));
    is(&seen, "sts.record.absent", Severity::Error);
}

#[test]
fn what_was_not_looked_at_is_not_judged() {
    assert!(judged(&Observations { sts: None, apex_txt: None, ..healthy() }).is_empty());
}

// STS-3.1-7
#[test]
fn two_records_are_none() {
    let finding = is(&with(&[GOOD, "v=STSv1; id=b"]), "sts.record.many", Severity::Error);
    assert!(finding.seen.contains("2 records") && finding.seen.contains("id=b"), "{}", finding.seen);
    is(&with(&[GOOD, GOOD]), "sts.record.many", Severity::Error);
}

// STS-3.1-2
#[test]
fn a_record_needs_an_id() {
    for text in ["v=STSv1", "v=STSv1;", "v=STSv1; ID=a", "v=STSv1; foo=bar"] {
        is(&with(&[text]), "sts.record.no-id", Severity::Error);
    }
}

// STS-3.1-8
#[test]
fn a_bad_id_is_told_with_the_record_that_would_do() {
    for (id, why, line) in [
        ("2024-01-01", "'-' is neither letter nor digit", "id=20240101;"),
        ("a".repeat(33).as_str(), "33 characters", "id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;"),
        ("--", "neither", "id=20270115080000;"),
    ] {
        let finding = is(&with(&[&alloc::format!("v=STSv1; id={id}")]), "sts.record.bad-id", Severity::Error);
        assert!(finding.seen.contains(why), "{}", finding.seen);
        assert!(finding.publish.contains(line), "{}", finding.publish);
    }
}

// STS-3.1-8, D-9
#[test]
fn a_record_out_of_form_keeps_its_id_in_the_proposal() {
    for text in ["v=STSv1;; id=abc", "v=STSv1; id =abc id=abc", "v=STSv1; id=abc;;", "v=STSv1; id=abc foo"] {
        let finding = is(&with(&[text]), "sts.record.malformed", Severity::Error);
        assert!(finding.publish.contains("id=abc;"), "{text}: {}", finding.publish);
    }
    let long = alloc::format!("v=STSv1; id=a; x={}", "y".repeat(5000));
    let finding = is(&with(&[&long]), "sts.record.malformed", Severity::Error);
    assert!(finding.seen.contains("5017 octets"), "{}", finding.seen);
}

// STS-3.2-12, STS-3.2-13, A-21
#[test]
fn fields_too_many_are_told_apart() {
    is(&with(&["v=STSv1; id=a; id=b"]), "sts.record.repeated-field", Severity::Warning);
    is(&with(&["v=STSv1; id=a; v=STSv1"]), "sts.record.repeated-field", Severity::Warning);
    is(&with(&["v=STSv1; id=a; mode=enforce"]), "sts.record.unknown-field", Severity::Info);
    is(&with(&["v=STSv1; id=a; key=YQ=="]), "sts.record.unknown-field", Severity::Warning);
}

// E-2
#[test]
fn a_space_before_the_first_semicolon_is_a_risk() {
    let finding = is(&with(&["v=STSv1 ; id=a"]), "sts.record.space-before-semicolon", Severity::Warning);
    assert!(finding.publish.contains("\"v=STSv1; id=a;\""));
}

// STS-3.1-5, STS-3.1-6
#[test]
fn what_was_meant_to_be_the_record_is_told_why_it_is_none() {
    for (text, why) in [
        ("V=STSv1; id=abc", "capitals"),
        ("v=stsv1; id=abc", "capitals"),
        (" v=STSv1; id=abc", "a space stands before"),
        ("\"v=STSv1; id=abc;\"", "quotation marks"),
        ("v=STSv10; id=abc", "no such version"),
        ("v=STSv2; id=abc", "only version"),
        ("v=STS1; id=abc", "only version"),
        ("v = STSv1; id=abc", "round the ="),
        ("v=STSv1, id=abc", "no semicolon"),
        ("v=STSv1 id=abc", "no semicolon"),
        ("id=abc; v=STSv1", "must come first"),
        ("STSv1; id=abc", "v= before"),
    ] {
        let finding = is(&with(&[text]), "sts.record.version", Severity::Error);
        assert!(finding.seen.contains(why), "{text}: {}", finding.seen);
        assert!(finding.publish.contains("\"v=STSv1; id=abc;\""), "{text}: {}", finding.publish);
    }
    let policy = is(&with(&["version: STSv1"]), "sts.record.version", Severity::Error);
    assert!(policy.seen.contains("belongs on the policy host"));
    is(&with(&["v=stsv1; id=a", GOOD]), "sts.record.version", Severity::Warning);
}

// STS-3.1-6
#[test]
fn other_texts_do_no_harm_beside_the_record() {
    for text in ["v=spf1 -all", "v=DMARC1; p=none"] {
        is(&with(&[text, GOOD]), "sts.record.spf", Severity::Warning);
    }
    is(&with(&["google-site-verification=abc", GOOD]), "sts.record.other-text", Severity::Info);
    let tlsrpt = is(&with(&["v=TLSRPTv1; rua=mailto:a@example.com", GOOD]), "sts.record.other-text", Severity::Info);
    assert!(tlsrpt.next_step.contains("_smtp._tls"));
    let ids: Vec<_> = judged(&with(&["v=spf1 -all"])).iter().map(|finding| finding.check.id).collect();
    assert_eq!(
        ids,
        ["sts.record.absent", "sts.record.spf"],
        "the policy is served, so the record was meant to be there"
    );
}

#[test]
fn a_strangers_text_is_shown_harmless_and_bounded() {
    let text = alloc::format!("\u{1b}[2J{}", "x".repeat(4000));
    let finding = is(&with(&[&text, GOOD]), "sts.record.other-text", Severity::Info);
    assert!(!finding.seen.contains('\u{1b}') && finding.seen.len() < 300, "{}", finding.seen);
}

// STS-3.1-1
#[test]
fn a_record_at_the_domain_itself_is_not_seen_by_senders() {
    let mut seen = changed(|sts| (sts.servers, sts.txt) = (servers(&nx()), nx()));
    seen.apex_txt = Some(txt(&["v=spf1 -all", "v=STSv1; id=abc"]));
    let finding = is(&seen, "sts.record.at-apex", Severity::Error);
    assert_eq!(finding.publish, "_mta-sts.example.com. 3600 IN TXT \"v=STSv1; id=abc;\"");
    seen.policy_host = None;
    is(&seen, "sts.record.at-apex", Severity::Warning);
    let both = Observations { apex_txt: Some(txt(&[GOOD])), ..healthy() };
    is(&both, "sts.record.at-apex", Severity::Info);
    assert!(judged(&Observations { apex_txt: Some(failed(DnsFailureKind::Timeout)), ..healthy() }).is_empty());
}

// STS-10.2-0
#[test]
fn an_unsigned_answer_is_worth_a_word_only_where_the_resolver_validates() {
    let unsigned = || {
        changed(|sts| {
            if let Seen::Found { dnssec, .. } = &mut sts.txt {
                *dnssec = Dnssec::Insecure;
            }
        })
    };
    is(&unsigned(), "sts.record.unsigned", Severity::Info);
    for validates in [Some(false), None] {
        let mut seen = unsigned();
        seen.resolver.validates = validates;
        assert!(judged(&seen).is_empty());
    }
}

fn aliased(sts: &mut RecordSeen, answer: TxtSeen) {
    let target = || found(name("customer.sts.example.org"));
    sts.txt = answer;
    sts.cname = Some(target());
    for server in &mut sts.servers {
        server.answer = Seen::Found {
            data: Vec::new(),
            aliases: vec![name("customer.sts.example.org")],
            dnssec: Dnssec::Insecure,
            ttl: 300,
        };
        server.cname = Some(target());
    }
}

fn through(aliases: &[&str]) -> TxtSeen {
    let Seen::Found { data, dnssec, ttl, .. } = txt(&[GOOD]) else { panic!("records") };
    Seen::Found { data, aliases: aliases.iter().map(|alias| name(alias)).collect(), dnssec, ttl }
}

// STS-3.1-11, STS-8.2-1
#[test]
fn an_alias_is_shown_and_followed() {
    let seen = changed(|sts| aliased(sts, through(&["customer.sts.example.org", "a.example.net"])));
    let finding = is(&seen, "sts.record.alias", Severity::Info);
    assert!(finding.seen.contains("customer.sts.example.org, then to a.example.net"), "{}", finding.seen);
}

// STS-8.2-1
#[test]
fn an_alias_to_nothing_is_told_as_such_and_not_as_an_absent_record() {
    is(&changed(|sts| aliased(sts, nx())), "sts.record.alias-empty", Severity::Error);
    let mut seen = changed(|sts| aliased(sts, none()));
    is(&seen, "sts.record.alias-empty", Severity::Error);
    // Where no policy is served, a wildcard may have made the alias.
    seen.policy_host = None;
    is(&seen, "sts.record.alias-empty", Severity::Warning);
}

// STS-3.1-11
#[test]
fn a_record_beside_an_alias_is_an_error() {
    is(
        &changed(|sts| sts.cname = Some(found(name("customer.sts.example.org")))),
        "sts.record.beside-alias",
        Severity::Error,
    );
    let finding = is(
        &changed(|sts| sts.servers[1].cname = Some(found(name("customer.sts.example.org")))),
        "sts.record.beside-alias",
        Severity::Error,
    );
    assert!(finding.seen.contains("ns2.example.net"), "{}", finding.seen);
}

// STS-3.1-3
#[test]
fn servers_that_differ_are_named_with_what_they_say() {
    let finding = is(
        &changed(|sts| sts.servers[1].answer = txt(&["v=STSv1; id=old"])),
        "sts.record.servers-differ",
        Severity::Error,
    );
    assert!(finding.seen.contains("ns2.example.net gives \"v=STSv1; id=old\""), "{}", finding.seen);
    let finding = is(&changed(|sts| sts.servers[0].answer = nx()), "sts.record.servers-differ", Severity::Error);
    assert!(finding.seen.contains("ns1.example.com gives no MTA-STS record"), "{}", finding.seen);
    is(&changed(|sts| aliased_at(sts, 0)), "sts.record.servers-differ", Severity::Error);
}

fn aliased_at(sts: &mut RecordSeen, index: usize) {
    let mut copy = sts.clone();
    aliased(&mut copy, nx());
    sts.servers[index].answer = copy.servers[index].answer.clone();
}

#[test]
fn servers_that_differ_in_other_texts_or_in_order_only_agree() {
    let seen = changed(|sts| sts.servers[1].answer = txt(&["google-site-verification=abc", GOOD]));
    assert!(judged(&seen).is_empty());
}

#[test]
fn a_silent_server_is_named_and_servers_that_are_all_silent_lie_here() {
    let silent =
        |server: usize| move |sts: &mut RecordSeen| sts.servers[server].answer = failed(DnsFailureKind::Timeout);
    let finding = is(&changed(silent(1)), "sts.record.server-silent", Severity::Warning);
    assert_eq!(finding.subject, "ns2.example.net");
    let seen = changed(|sts| {
        silent(0)(sts);
        silent(1)(sts);
    });
    is(&seen, "sts.record.servers-unasked", Severity::Info);
}

// STS-8.1-1
#[test]
fn a_resolver_that_still_has_the_old_record_is_waited_for() {
    let finding = is(
        &changed(|sts| sts.servers = servers(&txt(&["v=STSv1; id=new"]))),
        "sts.record.resolver-behind",
        Severity::Info,
    );
    assert!(finding.next_step.contains("60 minutes"), "{}", finding.next_step);
}

proptest::proptest! {
    #[test]
    fn whatever_stands_there_is_judged_within_bounds(
        texts in proptest::collection::vec("(v=STSv1;?|V = sts|id=|[;, =\"]|.){0,40}", 0..60)
    ) {
        let texts: Vec<&str> = texts.iter().map(alloc::string::String::as_str).collect();
        let all = judged(&with(&texts));
        assert!(all.len() < 100 && all.iter().all(|finding| finding.seen.len() < 8000 && finding.publish.len() < 200));
    }
}

#[test]
fn the_catalogue_of_this_family_is_well_formed() {
    super::super::fixture::is_well_formed(super::CHECKS, Family::Record, &["sts.record."]);
}
