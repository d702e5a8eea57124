//! One test for each decision that is a parser's business (D-1 … D-9). D-10 is `io::fetch`'s.
use strictmx_proto::{
    name::NameError,
    sts::{Finding, FindingKind, Pattern, Policy, PolicyErrorKind, Record, mx::PatternError},
};

use crate::domain;

const GOOD: &str = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";

fn parse(text: &str) -> (Policy, Vec<Finding>) {
    let parsed = Policy::parse(text.as_bytes()).expect(text);
    (parsed.policy, parsed.findings)
}

fn kinds(text: &str) -> Vec<FindingKind> {
    parse(text).1.into_iter().map(|finding| finding.kind).collect()
}

fn refused(text: &str) -> PolicyErrorKind {
    Policy::parse(text.as_bytes()).expect_err(text).kind
}

/// D-1, A-5
#[test]
fn white_space_line_ends_blank_lines_and_a_bom_are_accepted_with_findings() {
    assert_eq!(kinds(&format!("\u{feff}{GOOD}")), [FindingKind::Bom]);
    let (policy, findings) = parse(&format!("\n{GOOD} \t\n"));
    assert_eq!(
        findings,
        [Finding { line: 1, kind: FindingKind::BlankLine }, Finding { line: 6, kind: FindingKind::BlankLine }]
    );
    assert_eq!(policy.text(), GOOD.trim_end());
    assert_eq!(kinds(&GOOD.replacen('\n', "\r\n", 2)), [FindingKind::MixedLineEnds]);
    assert_eq!(kinds(GOOD.trim_end()), [FindingKind::NoFinalNewline]);
    assert_eq!(kinds(&GOOD.replace(": ", ":\t ").replace('\n', " \t\r\n")), []);
}

/// D-2
#[test]
fn a_line_that_is_no_field_is_ignored_with_a_finding_and_never_kept() {
    for line in [
        "no colon",
        "b@d: x",
        "note:",
        "note: a\u{0}b",
        " note: x",
        "note : x",
        ": x",
        "n\u{e4}me: x",
        "note: a\rmode: none",
    ] {
        let (policy, findings) = parse(&format!("{GOOD}{line}\n"));
        assert_eq!(findings, [Finding { line: 5, kind: FindingKind::MalformedLine }], "{line:?}");
        assert_eq!(policy.text(), GOOD.trim_end());
    }
    let long = format!("{GOOD}{}: x\n", "n".repeat(33));
    assert_eq!(kinds(&long), [FindingKind::MalformedLine]);
}

/// D-3, A-2
#[test]
fn a_malformed_version_mode_or_max_age_makes_the_whole_policy_invalid() {
    for (good, bad) in [
        ("enforce", "Enforce"),
        ("604800", "+86400"),
        ("604800", "8.6e4"),
        ("604800", "12345678901"),
        ("604800", "\u{664}\u{664}"),
        ("STSv1", "STSv1.0"),
        ("604800", ""),
    ] {
        assert!(matches!(refused(&GOOD.replace(good, bad)), PolicyErrorKind::BadValue { .. }), "{bad}");
    }
}

/// D-4, A-3, E-3
#[test]
fn a_max_age_above_a_year_is_clamped_with_a_finding() {
    for age in ["31557601", "9999999999"] {
        let (policy, findings) = parse(&GOOD.replace("604800", age));
        assert_eq!(policy.max_age, 31_557_600);
        assert_eq!(findings, [Finding { line: 4, kind: FindingKind::MaxAgeClamped }]);
        assert!(policy.text().ends_with(age));
    }
    assert_eq!(kinds(&GOOD.replace("604800", "31557600")), []);
    assert_eq!(kinds(&GOOD.replace("604800", "0000086400")), []);
}

/// D-5, A-4
#[test]
fn a_max_age_of_zero_is_valid() {
    assert_eq!(parse(&GOOD.replace("604800", "0")).0.max_age, 0);
}

/// D-6, STS-3.2-9
#[test]
fn a_bad_mx_entry_is_dropped_beside_a_good_one_and_fatal_without() {
    for bad in [
        "",
        "*",
        "*.*.x",
        "mx*.x",
        ".x",
        "192.0.2.1",
        "[192.0.2.1]",
        "[IPv6:2001:db8::1]",
        "2001:db8::1",
        "mx.example:25",
        "a.example,b.example",
        "a.example b.example",
        "a\u{7}.example",
        "-a.example",
        "a..example",
        "a_b.example",
    ] {
        let (policy, findings) = parse(&format!("{GOOD}mx: {bad}\n"));
        assert_eq!(policy.mx.len(), 1, "{bad}");
        assert!(matches!(findings[..], [Finding { line: 5, kind: FindingKind::BadMx { .. } }]), "{bad} {findings:?}");
        assert_eq!(refused(&GOOD.replace("mail.example.com", bad)), PolicyErrorKind::NoMx);
    }
    assert_eq!(Pattern::parse("192.0.2.1"), Err(PatternError::Address));
    assert_eq!(Pattern::parse("mx.example:25"), Err(PatternError::Name(NameError::Character(':'))));
}

/// D-7, STS-3.2-10
#[test]
fn a_dot_capitals_and_u_labels_in_an_mx_entry_are_normalised_and_kept_as_published() {
    let (policy, findings) = parse(&format!("{GOOD}mx: MX.Example.COM.\nmx: *.b\u{fc}cher.example\n"));
    assert_eq!(
        policy.mx[1..],
        [Pattern::Exact(domain("mx.example.com")), Pattern::Wildcard(domain("xn--bcher-kva.example"))]
    );
    assert_eq!(
        findings,
        [
            Finding { line: 5, kind: FindingKind::MxTrailingDot { value: "MX.Example.COM.".into() } },
            Finding { line: 6, kind: FindingKind::MxULabel { value: "*.b\u{fc}cher.example".into() } },
        ]
    );
    assert!(policy.text().ends_with("mx: MX.Example.COM.\nmx: *.b\u{fc}cher.example"));
}

/// D-8, STS-3.2-13
#[test]
fn of_a_duplicate_field_the_first_wins_even_when_the_second_is_malformed() {
    let (policy, findings) = parse(&format!("{GOOD}mode: none\nmax_age: x\nversion:\n"));
    assert_eq!((policy.mode.as_str(), policy.max_age), ("enforce", 604_800));
    let names: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), 3);
    assert!(names[0].starts_with("line 5: a second \"mode\" field is ignored"));
}

/// D-9, E-2, STS-3.1-8
#[test]
fn white_space_round_semicolons_is_accepted_in_a_record_and_nowhere_else() {
    for txt in ["v=STSv1\t;\tid=a\t;\t", "v=STSv1 ; id=a", "v=STSv1;id=a", "v=STSv1;id=a;"] {
        assert_eq!(&*Record::parse(txt.as_bytes()).unwrap().unwrap().id, "a", "{txt}");
    }
    for txt in ["v=STSv1;;id=a", "v=STSv1;id=a;;", "v=STSv1;id=a b", "v=STSv1;id=a;x=y z", "v=STSv1;id=a;x=y\tz"] {
        assert!(Record::parse(txt.as_bytes()).unwrap().is_err(), "{txt}");
    }
}

///
#[test]
fn an_unknown_fields_value_may_hold_an_equals_sign() {
    assert!(Record::parse(b"v=STSv1; key=YWJj==; id=a").unwrap().is_ok());
}
