//! Reading single values leniently: each helper takes what the RFC wants without a note, and what senders write instead with one.
use alloc::{borrow::Cow, format, string::String, vec::Vec};
use core::net::IpAddr;

use super::error::{ReadError, Result};
use crate::{
    date::{Zone, parse_rfc3339},
    json::{JsonError, Kind, Reader},
    name::Domain,
    shown::shown,
    tlsrpt::report::{
        Instead, MAX_COUNT, MAX_NOTES, MAX_STRINGS, MAX_TEXT, Note, Oddity, Place, Term, limit::MAX_ALL_STRINGS,
    },
};

/// What reading notes on its way.
pub(super) struct Notes {
    pub(super) list: Vec<Note>,
    pub(super) more: usize,
    strings_left: usize,
}

impl Notes {
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), more: 0, strings_left: MAX_ALL_STRINGS }
    }

    pub(super) fn add(&mut self, place: Place, oddity: Oddity) {
        if self.list.len() < MAX_NOTES {
            self.list.push(Note { place, oddity });
        } else {
            self.more += 1;
        }
    }

    /// A member that the RFC demands and that is not there.
    pub(super) fn missing(&mut self, place: Place, instead: Instead) {
        self.add(place, Oddity::Missing(instead));
    }

    /// Passes over a value that cannot be used.
    pub(super) fn ignore(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<()> {
        let oddity = match reader.peek()? {
            Kind::Null => Oddity::Null,
            kind => Oddity::Ignored(kind),
        };
        self.add(place, oddity);
        Ok(reader.skip()?)
    }

    //----------- texts ---------------------------------------------------

    /// A text that is not empty.
    pub(super) fn text<'a>(&mut self, reader: &mut Reader<'a>, place: Place) -> Result<Option<Cow<'a, str>>> {
        let text = match reader.peek()? {
            Kind::String => reader.string()?,
            Kind::Number => {
                self.add(place, Oddity::NumberForString);
                Cow::Borrowed(reader.number()?.as_str())
            }
            _ => return self.ignore(reader, place).map(|()| None),
        };
        if text.is_empty() {
            self.add(place, Oddity::Empty);
            return Ok(None);
        }
        Ok(Some(self.shortened(text, place)))
    }

    pub(super) fn owned(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Option<String>> {
        Ok(self.text(reader, place)?.map(Cow::into_owned))
    }

    fn shortened<'a>(&mut self, text: Cow<'a, str>, place: Place) -> Cow<'a, str> {
        if text.len() <= MAX_TEXT {
            return text;
        }
        self.add(place, Oddity::Cut);
        let end = text.floor_char_boundary(MAX_TEXT);
        Cow::Owned(text.get(..end).unwrap_or_default().into())
    }

    /// A word of the RFC; in other letters, or another word, with a note.
    pub(super) fn term<T: Copy>(
        &mut self,
        reader: &mut Reader<'_>,
        place: Place,
        parse: fn(&str) -> Option<T>,
    ) -> Result<Option<Term<T>>> {
        let Some(word) = self.text(reader, place)? else {
            return Ok(None);
        };
        if let Some(known) = parse(&word) {
            return Ok(Some(Term::Known(known)));
        }
        let plain = word.trim().to_ascii_lowercase().replace('_', "-");
        Ok(Some(match parse(&plain) {
            Some(known) => {
                self.add(place, Oddity::Letters(shown(&word)));
                Term::Known(known)
            }
            None => {
                self.add(place, Oddity::UnknownWord(shown(&word)));
                Term::Other(word.into_owned())
            }
        }))
    }

    /// A domain name.
    pub(super) fn domain(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Option<Domain>> {
        let Some(text) = self.text(reader, place)? else {
            return Ok(None);
        };
        let domain = Domain::parse_lenient(text.trim()).ok();
        match &domain {
            Some(domain) if domain.as_str() == text => {}
            Some(_) => self.add(place, Oddity::NotNormal(shown(&text))),
            None => self.add(place, Oddity::NoName(shown(&text))),
        }
        Ok(domain)
    }

    /// A host's name; what is none is kept as it is.
    pub(super) fn host(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Option<String>> {
        let Some(text) = self.text(reader, place)? else {
            return Ok(None);
        };
        Ok(Some(match Domain::parse_lenient(text.trim()) {
            Ok(domain) if domain.as_str() == text => text.into_owned(),
            Ok(domain) => {
                self.add(place, Oddity::NotNormal(shown(&text)));
                domain.as_str().into()
            }
            Err(_) => {
                self.add(place, Oddity::NoName(shown(&text)));
                text.into_owned()
            }
        }))
    }

    /// An IP address, also in brackets.
    pub(super) fn address(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Option<IpAddr>> {
        let Some(text) = self.text(reader, place)? else {
            return Ok(None);
        };
        let inner = text.trim();
        let inner = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(inner);
        let address: Option<IpAddr> = inner.strip_prefix("IPv6:").unwrap_or(inner).parse().ok();
        match address {
            Some(address) if format!("{address}") == text => {}
            Some(_) => self.add(place, Oddity::NotNormal(shown(&text))),
            None => self.add(place, Oddity::NoAddress(shown(&text))),
        }
        Ok(address)
    }

    //----------- numbers and times ---------------------------------------

    /// A count of sessions.
    pub(super) fn count(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Option<u64>> {
        let text = match reader.peek()? {
            Kind::Number => Cow::Borrowed(reader.number()?.as_str()),
            Kind::String => {
                self.add(place, Oddity::StringForNumber);
                reader.string()?
            }
            _ => return self.ignore(reader, place).map(|()| None),
        };
        let count = whole(text.trim());
        match count {
            None => self.add(place, Oddity::NoCount(shown(&text))),
            Some(count) if count > MAX_COUNT => self.add(place, Oddity::TooLarge),
            Some(_) => {}
        }
        Ok(count.map(|count| count.min(MAX_COUNT)))
    }

    /// A date and time.
    pub(super) fn moment(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Option<u64>> {
        let Some(text) = self.text(reader, place)? else {
            return Ok(None);
        };
        match parse_rfc3339(text.trim()) {
            Some((moment, Zone::Given)) => Ok(Some(moment)),
            Some((moment, Zone::Assumed)) => {
                self.add(place, Oddity::NoZone);
                Ok(Some(moment))
            }
            None => {
                self.add(place, Oddity::NoDate(shown(&text)));
                Ok(None)
            }
        }
    }

    //----------- arrays --------------------------------------------------

    /// An array of strings, or one string with all of them.
    pub(super) fn strings(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Vec<String>> {
        let mut strings = Vec::new();
        match reader.peek()? {
            Kind::Array => reader.array(|reader| {
                let Some(text) = self.text(reader, place)? else {
                    return Ok::<_, ReadError>(());
                };
                match nested(&text) {
                    Some(inner) => {
                        self.add(place, Oddity::ArrayInString);
                        inner.into_iter().for_each(|text| self.push(&mut strings, text, place));
                    }
                    None => self.push(&mut strings, text.into_owned(), place),
                }
                Ok(())
            })?,
            Kind::String => {
                let text = reader.string()?;
                self.add(place, Oddity::NoArray(Kind::String));
                let all = nested(&text).unwrap_or_else(|| split(&text));
                all.into_iter().for_each(|text| self.push(&mut strings, text, place));
            }
            _ => self.ignore(reader, place)?,
        }
        Ok(strings)
    }

    fn push(&mut self, strings: &mut Vec<String>, text: String, place: Place) {
        if text.is_empty() {
            self.add(place, Oddity::Empty);
        } else if strings.len() < MAX_STRINGS && self.strings_left > 0 {
            self.strings_left -= 1;
            strings.push(self.shortened(Cow::Owned(text), place).into_owned());
        } else if self.list.last().is_none_or(|last| last.oddity != Oddity::TooMany || last.place != place) {
            self.add(place, Oddity::TooMany);
        }
    }
}

/// A whole number, also when it is written as 5.0 or 5e0.
fn whole(text: &str) -> Option<u64> {
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let number: f64 = text.parse().ok()?;
    // From 2^53 on a fraction could no longer be seen.
    let fits = (0.0..9_007_199_254_740_992.0).contains(&number);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "judged by the comparison")]
    let count = number as u64;
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 nothing is lost")]
    let exact = count as f64 == number;
    (fits && exact).then_some(count)
}

/// Some senders write the array of a policy's TLSA records into one string.
fn nested(text: &str) -> Option<Vec<String>> {
    if !text.starts_with('[') {
        return None;
    }
    let mut reader = Reader::new(text.as_bytes());
    let mut strings = Vec::new();
    let read = reader.array(|reader| {
        strings.push(reader.string()?.into_owned());
        Ok::<_, JsonError>(())
    });
    read.and_then(|()| reader.end()).ok().map(|()| strings)
}

/// §4 once spoke of one string "separated by semicolons" (TLSRPT-A1).
fn split(text: &str) -> Vec<String> {
    text.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(String::from).collect()
}
