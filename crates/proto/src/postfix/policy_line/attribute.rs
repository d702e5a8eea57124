//! The attributes of a policy line: which Postfix knows them, how often they may stand, what they may hold.
use super::level::{Dialect, Level};

/// An attribute of the table below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Match,
    ServerName,
    Ciphers,
    Protocols,
    Exclude,
    TaFile,
    ConnectionReuse,
    EnableRpk,
    PolicyType,
    PolicyDomain,
    PolicyString,
    MxHostPattern,
    PolicyFailure,
    PolicyTtl,
}

/// How often an attribute may stand in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    Once,
    Many,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) since: Dialect,
    pub(super) times: Times,
}

const fn row(name: &'static str, kind: Kind, since: Dialect, times: Times) -> Attribute {
    Attribute { name, kind, since, times }
}

/// `connection_reuse` and `enable_rpk` may be repeated in Postfix, the last one wins; nobody means that, so once here.
static ATTRIBUTES: [Attribute; 14] = [
    row("match", Kind::Match, Dialect::Postfix33, Times::Many),
    row("servername", Kind::ServerName, Dialect::Postfix34, Times::Once),
    row("policy_string", Kind::PolicyString, Dialect::Postfix310, Times::Many),
    row("mx_host_pattern", Kind::MxHostPattern, Dialect::Postfix310, Times::Many),
    row("policy_type", Kind::PolicyType, Dialect::Postfix310, Times::Once),
    row("policy_domain", Kind::PolicyDomain, Dialect::Postfix310, Times::Once),
    row("policy_failure", Kind::PolicyFailure, Dialect::Postfix310, Times::Once),
    row("policy_ttl", Kind::PolicyTtl, Dialect::Postfix310, Times::Once),
    row("ciphers", Kind::Ciphers, Dialect::Postfix33, Times::Once),
    row("protocols", Kind::Protocols, Dialect::Postfix33, Times::Once),
    row("exclude", Kind::Exclude, Dialect::Postfix33, Times::Once),
    row("tafile", Kind::TaFile, Dialect::Postfix33, Times::Many),
    row("connection_reuse", Kind::ConnectionReuse, Dialect::Postfix34, Times::Once),
    row("enable_rpk", Kind::EnableRpk, Dialect::Postfix310, Times::Once),
];

/// Finds an attribute; Postfix compares names without case.
pub(super) fn find(name: &str) -> Option<Attribute> {
    ATTRIBUTES.iter().find(|row| row.name.eq_ignore_ascii_case(name)).copied()
}

impl Kind {
    /// A bit of its own, for the set of attributes seen.
    pub(super) fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Whether the attribute has a meaning at this level.
    pub(super) fn fits(self, level: Level) -> bool {
        match self {
            Self::Match => level.matches_names() || level == Level::Fingerprint,
            Self::TaFile => level.matches_names(),
            _ => level > Level::None,
        }
    }

    /// Whether the value is acceptable.
    pub(super) fn accepts(self, value: &str, level: Level) -> bool {
        match self {
            Self::Match if level == Level::Fingerprint => value.split('|').all(is_fingerprint),
            Self::Match => value.split(':').all(is_match_element),
            Self::ServerName | Self::PolicyDomain => is_hostname(value),
            Self::Ciphers => {
                ["export", "low", "medium", "high", "null"].iter().any(|grade| grade.eq_ignore_ascii_case(value))
            }
            Self::Protocols => value.split([':', ',', ' ']).filter(|word| !word.is_empty()).all(is_protocol),
            Self::Exclude => true,
            Self::TaFile | Self::PolicyString => !value.is_empty(),
            Self::ConnectionReuse | Self::EnableRpk => {
                value.eq_ignore_ascii_case("yes") || value.eq_ignore_ascii_case("no")
            }
            Self::PolicyType => matches!(value, "sts" | "no-policy-found"),
            Self::MxHostPattern => is_hostname(value.strip_prefix("*.").unwrap_or(value)),
            Self::PolicyFailure => {
                matches!(
                    value,
                    "sts-policy-fetch-error" | "sts-policy-invalid" | "sts-webpki-invalid" | "validation-failure"
                )
            }
            Self::PolicyTtl => value.bytes().all(|octet| octet.is_ascii_digit()) && value.parse::<i32>().is_ok(),
        }
    }
}

/// `nexthop`, `hostname` and `dot-nexthop` are host names in form too.
fn is_match_element(element: &str) -> bool {
    is_hostname(element.strip_prefix('.').unwrap_or(element))
}

fn is_fingerprint(element: &str) -> bool {
    element.split(':').all(|part| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

fn is_protocol(word: &str) -> bool {
    let name = ["!", ">=", "<="].iter().find_map(|sign| word.strip_prefix(sign)).unwrap_or(word);
    ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// A host name as Postfix sees it: letters, digits, `_`, inner hyphens; labels of 1 to 63; no dot at the end; not all numbers.
fn is_hostname(name: &str) -> bool {
    let mut number = true;
    for label in name.as_bytes().split(|&octet| octet == b'.') {
        let ends = matches!(label, [] | [b'-', ..] | [.., b'-']);
        if ends
            || label.len() > 63
            || !label.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'))
        {
            return false;
        }
        number &= label.iter().all(u8::is_ascii_digit);
    }
    !number && name.len() <= 255
}
