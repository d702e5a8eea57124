//! Reading a report as senders write it (D-55, D-56).
mod entry;
mod error;
mod failure;
mod reading;
mod values;

use alloc::vec::Vec;

pub use error::ReadError;

use self::{
    error::Result,
    reading::{Reading, once},
};
use super::{Instead, MAX_LEN, Note, Oddity, Period, Place, Report};
use crate::{
    date::DAY,
    json::{Kind, Reader},
};

/// A report that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The report.
    pub report: Report,
    /// Every leniency, in the order met, at most [`MAX_NOTES`](super::MAX_NOTES).
    pub notes: Vec<Note>,
    /// How many more there were.
    pub more_notes: usize,
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
        let mut reading = Reading::new();
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
