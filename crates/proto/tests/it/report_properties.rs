//! Properties of datagrams, reports and their mail, each over thousands of made-up inputs.
use std::net::IpAddr;

use proptest::{collection::vec, option, prelude::*, sample::select};
use strictmx_proto::{
    date::{DAY, parse_rfc3339, rfc3339},
    gzip::{Compressor, Limits, inflate},
    json::{JsonError, Kind, Reader, push_string},
    mail::{
        Address, Field,
        dkim::{Algorithm, KeyRecord, Services},
        header::Received,
    },
    name::Domain,
    postfix::{
        tlsrpt_datagram::{self as datagram, Code, Cut, Datagram, Name, Version},
        tlsrpt_log::Line,
    },
    tlsrpt::{
        PolicyType, Report, ReportId, ResultType, Scope,
        mail::Letter,
        report::{Entry, Failure, MAX_COUNT, Period, Policy, Term},
    },
};

fn name() -> impl Strategy<Value = Domain> {
    "([a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?\\.){0,3}[a-z]{2,8}".prop_map(|text| Domain::parse(&text).unwrap())
}

/// A text that is not empty and, being of a report, holds no noncharacter.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{1,40}", "\\PC{1,20}", "[\\x00-\\x1f\"\\\\é]{1,10}"].prop_map(|text: String| {
        text.chars()
            .filter(|c| !matches!(c, '\u{fdd0}'..='\u{fdef}') && u32::from(*c) & 0xfffe != 0xfffe)
            .chain(['x'])
            .collect()
    })
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
}

prop_compose! {
    fn failure()(
        result in select(ResultType::ALL.to_vec()), sending_ip in option::of(ip()), mx in option::of(name()), helo in option::of(text()),
        receiving_ip in option::of(ip()), sessions in 1..=MAX_COUNT, information in option::of("https://[a-z]{1,9}/[a-z?=#%20]{0,9}"),
        reason in option::of(text()),
    ) -> Failure {
        let mx = mx.map(|mx| mx.to_string());
        Failure { sending_ip, mx, helo, receiving_ip, information, reason, ..Failure::new(result, sessions) }
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    let sts = (name(), vec("[a-z_]{1,9}: [ -~]{1,30}", 0..6), vec("(\\*\\.)?[a-z.]{1,20}", 0..4))
        .prop_map(|(domain, strings, mx)| (PolicyType::Sts, domain, strings, mx));
    let tlsa = (name(), vec("[23] [01] 1 [0-9a-f]{64}", 0..4))
        .prop_map(|(domain, strings)| (PolicyType::Tlsa, domain, strings, vec![]));
    let none = name().prop_map(|domain| (PolicyType::NoPolicyFound, domain, vec![], vec![]));
    prop_oneof![sts, tlsa, none].prop_map(|(kind, domain, strings, mx)| Policy {
        kind: Term::Known(kind),
        strings,
        domain: Some(domain),
        mx,
    })
}

prop_compose! {
    /// A report such as we send.
    fn report()(
        day in 0..80_000_u64, organization in text(), target in name(), submitter in name(), local in "[a-z]{1,9}",
        entries in vec((policy(), 1..MAX_COUNT, 0..MAX_COUNT, vec(failure(), 0..5)), 1..5),
    ) -> (Domain, Report) {
        let mut entries: Vec<Entry> = entries.into_iter()
            .map(|(policy, successful, failed, failures)| Entry { policy, successful, failed, failures }).collect();
        entries.sort_by(|one, other| one.policy.cmp(&other.policy));
        entries.dedup_by(|one, other| one.policy == other.policy);
        let id = ReportId::new(day * DAY, &target, Scope::Recipient, &submitter).to_string();
        let contact = Some(format!("{local}@{submitter}"));
        (target, Report { organization, period: Period::day(day * DAY), contact, id, entries })
    }
}

fn cow(text: String) -> std::borrow::Cow<'static, str> {
    text.into()
}

prop_compose! {
    fn datagram()(
        version in select(vec![Version::Absent, Version::One, Version::Other("2".into())]), target in name(), record in "[ -~é]{0,60}",
        policies in vec((0..12_i64, option::of(name()), vec(text(), 0..4), vec(text(), 0..3), vec((200..310_i64, option::of(ip()),
            option::of(name()), option::of(text())), 0..3), -1..3_i64), 1..4),
    ) -> Datagram<'static> {
        let failure = |(code, ip, mx, reason): (i64, Option<IpAddr>, Option<Domain>, Option<String>)| datagram::Failure {
            code: Code::from_number(code), sending_ip: ip, helo: mx.clone().map(|mx| cow(mx.to_string())),
            mx: mx.map(|mx| cow(mx.to_string())), receiving_ip: ip, information: None, reason: reason.map(cow),
        };
        let outcome = |number| match number {
            0 => datagram::Outcome::Success,
            1 => datagram::Outcome::Failure,
            other => datagram::Outcome::Unknown(other),
        };
        let policies = policies.into_iter().map(|(kind, domain, strings, mx, failures, number)| datagram::Policy {
            kind: Code::from_number(kind), domain: domain.map(Name::Domain), strings: strings.into_iter().map(cow).collect(),
            mx: mx.into_iter().map(cow).collect(), failures: failures.into_iter().map(failure).collect(), outcome: outcome(number),
        }).collect();
        Datagram { version, domain: Name::Domain(target), record: cow(record), policies, cut: Cut::default() }
    }
}

