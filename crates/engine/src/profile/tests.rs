use alloc::{format, string::ToString, vec::Vec};

use strictmx_proto::sts::Mode;

use super::*;
use crate::{
    fact::Dnssec,
    fixture::{name, policy, route},
    lookup::{NoPolicy, Verdict},
    route::{DaneState, MxSource, RouteKnown},
    tls::{Settings, plan},
};

fn said(route: Option<&RouteKnown>, sts: &Verdict, profile: Profile) -> Answer {
    let plan = plan(route, sts, &Settings::default());
    answer(&plan, profile, &name("example.com"), sts.policy().map(AsRef::as_ref))
}

fn unsigned() -> RouteKnown {
    route(MxSource::Mx(Dnssec::Insecure), &[DaneState::None])
}

fn signed(state: DaneState) -> RouteKnown {
    route(MxSource::Mx(Dnssec::Secure), &[state])
}

fn line(text: &'static str) -> Answer {
    Answer::Line(Cow::Borrowed(text))
}

/// D-35
#[test]
fn map_names_choose_the_profile_in_any_case() {
    for (names, profile) in [
        (["postfix", "QUERY", "query"], Profile::Postfix),
        (["postfix-3.10", "QUERYwithTLSRPT", "QUERYWITHTLSRPT"], Profile::Postfix310),
        (["postfix-3.3", "Postfix-3.3", "POSTFIX-3.3"], Profile::Postfix33),
        (["sendmail", "sts", "STS"], Profile::Sendmail),
    ] {
        assert!(names.iter().all(|name| Profile::from_map_name(name) == Some(profile)));
        assert_eq!(Profile::from_map_name(profile.as_str()), Some(profile));
        assert_eq!(crate::fixture::json(&profile), format!("\"{}\"", profile.as_str()));
    }
    assert_eq!(Profile::from_map_name(""), None);
    assert_eq!(Profile::from_map_name("postfix-4"), None);
    assert_eq!(Profile::names().count(), 7);
}

#[test]
fn an_enforced_policy_is_told_to_each_in_its_own_way() {
    let sts = Verdict::Policy(policy(Mode::Enforce, &["mail.example.com", "*.Backup.example.com."], 86_400));
    let tell = |profile| said(Some(&unsigned()), &sts, profile);
    let plain = "secure match=mail.example.com:.backup.example.com servername=hostname";
    assert_eq!(tell(Profile::Postfix), line(plain));
    assert_eq!(tell(Profile::Sendmail), line(plain));
    assert_eq!(tell(Profile::Postfix33), line("secure match=mail.example.com:.backup.example.com"));
    // D-38: all attributes together, the policy's text as published.
    assert_eq!(
        tell(Profile::Postfix310),
        line(concat!(
            "secure match=mail.example.com:.backup.example.com servername=hostname policy_type=sts policy_domain=example.com ",
            "mx_host_pattern=mail.example.com mx_host_pattern=*.backup.example.com { policy_string = version: STSv1 } ",
            "{ policy_string = mode: enforce } { policy_string = max_age: 86400 } { policy_string = mx: mail.example.com } ",
            "{ policy_string = mx: *.Backup.example.com. }"
        ))
    );
}

/// D-31, STS-5-2, STS-5-3
#[test]
fn testing_and_none_are_not_found_for_everybody() {
    for mode in [Mode::Testing, Mode::None] {
        let sts = Verdict::Policy(policy(mode, &["mail.example.com"], 86_400));
        for profile in Profile::ALL {
            assert_eq!(said(Some(&unsigned()), &sts, profile), Answer::NotFound);
        }
    }
}

#[test]
fn dane_levels_go_to_postfix_and_not_to_sendmail() {
    let none = Verdict::None(NoPolicy::Pending);
    for (state, word) in [(DaneState::Usable, "dane-only"), (DaneState::Unusable, "dane"), (DaneState::Failed, "dane")]
    {
        for profile in [Profile::Postfix, Profile::Postfix310, Profile::Postfix33] {
            assert_eq!(said(Some(&signed(state)), &none, profile), line(word));
            assert_eq!(check(word, profile.dialect()), Ok(()));
        }
        assert_eq!(said(Some(&signed(state)), &none, Profile::Sendmail), Answer::NotFound);
    }
}

