//! A domain's day becomes a report (RFC 8460 §4).
//!
//! What was counted came from strangers in part: whatever could not stand in a valid report is left out or put into other words
//! here, so that one odd session never keeps a report from leaving. Composing is a function of its inputs alone: the same day
//! gives the same octets.
use alloc::{borrow::ToOwned, boxed::Box, format, string::String, vec::Vec};
use core::net::IpAddr;

use strictmx_proto::{
    dane::Tlsa,
    gzip::{self, Compressor, Limits},
    mail::Address,
    name::Domain,
    tlsrpt::{
        self, Report, ReportId, ResultType,
        report::{self, Entry, Failure, MAX_COUNT, Period, Term},
    },
};

use super::{Counts, Day, Detail, DomainDay, PolicyDay, PolicyKey, PolicyType, Scope};

/// Most failure details of one report: beyond them a report would outgrow what receivers take.
const MAX_DETAILS: usize = 5_000;
/// Octets of all policies' lines and MX patterns in one report. A policy is 64 KiB at most, so this is reached by a domain that
/// changes a huge one all day: what does not fit any more is counted under a policy without lines.
const MAX_POLICY_TEXT: usize = 1024 * 1024;
/// Longest text in a report, characters.
const MAX_TEXT: usize = 1_000;

/// Who reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reporter {
    /// `organization-name`.
    pub organization: String,
    /// `contact-info`; its domain is the submitter (TLSRPT-5.3-3).
    pub contact: Address,
    /// What is left out of the reports (TLSRPT-8-1).
    pub redact: Redact,
}

/// What strangers are not told about this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redact {
    /// `sending-mta-ip`.
    pub sending_ip: Withhold,
    /// `failure-reason-code`, where the RFC does not ask for it (TLSRPT-4.3-1).
    pub reason: Withhold,
}

/// Whether something is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Withhold {
    /// It is told.
    #[default]
    No,
    /// It is left out.
    Yes,
}

/// A report ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// Its id.
    pub id: ReportId,
    /// The report, JSON in gzip: these octets are sent on every attempt.
    pub gzip: Box<[u8]>,
    /// Sessions in it, all policies together.
    pub sessions: Counts,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// Nothing was counted.
    #[error("nothing was counted")]
    Nothing,
    /// It does not pass our own check: a fault of strictmx, never of the input.
    #[error("the report is not valid: {0}; this is a fault of strictmx, please report it")]
    NotValid(String),
}

/// The report of a domain's day as a value.
#[must_use]
pub fn report(reporter: &Reporter, day: &DomainDay) -> Report {
    let submitter = reporter.contact.domain();
    let scope = match day.scope {
        Scope::Domain => tlsrpt::Scope::Recipient,
        Scope::Host => tlsrpt::Scope::MxHost,
    };
    let mut days: Vec<&PolicyDay> = day.policies.iter().collect();
    days.sort_by(|a, b| a.policy.cmp(&b.policy));
    let mut entries: Vec<Entry> = Vec::with_capacity(days.len());
    let mut room = Room { details: MAX_DETAILS, text: MAX_POLICY_TEXT };
    for one in days {
        let entry = entry(reporter, one, &mut room);
        // Two texts may have become one by what was left out of them.
        match entries.iter_mut().find(|known| known.policy == entry.policy) {
            Some(known) => join(known, entry),
            None => entries.push(entry),
        }
    }
    entries.retain(|entry| entry.successful > 0 || entry.failed > 0);
    Report {
        organization: text(&reporter.organization),
        period: period(day.day),
        contact: Some(format!("{}", reporter.contact)),
        id: ReportId::new(day.day.begin().0, &day.domain, scope, submitter).as_str().to_owned(),
        entries,
    }
}

/// The report, checked, read back and compressed.
///
/// # Errors
/// [`ComposeError`].
pub fn compose(reporter: &Reporter, day: &DomainDay, compressor: &mut Compressor) -> Result<Composed, ComposeError> {
    let report = report(reporter, day);
    if report.entries.is_empty() {
        return Err(ComposeError::Nothing);
    }
    let json = report.emit();
    let gzip = compressor.compress(json.as_bytes());
    proven(&report, &gzip)?;
    let id = ReportId::parse(&report.id).ok_or_else(|| ComposeError::NotValid("its id".to_owned()))?;
    let sessions = report.entries.iter().fold(Counts::default(), |sum, entry| Counts {
        success: sum.success.saturating_add(entry.successful),
        failure: sum.failure.saturating_add(entry.failed),
    });
    Ok(Composed { id, gzip: gzip.into(), sessions })
}

/// What still fits into a report.
struct Room {
    details: usize,
    text: usize,
}

