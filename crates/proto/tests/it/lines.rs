//! Postfix's grammar of a TLS policy line: what it takes, what it refuses (D-36).
use strictmx_proto::postfix::policy_line::{Dialect, LineError, MAX_LINE, check};

const REPORT: &str =
    "policy_type=sts policy_domain=a.example mx_host_pattern=*.a.example { policy_string = mode: enforce }";

fn newest(line: &str) -> Result<(), LineError> {
    check(line, Dialect::Postfix310)
}

#[test]
fn lines_that_every_postfix_takes() {
    for line in [
        "none",
        "may",
        "encrypt",
        "dane",
        "dane-only",
        "verify",
        "secure",
        "fingerprint",
        "SECURE",
        "secure match=mail.example.com",
        "secure match=mail.example.com:.example.com:nexthop:dot-nexthop:hostname",
        "secure match=a.example match=b.example",
        "secure,match=a.example,ciphers=high",
        "  secure  ,, match=a.example , ",
        "verify MATCH=a.example",
        "encrypt protocols=!SSLv2:!SSLv3 ciphers=medium exclude=aNULL",
        "encrypt protocols=>=TLSv1.2",
        "secure tafile=/etc/ca.pem tafile=/etc/ca2.pem match=a.example",
        "fingerprint match=aa:bb:CC|00:11",
        "secure match=a_b.example",
    ] {
        for dialect in [Dialect::Postfix33, Dialect::Postfix34, Dialect::Postfix310] {
            assert_eq!(check(line, dialect), Ok(()), "{line} {dialect:?}");
        }
    }
}

#[test]
fn attributes_of_later_versions_are_refused_by_earlier_ones() {
    for (line, since) in [
        ("secure match=a.example servername=hostname", Dialect::Postfix34),
        ("may connection_reuse=yes", Dialect::Postfix34),
        (&format!("secure match=a.example {REPORT}"), Dialect::Postfix310),
        ("secure { match = a.example }", Dialect::Postfix310),
        ("dane enable_rpk=no", Dialect::Postfix310),
        ("may policy_type=no-policy-found", Dialect::Postfix310),
    ] {
        for dialect in [Dialect::Postfix33, Dialect::Postfix34, Dialect::Postfix310] {
            assert_eq!(check(line, dialect).is_ok(), dialect >= since, "{line} {dialect:?}");
        }
    }
}

#[test]
fn lines_that_no_postfix_takes_or_none_can_mean() {
    for line in [
        "",
        " , ",
        "strong",
        "match=a.example",
        "secure nmx=a.example",
        "secure match",
        "secure =a.example",
        "secure match=",
        "secure match=:",
        "secure match=a.example:",
        "secure match=a.example::b.example",
        "secure match=..a.example",
        "secure match=*.a.example",
        "secure match=a.example.",
        "secure match=-a.example",
        "secure match=192.0.2.1",
        "secure match=ä.example",
        "may match=a.example",
        "encrypt match=a.example",
        "dane-only match=a.example",
        "fingerprint match=a.example",
        "may tafile=/etc/ca.pem",
        "secure servername=a.example servername=b.example",
        "secure servername=",
        "secure servername=192.0.2.1",
        "secure ciphers=strong",
        "secure protocols=TLSv9",
        "secure connection_reuse=maybe",
        "none match=a.example",
        "secure policy_type=tlsa",
        "secure policy_domain=a.example",
        "secure policy_string=x",
        "secure mx_host_pattern=a.example",
        "secure policy_ttl=1",
        "secure policy_failure=sts-policy-invalid",
        "secure match=a.example servername=hostname trailing",
    ] {
        assert!(newest(line).is_err(), "{line}");
    }
}

#[test]
fn braces_must_balance_and_stand_round_a_whole_attribute() {
    assert_eq!(newest("secure {match=a.example}"), Ok(()));
    assert_eq!(newest("secure { match = a.example },{servername=hostname}"), Ok(()));
    for line in [
        "secure { match = a.example",
        "secure match=a.example }",
        "secure { { match = a.example } }",
        "secure {match=a.example}servername=hostname",
        "secure match={a.example}",
        "secure {}",
        "secure { }",
        "{ secure }",
        "{secure} match=a.example",
        "secure { match a.example }",
        "secure { match x = a.example }",
    ] {
        assert!(newest(line).is_err(), "{line}");
    }
}

// D-38
#[test]
fn report_attributes_stand_together_or_not_at_all() {
    let line = format!("secure match=.a.example servername=hostname {REPORT}");
    assert_eq!(newest(&line), Ok(()));
    for gone in ["policy_domain=a.example ", "mx_host_pattern=*.a.example ", "{ policy_string = mode: enforce }"] {
        assert_eq!(newest(&line.replace(gone, "")), Err(LineError::HalfReport), "{gone}");
    }
    assert_eq!(newest(&line.replace("policy_type=sts ", "")), Err(LineError::NoPolicyType));
    assert_eq!(newest(&line.replace("sts ", "sts policy_type=sts ")), Err(LineError::Twice("policy_type")));
    assert_eq!(newest(&format!("{line} policy_domain=b.example")), Err(LineError::Twice("policy_domain")));
    assert_eq!(newest(&format!("{line} policy_ttl=86400 policy_failure=validation-failure")), Ok(()));
    for bad in [
        "policy_ttl=x",
        "policy_ttl=99999999999",
        "policy_ttl=",
        "policy_failure=oops",
        "mx_host_pattern=*.*.x",
        "mx_host_pattern=",
        "policy_string=",
    ] {
        assert!(newest(&format!("{line} {bad}")).is_err(), "{bad}");
    }
    assert!(newest(&line.replace("policy_domain=a.example", "policy_domain=a.example.")).is_err());
}

#[test]
fn control_characters_and_over_long_lines_are_refused() {
    for line in ["secure\tmatch=a.example", "secure match=a.example\n", "secure\r", "may\0", "may\u{85}", "\u{7f}may"] {
        assert!(matches!(newest(line), Err(LineError::Control(_))), "{line:?}");
    }
    let long = format!("secure match={}", "a.".repeat(MAX_LINE));
    assert_eq!(newest(&long), Err(LineError::TooLong));
}

#[test]
fn errors_say_what_is_wrong_and_bound_what_they_quote() {
    assert_eq!(newest("secure nmx=a").unwrap_err().to_string(), "there is no attribute \"nmx\"");
    assert_eq!(
        check("secure servername=hostname", Dialect::Postfix33).unwrap_err().to_string(),
        "Postfix before 3.4 does not know the attribute servername"
    );
    assert_eq!(
        newest("may match=a.example").unwrap_err().to_string(),
        "the attribute match is not allowed at level may"
    );
    assert!(newest(&"x".repeat(50_000)).unwrap_err().to_string().len() < 1000);
}
