//! libtlsrpt's datagrams: what the library and real Postfix sent, and what hostile senders might.
use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _, fs, path::Path};

use strictmx_proto::{
    json::{Fault, Kind},
    postfix::tlsrpt_datagram::{
        Code, Cut, Datagram, DatagramError, MAX_FAILURES, MAX_LEN, MAX_POLICIES, MAX_STRINGS, MAX_TEXT, Name, Outcome,
        Version, greeted_name,
    },
    tlsrpt::{PolicyType, ResultType},
};

/// Every captured datagram, by the name of its file.
fn captured() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/tlsrpt_datagram");
    let golden: Vec<&str> = GOLDEN.lines().filter_map(|line| line.split_once(": v=")).map(|(name, _)| name).collect();
    let mut files = BTreeMap::new();
    for name in golden {
        files.insert(name.to_owned(), fs::read(folder.join(name)).unwrap());
    }
    files
}

/// Made from the same files by another JSON reader, in another language.
const GOLDEN: &str = include_str!("golden/datagrams.txt");

fn in_short(name: &str, datagram: &Datagram<'_>) -> String {
    let version = match &datagram.version {
        Version::Absent => "-",
        Version::One => "1",
        Version::Other(other) => other,
    };
    let text = |text: &str| if text.is_empty() { "(empty)".to_owned() } else { text.to_owned() };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let mut out = format!("{name}: v={version} {}\n", text(datagram.domain.as_str()));
    for policy in &datagram.policies {
        let domain = or_none(policy.domain.as_ref().map(|domain| text(domain.as_str())));
        let outcome = match policy.outcome {
            Outcome::Success => 0,
            Outcome::Failure => 1,
            Outcome::Unknown(other) => other,
        };
        let (kind, strings, mx) = (policy.kind.number(), policy.strings.len(), policy.mx.len());
        writeln!(out, "    {kind} {domain} strings={strings} mx={mx} outcome={outcome}").unwrap();
        for failure in &policy.failures {
            let owned = |text: &Option<Cow<'_, str>>| or_none(text.clone().map(Cow::into_owned));
            let address = |address: Option<std::net::IpAddr>| or_none(address.map(|address| address.to_string()));
            writeln!(
                out,
                "        {} s={} n={} h={} r={} a={} f={}",
                failure.code.number(),
                address(failure.sending_ip),
                owned(&failure.mx),
                owned(&failure.helo),
                address(failure.receiving_ip),
                owned(&failure.information),
                owned(&failure.reason)
            )
            .unwrap();
        }
    }
    out
}

#[test]
fn every_captured_datagram_is_read_as_another_reader_reads_it() {
    let files = captured();
    assert!(files.len() >= 200, "{}", files.len());
    let mut all = String::new();
    for (name, octets) in &files {
        let datagram = Datagram::parse(octets).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(datagram.cut.is_nothing(), "{name}: {:?}", datagram.cut);
        all.push_str(&in_short(name, &datagram));
    }
    let sorted = |text: &str| {
        let mut blocks: Vec<String> = Vec::new();
        for line in text.lines() {
            match blocks.last_mut() {
                Some(block) if line.starts_with(' ') => *block += &format!("\n{line}"),
                _ => blocks.push(line.to_owned()),
            }
        }
        blocks.sort();
        blocks
    };
    for (found, wanted) in sorted(&all).iter().zip(&sorted(GOLDEN)) {
        assert_eq!(found, wanted);
    }
    assert_eq!(sorted(&all).len(), sorted(GOLDEN).len());
}

#[test]
fn texts_of_captured_datagrams_are_those_that_serde_json_finds() {
    for (name, octets) in captured() {
        let datagram = Datagram::parse(&octets).unwrap();
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(&octets) else {
            assert_eq!(name, "INVALID-utf8-bytes-in-helo");
            continue;
        };
        assert_eq!(value["pr"], *datagram.record, "{name}");
        for (policy, value) in datagram.policies.iter().zip(value["policies"].as_array().unwrap()) {
            for (key, strings) in [("policy-string", &policy.strings), ("mx-host", &policy.mx)] {
                let wanted: Vec<&str> = value[key]
                    .as_array()
                    .map(|all| all.iter().map(|one| one.as_str().unwrap()).collect())
                    .unwrap_or_default();
                assert_eq!(*strings, wanted, "{name}");
            }
        }
    }
}

