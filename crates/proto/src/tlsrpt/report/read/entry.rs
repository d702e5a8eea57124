//! Reading `policies`.
use alloc::{string::String, vec::Vec};

use super::{
    error::{ReadError, Result},
    reading::{Reading, once},
};
use crate::{
    json::{Kind, Reader},
    tlsrpt::{
        PolicyType,
        report::{Entry, Failure, Instead, MAX_COUNT, MAX_POLICIES, Oddity, Place, Policy, Term},
    },
};

#[derive(Default)]
struct Summary {
    successful: Option<u64>,
    failed: Option<u64>,
}

const SUCCESSFUL: &str = "summary.total-successful-session-count";
const FAILED: &str = "summary.total-failure-session-count";
const MX_HOST: &str = "policy.mx-host";

impl Reading {
    pub(super) fn entries(&mut self, reader: &mut Reader<'_>) -> Result<Vec<Entry>> {
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
                Some((seen.unwrap_or(0), sum.min(MAX_COUNT)))
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
            let mut bare = pattern.as_str();
            while let Some(rest) = bare.strip_prefix("mx:") {
                bare = rest.trim_start();
            }
            if bare.len() < pattern.len() {
                *pattern = bare.into();
                self.notes.add(place, Oddity::FieldName);
            }
        }
        patterns.retain(|pattern| !pattern.is_empty());
        Ok(patterns)
    }
}
