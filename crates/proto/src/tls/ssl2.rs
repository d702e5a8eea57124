//! SSL 2.0, which RFC 6176 forbids: its CLIENT-HELLO, and whether a server answers it (Hickman, "The SSL Protocol", 1995, §2.5, §2.6).
//!
//! A server that only has the code for it is enough for DROWN, so one that shares no cipher with us counts too.
use alloc::{format, string::String, vec::Vec};

use super::{alert::CONTENT as ALERT, answer::AnswerError, cursor::Cursor, hello::vec16};

/// Octets of the challenge.
pub const CHALLENGE: usize = 16;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 4;
const ERROR: u8 = 0;
const VERSION: u16 = 2;
/// The ERROR message NO-CIPHER-ERROR, of either side.
const NO_CIPHER: [u8; 5] = [0x80, 3, ERROR, 0, 1];

/// Without the prefix `SSL_CK_`.
const CIPHERS: [(u32, &str); 7] = [
    (0x07_00c0, "DES_192_EDE3_CBC_WITH_MD5"),
    (0x05_0080, "IDEA_128_CBC_WITH_MD5"),
    (0x03_0080, "RC2_128_CBC_WITH_MD5"),
    (0x01_0080, "RC4_128_WITH_MD5"),
    (0x06_0040, "DES_64_CBC_WITH_MD5"),
    (0x04_0080, "RC2_128_CBC_EXPORT40_WITH_MD5"),
    (0x02_0080, "RC4_128_EXPORT40_WITH_MD5"),
];

/// The record of a CLIENT-HELLO that offers every cipher there is.
#[must_use]
pub fn client_hello(challenge: &[u8; CHALLENGE]) -> Vec<u8> {
    let ciphers: Vec<u8> = CIPHERS.iter().flat_map(|(id, _)| id.to_be_bytes().into_iter().skip(1)).collect();
    let specs = u16::try_from(ciphers.len()).unwrap_or(u16::MAX).to_be_bytes();
    let body = [&[CLIENT_HELLO][..], &VERSION.to_be_bytes(), &specs, &[0, 0], &[0, 16], &ciphers, challenge];
    let mut record = vec16(&body.concat());
    // The highest bit says that the head has two octets and nothing is padded.
    record.iter_mut().take(1).for_each(|first| *first |= 0x80);
    record
}

/// What ends the handshake politely.
#[must_use]
pub const fn farewell() -> [u8; 5] {
    NO_CIPHER
}

/// What a cipher is called, such as `SSL_CK_RC4_128_WITH_MD5`; its number where it has no name.
#[must_use]
pub fn cipher_name(cipher: u32) -> String {
    let known = CIPHERS.iter().find(|(id, _)| *id == cipher);
    known.map_or_else(|| format!("0x{cipher:06x}"), |(_, name)| ["SSL_CK_", name].concat())
}

/// What feeding the reader came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// All octets are taken, the answer is not complete.
    NeedMore,
    /// The server speaks SSL 2.0, and takes these ciphers of those offered.
    Done(Vec<u32>),
}

/// Reads the answer to one CLIENT-HELLO from octets as they come: a record of SSL 2.0, or an alert of TLS. The head bounds it.
#[derive(Debug, Default)]
pub struct Reader {
    octets: Vec<u8>,
}

impl Reader {
    /// A reader that awaits the first octet of an answer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets up to the end of the answer.
    ///
    /// # Errors
    /// [`AnswerError`]; the reader is of no use afterwards.
    pub fn feed(&mut self, octets: &[u8]) -> Result<Progress, AnswerError> {
        for octet in octets {
            self.octets.push(*octet);
            match self.octets.as_slice() {
                [] | [0x80..=0xff] | [ALERT] => {}
                [ALERT, rest @ ..] => alert(rest)?,
                [high @ 0x80..=0xff, low, body @ ..] => {
                    let length = usize::from(u16::from_be_bytes([high & 0x7f, *low]));
                    if body.len() == length {
                        return message(body).map(Progress::Done);
                    }
                }
                _ => return Err(AnswerError::NotTls),
            }
        }
        Ok(Progress::NeedMore)
    }
}

/// The rest of an alert's record: version, length, level, description.
fn alert(rest: &[u8]) -> Result<(), AnswerError> {
    match rest {
        [3, _, 0, 2, _, description] => Err(AnswerError::Alert(*description)),
        [] | [3] | [3, _] | [3, _, 0] | [3, _, 0, 2] | [3, _, 0, 2, _] => Ok(()),
        _ => Err(AnswerError::NotTls),
    }
}

fn message(body: &[u8]) -> Result<Vec<u32>, AnswerError> {
    match body {
        [SERVER_HELLO, body @ ..] => server_hello(body).ok_or(AnswerError::Broken("its SERVER-HELLO is not one")),
        // Offered every cipher, it takes none: SSL 2.0 is on all the same, and its ciphers alone were switched off.
        [ERROR, 0, 1] => Ok(Vec::new()),
        [ERROR, ..] => Err(AnswerError::Broken("it is an ERROR message of SSL 2.0")),
        _ => Err(AnswerError::NotTls),
    }
}

/// Hit, kind of certificate, version, three lengths, then what they are of.
fn server_hello(body: &[u8]) -> Option<Vec<u32>> {
    let mut body = Cursor(body);
    body.take(2)?;
    let version = body.u16()?;
    let [certificate, ciphers, connection] = [body.u16()?, body.u16()?, body.u16()?];
    body.take(certificate.into())?;
    let ciphers = body.take(ciphers.into())?;
    body.take(connection.into())?;
    let whole = version == VERSION && ciphers.len() % 3 == 0 && body.is_empty();
    let number = |cipher: &[u8]| cipher.iter().fold(0_u32, |number, octet| number << 8 | u32::from(*octet));
    whole.then(|| ciphers.chunks(3).map(number).collect())
}
