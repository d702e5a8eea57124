//! What a server answers to a hello: its half of the handshake up to ServerHelloDone, or an alert.
//!
//! A server that has come so far agrees: it has chosen, shown its certificate, and signed. Of these messages only the ServerHello is
//! read; of the others it counts which there are. They may be cut over records, and several may share one (RFC 5246 §6.2.1).
//! Whatever is sent, no more than [`MAX_ANSWER`] octets are taken.
use alloc::vec::Vec;

use super::{
    alert::{self, CLOSE_NOTIFY, WARNING},
    cursor::Cursor,
    hello::{CONTENT as HANDSHAKE, EXTENDED_MASTER_SECRET, RENEGOTIATION_INFO},
};

/// Octets of an answer that are taken at most. Long chains with a certificate status are a fifth of that.
pub const MAX_ANSWER: usize = 128 * 1024;
/// Octets of a record's head: type, version, length.
const HEAD: usize = 5;
/// Octets in a record. RFC 5246 §6.2.1 says 2^14; what some implementations add is let pass.
const MAX_RECORD: usize = (1 << 14) + 2048;

/// Types of handshake messages.
const HELLO_REQUEST: u8 = 0;
const SERVER_HELLO: u8 = 2;
const SERVER_HELLO_DONE: u8 = 14;
const CERTIFICATE_STATUS: u8 = 22;

/// What a server chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Protocol version as on the wire; [`super::version_name`] has its name.
    pub version: u16,
    /// Cipher suite; [`super::cipher_name`] has its name.
    pub cipher: u16,
    /// Compression method: 0 is none, 1 is DEFLATE (RFC 3749).
    pub compression: u8,
    /// Whether it confirmed the extended master secret (RFC 7627 §5.2).
    pub extended_master_secret: bool,
    /// Whether it confirmed protected renegotiation (RFC 5746 §3.6).
    pub renegotiation_info: bool,
    /// Whether a certificate status came with the certificate (RFC 6066 §8).
    pub stapled: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The server refused with this alert.
    #[error("the server refused with the alert {} ({_0})", alert::name(*_0))]
    Alert(u8),
    /// Something else than TLS.
    #[error("what the server sent is not TLS")]
    NotTls,
    /// TLS, but not in the form or the order that is laid down.
    #[error("the server's answer is broken: {_0}")]
    Broken(&'static str),
    /// More than [`MAX_ANSWER`].
    #[error("the server's answer is longer than {MAX_ANSWER} octets")]
    TooLong,
}

/// What feeding the reader came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// All octets are taken, the answer is not complete.
    NeedMore,
    /// The answer is complete; what comes behind it is not looked at.
    Done(Answer),
}

/// Reads the answer to one hello from octets as they come.
#[derive(Debug, Default)]
pub struct Reader {
    /// The record under way, with its head.
    record: Vec<u8>,
    /// Handshake octets that are not yet a whole message.
    messages: Vec<u8>,
    total: usize,
    answer: Option<Answer>,
}

impl Reader {
    /// A reader that awaits the first octet of an answer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The version the server chose, once it is known.
    #[must_use]
    pub fn version(&self) -> Option<u16> {
        self.answer.as_ref().map(|answer| answer.version)
    }

    /// Takes octets up to the end of the answer.
    ///
    /// # Errors
    /// [`AnswerError`]; the reader is of no use afterwards.
    pub fn feed(&mut self, octets: &[u8]) -> Result<Progress, AnswerError> {
        let mut rest = octets;
        while !rest.is_empty() {
            let missing = self.whole()?.saturating_sub(self.record.len());
            let (now, later) = rest.split_at_checked(missing).unwrap_or((rest, &[]));
            self.record.extend_from_slice(now);
            self.total = self.total.saturating_add(now.len());
            if self.total > MAX_ANSWER {
                return Err(AnswerError::TooLong);
            }
            rest = later;
            // A head may promise nothing at all behind it, and is then a record already.
            if self.record.len() >= HEAD && self.record.len() == self.whole()? {
                let record = core::mem::take(&mut self.record);
                if let Some(answer) = self.take_record(&record)? {
                    return Ok(Progress::Done(answer));
                }
            }
        }
        Ok(Progress::NeedMore)
    }

