//! Socketmap: netstring frames, request, reply (socketmap_table(5)).
//!
//! A frame is the decimal octet count, `:`, the payload, `,`. Requests are `map key`, replies a status word, one space and a
//! text: the space stands even when the text is empty, as in `9:NOTFOUND ,`.
use alloc::{string::String, vec::Vec};

use crate::shown::has_control;

/// Longest request payload, octets (Postfix: socketmap_max_query_size).
pub const MAX_REQUEST: usize = 10_000;
/// Longest reply payload, octets (Postfix: socketmap_max_reply_size).
pub const MAX_REPLY: usize = 100_000;
/// Longest explanation in a `TEMP` or `PERM` reply, octets.
const MAX_WHY: usize = 500;

//----------- Frames ------------------------------------------------------

/// What the front of a buffer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A whole frame.
    Frame {
        /// What it carries.
        payload: &'a [u8],
        /// Octets of the buffer it took.
        used: usize,
    },
    /// The frame is not complete yet.
    NeedMore,
    /// No netstring, or one that is too long: the connection cannot go on.
    Bad(FrameError),
}

/// Why a buffer holds no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It does not begin with a decimal length without leading zeros, and `:`.
    #[error("the frame does not begin with a decimal length and `:`")]
    Length,
    /// Over the limit.
    #[error("the frame is longer than allowed")]
    TooLong,
    /// No comma after the payload.
    #[error("the frame does not end in `,`")]
    End,
}

/// Reads one frame off the front of `buf`; `max` is the longest payload taken. Leading zeros are refused.
#[must_use]
pub fn decode(buf: &[u8], max: usize) -> Decoded<'_> {
    let mut length = 0_usize;
    let mut rest = buf;
    let mut digits = 0_usize;
    loop {
        match rest {
            [] => return Decoded::NeedMore,
            [b':', after @ ..] if digits > 0 => {
                rest = after;
                break;
            }
            // A digit after a lone zero is a leading zero.
            [digit @ b'0'..=b'9', after @ ..] if digits == 0 || length > 0 => {
                length = length.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
                digits += 1;
                rest = after;
            }
            _ => return Decoded::Bad(FrameError::Length),
        }
        if length > max {
            return Decoded::Bad(FrameError::TooLong);
        }
    }
    let Some((payload, after)) = rest.split_at_checked(length) else {
        return Decoded::NeedMore;
    };
    match after {
        [] => Decoded::NeedMore,
        [b',', ..] => Decoded::Frame { payload, used: digits + 1 + length + 1 },
        _ => Decoded::Bad(FrameError::End),
    }
}

/// Appends a frame.
pub fn encode_frame(payload: &[u8], out: &mut Vec<u8>) {
    encode_parts(&[payload], out);
}

fn encode_parts(parts: &[&[u8]], out: &mut Vec<u8>) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.reserve(length + 12);
    push_decimal(length, out);
    out.push(b':');
    for part in parts {
        out.extend_from_slice(part);
    }
    out.push(b',');
}

fn push_decimal(number: usize, out: &mut Vec<u8>) {
    if number >= 10 {
        push_decimal(number / 10, out);
    }
    out.push(b'0' + u8::try_from(number % 10).unwrap_or_default());
}

//----------- Requests ----------------------------------------------------

/// A question: map name, one space, key (which may hold spaces).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// Map name.
    pub map: &'a str,
    /// Key.
    pub key: &'a str,
}

/// Why a payload is no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not text.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// No key.
    #[error("the request has no space between map name and key")]
    NoKey,
}

impl<'a> Request<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    /// The payload is not UTF-8, or holds no space.
    pub fn parse(payload: &'a [u8]) -> Result<Self, RequestError> {
        let text = core::str::from_utf8(payload).map_err(|_| RequestError::NotUtf8)?;
        let (map, key) = text.split_once(' ').ok_or(RequestError::NoKey)?;
        Ok(Self { map, key })
    }

    /// Appends the whole frame, as a client sends it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode_parts(&[self.map.as_bytes(), b" ", self.key.as_bytes()], out);
    }
}

//----------- Replies -----------------------------------------------------

/// An answer. Texts are made safe on the way out: control characters become `?`; a line that is empty or longer than
/// [`MAX_REPLY`] becomes `TEMP`, since half a policy line would be a weaker one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `OK <line>`.
    Ok(&'a str),
    /// `NOTFOUND `.
    NotFound,
    /// `TEMP <why>`.
    Temp(&'a str),
    /// `PERM <why>`.
    Perm(&'a str),
}

/// Why a payload is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Not text.
    #[error("the reply is not UTF-8")]
    NotUtf8,
    /// No known status word and space at its front.
    #[error("the reply does not begin with OK, NOTFOUND, TEMP, TIMEOUT or PERM and a space")]
    Status,
}

impl<'a> Reply<'a> {
    /// Appends the whole frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Ok("") => Reply::Temp("the answer is empty").encode(out),
            Self::Ok(line) if line.len() > MAX_REPLY - 3 => {
                Reply::Temp("the answer is longer than a reply may be").encode(out);
            }
            Self::Ok(line) => encode_text(b"OK ", line, out),
            Self::NotFound => encode_parts(&[b"NOTFOUND "], out),
            Self::Temp(why) => encode_text(b"TEMP ", cut(why), out),
            Self::Perm(why) => encode_text(b"PERM ", cut(why), out),
        }
    }

    /// Reads a payload, as a client does; `TIMEOUT` is a `TEMP`.
    ///
    /// # Errors
    /// The payload is not UTF-8, or begins with no known status word.
    pub fn parse(payload: &'a [u8]) -> Result<Self, ReplyError> {
        let text = core::str::from_utf8(payload).map_err(|_| ReplyError::NotUtf8)?;
        let (status, rest) = text.split_once(' ').ok_or(ReplyError::Status)?;
        match status {
            "OK" => Ok(Self::Ok(rest)),
            "NOTFOUND" => Ok(Self::NotFound),
            "TEMP" | "TIMEOUT" => Ok(Self::Temp(rest)),
            "PERM" => Ok(Self::Perm(rest)),
            _ => Err(ReplyError::Status),
        }
    }
}

fn encode_text(status: &[u8], text: &str, out: &mut Vec<u8>) {
    if has_control(text) {
        let safe: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        encode_parts(&[status, safe.as_bytes()], out);
    } else {
        encode_parts(&[status, text.as_bytes()], out);
    }
}

fn cut(why: &str) -> &str {
    why.get(..why.floor_char_boundary(MAX_WHY)).unwrap_or_default()
}
