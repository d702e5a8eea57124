//! Reading a report as senders write it (D-55, D-56).
use alloc::{string::String, vec::Vec};

use super::{Entry, Failure, Note, Oddity, Period, Place, Policy, Report, Term, note::Instead, values::Notes};
use crate::{
    date::DAY,
    json::{JsonError, Kind, Reader},
    tlsrpt::{PolicyType, ResultType},
};

/// Longest report that is read, octets, inflated.
pub const MAX_LEN: usize = 32 * 1024 * 1024;
/// Most policies that are read.
pub const MAX_POLICIES: usize = 10_000;
/// Most failures that are read, over all policies.
pub const MAX_FAILURES: usize = 100_000;
/// Most notes that are kept.
pub const MAX_NOTES: usize = 100;

type Result<T> = core::result::Result<T, ReadError>;

/// A report that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The report.
    pub report: Report,
    /// Every leniency, in the order met, at most [`MAX_NOTES`].
    pub notes: Vec<Note>,
    /// How many more there were.
    pub more_notes: usize,
}

/// Why a text gives no report (D-56).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Over [`MAX_LEN`].
    #[error("the report is longer than {MAX_LEN} octets")]
    TooLong,
    /// No JSON object.
    #[error("the report is no JSON object: {0}")]
    Json(#[from] JsonError),
    /// The same member twice: nobody can tell which one is meant (TLSRPT-4-1).
    #[error("`{0}` stands twice in one object")]
    Twice(&'static str),
    /// No `date-range` that can be read.
    #[error("the report does not say which days it covers")]
    NoPeriod,
    /// No policy.
    #[error("the report has no policies")]
    NoPolicies,
    /// Policies, but not one count with them.
    #[error("the report counts no sessions")]
    NoCounts,
}

impl Report {
    /// Reads a report, inflated already. Members that we do not know are ignored.
    ///
    /// # Errors
    /// [`ReadError`]: there is nothing to be had from it.
    pub fn read(octets: &[u8]) -> Result<Read> {
        if octets.len() > MAX_LEN {
            return Err(ReadError::TooLong);
        }
        let mut reading = Reading { notes: Notes::new(), failures_left: MAX_FAILURES };
        let text = match octets.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => {
                reading.notes.add(Place::default(), Oddity::ByteOrderMark);
                rest
            }
            None => octets,
        };
        let mut reader = Reader::new(text);
        let report = reading.report(&mut reader)?;
        reading.sloppiness(&mut reader);
        Ok(Read { report, notes: reading.notes.list, more_notes: reading.notes.more })
    }
}

struct Reading {
    notes: Notes,
    failures_left: usize,
}

impl Reading {
    fn report(&mut self, reader: &mut Reader<'_>) -> Result<Report> {
        let top = Place::default();
        let (mut organization, mut contact, mut id) = (None, None, None);
        let (mut range, mut entries) = (None, None);
        reader.object(|reader, key| match key {
            "organization-name" => {
                let place = top.at("organization-name");
                once(&mut organization, place, self.notes.owned(reader, place)?)
            }
            "contact-info" => {
                let place = top.at("contact-info");
                once(&mut contact, place, self.notes.owned(reader, place)?)
            }
            "report-id" => {
                let place = top.at("report-id");
                once(&mut id, place, self.notes.owned(reader, place)?)
            }
            "date-range" => once(&mut range, top.at("date-range"), self.period(reader)?),
            "policies" => once(&mut entries, top.at("policies"), self.entries(reader)?),
            _ => Ok(reader.skip()?),
        })?;
        for (member, there) in [
            ("organization-name", organization.is_some()),
            ("contact-info", contact.is_some()),
            ("report-id", id.is_some()),
        ] {
            if !there {
                self.notes.missing(top.at(member), Instead::Nothing);
            }
        }
        Ok(Report {
            organization: organization.flatten().unwrap_or_default(),
            period: range.flatten().ok_or(ReadError::NoPeriod)?,
            contact: contact.flatten(),
            id: id.flatten().unwrap_or_default(),
            entries: entries.ok_or(ReadError::NoPolicies)?,
        })
    }

