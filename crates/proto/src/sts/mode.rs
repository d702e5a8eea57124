//! The three modes of a policy (STS-3.2-5).
use core::fmt;

/// What the policy domain asks senders to do on a failed check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Never deliver to a host that fails (STS-5-1).
    Enforce,
    /// Deliver as ever, report failures (STS-5-2).
    Testing,
    /// As though there were no policy (STS-5-3).
    None,
}

impl Mode {
    /// The word in the policy text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        }
    }

    /// Reads the word, case-sensitively (STS-3.2-5); `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "enforce" => Some(Self::Enforce),
            "testing" => Some(Self::Testing),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
