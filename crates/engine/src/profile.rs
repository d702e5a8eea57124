//! The plan in the words of one kind of mail server (D-31, D-36 … D-38), and what an operator put in its place.
use alloc::{borrow::Cow, boxed::Box, format, string::String};
use core::fmt;

use serde::Serialize;
use strictmx_proto::{
    name::Domain,
    postfix::policy_line::{Dialect, LineError, Shape, check, secure_line},
    sts::Policy,
};

use crate::tls::{Level, Plan, Reason};

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Postfix 3.4 and later.
    Postfix,
    /// Postfix 3.10 and later, with report attributes.
    #[serde(rename = "postfix-3.10")]
    Postfix310,
    /// Postfix before 3.4.
    #[serde(rename = "postfix-3.3")]
    Postfix33,
    /// sendmail with `FEATURE(sts)`.
    Sendmail,
}

/// Map names and their profiles: ours first, then those of the programs people come from.
const NAMES: [(&str, Profile); 7] = [
    ("postfix", Profile::Postfix),
    ("postfix-3.10", Profile::Postfix310),
    ("postfix-3.3", Profile::Postfix33),
    ("sendmail", Profile::Sendmail),
    ("QUERY", Profile::Postfix),
    ("QUERYwithTLSRPT", Profile::Postfix310),
    ("sts", Profile::Sendmail),
];

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Postfix, Self::Postfix310, Self::Postfix33, Self::Sendmail];

    /// The profile of a socketmap name, in any case. `None`: there is no such map (D-35).
    #[must_use]
    pub fn from_map_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, profile)| *profile)
    }

    /// All map names that are known, for the text of a refusal (D-35).
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Its own map name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postfix => "postfix",
            Self::Postfix310 => "postfix-3.10",
            Self::Postfix33 => "postfix-3.3",
            Self::Sendmail => "sendmail",
        }
    }

    /// The form in which it is told a policy.
    #[must_use]
    pub const fn shape(self) -> Shape {
        match self {
            Self::Postfix => Shape::Postfix34,
            Self::Postfix310 => Shape::Postfix310,
            Self::Postfix33 => Shape::Postfix33,
            Self::Sendmail => Shape::Sendmail,
        }
    }

    /// The grammar that its lines are held to (D-36).
    #[must_use]
    pub fn dialect(self) -> Dialect {
        self.shape().dialect()
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A line of a TLS policy table.
    Line(Cow<'static, str>),
    /// Nothing to say.
    NotFound,
    /// Not now: why.
    Temp(Cow<'static, str>),
}

/// Says a plan. `policy` is the one the plan was made with. What cannot be said safely becomes a temporary error, never "not
/// found": mail must not go as if there were no policy. Our own failures are no part of it: `policy_failure` is never sent
/// (D-37). Only `secure` lines allocate; their text depends on nothing but the
/// arguments, so callers keep it.
#[must_use]
pub fn answer(plan: &Plan, profile: Profile, domain: &Domain, policy: Option<&Policy>) -> Answer {
    match (plan.level, profile) {
        // sendmail knows the word `secure` alone, and does DANE by itself where it gets no answer.
        (Level::NotFound, _) | (Level::Dane | Level::DaneOnly, Profile::Sendmail) => Answer::NotFound,
        (Level::Dane, _) => Answer::Line(Cow::Borrowed("dane")),
        (Level::DaneOnly, _) => Answer::Line(Cow::Borrowed("dane-only")),
        (Level::Temp, _) => Answer::Temp(Cow::Borrowed(plan.reasons.iter().next().map_or("", Reason::sentence))),
        (Level::Secure, _) => match policy.map(|policy| secure_line(domain, policy, profile.shape())) {
            Some(Ok(line)) => Answer::Line(Cow::Owned(line)),
            Some(Err(error)) => {
                Answer::Temp(Cow::Owned(format!("the MTA-STS policy cannot be told to the mail server: {error}")))
            }
            None => Answer::Temp(Cow::Borrowed("the MTA-STS policy is not at hand")),
        },
    }
}

//----------- Overrides ---------------------------------------------------

/// What an operator wants instead of the plan, for one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Override {
    /// "Not found", and nothing is looked up.
    Off,
    /// "Not found"; the plan is made all the same, and logged.
    Observe,
    /// "Not found"; the policy is looked up and kept fresh, so that it is there when the override ends.
    RefreshOnly,
    /// This line; nothing is looked up.
    Line(Box<str>),
}

/// What has to be looked up under an override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Nothing.
    Nothing,
    /// The MTA-STS policy.
    Policy,
    /// The policy and the route.
    Everything,
}

/// Why a text is no override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverrideError {
    value: String,
    why: LineError,
}

impl fmt::Display for OverrideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is neither off, observe or refresh-only, nor a line of a Postfix TLS policy table: {}",
            self.value, self.why
        )
    }
}

impl core::error::Error for OverrideError {}

impl Override {
    /// Reads one: a word, or a literal line that the newest Postfix accepts.
    ///
    /// # Errors
    /// [`OverrideError`] when it is neither.
    pub fn parse(text: &str) -> Result<Self, OverrideError> {
        let text = text.trim();
        match text {
            "off" => Ok(Self::Off),
            "observe" => Ok(Self::Observe),
            "refresh-only" => Ok(Self::RefreshOnly),
            line => match check(line, Dialect::Postfix310) {
                Ok(()) => Ok(Self::Line(line.into())),
                Err(why) => Err(OverrideError { value: line.chars().take(100).collect(), why }),
            },
        }
    }

    /// The word, or the line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Off => "off",
            Self::Observe => "observe",
            Self::RefreshOnly => "refresh-only",
            Self::Line(line) => line,
        }
    }

    /// What is to be looked up for it.
    #[must_use]
    pub const fn wants(&self) -> Wanted {
        match self {
            Self::Off | Self::Line(_) => Wanted::Nothing,
            Self::RefreshOnly => Wanted::Policy,
            Self::Observe => Wanted::Everything,
        }
    }

    /// What the mail server is told. A line that it cannot read becomes a temporary error that says so.
    #[must_use]
    pub fn apply(&self, profile: Profile) -> Answer {
        let Self::Line(line) = self else {
            return Answer::NotFound;
        };
        let said = match profile {
            Profile::Sendmail => for_sendmail(line),
            _ => check(line, profile.dialect()).map(|()| Some(line.as_ref())).map_err(|error| format!("{error}")),
        };
        match said {
            Ok(Some(line)) => Answer::Line(Cow::Owned(line.into())),
            Ok(None) => Answer::NotFound,
            Err(why) => Answer::Temp(Cow::Owned(format!(
                "the override {line:?} cannot be told through the map {}: {why}",
                profile.as_str()
            ))),
        }
    }
}

/// sendmail acts on `secure match=LIST` alone, with or without `servername=hostname` at its end; other levels mean nothing to
/// it, and any other attribute would spoil the list.
fn for_sendmail(line: &str) -> Result<Option<&str>, String> {
    let mut words = line.split([' ', ',']).filter(|word| !word.is_empty());
    if !words.next().is_some_and(|level| level.eq_ignore_ascii_case("secure")) {
        return Ok(None);
    }
    match (words.next(), words.next(), words.next()) {
        (Some(list), None | Some("servername=hostname"), None) if list.starts_with("match=") => Ok(Some(line)),
        _ => Err("sendmail takes `secure match=… servername=hostname` and nothing else".into()),
    }
}

#[cfg(test)]
mod tests;
