//! The keys that mail servers ask with (D-32, D-33, D-34).
//!
//! Postfix sends the next hop as it stands: a domain, `host:port`, `[host]`, `[host]:port`, the path of a unix socket; and
//! after a "not found" the parents of a name as `.parent`, once a label (every one of them costs a query, so these are
//! answered without any look-up). The next hop is its own policy domain, a smart host too (STS-3.4-1); no parent of it ever is
//! (STS-3.4-2).
use core::fmt;

use serde::Serialize;
use strictmx_proto::name::{Domain, NameError};

/// Longest key that is read, octets: a name of 253, brackets, a colon and a port.
const MAX_KEY: usize = 1_024;

/// What a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextHop {
    /// The level for this.
    Ask(Route),
    /// Nothing that MTA-STS or DANE know of: answered "not found" with no look-up at all.
    Nothing(WhyNothing),
}

/// A next hop. `Display` gives its canonical text, which is also what keys a cache: `example.com`, `example.com:587`,
/// `[mx.example.com]`, `[mx.example.com]:587`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Route {
    /// The policy domain, and where the MX look-up starts.
    pub domain: Domain,
    /// The port, where the key names one.
    pub port: Option<u16>,
    /// Whether the host is meant itself.
    pub kind: Kind,
}

/// Whether a next hop is a domain or a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Its MX records say where mail goes.
    Domain,
    /// In brackets: the host itself, without an MX look-up.
    Host,
}

impl Route {
    /// The port that mail goes to (DANE-2.2.3-1): the one the key names, `otherwise` where it names none.
    #[must_use]
    pub fn smtp_port(&self, otherwise: u16) -> u16 {
        self.port.unwrap_or(otherwise)
    }
}

impl From<Domain> for Route {
    fn from(domain: Domain) -> Self {
        Self { domain, port: None, kind: Kind::Domain }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Domain => f.write_str(self.domain.as_str()),
            Kind::Host => write!(f, "[{}]", self.domain),
        }?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Why a key asks for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyNothing {
    /// Nothing at all.
    Empty,
    /// `.parent`: no domain inherits a policy (D-32).
    Parent,
    /// An IP address (STS-3.4-3, DANE-2.2-5).
    Address,
    /// A name without a dot.
    SingleLabel,
    /// The path of a unix socket.
    Path,
    /// No domain name, nor a name with a port.
    NotAName,
}

impl fmt::Display for WhyNothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the key is empty",
            Self::Parent => "a key that begins with a dot asks for a parent domain, and no domain inherits a policy",
            Self::Address => "an IP address has no policy",
            Self::SingleLabel => "a name without a dot has no policy",
            Self::Path => "a unix socket has no policy",
            Self::NotAName => "this is no domain name",
        })
    }
}

/// What a first glance at a key shows, without allocating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glance<'a> {
    /// A domain in its canonical text: [`parse`] gives a [`Route`] that displays just so. This is what nearly all keys are.
    Plain(&'a str),
    /// Nothing.
    Nothing(WhyNothing),
    /// [`parse`] has to look.
    Other,
}

/// Looks at a key without allocating, so that a cache can be asked by the key's own text.
#[must_use]
pub fn glance(key: &str) -> Glance<'_> {
    let mut dots = 0_usize;
    let mut label = 0_usize; // octets of the label so far
    let mut last = b'.';
    let mut letters = Letters::None; // in the last label
    for octet in key.bytes() {
        match octet {
            b'.' if label == 0 => {
                return if dots == 0 { Glance::Nothing(WhyNothing::Parent) } else { Glance::Other };
            }
            b'.' if last == b'-' => return Glance::Other,
            b'.' => {
                dots = dots.saturating_add(1);
                label = 0;
                letters = Letters::None;
                last = octet;
                continue;
            }
            b'a'..=b'z' => letters = Letters::Some,
            b'0'..=b'9' => {}
            b'-' if label > 0 => letters = Letters::Some,
            _ => return Glance::Other,
        }
        label = label.saturating_add(1);
        if label > 63 {
            return Glance::Other;
        }
        last = octet;
    }
    let whole = label > 0 && last != b'-' && dots > 0 && key.len() <= 253;
    if whole && letters == Letters::Some { Glance::Plain(key) } else { Glance::Other }
}

/// Whether a label holds anything but digits: one of digits alone at the end makes an address, not a name.
#[derive(PartialEq, Eq)]
enum Letters {
    None,
    Some,
}

/// Reads a key.
#[must_use]
pub fn parse(key: &str) -> NextHop {
    match glance(key) {
        Glance::Nothing(why) => NextHop::Nothing(why),
        Glance::Plain(_) | Glance::Other => route(key.trim()).map_or_else(NextHop::Nothing, NextHop::Ask),
    }
}

fn route(key: &str) -> Result<Route, WhyNothing> {
    if key.is_empty() {
        return Err(WhyNothing::Empty);
    }
    if key.len() > MAX_KEY {
        return Err(WhyNothing::NotAName);
    }
    if key.starts_with('.') {
        return Err(WhyNothing::Parent);
    }
    if key.contains('/') {
        return Err(WhyNothing::Path);
    }
    if let Some(rest) = key.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(WhyNothing::NotAName)?;
        let port = match after.strip_prefix(':') {
            Some(text) => Some(port(text)?),
            None if after.is_empty() => None,
            None => return Err(WhyNothing::NotAName),
        };
        return Ok(Route { domain: domain(host)?, port, kind: Kind::Host });
    }
    match key.split_once(':') {
        None => Ok(Route { domain: domain(key)?, port: None, kind: Kind::Domain }),
        Some((_, rest)) if rest.contains(':') => Err(WhyNothing::Address),
        Some((host, text)) => Ok(Route { domain: domain(host)?, port: Some(port(text)?), kind: Kind::Domain }),
    }
}

fn domain(text: &str) -> Result<Domain, WhyNothing> {
    // The forms of RFC 5321 §4.1.3: `IPv6:…`, and plain addresses.
    if text.contains(':') || text.parse::<core::net::IpAddr>().is_ok() {
        return Err(WhyNothing::Address);
    }
    let domain = Domain::parse(text).map_err(|error| match error {
        NameError::Empty => WhyNothing::Empty,
        NameError::Address => WhyNothing::Address,
        _ => WhyNothing::NotAName,
    })?;
    if domain.is_single_label() { Err(WhyNothing::SingleLabel) } else { Ok(domain) }
}

/// A port number, or one of the names that mail is sent to.
fn port(text: &str) -> Result<u16, WhyNothing> {
    match text {
        "smtp" => Ok(25),
        "lmtp" => Ok(24),
        "submission" => Ok(587),
        "submissions" | "smtps" => Ok(465),
        _ if text.starts_with('+') => Err(WhyNothing::NotAName),
        _ => text.parse().ok().filter(|port| *port > 0).ok_or(WhyNothing::NotAName),
    }
}

#[cfg(test)]
mod tests;