    fn period(&mut self, reader: &mut Reader<'_>) -> Result<Option<Period>> {
        const START: Place = Place { entry: None, failure: None, member: "date-range.start-datetime" };
        const END: Place = Place { entry: None, failure: None, member: "date-range.end-datetime" };
        let (mut start, mut end) = (None, None);
        if reader.peek()? != Kind::Object {
            self.notes.ignore(reader, Place::default().at("date-range"))?;
            return Ok(None);
        }
        reader.object(|reader, key| match key {
            "start-datetime" => once(&mut start, START, self.notes.moment(reader, START)?),
            "end-datetime" => once(&mut end, END, self.notes.moment(reader, END)?),
            _ => Ok(reader.skip()?),
        })?;
        Ok(match (start.flatten(), end.flatten()) {
            (Some(start), Some(end)) => Some(Period { start, end }),
            (Some(start), None) => {
                self.notes.missing(END, Instead::Day);
                Some(Period::day(start))
            }
            (None, Some(end)) => {
                self.notes.missing(START, Instead::Day);
                Some(Period { start: end.saturating_sub(DAY - 1), end })
            }
            (None, None) => None,
        })
    }

    fn entries(&mut self, reader: &mut Reader<'_>) -> Result<Vec<Entry>> {
        let place = Place::default().at("policies");
        let mut entries = Vec::new();
        let mut met = 0;
        match reader.peek()? {
            Kind::Array => reader.array(|reader| {
                met += 1;
                if entries.len() == MAX_POLICIES {
                    return Ok(reader.skip()?);
                }
                entries.extend(self.entry(reader, met - 1)?);
                Ok::<_, ReadError>(())
            })?,
            Kind::Object => {
                met = 1;
                self.notes.add(place, Oddity::NoArray(Kind::Object));
                entries.extend(self.entry(reader, 0)?);
            }
            _ => self.notes.ignore(reader, place)?,
        }
        if entries.len() == MAX_POLICIES && met > MAX_POLICIES {
            self.notes.add(place, Oddity::TooMany);
        }
        match (met, entries.is_empty()) {
            (0, _) => Err(ReadError::NoPolicies),
            (_, true) => Err(ReadError::NoCounts),
            _ => Ok(entries),
        }
    }

    /// `None`: it counts nothing.
    fn entry(&mut self, reader: &mut Reader<'_>, index: usize) -> Result<Option<Entry>> {
        let place = Place { entry: Some(index), ..Place::default() };
        let (mut policy, mut summary, mut failures) = (None, None, None);
        if reader.peek()? != Kind::Object {
            return self.notes.ignore(reader, place).map(|()| None);
        }
        reader.object(|reader, key| match key {
            "policy" => once(&mut policy, place.at("policy"), self.policy(reader, place)?),
            "summary" => once(&mut summary, place.at("summary"), self.summary(reader, place)?),
            "failure-details" => once(&mut failures, place.at("failure-details"), self.failures(reader, place)?),
            _ => Ok(reader.skip()?),
        })?;
        let failures = failures.unwrap_or_default();
        let Some((successful, failed)) = self.counts(summary.unwrap_or_default(), &failures, place) else {
            self.notes.add(place, Oddity::NothingCounted);
            return Ok(None);
        };
        let policy = policy.unwrap_or_else(|| {
            self.notes.missing(place.at("policy"), Instead::Nothing);
            Policy { kind: Term::Other(String::new()), strings: Vec::new(), domain: None, mx: Vec::new() }
        });
        Ok(Some(Entry { policy, successful, failed, failures }))
    }

