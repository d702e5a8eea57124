//! The lines we say, octet for octet.
use strictmx_proto::postfix::policy_line::{CannotSay, Shape, check, secure_line};

use crate::{domain, policy};

const POLICY: &str = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.backup.example.com\nmax_age: 86400\n";

fn line(text: &str, shape: Shape) -> String {
    let line = secure_line(&domain("basic.test"), &policy(text), shape).unwrap();
    assert_eq!(check(&line, shape.dialect()), Ok(()));
    line
}

#[test]
fn a_policy_is_said_in_the_form_of_each_reader() {
    let plain = "secure match=mail.example.com:.backup.example.com";
    assert_eq!(line(POLICY, Shape::Postfix33), plain);
    assert_eq!(line(POLICY, Shape::Postfix34), format!("{plain} servername=hostname"));
    assert_eq!(line(POLICY, Shape::Sendmail), format!("{plain} servername=hostname"));
}

// D-38
#[test]
fn report_attributes_hold_every_pattern_and_every_line() {
    assert_eq!(
        line(POLICY, Shape::Postfix310),
        "secure match=mail.example.com:.backup.example.com servername=hostname policy_type=sts policy_domain=basic.test \
         mx_host_pattern=mail.example.com mx_host_pattern=*.backup.example.com { policy_string = version: STSv1 } \
         { policy_string = mode: enforce } { policy_string = mx: mail.example.com } { policy_string = mx: *.backup.example.com } \
         { policy_string = max_age: 86400 }"
    );
}

// D-37
#[test]
fn policy_failure_is_never_said() {
    let text = format!("{POLICY}policy_failure: sts-policy-invalid\n");
    let line = line(&text, Shape::Postfix310);
    assert!(line.ends_with("{ policy_string = policy_failure: sts-policy-invalid }"));
    assert!(!line.contains("policy_failure="));
}

// D-36, D-2
#[test]
fn what_cannot_be_said_safely_is_left_out_and_the_rest_is_said() {
    let hostile = [
        "note: a } match=evil.example { policy_string = b",
        "note: {",
        "note: a\u{1b}[31m",
        "note: a\u{202e}b",
        "note: a\u{2028}b",
        "junk line",
        "mx: evil.example servername=evil.example",
        "note: x,y = z; ü",
        "mx:\t\tMX2.example.",
    ];
    let line = line(&format!("{POLICY}{}\n", hostile.join("\n")), Shape::Postfix310);
    let said: Vec<&str> =
        line.split(" { policy_string = ").skip(1).map(|part| part.strip_suffix(" }").unwrap()).collect();
    assert_eq!(said[5..], ["mx: evil.example servername=evil.example", "note: x,y = z; ü", "mx:  MX2.example."]);
    assert!(line.starts_with(
        "secure match=mail.example.com:.backup.example.com:mx2.example servername=hostname policy_type=sts "
    ));
}

#[test]
fn names_are_said_as_a_labels() {
    let text = POLICY.replace("mail.example.com", "B\u{fc}cher.example");
    assert!(line(&text, Shape::Postfix34).starts_with("secure match=xn--bcher-kva.example:"));
}

// STS-5-2, STS-5-3, D-31
#[test]
fn only_an_enforced_policy_is_said() {
    for mode in ["testing", "none"] {
        let policy = policy(&POLICY.replace("enforce", mode));
        for shape in Shape::ALL {
            let said = secure_line(&domain("a.example"), &policy, shape);
            assert_eq!(said, Err(CannotSay::NotEnforced(policy.mode)));
        }
    }
}

#[test]
fn a_text_that_outgrows_a_reply_is_cut_to_the_lines_that_matter() {
    let text = format!("{POLICY}{}", "mode: enforce\n".repeat(4000));
    let line = line(&text, Shape::Postfix310);
    assert!(line.ends_with(
        "{ policy_string = version: STSv1 } { policy_string = mode: enforce } { policy_string = max_age: 86400 }"
    ));
    assert!(line.contains("mx_host_pattern=mail.example.com mx_host_pattern=*.backup.example.com "));
}

#[test]
fn patterns_that_outgrow_a_reply_cannot_be_said() {
    let name = |n: usize| format!("mx: {}.{}.{}.m{n}.example\n", "a".repeat(60), "b".repeat(60), "c".repeat(60));
    let many: String = (0..320).map(name).collect();
    let policy = policy(&format!("{POLICY}{many}"));
    let said = secure_line(&domain("a.example"), &policy, Shape::Postfix310);
    assert_eq!(said, Err(CannotSay::TooLong { patterns: 322 }));
    assert!(secure_line(&domain("a.example"), &policy, Shape::Postfix34).is_ok());
}
