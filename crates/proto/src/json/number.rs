//! Reading numbers.
use super::{
    error::{Fault, JsonError, Kind},
    reader::Reader,
};

/// A number as written: JSON's grammar, otherwise unjudged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number<'a>(&'a str);

/// # Numbers
impl<'a> Reader<'a> {
    /// Takes a number.
    ///
    /// # Errors
    /// There is none, or it is malformed.
    pub fn number(&mut self) -> Result<Number<'a>, JsonError> {
        if !matches!(self.next_octet()?, b'-' | b'0'..=b'9') {
            return Err(self.wrong_kind(Kind::Number));
        }
        let start = self.at;
        self.at += usize::from(self.here()? == b'-');
        match self.here()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.octets.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.octets.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.octets.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Number(core::str::from_utf8(self.since(start)).unwrap_or_default()))
    }

    /// Takes one or more digits.
    fn digits(&mut self) -> Result<(), JsonError> {
        match self.here()? {
            b'0'..=b'9' => {}
            other => return Err(self.fault(Fault::Unexpected(other))),
        }
        while let Some(b'0'..=b'9') = self.octets.get(self.at) {
            self.at += 1;
        }
        Ok(())
    }
}

impl<'a> Number<'a> {
    /// As written.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The whole number that is written without fraction and exponent; `None` for others and for those that do not fit.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        self.0.parse().ok()
    }
}
