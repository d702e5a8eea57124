//! Replies: one or more lines of a three-digit code, `-` or a space, and a text (RFC 5321 §4.2).
//!
//! The [`Reader`] is fed with octets as they come and stops right behind a reply's last line, so that the caller sees what
//! else arrived: octets behind the `220` to STARTTLS were put there by somebody without the keys (R3207-4-3).
use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::shown::is_unsafe;

/// Longest line, octets, without its end. RFC 5321 §4.5.3.1.5 says 512; many say more.
pub const MAX_LINE: usize = 1000;
/// Longest reply, octets.
pub const MAX_REPLY: usize = 64 * 1024;

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// The texts of its lines, at least one: without code and line end, unsafe characters replaced by U+FFFD.
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether the code is 2xx.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether the code is 4xx: trying again later may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// Emits the reply as a server sends it, lines ending in CRLF.
    #[must_use]
    pub fn emit(&self) -> String {
        let mut out = String::new();
        let last = self.lines.len().saturating_sub(1);
        for (index, line) in self.lines.iter().enumerate() {
            let mark = if index == last { ' ' } else { '-' };
            out.push_str(&alloc::format!("{}{mark}{line}\r\n", self.code));
        }
        out
    }
}

/// In one line, as for a log: `250 first / second`.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        for (index, line) in self.lines.iter().enumerate() {
            f.write_str(if index == 0 { " " } else { " / " })?;
            f.write_str(line)?;
        }
        Ok(())
    }
}

/// Why what a server sends is no reply. The connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// A line does not begin with a code and `-` or a space.
    #[error("a line of the reply does not begin with a three-digit code and a space or `-`")]
    Malformed,
    /// The lines of one reply have different codes.
    #[error("the lines of the reply have different codes")]
    MixedCodes,
    /// A line over [`MAX_LINE`].
    #[error("a line of the reply is longer than {MAX_LINE} octets")]
    LineTooLong,
    /// A reply over [`MAX_REPLY`].
    #[error("the reply is longer than {MAX_REPLY} octets")]
    TooLong,
}

/// What feeding the reader came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// All octets are taken, the reply is not complete.
    NeedMore,
    /// A reply is complete.
    Done {
        /// The reply.
        reply: Reply,
        /// How many of the octets fed now belong to it; the rest came behind it.
        used: usize,
    },
}

/// Reads one reply after the other from octets as they come.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    total: usize,
    code: Option<u16>,
    lines: Vec<String>,
}

impl Reader {
    /// A reader that awaits a reply's first octet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether part of a reply has been read.
    #[must_use]
    pub fn is_midway(&self) -> bool {
        self.total > 0
    }

    /// Takes octets up to the end of a reply. Lines end in CRLF, or in LF alone as some servers have it.
    ///
    /// # Errors
    /// [`ReplyError`]; the reader is of no use afterwards.
    pub fn feed(&mut self, octets: &[u8]) -> Result<Progress, ReplyError> {
        let mut used = 0;
        for part in octets.split_inclusive(|&octet| octet == b'\n') {
            used += part.len();
            self.total = self.total.saturating_add(part.len());
            if self.total > MAX_REPLY {
                return Err(ReplyError::TooLong);
            }
            // Line end of two octets included; checked before anything is kept.
            if self.line.len() + part.len() > MAX_LINE + 2 {
                return Err(ReplyError::LineTooLong);
            }
            self.line.extend_from_slice(part);
            if self.line.last() == Some(&b'\n')
                && let Some(reply) = self.take_line()?
            {
                self.total = 0;
                return Ok(Progress::Done { reply, used });
            }
        }
        Ok(Progress::NeedMore)
    }

    fn take_line(&mut self) -> Result<Option<Reply>, ReplyError> {
        let line = core::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > MAX_LINE {
            return Err(ReplyError::LineTooLong);
        }
        let (code, more, text) = split(line).ok_or(ReplyError::Malformed)?;
        if *self.code.get_or_insert(code) != code {
            return Err(ReplyError::MixedCodes);
        }
        self.lines.push(safe(text));
        if more == More::Follow {
            return Ok(None);
        }
        self.code = None;
        Ok(Some(Reply { code, lines: core::mem::take(&mut self.lines) }))
    }
}

#[derive(PartialEq, Eq)]
enum More {
    Follow,
    Last,
}

fn split(line: &[u8]) -> Option<(u16, More, &[u8])> {
    let [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = line else {
        return None;
    };
    let digit = |octet: &u8| u16::from(octet - b'0');
    let code = digit(a) * 100 + digit(b) * 10 + digit(c);
    match rest {
        // A bare code is a last line without text (RFC 5321 §4.2: accept it).
        [] => Some((code, More::Last, rest)),
        [b' ', text @ ..] => Some((code, More::Last, text)),
        [b'-', text @ ..] => Some((code, More::Follow, text)),
        _ => None,
    }
}

fn safe(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect()
}
