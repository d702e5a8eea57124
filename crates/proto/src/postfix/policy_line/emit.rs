//! Saying an enforced policy (D-36 … D-38).
use alloc::string::String;

use super::{
    check::{LineError, MAX_LINE, check},
    level::Dialect,
};
use crate::{
    name::Domain,
    shown::is_unsafe,
    sts::{Mode, Pattern, Policy},
};

/// The forms in which a policy is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// `secure match=…`, for Postfix before 3.4.
    Postfix33,
    /// `secure match=… servername=hostname`, for Postfix 3.4 and later.
    Postfix34,
    /// The same with report attributes, for Postfix 3.10 and later (D-38).
    Postfix310,
    /// `secure match=… servername=hostname` and nothing after it, for sendmail.
    Sendmail,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Postfix33, Self::Postfix34, Self::Postfix310, Self::Sendmail];

    /// The grammar that the line is held to. sendmail's is a part of Postfix 3.4's.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Postfix33 => Dialect::Postfix33,
            Self::Postfix34 | Self::Sendmail => Dialect::Postfix34,
            Self::Postfix310 => Dialect::Postfix310,
        }
    }
}

/// Why a policy cannot be said. The caller must then not let mail go as though there were no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotSay {
    /// Only an enforced policy demands a level (STS-5-2, STS-5-3, D-31).
    #[error("the policy's mode is {0}, so there is nothing to demand")]
    NotEnforced(Mode),
    /// No pattern to match.
    #[error("the policy has no MX pattern")]
    NoPatterns,
    /// It does not fit into a reply.
    #[error("the policy's {patterns} MX patterns do not fit into a reply of {MAX_LINE} octets")]
    TooLong {
        /// How many there are.
        patterns: usize,
    },
    /// Our own check refuses what we made: a bug of ours, kept from reaching the mail server.
    #[error("the line made for the policy is not one the mail server takes: {0}")]
    Refused(#[from] LineError),
}

/// Which lines of the policy's text are said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    All,
    Essential,
}

/// Says an enforced policy of `domain`: the match list in the policy's order, and what else `shape` has.
///
/// With report attributes, every pattern is said, and every line of the text that can be said safely: a line with braces or
/// control characters is left out (D-36). Should all that not fit into a reply, only the version, mode and max_age lines are.
///
/// # Errors
/// [`CannotSay`]: the policy is not enforced, or its patterns do not fit into a reply.
pub fn secure_line(domain: &Domain, policy: &Policy, shape: Shape) -> Result<String, CannotSay> {
    if policy.mode != Mode::Enforce {
        return Err(CannotSay::NotEnforced(policy.mode));
    }
    if policy.mx.is_empty() {
        return Err(CannotSay::NoPatterns);
    }
    let mut line = build(domain, policy, shape, Strings::All);
    if line.len() > MAX_LINE {
        line = build(domain, policy, shape, Strings::Essential);
    }
    if line.len() > MAX_LINE {
        return Err(CannotSay::TooLong { patterns: policy.mx.len() });
    }
    check(&line, shape.dialect())?;
    Ok(line)
}

fn build(domain: &Domain, policy: &Policy, shape: Shape, strings: Strings) -> String {
    let names: usize = policy.mx.iter().map(|pattern| pattern.name().as_str().len() + 20).sum();
    let text = policy.text();
    let mut line =
        String::with_capacity(if shape == Shape::Postfix310 { 2 * names + 2 * text.len() + 200 } else { names + 40 });
    line.push_str("secure match=");
    for (index, pattern) in policy.mx.iter().enumerate() {
        if index > 0 {
            line.push(':');
        }
        push_pattern(pattern, ".", &mut line);
    }
    if shape != Shape::Postfix33 {
        line.push_str(" servername=hostname");
    }
    if shape == Shape::Postfix310 {
        push_report(domain, policy, &text, strings, &mut line);
    }
    line
}

fn push_pattern(pattern: &Pattern, wildcard: &str, line: &mut String) {
    if let Pattern::Wildcard(_) = pattern {
        line.push_str(wildcard);
    }
    line.push_str(pattern.name().as_str());
}

fn push_report(domain: &Domain, policy: &Policy, text: &str, strings: Strings, line: &mut String) {
    line.push_str(" policy_type=sts policy_domain=");
    line.push_str(domain.as_str());
    for pattern in &policy.mx {
        line.push_str(" mx_host_pattern=");
        push_pattern(pattern, "*.", line);
    }
    if strings == Strings::All {
        text.split('\n').for_each(|text| push_string(text, line));
    } else {
        for field in ["version:", "mode:", "max_age:"] {
            if let Some(text) = text.split('\n').find(|text| text.starts_with(field)) {
                push_string(text, line);
            }
        }
    }
}

/// One line of the text. A tab may stand after the colon; Postfix would make a space of it, so we do.
fn push_string(text: &str, line: &mut String) {
    let plain = text.bytes().all(|octet| matches!(octet, b' '..=b'z' | b'|' | b'~'));
    if !plain && text.chars().any(|c| matches!(c, '{' | '}') || (c != '\t' && is_unsafe(c))) {
        return;
    }
    line.push_str(" { policy_string = ");
    if plain {
        line.push_str(text);
    } else {
        line.extend(text.chars().map(|c| if c == '\t' { ' ' } else { c }));
    }
    line.push_str(" }");
}
