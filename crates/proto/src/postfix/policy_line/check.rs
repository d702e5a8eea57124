//! The grammar: a level, then attributes separated by white space or commas, each `name=value` or `{ name = value }`.
use alloc::string::String;

use super::{
    attribute::{self, Kind, Times},
    level::{Dialect, Level},
};
use crate::{
    postfix::socketmap::MAX_REPLY,
    shown::{has_control, shown},
};

/// Longest line, octets: with `OK ` before it, it still fits into a socketmap reply.
pub const MAX_LINE: usize = MAX_REPLY - 3;

/// Why Postfix would refuse the line, or could not mean what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Nothing there.
    #[error("the line is empty; it must begin with a security level")]
    Empty,
    /// Longer than [`MAX_LINE`].
    #[error("the line is longer than {MAX_LINE} octets")]
    TooLong,
    /// A control character, line ends and tabs included.
    #[error("the line holds the control character {0:?}")]
    Control(char),
    /// The first word is no security level.
    #[error("{0:?} is no security level (none, may, encrypt, dane, dane-only, fingerprint, verify, secure)")]
    Level(String),
    /// Braces that do not balance, stand inside an attribute, or mean nothing to this Postfix.
    #[error("the braces in {0:?} are not allowed or do not balance")]
    Braces(String),
    /// No `name=value`.
    #[error("{0:?} is no name=value attribute")]
    Malformed(String),
    /// No attribute has this name.
    #[error("there is no attribute {0:?}")]
    Unknown(String),
    /// The attribute came with a later Postfix.
    #[error("{} does not know the attribute {name}", dialect.as_str())]
    TooNew {
        /// Its name.
        name: &'static str,
        /// Who reads the line.
        dialect: Dialect,
    },
    /// It may stand once.
    #[error("the attribute {0} stands twice")]
    Twice(&'static str),
    /// It means nothing at this level.
    #[error("the attribute {name} is not allowed at level {level}")]
    WrongLevel {
        /// Its name.
        name: &'static str,
        /// The level.
        level: &'static str,
    },
    /// The value is not one of those allowed.
    #[error("the attribute {name} cannot be {value:?}")]
    BadValue {
        /// Its name.
        name: &'static str,
        /// The value, made safe to show.
        value: String,
    },
    /// Report attributes need `policy_type`.
    #[error("report attributes stand without policy_type")]
    NoPolicyType,
    /// `policy_type=sts` needs `policy_domain`, `mx_host_pattern` and `policy_string` beside it (D-38).
    #[error(
        "policy_type=sts stands without policy_domain, mx_host_pattern or policy_string; some versions of Postfix 3.10 crash on that"
    )]
    HalfReport,
}

/// Checks one line of a TLS policy table as `dialect` reads it (D-36).
///
/// # Errors
/// [`LineError`] says what is wrong with it.
pub fn check(line: &str, dialect: Dialect) -> Result<(), LineError> {
    if line.len() > MAX_LINE {
        return Err(LineError::TooLong);
    }
    if has_control(line) {
        let first = line.chars().find(|c| c.is_control());
        return Err(LineError::Control(first.unwrap_or_default()));
    }
    let mut tokens = Tokens { rest: line, dialect };
    let word = match tokens.next() {
        None => return Err(LineError::Empty),
        Some(token) => token?,
    };
    let level = match word {
        Token::Plain(word) => Level::parse(word).ok_or_else(|| LineError::Level(shown(word)))?,
        Token::Braced(word) => return Err(LineError::Level(shown(word))),
    };
    let mut seen = Seen { dialect, level, kinds: 0, sts: false };
    for token in tokens {
        seen.attribute(token?)?;
    }
    seen.finish()
}

//----------- Tokens ------------------------------------------------------

#[derive(Clone, Copy)]
enum Token<'a> {
    Plain(&'a str),
    /// What stands between the braces.
    Braced(&'a str),
}

struct Tokens<'a> {
    rest: &'a str,
    dialect: Dialect,
}

const SEPARATORS: [char; 2] = [' ', ','];

impl<'a> Iterator for Tokens<'a> {
    type Item = Result<Token<'a>, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_start_matches(SEPARATORS);
        if text.is_empty() {
            return None;
        }
        Some(match text.strip_prefix('{') {
            Some(inner) => self.braced(inner).ok_or_else(|| LineError::Braces(shown(text))),
            None => self.plain(text),
        })
    }
}

impl<'a> Tokens<'a> {
    fn plain(&mut self, text: &'a str) -> Result<Token<'a>, LineError> {
        let separates = |octet| matches!(octet, b' ' | b',');
        let end = text.bytes().position(separates).unwrap_or(text.len());
        let (token, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        self.rest = rest;
        if token.bytes().any(|octet| matches!(octet, b'{' | b'}')) {
            return Err(LineError::Braces(shown(token)));
        }
        Ok(Token::Plain(token))
    }

    /// Postfix takes nested pairs too; nothing that we say needs them.
    fn braced(&mut self, inner: &'a str) -> Option<Token<'a>> {
        let (inside, rest) = inner.split_once('}')?;
        let ends = rest.is_empty() || rest.starts_with(SEPARATORS);
        if self.dialect < Dialect::Postfix310 || inside.contains('{') || !ends {
            return None;
        }
        self.rest = rest;
        Some(Token::Braced(inside))
    }
}

//----------- Attributes --------------------------------------------------

struct Seen {
    dialect: Dialect,
    level: Level,
    kinds: u32,
    sts: bool,
}

impl Seen {
    fn attribute(&mut self, token: Token<'_>) -> Result<(), LineError> {
        let (Token::Plain(text) | Token::Braced(text)) = token;
        let (name, value) = text.split_once('=').ok_or_else(|| LineError::Malformed(shown(text)))?;
        let (name, value) = (name.trim_matches(' '), value.trim_matches(' '));
        if name.is_empty() || name.contains(' ') {
            return Err(LineError::Malformed(shown(text)));
        }
        let row = attribute::find(name).ok_or_else(|| LineError::Unknown(shown(name)))?;
        if row.since > self.dialect {
            return Err(LineError::TooNew { name: row.name, dialect: self.dialect });
        }
        if row.times == Times::Once && self.has(row.kind) {
            return Err(LineError::Twice(row.name));
        }
        if !row.kind.fits(self.level) {
            return Err(LineError::WrongLevel { name: row.name, level: self.level.as_str() });
        }
        if !row.kind.accepts(value, self.level) {
            return Err(LineError::BadValue { name: row.name, value: shown(value) });
        }
        self.kinds |= row.kind.bit();
        self.sts |= row.kind == Kind::PolicyType && value == "sts";
        Ok(())
    }

    fn has(&self, kind: Kind) -> bool {
        self.kinds & kind.bit() != 0
    }

    fn finish(&self) -> Result<(), LineError> {
        let report =
            [Kind::PolicyDomain, Kind::PolicyString, Kind::MxHostPattern, Kind::PolicyFailure, Kind::PolicyTtl];
        if !self.has(Kind::PolicyType) && report.into_iter().any(|kind| self.has(kind)) {
            return Err(LineError::NoPolicyType);
        }
        let needed = [Kind::PolicyDomain, Kind::PolicyString, Kind::MxHostPattern];
        if self.sts && !needed.into_iter().all(|kind| self.has(kind)) {
            return Err(LineError::HalfReport);
        }
        Ok(())
    }
}
