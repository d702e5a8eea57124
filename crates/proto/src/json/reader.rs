//! The pull reader.
use super::error::{Fault, JsonError, Kind, MAX_DEPTH};

/// Reads one JSON text from front to back.
///
/// The caller asks [`Reader::peek`] what comes next and takes it with the method of that kind, or passes over it with
/// [`Reader::skip`]. After an error the reader stands somewhere in the text, and nothing more can be read.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    pub(super) octets: &'a [u8],
    /// The same, if all of it is UTF-8: then no string needs to be looked at again.
    pub(super) text: Option<&'a str>,
    pub(super) at: usize,
    depth: u8,
    pub(super) sloppy: Sloppy,
}

/// What was accepted although RFC 8259 or RFC 7493 (I-JSON) forbids it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sloppy {
    /// A string held octets that are no UTF-8; each became U+FFFD.
    pub not_utf8: bool,
    /// A string held half of a surrogate pair; it became U+FFFD.
    pub lone_surrogate: bool,
    /// A string held a control character that was not escaped.
    pub raw_control: bool,
}

//----------- Reader: what comes next -------------------------------------

/// # Looking
impl<'a> Reader<'a> {
    /// Stands before the first value of `octets`.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        Self { octets, text: core::str::from_utf8(octets).ok(), at: 0, depth: 0, sloppy: Sloppy::default() }
    }

    /// Octets read so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// What has been accepted so far that is no strict JSON.
    #[must_use]
    pub fn sloppy(&self) -> Sloppy {
        self.sloppy
    }

    /// The kind of the next value.
    ///
    /// # Errors
    /// No value begins here.
    pub fn peek(&mut self) -> Result<Kind, JsonError> {
        match self.next_octet()? {
            b'"' => Ok(Kind::String),
            b'{' => Ok(Kind::Object),
            b'[' => Ok(Kind::Array),
            b'-' | b'0'..=b'9' => Ok(Kind::Number),
            b'n' => Ok(Kind::Null),
            b't' | b'f' => Ok(Kind::Bool),
            other => Err(self.fault(Fault::Unexpected(other))),
        }
    }

    /// That nothing but white space follows.
    ///
    /// # Errors
    /// Something does.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.at < self.octets.len() { Err(self.fault(Fault::Trailing)) } else { Ok(()) }
    }

    pub(super) fn fault(&self, fault: Fault) -> JsonError {
        JsonError { at: self.at, fault }
    }

    pub(super) fn wrong_kind(&mut self, wanted: Kind) -> JsonError {
        match self.peek() {
            Ok(found) => self.fault(Fault::Kind { wanted, found }),
            Err(error) => error,
        }
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.octets.get(self.at) {
            self.at += 1;
        }
    }

    /// The next octet that is no white space; it is not taken.
    #[inline]
    pub(super) fn next_octet(&mut self) -> Result<u8, JsonError> {
        self.skip_space();
        self.here()
    }

    #[inline]
    pub(super) fn here(&self) -> Result<u8, JsonError> {
        self.octets.get(self.at).copied().ok_or_else(|| self.fault(Fault::End))
    }

    #[inline]
    fn take(&mut self, octet: u8) -> Result<(), JsonError> {
        match self.next_octet()? {
            found if found == octet => {
                self.at += 1;
                Ok(())
            }
            found => Err(self.fault(Fault::Unexpected(found))),
        }
    }

    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        self.octets.get(start..self.at).unwrap_or_default()
    }
}

//----------- Reader: values ----------------------------------------------

/// # Taking
impl<'a> Reader<'a> {
    /// Takes an object: calls `member` with each name, in order; it must take or skip the value.
    ///
    /// # Errors
    /// What `member` returns, and [`JsonError`] when there is no object or it is malformed.
    pub fn object<E: From<JsonError>>(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        self.nest(Kind::Object, b'{', b'}', |reader| {
            if reader.next_octet()? != b'"' {
                return Err(reader.wrong_kind(Kind::String).into());
            }
            let name = reader.string()?;
            reader.take(b':')?;
            member(reader, &name)
        })
    }

    /// Takes an array: calls `item` before each value; it must take or skip it.
    ///
    /// # Errors
    /// What `item` returns, and [`JsonError`] when there is no array or it is malformed.
    pub fn array<E: From<JsonError>>(&mut self, item: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        self.nest(Kind::Array, b'[', b']', item)
    }

    #[inline]
    fn nest<E: From<JsonError>>(
        &mut self,
        kind: Kind,
        open: u8,
        close: u8,
        mut each: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.next_octet()? != open {
            return Err(self.wrong_kind(kind).into());
        }
        if self.depth == MAX_DEPTH {
            return Err(self.fault(Fault::TooDeep).into());
        }
        self.at += 1;
        self.depth += 1;
        if self.next_octet()? != close {
            each(self)?;
            while self.next_octet()? == b',' {
                self.at += 1;
                each(self)?;
            }
        }
        self.take(close)?;
        self.depth -= 1;
        Ok(())
    }

    /// Takes `null`, `true` or `false`.
    fn word(&mut self) -> Result<(), JsonError> {
        let word: &[u8] = match self.next_octet()? {
            b'n' => b"null",
            b't' => b"true",
            _ => b"false",
        };
        for octet in word {
            match self.here()? {
                found if found == *octet => self.at += 1,
                other => return Err(self.fault(Fault::Unexpected(other))),
            }
        }
        Ok(())
    }

    /// Takes any value and drops it.
    ///
    /// # Errors
    /// It is malformed.
    pub fn skip(&mut self) -> Result<(), JsonError> {
        match self.peek()? {
            Kind::Null | Kind::Bool => self.word(),
            Kind::Number => self.number().map(|_| ()),
            Kind::String => self.string().map(|_| ()),
            Kind::Array => self.array(Self::skip),
            Kind::Object => self.object(|reader, _| reader.skip()),
        }
    }
}
