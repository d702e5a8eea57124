//! Reading `failure-details`.
use alloc::{string::String, vec::Vec};

use super::{
    error::{ReadError, Result},
    reading::{Reading, once},
};
use crate::{
    json::{Kind, Reader},
    tlsrpt::{
        ResultType,
        report::{Failure, Instead, Oddity, Place, Term},
    },
};

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

impl Reading {
    pub(super) fn failures(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Vec<Failure>> {
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
}
