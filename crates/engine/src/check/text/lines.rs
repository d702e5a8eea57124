//! The policy's text taken apart line by line (RFC 8461 §3.2): what our own parser forgives is still seen here, for other
//! senders do not forgive it.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::tags;

/// Longest piece of a stranger's text that a finding shows, characters.
const MAX_SHOWN: usize = 80;
/// Names longer than this are not compared with ours.
const MAX_NEAR: usize = 16;

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Crlf,
    Lf,
    /// A carriage return alone, which ends no line for most senders.
    Cr,
    /// The text ends first.
    Missing,
}

/// The keys that a policy knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Version,
    Mode,
    MaxAge,
    Mx,
}

impl Key {
    const ALL: [Self; 4] = [Self::Version, Self::Mode, Self::MaxAge, Self::Mx];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Mode => "mode",
            Self::MaxAge => "max_age",
            Self::Mx => "mx",
        }
    }
}

/// What keeps senders from reading a key as the one that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slip {
    /// White space before it.
    SpaceBefore,
    /// White space between it and the colon.
    SpaceBeforeColon,
    /// Capital letters.
    Case,
    /// It is spelled otherwise.
    Spelling,
    /// There is no colon after it.
    NoColon,
}

/// What a line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    Blank,
    Comment,
    /// A field of ours, or what was meant to be one.
    Field {
        key: Key,
        /// As written, without white space around it.
        name: &'a str,
        value: &'a str,
        slip: Option<Slip>,
    },
    /// A field that nobody knows.
    Unknown {
        name: &'a str,
    },
    /// No `name: value` at all.
    Malformed,
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: u32,
    /// Without its end.
    pub(crate) text: &'a str,
    pub(crate) end: End,
    pub(crate) content: Content<'a>,
}

impl<'a> Line<'a> {
    /// The value, if the line is a field of this key or was meant to be one.
    pub(crate) fn meant(&self, wanted: Key) -> Option<&'a str> {
        match self.content {
            Content::Field { key, value, .. } if key == wanted => Some(value),
            _ => None,
        }
    }

    /// The value, if the line is a field of this key, written so that senders read it.
    pub(crate) fn read(&self, wanted: Key) -> Option<&'a str> {
        match self.content {
            Content::Field { key, value, slip: None, .. } if key == wanted => Some(value),
            _ => None,
        }
    }

    /// What a finding is about.
    pub(crate) fn place(&self) -> String {
        format!("line {}", self.number)
    }
}

/// Takes a text apart. A carriage return alone ends a line here, so that the rest can be looked at as it was meant.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut rest = text;
    let mut number = 1;
    while !rest.is_empty() {
        let (line, end, after) = next(rest);
        lines.push(Line { number, text: line, end, content: content(line) });
        rest = after;
        number += 1;
    }
    lines
}

fn next(text: &str) -> (&str, End, &str) {
    let Some((line, after)) = text.split_once(['\r', '\n']) else {
        return (text, End::Missing, "");
    };
    let ending = text.strip_prefix(line).unwrap_or_default();
    if let Some(after) = ending.strip_prefix("\r\n") {
        (line, End::Crlf, after)
    } else if ending.starts_with('\n') {
        (line, End::Lf, after)
    } else {
        (line, End::Cr, after)
    }
}

fn content(line: &str) -> Content<'_> {
    let text = line.trim_end_matches([' ', '\t']);
    if text.is_empty() {
        return Content::Blank;
    }
    let bare = text.trim_start_matches([' ', '\t']);
    if bare.starts_with('#') || bare.starts_with(';') || bare.starts_with("//") {
        return Content::Comment;
    }
    let Some((before, value)) = text.split_once(':') else {
        return without_colon(bare);
    };
    let name = before.trim_matches([' ', '\t']);
    let value = value.trim_start_matches([' ', '\t']);
    let Some((key, spelling)) = key(name) else {
        return if tags::is_name(before) && !value.is_empty() { Content::Unknown { name } } else { Content::Malformed };
    };
    let slip = if spelling.is_some() {
        spelling
    } else if before.starts_with([' ', '\t']) {
        Some(Slip::SpaceBefore)
    } else {
        before.ends_with([' ', '\t']).then_some(Slip::SpaceBeforeColon)
    };
    Content::Field { key, name, value, slip }
}

/// `mode=enforce`, `mode enforce`: the colon was forgotten.
fn without_colon(text: &str) -> Content<'_> {
    let split = text.split_once(['=', ' ', '\t']);
    match split.and_then(|(name, value)| Some((key(name)?.0, name, value.trim_start_matches(['=', ' ', '\t'])))) {
        Some((key, name, value)) => Content::Field { key, name, value, slip: Some(Slip::NoColon) },
        None => Content::Malformed,
    }
}

/// The key that a name is, or is meant to be.
fn key(name: &str) -> Option<(Key, Option<Slip>)> {
    if name.len() > MAX_NEAR {
        return None;
    }
    if let Some(key) = Key::ALL.into_iter().find(|key| key.as_str() == name) {
        return Some((key, None));
    }
    if let Some(key) = Key::ALL.into_iter().find(|key| key.as_str().eq_ignore_ascii_case(name)) {
        return Some((key, Some(Slip::Case)));
    }
    Key::ALL.into_iter().find(|key| is_near(*key, name)).map(|key| (key, Some(Slip::Spelling)))
}

