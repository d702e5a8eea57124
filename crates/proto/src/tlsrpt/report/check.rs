//! Holding a report of ours to the schema of RFC 8460 §4.4, and to what we promise beyond it.
use alloc::{collections::BTreeSet, string::String, vec::Vec};
use core::fmt;

use super::{Entry, Failure, MAX_COUNT, Place, Policy, Report, Term};
use crate::{
    dane::Tlsa,
    date::DAY,
    mail::Address,
    shown::shown,
    tlsrpt::{PolicyType, ReportId},
};

/// Something that a report of ours must not have. `Display` is a plain sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

/// What is wrong. Texts are cut to 256 characters, unsafe characters replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A member that the RFC demands is absent or empty.
    #[error("is missing")]
    Missing,
    /// An empty string: what is not known has to be left out (TLSRPT-A4).
    #[error("is empty")]
    Empty,
    /// The period is no full UTC day (TLSRPT-4.1-1).
    #[error("is not one day, from 00:00:00 to 23:59:59 UTC")]
    NotADay,
    /// No addr-spec.
    #[error("is {0:?}, which is no mail address")]
    NotAnAddress(String),
    /// No id that could stand in a Subject (TLSRPT-5.3-5).
    #[error("is {0:?}, which is not of the form left@domain")]
    NotAnId(String),
    /// An id of another submitter (TLSRPT-5.3-3, TLSRPT-A19).
    #[error("is {0:?}, whose domain is not that of contact-info")]
    OtherSubmitter(String),
    /// A word that the RFC does not have.
    #[error("is {0:?}, which RFC 8460 does not know")]
    UnknownWord(String),
    /// More than I-JSON carries (TLSRPT-4-1).
    #[error("is larger than a number of I-JSON may be")]
    TooLarge,
    /// An entry or a failure without a session.
    #[error("counts no session")]
    NothingCounted,
    /// The same policy, or the same set of failures, twice (TLSRPT-4-4).
    #[error("stands in the report twice")]
    Twice,
    /// A member that a policy of this type cannot have (TLSRPT-A2).
    #[error("has something in it although the policy is of type {0}")]
    OutOfPlace(PolicyType),
    /// A policy line with a line end in it (TLSRPT-4-1).
    #[error("has {0:?} in it, which is more than one line")]
    NotALine(String),
    /// No TLSA record.
    #[error("has {0:?} in it, which is no TLSA record")]
    NotTlsa(String),
    /// Something other than an A-label form (TLSRPT-5.1-2).
    #[error("is {0:?}, which is no name in A-labels")]
    NotAName(String),
    /// No URI.
    #[error("is {0:?}, which is no URI")]
    NotAUri(String),
}

impl Report {
    /// Everything in the report that must not leave the house; empty for a good one.
    #[must_use]
    pub fn check(&self) -> Vec<Violation> {
        let mut checking = Checking(Vec::new());
        let top = Place::default();
        if self.organization.is_empty() {
            checking.found(top.at("organization-name"), Fault::Missing);
        }
        if !self.period.start.is_multiple_of(DAY) || self.period != super::Period::day(self.period.start) {
            checking.found(top.at("date-range"), Fault::NotADay);
        }
        checking.identity(self);
        if self.entries.is_empty() {
            checking.found(top.at("policies"), Fault::Missing);
        }
        let mut seen = BTreeSet::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let place = Place { entry: Some(index), ..top };
            checking.entry(entry, place);
            if !seen.insert(&entry.policy) {
                checking.found(place.at("policy"), Fault::Twice);
            }
        }
        checking.0
    }
}

struct Checking(Vec<Violation>);

impl Checking {
    fn found(&mut self, place: Place, fault: Fault) {
        self.0.push(Violation { place, fault });
    }

    /// contact-info and report-id, which belong together.
    fn identity(&mut self, report: &Report) {
        let (contact, id) = (Place::default().at("contact-info"), Place::default().at("report-id"));
        let address = report.contact.as_deref().map(Address::parse);
        match (&report.contact, &address) {
            (Some(text), Some(Err(_))) => self.found(contact, Fault::NotAnAddress(shown(text))),
            (None, _) => self.found(contact, Fault::Missing),
            _ => {}
        }
        match (ReportId::parse(&report.id), address) {
            (None, _) => self.found(id, Fault::NotAnId(shown(&report.id))),
            (Some(known), Some(Ok(address))) if known.right() != address.domain().as_str() => {
                self.found(id, Fault::OtherSubmitter(shown(&report.id)));
            }
            _ => {}
        }
    }

