//! postfix-tlspol: the grammar nearly to the letter, and no look at the record while a policy is cached.
use alloc::{format, string::String, vec::Vec};

use strictmx_proto::{name::Domain, sts::Mode};

use super::{Profile, Status, Took, text};

/// The largest `max_age` it takes; larger ones are lowered to it.
const LARGEST: u64 = 31_557_600;

pub(super) static PROFILE: Profile = Profile {
    sender: "postfix-tlspol",
    version: "1.13.0",
    status: Status::Only200,
    media: text::text_plain,
    limit: 64 * 1024,
    patience: 2,
    record: text::by_the_grammar,
    read,
    kept: |max_age| max_age.clamp(180, 2_592_000),
    covers: text::any_depth,
    notes: &["does not look at the record's id again until what it keeps runs out: a change is seen no earlier"],
    testing: Some("does nothing in testing, and Postfix then reports such sessions as no-policy-found"),
};

/// The first of a repeated field counts, and later ones are not even looked at.
fn read(body: &[u8], _charset: Option<&str>) -> Result<Took, String> {
    let text = String::from_utf8_lossy(body);
    let mut seen: Vec<&str> = Vec::new();
    let (mut version, mut mode, mut max_age, mut mx) = (false, None, None, Vec::new());
    for (number, line) in (1..).zip(text::lines(&text)) {
        let refuse = |what: &str| Err(format!("refuses the whole policy for line {number}: {what}"));
        let Some((key, value)) = text::strict_field(line) else {
            return refuse(if line.trim().is_empty() { "it is blank" } else { "it is no `key: value` line" });
        };
        if key != "mx" && seen.contains(&key) {
            continue;
        }
        seen.push(key);
        match key {
            "version" if value == "STSv1" => version = true,
            "version" => return refuse("the version is not STSv1"),
            "mode" => match Mode::parse(value) {
                Some(read) => mode = Some(read),
                None => return refuse("no such mode"),
            },
            "max_age" => match text::digits(value) {
                Some(seconds) => max_age = Some(seconds.min(LARGEST)),
                None => return refuse("max_age is no number of at most ten digits"),
            },
            "mx" if is_name(value) => mx.push(value.to_ascii_lowercase()),
            "mx" => return refuse("the mx value is no host name"),
            _ if text::is_printable(value) => {}
            _ => return refuse("the value of an unknown key cannot stand there"),
        }
    }
    let missing = |key: &str| format!("refuses a policy without `{key}`");
    if !version {
        return Err(missing("version"));
    }
    let (mode, max_age) = (mode.ok_or_else(|| missing("mode"))?, max_age.ok_or_else(|| missing("max_age"))?);
    if mx.is_empty() && mode != Mode::None {
        return Err(missing("mx"));
    }
    Ok(Took { mode, max_age, mx, stuck: None })
}

/// Letters, digits and inner hyphens, no address; a dot at the end is let through, and then matches no certificate.
fn is_name(value: &str) -> bool {
    let name = value.strip_prefix("*.").unwrap_or(value);
    name.is_ascii() && Domain::parse(name).is_ok()
}