#[test]
fn what_is_emitted_is_what_libtlsrpt_writes() {
    let (mut same, mut other) = (0, Vec::new());
    for (name, octets) in captured() {
        let datagram = Datagram::parse(&octets).unwrap();
        let emitted = datagram.emit();
        assert_eq!(Datagram::parse(emitted.as_bytes()).as_ref(), Ok(&datagram), "{name}");
        if emitted.as_bytes() == octets {
            same += 1;
        } else {
            other.push(name);
        }
    }
    // Only those that we make normal differ: names in capitals, EHLO replies, empty texts, octets that are no text.
    other.retain(|name| !name.starts_with("postfix-"));
    assert_eq!(
        other,
        [
            "INVALID-utf8-bytes-in-helo",
            "escapes-quotes-control-del",
            "failure-empty-strings",
            "failure-multiline-ehlo-as-postfix",
            "uppercase-trailing-dot-domain",
            "utf8-passthrough",
        ]
    );
    assert!(same >= 120, "{same}");
}

fn parse(text: &str) -> Result<Datagram<'_>, DatagramError> {
    Datagram::parse(text.as_bytes())
}

/// A datagram with this policy.
fn with(policy: &str) -> String {
    format!(r#"{{"d":"example.com","pr":"v=TLSRPTv1; rua=mailto:r@example.com","policies":[{policy}]}}"#)
}

#[test]
fn the_version_may_be_absent_or_one_and_others_are_kept() {
    let rest = r#""d":"example.com","pr":"","policies":[{"policy-type":9,"t":0,"f":0}]}"#;
    for (version, wanted) in [
        ("", Version::Absent),
        (r#""dpv":"1","#, Version::One),
        (r#""dpv":1,"#, Version::One),
        (r#""dpv":"2","#, Version::Other("2".into())),
        (r#""dpv":2.5,"#, Version::Other("2.5".into())),
    ] {
        assert_eq!(parse(&format!("{{{version}{rest}")).unwrap().version, wanted);
    }
    assert!(parse(&format!(r#"{{"dpv":null,{rest}"#)).is_err());
}

#[test]
fn codes_types_and_outcomes_that_we_do_not_know_are_kept() {
    let text = with(r#"{"policy-type":5,"failure-details":[{"c":999},{"c":-1}],"t":2,"f":7}"#);
    let datagram = parse(&text).unwrap();
    let policy = &datagram.policies[0];
    assert_eq!((policy.kind, policy.outcome), (Code::Unknown(5), Outcome::Unknown(7)));
    assert_eq!(
        policy.failures.iter().map(|failure| failure.code).collect::<Vec<_>>(),
        [Code::Unknown(999), Code::Unknown(-1)]
    );
    assert_eq!(policy.kind.known(), None);
}

#[test]
fn every_word_of_the_rfc_has_its_number_and_back() {
    for kind in PolicyType::ALL {
        assert_eq!(Code::<PolicyType>::from_number(Code::Known(kind).number()), Code::Known(kind));
        assert_eq!(PolicyType::parse(kind.as_str()), Some(kind));
    }
    for result in ResultType::ALL {
        assert_eq!(Code::<ResultType>::from_number(Code::Known(result).number()), Code::Known(result));
    }
    assert_eq!(Code::<ResultType>::from_number(304), Code::Known(ResultType::TlsaInvalid));
    assert_eq!(Code::<ResultType>::from_number(901), Code::Unknown(901));
    assert_eq!(PolicyType::parse("none"), None);
}

// TLSRPT-1.1-2, TLSRPT-4-2
#[test]
fn one_attempt_held_to_two_policies_has_an_outcome_under_each() {
    let text = with(
        r#"{"policy-type":2,"policy-domain":"Example.COM.","t":0,"f":1},{"policy-type":1,"policy-domain":"mx.example.com","t":0,"f":0}"#,
    );
    let datagram = parse(&text).unwrap();
    let seen: Vec<_> =
        datagram.policies.iter().map(|policy| (policy.domain.as_ref().unwrap().as_str(), policy.outcome)).collect();
    assert_eq!(seen, [("example.com", Outcome::Failure), ("mx.example.com", Outcome::Success)]);
}

#[test]
fn names_that_are_none_are_kept_as_text() {
    let text = r#"{"d":"[192.0.2.1]","pr":"","policies":[{"policy-type":9,"policy-domain":"a b","t":0,"f":0}]}"#;
    let datagram = parse(text).unwrap();
    assert_eq!(datagram.domain, Name::Other("[192.0.2.1]".into()));
    assert_eq!(datagram.domain.domain(), None);
    assert_eq!(datagram.policies[0].domain, Some(Name::Other("a b".into())));
}

#[test]
fn a_host_of_dots_alone_is_none_and_what_was_read_once_is_read_the_same_again() {
    let long = "a.".repeat(MAX_TEXT);
    for host in ["..", ".", "MX.example.com...", long.as_str()] {
        let text = format!(
            r#"{{"d":"a.example","pr":"","policies":[{{"policy-type":2,"failure-details":[{{"c":204,"n":"{host}","h":"{host}"}}],"t":1,"f":1}}]}}"#
        );
        let read = parse(&text).unwrap();
        let failure = &read.policies[0].failures[0];
        assert_eq!(failure.mx.is_none(), host.trim_matches('.').is_empty(), "{host}");
        assert_eq!(failure.helo, failure.mx);
        assert_eq!(parse(&read.emit()).unwrap().policies, read.policies);
    }
}

#[test]
fn a_host_whose_name_begins_like_a_reply_keeps_it_when_read_again() {
    for (reply, name) in
        [("250-250-0.example hi", "250-0.example"), ("250 250 hi", "250"), ("250-0.example", "0.example")]
    {
        let text = with(&format!(r#"{{"policy-type":9,"failure-details":[{{"c":204,"h":"{reply}"}}],"t":1,"f":1}}"#));
        let read = parse(&text).unwrap();
        assert_eq!(read.policies[0].failures[0].helo.as_deref(), Some(name), "{reply}");
        assert_eq!(parse(&read.emit()).unwrap().policies, read.policies, "{reply}");
    }
}

#[test]
fn the_name_of_an_ehlo_reply_is_taken_and_the_banner_dropped() {
    for (reply, name) in [
        ("250-mx.example.com Hello caf?\r\n250-PIPELINING\r\n250 8BITMIME", Some("mx.example.com")),
        ("250 MX.Example.COM.", Some("mx.example.com")),
        ("mx.example.com..", Some("mx.example.com")),
        ("250-..", None),
        ("\r\n250-mx.example.com", Some("mx.example.com")),
        ("250-", None),
        ("", None),
        (" \t\r\n", None),
        ("250", Some("250")),
        ("[192.0.2.1] hi", Some("[192.0.2.1]")),
        ("2500.example", Some("2500.example")),
        ("192-0-2-1.example", Some("192-0-2-1.example")),
        ("mün.example x", Some("mün.example")),
        ("\u{1}\u{2}mx", Some("mx")),
    ] {
        assert_eq!(greeted_name(reply.into()).as_deref(), name, "{reply:?}");
        assert_eq!(greeted_name(reply.to_owned().into()).as_deref(), name, "{reply:?}");
    }
}

#[test]
fn what_cannot_be_counted_is_refused_with_the_reason() {
    let policy = r#"{"policy-type":9,"t":0,"f":0}"#;
    for (text, wanted) in [
        (with(""), "`policies` is missing"),
        (r#"{"d":"a.example","pr":""}"#.into(), "`policies` is missing"),
        (format!(r#"{{"pr":"","policies":[{policy}]}}"#), "`d` is missing"),
        (format!(r#"{{"d":"a","d":"b","pr":"","policies":[{policy}]}}"#), "`d` stands twice in one object"),
        (with(r#"{"f":0}"#), "`policy-type` is missing"),
        (with(r#"{"policy-type":9}"#), "`f` is missing"),
        (with(r#"{"policy-type":9,"f":0.5}"#), "`f` is no whole number"),
        (with(r#"{"policy-type":9,"f":99999999999999999999}"#), "`f` is no whole number"),
        (with(r#"{"policy-type":9,"failure-details":[{"s":"192.0.2.1"}],"f":1}"#), "`c` is missing"),
    ] {
        assert_eq!(parse(&text).unwrap_err().to_string(), wanted, "{text}");
    }
}

#[test]
fn what_stopped_other_collectors_is_an_error_here() {
    let policy = r#"{"policy-type":9,"t":0,"f":0}"#;
    let deep = with(&format!(r#"{{"policy-type":9,"x":{}{},"f":0}}"#, "[".repeat(50), "]".repeat(50)));
    for (text, wanted) in [
        ("", "the text ends in the middle of a value"),
        ("17", "there is a number where an object is wanted"),
        ("null", "there is null where an object is wanted"),
        ("\"x\"", "there is a string where an object is wanted"),
        ("[]", "there is an array where an object is wanted"),
        ("{", "the text ends in the middle of a value"),
        ("status=success", "unexpected `s`"),
        (&format!(r#"{{"d":7,"policies":[{policy}]}}"#), "there is a number where a string is wanted"),
        (
            &format!(r#"{{"d":"a.example","pr":{{}},"policies":[{policy}]}}"#),
            "there is an object where a string is wanted",
        ),
        (&with("7"), "there is a number where an object is wanted"),
        (&with(r#"{"policy-type":9,"f":[0]}"#), "there is an array where a number is wanted"),
        (&with(r#"{"policy-type":9,"failure-details":{},"f":0}"#), "there is an object where an array is wanted"),
        (&deep, "the values nest more than 32 deep"),
        (&format!("{} x", with(policy)), "there is more text behind the value"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(matches!(error, DatagramError::Json(_)), "{error:?}");
        let told = error.to_string();
        assert!(told.starts_with("the datagram cannot be read: octet ") && told.ends_with(wanted), "{told}: {text}");
    }
    let kind = Fault::Kind { wanted: Kind::Object, found: Kind::Number };
    assert!(matches!(parse("17"), Err(DatagramError::Json(error)) if error.fault == kind && error.at == 0));
}

#[test]
fn a_lone_surrogate_and_octets_that_are_no_text_become_replacement_characters() {
    let text = with(r#"{"policy-type":9,"failure-details":[{"c":205,"f":"a\ud800b\udc00"}],"t":1,"f":1}"#);
    assert_eq!(parse(&text).unwrap().policies[0].failures[0].reason.as_deref(), Some("a\u{fffd}b\u{fffd}"));
    let mut octets = with(r#"{"policy-type":9,"failure-details":[{"c":205,"f":"caX"}],"t":1,"f":1}"#).into_bytes();
    let at = octets.iter().position(|octet| *octet == b'X').unwrap();
    octets[at] = 0xe9;
    assert_eq!(Datagram::parse(&octets).unwrap().policies[0].failures[0].reason.as_deref(), Some("ca\u{fffd}"));
}

#[test]
fn each_part_is_bounded_and_what_is_cut_is_told() {
    let failures = r#"{"c":205,"s":"here","r":"192.0.2.1.5"},"#.repeat(MAX_FAILURES + 3);
    let strings = r#""x","#.repeat(MAX_STRINGS + 5);
    let long = "ü".repeat(MAX_TEXT);
    let policy = format!(
        r#"{{"policy-type":2,"policy-domain":"{long}","policy-string":[{}],"failure-details":[{}],"f":1}},"#,
        strings.trim_end_matches(','),
        failures.trim_end_matches(',')
    );
    let text = with(policy.repeat(MAX_POLICIES + 2).trim_end_matches(','));
    let datagram = parse(&text).unwrap();
    let policies = u32::try_from(MAX_POLICIES).unwrap();
    let kept = u32::try_from(MAX_FAILURES).unwrap() * policies;
    assert_eq!(
        datagram.cut,
        Cut { policies: 2, failures: 3 * policies, strings: 5 * policies, texts: policies, addresses: 2 * kept }
    );
    assert_eq!(datagram.policies.len(), MAX_POLICIES);
    for policy in &datagram.policies {
        assert_eq!((policy.failures.len(), policy.strings.len()), (MAX_FAILURES, MAX_STRINGS));
        assert_eq!(policy.domain.as_ref().unwrap().as_str(), "ü".repeat(MAX_TEXT / 2));
    }
    assert_eq!(Datagram::parse(&vec![b' '; MAX_LEN + 1]), Err(DatagramError::TooLong));
}

#[test]
fn a_record_that_is_too_long_is_dropped_whole() {
    let record = format!("v=TLSRPTv1; rua=mailto:{}@example.com", "a".repeat(5000));
    let text = format!(r#"{{"d":"example.com","pr":"{record}","policies":[{{"policy-type":9,"t":0,"f":0}}]}}"#);
    let datagram = parse(&text).unwrap();
    assert_eq!((&*datagram.record, datagram.cut.texts), ("", 1));
}

#[test]
fn a_usual_datagram_is_read_without_copying_a_text() {
    let text = with(
        r#"{"policy-type":2,"policy-domain":"example.com","policy-string":["mode: enforce"],"mx-host":["mx.example.com"],"failure-details":[{"c":204,"n":"mx.example.com","h":"250-mx.example.com Hi\u0000"}],"t":1,"f":1}"#,
    );
    let datagram = parse(&text).unwrap();
    let policy = &datagram.policies[0];
    let failure = &policy.failures[0];
    for text in [&datagram.record, &policy.strings[0], &policy.mx[0], failure.mx.as_ref().unwrap()] {
        assert!(matches!(text, Cow::Borrowed(_)), "{text}");
    }
}