    fn entry(&mut self, entry: &Entry, place: Place) {
        self.policy(&entry.policy, place);
        for (member, count) in [
            ("summary.total-successful-session-count", entry.successful),
            ("summary.total-failure-session-count", entry.failed),
        ] {
            if count > MAX_COUNT {
                self.found(place.at(member), Fault::TooLarge);
            }
        }
        if entry.successful == 0 && entry.failed == 0 {
            self.found(place.at("summary"), Fault::NothingCounted);
        }
        let mut seen = BTreeSet::new();
        for (index, failure) in entry.failures.iter().enumerate() {
            let place = Place { failure: Some(index), ..place };
            self.failure(failure, place);
            if !seen.insert(failure.key()) {
                self.found(place, Fault::Twice);
            }
        }
    }

    fn policy(&mut self, policy: &Policy, place: Place) {
        let strings = place.at("policy.policy-string");
        let mx = place.at("policy.mx-host");
        match &policy.kind {
            Term::Known(PolicyType::Sts) => policy.strings.iter().for_each(|line| self.line(line, strings)),
            Term::Known(kind @ PolicyType::Tlsa) => {
                policy.strings.iter().for_each(|record| self.tlsa(record, strings));
                self.nothing(&policy.mx, mx, *kind);
            }
            Term::Known(kind @ PolicyType::NoPolicyFound) => {
                self.nothing(&policy.strings, strings, *kind);
                self.nothing(&policy.mx, mx, *kind);
            }
            Term::Other(word) => self.found(place.at("policy.policy-type"), Fault::UnknownWord(shown(word))),
        }
        // A pattern that the domain published wrongly is its own affair, so long as it can be a name at all.
        for pattern in policy.mx.iter().filter(|pattern| !is_printable(pattern)) {
            self.found(mx, Fault::NotAName(shown(pattern)));
        }
        if policy.domain.is_none() {
            self.found(place.at("policy.policy-domain"), Fault::Missing);
        }
    }

    fn line(&mut self, line: &str, place: Place) {
        if line.is_empty() {
            self.found(place, Fault::Empty);
        } else if line.contains(['\r', '\n']) {
            self.found(place, Fault::NotALine(shown(line)));
        }
    }

    fn tlsa(&mut self, record: &str, place: Place) {
        if record.parse::<Tlsa>().is_err() {
            self.found(place, Fault::NotTlsa(shown(record)));
        }
    }

    fn nothing(&mut self, strings: &[String], place: Place, kind: PolicyType) {
        if !strings.is_empty() {
            self.found(place, Fault::OutOfPlace(kind));
        }
    }

    fn failure(&mut self, failure: &Failure, place: Place) {
        if let Term::Other(word) = &failure.result {
            self.found(place.at("result-type"), Fault::UnknownWord(shown(word)));
        }
        match failure.sessions {
            0 => self.found(place.at("failed-session-count"), Fault::NothingCounted),
            count if count > MAX_COUNT => self.found(place.at("failed-session-count"), Fault::TooLarge),
            _ => {}
        }
        for (member, text, fault) in [
            ("receiving-mx-hostname", &failure.mx, (!is_name(&failure.mx)).then_some(Fault::NotAName as fn(_) -> _)),
            ("receiving-mx-helo", &failure.helo, None),
            (
                "additional-information",
                &failure.information,
                (!is_uri(&failure.information)).then_some(Fault::NotAUri as fn(_) -> _),
            ),
            ("failure-reason-code", &failure.reason, None),
        ] {
            match (text.as_deref(), fault) {
                (Some(""), _) => self.found(place.at(member), Fault::Empty),
                (Some(text), Some(fault)) => self.found(place.at(member), fault(shown(text))),
                _ => {}
            }
        }
    }
}

impl Failure {
    /// All but the count: what tells one set of failures from another.
    fn key(&self) -> impl Ord + '_ {
        let Self { result, sending_ip, mx, helo, receiving_ip, sessions: _, information, reason } = self;
        (result, sending_ip, mx, helo, receiving_ip, information, reason)
    }
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic())
}

fn is_name(text: &Option<String>) -> bool {
    text.as_deref().is_none_or(is_printable)
}

/// A scheme and something behind it, without characters that a URI cannot have (RFC 3986 §2, §3.1).
fn is_uri(text: &Option<String>) -> bool {
    text.as_deref().is_none_or(|text| {
        let scheme = text.split_once(':').filter(|(_, rest)| !rest.is_empty()).map_or("", |(scheme, _)| scheme);
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
            && is_printable(text)
            && !text.contains(['"', '<', '>', '\\', '^', '`', '{', '|', '}'])
    })
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.fault)
    }
}
