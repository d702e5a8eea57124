//! Who reads a line, and the security levels it can name.

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
pub(super) enum Level {
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
    pub(super) const ALL: [Self; 8] = [
        Self::None,
        Self::May,
        Self::Encrypt,
        Self::Dane,
        Self::DaneOnly,
        Self::Fingerprint,
        Self::Verify,
        Self::Secure,
    ];

    pub(super) fn as_str(self) -> &'static str {
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

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(word))
    }

    /// Whether the peer's certificate is matched against names.
    pub(super) fn matches_names(self) -> bool {
        matches!(self, Self::Verify | Self::Secure)
    }
}
