//! One line of Postfix's TLS policy table (smtp_tls_policy_maps): how we say a policy, and a strict re-implementation of the
//! grammar, against which every line we emit is checked (D-36).
//!
//! Postfix treats any error in a line as a broken configuration and defers all mail for the destination (4.7.5), so the text
//! of a stranger's policy must never cause one. We are stricter than Postfix where Postfix accepts what cannot be meant.
mod attribute;
mod check;
mod emit;

pub use check::{LineError, MAX_LINE, check};
pub use emit::{CannotSay, Shape, secure_line};

/// Which Postfix reads the line: the attributes it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Before 3.4: no `servername`.
    Postfix33,
    /// 3.4 to 3.9.
    Postfix34,
    /// 3.10 and later: report attributes, and braces round an attribute.
    Postfix310,
}

impl Dialect {
    /// The versions, for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postfix33 => "Postfix before 3.4",
            Self::Postfix34 => "Postfix 3.4 to 3.9",
            Self::Postfix310 => "Postfix 3.10 and later",
        }
    }
}

/// Security levels, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    None,
    May,
    Encrypt,
    Dane,
    DaneOnly,
    Fingerprint,
    Verify,
    Secure,
}

impl Level {
    const ALL: [Self; 8] = [
        Self::None,
        Self::May,
        Self::Encrypt,
        Self::Dane,
        Self::DaneOnly,
        Self::Fingerprint,
        Self::Verify,
        Self::Secure,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::May => "may",
            Self::Encrypt => "encrypt",
            Self::Dane => "dane",
            Self::DaneOnly => "dane-only",
            Self::Fingerprint => "fingerprint",
            Self::Verify => "verify",
            Self::Secure => "secure",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(word))
    }

    /// Whether the peer's certificate is matched against names.
    fn matches_names(self) -> bool {
        matches!(self, Self::Verify | Self::Secure)
    }
}
