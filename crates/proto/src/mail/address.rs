//! Mail addresses: the plain form of RFC 5321 §4.1.2, `Dot-string@Domain`.
use alloc::string::String;
use core::{fmt, str::FromStr};

use crate::name::{Domain, NameError};

/// Longest local part, octets (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// An address that needs no quoting. It can stand in an SMTP command and in a header field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    local: String,
    domain: Domain,
}

/// Why a text is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// No `@`.
    #[error("the address has no @")]
    NoAt,
    /// Nothing before the `@`, more than 64 octets, a dot at an end, or a character that would need quoting.
    #[error("what stands before the @ is no plain local part")]
    Local,
    /// What stands behind it.
    #[error("what stands behind the @ is no domain: {0}")]
    Domain(#[from] NameError),
}

impl Address {
    /// Reads `local@domain`; the domain may be of any case and have U-labels.
    ///
    /// # Errors
    /// [`AddressError`]. Quoted local parts and address literals are refused: no report is sent to them.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
        Self::new(local, Domain::parse(domain)?)
    }

    /// Puts an address together.
    ///
    /// # Errors
    /// [`AddressError::Local`].
    pub fn new(local: &str, domain: Domain) -> Result<Self, AddressError> {
        if local.len() > MAX_LOCAL || !is_dot_atom(local) {
            return Err(AddressError::Local);
        }
        Ok(Self { local: local.into(), domain })
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What stands behind it.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }
}

/// Whether this is a `dot-atom-text` (RFC 5322 §3.2.3): words of plain characters with single dots between them.
#[must_use]
pub fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|word| {
        !word.is_empty()
            && word.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet))
    })
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}