/// Every report is checked, and read back by our own reader from the octets that will leave, before it leaves (TLSRPT-5.2-1: well
/// below what receivers take).
fn proven(report: &Report, gzip: &[u8]) -> Result<(), ComposeError> {
    if let Some(violation) = report.check().first() {
        return Err(ComposeError::NotValid(format!("{violation}")));
    }
    let json = gzip::inflate(gzip, Limits::REPORT).map_err(|error| ComposeError::NotValid(format!("{error}")))?;
    match Report::read(&json) {
        // Notes are about what domains have published; what counts is that nothing is lost on the way.
        Ok(read) if read.report == *report => Ok(()),
        Ok(read) => {
            let note = read.notes.first().map_or_else(|| "it reads otherwise".to_owned(), |note| format!("{note}"));
            Err(ComposeError::NotValid(note))
        }
        Err(error) => Err(ComposeError::NotValid(format!("{error}"))),
    }
}

/// The day as a report's period.
#[must_use]
pub fn period(day: Day) -> Period {
    Period::day(day.begin().0)
}

fn entry(reporter: &Reporter, day: &PolicyDay, room: &mut Room) -> Entry {
    let mut failures: Vec<Failure> = Vec::new();
    let mut details: Vec<&(Detail, u64)> = day.details.iter().filter(|(_, number)| *number > 0).collect();
    details.sort();
    let told: u64 = details.iter().fold(0, |sum, (_, number)| sum.saturating_add(*number));
    for (detail, number) in details {
        let failure = failure(reporter, detail, *number);
        let same =
            failures.iter_mut().find(|known| Failure { sessions: failure.sessions, ..(*known).clone() } == failure);
        match same {
            Some(known) => known.sessions = bounded(known.sessions.saturating_add(failure.sessions)),
            None if room.details == 0 => {}
            None => {
                room.details -= 1;
                failures.push(failure);
            }
        }
    }
    // A failure without a session, such as a policy that could not be fetched, counts as often as it was needed.
    let failed = if day.counts == Counts::default() { told } else { day.counts.failure };
    let text: usize = day.policy.text.iter().chain(&day.policy.mx).map(|line| line.len()).sum();
    let policy = match room.text.checked_sub(text) {
        Some(left) => {
            room.text = left;
            policy(&day.policy)
        }
        None => policy(&day.policy.other()),
    };
    Entry { policy, successful: bounded(day.counts.success), failed: bounded(failed), failures }
}

fn join(known: &mut Entry, other: Entry) {
    known.successful = bounded(known.successful.saturating_add(other.successful));
    known.failed = bounded(known.failed.saturating_add(other.failed));
    for failure in other.failures {
        let same =
            known.failures.iter_mut().find(|one| Failure { sessions: failure.sessions, ..(*one).clone() } == failure);
        match same {
            Some(one) => one.sessions = bounded(one.sessions.saturating_add(failure.sessions)),
            None => known.failures.push(failure),
        }
    }
}

fn policy(key: &PolicyKey) -> report::Policy {
    let strings = match key.kind {
        PolicyType::Sts => key.text.iter().map(|line| text(line)).filter(|line| !line.is_empty()).collect(),
        PolicyType::Tlsa => {
            key.text.iter().filter(|line| line.parse::<Tlsa>().is_ok()).map(|line| text(line)).collect()
        }
        PolicyType::NoPolicyFound => Vec::new(),
    };
    let mx = match key.kind {
        // As published (D-7), so long as it can be a name at all.
        PolicyType::Sts => {
            key.mx.iter().map(|mx| text(mx)).filter(|mx| is_printable(mx) && !mx.contains([':', '"'])).collect()
        }
        PolicyType::Tlsa | PolicyType::NoPolicyFound => Vec::new(),
    };
    let kind = match key.kind {
        PolicyType::Tlsa => tlsrpt::PolicyType::Tlsa,
        PolicyType::Sts => tlsrpt::PolicyType::Sts,
        PolicyType::NoPolicyFound => tlsrpt::PolicyType::NoPolicyFound,
    };
    report::Policy { kind: Term::Known(kind), strings, domain: Some(key.domain.clone()), mx }
}