/// Whether a name is so near to a key that nothing else can be meant.
fn is_near(key: Key, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    match key {
        // Of two letters nearly everything is one step away: both must be there.
        Key::Mx => name.contains('m') && name.contains('x') && distance("mx", &name) == 1,
        Key::Mode => distance("mode", &name) == 1,
        Key::Version | Key::MaxAge => distance(key.as_str(), &name) <= 2,
    }
}

/// How many letters have to be put in, left out, exchanged, or swapped with their neighbour, to make one word of the other.
pub(crate) fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut earlier = None;
    for (row, letter) in from.chars().enumerate() {
        let mut current = Vec::with_capacity(last.len());
        current.push(row + 1);
        for (column, other) in to.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let exchanged = at(&last, column) + usize::from(letter != *other);
            let mut best = exchanged.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            let left = column.checked_sub(1);
            if earlier == Some(*other) && left.and_then(|left| to.get(left)) == Some(&letter) {
                best = best.min(left.map_or(usize::MAX, |left| at(&before_last, left) + 1));
            }
            current.push(best);
        }
        earlier = Some(letter);
        before_last = core::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or_default()
}

/// A stranger's text for people: in quotes, cut, with nothing in it that could steer a terminal.
pub(crate) fn quoted(text: &str) -> String {
    let mut head: String = text.chars().take(MAX_SHOWN).collect();
    if head.len() < text.len() {
        head.push('…');
    }
    format!("{head:?}")
}

/// `line 3`, `lines 3, 5 and 9`; of many only the first few.
pub(crate) fn places(numbers: &[u32]) -> String {
    const MOST: usize = 8;
    let shown: Vec<String> = numbers.iter().take(MOST).map(|number| format!("{number}")).collect();
    match shown.as_slice() {
        [] => String::new(),
        [one] => format!("line {one}"),
        _ if numbers.len() > MOST => format!("lines {} and {} more", shown.join(", "), numbers.len() - MOST),
        [head @ .., last] => format!("lines {} and {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_ending_a_line_is_told_apart() {
        let ends: Vec<End> = lines("a\r\nb\nc\rd").iter().map(|line| line.end).collect();
        assert_eq!(ends, [End::Crlf, End::Lf, End::Cr, End::Missing]);
        assert_eq!(lines("a\r\r\n").len(), 2);
        assert!(lines("").is_empty());
    }

    #[test]
    fn a_key_is_recognised_through_every_slip() {
        let slip = |line| match content(line) {
            Content::Field { key, slip, .. } => Some((key, slip)),
            _ => None,
        };
        assert_eq!(slip("mode: x"), Some((Key::Mode, None)));
        assert_eq!(slip(" mode: x"), Some((Key::Mode, Some(Slip::SpaceBefore))));
        assert_eq!(slip("mode : x"), Some((Key::Mode, Some(Slip::SpaceBeforeColon))));
        assert_eq!(slip("MX: x"), Some((Key::Mx, Some(Slip::Case))));
        assert_eq!(slip("mode=enforce"), Some((Key::Mode, Some(Slip::NoColon))));
        for (line, key) in [
            ("nmx: x", Key::Mx),
            ("mx1: x", Key::Mx),
            ("xm: x", Key::Mx),
            ("max-age: 1", Key::MaxAge),
            ("maxage: 1", Key::MaxAge),
            ("MaxAge: 1", Key::MaxAge),
            ("modes: x", Key::Mode),
            ("vresion: x", Key::Version),
        ] {
            assert_eq!(slip(line), Some((key, Some(Slip::Spelling))), "{line}");
        }
    }

    /// STS-3.2-12
    #[test]
    fn a_name_of_its_own_is_no_slip() {
        for line in ["note: x", "my: x", "contact: a", "modeller: x", "ax: b"] {
            assert!(matches!(content(line), Content::Unknown { .. }), "{line}");
        }
        for line in ["no field", ": x", "a b: c", "note:"] {
            assert_eq!(content(line), Content::Malformed, "{line}");
        }
        assert_eq!(content(" \t"), Content::Blank);
        assert_eq!(content("  # mode: none"), Content::Comment);
    }

    #[test]
    fn distance_counts_single_letters_and_swapped_neighbours() {
        for (from, to, steps) in [
            ("mx", "mx", 0),
            ("mx", "xm", 1),
            ("mode", "modes", 1),
            ("version", "vesrion", 1),
            ("a", "", 1),
            ("", "ab", 2),
        ] {
            assert_eq!(distance(from, to), steps, "{from} {to}");
        }
    }

    #[test]
    fn what_a_stranger_wrote_is_shown_cut_and_tame() {
        assert_eq!(quoted("a\u{1b}[2J\u{202e}"), r#""a\u{1b}[2J\u{202e}""#);
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), MAX_SHOWN + 3);
        assert_eq!(places(&[3]), "line 3");
        assert_eq!(places(&[3, 5, 9]), "lines 3, 5 and 9");
        assert_eq!(places(&(1..=20).collect::<Vec<_>>()), "lines 1, 2, 3, 4, 5, 6, 7, 8 and 12 more");
    }
}
