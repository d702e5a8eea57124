//! Each check of the text: a policy that it speaks of, and the good policy that it does not. What other senders refuse is
//! found though our own parser forgives it.
use alloc::{format, string::String, vec, vec::Vec};

use strictmx_proto::sts::Policy;

use crate::check::{
    Family, Finding, Intent, Observations, Severity, State,
    context::Context,
    fixture::{POLICY, findings, healthy, is_well_formed, mail, nx, txt},
    observations::Octets,
};

fn with(body: &[u8]) -> Observations {
    let mut seen = healthy();
    seen.policy_file = Some(Octets(body.into()));
    seen
}

fn of(body: &[u8]) -> Vec<Finding> {
    let mut found = findings(&with(body), &Intent::default(), Family::Policy);
    found.retain(|finding| finding.check.id != "sts.policy.senders-disagree");
    found
}

fn ids(body: &str) -> Vec<&'static str> {
    of(body.as_bytes()).iter().map(|finding| finding.check.id).collect()
}

/// The one finding of this text.
fn only(body: &str) -> Finding {
    let mut found = of(body.as_bytes());
    assert_eq!(found.len(), 1, "{body:?}: {found:#?}");
    found.remove(0)
}

/// The good policy with one line put in the place of another.
fn instead(line: &str, of: &str) -> String {
    let text = POLICY.replace(of, line);
    assert_ne!(text, POLICY);
    text
}

#[test]
fn a_good_policy_gives_no_finding() {
    assert_eq!(ids(POLICY), Vec::<&str>::new());
    assert_eq!(ids(&POLICY.replace("\r\n", "\n")), Vec::<&str>::new());
    assert_eq!(ids(POLICY.trim_end()), Vec::<&str>::new());
}

#[test]
fn nothing_is_said_of_a_text_that_nobody_looked_at() {
    let mut seen = healthy();
    seen.policy_host = None;
    assert!(findings(&seen, &Intent::default(), Family::Policy).is_empty());
}

//----------- The whole ---------------------------------------------------

/// STS-3.2-3
#[test]
fn lines_that_end_in_a_carriage_return_alone_are_one_error_whatever_else_follows_from_it() {
    let found = only(&POLICY.replace("\r\n", "\r"));
    assert_eq!((found.check.id, found.severity), ("sts.policy.bare-cr", Severity::Error));
    assert_eq!(found.subject, "lines 1, 2, 3 and 4");
}

/// D-1
#[test]
fn mixed_line_ends_are_a_warning_about_the_fewer_ones() {
    let found = only(&POLICY.replace("enforce\r\n", "enforce\n"));
    assert_eq!((found.check.id, found.severity), ("sts.policy.mixed-line-ends", Severity::Warning));
    assert_eq!(found.seen, "Line 2 ends in LF, the others in CRLF.");
}

/// D-1
#[test]
fn a_blank_line_is_an_error_for_two_senders_refuse_it_even_at_the_end() {
    let found = only(&format!("{POLICY}\r\n"));
    assert_eq!((found.check.id, found.severity), ("sts.policy.blank-line", Severity::Error));
    assert_eq!(found.subject, "line 5");
    assert_eq!(only(&instead("\r\n \t\r\nmx:", "mx:")).subject, "lines 3 and 4");
}

/// D-1
#[test]
fn a_byte_order_mark_is_the_only_finding_of_an_otherwise_good_text() {
    assert_eq!(only(&format!("\u{feff}{POLICY}")).check.id, "sts.policy.byte-order-mark");
}

