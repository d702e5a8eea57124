//! Report addresses: `mailto:` (RFC 6068) and `https:` (TLSRPT-3-3, TLSRPT-3-4, TLSRPT-3-6, TLSRPT-3-14).
use alloc::{format, string::String};
use core::{fmt, net::IpAddr};

use crate::{
    hex::percent_decode,
    name::{Domain, NameError},
};

/// Longest address that is read, octets.
pub const MAX_RUA: usize = 2048;
/// Longest local part, octets (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// One report address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rua {
    /// The mail address, percent-decoded, its domain as A-labels. Safe to stand in an SMTP command or a header field.
    Mailto(String),
    /// The URI, as written.
    Https(String),
}

/// Why an address is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuaError {
    /// Over [`MAX_RUA`].
    #[error("it is longer than {MAX_RUA} octets")]
    TooLong,
    /// Neither `mailto:` nor `https:`.
    #[error("it begins neither with mailto: nor with https:")]
    Scheme,
    /// A `%` without two hexadecimal digits, or octets that are no text.
    #[error("its percent-encoding is broken")]
    Encoding,
    /// No `local@domain`, or a local part that would need quoting.
    #[error("it is no plain mail address")]
    Address,
    /// The host's name.
    #[error("its host is no name: {0}")]
    Host(#[from] NameError),
    /// A character that may not stand in a URI, a user name, or a bad port.
    #[error("it is no well-formed https URI")]
    Uri,
}

impl Rua {
    /// Reads one address, surrounding white space already removed.
    ///
    /// # Errors
    /// [`RuaError`]; the record's other addresses still count.
    pub fn parse(text: &str) -> Result<Self, RuaError> {
        if text.len() > MAX_RUA {
            return Err(RuaError::TooLong);
        }
        let (scheme, rest) = text.split_once(':').ok_or(RuaError::Scheme)?;
        if scheme.eq_ignore_ascii_case("mailto") {
            mail_address(rest).map(Self::Mailto)
        } else if scheme.eq_ignore_ascii_case("https") {
            check_https(rest)?;
            Ok(Self::Https(text.into()))
        } else {
            Err(RuaError::Scheme)
        }
    }
}

/// As it may stand in a record again.
impl fmt::Display for Rua {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Https(uri) => f.write_str(uri),
            Self::Mailto(address) => {
                f.write_str("mailto:")?;
                address.bytes().try_for_each(|octet| {
                    if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~' | b'@' | b'+') {
                        write!(f, "{}", char::from(octet))
                    } else {
                        write!(f, "%{octet:02X}")
                    }
                })
            }
        }
    }
}

//----------- mailto ------------------------------------------------------

/// Header fields behind `?` are ignored (TLSRPT-3-6), and so are all addressees but the first.
fn mail_address(text: &str) -> Result<String, RuaError> {
    let to = text.split(['?', '#']).next().unwrap_or_default();
    let decoded = percent_decode(to.as_bytes(), |_| true)
        .and_then(|octets| String::from_utf8(octets).ok())
        .ok_or(RuaError::Encoding)?;
    let first = decoded.split(',').next().unwrap_or_default().trim_matches(' ');
    let (local, domain) = first.rsplit_once('@').ok_or(RuaError::Address)?;
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if local.is_empty() || local.len() > MAX_LOCAL || dots || !local.bytes().all(is_atext) {
        return Err(RuaError::Address);
    }
    let domain = Domain::parse(domain)?;
    Ok(format!("{local}@{domain}"))
}

/// RFC 5321 Dot-string: what needs no quotes. Nothing here can end a command or a header field.
fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&octet)
}

//----------- https -------------------------------------------------------

/// Checks what follows `https:`. The URI itself is used as published, so it must be safe as it stands.
fn check_https(rest: &str) -> Result<(), RuaError> {
    let bad = |octet: u8| !octet.is_ascii_graphic() || b"\"<>\\^`{|},;".contains(&octet);
    let rest = rest.strip_prefix("//").ok_or(RuaError::Uri)?;
    if rest.bytes().any(bad) || percent_decode(rest.as_bytes(), |_| true).is_none() {
        return Err(RuaError::Uri);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some(literal) = authority.strip_prefix('[') {
        let (address, port) = literal.split_once(']').ok_or(RuaError::Uri)?;
        let v6 = matches!(address.parse(), Ok(IpAddr::V6(_)));
        return if v6 && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
            Ok(())
        } else {
            Err(RuaError::Uri)
        };
    }
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    if host.contains('@') || !port.is_none_or(is_port) {
        return Err(RuaError::Uri);
    }
    if !matches!(host.parse(), Ok(IpAddr::V4(_))) {
        Domain::parse_lenient(host)?;
    }
    Ok(())
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|octet| octet.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}