    fn counts(&mut self, summary: Summary, failures: &[Failure], place: Place) -> Option<(u64, u64)> {
        let (successful, failed) = (place.at(SUCCESSFUL), place.at(FAILED));
        match summary {
            Summary { successful: None, failed: None } if failures.is_empty() => None,
            Summary { successful: Some(successful), failed: Some(failed) } => Some((successful, failed)),
            Summary { successful: seen, failed: None } if !failures.is_empty() => {
                if seen.is_none() {
                    self.notes.missing(successful, Instead::Zero);
                }
                self.notes.missing(failed, Instead::Sum);
                let sum = failures.iter().fold(0_u64, |sum, failure| sum.saturating_add(failure.sessions));
                Some((seen.unwrap_or(0), sum.min(super::MAX_COUNT)))
            }
            Summary { successful: seen, failed: counted } => {
                let absent = if seen.is_none() { successful } else { failed };
                self.notes.missing(absent, Instead::Zero);
                Some((seen.unwrap_or(0), counted.unwrap_or(0)))
            }
        }
    }

    fn summary(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Summary> {
        let (mut successful, mut failed) = (None, None);
        if reader.peek()? != Kind::Object {
            self.notes.ignore(reader, place.at("summary"))?;
            return Ok(Summary::default());
        }
        reader.object(|reader, key| match key {
            "total-successful-session-count" => {
                let place = place.at(SUCCESSFUL);
                once(&mut successful, place, self.notes.count(reader, place)?)
            }
            "total-failure-session-count" => {
                let place = place.at(FAILED);
                once(&mut failed, place, self.notes.count(reader, place)?)
            }
            _ => Ok(reader.skip()?),
        })?;
        Ok(Summary { successful: successful.flatten(), failed: failed.flatten() })
    }

    fn policy(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Policy> {
        let (mut kind, mut strings, mut domain, mut mx) = (None, None, None, None);
        if reader.peek()? == Kind::Object {
            reader.object(|reader, key| match key {
                "policy-type" => {
                    let place = place.at("policy.policy-type");
                    once(&mut kind, place, self.notes.term(reader, place, PolicyType::parse)?)
                }
                "policy-string" => {
                    let place = place.at("policy.policy-string");
                    once(&mut strings, place, self.notes.strings(reader, place)?)
                }
                "policy-domain" => {
                    let place = place.at("policy.policy-domain");
                    once(&mut domain, place, self.notes.domain(reader, place)?)
                }
                "mx-host" => once(&mut mx, place.at(MX_HOST), self.patterns(reader, place.at(MX_HOST))?),
                "mx-host-pattern" => {
                    self.notes.add(place.at(MX_HOST), Oddity::OtherName("mx-host-pattern"));
                    once(&mut mx, place.at(MX_HOST), self.patterns(reader, place.at(MX_HOST))?)
                }
                _ => Ok(reader.skip()?),
            })?;
        } else {
            self.notes.ignore(reader, place.at("policy"))?;
        }
        if kind.is_none() {
            self.notes.missing(place.at("policy.policy-type"), Instead::Nothing);
        }
        if domain.is_none() {
            self.notes.missing(place.at("policy.policy-domain"), Instead::Nothing);
        }
        Ok(Policy {
            kind: kind.flatten().unwrap_or_else(|| Term::Other(String::new())),
            strings: strings.unwrap_or_default(),
            domain: domain.flatten(),
            mx: mx.unwrap_or_default(),
        })
    }

    /// MX patterns; one sender writes the whole line of the policy (`mx: mx.example.com`).
    fn patterns(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Vec<String>> {
        let mut patterns = self.notes.strings(reader, place)?;
        for pattern in &mut patterns {
            if let Some(bare) = pattern.strip_prefix("mx:").map(|bare| String::from(bare.trim_start())) {
                self.notes.add(place, Oddity::FieldName);
                *pattern = bare;
            }
        }
        Ok(patterns)
    }

    fn failures(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Vec<Failure>> {
        let list = place.at("failure-details");
        let mut failures = Vec::new();
        let mut met = 0;
        match reader.peek()? {
            Kind::Array => reader.array(|reader| {
                met += 1;
                if self.failures_left == 0 {
                    return Ok(reader.skip()?);
                }
                self.failures_left -= 1;
                let place = Place { failure: Some(met - 1), ..place };
                failures.extend(self.failure(reader, place)?);
                Ok::<_, ReadError>(())
            })?,
            Kind::Object => {
                self.notes.add(list, Oddity::NoArray(Kind::Object));
                failures.extend(self.failure(reader, Place { failure: Some(0), ..place })?);
            }
            _ => self.notes.ignore(reader, list)?,
        }
        if self.failures_left == 0 && failures.len() < met {
            self.notes.add(list, Oddity::TooMany);
        }
        Ok(failures)
    }

    fn failure(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Option<Failure>> {
        let (mut result, mut sending_ip, mut mx, mut helo) = (None, None, None, None);
        let (mut receiving_ip, mut sessions, mut information, mut reason) = (None, None, None, None);
        if reader.peek()? != Kind::Object {
            return self.notes.ignore(reader, place).map(|()| None);
        }
        let notes = &mut self.notes;
        reader.object(|reader, key| {
            let Some(place) = FAILURE_MEMBERS.iter().find(|member| **member == key).map(|member| place.at(member))
            else {
                return Ok(reader.skip()?);
            };
            match place.member {
                "result-type" => once(&mut result, place, notes.term(reader, place, ResultType::parse)?),
                "sending-mta-ip" => once(&mut sending_ip, place, notes.address(reader, place)?),
                "receiving-mx-hostname" => once(&mut mx, place, notes.host(reader, place)?),
                "receiving-mx-helo" => once(&mut helo, place, notes.owned(reader, place)?),
                "receiving-ip" => once(&mut receiving_ip, place, notes.address(reader, place)?),
                "failed-session-count" => once(&mut sessions, place, notes.count(reader, place)?),
                "additional-information" => once(&mut information, place, notes.owned(reader, place)?),
                _ => once(&mut reason, place, notes.owned(reader, place)?),
            }
        })?;
        if result.is_none() {
            notes.missing(place.at("result-type"), Instead::Nothing);
        }
        let sessions = sessions.flatten().unwrap_or_else(|| {
            notes.missing(place.at("failed-session-count"), Instead::One);
            1
        });
        Ok(Some(Failure {
            result: result.flatten().unwrap_or_else(|| Term::Other(String::new())),
            sending_ip: sending_ip.flatten(),
            mx: mx.flatten(),
            helo: helo.flatten(),
            receiving_ip: receiving_ip.flatten(),
            sessions,
            information: information.flatten(),
            reason: reason.flatten(),
        }))
    }

    /// What the JSON reader let pass, and what follows the report.
    fn sloppiness(&mut self, reader: &mut Reader<'_>) {
        let sloppy = reader.sloppy();
        for (seen, oddity) in [
            (sloppy.not_utf8, Oddity::NotUtf8),
            (sloppy.lone_surrogate, Oddity::LoneSurrogate),
            (sloppy.raw_control, Oddity::RawControl),
            (reader.end().is_err(), Oddity::Trailing),
        ] {
            if seen {
                self.notes.add(Place::default(), oddity);
            }
        }
    }
}

#[derive(Default)]
struct Summary {
    successful: Option<u64>,
    failed: Option<u64>,
}

const SUCCESSFUL: &str = "summary.total-successful-session-count";
const FAILED: &str = "summary.total-failure-session-count";
const MX_HOST: &str = "policy.mx-host";
const FAILURE_MEMBERS: [&str; 8] = [
    "result-type",
    "sending-mta-ip",
    "receiving-mx-hostname",
    "receiving-mx-helo",
    "receiving-ip",
    "failed-session-count",
    "additional-information",
    "failure-reason-code",
];

fn once<T>(slot: &mut Option<T>, place: Place, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(ReadError::Twice(place.member)),
    }
}
