//! What a policy's text says, or was meant to say, whether or not senders can read it.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::{
    name::Domain,
    sts::{Mode, Pattern, policy::MAX_MAX_AGE},
};

use super::lines::{Key, Line, distance};

const DAY: u32 = 86_400;
const WEEK: u32 = 7 * DAY;

/// The mode that the text says, or means to say.
pub(crate) fn mode(lines: &[Line<'_>]) -> Option<Mode> {
    mode_meant(first(lines, Key::Mode)?.1)
}

/// The `max_age` that the text says, or means to say, seconds.
pub(crate) fn max_age(lines: &[Line<'_>]) -> Option<u32> {
    seconds_meant(first(lines, Key::MaxAge)?.1)
}

/// The first value of a key as senders read it, or else the first that was meant.
pub(crate) fn first<'l, 'a>(lines: &'l [Line<'a>], key: Key) -> Option<(&'l Line<'a>, &'a str)> {
    let read = lines.iter().find_map(|line| Some((line, line.read(key)?)));
    read.or_else(|| lines.iter().find_map(|line| Some((line, line.meant(key)?))))
}

/// The mode that a word is, or is meant to be.
pub(crate) fn mode_meant(word: &str) -> Option<Mode> {
    if word.len() > 16 {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let near = |mode: &&Mode| distance(mode.as_str(), &word) <= 2 && word.len() > 3;
    let modes = [Mode::Enforce, Mode::Testing, Mode::None];
    Mode::parse(&word).or_else(|| modes.iter().find(near).copied()).or(match word.as_str() {
        "test" | "report" | "monitor" => Some(Mode::Testing),
        "off" | "disabled" => Some(Mode::None),
        "enforcing" | "on" => Some(Mode::Enforce),
        _ => None,
    })
}

/// The number of seconds that a value is, or is meant to be.
pub(crate) fn seconds_meant(value: &str) -> Option<u32> {
    let value = value.trim_matches(['"', '\'', ';', '+', ' ']);
    let digits: String = value.chars().filter(|c| !matches!(c, ',' | '_' | '\'' | ' ')).collect();
    let unit = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = digits.strip_suffix(unit)?;
    if number.len() > 11 {
        return number.bytes().all(|octet| octet.is_ascii_digit()).then_some(MAX_MAX_AGE);
    }
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "s" | "sec" | "seconds" => 1,
        "h" => 3600,
        "d" | "day" | "days" => u64::from(DAY),
        "w" => u64::from(WEEK),
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(factor)?;
    Some(u32::try_from(seconds).unwrap_or(MAX_MAX_AGE).min(MAX_MAX_AGE))
}

/// The patterns that a value is meant to hold: without preferences, ports, schemes, quotes and whatever else people write.
pub(crate) fn patterns_meant(value: &str) -> Vec<Pattern> {
    const MOST: usize = 10;
    let parts = value.split([',', ';', ' ', '\t']).filter_map(|part| {
        let part = part.trim_matches(['"', '\'', '<', '>', '`', '/']);
        let part = part.strip_prefix("smtp://").or_else(|| part.strip_prefix("https://")).unwrap_or(part);
        let name = match part.split_once(':') {
            Some((name, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => name,
            _ => part,
        };
        // sendmail and Postfix write `.example.com` where a policy writes `*.example.com`.
        let pattern = match name.strip_prefix('.') {
            Some(base) => Pattern::Wildcard(Domain::parse(base).ok()?),
            None => Pattern::parse(name).ok()?.0,
        };
        (!pattern.name().is_single_label()).then_some(pattern)
    });
    parts.take(MOST).collect()
}

/// Patterns as lines of a policy.
pub(crate) fn mx_lines(patterns: &[Pattern]) -> String {
    let lines: Vec<String> = patterns.iter().map(|pattern| format!("mx: {pattern}")).collect();
    lines.join("\n")
}

/// The patterns of the text that is published, each with its line: those that senders read, or, of a text that is no policy,
/// all that are meant.
pub(crate) fn published(lines: &[Line<'_>]) -> Vec<(u32, Pattern)> {
    let value = |line: &Line<'_>| Some((line.number, Pattern::parse(line.meant(Key::Mx)?).ok()?.0));
    lines.iter().filter_map(value).collect()
}

/// Whether strangers can have names right below this one: a top-level domain, what stands in its place in many countries, or
/// a hoster's domain for its customers' hosts.
pub(crate) fn is_shared(base: &Domain) -> bool {
    const SECOND: &[&str] = &["ac", "co", "com", "edu", "gov", "net", "or", "org"];
    const HOSTERS: &[&str] = &[
        "amazonaws.com",
        "azurewebsites.net",
        "cloudapp.net",
        "duckdns.org",
        "dyndns.org",
        "github.io",
        "herokuapp.com",
        "netlify.app",
        "pages.dev",
        "web.app",
        "workers.dev",
    ];
    let labels: Vec<&str> = base.labels().collect();
    match labels.as_slice() {
        [_] => true,
        [second, top] if top.len() == 2 && SECOND.contains(second) => true,
        _ => HOSTERS.contains(&base.as_str()),
    }
}