/// D-29
#[test]
fn a_temporary_error_says_why() {
    let sts = Verdict::Policy(policy(Mode::Enforce, &["mx0.example.com"], 86_400));
    for profile in Profile::ALL {
        assert_eq!(
            said(Some(&signed(DaneState::Failed)), &sts, profile),
            Answer::Temp("a DNS look-up failed for an MX host, so it is not known whether DANE applies to it".into())
        );
    }
}

/// D-36, D-37
#[test]
fn no_answer_speaks_of_policy_failure_and_what_cannot_be_said_is_deferred() {
    let long: Vec<_> = (0..700).map(|i| format!("mx{i}.{}.example.com", "x".repeat(60))).collect();
    let long: Vec<_> = long.iter().map(AsRef::as_ref).collect();
    let sts = Verdict::Policy(policy(Mode::Enforce, &long, 86_400));
    for profile in Profile::ALL {
        match said(Some(&unsigned()), &sts, profile) {
            Answer::Line(line) => {
                assert_eq!(check(&line, profile.dialect()), Ok(()));
                assert!(!line.contains("policy_failure"));
            }
            Answer::Temp(why) => assert!(why.starts_with("the MTA-STS policy cannot be told to the mail server: ")),
            Answer::NotFound => panic!("mail must not go as if there were no policy"),
        }
    }
}

#[test]
fn a_plan_to_enforce_without_the_policy_at_hand_is_deferred() {
    let sts = Verdict::Policy(policy(Mode::Enforce, &["mx0.example.com"], 86_400));
    let plan = plan(Some(&unsigned()), &sts, &Settings::default());
    assert!(matches!(answer(&plan, Profile::Postfix, &name("example.com"), None), Answer::Temp(_)));
}

#[test]
fn overrides_are_words_or_lines() {
    for (text, wants) in [
        ("off", Wanted::Nothing),
        ("observe", Wanted::Everything),
        ("refresh-only", Wanted::Policy),
        ("secure match=mail.example.com servername=hostname", Wanted::Nothing),
    ] {
        let read = Override::parse(text).unwrap();
        assert_eq!((read.as_str(), read.wants()), (text, wants));
        assert_eq!(Override::parse(&format!(" {text} ")).unwrap(), read);
    }
    for word in ["off", "observe", "refresh-only"] {
        for profile in Profile::ALL {
            assert_eq!(Override::parse(word).unwrap().apply(profile), Answer::NotFound);
        }
    }
}

#[test]
fn an_override_that_is_neither_is_refused_with_the_reason() {
    let error = Override::parse("secur match=x").unwrap_err().to_string();
    assert!(error.starts_with("\"secur match=x\" is neither off, observe or refresh-only, nor a line"), "{error}");
    for text in ["", "Off", "secure match=", "secure\nmatch=x", "may match=mail.example.com"] {
        assert!(Override::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn an_override_line_is_told_to_those_who_can_read_it() {
    let apply = |text: &str, profile| Override::parse(text).unwrap().apply(profile);
    let secure = "secure match=mail.example.com servername=hostname";
    assert_eq!(apply(secure, Profile::Postfix), line(secure));
    assert_eq!(apply(secure, Profile::Sendmail), line(secure));
    assert!(matches!(apply(secure, Profile::Postfix33), Answer::Temp(why) if why.contains("servername")));
    assert_eq!(apply("secure match=mail.example.com", Profile::Sendmail), line("secure match=mail.example.com"));
    assert_eq!(apply("encrypt", Profile::Postfix33), line("encrypt"));
    assert_eq!(apply("encrypt", Profile::Sendmail), Answer::NotFound);
    for text in ["secure match=a.example ciphers=high", "secure servername=hostname", "secure"] {
        assert!(matches!(apply(text, Profile::Sendmail), Answer::Temp(_)), "{text}");
    }
}
