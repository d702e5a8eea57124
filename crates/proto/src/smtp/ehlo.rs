//! What a server offers: the reply to EHLO (RFC 5321 §4.1.1.1), and the name it greets with.
use alloc::{string::String, vec::Vec};

use super::reply::Reply;

/// Most keywords that are kept.
pub const MAX_KEYWORDS: usize = 100;

/// The reply to EHLO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ehlo {
    /// The name the server gives itself: the first word of the first line, as written, possibly empty.
    pub name: String,
    /// What it offers, at most [`MAX_KEYWORDS`].
    pub keywords: Vec<Keyword>,
}

/// One offered extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyword {
    /// Upper case.
    pub name: String,
    /// What follows it on the line, as written.
    pub params: String,
}

impl Ehlo {
    /// Reads the reply to EHLO; `None` unless its code is 250.
    #[must_use]
    pub fn read(reply: &Reply) -> Option<Self> {
        if reply.code != 250 {
            return None;
        }
        let keywords = reply.lines.iter().skip(1).filter_map(|line| Keyword::read(line)).take(MAX_KEYWORDS).collect();
        Some(Self { name: greeted_name(reply).unwrap_or_default().into(), keywords })
    }

    /// The keyword of this name (given in upper case), if offered.
    #[must_use]
    pub fn keyword(&self, name: &str) -> Option<&Keyword> {
        self.keywords.iter().find(|keyword| keyword.name == name)
    }

    /// Whether STARTTLS is offered (STS-4-2, R3207-4-1).
    #[must_use]
    pub fn offers_starttls(&self) -> bool {
        self.keyword("STARTTLS").is_some()
    }
}

impl Keyword {
    fn read(line: &str) -> Option<Self> {
        let line = line.trim_matches(' ');
        // Some servers write `AUTH=LOGIN` for clients of the last century; the keyword is AUTH all the same.
        let (name, params) = line.split_once([' ', '=']).unwrap_or((line, ""));
        let good = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        good.then(|| Self { name: name.to_ascii_uppercase(), params: params.trim_matches(' ').into() })
    }
}

/// The name a server gives itself in its banner (220) or its reply to EHLO or HELO (250): the first word.
#[must_use]
pub fn greeted_name(reply: &Reply) -> Option<&str> {
    let first = reply.lines.first()?;
    first.split(' ').find(|word| !word.is_empty())
}
