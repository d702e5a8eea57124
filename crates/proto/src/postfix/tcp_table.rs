//! tcp_table(5): `get KEY`, replies `200 …`, `500 …`, `400 …`, one line each, at most 4096 characters, odd octets as `%XX`.
use alloc::{string::String, vec::Vec};

use crate::hex::percent_decode;

/// Longest line in either direction, octets, its end included.
pub const MAX_LINE: usize = 4096;

/// What the front of a buffer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A whole line.
    Line {
        /// Without its end.
        line: &'a [u8],
        /// Octets of the buffer it took.
        used: usize,
    },
    /// The line is not complete yet.
    NeedMore,
    /// Longer than [`MAX_LINE`]: the connection cannot go on.
    TooLong,
}

/// Reads one line off the front of `buf`. It ends in LF; a CR before that is dropped.
#[must_use]
pub fn decode(buf: &[u8]) -> Decoded<'_> {
    match buf.iter().take(MAX_LINE).position(|&octet| octet == b'\n') {
        Some(end) => {
            let line = buf.get(..end).unwrap_or_default();
            Decoded::Line { line: line.strip_suffix(b"\r").unwrap_or(line), used: end + 1 }
        }
        None if buf.len() >= MAX_LINE => Decoded::TooLong,
        None => Decoded::NeedMore,
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The key, decoded.
    pub key: String,
}

/// Why a line is no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No `get` with a key; `put` is one of these.
    #[error("the request must be `get` and a key")]
    NotGet,
    /// White space in the key, or `%` without two hexadecimal digits behind it.
    #[error("the key is not encoded as %XX where it must be")]
    Encoding,
    /// The decoded key is no text.
    #[error("the key is not UTF-8")]
    NotUtf8,
}

impl Request {
    /// Reads a line.
    ///
    /// # Errors
    /// It is no `get` with a well-encoded key.
    pub fn parse(line: &[u8]) -> Result<Self, RequestError> {
        let key = line.strip_prefix(b"get ").filter(|key| !key.is_empty()).ok_or(RequestError::NotGet)?;
        let key = percent_decode(key, |octet| octet.is_ascii_graphic()).ok_or(RequestError::Encoding)?;
        String::from_utf8(key).map(|key| Self { key }).map_err(|_| RequestError::NotUtf8)
    }

    /// Appends the line as a client sends it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"get ");
        quote(&self.key, out);
        out.push(b'\n');
    }
}

/// An answer. One that does not fit into [`MAX_LINE`] octets becomes `400`: half a policy line would be a weaker one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `200 <line>`.
    Found(&'a str),
    /// `500 not found`.
    NotFound,
    /// `400 <why>`.
    Temp(&'a str),
}

impl Reply<'_> {
    /// Appends the whole line.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let (code, text): (&[u8], &str) = match *self {
            Self::Found(text) => (b"200 ", text),
            Self::NotFound => (b"500 ", "not found"),
            Self::Temp(text) => (b"400 ", text),
        };
        out.extend_from_slice(code);
        quote(text, out);
        out.push(b'\n');
        if text.is_empty() || out.len() - start > MAX_LINE {
            out.truncate(start);
            out.extend_from_slice(b"400 the%20answer%20does%20not%20fit%20into%20a%20tcp_table%20reply\n");
        }
    }
}

/// `%`, white space and whatever is not printable ASCII becomes `%XX`.
fn quote(text: &str, out: &mut Vec<u8>) {
    const DIGITS: [u8; 16] = *b"0123456789ABCDEF";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    for octet in text.bytes() {
        if octet.is_ascii_graphic() && octet != b'%' {
            out.push(octet);
        } else {
            out.extend_from_slice(&[b'%', digit(octet >> 4), digit(octet & 15)]);
        }
    }
}
