//! Test vectors of the requirement list for RFC 8461: records, policies, MX matching.
use strictmx_proto::sts::{
    FindingKind, Mode, NoRecord, Pattern, Policy, PolicyError, PolicyErrorKind, Record, RecordError,
};

use crate::{domain, policy};

//----------- TXT records -------------------------------------------------

fn id(txt: &str) -> Option<Result<String, RecordError>> {
    Record::parse(txt.as_bytes()).map(|record| record.map(|record| record.id.into()))
}

// STS-3.1-2, STS-3.1-5, STS-3.2-12
#[test]
fn valid_records_give_their_id() {
    assert_eq!(id("v=STSv1; id=20160831085700Z;"), Some(Ok("20160831085700Z".into())));
    assert_eq!(id("v=STSv1;id=a"), Some(Ok("a".into())));
    assert_eq!(id("v=STSv1; foo=bar; id=a"), Some(Ok("a".into())));
    assert_eq!(id("v=STSv1; id=AbC"), Some(Ok("AbC".into())));
}

// STS-3.2-13
#[test]
fn of_two_ids_in_a_record_the_first_counts_be_it_bad() {
    assert_eq!(id("v=STSv1; id=a; id=b"), Some(Ok("a".into())));
    assert_eq!(id("v=STSv1; id=-; id=b"), Some(Err(RecordError::BadId)));
}

// STS-3.1-2, STS-3.1-8
#[test]
fn records_that_break_the_grammar_are_invalid() {
    let long = format!("v=STSv1; id={}", "a".repeat(33));
    for txt in [
        "v=STSv1",
        "v=STSv1;",
        "v=STSv1; id=",
        &long,
        "v=STSv1; id=2024-01-01",
        "v=STSv1;; id=a",
        "v=STSv1; id =a",
        "v=STSv1; id= a",
        "v=STSv1; ID=a",
        "v=STSv1; id=a;;",
        "v=STSv1; id=a; ;",
        "v=STSv1; id=a; x",
        "v=STSv1; id=a; x=",
        "v=STSv1; id=a; =x",
        "v=STSv1; id=a; -x=y",
        "v=STSv1; id=ä",
        "v=STSv1; id=a; x=ä",
    ] {
        assert!(matches!(id(txt), Some(Err(_))), "{txt}");
    }
}

// STS-3.1-5, STS-3.1-6
#[test]
fn other_records_are_not_ours() {
    for txt in [
        "V=STSv1; id=a",
        " v=STSv1; id=a",
        "v=STSv10; id=a",
        "v=STSv2; id=a",
        "id=a; v=STSv1",
        "",
        "v=spf1 -all",
        "v=STSv1 id=a",
    ] {
        assert_eq!(id(txt), None, "{txt}");
    }
}

// STS-3.1-6
#[test]
fn other_records_beside_ours_are_dropped() {
    let found = Record::select(&["v=spf1 -all", "v=STSv1; id=a", "junk", "v=STSv1"]);
    assert_eq!(&*found.unwrap().id, "a");
    assert_eq!(Record::select(&["v=spf1 -all"]), Err(NoRecord::None));
    assert_eq!(Record::select::<&str>(&[]), Err(NoRecord::None));
}

// STS-3.1-7
#[test]
fn two_records_are_no_record_even_when_they_are_identical() {
    assert_eq!(Record::select(&["v=STSv1; id=a", "v=STSv1; id=a"]), Err(NoRecord::Many(2)));
    assert_eq!(Record::select(&["v=STSv1; id=a", "v=STSv1; id=-", "v=STSv1 ;id=a"]), Err(NoRecord::Many(3)));
}

// STS-3.1-8
#[test]
fn a_single_invalid_record_is_told_as_such() {
    assert_eq!(Record::select(&["v=STSv1; id=-"]), Err(NoRecord::Invalid(RecordError::BadId)));
    assert_eq!(Record::select(&["v=STSv1"]), Err(NoRecord::Invalid(RecordError::MissingId)));
    assert_eq!(
        Record::select(&["v=STSv1;;id=a"]).unwrap_err().to_string(),
        "the MTA-STS record is not valid: malformed field \"\""
    );
}

// STS-3.1-10
#[test]
fn joined_strings_are_read_as_one_text() {
    let joined = ["v=STSv1; i", "d=abc"].concat();
    assert_eq!(id(&joined), Some(Ok("abc".into())));
}

#[test]
fn a_record_longer_than_4096_octets_is_refused() {
    let txt = format!("v=STSv1; id=a; {}", "x=y; ".repeat(1000));
    assert_eq!(id(&txt), Some(Err(RecordError::TooLong)));
}

