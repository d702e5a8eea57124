//! TLSA records: usable or not, digest agility, matching (RFC 6698, RFC 7671 §9, RFC 7672 §3).
//!
//! ```text
//! RDATA: usage (1 octet), selector (1), matching type (1), association data (the rest)
//! ```
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use sha2::{Digest, Sha256, Sha512};

use crate::hex::octet;

/// Longest association data that is read, octets: a DNS record holds no more.
const MAX_DATA: usize = 65_535 - 3;

/// TLSA RDATA. The fields hold what was published, whether or not that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tlsa {
    /// Certificate usage: 2 is DANE-TA, 3 is DANE-EE.
    pub usage: u8,
    /// Selector: 0 is the certificate, 1 its SubjectPublicKeyInfo.
    pub selector: u8,
    /// Matching type: 0 is the thing itself, 1 its SHA-256, 2 its SHA-512.
    pub matching: u8,
    /// Association data.
    pub data: Box<[u8]>,
}

/// Why a record cannot be used for SMTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// Neither DANE-TA(2) nor DANE-EE(3) (DANE-3.1-1, DANE-3.1.3-1).
    #[error("certificate usage {0} is not used for SMTP; only 2 and 3 are")]
    Usage(u8),
    /// Neither 0 nor 1.
    #[error("selector {0} is unknown")]
    Selector(u8),
    /// Neither 0, 1 nor 2.
    #[error("matching type {0} is unknown")]
    Matching(u8),
    /// Not as long as the digest is, or nothing at all.
    #[error("the association data has {found} octets, not {expected}")]
    Length {
        /// As long as it is.
        found: usize,
        /// As long as it should be.
        expected: usize,
    },
    /// Matching type 0, and the data is not one whole DER value.
    #[error("the association data is no certificate or key")]
    NotDer,
}

impl Tlsa {
    /// Reads RDATA; `None` when it is shorter than its three fixed octets, or longer than DNS allows.
    #[must_use]
    pub fn from_rdata(rdata: &[u8]) -> Option<Self> {
        let [usage, selector, matching, data @ ..] = rdata else {
            return None;
        };
        (data.len() <= MAX_DATA).then(|| Self {
            usage: *usage,
            selector: *selector,
            matching: *matching,
            data: data.into(),
        })
    }

    /// The record that publishers should use: this usage, selector 1 (the key), matching type 1 (SHA-256); `spki` is the DER of
    /// the SubjectPublicKeyInfo (DANE-3.1-1). It stays the same when the certificate is renewed for the same key.
    #[must_use]
    pub fn of_key(usage: u8, spki: &[u8]) -> Self {
        Self { usage, selector: 1, matching: 1, data: Sha256::digest(spki).as_slice().into() }
    }

    /// The RDATA.
    #[must_use]
    pub fn to_rdata(&self) -> Vec<u8> {
        let mut rdata = Vec::with_capacity(3 + self.data.len());
        rdata.extend_from_slice(&[self.usage, self.selector, self.matching]);
        rdata.extend_from_slice(&self.data);
        rdata
    }

    /// Whether SMTP can use the record: known values, and data as long as its digest (DANE-3.1-1, DANE-3.1.3-1).
    ///
    /// # Errors
    /// [`Unusable`] says why not. Unusable records still make TLS mandatory (DANE-2.2-2).
    pub fn usable(&self) -> Result<(), Unusable> {
        if !matches!(self.usage, 2 | 3) {
            return Err(Unusable::Usage(self.usage));
        }
        if self.selector > 1 {
            return Err(Unusable::Selector(self.selector));
        }
        let expected = match self.matching {
            0 => {
                return if is_whole_der(&self.data) { Ok(()) } else { Err(Unusable::NotDer) };
            }
            1 => 32,
            2 => 64,
            other => return Err(Unusable::Matching(other)),
        };
        let found = self.data.len();
        if found == expected { Ok(()) } else { Err(Unusable::Length { found, expected }) }
    }

    /// The records that count: the usable ones, and of the digests for each usage and selector the strongest only, beside
    /// full matches (DANE-5-1).
    #[must_use]
    pub fn effective(records: &[Self]) -> Vec<&Self> {
        let usable: Vec<&Self> = records.iter().filter(|record| record.usable().is_ok()).collect();
        let strongest = |of: &Self| {
            let same = usable.iter().filter(|other| other.usage == of.usage && other.selector == of.selector);
            same.map(|other| other.matching).max().unwrap_or_default()
        };
        usable.iter().filter(|record| record.matching == 0 || record.matching == strongest(record)).copied().collect()
    }

    /// Whether the record matches a certificate, given as its DER and the DER of its SubjectPublicKeyInfo.
    ///
    /// For usage 3 that is the server's own certificate, and nothing else about it matters (DANE-3.1.1-1); for usage 2 it is
    /// one of the chain. An unusable record matches nothing.
    #[must_use]
    pub fn matches(&self, certificate: &[u8], spki: &[u8]) -> bool {
        let selected = if self.selector == 0 { certificate } else { spki };
        self.usable().is_ok()
            && match self.matching {
                0 => *self.data == *selected,
                1 => *self.data == *Sha256::digest(selected),
                _ => *self.data == *Sha512::digest(selected),
            }
    }
}

/// One DER SEQUENCE, from the first octet to the last, as certificates and keys are.
fn is_whole_der(data: &[u8]) -> bool {
    let (length, rest) = match data {
        [0x30, short @ 0..=0x7f, rest @ ..] => (usize::from(*short), rest),
        [0x30, 0x81, a, rest @ ..] => (usize::from(*a), rest),
        [0x30, 0x82, a, b, rest @ ..] => (usize::from(u16::from_be_bytes([*a, *b])), rest),
        _ => return false,
    };
    length > 0 && rest.len() == length
}

//----------- Text --------------------------------------------------------

/// `3 1 1 <hex>`: single spaces, lower case, no parentheses, as RFC 8460 wants it in a report's `policy-string`.
impl fmt::Display for Tlsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.usage, self.selector, self.matching)?;
        self.data.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// The text is not three numbers of 0 to 255 and hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a TLSA record is written as three numbers and hexadecimal digits, such as `3 1 1 0f2e…`")]
pub struct NotTlsa;

/// Reads the text form; the digits may be of either case and have white space between them, as zone files do.
impl FromStr for Tlsa {
    type Err = NotTlsa;

    fn from_str(text: &str) -> Result<Self, NotTlsa> {
        let mut words = text.split_ascii_whitespace();
        let mut number = || {
            let word = words.next()?;
            let digits = word.bytes().all(|octet| octet.is_ascii_digit());
            if digits { word.parse::<u8>().ok() } else { None }
        };
        let (usage, selector, matching) =
            (number().ok_or(NotTlsa)?, number().ok_or(NotTlsa)?, number().ok_or(NotTlsa)?);
        let digits: String = words.collect();
        if !digits.len().is_multiple_of(2) || digits.len() / 2 > MAX_DATA {
            return Err(NotTlsa);
        }
        let data = digits
            .as_bytes()
            .chunks_exact(2)
            .map(|pair| match pair {
                [high, low] => octet(*high, *low),
                _ => None,
            })
            .collect::<Option<Box<[u8]>>>()
            .ok_or(NotTlsa)?;
        Ok(Self { usage, selector, matching, data })
    }
}
