//! What is odd about a policy that is accepted, and why one is refused (D-1 … D-8).
use alloc::string::String;
use core::fmt;

use super::mx::PatternError;

/// Something accepted that other senders may refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// 1-based line.
    pub line: u32,
    /// What was odd.
    pub kind: FindingKind,
}

/// What was odd. Texts are as published, cut to 256 characters, control characters replaced. `Display` is a plain sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingKind {
    /// The text begins with a byte order mark (D-1).
    Bom,
    /// A line with nothing in it (D-1).
    BlankLine,
    /// Some lines end in CRLF, some in LF; told once (D-1).
    MixedLineEnds,
    /// The last line does not end (D-1).
    NoFinalNewline,
    /// Not a `name: value` line; it was ignored (D-2).
    MalformedLine,
    /// `max_age` was lowered to the largest value there is (D-4).
    MaxAgeClamped,
    /// An `mx` entry was dropped (D-6).
    BadMx {
        /// The value.
        value: String,
        /// What is wrong with it.
        why: PatternError,
    },
    /// There are more `mx` entries than are used; the first one too many is told.
    TooManyMx,
    /// The trailing dot of an `mx` entry was removed (D-7).
    MxTrailingDot {
        /// The value.
        value: String,
    },
    /// U-labels of an `mx` entry were converted (D-7, STS-3.2-10).
    MxULabel {
        /// The value.
        value: String,
    },
    /// A second field of this name was ignored (D-8, STS-3.2-13).
    DuplicateField {
        /// The name.
        name: String,
    },
    /// A field we do not know was ignored (STS-3.2-12).
    UnknownField {
        /// The name.
        name: String,
    },
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// 1-based line, 0 for the whole text.
    pub line: u32,
    /// The reason.
    pub kind: PolicyErrorKind,
}

/// The reasons. `Display` is a plain sentence with the value as written (bounded, control characters replaced).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyErrorKind {
    /// Over 64 KiB (STS-3.3-10).
    TooLong,
    /// Not UTF-8.
    NotUtf8,
    /// A required field is absent (STS-3.2-11).
    Missing {
        /// `version`, `mode` or `max_age`.
        field: &'static str,
    },
    /// A required field's first value is malformed (D-3).
    BadValue {
        /// `version`, `mode` or `max_age`.
        field: &'static str,
        /// As written.
        value: String,
    },
    /// No good `mx` entry, and the mode is not `none` (STS-3.2-11, D-6).
    NoMx,
    /// More `mx` entries than we publish in one policy.
    TooManyMx,
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bom => f.write_str("the text begins with a byte order mark, which many senders refuse"),
            Self::BlankLine => f.write_str("a blank line, which many senders refuse"),
            Self::MixedLineEnds => f.write_str("some lines end in CRLF, some in LF"),
            Self::NoFinalNewline => f.write_str("the last line has no line end"),
            Self::MalformedLine => {
                f.write_str("this is no `name: value` line; it is ignored, but many senders refuse the whole policy")
            }
            Self::MaxAgeClamped => {
                write!(
                    f,
                    "max_age is above {} seconds; that is used instead, but some senders refuse the policy",
                    super::limit::MAX_MAX_AGE
                )
            }
            Self::BadMx { value, why } => {
                write!(f, "the mx entry {value:?} is dropped: {why}; many senders refuse the whole policy")
            }
            Self::TooManyMx => write!(f, "more than {} mx entries; the rest is ignored", super::limit::MAX_MX),
            Self::MxTrailingDot { value } => {
                write!(f, "the mx entry {value:?} ends in a dot, which many senders refuse")
            }
            Self::MxULabel { value } => {
                write!(f, "the mx entry {value:?} is not in A-label form (xn--…), which many senders refuse")
            }
            Self::DuplicateField { name } => {
                write!(f, "a second {name:?} field is ignored; some senders take the last one, or refuse the policy")
            }
            Self::UnknownField { name } => write!(f, "the unknown field {name:?} is ignored"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.kind)
    }
}

impl fmt::Display for PolicyErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the policy is longer than {} octets", super::limit::MAX_LEN),
            Self::NotUtf8 => f.write_str("the policy is not UTF-8 text"),
            Self::Missing { field } => write!(f, "there is no well-formed `{field}:` line"),
            Self::BadValue { field, value } => {
                let allowed = match *field {
                    "version" => "STSv1",
                    "mode" => "enforce, testing or none",
                    _ => "1 to 10 digits",
                };
                write!(f, "the value of `{field}` must be {allowed}, not {value:?}")
            }
            Self::NoMx => f.write_str("there is no usable `mx:` line, and the mode is not none"),
            Self::TooManyMx => write!(f, "more than {} mx entries", super::limit::MAX_MX),
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        self.kind.fmt(f)
    }
}

impl core::error::Error for PolicyError {}
