//! The pull reader.
use alloc::{borrow::Cow, string::String};
use core::fmt;

use super::swar::plain_run;
use crate::hex;

/// How deep arrays and objects may nest. A TLS report nests six deep.
pub const MAX_DEPTH: u8 = 32;

/// Reads one JSON text from front to back.
///
/// The caller asks [`Reader::peek`] what comes next and takes it with the method of that kind, or passes over it with
/// [`Reader::skip`]. After an error the reader stands somewhere in the text, and nothing more can be read.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    octets: &'a [u8],
    /// The same, if all of it is UTF-8: then no string needs to be looked at again.
    text: Option<&'a str>,
    at: usize,
    depth: u8,
    sloppy: Sloppy,
}

/// What a value is, told from its first octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
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

/// A number as written: JSON's grammar, otherwise unjudged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number<'a>(&'a str);

/// Where and why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonError {
    /// Octets before the place.
    pub at: usize,
    /// The reason.
    pub fault: Fault,
}

/// Why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It stops in the middle.
    #[error("the text ends in the middle of a value")]
    End,
    /// This octet cannot stand here.
    #[error("unexpected {}", Octet(*.0))]
    Unexpected(u8),
    /// The value is of another kind than the caller can use.
    #[error("there is {} where {} is wanted", .found.in_words(), .wanted.in_words())]
    Kind {
        /// What can be used.
        wanted: Kind,
        /// What is there.
        found: Kind,
    },
    /// More than [`MAX_DEPTH`] arrays and objects in each other.
    #[error("the values nest more than {MAX_DEPTH} deep")]
    TooDeep,
    /// Octets behind the value.
    #[error("there is more text behind the value")]
    Trailing,
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

    fn fault(&self, fault: Fault) -> JsonError {
        JsonError { at: self.at, fault }
    }

    fn wrong_kind(&mut self, wanted: Kind) -> JsonError {
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
    fn next_octet(&mut self) -> Result<u8, JsonError> {
        self.skip_space();
        self.here()
    }

    #[inline]
    fn here(&self) -> Result<u8, JsonError> {
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

    fn since(&self, start: usize) -> &'a [u8] {
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

    /// Takes a string; it is borrowed where it has no escape and is valid UTF-8.
    ///
    /// # Errors
    /// There is no string, or it does not end, or a backslash begins no escape.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        if self.next_octet()? != b'"' {
            return Err(self.wrong_kind(Kind::String));
        }
        self.at += 1;
        let first = self.run();
        if self.here()? == b'"' {
            self.at += 1;
            return Ok(first);
        }
        self.rest_of_string(first.into_owned())
    }

    #[cold]
    fn rest_of_string(&mut self, mut text: String) -> Result<Cow<'a, str>, JsonError> {
        loop {
            match self.here()? {
                b'"' => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                b'\\' => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                control => {
                    self.at += 1;
                    self.sloppy.raw_control = true;
                    text.push(char::from(control));
                }
            }
            text.push_str(&self.run());
        }
    }

    /// The octets up to the next quote, backslash or control character.
    #[inline]
    fn run(&mut self) -> Cow<'a, str> {
        let start = self.at;
        self.at += plain_run(self.octets.get(start..).unwrap_or_default());
        match self.text.and_then(|text| text.get(start..self.at)) {
            Some(run) => Cow::Borrowed(run),
            None => self.lossy(start),
        }
    }

    #[cold]
    fn lossy(&mut self, start: usize) -> Cow<'a, str> {
        let text = String::from_utf8_lossy(self.since(start));
        self.sloppy.not_utf8 |= matches!(text, Cow::Owned(_));
        text
    }

    /// Takes what follows a backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        let plain = match self.here()? {
            octet @ (b'"' | b'\\' | b'/') => char::from(octet),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            other => return Err(self.fault(Fault::Unexpected(other))),
        };
        self.at += 1;
        Ok(plain)
    }

    /// Takes the four digits after `\u`, and a second escape where the two are a pair.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.four_digits()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let before = self.at;
        if (0xd800..0xdc00).contains(&first) && self.octets.get(before..before + 2) == Some(b"\\u") {
            self.at += 2;
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                let joined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            // No pair: the second escape stands for itself.
            self.at = before;
        }
        self.sloppy.lone_surrogate = true;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..2 {
            let pair = self.octets.get(self.at..self.at + 2).ok_or_else(|| self.fault(Fault::End))?;
            let octet = match pair {
                [high, low] => hex::octet(*high, *low).ok_or_else(|| self.fault(Fault::Unexpected(*high)))?,
                _ => 0,
            };
            value = (value << 8) | u32::from(octet);
            self.at += 2;
        }
        Ok(value)
    }

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

//----------- Number ------------------------------------------------------

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

//----------- Words for people --------------------------------------------

impl Kind {
    /// With its article, for a sentence.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a truth value",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "octet {}: {}", self.at, self.fault)
    }
}

impl core::error::Error for JsonError {}

/// An octet as people can see it.
struct Octet(u8);

impl fmt::Display for Octet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x21..=0x7e => write!(f, "`{}`", char::from(self.0)),
            other => write!(f, "octet 0x{other:02x}"),
        }
    }
}
