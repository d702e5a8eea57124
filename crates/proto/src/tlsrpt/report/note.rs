//! What was odd about a report that is accepted (D-55), and where.
use alloc::string::String;
use core::fmt;

use super::limit::{MAX_FAILURES, MAX_POLICIES, MAX_STRINGS, MAX_TEXT};
use crate::json::Kind;

/// A leniency that reading needed. `Display` is a plain sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub place: Place,
    /// What.
    pub oddity: Oddity,
}

/// A place in a report. `Display` is a path, `policies[0].failure-details[2].receiving-ip`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Which element of `policies`, if in one.
    pub entry: Option<usize>,
    /// Which element of its `failure-details`, if in one.
    pub failure: Option<usize>,
    /// The member, with the objects above it; empty for the whole report, policy or failure.
    pub member: &'static str,
}

/// What was odd. Texts are as written, cut to 256 characters, unsafe characters replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Oddity {
    /// A byte order mark before the text.
    #[error("begins with a byte order mark")]
    ByteOrderMark,
    /// Octets that are no UTF-8.
    #[error("has octets that are no UTF-8")]
    NotUtf8,
    /// Half of a surrogate pair.
    #[error("has half of a surrogate pair")]
    LoneSurrogate,
    /// A control character that is not escaped.
    #[error("has control characters that are not escaped")]
    RawControl,
    /// More text behind the report.
    #[error("is followed by more text, which was ignored")]
    Trailing,
    /// A member that the RFC demands.
    #[error("is missing{}", .0.in_words())]
    Missing(Instead),
    /// `null`.
    #[error("is null")]
    Null,
    /// An empty string where nothing is known.
    #[error("is an empty string")]
    Empty,
    /// A value of a kind that cannot be used.
    #[error("is {}, which was ignored", .0.in_words())]
    Ignored(Kind),
    /// One value where an array of them belongs.
    #[error("is {} where an array belongs", .0.in_words())]
    NoArray(Kind),
    /// An array written into a string.
    #[error("is an array, written into a string")]
    ArrayInString,
    /// A number where a string belongs.
    #[error("is a number where a string belongs")]
    NumberForString,
    /// A string where a number belongs.
    #[error("is a string where a number belongs")]
    StringForNumber,
    /// A count that is no whole number, or none that a session count can be.
    #[error("is {0}, which is no count")]
    NoCount(String),
    /// A count over 2^53 - 1, lowered to that.
    #[error("is larger than a number of I-JSON may be")]
    TooLarge,
    /// A date-time that cannot be read.
    #[error("is {0:?}, which is no date and time")]
    NoDate(String),
    /// A date-time without zone.
    #[error("has no time zone; UTC was assumed")]
    NoZone,
    /// An older or wrong name of a member.
    #[error("is called {0:?}")]
    OtherName(&'static str),
    /// A word that the RFC does not know.
    #[error("is {0:?}, a word that RFC 8460 does not know")]
    UnknownWord(String),
    /// A word of the RFC in other letters.
    #[error("is {0:?}, in other letters than RFC 8460 writes it")]
    Letters(String),
    /// No domain name.
    #[error("is {0:?}, which is no domain name")]
    NoName(String),
    /// No IP address.
    #[error("is {0:?}, which is no IP address")]
    NoAddress(String),
    /// A name or address in another than its normal form.
    #[error("is {0:?}, which is not its normal form")]
    NotNormal(String),
    /// The name of a policy's field before an MX pattern.
    #[error("has `mx:` in front of a pattern")]
    FieldName,
    /// A text that was cut.
    #[error("is longer than {MAX_TEXT} octets and was cut")]
    Cut,
    /// Elements that were left out.
    #[error(
        "has more elements than are read ({MAX_POLICIES} policies, {MAX_FAILURES} failures, {MAX_STRINGS} strings)"
    )]
    TooMany,
    /// An element without any count: it says nothing.
    #[error("counts no session and was left out")]
    NothingCounted,
}

/// What stands in for a member that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// Nothing does.
    Nothing,
    /// Zero.
    Zero,
    /// One.
    One,
    /// The sum of the failures.
    Sum,
    /// The day that the other end of the period gives.
    Day,
}

impl Instead {
    fn in_words(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Zero => "; zero was taken",
            Self::One => "; one was taken",
            Self::Sum => "; the sum of the failures was taken",
            Self::Day => "; a day was taken",
        }
    }
}

impl Place {
    /// This place's member.
    pub(crate) fn at(self, member: &'static str) -> Self {
        Self { member, ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut dot = "";
        if let Some(entry) = self.entry {
            write!(f, "policies[{entry}]")?;
            dot = ".";
        }
        if let Some(failure) = self.failure {
            write!(f, ".failure-details[{failure}]")?;
        }
        match self.member {
            "" if dot.is_empty() => f.write_str("the report"),
            "" => Ok(()),
            member => write!(f, "{dot}{member}"),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.oddity)
    }
}
