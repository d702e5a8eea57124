//! Reports: what we emit, what we read, and what we hold ours to.
use std::{fs, path::Path};

use strictmx_proto::{
    date::DAY,
    gzip::{Limits, inflate, is_gzip},
    json::Kind,
    tlsrpt::{
        PolicyType, Report, ReportId, ResultType, Scope,
        report::{
            Entry, Failure, Fault, MAX_COUNT, MAX_FAILURES, MAX_NOTES, MAX_POLICIES, MAX_STRINGS, MAX_TEXT, Oddity,
            Period, Policy, Read, ReadError, Term,
        },
    },
};

use crate::domain;

/// 2026-11-21.
pub(crate) const START: u64 = 1_795_219_200;

/// A report of ours, with an entry of each kind.
pub(crate) fn ours() -> Report {
    let (target, submitter) = (domain("example.com"), domain("sender.example"));
    let sts = Entry {
        policy: Policy {
            kind: Term::Known(PolicyType::Sts),
            strings: ["version: STSv1", "mode: enforce", "mx: *.mx.example.com", "max_age: 604800"]
                .map(String::from)
                .to_vec(),
            domain: Some(target.clone()),
            mx: vec!["*.mx.example.com".into()],
        },
        successful: 5326,
        failed: 303,
        failures: vec![
            Failure {
                sending_ip: Some("2001:db8:abcd:12::1".parse().unwrap()),
                mx: Some("mx1.mx.example.com".into()),
                helo: Some("mx1.mx.example.com".into()),
                receiving_ip: Some("198.51.100.25".parse().unwrap()),
                information: Some("https://sender.example/tlsrpt/42".into()),
                reason: Some("X509_V_ERR_CERT_HAS_EXPIRED".into()),
                ..Failure::new(ResultType::CertificateExpired, 303)
            },
            Failure::new(ResultType::StsPolicyFetchError, 1),
        ],
    };
    let tlsa = Entry {
        policy: Policy {
            kind: Term::Known(PolicyType::Tlsa),
            strings: vec![format!("3 1 1 {}", "0F".repeat(32))],
            domain: Some(domain("mx1.mx.example.com")),
            mx: vec![],
        },
        successful: 7,
        failed: 0,
        failures: vec![],
    };
    let none = Entry {
        policy: Policy {
            kind: Term::Known(PolicyType::NoPolicyFound),
            strings: vec![],
            domain: Some(target.clone()),
            mx: vec![],
        },
        successful: 1,
        failed: 0,
        failures: vec![],
    };
    Report {
        organization: "Example \"Ltd\"".into(),
        period: Period::day(START),
        contact: Some("postmaster@sender.example".into()),
        id: ReportId::new(START, &target, Scope::Recipient, &submitter).to_string(),
        entries: vec![sts, tlsa, none],
    }
}

// TLSRPT-4-3, TLSRPT-4.1-1, TLSRPT-A1, TLSRPT-A2, TLSRPT-A3, TLSRPT-A4, TLSRPT-A11, TLSRPT-A20, TLSRPT-E1
#[test]
fn our_report_is_written_in_the_order_of_the_rfc() {
    let tlsa = "0F".repeat(32);
    let wanted = format!(
        concat!(
            r#"{{"organization-name":"Example \"Ltd\"","date-range":{{"start-datetime":"2026-11-21T00:00:00Z","end-datetime":"2026-11-21T23:59:59Z"}},"#,
            r#""contact-info":"postmaster@sender.example","report-id":"20261121.example.com@sender.example","policies":["#,
            r#"{{"policy":{{"policy-type":"sts","policy-string":["version: STSv1","mode: enforce","mx: *.mx.example.com","max_age: 604800"],"#,
            r#""policy-domain":"example.com","mx-host":["*.mx.example.com"]}},"#,
            r#""summary":{{"total-successful-session-count":5326,"total-failure-session-count":303}},"#,
            r#""failure-details":[{{"result-type":"certificate-expired","sending-mta-ip":"2001:db8:abcd:12::1","#,
            r#""receiving-mx-hostname":"mx1.mx.example.com","receiving-mx-helo":"mx1.mx.example.com","receiving-ip":"198.51.100.25","#,
            r#""failed-session-count":303,"additional-information":"https://sender.example/tlsrpt/42","#,
            r#""failure-reason-code":"X509_V_ERR_CERT_HAS_EXPIRED"}},{{"result-type":"sts-policy-fetch-error","failed-session-count":1}}]}},"#,
            r#"{{"policy":{{"policy-type":"tlsa","policy-string":["3 1 1 {}"],"policy-domain":"mx1.mx.example.com","mx-host":[]}},"#,
            r#""summary":{{"total-successful-session-count":7,"total-failure-session-count":0}}}},"#,
            r#"{{"policy":{{"policy-type":"no-policy-found","policy-string":[],"policy-domain":"example.com","mx-host":[]}},"#,
            r#""summary":{{"total-successful-session-count":1,"total-failure-session-count":0}}}}]}}"#
        ),
        tlsa
    );
    assert_eq!(ours().emit(), wanted);
}