/// The value that a reader makes of a text, as serde_json has it.
fn tree(reader: &mut Reader<'_>) -> Result<serde_json::Value, JsonError> {
    use serde_json::Value;
    Ok(match reader.peek()? {
        Kind::String => Value::String(reader.string()?.into_owned()),
        Kind::Number => serde_json::from_str(reader.number()?.as_str()).unwrap_or(Value::Null),
        Kind::Array => {
            let mut items = Vec::new();
            reader.array(|reader| {
                items.push(tree(reader)?);
                Ok::<_, JsonError>(())
            })?;
            Value::Array(items)
        }
        Kind::Object => {
            let mut members = serde_json::Map::new();
            reader.object(|reader, name| {
                members.insert(name.to_owned(), tree(reader)?);
                Ok::<_, JsonError>(())
            })?;
            Value::Object(members)
        }
        kind => {
            let before = reader.position();
            reader.skip()?;
            // `true` is a character shorter than `false`.
            if kind == Kind::Null { Value::Null } else { Value::Bool(reader.position() - before == 4) }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_datagram_emitted_and_read_is_itself(datagram in datagram()) {
        let text = datagram.emit();
        prop_assert_eq!(Datagram::parse(text.as_bytes()), Ok(datagram));
    }

    /// TLSRPT-4-1
    #[test]
    fn a_report_emitted_and_read_is_itself_without_a_note((_, report) in report()) {
        let text = report.emit();
        let read = Report::read(text.as_bytes()).unwrap();
        prop_assert_eq!(read.notes, []);
        prop_assert_eq!(read.report, report);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn a_report_of_ours_has_no_violation((_, report) in report()) {
        let mut report = report;
        for entry in &mut report.entries {
            entry.failures.truncate(1);
        }
        prop_assert_eq!(report.check(), []);
    }

    #[test]
    fn every_mail_is_whole_and_gives_its_report_back((target, report) in report(), local in "[a-z+]{1,20}") {
        let to = Address::new(&local, target.clone()).unwrap();
        let gzip = Compressor::new().compress(report.emit().as_bytes());
        let message = Letter { report: &report, gzip: &gzip, domain: &target, from: &to, to: &to, date: 0 }.compose().unwrap();
        let octets = message.emit();
        prop_assert!(octets.split(|octet| *octet == b'\n').all(|line| line.len() <= 999));
        let received = Received::parse(&octets);
        prop_assert_eq!(received.fields.len(), message.fields.len());
        prop_assert_eq!(received.body, &message.body);
        for field in &message.fields {
            let value = received.value(field.name());
            prop_assert_eq!(value.as_deref(), Some(field.value()));
        }
        let end = format!("Report-ID: <{}>", report.id);
        prop_assert!(received.value("Subject").unwrap().ends_with(&end));
    }

    #[test]
    fn a_header_field_holds_one_line_of_text_or_is_none(value in any::<String>()) {
        if let Ok(field) = Field::new("X", value.clone()) {
            let mut out = Vec::new();
            field.emit(&mut out);
            let received = Received::parse(&out);
            prop_assert_eq!(received.fields.len(), 1);
            prop_assert_eq!(received.value("X"), Some(value));
        }
    }

    #[test]
    fn what_is_compressed_is_inflated(text in vec(any::<u8>(), 0..5000), repeat in 1..20_usize) {
        let text = text.repeat(repeat);
        let octets = Compressor::new().compress(&text);
        prop_assert_eq!(inflate(&octets, Limits::REPORT), Ok(text));
    }

    #[test]
    fn a_moment_written_and_read_is_itself(moment in 0..253_402_300_800_u64) {
        prop_assert_eq!(parse_rfc3339(&rfc3339(moment)).map(|(moment, _)| moment), Some(moment));
    }

    #[test]
    fn a_key_record_emitted_and_read_is_itself(
        key in vec(any::<u8>(), 0..600), services in select(vec![Services::All, Services::MailAndReports]),
    ) {
        let record = KeyRecord::new(Algorithm::RsaSha256, &key, services);
        prop_assert_eq!(KeyRecord::parse(record.text().as_bytes()), Ok(record));
    }

    /// What serde_json reads, we read, and as the same; what we read although it does not is one of the known leniencies.
    #[test]
    fn json_is_read_as_serde_json_reads_it(text in "[\\[\\]{}:, \"\\\\a-fu0-9.eE+\\-tn\\t]{0,40}|\"[^\"]{0,20}\"|(\\{\"a\": ?[0-9.e-]{1,5},\"b\":(\\[true,null\\]|\"\\\\u[0-9a-f]{4}\\\\u[d-f][0-9a-f]{3}\")\\})") {
        let mut reader = Reader::new(text.as_bytes());
        let ours = tree(&mut reader).and_then(|tree| reader.end().map(|()| tree));
        let sloppy = reader.sloppy();
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(theirs) => prop_assert_eq!(ours, Ok(theirs)),
            Err(error) => prop_assert!(
                ours.is_err() || sloppy.lone_surrogate || sloppy.raw_control || error.to_string().contains("number out of range"),
                "{text:?}: {error}"
            ),
        }
    }

    #[test]
    fn a_string_written_is_read_by_both_readers(text in any::<String>()) {
        let mut out = String::new();
        push_string(&mut out, &text);
        let theirs: String = serde_json::from_str(&out).unwrap();
        prop_assert_eq!(Reader::new(out.as_bytes()).string().unwrap(), &*theirs);
        if !theirs.contains('\u{fffd}') {
            prop_assert_eq!(theirs, text);
        }
    }

    #[test]
    fn a_log_line_of_any_domain_and_host_is_read(domain in name(), mx in name(), ip in ip(), reason in "[ -~]{1,40}") {
        let line = format!("Nov 22 03:43:11 out postfix/smtp[1]: TLSRPT: status=failure, domain={domain}, receiving_mx={mx}[{ip}], failure_type=x, failure_reason={reason}");
        prop_assert!(Line::parse(line.as_bytes()).is_some());
    }
}