fn failure(reporter: &Reporter, detail: &Detail, number: u64) -> Failure {
    let known = ResultType::parse(&detail.result_type);
    let result = known.unwrap_or(ResultType::ValidationFailure);
    let wanted = matches!(result, ResultType::CertificateNotTrusted | ResultType::ValidationFailure);
    let reason = detail.failure_reason_code.as_deref().map(text).filter(|reason| !reason.is_empty());
    let reason = match (known, reporter.redact.reason) {
        // A code that the registry does not have goes under the one for everything else (TLSRPT-4.3.3-1).
        (None, _) => Some(format!("result-{}", text(&detail.result_type))),
        (Some(_), Withhold::Yes) if !wanted => None,
        _ => reason,
    };
    let address = |text: &Option<Box<str>>| text.as_deref().and_then(|text| text.parse::<IpAddr>().ok());
    Failure {
        result: Term::Known(result),
        sending_ip: match reporter.redact.sending_ip {
            Withhold::Yes => None,
            Withhold::No => address(&detail.sending_mta_ip),
        },
        mx: detail
            .receiving_mx_hostname
            .as_deref()
            .and_then(|name| Domain::parse_lenient(name).ok())
            .map(|name| name.as_str().to_owned()),
        helo: detail.receiving_mx_helo.as_deref().map(text).filter(|helo| !helo.is_empty()),
        receiving_ip: address(&detail.receiving_ip),
        sessions: bounded(number),
        information: detail.additional_information.as_deref().filter(|uri| is_uri(uri)).map(text),
        reason: reason.or_else(|| wanted.then(|| "unspecified".to_owned())),
    }
}

/// One line, not endless, without control characters and without those that I-JSON rules out (TLSRPT-4-1).
fn text(value: &str) -> String {
    let safe = |c: char| match u32::from(c) {
        0xfdd0..=0xfdef => char::REPLACEMENT_CHARACTER,
        code if code & 0xfffe == 0xfffe => char::REPLACEMENT_CHARACTER,
        _ if c.is_control() => ' ',
        _ => c,
    };
    value.chars().take(MAX_TEXT).map(safe).collect::<String>().trim().to_owned()
}

/// R7493-2.2-1
const fn bounded(count: u64) -> u64 {
    if count > MAX_COUNT { MAX_COUNT } else { count }
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT && text.bytes().all(|octet| octet.is_ascii_graphic())
}