//----------- Policies ----------------------------------------------------

const GOOD: &str = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmax_age: 604800\r\n";

fn error(text: &str) -> PolicyError {
    Policy::parse(text.as_bytes()).expect_err(text)
}

fn with(line: &str, instead: &str) -> String {
    assert!(GOOD.contains(line));
    GOOD.replace(line, instead)
}

#[test]
fn the_plain_policy_is_valid_without_findings() {
    let parsed = Policy::parse(GOOD.as_bytes()).unwrap();
    assert_eq!((parsed.policy.mode, parsed.policy.max_age), (Mode::Enforce, 604_800));
    assert_eq!(parsed.policy.mx.to_vec(), [Pattern::Exact(domain("mail.example.com"))]);
    assert_eq!(parsed.findings, []);
    assert_eq!(parsed.policy.text(), "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800");
    assert_eq!(parsed.policy.emit(), GOOD);
}

// STS-3.2-14
#[test]
fn the_order_of_fields_is_free_and_every_mx_line_counts() {
    let policy = policy("max_age: 1\nmx: a.example\nmode: testing\nmx: *.b.example\nversion: STSv1\n");
    assert_eq!((policy.mode, policy.max_age, policy.mx.len()), (Mode::Testing, 1, 2));
}

// STS-3.2-3, E-1
#[test]
fn valid_policies_in_every_allowed_form_of_white_space() {
    for text in [
        &with("max_age: 604800", "max_age:604800"),
        &with("mx: ", "mx:\t"),
        &with("enforce\r\n", "enforce\n"),
        &with("604800\r\n", "604800"),
        &with("max_age: 604800", "max_age: 0"),
        &with("enforce", "enforce \t "),
        &GOOD.replace('\r', ""),
    ] {
        assert!(Policy::parse(text.as_bytes()).is_ok(), "{text:?}");
    }
}

// STS-3.2-4, STS-3.2-5, STS-3.2-6, STS-3.2-11
#[test]
fn policies_that_break_the_grammar_are_invalid() {
    for (line, instead) in [
        ("mode: enforce", " mode: enforce"),
        ("mode: enforce", "mode : enforce"),
        ("mode: enforce", "Mode: enforce"),
        ("mode: enforce", "mode: Enforce"),
        ("mode: enforce", "mode: report"),
        ("mode: enforce", "mode:"),
        ("mode: enforce\r\n", ""),
        ("max_age: 604800", "max_age: -1"),
        ("max_age: 604800", "max_age: 1e3"),
        ("max_age: 604800", "max_age: 604800s"),
        ("max_age: 604800", "max_age: 00000604800"),
        ("max_age: 604800\r\n", ""),
        ("version: STSv1", "version: STSv2"),
        ("version: STSv1", "version: stsv1"),
        ("version: STSv1\r\n", ""),
        ("mx: mail.example.com", "mx: *"),
        ("mx: mail.example.com", "mx: *.*.example"),
        ("mx: mail.example.com", "mx: a.*.example"),
        ("mx: mail.example.com", "mx: m*.example"),
        ("mx: mail.example.com", "mx: .example.com"),
        ("mx: mail.example.com", "mx: [192.0.2.1]"),
        ("mx: mail.example.com", "mx: a.example, b.example"),
        ("mx: mail.example.com\r\n", ""),
    ] {
        error(&with(line, instead));
    }
    error(&GOOD.replace("\r\n", "\r"));
    error(&GOOD.replace("\r\n", "\r\r\n"));
}

#[test]
fn errors_name_the_line_the_field_and_the_value() {
    assert_eq!(error(&with("enforce", "Enforce")).line, 2);
    assert_eq!(
        error(&with("enforce", "En\u{7}force")).to_string(),
        "line 2: the value of `mode` must be enforce, testing or none, not \"En\u{fffd}force\""
    );
    let missing = error(&with("version: STSv1\r\n", ""));
    assert_eq!(missing, PolicyError { line: 0, kind: PolicyErrorKind::Missing { field: "version" } });
    assert_eq!(error(&with("mx: mail", "mx: *mail")), PolicyError { line: 3, kind: PolicyErrorKind::NoMx });
}

// STS-3.2-11, A-17
#[test]
fn a_policy_of_mode_none_needs_no_mx() {
    assert!(policy("version: STSv1\nmode: none\nmax_age: 86400\n").mx.is_empty());
    assert_eq!(policy("version: STSv1\nmode: none\nmx: *\nmax_age: 86400\n").mode, Mode::None);
}