#[test]
fn our_report_is_read_back_without_a_note_and_has_no_violation() {
    let read = Report::read(ours().emit().as_bytes()).unwrap();
    assert_eq!(read, Read { report: ours(), notes: vec![], more_notes: 0 });
    assert_eq!(ours().check(), []);
}

#[test]
fn our_report_is_what_another_json_reader_takes_it_for() {
    let value: serde_json::Value = serde_json::from_str(&ours().emit()).unwrap();
    assert_eq!(value["organization-name"], "Example \"Ltd\"");
    assert_eq!(value["policies"][0]["summary"]["total-failure-session-count"], 303);
    assert_eq!(value["policies"].as_array().unwrap().len(), 3);
}

//----------- reading ------------------------------------------------------

/// Reads a report of this text; gives the notes as sentences.
fn read(text: &str) -> (Report, Vec<String>) {
    let read = Report::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    (read.report, read.notes.iter().map(ToString::to_string).collect())
}

/// A whole report with one part replaced.
fn altered(from: &str, to: &str) -> String {
    let text = ours().emit();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// The notes on a report with one part replaced; what is read must be the same report all the same.
fn noted(from: &str, to: &str) -> Vec<String> {
    let (report, notes) = read(&altered(from, to));
    assert_eq!(report, ours(), "{to}");
    notes
}

// D-55, TLSRPT-E1, TLSRPT-A1
#[test]
fn strings_where_arrays_belong_are_read() {
    let mx = r#""mx-host":["*.mx.example.com"]"#;
    let at = "policies[0].policy.mx-host";
    assert_eq!(noted(mx, r#""mx-host":"*.mx.example.com""#), [format!("{at} is a string where an array belongs")]);
    assert_eq!(noted(mx, r#""mx-host-pattern":["*.mx.example.com"]"#), [format!("{at} is called \"mx-host-pattern\"")]);
    assert_eq!(noted(mx, r#""mx-host":["mx: *.mx.example.com"]"#), [format!("{at} has `mx:` in front of a pattern")]);
    assert_eq!(noted(mx, r#""mx-host":["mx: mx:*.mx.example.com","mx:"]"#).len(), 2);
    let lines = r#"["version: STSv1","mode: enforce","mx: *.mx.example.com","max_age: 604800"]"#;
    let at = "policies[0].policy.policy-string";
    for one in [
        r#""version: STSv1; mode: enforce; mx: *.mx.example.com; max_age: 604800;""#,
        r#""version: STSv1\nmode: enforce\r\nmx: *.mx.example.com\nmax_age: 604800\n""#,
    ] {
        assert_eq!(noted(lines, one), [format!("{at} is a string where an array belongs")]);
    }
    let records = format!(r#"["3 1 1 {}"]"#, "0F".repeat(32));
    let nested = format!(r#"["[\"3 1 1 {}\"]"]"#, "0F".repeat(32));
    assert_eq!(noted(&records, &nested), ["policies[1].policy.policy-string is an array, written into a string"]);
}

// D-55
#[test]
fn numbers_as_strings_and_with_fractions_are_read() {
    let at = "policies[0].summary.total-failure-session-count is";
    let count = r#""total-failure-session-count":303"#;
    assert_eq!(
        noted(count, r#""total-failure-session-count":" 303 ""#),
        [format!("{at} a string where a number belongs")]
    );
    assert!(noted(count, r#""total-failure-session-count":303.0"#).is_empty());
    assert!(noted(count, r#""total-failure-session-count":3.03e2"#).is_empty());
    for (bad, shown) in [("-1", "-1"), ("1.5", "1.5"), ("\"many\"", "many"), ("1e999", "1e999")] {
        let (report, notes) = read(&altered(count, &format!("\"total-failure-session-count\":{bad}")));
        assert_eq!(report.entries[0].failed, 304);
        assert!(notes.contains(&format!("{at} {shown}, which is no count")), "{notes:?}");
        assert!(notes.contains(&format!("{at} missing; the sum of the failures was taken")), "{notes:?}");
    }
    let (report, notes) = read(&altered(count, r#""total-failure-session-count":18446744073709551615"#));
    assert_eq!(report.entries[0].failed, MAX_COUNT);
    assert_eq!(notes, [format!("{at} larger than a number of I-JSON may be")]);
}

// D-55
#[test]
fn dates_without_zone_are_utc() {
    let end = r#""end-datetime":"2026-11-21T23:59:59Z""#;
    let at = "date-range.end-datetime";
    assert_eq!(
        noted(end, r#""end-datetime":"2026-11-21T23:59:59""#),
        [format!("{at} has no time zone; UTC was assumed")]
    );
    assert!(noted(end, r#""end-datetime":"2026-11-22T00:59:59+01:00""#).is_empty());
    assert_eq!(noted(end, r#""other":0"#), [format!("{at} is missing; a day was taken")]);
    let both = noted(end, r#""end-datetime":"soon""#);
    assert_eq!(
        both,
        [format!("{at} is \"soon\", which is no date and time"), format!("{at} is missing; a day was taken")]
    );
    let start = r#""start-datetime":"2026-11-21T00:00:00Z","#;
    assert_eq!(noted(start, ""), ["date-range.start-datetime is missing; a day was taken"]);
    // TLSRPT-A11
    let (report, notes) = read(&altered(end, r#""end-datetime":"2026-11-22T00:00:00Z""#));
    assert_eq!((report.period, notes), (Period { start: START, end: START + DAY }, vec![]));
}

// D-55
#[test]
fn absent_null_and_empty_members_are_read() {
    let contact = r#""contact-info":"postmaster@sender.example""#;
    for (to, note) in [
        (r#""contact-info":null"#, "contact-info is null"),
        (r#""contact-info":"""#, "contact-info is an empty string"),
        (r#""contact":"x""#, "contact-info is missing"),
        (r#""contact-info":[]"#, "contact-info is an array, which was ignored"),
    ] {
        let (report, notes) = read(&altered(contact, to));
        assert_eq!(report, Report { contact: None, ..ours() });
        assert_eq!(notes, [note]);
    }
    let ip = r#""receiving-ip":"198.51.100.25""#;
    let at = "policies[0].failure-details[0].receiving-ip";
    for (to, note) in [
        (r#""receiving-ip":"""#, format!("{at} is an empty string")),
        (r#""receiving-ip":"mx1""#, format!("{at} is \"mx1\", which is no IP address")),
        (r#""receiving-ip":"198.051.100.025""#, format!("{at} is \"198.051.100.025\", which is no IP address")),
        (r#""receiving-ip":25"#, format!("{at} is a number where a string belongs")),
    ] {
        let (report, notes) = read(&altered(ip, to));
        assert_eq!(report.entries[0].failures[0].receiving_ip, None);
        assert_eq!(notes[0], note);
    }
    let (report, notes) = read(&altered(r#","policy-domain":"example.com","mx-host":[]"#, ""));
    assert_eq!(
        (&report.entries[2].policy.domain, notes),
        (&None, vec!["policies[2].policy.policy-domain is missing".to_owned()])
    );
    let (report, notes) = read(&altered(r#""failed-session-count":1}"#, r#""failure-reason-code":"x"}"#));
    assert_eq!(report.entries[0].failures[1].sessions, 1);
    assert_eq!(notes, ["policies[0].failure-details[1].failed-session-count is missing; one was taken"]);
}

// TLSRPT-E4
#[test]
fn names_and_addresses_are_made_normal() {
    let at = "policies[0].failure-details[0]";
    let long = r#""sending-mta-ip":"2001:db8:abcd:0012::1""#;
    let wanted = format!("{at}.sending-mta-ip is \"2001:db8:abcd:0012::1\", which is not its normal form");
    assert_eq!(noted(r#""sending-mta-ip":"2001:db8:abcd:12::1""#, long), [wanted]);
    assert_eq!(noted(r#""receiving-ip":"198.51.100.25""#, r#""receiving-ip":"[198.51.100.25]""#).len(), 1);
    let mx = r#""receiving-mx-hostname":"mx1.mx.example.com""#;
    let wanted = format!("{at}.receiving-mx-hostname is \"MX1.mx.example.com.\", which is not its normal form");
    assert_eq!(noted(mx, r#""receiving-mx-hostname":"MX1.mx.example.com.""#), [wanted]);
    let (report, notes) = read(&altered(mx, r#""receiving-mx-hostname":"a b""#));
    assert_eq!(report.entries[0].failures[0].mx.as_deref(), Some("a b"));
    assert_eq!(notes, [format!("{at}.receiving-mx-hostname is \"a b\", which is no domain name")]);
    let (report, _) = read(&altered(r#""policy-domain":"example.com""#, r#""policy-domain":"bücher.example""#));
    assert_eq!(report.entries[0].policy.domain, Some(domain("xn--bcher-kva.example")));
}

#[test]
fn words_that_the_rfc_does_not_know_are_kept_and_capitals_are_read() {
    let (report, notes) = read(&altered(r#""policy-type":"sts""#, r#""policy-type":"future""#));
    assert_eq!(report.entries[0].policy.kind, Term::Other("future".into()));
    assert_eq!(notes, ["policies[0].policy.policy-type is \"future\", a word that RFC 8460 does not know"]);
    assert_eq!(read(&report.emit()).0, report);
    let at = "policies[0].failure-details[0].result-type";
    let wanted = format!("{at} is \"Certificate_Expired\", in other letters than RFC 8460 writes it");
    assert_eq!(noted("certificate-expired", "Certificate_Expired"), [wanted]);
}

#[test]
fn what_surrounds_the_report_and_unknown_members_do_not_matter() {
    let text = ours().emit();
    assert_eq!(read(&format!("\u{feff}{text}")), (ours(), vec!["the report begins with a byte order mark".to_owned()]));
    assert_eq!(read(&format!(" \r\n{text}\n")), (ours(), vec![]));
    assert_eq!(
        read(&format!("{text}\0\0")),
        (ours(), vec!["the report is followed by more text, which was ignored".to_owned()])
    );
    assert_eq!(read(&altered(r#""policies""#, r#""x":{"policies":[1]},"policies""#)), (ours(), vec![]));
    let mut octets = text.replacen("\\\"Ltd\\\"", "Ltd \n\\ud800 _", 1).into_bytes();
    let at = octets.iter().position(|octet| *octet == b'_').unwrap();
    octets[at] = 0xff;
    let read = Report::read(&octets).unwrap();
    assert_eq!(read.report.organization, "Example Ltd \n\u{fffd} \u{fffd}");
    let oddities: Vec<_> = read.notes.into_iter().map(|note| note.oddity).collect();
    assert_eq!(oddities, [Oddity::NotUtf8, Oddity::LoneSurrogate, Oddity::RawControl]);
}

#[test]
fn single_objects_where_arrays_belong_are_read() {
    let failures = r#""failure-details":[{"result-type":"sts-policy-fetch-error","failed-session-count":1}]"#;
    let report = |details: &str| {
        format!(
            r#"{{"organization-name":"x","date-range":{{"start-datetime":"2026-11-21T00:00:00Z","end-datetime":"2026-11-21T23:59:59Z"}},"contact-info":"a@b.example","report-id":"x","policies":{{"policy":{{"policy-type":"sts","policy-domain":"example.com"}},"summary":{{"total-successful-session-count":0,"total-failure-session-count":1}},{details}}}}}"#
        )
    };
    let (one, notes) = read(&report(failures));
    assert_eq!(notes, ["policies is an object where an array belongs"]);
    assert_eq!(one.entries[0].failures, [Failure::new(ResultType::StsPolicyFetchError, 1)]);
    let (two, notes) = read(&report(&failures.replace(['[', ']'], "")));
    assert_eq!(one, two);
    assert_eq!(notes[1], "policies[0].failure-details is an object where an array belongs");
    let (three, _) = read(&report(r#""failure-details":null"#));
    assert_eq!(three.entries[0].failures, []);
}

#[test]
fn an_entry_without_any_count_is_left_out_and_one_with_half_is_not() {
    let summary = r#""summary":{"total-successful-session-count":7,"total-failure-session-count":0}"#;
    let (report, notes) = read(&altered(summary, r#""summary":{}"#));
    assert_eq!(report.entries.len(), 2);
    assert_eq!(notes, ["policies[1] counts no session and was left out"]);
    assert_eq!(
        noted(summary, r#""summary":{"total-successful-session-count":7}"#),
        ["policies[1].summary.total-failure-session-count is missing; zero was taken"]
    );
    let (report, notes) =
        read(&altered(r#""summary":{"total-successful-session-count":5326,"total-failure-session-count":303},"#, ""));
    assert_eq!((report.entries[0].successful, report.entries[0].failed, notes.len()), (0, 304, 2));
}

// D-56
#[test]
fn what_is_of_no_use_is_refused_with_the_reason() {
    let at = |text: &str| Report::read(text.as_bytes()).unwrap_err();
    assert!(matches!(at(""), ReadError::Json(_)));
    assert!(matches!(at("<html>"), ReadError::Json(_)));
    assert_eq!(
        at("[]").to_string(),
        "the report is no JSON object: octet 0: there is an array where an object is wanted"
    );
    assert!(matches!(at(&ours().emit()[..200]), ReadError::Json(_)));
    assert_eq!(at("{}"), ReadError::NoPeriod);
    let range = r#""date-range":{"start-datetime":"2026-11-21T00:00:00Z"}"#;
    assert_eq!(at(&format!("{{{range}}}")), ReadError::NoPolicies);
    assert_eq!(at(&format!("{{{range},\"policies\":[]}}")), ReadError::NoPolicies);
    assert_eq!(at(&format!("{{{range},\"policies\":null}}")), ReadError::NoPolicies);
    assert_eq!(at(&format!("{{{range},\"policies\":[{{}},7]}}")), ReadError::NoCounts);
    assert_eq!(at(r#"{"date-range":7,"policies":[]}"#), ReadError::NoPolicies);
    // TLSRPT-4-1
    assert_eq!(at(&altered(r#""report-id":"#, r#""report-id":"x","report-id":"#)), ReadError::Twice("report-id"));
    assert_eq!(
        at(&"[".repeat(100_000)).to_string(),
        "the report is no JSON object: octet 0: there is an array where an object is wanted"
    );
}

// TLSRPT-7-2
#[test]
fn a_hostile_report_is_read_within_bounds() {
    let entry = r#"{"summary":{"total-successful-session-count":1}},"#.repeat(MAX_POLICIES + 5);
    let text =
        format!(r#"{{"date-range":{{"start-datetime":"2026-11-21"}},"policies":[{}]}}"#, entry.trim_end_matches(','));
    let read = Report::read(text.as_bytes()).unwrap();
    assert_eq!(read.report.entries.len(), MAX_POLICIES);
    assert_eq!(read.notes.len(), MAX_NOTES);
    assert!(read.more_notes > MAX_POLICIES);

    let failures = "{},".repeat(MAX_FAILURES + 5);
    let strings = "\"x\",".repeat(MAX_STRINGS + 5);
    let text = format!(
        r#"{{"date-range":{{"start-datetime":"2026-11-21"}},"policies":[{{"policy":{{"policy-string":[{}],"policy-type":"{}"}},"failure-details":[{}]}}]}}"#,
        strings.trim_end_matches(','),
        "y".repeat(MAX_TEXT + 1),
        failures.trim_end_matches(',')
    );
    let read = Report::read(text.as_bytes()).unwrap();
    let entry = &read.report.entries[0];
    assert_eq!((entry.failures.len(), entry.policy.strings.len()), (MAX_FAILURES, MAX_STRINGS));
    assert_eq!(entry.policy.kind, Term::Other("y".repeat(MAX_TEXT)));
    assert_eq!(read.notes.iter().filter(|note| note.oddity == Oddity::TooMany).count(), 1);
    assert!(read.notes.iter().all(|note| note.to_string().len() < 1500));
    assert!(
        matches!(read.notes.iter().find(|note| note.oddity == Oddity::Cut), Some(note) if note.place.entry == Some(0))
    );
    assert_eq!(Report::read(&vec![b' '; 32 * 1024 * 1024 + 1]), Err(ReadError::TooLong));
}

//----------- checking -----------------------------------------------------

/// The violations of a report of ours, altered.
fn violations(alter: impl Fn(&mut Report)) -> Vec<String> {
    let mut report = ours();
    alter(&mut report);
    report.check().iter().map(ToString::to_string).collect()
}

#[test]
fn a_report_that_breaks_the_schema_does_not_pass() {
    let one = |alter: fn(&mut Report), wanted: &str| assert_eq!(violations(alter), [wanted]);
    one(|report| report.organization.clear(), "organization-name is missing");
    one(|report| report.contact = None, "contact-info is missing");
    one(|report| report.contact = Some("us".into()), "contact-info is \"us\", which is no mail address");
    one(|report| report.entries.clear(), "policies is missing");
    one(|report| report.entries[2].policy.domain = None, "policies[2].policy.policy-domain is missing");
    one(
        |report| report.entries[0].successful = MAX_COUNT + 1,
        "policies[0].summary.total-successful-session-count is larger than a number of I-JSON may be",
    );
    one(|report| report.entries[2].successful = 0, "policies[2].summary counts no session");
    one(
        |report| report.entries[0].failures[1].sessions = 0,
        "policies[0].failure-details[1].failed-session-count counts no session",
    );
    one(
        |report| report.entries[0].failures[0].sessions = u64::MAX,
        "policies[0].failure-details[0].failed-session-count is larger than a number of I-JSON may be",
    );
    one(
        |report| report.entries[0].failures[1].helo = Some(String::new()),
        "policies[0].failure-details[1].receiving-mx-helo is empty",
    );
    one(
        |report| report.entries[0].failures[0].information = Some("see there".into()),
        "policies[0].failure-details[0].additional-information is \"see there\", which is no URI",
    );
    one(
        |report| report.entries[0].failures[0].mx = Some("a b".into()),
        "policies[0].failure-details[0].receiving-mx-hostname is \"a b\", which is no name in A-labels",
    );
    one(
        |report| report.entries[0].failures[0].result = Term::Other("x".into()),
        "policies[0].failure-details[0].result-type is \"x\", which RFC 8460 does not know",
    );
    one(
        |report| report.entries[0].policy.kind = Term::Other("x".into()),
        "policies[0].policy.policy-type is \"x\", which RFC 8460 does not know",
    );
    one(
        |report| report.entries[0].policy.mx[0] = "bücher".into(),
        "policies[0].policy.mx-host is \"bücher\", which is no name in A-labels",
    );
    one(
        |report| report.entries[0].policy.strings[1] = "a\nb".into(),
        "policies[0].policy.policy-string has \"a\u{fffd}b\" in it, which is more than one line",
    );
    one(|report| report.entries[0].policy.strings[1] = String::new(), "policies[0].policy.policy-string is empty");
    one(
        |report| report.entries[1].policy.strings[0] = "3 1".into(),
        "policies[1].policy.policy-string has \"3 1\" in it, which is no TLSA record",
    );
    one(
        |report| report.entries[1].policy.mx = vec!["mx".into()],
        "policies[1].policy.mx-host has something in it although the policy is of type tlsa",
    );
    one(
        |report| report.entries[2].policy.strings = vec!["x".into()],
        "policies[2].policy.policy-string has something in it although the policy is of type no-policy-found",
    );
}

// TLSRPT-5.3-3, TLSRPT-5.3-5, TLSRPT-A10, TLSRPT-A19
#[test]
fn the_id_has_the_form_of_the_subject_and_the_contacts_domain() {
    let id = |id: &str| violations(|report| report.id = id.into());
    assert!(id("2026-11-21.x@sender.example").is_empty());
    for bad in [
        "",
        "x",
        "2026-11-20T00:00:00Z_idx1_a@sender.example",
        "a b@sender.example",
        "a@",
        "@sender.example",
        "a@b@sender.example",
        "a@SENDER.example",
        ".a@sender.example",
    ] {
        assert_eq!(id(bad), [format!("report-id is {bad:?}, which is not of the form left@domain")]);
    }
    assert_eq!(id("x@other.example"), ["report-id is \"x@other.example\", whose domain is not that of contact-info"]);
}

// TLSRPT-4.1-1
#[test]
fn the_period_is_one_utc_day() {
    for period in [
        Period { start: START, end: START + DAY },
        Period { start: START + 1, end: START + DAY },
        Period { start: START, end: START },
    ] {
        assert_eq!(
            violations(|report| report.period = period),
            ["date-range is not one day, from 00:00:00 to 23:59:59 UTC"]
        );
    }
}

// TLSRPT-4-4
#[test]
fn no_policy_and_no_set_of_failures_stands_there_twice() {
    assert_eq!(
        violations(|report| report.entries.push(report.entries[2].clone())),
        ["policies[3].policy stands in the report twice"]
    );
    let twice = violations(|report| {
        let again = Failure { sessions: 9, ..report.entries[0].failures[0].clone() };
        report.entries[0].failures.push(again);
    });
    assert_eq!(twice, ["policies[0].failure-details[2] stands in the report twice"]);
    // A changed policy is another one.
    let changed = violations(|report| {
        let mut entry = report.entries[0].clone();
        entry.policy.strings[3] = "max_age: 86400".into();
        report.entries.push(entry);
    });
    assert!(changed.is_empty());
}

#[test]
fn faults_can_be_told_apart_by_programs() {
    let mut report = ours();
    report.contact = None;
    let violation = &report.check()[0];
    assert_eq!((violation.place.member, &violation.fault), ("contact-info", &Fault::Missing));
    let (_, notes) = (0, Report::read(altered(r#""mx-host":[]"#, r#""mx-host":"""#).as_bytes()).unwrap().notes);
    assert_eq!(notes[0].oddity, Oddity::NoArray(Kind::String));
}

//----------- ids ----------------------------------------------------------

// TLSRPT-5.3-6
#[test]
fn ids_are_made_of_day_domain_and_scope_and_nothing_else() {
    let (target, submitter) = (domain("example.com"), domain("sender.example"));
    let id = ReportId::new(START + 5000, &target, Scope::Recipient, &submitter);
    assert_eq!(id.as_str(), "20261121.example.com@sender.example");
    assert_eq!((id.left(), id.right()), ("20261121.example.com", "sender.example"));
    assert_eq!(ReportId::parse(id.as_str()), Some(id.clone()));
    let mx = ReportId::new(START, &target, Scope::MxHost, &submitter);
    assert_eq!(mx.as_str(), "20261121-mx.example.com@sender.example");
    assert_ne!(mx, ReportId::new(START, &domain("mx.example.com"), Scope::Recipient, &submitter));
    let long = domain(&format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61)));
    assert!(ReportId::parse(ReportId::new(START, &long, Scope::MxHost, &long).as_str()).is_some());
}

//----------- real ones ----------------------------------------------------

/// Reports of real senders, of which the repository holds none: read where a folder of them lies beside the repository.
#[test]
fn real_reports_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/reports");
    let Ok(folders) = fs::read_dir(&folder) else {
        println!("skipped: there is no folder {}", folder.display());
        return;
    };
    let mut files = Vec::new();
    for folder in folders {
        files.extend(fs::read_dir(folder.unwrap().path()).unwrap().map(|file| file.unwrap().path()));
    }
    files.retain(|file| file.extension().is_some_and(|kind| kind == "json" || kind == "gz"));
    assert!(files.len() >= 15, "{}", files.len());
    for file in &files {
        let report = real(file);
        assert!(!report.report.entries.is_empty());
        for note in &report.notes {
            println!("{}: {note}", file.display());
        }
        let again = Report::read(report.report.emit().as_bytes()).unwrap();
        assert_eq!(again.report, report.report, "{}", file.display());
    }
}

fn real(file: &Path) -> Read {
    let octets = fs::read(file).unwrap();
    let octets = if is_gzip(&octets) { inflate(&octets, Limits::REPORT).unwrap() } else { octets };
    Report::read(&octets).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