    /// Octets of the record under way: its head, until that is known.
    fn whole(&self) -> Result<usize, AnswerError> {
        let [kind, major, _, high, low, ..] = self.record.as_slice() else {
            return Ok(HEAD);
        };
        if !(20..=23).contains(kind) || *major != 3 {
            return Err(AnswerError::NotTls);
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length > MAX_RECORD {
            return Err(AnswerError::Broken("a record is longer than records may be"));
        }
        Ok(HEAD + length)
    }

    fn take_record(&mut self, record: &[u8]) -> Result<Option<Answer>, AnswerError> {
        let (kind, content) = (record.first().copied(), record.get(HEAD..).unwrap_or_default());
        match kind {
            _ if content.is_empty() => Err(AnswerError::Broken("a record is empty")),
            Some(alert::CONTENT) => take_alerts(content).map(|()| None),
            Some(HANDSHAKE) => {
                self.messages.extend_from_slice(content);
                self.take_messages()
            }
            _ => Err(AnswerError::Broken("it goes on before the handshake is done")),
        }
    }

    fn take_messages(&mut self) -> Result<Option<Answer>, AnswerError> {
        let mut messages = core::mem::take(&mut self.messages);
        let mut rest = messages.as_slice();
        while let [kind, a, b, c, behind @ ..] = rest {
            let length = u32::from_be_bytes([0, *a, *b, *c]);
            let length = usize::try_from(length).ok().filter(|length| *length <= MAX_ANSWER);
            let Some((body, later)) = behind.split_at_checked(length.ok_or(AnswerError::TooLong)?) else {
                break;
            };
            rest = later;
            if let Some(answer) = self.take_message(*kind, body)? {
                return Ok(Some(answer));
            }
        }
        let used = messages.len() - rest.len();
        messages.drain(..used);
        self.messages = messages;
        Ok(None)
    }

    fn take_message(&mut self, kind: u8, body: &[u8]) -> Result<Option<Answer>, AnswerError> {
        let Some(answer) = &mut self.answer else {
            return match kind {
                // May come at any time and is to be ignored in a handshake (RFC 5246 §7.4.1.1).
                HELLO_REQUEST => Ok(None),
                SERVER_HELLO => {
                    self.answer = Some(server_hello(body).ok_or(AnswerError::Broken("its ServerHello is not one"))?);
                    Ok(None)
                }
                _ => Err(AnswerError::Broken("it does not begin with a ServerHello")),
            };
        };
        match kind {
            // A kind of status, and a response of at least one octet behind its length (RFC 6066 §8).
            CERTIFICATE_STATUS if body.len() > 4 => answer.stapled = true,
            SERVER_HELLO => return Err(AnswerError::Broken("there are two ServerHellos in it")),
            SERVER_HELLO_DONE => return Ok(Some(answer.clone())),
            _ => {}
        }
        Ok(None)
    }
}

/// Alerts that end the handshake; a warning, such as that the server name is not known, does not.
fn take_alerts(content: &[u8]) -> Result<(), AnswerError> {
    for alert in content.chunks(2) {
        match alert {
            [WARNING, description] if *description != CLOSE_NOTIFY => {}
            [_, description] => return Err(AnswerError::Alert(*description)),
            _ => return Err(AnswerError::Broken("an alert is cut short")),
        }
    }
    Ok(())
}

/// RFC 5246 §7.4.1.3. Extensions may be missing altogether.
fn server_hello(body: &[u8]) -> Option<Answer> {
    let mut body = Cursor(body);
    let version = body.u16()?;
    body.take(super::hello::RANDOM)?;
    let session = body.vec8()?;
    let (cipher, compression) = (body.u16()?, body.u8()?);
    let mut answer = Answer {
        version,
        cipher,
        compression,
        extended_master_secret: false,
        renegotiation_info: false,
        stapled: false,
    };
    if session.len() > 32 {
        return None;
    }
    let mut extensions = Cursor(if body.is_empty() { &[] } else { body.vec16()? });
    while !extensions.is_empty() {
        let number = extensions.u16()?;
        extensions.vec16()?;
        match number {
            EXTENDED_MASTER_SECRET => answer.extended_master_secret = true,
            RENEGOTIATION_INFO => answer.renegotiation_info = true,
            _ => {}
        }
    }
    body.is_empty().then_some(answer)
}