// STS-3.2-12
#[test]
fn unknown_fields_are_ignored_and_kept_in_the_text() {
    let parsed = Policy::parse(format!("{GOOD}note: hi thére\r\n").as_bytes()).unwrap();
    assert_eq!(parsed.findings[0].kind, FindingKind::UnknownField { name: "note".into() });
    assert!(parsed.policy.text().split('\n').any(|line| line == "note: hi thére"));
}

// STS-3.3-10
#[test]
fn a_policy_of_64_kib_is_read_and_one_octet_more_is_not() {
    let mut text = GOOD.to_owned();
    text.push_str(&"\n".repeat(64 * 1024 - text.len()));
    assert!(Policy::parse(text.as_bytes()).is_ok());
    text.push('\n');
    assert_eq!(error(&text).kind, PolicyErrorKind::TooLong);
}

#[test]
fn a_policy_that_is_not_utf8_is_refused() {
    let octets = [GOOD.as_bytes(), b"note: \xff\n"].concat();
    assert_eq!(Policy::parse(&octets).unwrap_err().kind, PolicyErrorKind::NotUtf8);
}

#[test]
fn findings_and_patterns_are_bounded() {
    let many: String = (0..1500).map(|n| format!("mx: m{n}.example\n")).collect();
    let parsed = Policy::parse(format!("{GOOD}{many}").as_bytes()).unwrap();
    assert_eq!(parsed.policy.mx.len(), 1000);
    assert!(parsed.findings.iter().any(|finding| finding.kind == FindingKind::TooManyMx));
    let parsed = Policy::parse(format!("{GOOD}{}", "\n".repeat(5000)).as_bytes()).unwrap();
    assert_eq!(parsed.findings.len(), 100);
}

#[test]
fn a_policy_of_our_own_making_reads_back_as_itself() {
    let mx = vec![Pattern::Exact(domain("mx.example")), Pattern::Wildcard(domain("example"))];
    let made = Policy::new(Mode::Testing, u32::MAX, mx).unwrap();
    assert_eq!(made.max_age, 31_557_600);
    assert_eq!(policy(&made.text()), made);
    assert_eq!(policy(&made.emit()), made);
    assert_eq!(Policy::new(Mode::Enforce, 1, Vec::new()).unwrap_err().kind, PolicyErrorKind::NoMx);
    assert!(Policy::new(Mode::None, 1, Vec::new()).is_ok());
}

#[test]
fn a_usual_policy_takes_less_than_500_octets() {
    let policy = policy(&format!("{GOOD}mx: *.backup.example.com\r\n"));
    // The Arc's two counters, and 16 octets that an allocator may add to each allocation.
    let names: usize = policy.mx.iter().map(|pattern| pattern.name().as_str().len() + 16 + 16).sum();
    let whole = size_of::<Policy>() + policy.text().len() + 16 + size_of_val(&*policy.mx) + 16 + names;
    assert!(whole < 500, "{whole}");
}

//----------- MX matching -------------------------------------------------

// STS-4.1-1, R9525-6.3-1, R9525-6.3-3
#[test]
fn patterns_match_label_by_label() {
    for (pattern, host, expected) in [
        ("mail.example.com", "MAIL.example.com.", true),
        ("*.example.com", "mail.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "a.b.example.com", false),
        ("*.example.com", "mailexample.com", false),
        ("example.com", "mail.example.com", false),
        ("*.mail.example", "xn--a.mail.example", true),
    ] {
        let (parsed, _) = Pattern::parse(pattern).unwrap();
        assert_eq!(parsed.matches(&domain(host)), expected, "{pattern} {host}");
    }
}

// STS-4-1
#[test]
fn a_policy_covers_a_host_that_any_pattern_matches() {
    let policy = policy(&format!("{GOOD}mx: *.example.net\r\n"));
    assert!(policy.covers(&domain("a.example.net")) && policy.covers(&domain("mail.example.com")));
    assert!(!policy.covers(&domain("example.net")));
}

#[test]
fn a_pattern_has_one_form_for_the_policy_and_one_for_postfix() {
    let (wildcard, _) = Pattern::parse("*.example.com").unwrap();
    assert_eq!(
        (wildcard.to_string(), wildcard.match_form().to_string()),
        ("*.example.com".into(), ".example.com".into())
    );
    let (exact, _) = Pattern::parse("mx.example").unwrap();
    assert_eq!((exact.to_string(), exact.match_form().to_string()), ("mx.example".into(), "mx.example".into()));
}
