//! Header fields (RFC 5322 §2.2): writing them folded, and reading a message's header within bounds.
use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

/// Length that a line should not pass, octets, without its end (RFC 5322 §2.1.1).
const FOLD_AT: usize = 78;
/// Length that it must not pass.
pub const MAX_LINE: usize = 998;
/// How much of a message's header is read, octets.
pub const MAX_HEADER: usize = 256 * 1024;
/// Most fields that are read.
pub const MAX_FIELDS: usize = 1000;
/// Longest value that is unfolded, octets.
pub const MAX_VALUE: usize = 16 * 1024;

//----------- Writing -----------------------------------------------------

/// A header field of ours: printable ASCII with single blanks between the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    name: &'static str,
    value: String,
}

/// Why a text cannot be a field's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// A line end, another control character, or something beyond ASCII.
    #[error("the value of {0} has a character that cannot stand in a header field")]
    Character(&'static str),
    /// Empty, or blanks at an end or beside each other: a receiver that folds anew would not give the same value back.
    #[error("the value of {0} is empty or has blanks where none belong")]
    Blank(&'static str),
    /// A word too long for a line.
    #[error("the value of {0} has a word that fits into no line")]
    TooLong(&'static str),
}

/// A message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The header, in order.
    pub fields: Vec<Field>,
    /// What follows the empty line; its lines end in CRLF.
    pub body: Vec<u8>,
}

impl Field {
    /// Puts a field together.
    ///
    /// # Errors
    /// [`FieldError`]: the value could end the field, or begin another one.
    pub fn new(name: &'static str, value: impl Into<String>) -> Result<Self, FieldError> {
        let value = value.into();
        if value.bytes().any(|octet| !matches!(octet, b' '..=b'~')) {
            return Err(FieldError::Character(name));
        }
        if value.split(' ').any(str::is_empty) {
            return Err(FieldError::Blank(name));
        }
        // The first word stands beside the name, the others may each begin a line.
        let mut beside = name.len() + 1;
        for word in value.split(' ') {
            if beside + 1 + word.len() > MAX_LINE {
                return Err(FieldError::TooLong(name));
            }
            beside = 0;
        }
        Ok(Self { name, value })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value, unfolded.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Appends the field, folded at blanks so that lines keep to 78 octets where they can.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.name.as_bytes());
        out.push(b':');
        let mut column = self.name.len() + 1;
        for (index, word) in self.value.split(' ').enumerate() {
            if index > 0 && column + 1 + word.len() > FOLD_AT {
                out.extend_from_slice(b"\r\n");
                column = 0;
            }
            out.push(b' ');
            out.extend_from_slice(word.as_bytes());
            column += 1 + word.len();
        }
        out.extend_from_slice(b"\r\n");
    }
}

impl Message {
    /// The message as it goes over the wire, without the dot-stuffing of SMTP.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.body.len() + 1024);
        self.fields.iter().for_each(|field| field.emit(&mut out));
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
        out
    }

    /// The first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(Field::value)
    }
}

//----------- Reading -----------------------------------------------------

/// A received message, split into its header's fields and its body; nothing in it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<'a> {
    /// The fields, in order, at most [`MAX_FIELDS`] and from the first [`MAX_HEADER`] octets.
    pub fields: Vec<RawField<'a>>,
    /// What follows the first empty line.
    pub body: &'a [u8],
    /// Whether there were more fields than that.
    pub cut: Cut,
}

/// Whether something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing was.
    No,
    /// Something was.
    Yes,
}

/// A field as received.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawField<'a> {
    /// The name, as written.
    pub name: &'a str,
    /// What follows the colon, with its folds, without the last line end.
    pub raw: &'a [u8],
}

impl<'a> Received<'a> {
    /// Splits a message. Lines may end in CRLF or LF. Lines that are neither a field nor its continuation are passed over, as
    /// is the `From ` line of a mailbox file.
    #[must_use]
    pub fn parse(message: &'a [u8]) -> Self {
        let mut received = Self { fields: Vec::new(), body: &[], cut: Cut::No };
        let mut rest = message;
        while !rest.is_empty() {
            let (field, after) = logical_line(rest);
            rest = after;
            if without_end(field).is_empty() {
                break;
            }
            let Some(field) = split(field) else {
                continue;
            };
            if received.fields.len() == MAX_FIELDS || message.len() - rest.len() > MAX_HEADER {
                received.cut = Cut::Yes;
            } else {
                received.fields.push(field);
            }
        }
        received.body = rest;
        received
    }

    /// All fields of this name, in any case.
    pub fn all(&self, name: &str) -> impl Iterator<Item = RawField<'a>> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).copied()
    }

    /// The value of the first field of this name, unfolded.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<String> {
        self.all(name).next().map(RawField::unfolded)
    }
}

impl RawField<'_> {
    /// The value on one line: folds become single blanks, the ends are trimmed, octets that are no UTF-8 become U+FFFD. Cut to
    /// [`MAX_VALUE`].
    #[must_use]
    pub fn unfolded(self) -> String {
        let head = self.raw.get(..MAX_VALUE).unwrap_or(self.raw);
        let text: Cow<'_, str> = String::from_utf8_lossy(head);
        let lines = text.split(['\r', '\n']).map(|line| line.trim_matches([' ', '\t']));
        let mut out = String::with_capacity(text.len());
        for line in lines.filter(|line| !line.is_empty()) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(line);
        }
        out
    }
}

impl fmt::Debug for RawField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.name, self.unfolded())
    }
}

/// A line with those that continue it, ends included, and the rest.
fn logical_line(text: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    loop {
        let line = text.get(end..).unwrap_or_default();
        end += line.iter().position(|octet| *octet == b'\n').map_or(line.len(), |at| at + 1);
        let first_is_empty = without_end(text.get(..end).unwrap_or_default()).is_empty();
        if first_is_empty || !matches!(text.get(end), Some(b' ' | b'\t')) {
            return text.split_at_checked(end).unwrap_or((text, &[]));
        }
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn split(field: &[u8]) -> Option<RawField<'_>> {
    let colon = field.iter().position(|octet| *octet == b':')?;
    let (name, raw) = field.split_at_checked(colon)?;
    let name = core::str::from_utf8(name).ok()?.trim_end_matches([' ', '\t']);
    let is_name = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic());
    is_name.then(|| RawField { name, raw: without_end(raw.get(1..).unwrap_or_default()) })
}
