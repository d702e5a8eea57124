//! Domain names in the one form the rest of the program handles: A-labels, lower case, no trailing dot.
//!
//! RFC 5321 §4.1.2 `Domain` (R5321-4.1.2-1), RFC 5890 A-labels, RFC 9525 §6.3 comparison (R9525-6.3-1, R9525-6.3-2).
//! A name that comes as plain lower-case ASCII, as nearly all do, costs one pass and the one allocation that holds it.
use alloc::{string::String, sync::Arc};
use core::{borrow::Borrow, fmt, net::IpAddr, str::FromStr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Longest name, in octets, without the trailing dot (RFC 1035 §2.3.4).
pub const MAX_LEN: usize = 253;
/// Longest label, in octets.
pub const MAX_LABEL: usize = 63;
/// Longest text that is looked at; no Unicode form of a name that fits into [`MAX_LEN`] is longer.
const MAX_INPUT: usize = 4 * MAX_LEN;

/// A domain name: A-labels, lower case, no trailing dot, 1 to 253 octets, labels of 1 to 63 octets.
///
/// Comparing two of them is comparing two strings. Cloning shares the text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(Arc<str>);

/// Why a text is no domain name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or only a dot.
    #[error("the name is empty")]
    Empty,
    /// More than 253 octets, or a label of more than 63.
    #[error("the name or one of its labels is too long")]
    TooLong,
    /// Two dots in a row, or a dot at the start.
    #[error("the name has an empty label")]
    EmptyLabel,
    /// A character outside letters, digits and inner hyphens.
    #[error("the name has a character that is not allowed: {0:?}")]
    Character(char),
    /// A label begins or ends with a hyphen.
    #[error("a label begins or ends with a hyphen")]
    Hyphen,
    /// The text is an IP address, or its last label is a number as in one.
    #[error("this is an IP address, not a name")]
    Address,
    /// The Unicode form has no A-label form (RFC 5891).
    #[error("the internationalised name cannot be converted to A-labels")]
    Idna,
}

/// Whether `_` may stand where a letter may.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Underscore {
    Refused,
    Allowed,
}

/// Whether a name has to be lower-cased.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Lower,
    Mixed,
}

/// # Reading
impl Domain {
    /// Reads a name as people and mail servers write it: any case, U-labels (converted, D-34), one trailing dot (dropped).
    ///
    /// Letters, digits and inner hyphens only. A single label is a name; callers that need more ask
    /// [`Domain::is_single_label`]. A name whose last label is all digits is refused like the IPv4 address it resembles:
    /// no top-level domain is a number.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Self::read(text, Underscore::Refused)
    }

    /// Reads a name from DNS data, where underscores occur in host names that work all the same.
    ///
    /// # Errors
    /// As [`Domain::parse`].
    pub fn parse_lenient(text: &str) -> Result<Self, NameError> {
        Self::read(text, Underscore::Allowed)
    }

    fn read(text: &str, underscore: Underscore) -> Result<Self, NameError> {
        if text.len() > MAX_INPUT {
            return Err(NameError::TooLong);
        }
        if text.is_ascii() {
            return Self::read_ascii(text, underscore);
        }
        // Non-transitional UTS 46, as registries and browsers do today. Characters are judged afterwards, by one rule for all.
        let ascii = Uts46::new()
            .to_ascii(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::CheckFirstLast, DnsLength::Ignore)
            .map_err(|_| NameError::Idna)?;
        Self::read_ascii(&ascii, underscore)
    }

    fn read_ascii(text: &str, underscore: Underscore) -> Result<Self, NameError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        match scan(name, underscore) {
            Ok(Case::Lower) => Ok(Self(Arc::from(name))),
            Ok(Case::Mixed) => Ok(Self(Arc::from(name.to_ascii_lowercase()))),
            Err(_) if is_address(name) => Err(NameError::Address),
            Err(error) => Err(error),
        }
    }
}

/// # Taking apart and putting together
impl Domain {
    /// The name, without trailing dot.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `label.` + this name; `label` may be several (`_25._tcp`), underscores allowed.
    ///
    /// `None` when that grows too long, or when `label` is none.
    #[must_use]
    pub fn child(&self, label: &str) -> Option<Self> {
        if label.len() + 1 + self.0.len() > MAX_LEN {
            return None;
        }
        for one in label.split('.') {
            scan_label(one.as_bytes(), Underscore::Allowed).ok()?;
        }
        let mut name = String::with_capacity(label.len() + 1 + self.0.len());
        name.push_str(label);
        name.make_ascii_lowercase();
        name.push('.');
        name.push_str(&self.0);
        Some(Self(Arc::from(name)))
    }

    /// The name without its first label, `None` for a single label.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(_, rest)| Self(Arc::from(rest)))
    }

    /// The labels, left to right.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// Whether there is no dot in it.
    #[must_use]
    pub fn is_single_label(&self) -> bool {
        !self.0.contains('.')
    }

    /// Whether this name is `base` with exactly one label before it: what `*.base` stands for (R9525-6.3-3).
    #[must_use]
    pub fn is_one_below(&self, base: &Self) -> bool {
        self.0.split_once('.').is_some_and(|(_, rest)| rest == base.as_str())
    }
}

fn scan(name: &str, underscore: Underscore) -> Result<Case, NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > MAX_LEN {
        return Err(NameError::TooLong);
    }
    let mut case = Case::Lower;
    let mut number = false;
    for label in name.as_bytes().split(|&octet| octet == b'.') {
        let seen = scan_label(label, underscore)?;
        if seen.case == Case::Mixed {
            case = Case::Mixed;
        }
        number = seen.number;
    }
    if number { Err(NameError::Address) } else { Ok(case) }
}

struct Label {
    case: Case,
    number: bool,
}

fn scan_label(label: &[u8], underscore: Underscore) -> Result<Label, NameError> {
    let mut seen = Label { case: Case::Lower, number: true };
    for &octet in label {
        match octet {
            b'0'..=b'9' => continue,
            b'a'..=b'z' | b'-' => {}
            b'A'..=b'Z' => seen.case = Case::Mixed,
            b'_' if underscore == Underscore::Allowed => {}
            _ => return Err(NameError::Character(char::from(octet))),
        }
        seen.number = false;
    }
    match label {
        [] => Err(NameError::EmptyLabel),
        [b'-', ..] | [.., b'-'] => Err(NameError::Hyphen),
        _ if label.len() > MAX_LABEL => Err(NameError::TooLong),
        _ => Ok(seen),
    }
}

/// Asked only about texts that are no name, so that the reason given is the helpful one.
fn is_address(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let inner = inner.strip_prefix("IPv6:").unwrap_or(inner);
    IpAddr::from_str(inner).is_ok()
}

impl FromStr for Domain {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl AsRef<str> for Domain {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Domain {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