/// STS-3.2-2
#[test]
fn a_text_in_another_encoding_is_told_by_its_name() {
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(POLICY.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let found = of(&utf16);
    assert_eq!((found[0].check.id, &*found[0].seen), ("sts.policy.not-text", "The text is UTF-16."));
    assert_eq!(of(b"version: STSv1\xff")[0].check.id, "sts.policy.not-text");
}

/// STS-3.2-11
#[test]
fn what_is_no_policy_at_all_is_one_finding() {
    assert_eq!(only("").check.id, "sts.policy.empty");
    assert_eq!(only(" \r\n").check.id, "sts.policy.empty");
    assert_eq!(only("\n<!DOCTYPE html><title>mode: enforce</title>").check.id, "sts.policy.html");
    assert_eq!(only("Not found\n").check.id, "sts.policy.not-a-policy");
    assert!(only("v=STSv1; id=1;").seen.contains("TXT record"));
}

#[test]
fn a_web_page_is_no_finding_for_a_domain_that_never_meant_to_have_a_policy() {
    let mut seen = healthy();
    seen.sts.as_mut().unwrap().txt = nx();
    let visit = &mut seen.policy_host.as_mut().unwrap().visits[0];
    visit.body = Some(Octets(b"<html>".as_slice().into()));
    assert_eq!(Context::new(&seen, &Intent::default()).state, State::Absent);
    assert!(findings(&seen, &Intent::default(), Family::Policy).is_empty());
    seen.sts.as_mut().unwrap().txt = txt(&["v=STSv1; id=1;"]);
    assert_eq!(findings(&seen, &Intent::default(), Family::Policy)[0].check.id, "sts.policy.html");
}

/// STS-3.3-10
#[test]
fn a_text_above_64_kib_is_told_here_only_where_no_host_served_it() {
    let long = POLICY.repeat(1 + 65_536 / POLICY.len());
    assert_eq!(only(&long).check.id, "sts.policy.too-long");
    let mut seen = healthy();
    seen.policy_host.as_mut().unwrap().visits[0].body = Some(Octets(long.into_bytes().into()));
    let found = findings(&seen, &Intent::default(), Family::Policy);
    assert!(!found.iter().any(|finding| finding.check.id == "sts.policy.too-long"));
}

//----------- Lines and keys ----------------------------------------------

/// D-2
#[test]
fn comments_and_lines_that_are_no_field_are_errors() {
    assert_eq!(only(&format!("# ours\r\n{POLICY}")).check.id, "sts.policy.comment");
    assert_eq!(only(&format!("{POLICY}hello\r\n")).check.id, "sts.policy.malformed-line");
    let found = only(&instead("mode=enforce", "mode: enforce"));
    assert_eq!((found.check.id, &*found.publish), ("sts.policy.malformed-line", "mode: enforce"));
}

/// D-2
#[test]
fn white_space_before_a_key_or_a_colon_is_an_error_with_the_corrected_line() {
    let found = only(&instead(" mx:", "mx:"));
    assert_eq!((found.check.id, &*found.publish), ("sts.policy.space-before-key", "mx: mx.example.com"));
    assert_eq!(found.subject, "line 3");
    let found = only(&instead("mode :", "mode:"));
    assert_eq!((found.check.id, &*found.publish), ("sts.policy.space-before-colon", "mode: enforce"));
}

/// STS-3.2-12
#[test]
fn a_key_in_capitals_is_one_finding_and_not_a_missing_field_beside_it() {
    let found = only(&instead("Mode:", "mode:"));
    assert_eq!((found.check.id, &*found.publish), ("sts.policy.key-case", "mode: enforce"));
    assert_eq!(only(&instead("MX:", "mx:")).check.id, "sts.policy.key-case");
}

/// STS-3.2-12
#[test]
fn a_misspelled_key_is_found_with_what_was_meant() {
    for (wrong, right, line) in [
        ("nmx:", "mx:", "mx: mx.example.com"),
        ("max-age:", "max_age:", "max_age: 2592000"),
        ("maxage:", "max_age:", "max_age: 2592000"),
        ("modes:", "mode:", "mode: enforce"),
        ("verison:", "version:", "version: STSv1"),
    ] {
        let found = only(&instead(wrong, right));
        assert_eq!((found.check.id, found.severity), ("sts.policy.near-miss-key", Severity::Error), "{wrong}");
        assert_eq!(found.publish, line);
    }
}

/// STS-3.2-12
#[test]
fn a_field_that_nobody_knows_is_information() {
    let found = only(&format!("{POLICY}note: hi there\r\n"));
    assert_eq!((found.check.id, found.severity), ("sts.policy.unknown-key", Severity::Info));
}

/// STS-3.2-13 D-8
#[test]
fn a_repeated_field_is_an_error_that_says_who_reads_which() {
    let found = only(&format!("{POLICY}mode: testing\r\n"));
    assert_eq!((found.check.id, &*found.subject), ("sts.policy.repeated-key", "lines 2 and 5"));
    assert_eq!(found.seen, "Senders that take the first read \"enforce\", those that take the last \"testing\".");
    assert_eq!(ids(&format!("{POLICY}version: STSv1\r\n")), ["sts.policy.repeated-key"]);
    assert_eq!(ids(&format!("{POLICY}max_age: 86400\r\n")), ["sts.policy.repeated-key"]);
}

//----------- Values ------------------------------------------------------

/// STS-3.2-4 STS-3.2-11
#[test]
fn the_version_must_be_there_and_be_the_only_one_there_is() {
    let found = only(&POLICY.replace("version: STSv1\r\n", ""));
    assert_eq!((found.check.id, &*found.publish), ("sts.policy.version-missing", "version: STSv1"));
    for wrong in ["stsv1", "STSv2", "", "\"STSv1\""] {
        assert_eq!(only(&instead(&format!("version: {wrong}"), "version: STSv1")).check.id, "sts.policy.version-bad");
    }
}

/// STS-3.2-14
#[test]
fn a_version_further_down_is_only_worth_knowing() {
    let text = format!("{}version: STSv1\r\n", POLICY.replace("version: STSv1\r\n", ""));
    let found = only(&text);
    assert_eq!((found.check.id, found.severity), ("sts.policy.version-not-first", Severity::Info));
}

/// STS-3.2-5 STS-3.2-11 D-3
#[test]
fn the_mode_must_be_there_and_one_of_three() {
    let found = only(&POLICY.replace("mode: enforce\r\n", ""));
    assert_eq!((found.check.id, &*found.publish), ("sts.policy.mode-missing", "mode: testing"));
    for (wrong, meant) in [
        ("enforced", "mode: enforce"),
        ("Enforce", "mode: enforce"),
        ("test", "mode: testing"),
        ("report", "mode: testing"),
        ("quarantine", ""),
        ("", ""),
    ] {
        let found = only(&instead(&format!("mode: {wrong}"), "mode: enforce"));
        assert_eq!((found.check.id, &*found.publish), ("sts.policy.mode-bad", meant), "{wrong}");
    }
}

/// STS-5-2 STS-5-3
#[test]
fn testing_and_none_are_told_as_information() {
    let testing = instead("mode: testing", "mode: enforce");
    assert_eq!(only(&testing).check.id, "sts.policy.mode-testing");
    assert_eq!(only(&testing).severity, Severity::Info);
    assert_eq!(only(&instead("mode: none", "mode: enforce")).check.id, "sts.policy.mode-none");
    let mut seen = with(testing.as_bytes());
    seen.tlsrpt.as_mut().unwrap().record.txt = nx();
    assert!(findings(&seen, &Intent::default(), Family::Policy)[0].next_step.contains("TLSRPT"));
}

/// STS-3.2-11
#[test]
fn a_none_policy_without_mx_lines_is_a_warning_with_the_lines_to_keep() {
    let text = instead("mode: none", "mode: enforce").replace("mx: mx.example.com\r\n", "");
    let found = of(text.as_bytes());
    assert_eq!((found[0].check.id, found[0].severity), ("sts.policy.none-without-mx", Severity::Warning));
    assert_eq!(found[0].publish, "mx: mx.example.com");
    assert_eq!(found.len(), 2);
}

/// STS-3.2-6 STS-3.2-11 D-3
#[test]
fn max_age_must_be_there_and_be_one_to_ten_digits() {
    let found = only(&POLICY.replace("max_age: 2592000\r\n", ""));
    assert_eq!((found.check.id, &*found.publish), ("sts.policy.max-age-missing", "max_age: 604800"));
    for (wrong, meant) in [
        ("604800s", "max_age: 604800"),
        ("7d", "max_age: 604800"),
        ("+86400", "max_age: 86400"),
        ("86,400", "max_age: 86400"),
        ("8.6e4", ""),
        ("-1", ""),
        ("", ""),
        ("99999999999", "max_age: 31557600"),
    ] {
        let found = only(&instead(&format!("max_age: {wrong}"), "max_age: 2592000"));
        assert_eq!((found.check.id, &*found.publish), ("sts.policy.max-age-bad", meant), "{wrong}");
    }
}

/// D-4 D-5 STS-3.2-6
#[test]
fn max_age_has_an_upper_bound_and_zero_is_useless() {
    let of = |value: &str| only(&instead(&format!("max_age: {value}"), "max_age: 2592000"));
    assert_eq!(of("31557601").check.id, "sts.policy.max-age-too-large");
    assert_eq!(of("9999999999").check.id, "sts.policy.max-age-too-large");
    assert_eq!(of("31557601").publish, "max_age: 31557600");
    assert_eq!((of("0").check.id, of("0").severity), ("sts.policy.max-age-zero", Severity::Warning));
    assert_eq!(ids(&instead("max_age: 31557600", "max_age: 2592000")), Vec::<&str>::new());
}

/// STS-3.2-8
#[test]
fn less_than_a_week_is_short_for_enforce_and_some_senders_keep_it_longer() {
    let short = instead("max_age: 86400", "max_age: 2592000");
    assert_eq!(ids(&short), ["sts.policy.max-age-short", "sts.policy.max-age-floors"]);
    assert_eq!(of(short.as_bytes())[0].seen, "The value is 86400, one day.");
    let testing = short.replace("enforce", "testing");
    assert_eq!(ids(&testing), ["sts.policy.mode-testing"]);
    let shorter = testing.replace("86400", "600");
    assert_eq!(ids(&shorter), ["sts.policy.mode-testing", "sts.policy.max-age-floors"]);
    assert!(of(shorter.as_bytes())[1].seen.contains("Stalwart keeps the policy for a day"));
    assert_eq!(ids(&instead("max_age: 604800", "max_age: 2592000")), Vec::<&str>::new());
}

//----------- mx lines ----------------------------------------------------

fn mx(value: &str) -> Finding {
    only(&instead(&format!("mx: {value}"), "mx: mx.example.com"))
}

/// STS-3.2-11
#[test]
fn a_policy_without_mx_lines_is_refused_and_the_lines_are_given() {
    let found = only(&POLICY.replace("mx: mx.example.com\r\n", ""));
    assert_eq!((found.check.id, &*found.publish), ("sts.policy.no-mx", "mx: mx.example.com"));
}

/// D-6
#[test]
fn an_mx_value_that_is_no_host_name_is_an_error_with_what_was_meant() {
    for (wrong, meant) in [
        ("", ""),
        ("mx.example.com:25", "mx: mx.example.com"),
        ("10 mx.example.com", "mx: mx.example.com"),
        ("smtp://mx.example.com/", "mx: mx.example.com"),
        ("mx.example.com # ours", "mx: mx.example.com"),
        (".example.com", "mx: *.example.com"),
        ("mx..example.com", ""),
        ("-mx.example.com", ""),
        ("mx.exa\u{7}mple.com", ""),
    ] {
        assert_eq!((mx(wrong).check.id, &*mx(wrong).publish), ("sts.policy.mx-syntax", meant), "{wrong}");
    }
    let long = format!("{}.example.com", "a".repeat(64));
    assert_eq!(mx(&long).check.id, "sts.policy.mx-syntax");
}

/// STS-3.2-9
#[test]
fn several_hosts_in_one_line_become_a_line_each() {
    for wrong in ["a.example.com, b.example.com", "a.example.com b.example.com", "a.example.com;b.example.com"] {
        let found = mx(wrong);
        assert_eq!(
            (found.check.id, &*found.publish),
            ("sts.policy.mx-several", "mx: a.example.com\nmx: b.example.com")
        );
    }
}

/// D-6
#[test]
fn a_wildcard_may_only_be_the_whole_first_label() {
    for wrong in ["*", "*.*.example.com", "mx*.example.com", "mx.*.example.com", "*example.com"] {
        assert_eq!(mx(wrong).check.id, "sts.policy.mx-wildcard-place", "{wrong}");
    }
}

/// D-6
#[test]
fn an_address_is_replaced_by_the_name_of_the_host_that_has_it() {
    assert_eq!(
        (mx("192.0.2.25").check.id, &*mx("192.0.2.25").publish),
        ("sts.policy.mx-address", "mx: mx.example.com")
    );
    assert_eq!((mx("[2001:db8::1]").check.id, &*mx("[2001:db8::1]").publish), ("sts.policy.mx-address", ""));
}

/// D-7
#[test]
fn a_trailing_dot_and_a_u_label_are_errors_though_strictmx_reads_them() {
    assert_eq!(
        (mx("mx.example.com.").check.id, &*mx("mx.example.com.").publish),
        ("sts.policy.mx-trailing-dot", "mx: mx.example.com")
    );
    let found = mx("mx.müller.example");
    assert_eq!((found.check.id, &*found.publish), ("sts.policy.mx-u-label", "mx: mx.xn--mller-kva.example"));
    assert_eq!(found.severity, Severity::Error);
}

/// D-6
#[test]
fn an_underscore_is_a_warning_beside_good_lines_and_an_error_alone() {
    assert_eq!(
        (mx("my_mx.example.com").check.id, mx("my_mx.example.com").severity),
        ("sts.policy.mx-underscore", Severity::Error)
    );
    let found = only(&format!("{POLICY}mx: my_mx.example.com\r\n"));
    assert_eq!((found.check.id, found.severity), ("sts.policy.mx-underscore", Severity::Warning));
}

/// STS-3.2-14
#[test]
fn a_repeated_mx_line_is_information() {
    let found = only(&format!("{POLICY}mx: MX.example.com\r\n"));
    assert_eq!((found.check.id, &*found.subject), ("sts.policy.mx-repeated", "lines 3 and 5"));
}

/// STS-3.2-14
#[test]
fn more_mx_lines_than_are_read_are_a_warning() {
    let lines: String = (0..1001).map(|index| format!("mx: m{index}.example.com\r\n")).collect();
    assert_eq!(ids(&format!("{POLICY}{lines}")), ["sts.policy.mx-too-many"]);
}

/// STS-10.4-1
#[test]
fn a_wildcard_over_names_of_strangers_is_a_warning_and_one_over_the_own_domain_information() {
    for wide in ["*.com", "*.co.uk", "*.github.io"] {
        assert_eq!(
            (mx(wide).check.id, mx(wide).severity),
            ("sts.policy.mx-wildcard-broad", Severity::Warning),
            "{wide}"
        );
    }
    let found = mx("*.example.com");
    assert_eq!((found.check.id, found.severity), ("sts.policy.mx-wildcard-own", Severity::Info));
    assert_eq!(found.publish, "mx: mx.example.com");
    assert_eq!(ids(&instead("mx: *.mail.example.com", "mx: mx.example.com")), Vec::<&str>::new());
    assert_eq!(ids(&instead("mx: *.co.example", "mx: mx.example.com")), Vec::<&str>::new());
}

//----------- All together ------------------------------------------------

#[test]
fn whatever_our_own_parser_finds_odd_is_found_here_too() {
    let odd = "\u{feff}version: STSv1\nmode: testing\r\n\nmx: a.example.com.\nmx: *\nmode: none\nmax_age: 99999999\nx\nnote: y";
    let parsed = Policy::parse(odd.as_bytes()).unwrap();
    let found = ids(odd);
    for (kind, id) in [
        ("byte order mark", "sts.policy.byte-order-mark"),
        ("blank line", "sts.policy.blank-line"),
        ("CRLF", "sts.policy.mixed-line-ends"),
        ("ends in a dot", "sts.policy.mx-trailing-dot"),
        ("is dropped", "sts.policy.mx-wildcard-place"),
        ("second", "sts.policy.repeated-key"),
        ("above", "sts.policy.max-age-too-large"),
        ("no `name: value`", "sts.policy.malformed-line"),
        ("unknown field", "sts.policy.unknown-key"),
    ] {
        assert!(parsed.findings.iter().any(|finding| format!("{finding}").contains(kind)), "{kind}");
        assert!(found.contains(&id), "{id}: {found:?}");
    }
}

#[test]
fn findings_are_bounded_and_hold_nothing_that_steers_a_terminal() {
    let hostile = "mx: \u{1b}[2J\u{202e}x\n".repeat(3000);
    let found = of(format!("{POLICY}{hostile}").as_bytes());
    assert!(found.len() <= 40, "{}", found.len());
    for finding in found {
        let all = format!("{}{}{}{}", finding.seen, finding.subject, finding.next_step, finding.publish);
        assert!(!all.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{all:?}");
    }
}

#[test]
fn every_finding_of_an_error_says_what_to_do() {
    let texts = vec![
        "mode enforce\nmx: *\nmx: 1.2.3.4\nmax_age: x\n".into(),
        POLICY.replace("\r\n", "\r"),
        format!("#\n{POLICY}\n\n Version: x\nmx: a_b.c\nmx: a.b.\n"),
    ];
    for text in texts {
        for finding in of(text.as_bytes()) {
            assert!(!finding.next_step.is_empty() && !finding.seen.is_empty(), "{finding:?}");
        }
    }
}

#[test]
fn lines_to_publish_come_from_the_live_mx_records() {
    let mut seen = with(POLICY.replace("mx: mx.example.com\r\n", "").as_bytes());
    seen.mx = Some(mail(&[(0, "contoso-com.o-v1.mx.microsoft"), (10, "mx2.example.com")]));
    let found = findings(&seen, &Intent::default(), Family::Policy);
    let found = found.iter().find(|finding| finding.check.id == "sts.policy.no-mx").unwrap();
    assert_eq!(found.publish, "mx: *.o-v1.mx.microsoft\nmx: mx2.example.com");
}

#[test]
fn the_catalogue_is_well_formed() {
    is_well_formed(super::CHECKS, Family::Policy, &["sts.policy."]);
}

proptest::proptest! {
    #[test]
    fn any_octets_are_judged_and_a_text_that_our_own_parser_refuses_always_has_an_error(
        body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        lines in "((version|mode|max_age|mx| Mx|#)?(: ?|=)?(STSv1|enforce|none|[0-9]{0,11}|\\*?\\.?[a-z.]{0,9})[ \t]?(\r\n|\n|\r)?){0,8}",
    ) {
        for body in [&body[..], lines.as_bytes()] {
            let found = of(body);
            if let Err(error) = Policy::parse(body) {
                proptest::prop_assert!(found.iter().any(|finding| finding.severity == Severity::Error), "{error}: {found:#?}");
            }
        }
    }
}
