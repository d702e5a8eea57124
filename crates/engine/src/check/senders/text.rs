//! What the readers of several senders share: lines, media types, patterns, records.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::{name::Domain, sts::Record};

use crate::{check::shown::shown, fact::Txt};

/// The lines between LF, each with at most one CR taken off its end. The last one is left out when nothing stands behind the
/// last LF.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').map(|raw| {
        let line = raw.strip_suffix('\n').unwrap_or(raw);
        line.strip_suffix('\r').unwrap_or(line)
    })
}

/// A line of the strict grammar: a key that begins the line, a colon at once, blanks only round the value.
pub(super) fn strict_field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.');
    let good = (1..=32).contains(&key.len())
        && key.bytes().all(plain)
        && key.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    good.then(|| (key, value.trim_matches([' ', '\t'])))
}

/// One to ten digits.
pub(super) fn digits(value: &str) -> Option<u64> {
    let plain = (1..=10).contains(&value.len()) && value.bytes().all(|octet| octet.is_ascii_digit());
    if plain { value.parse().ok() } else { None }
}

/// Whether the value of an unknown key may stand there.
pub(super) fn is_printable(value: &str) -> bool {
    !value.is_empty() && !value.chars().any(char::is_control)
}

/// Letters, digits and inner hyphens, no address, no dot at the end; `*.` before it or not.
pub(super) fn is_plain_pattern(value: &str) -> bool {
    let name = value.strip_prefix("*.").unwrap_or(value);
    name.is_ascii() && !name.ends_with('.') && Domain::parse(name).is_ok()
}

//----------- Patterns ----------------------------------------------------

/// `*.` stands for exactly one label.
pub(super) fn one_label(pattern: &str, host: &Domain) -> bool {
    match pattern.strip_prefix("*.") {
        Some(base) => host.as_str().split_once('.').is_some_and(|(_, rest)| rest == base),
        None => host.as_str() == pattern,
    }
}

/// Postfix's `match=` list, where `.example.com` stands for any name below it.
pub(super) fn any_depth(pattern: &str, host: &Domain) -> bool {
    let pattern = pattern.trim_start_matches('*').to_ascii_lowercase();
    match pattern.strip_prefix('.') {
        Some(base) => host.as_str().strip_suffix(base).is_some_and(|below| below.ends_with('.')),
        None => host.as_str() == pattern,
    }
}

/// What a pattern does to Postfix that is handed to it as it stands; `None`: nothing bad.
pub(super) fn breaks_postfix(mx: &[String]) -> Option<String> {
    let bad = mx.iter().find(|pattern| {
        let handed = pattern.trim_start_matches('*');
        handed.is_empty() || handed.contains([' ', '\t', ',', '{', '}'])
    })?;
    Some(format!(
        "hands the mx value {:?} to Postfix, which cannot read the line made of it and defers all mail to the domain",
        shown(bad)
    ))
}

//----------- Media types -------------------------------------------------

/// Never looks at the Content-Type.
#[expect(clippy::unnecessary_wraps, reason = "one form for all senders")]
pub(super) fn any_media(_sent: Option<&str>) -> Result<(), String> {
    Ok(())
}

/// `text/plain` in any case, parameters ignored (D-10).
pub(super) fn text_plain(sent: Option<&str>) -> Result<(), String> {
    if essence(sent).is_some_and(|essence| essence.eq_ignore_ascii_case("text/plain")) {
        Ok(())
    } else {
        Err(wrong(sent))
    }
}

/// `text/plain` in lower case, parameters ignored.
pub(super) fn text_plain_exactly(sent: Option<&str>) -> Result<(), String> {
    if essence(sent) == Some("text/plain") { Ok(()) } else { Err(wrong(sent)) }
}

fn essence(sent: Option<&str>) -> Option<&str> {
    sent.and_then(|sent| sent.split(';').next()).map(str::trim)
}

fn wrong(sent: Option<&str>) -> String {
    match sent {
        Some(sent) => format!("wants the Content-Type text/plain, not {}", shown(sent)),
        None => "wants the Content-Type text/plain, and none is sent".into(),
    }
}

/// The charset that a Content-Type names.
pub(super) fn charset(sent: &str) -> Option<&str> {
    sent.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}

//----------- Records -----------------------------------------------------

/// Takes what the RFC allows and nothing else.
pub(super) fn by_the_grammar(txts: &[Txt]) -> bool {
    Record::select(txts).is_ok()
}

/// The `name=value` pairs between semicolons, blanks round either cut off; `None` for a pair that is none.
pub(super) fn pairs(text: &str) -> Vec<Option<(&str, &str)>> {
    let parts = text.split(';').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').map(|(name, value)| (name.trim(), value.trim()))).collect()
}