fn is_uri(text: &str) -> bool {
    let web =
        ["https://", "http://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    web && is_printable(text) && !text.contains(['"', '<', '>', '\\', '^', '`', '{', '|', '}'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::{Event, Outcome, Tally};

    fn reporter() -> Reporter {
        Reporter {
            organization: "Example Ltd".into(),
            contact: Address::parse("postmaster@sender.example").unwrap(),
            redact: Redact::default(),
        }
    }

    fn domain(name: &str) -> Domain {
        Domain::parse(name).unwrap()
    }

    fn sts() -> PolicyKey {
        PolicyKey {
            kind: PolicyType::Sts,
            domain: domain("example.com"),
            text: ["version: STSv1".into(), "mode: enforce".into(), "mx: mx.example.com".into()].into(),
            mx: ["mx.example.com".into()].into(),
        }
    }

    fn detail(result: &str, reason: Option<&str>) -> Detail {
        Detail {
            result_type: result.into(),
            sending_mta_ip: Some("192.0.2.1".into()),
            receiving_mx_hostname: Some("mx.example.com".into()),
            receiving_mx_helo: None,
            receiving_ip: Some("".into()),
            additional_information: Some("javascript:alert(1)".into()),
            failure_reason_code: reason.map(Into::into),
        }
    }

    fn day(policies: Vec<PolicyDay>) -> DomainDay {
        DomainDay { day: Day(20_778), domain: domain("example.com"), scope: Scope::Domain, record: None, policies }
    }

    fn one(policy: PolicyKey, success: u64, failure: u64, details: Vec<(Detail, u64)>) -> PolicyDay {
        PolicyDay { policy, counts: Counts { success, failure }, details }
    }

    /// TLSRPT-4.1-1, TLSRPT-4-3, TLSRPT-5.3-3
    #[test]
    fn a_report_covers_one_utc_day_and_names_its_submitter() {
        let report = report(&reporter(), &day([one(sts(), 5, 0, Vec::new())].into()));
        assert_eq!((report.period.start, report.period.end), (1_795_219_200, 1_795_305_599));
        assert_eq!(report.id, "20261121.example.com@sender.example");
        assert_eq!(report.check(), []);
    }

    #[test]
    fn the_same_day_gives_the_same_octets_whatever_the_order_it_was_counted_in() {
        let none = PolicyKey { kind: PolicyType::NoPolicyFound, text: Box::default(), mx: Box::default(), ..sts() };
        let (a, b) = (one(sts(), 1, 0, Vec::new()), one(none, 2, 0, Vec::new()));
        let compose = |policies| compose(&reporter(), &day(policies), &mut Compressor::new()).unwrap();
        assert_eq!(compose([a.clone(), b.clone()].into()), compose([b, a].into()));
    }

    #[test]
    fn a_day_without_sessions_has_no_report() {
        let nothing = compose(&reporter(), &day(Vec::new()), &mut Compressor::new());
        assert_eq!(nothing, Err(ComposeError::Nothing));
    }

    /// TLSRPT-4.3-1, TLSRPT-4.3.3-1, TLSRPT-A4
    #[test]
    fn empty_and_hostile_values_are_left_out_and_a_reason_is_always_given_where_it_is_asked_for() {
        let details = [(detail("certificate-not-trusted", None), 2), (detail("4711", None), 1)];
        let report = report(&reporter(), &day([one(sts(), 0, 3, details.into())].into()));
        let entry = &report.entries[0];
        let of = |result| entry.failures.iter().find(|failure| failure.result == Term::Known(result)).unwrap();
        let trusted = of(ResultType::CertificateNotTrusted);
        assert_eq!((trusted.receiving_ip, trusted.information.as_deref()), (None, None));
        assert_eq!(trusted.reason.as_deref(), Some("unspecified"));
        assert_eq!(of(ResultType::ValidationFailure).reason.as_deref(), Some("result-4711"));
        assert_eq!(report.check(), []);
    }

    /// R7493-2.2-1
    #[test]
    fn a_count_stays_where_every_reader_of_json_has_it_exactly() {
        let details = [(detail("certificate-expired", None), u64::MAX)];
        let report = report(&reporter(), &day([one(sts(), u64::MAX, u64::MAX, details.into())].into()));
        let entry = &report.entries[0];
        assert_eq!([entry.successful, entry.failed, entry.failures[0].sessions], [MAX_COUNT; 3]);
        assert_eq!(report.check(), []);
    }

    #[test]
    fn a_policy_that_could_not_be_fetched_is_a_failure_without_a_session() {
        let failed = Detail {
            receiving_mx_hostname: None,
            sending_mta_ip: None,
            ..detail("sts-policy-fetch-error", Some("http-status-404"))
        };
        let report = report(&reporter(), &day([one(sts(), 0, 0, [(failed, 7)].into())].into()));
        assert_eq!((report.entries[0].successful, report.entries[0].failed), (0, 7));
        assert_eq!(report.check(), []);
    }

    #[test]
    fn a_domain_with_a_huge_policy_that_changes_all_day_gets_a_report_that_can_be_sent() {
        let huge = |number: usize| {
            let line: Box<str> = format!("mx: {number}{}", "a".repeat(990)).into();
            let text = (0..64).map(|_| line.clone()).collect();
            one(PolicyKey { text, ..sts() }, 1, 0, Vec::new())
        };
        let day = day((0..64).map(huge).collect());
        let composed = compose(&reporter(), &day, &mut Compressor::new()).unwrap();
        assert_eq!(composed.sessions.success, 64);
        let report = report(&reporter(), &day);
        assert_eq!(report.entries.len(), 17, "16 with their lines, and one for all the others");
        assert_eq!(report.entries.iter().map(|entry| entry.successful).sum::<u64>(), 64);
    }

    /// TLSRPT-8-1
    #[test]
    fn what_is_to_be_withheld_is() {
        let reporter = Reporter { redact: Redact { sending_ip: Withhold::Yes, reason: Withhold::Yes }, ..reporter() };
        let details = [(detail("certificate-expired", Some("secret")), 1)];
        let report = report(&reporter, &day([one(sts(), 0, 1, details.into())].into()));
        let failure = &report.entries[0].failures[0];
        assert_eq!((failure.sending_ip, failure.reason.as_deref()), (None, None));
    }

    proptest! {
        #[test]
        fn whatever_was_counted_makes_a_valid_report(
            lines in proptest::collection::vec(".{0,40}", 0..4),
            mx in proptest::collection::vec(".{0,20}", 0..3),
            words in proptest::collection::vec((".{0,20}", ".{0,20}", ".{0,20}", ".{0,20}"), 0..5),
            kind in 0..3_usize,
        ) {
            let kind = [PolicyType::Tlsa, PolicyType::Sts, PolicyType::NoPolicyFound][kind];
            let boxed = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect::<Box<[Box<str>]>>();
            let policy = PolicyKey { kind, domain: domain("example.com"), text: boxed(&lines), mx: boxed(&mx) };
            let mut tally = Tally::default();
            for (a, b, c, d) in &words {
                let detail = Detail {
                    result_type: a.as_str().into(),
                    receiving_mx_hostname: Some(b.as_str().into()),
                    receiving_mx_helo: Some(c.as_str().into()),
                    failure_reason_code: Some(d.as_str().into()),
                    ..detail("x", None)
                };
                let event = Event {
                    day: Day(1), domain: &domain("example.com"), scope: Scope::Domain, record: None, policy: &policy,
                    outcome: Outcome::Failure, details: &[detail],
                };
                tally.add(event);
            }
            for day in tally.take() {
                let made = compose(&reporter(), &day, &mut Compressor::new());
                prop_assert!(made.is_ok(), "{:?}", made);
            }
        }
    }
}
