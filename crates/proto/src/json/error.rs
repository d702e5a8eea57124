//! Why a text is no JSON, in words.
use core::fmt;

/// How deep arrays and objects may nest. A TLS report nests six deep.
pub const MAX_DEPTH: u8 = 32;

/// What a value is, told from its first octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// Where and why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonError {
    /// Octets before the place.
    pub at: usize,
    /// The reason.
    pub fault: Fault,
}

/// Why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It stops in the middle.
    #[error("the text ends in the middle of a value")]
    End,
    /// This octet cannot stand here.
    #[error("unexpected {}", Octet(*.0))]
    Unexpected(u8),
    /// The value is of another kind than the caller can use.
    #[error("there is {} where {} is wanted", .found.in_words(), .wanted.in_words())]
    Kind {
        /// What can be used.
        wanted: Kind,
        /// What is there.
        found: Kind,
    },
    /// More than [`MAX_DEPTH`] arrays and objects in each other.
    #[error("the values nest more than {MAX_DEPTH} deep")]
    TooDeep,
    /// Octets behind the value.
    #[error("there is more text behind the value")]
    Trailing,
}

impl Kind {
    /// With its article, for a sentence.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a truth value",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "octet {}: {}", self.at, self.fault)
    }
}

impl core::error::Error for JsonError {}

/// An octet as people can see it.
struct Octet(u8);

impl fmt::Display for Octet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x21..=0x7e => write!(f, "`{}`", char::from(self.0)),
            other => write!(f, "octet 0x{other:02x}"),
        }
    }
}
